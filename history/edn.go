package history

import (
	"bytes"
	"errors"
	"fmt"

	"jcheck/internal/edn"
)

// ednScanner reads operations written as EDN maps: {:index 0, :type :invoke, ...}, with a tag before them or not.
type ednScanner struct{ scanner }

// skip moves over white space, comments, discarded forms and metadata.
func (s *ednScanner) skip() *fault {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case edn.IsSpace(c):
			s.pos++
		case c == ';':
			n := bytes.IndexByte(s.src[s.pos:], '\n')
			if n < 0 {
				n = len(s.src) - s.pos - 1
			}
			s.pos += n + 1
		case c == '#' && s.pos+1 < len(s.src) && s.src[s.pos+1] == '_':
			if bad := s.discard(2); bad != nil {
				return bad
			}
		case c == '^':
			if bad := s.discard(1); bad != nil {
				return bad
			}
		default:
			return nil
		}
	}
	return nil
}

// discard moves over a mark of n bytes and the form behind it.
func (s *ednScanner) discard(n int) *fault {
	at := s.pos
	s.pos += n
	_, bad := s.tree()
	if bad != nil && bad.code == codeTruncated {
		bad.off = at
	}
	return bad
}

// tree reads the next form whatever it is.
func (s *ednScanner) tree() (Value, *fault) {
	return s.inWindow(func(text []byte) (Value, int, *fault) {
		v, n, err := edn.Parse(text)
		if err == nil {
			return v, n, nil
		}
		var e *edn.SyntaxError
		if !errors.As(err, &e) { // only white space is left
			return v, n, s.truncated(0)
		}
		bad := &fault{e.Offset, codeSyntax, e.Found, e.Want, e.Hint}
		if e.Truncated {
			bad.code, bad.hint = codeTruncated, hintTruncated
		}
		return v, n, bad
	})
}

func (s *scanner) truncated(at int) *fault {
	return &fault{at, codeTruncated, "an operation that isn't closed before the end of the input", "", hintTruncated}
}

func (s *ednScanner) between(bool) (bool, *fault) {
	if bad := s.skip(); bad != nil {
		return true, bad
	}
	if s.pos >= len(s.src) {
		return false, nil
	}
	switch c := s.src[s.pos]; c {
	case ')', ']', '}':
		if c == s.closer {
			return false, nil
		}
		s.pos++
		return true, &fault{s.pos - 1, codeSyntax, fmt.Sprintf("%q that closes nothing", c), "an operation", ""}
	}
	return true, nil
}

func (s *ednScanner) tail() *fault {
	if bad := s.skip(); bad != nil || s.pos >= len(s.src) {
		return bad
	}
	return &fault{s.pos, codeNotOp, "more text behind the list of operations", "its closing bracket to be the last thing in the file", ""}
}

func (s *ednScanner) op() *fault {
	start := s.pos
	if s.src[s.pos] == '#' {
		s.tag()
	}
	if s.pos >= len(s.src) {
		return s.truncated(start)
	}
	if s.src[s.pos] != '{' {
		s.pos = start
		return s.notOp()
	}
	s.pos++
	o := opFields{off: start}
	for {
		if bad := s.skip(); bad != nil {
			return bad
		}
		if s.pos >= len(s.src) {
			return s.truncated(start)
		}
		if s.src[s.pos] == '}' {
			s.pos++
			s.endOp(&o)
			return nil
		}
		if bad := s.field(&o); bad != nil {
			return bad
		}
	}
}

// tag moves over a tag such as #jepsen.history.Op. The sets and namespaced maps, which begin alike, stay.
func (s *ednScanner) tag() {
	i := s.pos + 1
	for i < len(s.src) && !edn.IsDelimiter(s.src[i]) {
		i++
	}
	if i == s.pos+1 || s.src[s.pos+1] == ':' || s.src[s.pos+1] == '#' {
		return
	}
	for i < len(s.src) && edn.IsSpace(s.src[i]) {
		i++
	}
	s.pos = i
}

// notOp reads a form that isn't a map and says so.
func (s *ednScanner) notOp() *fault {
	at := s.pos
	v, bad := s.tree()
	if bad != nil {
		return bad
	}
	s.c.problem(int64(at), codeNotOp, describe(v), "an operation: a map with :type, :process, :f and :value", "")
	return nil
}

// describe names a value for a message.
func describe(v Value) string {
	text := v.String()
	if len(text) > 60 {
		text = text[:57] + "..."
	}
	names := [...]string{edn.Nil: "nil", edn.Bool: "the truth value", edn.Int: "the number", edn.BigInt: "the number", edn.Float: "the number",
		edn.Decimal: "the number", edn.Ratio: "the number", edn.Char: "the character", edn.String: "the string", edn.Keyword: "the keyword",
		edn.Symbol: "the symbol", edn.List: "the list", edn.Vector: "the vector", edn.Set: "the set", edn.Map: "the map", edn.Tagged: "the value"}
	if v.Kind == edn.Nil {
		return names[v.Kind]
	}
	return names[v.Kind] + " " + text
}

// field reads a key and its value.
func (s *ednScanner) field(o *opFields) *fault {
	at := s.pos
	var name []byte
	switch s.src[s.pos] {
	case ':':
		name = s.token()[1:]
		s.pos += len(name) + 1
	case ')', ']':
		return &fault{at, codeSyntax, fmt.Sprintf("%q", s.src[at]), `a keyword or "}"`, ""}
	case '{':
		return &fault{at, codeSyntax, "a map where the name of a field should be", "a keyword", `is a "}" missing before it?`}
	}
	var sym Sym
	if len(name) == 0 {
		v, bad := s.tree()
		if bad != nil {
			return bad
		}
		sym = s.c.symValue(v)
	}
	if bad := s.skip(); bad != nil {
		return bad
	}
	if s.pos >= len(s.src) {
		return s.truncated(o.off)
	}
	if c := s.src[s.pos]; c == '}' || c == ']' || c == ')' {
		return &fault{s.pos, codeSyntax, fmt.Sprintf("%q", c), fmt.Sprintf("the value of %s", s.src[at:min(s.pos, at+30)]), ""}
	}
	if len(name) > 0 {
		return s.named(o, name, at)
	}
	return s.extra(sym)
}

// named reads the value of the field of this name.
func (s *ednScanner) named(o *opFields, name []byte, at int) *fault {
	known := fieldOf(name)
	if known == fieldExtra {
		return s.extra(s.c.symToken(edn.Keyword, name))
	}
	if o.seen&(1<<known) != 0 {
		return &fault{at, codeSyntax, fmt.Sprintf("a second :%s in one operation", name), "each field once", ""}
	}
	o.seen |= 1 << known
	at = s.pos
	if known == fieldValue {
		return s.value()
	}
	if s.quick(known) {
		return nil
	}
	v, bad := s.tree()
	if bad == nil {
		s.set(o, known, v, at)
	}
	return bad
}
