package edn

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep collections and tags may nest. The parser recurses that far and no further.
const MaxDepth = 512

// SyntaxError is text that is not EDN.
type SyntaxError struct {
	Offset    int // in the bytes that were given
	Found     string
	Want      string
	Hint      string
	Truncated bool // the text ends before the form does
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("edn: byte %d: %s", e.Offset, e.Found)
	if e.Want != "" {
		s += ", want " + e.Want
	}
	if e.Hint != "" {
		s += " (hint: " + e.Hint + ")"
	}
	return s
}

// Parse reads the first form of data. rest is the offset just after it. Where data holds only white space, comments and
// discarded forms, err is io.EOF; any other error is a *SyntaxError. The value shares no memory with data.
func Parse(data []byte) (v Value, rest int, err error) {
	p := parser{src: data}
	v, ok, err := p.form(0, 0)
	if err != nil {
		return Value{}, p.pos, err
	}
	if !ok {
		if p.pos < len(data) {
			return Value{}, p.pos, p.unmatched()
		}
		return Value{}, p.pos, io.EOF
	}
	return v, p.pos, nil
}

// ParseAll reads every form of data.
func ParseAll(data []byte) ([]Value, error) {
	var forms []Value
	p := parser{src: data}
	for {
		v, ok, err := p.form(0, 0)
		switch {
		case err != nil:
			return forms, err
		case !ok && p.pos < len(data):
			return forms, p.unmatched()
		case !ok:
			return forms, nil
		}
		forms = append(forms, v)
	}
}

// parser reads forms one after another. Items of open collections wait on one shared stack, so that each collection is
// allocated once, at its final size.
type parser struct {
	src   []byte
	pos   int
	stack []Value
}

func (p *parser) fail(at int, found, want string) error {
	return &SyntaxError{Offset: at, Found: found, Want: want}
}

func (p *parser) truncated(at int, what string) error {
	return &SyntaxError{Offset: at, Found: what + " that isn't closed before the end of the input", Truncated: true}
}

// unmatched is the error of a closing bracket that nothing opened.
func (p *parser) unmatched() error {
	return p.fail(p.pos, fmt.Sprintf("%q that closes nothing", p.src[p.pos]), "a value")
}

// Bits by character: what separates forms, and what else ends a token.
const (
	spaceBits   = 1<<' ' | 1<<',' | 1<<'\t' | 1<<'\n' | 1<<'\v' | 1<<'\f' | 1<<'\r' | 1<<28 | 1<<29 | 1<<30 | 1<<31
	lowEndBits  = spaceBits | 1<<'(' | 1<<')' | 1<<'"' | 1<<';'
	highEndBits = 1<<('['-64) | 1<<(']'-64) | 1<<('{'-64) | 1<<('}'-64) | 1<<('\\'-64) | 1<<('^'-64)
)

// IsSpace tells whether c separates forms. Commas do.
func IsSpace(c byte) bool {
	return c < 64 && uint64(spaceBits)>>c&1 != 0
}

// IsDelimiter tells whether c ends a token such as a number, symbol or keyword.
func IsDelimiter(c byte) bool {
	if c < 64 {
		return uint64(lowEndBits)>>c&1 != 0
	}
	return c < 128 && uint64(highEndBits)>>(c-64)&1 != 0
}

// space skips white space and comments.
func (p *parser) space() {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case IsSpace(c):
			p.pos++
		case c == ';':
			n := bytes.IndexByte(p.src[p.pos:], '\n')
			if n < 0 {
				p.pos = len(p.src)
				return
			}
			p.pos += n + 1
		default:
			return
		}
	}
}

// form reads the next form. ok is false where none is left: at the end of the input, or before a closing bracket, which
// stays unread. closer is the bracket that the caller waits for, or 0; a different one is an error.
func (p *parser) form(depth int, closer byte) (v Value, ok bool, err error) {
	for {
		p.space()
		if p.pos >= len(p.src) {
			return Value{}, false, nil
		}
		switch c := p.src[p.pos]; c {
		case ')', ']', '}':
			if closer != 0 && c != closer {
				return Value{}, false, p.fail(p.pos, fmt.Sprintf("%q", c), fmt.Sprintf("%q or a value", closer))
			}
			return Value{}, false, nil
		case '^': // metadata: no part of the value
			at := p.pos
			p.pos++
			if err := p.drop(at, depth, closer); err != nil {
				return Value{}, false, err
			}
		case '#':
			if p.pos+1 < len(p.src) && p.src[p.pos+1] == '_' {
				at := p.pos
				p.pos += 2
				if err := p.drop(at, depth, closer); err != nil {
					return Value{}, false, err
				}
				continue
			}
			v, err := p.dispatch(depth)
			return v, err == nil, err
		default:
			v, err := p.value(c, depth)
			return v, err == nil, err
		}
	}
}

