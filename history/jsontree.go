package history

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"jcheck/internal/edn"
)

// jsonParser reads any JSON value, strictly, into the value that elle-cli makes of it: names of fields become keywords,
// and some strings (see convertField). The order of fields, every digit of a number and every byte of a string are kept, and
// faults have a place, which is why no library does this: TestWhyGoJSONReadsNoValues shows what would be lost.
type jsonParser struct {
	src   []byte
	pos   int
	stack []Value // items of open arrays and objects
	bare  bool    // no string becomes a keyword by the name of its field
}

func (p *jsonParser) fault(at int, want string) *fault {
	if at >= len(p.src) {
		return &fault{len(p.src), codeTruncated, "the end of the input within a value", "", hintTruncated}
	}
	return &fault{at, codeSyntax, foundByte(p.src[at:]), want, ""}
}

func (p *jsonParser) peek() byte {
	for p.pos < len(p.src) && jsonSpace(p.src[p.pos]) {
		p.pos++
	}
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

// value recurses no deeper than edn.MaxDepth.
func (p *jsonParser) value(depth int) (Value, *fault) {
	c := p.peek()
	if depth >= edn.MaxDepth && (c == '[' || c == '{') {
		return Value{}, &fault{p.pos, codeSyntax, fmt.Sprintf("values nested more than %d deep", edn.MaxDepth), "flatter ones", ""}
	}
	switch {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		text, end, bad := jsonString(p.src, p.pos, nil)
		if bad != nil {
			return Value{}, bad
		}
		p.pos = end
		return edn.NewString(string(text)), nil
	case c == '-' || c-'0' <= 9:
		return p.number()
	case p.pos >= len(p.src):
		return Value{}, p.fault(p.pos, "")
	}
	return p.word()
}

// word reads null, true or false.
func (p *jsonParser) word() (Value, *fault) {
	end := p.pos
	for end < len(p.src) && p.src[end]|0x20 >= 'a' && p.src[end]|0x20 <= 'z' {
		end++
	}
	word := string(p.src[p.pos:end])
	for _, known := range []struct {
		word  string
		value Value
	}{{"null", Value{}}, {"true", edn.NewBool(true)}, {"false", edn.NewBool(false)}} {
		if word == known.word {
			p.pos = end
			return known.value, nil
		}
		if word != "" && end == len(p.src) && strings.HasPrefix(known.word, word) {
			return Value{}, p.fault(end, "")
		}
	}
	bad := p.fault(p.pos, "a value")
	if word != "" {
		bad.found = fmt.Sprintf("%.40q", word)
	}
	if p.src[p.pos] == ':' || word == "nil" {
		bad.hint = "this looks like EDN within JSON"
	}
	return Value{}, bad
}

// number reads -?(0|[1-9]d*)(.d+)?([eE][+-]?d+)?, exactly.
func (p *jsonParser) number() (Value, *fault) {
	end, ok := jsonNumber(p.src, p.pos)
	if !ok {
		return Value{}, p.fault(end, "a digit")
	}
	v, ok := edn.ParseNumber(p.src[p.pos:end])
	if !ok {
		return Value{}, &fault{p.pos, codeSyntax, fmt.Sprintf("a number of more than %d characters", edn.MaxNumber), "a shorter one", ""}
	}
	p.pos = end
	return v, nil
}

// jsonNumber is where the number at pos ends, or where it goes wrong.
func jsonNumber(src []byte, pos int) (end int, ok bool) {
	digits := func() bool {
		from := pos
		for pos < len(src) && src[pos]-'0' <= 9 {
			pos++
		}
		return pos > from
	}
	if src[pos] == '-' {
		pos++
	}
	if pos < len(src) && src[pos] == '0' {
		pos++
	} else if !digits() {
		return pos, false
	}
	if pos < len(src) && src[pos] == '.' {
		pos++
		if !digits() {
			return pos, false
		}
	}
	if pos < len(src) && src[pos]|0x20 == 'e' {
		pos++
		if pos < len(src) && (src[pos] == '+' || src[pos] == '-') {
			pos++
		}
		if !digits() {
			return pos, false
		}
	}
	return pos, true
}

func (p *jsonParser) array(depth int) (Value, *fault) {
	base := len(p.stack)
	defer func() { p.stack = p.stack[:base] }()
	p.pos++
	if p.peek() == ']' {
		p.pos++
		return edn.NewVector(nil), nil
	}
	for {
		v, bad := p.value(depth + 1)
		if bad != nil {
			return v, bad
		}
		p.stack = append(p.stack, v)
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return edn.NewVector(append([]Value(nil), p.stack[base:]...)), nil
		default:
			return v, p.fault(p.pos, `"," or "]"`)
		}
	}
}

