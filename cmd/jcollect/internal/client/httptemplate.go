package client

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// slot is a place in a template: {{value}}, {{value.0}}, {{key}}, {{process}}, {{node}}, {{f}}, with |json, |text or |url
// behind it to say how the value is written.
var slot = regexp.MustCompile(`\{\{\s*([^{}|\s]*)\s*(?:\|\s*([a-z]*)\s*)?\}\}`)

// checkTemplate tells what is wrong with a template, before anything is sent.
func checkTemplate(text string) error {
	for _, m := range slot.FindAllStringSubmatch(text, -1) {
		name, _, _ := strings.Cut(m[1], ".")
		switch name {
		case "value", "key", "process", "node", "f":
		default:
			return fmt.Errorf("{{%s}} stands for nothing (hint: value, value.0, key, process, node, f)", m[1])
		}
		switch m[2] {
		case "", "json", "text", "url":
		default:
			return fmt.Errorf("no way to write a value is called %q (hint: json, text, url)", m[2])
		}
	}
	return nil
}

// A filler fills the slots of templates for one call. err is the first thing that can't be filled.
type filler struct {
	call Call
	proc Process
	err  error
}

// fill fills a template; as is how values are written if a slot doesn't say.
func (t *filler) fill(text, as string) string {
	return slot.ReplaceAllStringFunc(text, func(found string) string {
		m := slot.FindStringSubmatch(found)
		v, err := t.lookup(m[1])
		how := m[2]
		if how == "" {
			how = as
		}
		var written string
		if err == nil {
			written, err = writtenAs(v, how)
		}
		if err != nil && t.err == nil {
			t.err = refuse("malformed", err.Error())
		}
		return written
	})
}

// lookup is what a slot stands for.
func (t *filler) lookup(path string) (history.Value, error) {
	name, rest, deeper := strings.Cut(path, ".")
	var v history.Value
	switch name {
	case "value":
		v = t.call.Value
	case "key":
		if t.call.Key == nil {
			return v, fmt.Errorf("{{key}} of an operation without one (hint: a workload with independent keys)")
		}
		v = *t.call.Key
	case "process":
		v = edn.NewInt(int64(t.call.Process))
	case "node":
		v = edn.NewString(t.proc.Node)
	case "f":
		v = edn.NewString(t.call.F)
	}
	if !deeper {
		return v, nil
	}
	for _, step := range strings.Split(rest, ".") {
		var ok bool
		if v, ok = stepInto(v, step); !ok {
			return v, fmt.Errorf("{{%s}} of %.100s: there is no %s", path, t.call.Value, step)
		}
	}
	return v, nil
}

// stepInto is an element of a list, or what a map has under a name.
func stepInto(v history.Value, step string) (history.Value, bool) {
	if v.Kind == edn.Map {
		for i := 0; i+1 < len(v.Items); i += 2 {
			if keyText(v.Items[i]) == step {
				return v.Items[i+1], true
			}
		}
		return v, false
	}
	i, err := strconv.Atoi(step)
	if err != nil || !v.Sequential() || i < 0 || i >= len(v.Items) {
		return v, false
	}
	return v.Items[i], true
}

// keyText is a value as the key of a JSON object.
func keyText(v history.Value) string {
	switch v.Kind {
	case edn.String, edn.Keyword, edn.Symbol:
		return v.Text
	}
	return v.String()
}

// writtenAs writes a value as JSON, as a plain text, or as part of a URL.
func writtenAs(v history.Value, how string) (string, error) {
	if how == "json" {
		b, err := appendJSON(nil, v)
		return string(b), err
	}
	text := keyText(v)
	if v.Sequential() || v.Kind == edn.Map || v.Kind == edn.Set {
		b, err := appendJSON(nil, v)
		if err != nil {
			return "", err
		}
		text = string(b)
	}
	if how == "url" { // good in a path and in a query: PathEscape alone leaves + and & as they are
		return strings.ReplaceAll(url.QueryEscape(text), "+", "%20"), nil
	}
	if strings.ContainsAny(text, "\r\n") {
		return "", fmt.Errorf("a text of several lines can't stand here: %.40q", text)
	}
	return text, nil
}

// authorization is the header of user and password.
func (o *httpPlan) authorization() string {
	if o.user == "" {
		return "Bearer " + o.password
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(o.user+":"+o.password))
}
