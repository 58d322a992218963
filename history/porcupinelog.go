package history

import (
	"bytes"
	"errors"
	"fmt"

	"jcheck/internal/edn"
)

// logScanner reads the logs of Jepsen that Porcupine is tested with: lines of
//
//	INFO  jepsen.util - 0 :invoke :cas [1 2]
//
// which are the process, type, f and value. Behind :info and :fail stands what went wrong instead of the value. Lines
// about other things are passed over.
type logScanner struct {
	scanner
	at int // where the operation begins in the line at pos
}

// between moves to the next line that tells of an operation.
func (s *logScanner) between(bool) (bool, *fault) {
	for s.pos < len(s.src) {
		text, next := line(s.src, s.pos)
		if _, op, ok := bytes.Cut(text, []byte(" - ")); ok && tellsOfOp(op) {
			s.at = s.pos + len(text) - len(op)
			return true, nil
		}
		s.pos = next
	}
	return false, nil
}

// tellsOfOp tells whether text begins with two words of which the second is a keyword.
func tellsOfOp(text []byte) bool {
	_, rest := word(text)
	second, _ := word(rest)
	return len(second) > 0 && second[0] == ':'
}

// word is the first word of text, and what is behind it.
func word(text []byte) (first, rest []byte) {
	text = bytes.TrimLeft(text, " \t\r")
	n := bytes.IndexAny(text, " \t\r")
	if n < 0 {
		n = len(text)
	}
	return text[:n], text[n:]
}

func (s *logScanner) tail() *fault { return nil }

func (s *logScanner) op() *fault {
	start := s.pos
	text, next := line(s.src, s.pos)
	s.pos = next
	o := opFields{off: start}
	at := s.at
	for _, known := range []field{fieldProcess, fieldType, fieldF} {
		first, rest := word(text[at-start:])
		from := start + len(text) - len(rest) - len(first)
		v, bad := s.form(first, from)
		if bad != nil {
			return s.report(bad, start, next)
		}
		o.seen |= 1 << known
		s.set(&o, known, v, from)
		at = start + len(text) - len(rest)
	}
	if t := Type(s.c.cur.flags & 3); !o.bad && (t == Invoke || t == OK) {
		v, bad := s.form(text[at-start:], at)
		if bad != nil {
			return s.report(bad, start, next)
		}
		s.treeValue(v)
	}
	s.endOp(&o)
	return nil
}

// form reads text, which stands at offset at, as one form.
func (s *logScanner) form(text []byte, at int) (Value, *fault) {
	v, n, err := edn.Parse(text)
	var e *edn.SyntaxError
	switch {
	case errors.As(err, &e) && e.Truncated, err != nil && e == nil:
		return v, s.truncated(at)
	case err != nil:
		return v, &fault{at + e.Offset, codeSyntax, e.Found, e.Want, e.Hint}
	}
	if more := bytes.TrimSpace(text[n:]); len(more) > 0 {
		return v, &fault{at + n, codeSyntax, fmt.Sprintf("%.40q behind the value", more), "the end of the line", ""}
	}
	return v, nil
}

// report notes what is wrong with a line, or gives back the fault if the file was cut off in it. Lines before and behind
// are unharmed.
func (s *logScanner) report(bad *fault, start, next int) *fault {
	last := next == len(s.src) && s.src[next-1] != '\n'
	if bad.code == codeTruncated && last {
		return s.truncated(start)
	}
	if bad.code == codeTruncated {
		bad.found, bad.want, bad.hint = "the end of the line within an operation", "a process, type, f and value", ""
	}
	s.c.problem(int64(bad.off), codeSyntax, bad.found, bad.want, bad.hint)
	return nil
}
