package history

import (
	"bytes"
	"regexp"

	"jcheck/internal/edn"
)

// dialect is a form in which another checker's tests record histories.
type dialect uint8

const (
	native       dialect = iota
	porcupineLog         // INFO  jepsen.util - 0 :invoke :read nil
	porcupineKV          // {:process 0, :type :invoke, :f :get, :key "0", :value nil}
	etcdReport           // {"ClientId": 1, "Input": {...}, "Call": 5, "Output": {...}, "Return": 9}, one after another
)

// dialectOf tells from the first lines which dialect text is in.
func dialectOf(text []byte) dialect {
	head := text[:min(len(text), 4096)]
	for _, row := range []struct {
		dialect
		pattern string
	}{
		{porcupineLog, `^(?:[^\n]*\n){0,9}[A-Z]+ +jepsen\.util - :?[\w-]+\s+:(invoke|ok|fail|info)\s`},
		{porcupineKV, `^\{:process \d+, :type :\w+, :f :(get|put|append), :key `},
		{etcdReport, `(?i)^[\[\s]*\{\s*"ClientID"\s*:\s*-?\d+\s*,\s*"Input"\s*:`},
	} {
		if regexp.MustCompile(row.pattern).Match(head) {
			return row.dialect
		}
	}
	return native
}

// speak makes the layout that of a dialect.
func (l *layout) speak(d dialect, at int) {
	l.dialect = d
	l.json = d == etcdReport
	l.open(at)
	switch d {
	case porcupineLog:
		l.start, l.closer, l.marks = at, 0, nil
	case etcdReport:
		l.marks = append(l.marks, `"ClientId"`, `"ClientID"`)
	}
	if d != porcupineKV {
		l.size = 2*len(l.src) + 1 // one piece: lines can't be told from the middle, and a report isn't in order of time
	}
}

// flusher is a format that holds operations back until it has seen all.
type flusher interface{ flush() }

// kvScanner reads Porcupine's histories of maps, where the key has a field of its own. There, a key without a value has "".
type kvScanner struct{ ednScanner }

func (s *kvScanner) op() *fault {
	start := s.pos
	v, bad := s.tree()
	if bad != nil {
		if bad.code == codeTruncated {
			bad.off = start
		}
		return bad
	}
	key, keyed := v.Get(edn.NewKeyword("key"))
	if v.Kind != edn.Map || !keyed {
		s.c.problem(int64(start), codeNotOp, describe(v), "a map with a :key, as in the operations before", "")
		return nil
	}
	o := opFields{off: start}
	var value Value
	for i := 0; i < len(v.Items); i += 2 {
		name := []byte(v.Items[i].Text)
		switch known := fieldOf(name); known {
		case fieldExtra:
		case fieldValue:
			value = v.Items[i+1]
		default:
			o.seen |= 1 << known
			s.set(&o, known, v.Items[i+1], start)
		}
	}
	if value.Kind == edn.String && value.Text == "" {
		value = Value{}
	}
	s.treeValue(edn.NewVector([]Value{key, value}))
	s.endOp(&o)
	return nil
}

// line is the bytes of the line that starts at pos, and where the next one does.
func line(src []byte, pos int) (text []byte, next int) {
	n := bytes.IndexByte(src[pos:], '\n')
	if n < 0 {
		return src[pos:], len(src)
	}
	return src[pos : pos+n], pos + n + 1
}