func (p *jsonParser) object(depth int) (Value, *fault) {
	base := len(p.stack)
	defer func() { p.stack = p.stack[:base] }()
	p.pos++
	if p.peek() == '}' {
		p.pos++
		return edn.NewMap(nil), nil
	}
	for {
		if p.peek() != '"' {
			return Value{}, p.fault(p.pos, "the name of a field, in double quotes")
		}
		name, end, bad := jsonString(p.src, p.pos, nil)
		if bad != nil {
			return Value{}, bad
		}
		key := edn.NewKeyword(string(name))
		if p.pos = end; p.peek() != ':' {
			return Value{}, p.fault(p.pos, "a colon")
		}
		p.pos++
		v, bad := p.value(depth + 1)
		if bad != nil {
			return v, bad
		}
		if !p.bare {
			v = convertField(key.Text, v)
		}
		p.stack = append(p.stack, key, v)
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return edn.NewMap(append([]Value(nil), p.stack[base:]...)), nil
		default:
			return v, p.fault(p.pos, `"," or "}"`)
		}
	}
}

// convertField turns strings into keywords where elle-cli does: the type and the f, and the names of micro-ops.
func convertField(name string, v Value) Value {
	switch {
	case (name == "type" || name == "f") && v.Kind == edn.String:
		return edn.NewKeyword(v.Text)
	case name == "value" && v.Kind == edn.Vector && len(v.Items) > 0 && stringFirst(v.Items[0]):
		return nameMops(v)
	}
	return v
}

func stringFirst(v Value) bool {
	return v.Kind == edn.Vector && len(v.Items) > 0 && v.Items[0].Kind == edn.String
}

// nameMops makes the first element of every inner array a keyword, if it is a string. v was made by this parser and isn't
// shared yet, so that it may be changed.
func nameMops(v Value) Value {
	for _, m := range v.Items {
		if stringFirst(m) {
			m.Items[0] = edn.NewKeyword(m.Items[0].Text)
		}
	}
	return v
}

// keyedTxn does the same for the tuple [key [[f k v] ...]] of an independent key. elle-cli doesn't know those.
func keyedTxn(v Value) Value {
	if v.Kind == edn.Vector && len(v.Items) == 2 && !keywordFirst(v.Items[0]) && txnShaped(v.Items[1]) {
		nameMops(v.Items[1])
	}
	return v
}

// jsonString reads the string whose opening quote is at pos. text is src's own memory, or appended to scratch if there are
// escapes; end is behind the closing quote.
func jsonString(src []byte, pos int, scratch []byte) (text []byte, end int, bad *fault) {
	for i := pos + 1; i < len(src); i++ {
		switch c := src[i]; {
		case c == '"':
			return src[pos+1 : i], i + 1, nil
		case c == '\\':
			return jsonEscaped(src, pos, i, scratch)
		case c < ' ':
			return nil, i, &fault{i, codeSyntax, fmt.Sprintf("control character 0x%02x in a string", c), "it to be escaped", "a closing quote may be missing"}
		}
	}
	return nil, 0, openString(pos)
}

func openString(pos int) *fault {
	return &fault{pos, codeTruncated, "a string that isn't closed before the end of the input", "", hintTruncated}
}

// jsonEscaped reads on from the first backslash, at i.
func jsonEscaped(src []byte, pos, i int, scratch []byte) (text []byte, end int, bad *fault) {
	out := append(scratch, src[pos+1:i]...)
	for i < len(src) {
		switch c := src[i]; {
		case c == '"':
			return out, i + 1, nil
		case c == '\\':
			r, n := jsonEscape(src[i:])
			if n == 0 {
				if i+1 == len(src) {
					return nil, 0, openString(pos)
				}
				return nil, 0, &fault{i, codeSyntax, fmt.Sprintf("the escape %q in a string", src[i:i+2]), `one of \" \\ \/ \b \f \n \r \t \uXXXX`, ""}
			}
			i += n
			if utf16.IsSurrogate(r) {
				if low, m := jsonEscape(src[i:]); m == 6 && utf16.DecodeRune(r, low) != utf8.RuneError {
					r = utf16.DecodeRune(r, low)
					i += m
				}
			}
			out = utf8.AppendRune(out, r) // half a surrogate pair becomes U+FFFD
		case c < ' ':
			return nil, i, &fault{i, codeSyntax, fmt.Sprintf("control character 0x%02x in a string", c), "it to be escaped", "a closing quote may be missing"}
		default:
			out = append(out, c)
			i++
		}
	}
	return nil, 0, openString(pos)
}

// jsonEscape reads the escape at the start of s, and its length; 0 if it is none.
func jsonEscape(s []byte) (rune, int) {
	if len(s) < 2 || s[0] != '\\' {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return hex4(s)
	}
	return 0, 0
}

// hex4 reads \uXXXX.
func hex4(s []byte) (r rune, n int) {
	if len(s) < 6 {
		return 0, 0
	}
	for _, c := range s[2:6] {
		switch {
		case c-'0' <= 9:
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, 0
		}
	}
	return r, 6
}
