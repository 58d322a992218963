package client

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// A message wants an answer of the program.
type message struct {
	id   int64
	kind string // invoke, setup, teardown
	call Call
}

// line is the message as the program gets it.
func (m message) line() []byte {
	b := append([]byte(`{"id":`), strconv.FormatInt(m.id, 10)...)
	b = history.AppendJSON(append(b, `,"type":`...), edn.NewString(m.kind))
	if m.kind == "invoke" {
		b = history.AppendJSON(append(b, `,"f":`...), edn.NewString(m.call.F))
		if m.call.Key != nil {
			b = history.AppendJSON(append(b, `,"key":`...), *m.call.Key)
		}
		b = history.AppendJSON(append(b, `,"value":`...), m.call.Value)
		for _, f := range m.call.Extra {
			if reserved(f.Name) {
				continue
			}
			b = history.AppendJSON(append(b, ','), edn.NewString(f.Name))
			b = history.AppendJSON(append(b, ':'), f.Value)
		}
	}
	return append(b, "}\n"...)
}

// reserved tells whether a field of a message has a meaning of its own.
func reserved(name string) bool {
	switch name {
	case "id", "type", "f", "key", "value", "error", "process", "index", "time":
		return true
	}
	return false
}

// An answer is what a program says.
type answer struct {
	id         int64
	kind, f    string
	value      history.Value
	valueGiven bool
	err        history.Value
	extra      []history.Field
}

// errBlank is a line without anything.
var errBlank = errors.New("an empty line")

// shown is how much of a bad answer is shown.
const shown = 200

// parseAnswer reads a line of a program.
func parseAnswer(line []byte) (a answer, err error) {
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return a, errBlank
	}
	v, err := history.ParseJSON(line)
	if err != nil || v.Kind != edn.Map {
		if err == nil {
			err = errors.New("no object")
		}
		return a, fmt.Errorf("%.*q is no answer: %w (hint: stdout is for answers alone; print all else to stderr)", shown, line, err)
	}
	for i := 0; i+1 < len(v.Items); i += 2 {
		name, value := v.Items[i].Text, v.Items[i+1]
		switch name {
		case "id":
			if value.Kind != edn.Int {
				return a, fmt.Errorf("the id %.*s is no whole number", shown, value)
			}
			a.id = value.Int()
		case "type":
			a.kind = value.Text
		case "f":
			a.f = value.Text
		case "value":
			a.value, a.valueGiven = value, true
		case "error":
			a.err = fit(history.Value{}, value)
		case "process", "index", "time", "key":
		default:
			a.extra = append(a.extra, history.Field{Name: name, Value: fit(history.Value{}, value)})
		}
	}
	return a, nil
}

// fits tells what is wrong with an answer to m, if something is.
func (a answer) fits(m message) error {
	switch {
	case a.f != "" && m.kind == "invoke" && a.f != m.call.F:
		return fmt.Errorf("operation %d is %s, and was answered as %.*q", m.id, m.call.F, shown, a.f)
	case a.kind != "ok" && a.kind != "fail" && a.kind != "info":
		return fmt.Errorf("an answer of type %.*q, want ok, fail or info", shown, a.kind)
	}
	return nil
}

// outcome is the answer as the interpreter wants it.
func (a answer) outcome(c Call) Outcome {
	out := Outcome{Type: history.Info, Error: a.err, Extra: a.extra}
	switch a.kind {
	case "ok":
		out.Type, out.Value, out.Error = history.OK, c.Value, history.Value{}
		if a.valueGiven {
			out.Value = fit(c.Value, a.value)
		}
		if !a.err.IsNil() {
			out.Extra = append(out.Extra, history.Field{Name: "error", Value: a.err})
		}
	case "fail":
		out.Type = history.Fail
	}
	return out
}

// fit gives an answer's value the kinds that JSON can't write: strings are keywords where the question had the same
// keyword, or as the names of micro-operations; the keys of maps are integers if they look like it, keywords if they
// can be, and strings if not. No keyword is made that EDN would read as something else.
func fit(asked, v history.Value) history.Value {
	switch v.Kind {
	case edn.String:
		if asked.Kind == edn.Keyword && asked.Text == v.Text {
			return asked
		}
	case edn.Vector:
		mops := isTxn(asked)
		for i := range v.Items { // the value was made by our parser, and nobody else has it
			var other history.Value
			if asked.Sequential() && i < len(asked.Items) {
				other = asked.Items[i]
			}
			v.Items[i] = fit(other, v.Items[i])
			if m := v.Items[i]; mops && m.Kind == edn.Vector && len(m.Items) > 0 && m.Items[0].Kind == edn.String && wordlike(m.Items[0].Text) {
				m.Items[0] = edn.NewKeyword(m.Items[0].Text)
			}
		}
	case edn.Map:
		for i := 0; i+1 < len(v.Items); i += 2 {
			key := v.Items[i]
			if n, err := strconv.ParseInt(key.Text, 10, 64); err == nil && strconv.FormatInt(n, 10) == key.Text {
				v.Items[i] = edn.NewInt(n)
			} else if !wordlike(key.Text) {
				v.Items[i] = edn.NewString(key.Text)
			}
			other, _ := asked.Get(key)
			v.Items[i+1] = fit(other, v.Items[i+1])
		}
	}
	return v
}

// wordlike tells whether a text can be a keyword beyond doubt: a letter, then letters, digits and a few signs.
func wordlike(text string) bool {
	for i, c := range text {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && !strings.ContainsRune("-_?!.*+", c)) {
			return false
		}
	}
	return text != ""
}

// isTxn tells whether a value is a list of micro-operations.
func isTxn(v history.Value) bool {
	return v.Sequential() && len(v.Items) > 0 && v.Items[0].Sequential() && len(v.Items[0].Items) > 0 && v.Items[0].Items[0].Kind == edn.Keyword
}