// drop reads a form that does not count.
func (p *parser) drop(at, depth int, closer byte) error {
	_, err := p.needed(at, depth, closer)
	return err
}

// needed reads a form that must be there, after a tag or a discard mark at offset at.
func (p *parser) needed(at, depth int, closer byte) (Value, error) {
	if depth >= MaxDepth {
		return Value{}, p.tooDeep(at)
	}
	v, ok, err := p.form(depth+1, closer)
	if err == nil && !ok {
		if p.pos >= len(p.src) {
			return Value{}, p.truncated(at, fmt.Sprintf("%q without its value", p.src[at:min(at+20, len(p.src))]))
		}
		return Value{}, p.fail(p.pos, fmt.Sprintf("%q", p.src[p.pos]), "a value")
	}
	return v, err
}

func (p *parser) tooDeep(at int) error {
	return p.fail(at, fmt.Sprintf("values nested more than %d deep", MaxDepth), "flatter ones")
}

// value reads a form that begins with c, which is neither white space, a closing bracket, # nor ^.
func (p *parser) value(c byte, depth int) (Value, error) {
	switch c {
	case '(':
		return p.collection(List, 1, ')', depth)
	case '[':
		return p.collection(Vector, 1, ']', depth)
	case '{':
		return p.collection(Map, 1, '}', depth)
	case '"':
		text, n, err := Unquote(p.src[p.pos:])
		if err != nil {
			return Value{}, p.shift(err)
		}
		p.pos += n
		return NewString(text), nil
	case '\\':
		return p.char()
	}
	if c < ' ' || c == 0x7f {
		return Value{}, p.fail(p.pos, fmt.Sprintf("control character 0x%02x", c), "text")
	}
	return p.atom(p.token())
}

// shift moves an error's offset from the current form to the whole text.
func (p *parser) shift(err error) error {
	if e, ok := err.(*SyntaxError); ok {
		e.Offset += p.pos
	}
	return err
}

// token is the text from here to the next delimiter.
func (p *parser) token() []byte {
	end := p.pos
	for end < len(p.src) && !IsDelimiter(p.src[end]) && p.src[end] >= ' ' {
		end++
	}
	return p.src[p.pos:end]
}

// atom turns a token into a value and moves behind it.
func (p *parser) atom(tok []byte) (Value, error) {
	at := p.pos
	p.pos += len(tok)
	switch string(tok) {
	case "nil":
		return Value{}, nil
	case "true":
		return NewBool(true), nil
	case "false":
		return NewBool(false), nil
	case ":":
		return Value{}, p.fail(at, "a colon alone", "a keyword's name after it")
	}
	if tok[0] == ':' {
		return NewKeyword(string(tok[1:])), nil
	}
	if startsNumber(tok) {
		v, ok := ParseNumber(tok)
		if !ok && len(tok) > MaxNumber {
			return Value{}, p.fail(at, fmt.Sprintf("a number of more than %d characters", MaxNumber), "a shorter one")
		}
		if !ok {
			return Value{}, p.fail(at, fmt.Sprintf("%s, which is no number", clip(tok)), "a number, or a name that doesn't begin with a digit")
		}
		return v, nil
	}
	return NewSymbol(string(tok)), nil
}

// clip quotes a token for a message, shortened where it is long.
func clip(tok []byte) string {
	if len(tok) <= 40 {
		return fmt.Sprintf("%q", tok)
	}
	cut := 40
	for cut > 36 && !utf8.RuneStart(tok[cut]) {
		cut--
	}
	return fmt.Sprintf("%q...", tok[:cut])
}

var collectionNames = [...]string{List: "list", Vector: "vector", Set: "set", Map: "map"}

