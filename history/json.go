package history

import (
	"fmt"

	"jcheck/internal/edn"
)

// jsonScanner reads operations written as JSON objects, in one array or one after another.
type jsonScanner struct{ scanner }

// parseJSON reads the text of one value.
func parseJSON(raw []byte) (Value, error) {
	p := jsonParser{src: raw}
	v, bad := p.value(0)
	if bad != nil {
		return Value{}, fmt.Errorf("json: byte %d: %s", bad.off, bad.found)
	}
	return v, nil
}

// skip moves over white space.
func (s *jsonScanner) skip() {
	for s.pos < len(s.src) && jsonSpace(s.src[s.pos]) {
		s.pos++
	}
}

func jsonSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// peek is the next byte that isn't white space, or 0 at the end of the input.
func (s *jsonScanner) peek() byte {
	s.skip()
	if s.pos < len(s.src) {
		return s.src[s.pos]
	}
	return 0
}

func (s *jsonScanner) between(first bool) (bool, *fault) {
	c := s.peek()
	if s.pos >= len(s.src) {
		return false, nil
	}
	if s.closer != 0 && c == s.closer {
		return false, nil
	}
	if s.closer == 0 || first {
		return true, nil
	}
	if c != ',' {
		return true, s.unexpected(`"," or "]" after an operation`)
	}
	s.pos++
	if s.peek() == s.closer {
		return true, s.unexpected("an operation after the comma")
	}
	return s.pos < len(s.src), nil
}

// unexpected is the fault of whatever stands here instead of what is wanted.
func (s *scanner) unexpected(want string) *fault {
	if s.pos >= len(s.src) {
		return s.truncated(s.pos)
	}
	return &fault{s.pos, codeSyntax, foundByte(s.src[s.pos:]), want, ""}
}

// foundByte shows the character at the start of text for a message.
func foundByte(text []byte) string {
	for _, r := range string(text[:min(len(text), 4)]) {
		return fmt.Sprintf("%q", r)
	}
	return "nothing"
}

func (s *jsonScanner) tail() *fault {
	if s.peek(); s.pos >= len(s.src) {
		return nil
	}
	return &fault{s.pos, codeNotOp, "more text behind the array of operations", "its closing bracket to be the last thing in the file", ""}
}

func (s *jsonScanner) op() *fault {
	start := s.pos
	if s.src[s.pos] != '{' {
		return s.notOp()
	}
	s.pos++
	o := opFields{off: start}
	if s.peek() == '}' {
		s.pos++
		s.endOp(&o)
		return nil
	}
	for {
		if bad := s.field(&o); bad != nil {
			if bad.code == codeTruncated {
				bad.off = start
			}
			return bad
		}
		switch s.peek() {
		case ',':
			s.pos++
			s.skip()
		case '}':
			s.pos++
			s.endOp(&o)
			return nil
		default:
			bad := s.unexpected(`"," or "}" after a field`)
			if bad.code == codeTruncated {
				bad.off = start
			}
			return bad
		}
	}
}

// notOp reads a value that isn't an object and says so.
func (s *jsonScanner) notOp() *fault {
	at := s.pos
	v, bad := s.tree()
	if bad != nil {
		return bad
	}
	s.c.problem(int64(at), codeNotOp, describe(v), "an operation: an object with type, process, f and value", "")
	return nil
}

// tree reads the next value whatever it is.
func (s *jsonScanner) tree() (Value, *fault) {
	return s.inWindow(func(text []byte) (Value, int, *fault) {
		p := jsonParser{src: text}
		v, bad := p.value(0)
		return v, p.pos, bad
	})
}

// field reads a name, the colon and the value.
func (s *jsonScanner) field(o *opFields) *fault {
	if s.pos >= len(s.src) || s.src[s.pos] != '"' {
		return s.unexpected("the name of a field, in double quotes")
	}
	from := s.pos
	name, bad := s.text1()
	if bad != nil {
		return bad
	}
	if s.peek() != ':' {
		return s.unexpected(fmt.Sprintf("a colon after %.40q", name))
	}
	s.pos++
	s.skip()
	at := s.pos
	known := fieldOf(name)
	if known != fieldExtra && o.seen&(1<<known) != 0 {
		return &fault{from, codeSyntax, fmt.Sprintf("a second %q in one operation", name), "each field once", ""}
	}
	o.seen |= 1 << known
	switch known {
	case fieldExtra:
		return s.extra(s.c.symToken(edn.Keyword, name))
	case fieldValue:
		return s.value()
	}
	if s.quick(known) {
		return nil
	}
	v, bad := s.tree()
	if bad == nil {
		s.set(o, known, convertField(string(name), v), at)
	}
	return bad
}

// text1 reads a string; what it returns is valid until the next call.
func (s *jsonScanner) text1() ([]byte, *fault) {
	text, end, bad := jsonString(s.src, s.pos, s.text[:0])
	if bad != nil {
		return nil, bad
	}
	s.pos = end
	return text, nil
}
