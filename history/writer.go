package history

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"jcheck/internal/edn"
)

// Writer writes operations one to a line, as EDN maps or JSON objects. What it writes as EDN reads back as it was. JSON
// has no keywords, sets, ratios or characters: they become strings and arrays. A value with an independent key is [key
// value] in EDN and {"key": key, "value": value} in JSON.
type Writer struct {
	w      *bufio.Writer
	format Format
	line   []byte // memory for the next line
	fields []Field
	pairs  []Value
}

// NewWriter makes a Writer of EDN, or of JSON if f is FormatJSON.
func NewWriter(w io.Writer, f Format) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, 1<<16), format: f}
}

// Write writes one operation. A negative index, NoTime, and a process or f that is nil are left out.
func (w *Writer) Write(op Op) error {
	w.fields = appendFields(w.fields[:0], op, w.format)
	if w.format == FormatJSON {
		w.line = appendJSONFields(w.line[:0], w.fields)
	} else {
		w.pairs = appendPairs(w.pairs[:0], w.fields)
		w.line = edn.Append(w.line[:0], edn.NewMap(w.pairs))
	}
	w.line = append(w.line, '\n')
	_, err := w.w.Write(w.line)
	return err
}

// Flush writes out what is buffered.
func (w *Writer) Flush() error { return w.w.Flush() }

// appendFields appends the operation's fields in the order in which they are written.
func appendFields(fields []Field, op Op, f Format) []Field {
	if op.Index >= 0 {
		fields = append(fields, Field{"index", edn.NewInt(op.Index)})
	}
	if op.Time != NoTime {
		fields = append(fields, Field{"time", edn.NewInt(op.Time)})
	}
	fields = append(fields, Field{"type", edn.NewKeyword(op.Type.String())})
	if op.Process.Kind != edn.Nil {
		fields = append(fields, Field{"process", op.Process})
	}
	if op.F.Kind != edn.Nil {
		fields = append(fields, Field{"f", op.F})
	}
	value := op.Value
	switch {
	case op.Key != nil && f == FormatJSON:
		value = edn.NewMap([]Value{edn.NewKeyword(markKey), *op.Key, edn.NewKeyword(markValue), value})
	case op.Key != nil:
		value = edn.NewVector([]Value{*op.Key, value})
	}
	return append(append(fields, Field{"value", value}), op.Extra...)
}

// appendPairs appends the names and values of fields as EDN has them.
func appendPairs(pairs []Value, fields []Field) []Value {
	for _, f := range fields {
		name := edn.NewKeyword(f.Name)
		if !isKeyword(f.Name) {
			name = edn.NewString(f.Name) // a JSON key that no keyword can spell
		}
		pairs = append(pairs, name, f.Value)
	}
	return pairs
}

// isKeyword tells whether a keyword of this name reads back as itself, as all usual names do.
func isKeyword(name string) bool {
	if name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") == "" {
		return true
	}
	text := []byte(":" + name)
	v, rest, err := edn.Parse(text)
	return err == nil && rest == len(text) && v.Kind == edn.Keyword && v.Text == name
}

func appendJSONFields(dst []byte, fields []Field) []byte {
	dst = append(dst, '{')
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(appendJSONString(dst, f.Name), ": "...)
		dst = appendJSON(dst, f.Value)
	}
	return append(dst, '}')
}

// appendJSON goes as deep as values are nested, which the reader limits.
func appendJSON(dst []byte, v Value) []byte {
	switch v.Kind {
	case edn.Nil:
		return append(dst, "null"...)
	case edn.Bool, edn.Int:
		return edn.Append(dst, v)
	case edn.BigInt:
		return append(dst, v.Text...)
	case edn.Float:
		return appendJSONFloat(dst, v.Float())
	case edn.Keyword, edn.String, edn.Symbol:
		return appendJSONString(dst, v.Text)
	case edn.Char:
		return appendJSONString(dst, string(v.Char()))
	case edn.List, edn.Vector, edn.Set:
		dst = append(dst, '[')
		for i, item := range v.Items {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = appendJSON(dst, item)
		}
		return append(dst, ']')
	case edn.Map:
		fields := make([]Field, 0, len(v.Items)/2)
		for i := 0; i+1 < len(v.Items); i += 2 {
			fields = append(fields, Field{jsonKey(v.Items[i]), v.Items[i+1]})
		}
		return appendJSONFields(dst, fields)
	default:
		return appendJSONString(dst, v.String())
	}
}

func jsonKey(v Value) string {
	switch v.Kind {
	case edn.Keyword, edn.String, edn.Symbol:
		return v.Text
	default:
		return v.String()
	}
}

// appendJSONFloat keeps a float a float (1.0, not 1); what JSON has no number for becomes a string.
func appendJSONFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendJSONString(dst, edn.NewFloat(f).String())
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
	for _, c := range dst[from:] {
		if c == '.' || c == 'e' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s { // bytes that aren't UTF-8 come as U+FFFD
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r < 0x20:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