// collection reads the items up to closer; open is the length of the opening mark.
func (p *parser) collection(k Kind, open int, closer byte, depth int) (Value, error) {
	at := p.pos
	if depth >= MaxDepth {
		return Value{}, p.tooDeep(at)
	}
	p.pos += open
	base := len(p.stack)
	defer func() { p.stack = p.stack[:base] }()
	for {
		v, ok, err := p.form(depth+1, closer)
		if err != nil {
			return Value{}, err
		}
		if !ok {
			break
		}
		p.stack = append(p.stack, v)
	}
	if p.pos >= len(p.src) {
		return Value{}, p.truncated(at, "a "+collectionNames[k])
	}
	p.pos++
	n := len(p.stack) - base
	if k == Map && n%2 != 0 {
		return Value{}, p.fail(at, "a map with a key that has no value", "pairs of key and value")
	}
	v := Value{Kind: k}
	if n > 0 {
		v.Items = append(make([]Value, 0, n), p.stack[base:]...)
	}
	return v, nil
}

// dispatch reads the forms that begin with #, other than #_.
func (p *parser) dispatch(depth int) (Value, error) {
	at := p.pos
	if at+1 >= len(p.src) {
		return Value{}, p.truncated(at, "a # alone")
	}
	switch c := p.src[at+1]; {
	case c == '{':
		return p.collection(Set, 2, '}', depth)
	case c == '#':
		return p.symbolic()
	case c == ':':
		return p.namespaced(depth)
	case c == '"':
		return p.regex()
	case c == '\'': // #'ns/name, a var
		p.pos += 2
		v, err := p.needed(at, depth, 0)
		return NewTagged("var", v), err
	case c == '<':
		return Value{}, p.fail(at, "an object printed as #<...>", "a readable value")
	case c|0x20 < 'a' || c|0x20 > 'z' && c < utf8.RuneSelf:
		return Value{}, p.fail(at, fmt.Sprintf("%q", p.src[at:at+2]), "a tag, set or value after the #")
	}
	p.pos++
	tok := p.token()
	tag := string(tok)
	p.pos += len(tok)
	v, err := p.needed(at, depth, 0)
	if err != nil {
		return Value{}, err
	}
	return NewTagged(tag, v), nil
}

// symbolic reads ##NaN, ##Inf and ##-Inf.
func (p *parser) symbolic() (Value, error) {
	at := p.pos
	p.pos += 2
	tok := p.token()
	p.pos += len(tok)
	if f, ok := symbolicFloat(string(tok)); ok {
		return NewFloat(f), nil
	}
	return Value{}, p.fail(at, clip(p.src[at:p.pos]), "##NaN, ##Inf or ##-Inf")
}

// regex reads #"...", which Clojure prints though EDN doesn't have it, as a tagged string. Backslashes are kept.
func (p *parser) regex() (Value, error) {
	at := p.pos
	for i := at + 2; i < len(p.src); i++ {
		switch p.src[i] {
		case '\\':
			i++
		case '"':
			p.pos = i + 1
			return NewTagged("regex", NewString(string(p.src[at+2:i]))), nil
		}
	}
	return Value{}, p.truncated(at, "a regular expression")
}

// namespaced reads #:ns{...}: keys that are plain keywords or symbols get the namespace; :_/x stands for plain :x.
func (p *parser) namespaced(depth int) (Value, error) {
	at := p.pos
	p.pos += 2
	ns := string(p.token())
	p.pos += len(ns)
	if ns == "" || ns[0] == ':' || startsNumber([]byte(ns)) {
		return Value{}, p.fail(at, clip(p.src[at:p.pos]), "a namespace, as in #:ns{...}")
	}
	p.space()
	if p.pos >= len(p.src) {
		return Value{}, p.truncated(at, "a namespace without its map")
	}
	if p.src[p.pos] != '{' {
		return Value{}, p.fail(p.pos, fmt.Sprintf("%q", p.src[p.pos]), "a map after #:"+ns)
	}
	v, err := p.collection(Map, 1, '}', depth)
	if err != nil {
		return Value{}, err
	}
	for i := 0; i < len(v.Items); i += 2 {
		v.Items[i] = qualify(v.Items[i], ns)
	}
	return v, nil
}

func qualify(key Value, ns string) Value {
	if key.Kind != Keyword && key.Kind != Symbol {
		return key
	}
	if plain, ok := strings.CutPrefix(key.Text, "_/"); ok && plain != "" {
		key.Text = plain
	} else if !strings.Contains(key.Text, "/") {
		key.Text = ns + "/" + key.Text
	}
	return key
}
