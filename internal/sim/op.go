package sim

import (
	"strconv"

	"jcheck/history"
)

// Mop is a micro-operation of a simulated history.
type Mop struct {
	Write bool
	Known bool // a read whose result the client learned
	Key   int64
	Value int64   // what a write wrote, or a register read showed (0: the initial state, written nil)
	List  []int64 // what a list read showed (empty: the initial state, written nil); not to be changed

	// Of closed-predicate only.
	Absent bool       // a read of one row found none
	Pred   *Predicate // a read of all rows that match
	Rows   []Row      // what it showed, by key
}

// Op is one entry of a simulated history.
type Op struct {
	Index    int64
	Time     int64 // simulated ns since the start
	Type     history.Type
	Process  int64
	Workload Workload
	Mops     []Mop
	Init     []Row // the initial rows of closed-predicate; the operation is no transaction then
	Inject   int   // which of Options.Inject the operation is part of, from 1; 0 if of none
}

// AppendEDN appends op as one EDN map, without a newline.
func AppendEDN(dst []byte, op *Op) []byte {
	dst = append(dst, "{:index "...)
	dst = strconv.AppendInt(dst, op.Index, 10)
	dst = append(dst, ", :time "...)
	dst = strconv.AppendInt(dst, op.Time, 10)
	dst = append(append(dst, ", :type :"...), op.Type.String()...)
	dst = append(dst, ", :process "...)
	dst = strconv.AppendInt(dst, op.Process, 10)
	if op.Init != nil {
		dst = append(dst, ", :f :init, :value "...)
		return append(appendRows(dst, op.Init, ednForm), '}')
	}
	dst = append(dst, ", :f :txn, :value ["...)
	for i := range op.Mops {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(append(dst, "[:"...), op.Mops[i].name(op.Workload)...)
		dst = append(dst, ' ')
		dst = append(op.Mops[i].appendRest(dst, op.Workload, ednForm), ']')
	}
	return append(dst, "]}"...)
}

// AppendJSON appends op as one JSON object, without a newline. The keys of closed-predicate's maps are strings there, since
// JSON has no others.
func AppendJSON(dst []byte, op *Op) []byte {
	dst = append(dst, `{"index":`...)
	dst = strconv.AppendInt(dst, op.Index, 10)
	dst = append(dst, `,"time":`...)
	dst = strconv.AppendInt(dst, op.Time, 10)
	dst = append(append(dst, `,"type":"`...), op.Type.String()...)
	dst = append(dst, `","process":`...)
	dst = strconv.AppendInt(dst, op.Process, 10)
	if op.Init != nil {
		dst = append(dst, `,"f":"init","value":`...)
		return append(appendRows(dst, op.Init, jsonForm), '}')
	}
	dst = append(dst, `,"f":"txn","value":[`...)
	for i := range op.Mops {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, `["`...), op.Mops[i].name(op.Workload)...)
		dst = append(dst, `",`...)
		dst = append(op.Mops[i].appendRest(dst, op.Workload, jsonForm), ']')
	}
	return append(dst, "]}"...)
}

// form is how a format writes what lies within micro-ops.
type form struct {
	sep, null     string
	word          string // before a predicate's name
	quote         string // around a predicate's name, and a key of a map
	colon, before string // after a key of a map, and before the next one
}

var (
	ednForm  = &form{sep: " ", null: "nil", word: ":", colon: " ", before: " "}
	jsonForm = &form{sep: ",", null: "null", quote: `"`, colon: ":", before: ","}
)

func (m *Mop) name(w Workload) string {
	switch {
	case m.Pred != nil:
		return "rp"
	case !m.Write:
		return "r"
	case w == ListAppend:
		return "append"
	case w == ClosedPredicate:
		return mutations[m.Key%int64(len(mutations))]
	}
	return "w"
}

// appendRest appends what comes after the micro-op's name.
func (m *Mop) appendRest(dst []byte, w Workload, f *form) []byte {
	if m.Pred != nil {
		dst = append(m.Pred.append(dst, f), f.sep...)
		if !m.Known {
			return append(dst, f.null...)
		}
		return appendRows(dst, m.Rows, f)
	}
	dst = strconv.AppendInt(dst, m.Key, 10)
	if w == ClosedPredicate && m.Write && m.Value == dead {
		return dst // [:delete k]
	}
	dst = append(dst, f.sep...)
	if w == ClosedPredicate && m.Known && !m.Absent {
		return strconv.AppendInt(dst, m.Value, 10) // 0 is a version like any other
	}
	return m.appendArg(dst, w, f.sep, f.null)
}

// appendArg appends the micro-op's last element: a value, a list with the given separator, or the given word for nil.
func (m *Mop) appendArg(dst []byte, w Workload, sep, null string) []byte {
	list := w == ListAppend && !m.Write
	if !m.Write && (!m.Known || list && len(m.List) == 0 || !list && m.Value == 0) {
		return append(dst, null...)
	}
	if !list {
		return strconv.AppendInt(dst, m.Value, 10)
	}
	dst = append(dst, '[')
	for i, v := range m.List {
		if i > 0 {
			dst = append(dst, sep...)
		}
		dst = strconv.AppendInt(dst, v, 10)
	}
	return append(dst, ']')
}
