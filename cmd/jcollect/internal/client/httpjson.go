package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// maxJSONDepth is how deep an answer may be nested.
const maxJSONDepth = edn.MaxDepth

// appendJSON prints a value. Keywords become strings, sets arrays, and the keys of maps strings.
func appendJSON(b []byte, v history.Value) ([]byte, error) {
	var err error
	switch v.Kind {
	case edn.Nil:
		return append(b, "null"...), nil
	case edn.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case edn.Int:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case edn.BigInt, edn.Decimal:
		return append(b, v.Text...), nil
	case edn.Float:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return b, fmt.Errorf("JSON can't say %s", v)
		}
		text, err := json.Marshal(v.Float())
		return append(b, text...), err
	case edn.List, edn.Vector, edn.Set:
		b = append(b, '[')
		for i, item := range v.Items {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendJSON(b, item); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	case edn.Map:
		b = append(b, '{')
		for i := 0; i+1 < len(v.Items); i += 2 {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, keyText(v.Items[i])), ':')
			if b, err = appendJSON(b, v.Items[i+1]); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	case edn.Tagged:
		return appendJSON(b, v.Items[0])
	}
	return appendText(b, keyText(v)), nil
}

// appendText prints a string of JSON, with <, > and & as they are.
func appendText(b []byte, text string) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(fmt.Sprintf("client: internal error: a text that is no JSON: %v", err)) // every text is one
	}
	return append(b, bytes.TrimSuffix(out.Bytes(), []byte("\n"))...)
}

// picked is the part of an answer that a path names: "text" is all of it as a text, "." all of it as JSON, and names and
// numbers with dots between lead into it. The last name may be one that isn't there: services leave out what is nil. Where
// there is no place for it, the answer, or the plan's path, is another than was meant.
func picked(body []byte, path string) (history.Value, error) {
	if path == "text" {
		return edn.NewString(strings.TrimRight(strings.ToValidUTF8(string(body), "\uFFFD"), "\r\n")), nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := parseJSON(d, 0)
	if err != nil {
		return v, fmt.Errorf("no JSON: %w: %.40q", err, body)
	}
	if _, err := d.Token(); err != io.EOF {
		return v, fmt.Errorf("something behind the JSON: %.40q", body)
	}
	if path == "." {
		return v, nil
	}
	steps := strings.Split(path, ".")
	for i, step := range steps {
		next, ok := stepInto(v, step)
		if !ok && (i+1 < len(steps) || v.Kind != edn.Map && !v.Sequential()) {
			return history.Value{}, fmt.Errorf("the answer has no place for %s: %.100q", path, body)
		}
		v = next
		if !ok {
			return history.Value{}, nil
		}
	}
	return v, nil
}

// parseJSON reads one value. Numbers are exact. A key of an object that is an integer becomes one, as accounts are.
func parseJSON(d *json.Decoder, depth int) (history.Value, error) {
	token, err := d.Token()
	if err != nil {
		return history.Value{}, err
	}
	switch t := token.(type) {
	case json.Delim:
		if depth == maxJSONDepth {
			return history.Value{}, fmt.Errorf("nested more than %d deep", maxJSONDepth)
		}
		var items []history.Value
		for d.More() {
			if t == '{' {
				name, err := d.Token()
				if err != nil {
					return history.Value{}, err
				}
				items = append(items, jsonKey(fmt.Sprint(name)))
			}
			v, err := parseJSON(d, depth+1)
			if err != nil {
				return v, err
			}
			items = append(items, v)
		}
		if _, err := d.Token(); err != nil {
			return history.Value{}, err
		}
		if t == '{' {
			return edn.NewMap(items), nil
		}
		return edn.NewVector(items), nil
	case json.Number:
		v, ok := edn.ParseNumber([]byte(t.String()))
		if !ok {
			return v, fmt.Errorf("no number: %.40q", t.String())
		}
		return v, nil
	case string:
		return edn.NewString(t), nil
	case bool:
		return edn.NewBool(t), nil
	}
	return history.Value{}, nil
}

// jsonKey is the key of an object as a value.
func jsonKey(name string) history.Value {
	if n, err := strconv.ParseInt(name, 10, 64); err == nil && strconv.FormatInt(n, 10) == name {
		return edn.NewInt(n)
	}
	return edn.NewString(name)
}
