package history

import (
	"fmt"
	"math"
	"strings"

	"jcheck/internal/edn"
)

// field is one that a column is for.
type field uint8

const (
	fieldExtra field = iota
	fieldType
	fieldProcess
	fieldF
	fieldValue
	fieldTime
	fieldIndex
)

func fieldOf(name []byte) field {
	switch string(name) {
	case "type":
		return fieldType
	case "process":
		return fieldProcess
	case "f":
		return fieldF
	case "value":
		return fieldValue
	case "time":
		return fieldTime
	case "index":
		return fieldIndex
	}
	return fieldExtra
}

// opFields is what is known of an operation while it is read.
type opFields struct {
	off  int
	seen uint8 // bits by field
	bad  bool  // a problem of it was noted: it isn't kept
}

// endOp checks that the operation is one and adds it to the columns.
func (s *scanner) endOp(o *opFields) {
	if o.seen&(1<<fieldType) == 0 && !o.bad {
		o.bad = true
		s.c.problem(int64(o.off), codeNotOp, "a map without "+missing(o), "an operation, which has a type (invoke, ok, fail or info), a process, f and value", "")
	}
	if !o.bad {
		s.c.end()
	}
}

// missing lists the usual fields that an operation lacks, the type first.
func missing(o *opFields) string {
	names := []string{"type"}
	for _, f := range []struct {
		field field
		name  string
	}{{fieldProcess, "process"}, {fieldF, "f"}, {fieldValue, "value"}} {
		if o.seen&(1<<f.field) == 0 {
			names = append(names, f.name)
		}
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return names[0]
}

// set gives a field other than value its value, which stands at offset at.
func (s *scanner) set(o *opFields, f field, v Value, at int) {
	switch f {
	case fieldType:
		s.setType(o, v, at)
	case fieldProcess, fieldF:
		s.setSym(f, s.c.symValue(v))
	case fieldTime:
		if n, ok := s.integer(o, v, at, "time", "ns since the start of the run, as an integer"); ok {
			s.setInteger(f, n)
		}
	case fieldIndex:
		if n, ok := s.integer(o, v, at, "index", "an integer"); ok {
			s.setInteger(f, n)
		}
	}
}

func (s *scanner) setSym(f field, sym Sym) {
	if f == fieldProcess {
		s.c.setProcess(sym)
	} else {
		s.c.setF(sym)
	}
}

func (s *scanner) setInteger(f field, n int64) {
	if f == fieldTime {
		s.c.setTime(n)
	} else {
		s.c.setIndex(n)
	}
}

func (s *scanner) setType(o *opFields, v Value, at int) {
	if v.Kind == edn.Keyword {
		if t, ok := typeOf([]byte(v.Text)); ok {
			s.c.setType(t)
			return
		}
	}
	o.bad = true
	p := fault{at, "unknown-type", "the type " + describe(v), ":invoke, :ok, :fail or :info", ""}
	if _, ok := typeOf([]byte(v.Text)); ok && (v.Kind == edn.String || v.Kind == edn.Symbol) {
		p.hint = "write it as the keyword :" + v.Text
	}
	s.c.problem(int64(p.off), p.code, p.found, p.want, p.hint)
}

func typeOf(name []byte) (Type, bool) {
	switch string(name) {
	case "invoke":
		return Invoke, true
	case "ok":
		return OK, true
	case "fail":
		return Fail, true
	case "info":
		return Info, true
	}
	return 0, false
}

// integer is the number that v is; ok is false for nil, which is as good as absent. A float without a fraction counts.
func (s *scanner) integer(o *opFields, v Value, at int, name, want string) (n int64, ok bool) {
	switch v.Kind {
	case edn.Nil:
		return 0, false
	case edn.Int:
		return v.Int(), true
	case edn.Float:
		// Both bounds are exact as floats; 2^63 itself is out of range.
		if f := v.Float(); f == math.Trunc(f) && f >= math.MinInt64 && f < math.MaxInt64 {
			return int64(f), true
		}
	}
	o.bad = true
	s.c.problem(int64(at), "bad-"+name, fmt.Sprintf("%s as the %s", describe(v), name), want, "")
	return 0, false
}
