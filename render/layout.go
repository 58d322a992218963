package render

import (
	"io"
	"strconv"
	"strings"

	"github.com/goccy/go-json"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// lineWidth is how long a value may be to stay on one line.
const lineWidth = 120

// EDN is the result map as EDN, laid out over lines, with a line feed at the end.
func EDN(h *history.History, file string, r check.Result) []byte {
	return encoded(h, file, r, ednSyntax())
}

// JSON is the result map as JSON, laid out over lines, with a line feed at the end. Keywords lose their colon and
// namespace, symbols become strings, sets and lists arrays; map keys that aren't names are printed as EDN.
func JSON(h *history.History, file string, r check.Result) []byte {
	return encoded(h, file, r, jsonSyntax())
}

// WriteEDN writes what EDN returns, without ever holding all of it.
func WriteEDN(w io.Writer, h *history.History, file string, r check.Result) error {
	return stream(w, h, file, r, ednSyntax())
}

// WriteJSON writes what JSON returns, without ever holding all of it.
func WriteJSON(w io.Writer, h *history.History, file string, r check.Result) error {
	return stream(w, h, file, r, jsonSyntax())
}

// encoded is the whole text of a result.
func encoded(h *history.History, file string, r check.Result, s syntax) []byte {
	s.later = &postponed{h: h}
	return append(layout(nil, withFile(file, resultMap(h, r, s.later)), 0, s), '\n')
}

// withFile puts the name of the judged file first, so that several results on one stream can be told apart. An empty
// name is left out.
func withFile(file string, m edn.Value) edn.Value {
	if file == "" {
		return m
	}
	return edn.NewMap(append([]edn.Value{edn.NewKeyword("file"), edn.NewString(file)}, m.Items...))
}

// syntax is what differs between EDN and JSON when a value is laid out.
type syntax struct {
	inline  func(dst []byte, v edn.Value) []byte // the whole value on one line
	key     func(dst []byte, v edn.Value) []byte // a map's key with what follows it
	bracket func(k edn.Kind) (open, shut string)
	comma   string
	later   *postponed // what comes to be as it is laid out; may be nil
	out     *spout     // where finished text goes; nil if it's kept
}

func ednSyntax() syntax {
	return syntax{
		inline: edn.Append,
		key:    func(dst []byte, v edn.Value) []byte { return append(edn.Append(dst, v), ' ') },
		bracket: func(k edn.Kind) (string, string) {
			switch k {
			case edn.Map:
				return "{", "}"
			case edn.Set:
				return "#{", "}"
			case edn.List:
				return "(", ")"
			}
			return "[", "]"
		},
	}
}

func jsonSyntax() syntax {
	return syntax{
		inline: appendJSON,
		key:    func(dst []byte, v edn.Value) []byte { return append(appendJSONKey(dst, v), ": "...) },
		bracket: func(k edn.Kind) (string, string) {
			if k == edn.Map {
				return "{", "}"
			}
			return "[", "]"
		},
		comma: ",",
	}
}

// layout appends v: on one line if it fits, else an item per line. The depth of the recursion is that of the value,
// which the readers bound.
func layout(dst []byte, v edn.Value, indent int, s syntax) []byte {
	v = s.later.come(v)
	start := len(dst)
	if weight(v, lineWidth) < lineWidth || v.Kind == edn.Tagged || !nested(v) {
		dst = s.inline(dst, v)
		if len(dst)-start+indent <= lineWidth || v.Kind == edn.Tagged || !nested(v) {
			return dst // a long list of scalars, such as a read, stays on a line of its own as well
		}
		dst = dst[:start]
	}
	open, shut := s.bracket(v.Kind)
	dst = append(dst, open...)
	stride := 1
	if v.Kind == edn.Map {
		stride = 2
	}
	for i := 0; i+stride <= len(v.Items); i += stride {
		if i > 0 {
			dst = append(dst, s.comma...)
		}
		dst = append(dst, '\n')
		dst = append(dst, strings.Repeat(" ", indent+2)...)
		if stride == 2 {
			dst = s.key(dst, v.Items[i])
		}
		dst = s.out.pass(layout(dst, v.Items[i+stride-1], indent+2, s))
	}
	dst = append(dst, '\n')
	dst = append(dst, strings.Repeat(" ", indent)...)
	return append(dst, shut...)
}

// weight is a lower bound for the characters that v takes on one line, counted no further than limit: a large value
// isn't printed once for each level above it only to find that it doesn't fit.
func weight(v edn.Value, limit int) int {
	n := 1 + len(v.Text)
	for _, x := range v.Items {
		if n >= limit {
			break
		}
		n += weight(x, limit-n)
	}
	return n
}

// nested tells whether a value holds other collections, or is a map.
func nested(v edn.Value) bool {
	for _, x := range v.Items {
		if len(x.Items) > 0 {
			return true
		}
	}
	return v.Kind == edn.Map && len(v.Items) > 0
}

// appendJSON appends v as JSON on one line.
func appendJSON(dst []byte, v edn.Value) []byte {
	switch v.Kind {
	case edn.Nil:
		return append(dst, "null"...)
	case edn.Bool, edn.Int:
		return edn.Append(dst, v)
	case edn.BigInt, edn.Decimal:
		return append(dst, v.Text...)
	case edn.Float:
		return appendJSONFloat(dst, v)
	case edn.Keyword:
		return appendJSONString(dst, bareName(v.Text))
	case edn.String, edn.Symbol:
		return appendJSONString(dst, v.Text)
	case edn.List, edn.Vector, edn.Set:
		return appendJSONArray(dst, v.Items)
	case edn.Map:
		return appendJSONObject(dst, v.Items)
	case edn.Tagged:
		if len(v.Items) == 1 {
			return appendJSON(dst, v.Items[0])
		}
	}
	return appendJSONString(dst, v.String())
}

// appendJSONFloat appends a float; those that JSON has no number for become strings.
func appendJSONFloat(dst []byte, v edn.Value) []byte {
	text := v.String()
	if strings.HasPrefix(text, "#") {
		return appendJSONString(dst, text)
	}
	return append(dst, text...)
}

func appendJSONArray(dst []byte, items []edn.Value) []byte {
	dst = append(dst, '[')
	for i, x := range items {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendJSON(dst, x)
	}
	return append(dst, ']')
}

func appendJSONObject(dst []byte, items []edn.Value) []byte {
	dst = append(dst, '{')
	for i := 0; i+1 < len(items); i += 2 {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(appendJSONKey(dst, items[i]), ": "...)
		dst = appendJSON(dst, items[i+1])
	}
	return append(dst, '}')
}

// appendJSONKey appends a map's key, which JSON wants to be a string.
func appendJSONKey(dst []byte, v edn.Value) []byte {
	switch v.Kind {
	case edn.Keyword:
		return appendJSONString(dst, bareName(v.Text))
	case edn.String, edn.Symbol:
		return appendJSONString(dst, v.Text)
	}
	return appendJSONString(dst, v.String())
}

// bareName is a keyword without its namespace.
func bareName(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 && i+1 < len(name) {
		return name[i+1:]
	}
	return name
}

// appendJSONString appends a string. Characters that only HTML minds are left alone.
func appendJSONString(dst []byte, s string) []byte {
	text, err := json.MarshalWithOption(s, json.DisableHTMLEscape())
	if err != nil { // a string always has a JSON form; Go's quoting is the next best
		return strconv.AppendQuote(dst, s)
	}
	return append(dst, text...)
}
