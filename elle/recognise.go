package elle

import (
	"jcheck/history"
)

// Recognise tells which workload a history is of, from its clients' micro-ops: any append makes it list-append; any
// insert, delete or predicate read, or an init operation, closed-predicate; otherwise writes and plain reads make it
// rw-register, or lists that were read list-append. A history without client operations is nobody's and passes as want
// (list-append if want is Auto): its verdict is unknown, not an error.
//
// want is the workload that the user named, or Auto. The error is a *ForeignError if the history has client operations
// but none of that workload.
func Recognise(h *history.History, want Workload) (Workload, error) {
	var s signs
	for i := range h.Size() {
		if id := h.At(i); h.Client(id) {
			s.look(h, id)
		}
		if s.appends && want == Auto {
			return ListAppend, nil
		}
	}
	is, some := s.workload()
	switch {
	case !some && !s.foreign:
		if want == Auto {
			want = ListAppend
		}
		return want, nil
	case some && (want == Auto || is == want || s.has(want)):
		if want == Auto {
			want = is
		}
		return want, nil
	}
	e := &ForeignError{Want: want, Op: s.firstForeign, Is: is, Hint: "jcheck elle --workload " + is.String()}
	if !some {
		e.Is, e.F, e.Hint = Auto, s.f, commandFor(s.f)
	}
	return want, e
}

// signs is what Recognise has seen so far.
type signs struct {
	appends, lists, writes, reads, predicates bool
	foreign                                   bool
	firstForeign                              history.ID
	f                                         string // of the first foreign operation
}

// look takes note of one client operation.
func (s *signs) look(h *history.History, id history.ID) {
	foreign := false
	switch h.Kind(id) {
	case history.KindNil, history.KindList:
		foreign = len(h.Elems(id)) > 0 || !isTxnName(fName(h, id))
	case history.KindMap:
		if fName(h, id) == "init" {
			s.predicates = true
			return
		}
		foreign = true
	case history.KindTxn:
		mops := h.Mops(id)
		foreign = len(mops) > 0
		for i := range mops {
			if s.lookMop(&mops[i]) {
				foreign = false
			}
		}
	default:
		foreign = true
	}
	if foreign && !s.foreign {
		s.foreign, s.firstForeign, s.f = true, id, fName(h, id)
	}
}

// lookMop takes note of one micro-op, and tells whether any workload knows it.
func (s *signs) lookMop(m *history.Mop) bool {
	switch m.F {
	case history.MopAppend:
		s.appends = true
	case history.MopW:
		s.writes = true
	case history.MopR:
		s.reads = true
		s.lists = s.lists || m.Shape == history.List
	case history.MopInsert, history.MopDelete, history.MopRP:
		s.predicates = true
	default:
		return false
	}
	return true
}

// workload is what the signs point to; some is false if they point nowhere.
func (s *signs) workload() (w Workload, some bool) {
	switch {
	case s.appends:
		return ListAppend, true
	case s.predicates:
		return ClosedPredicate, true
	case s.writes:
		return RWRegister, true
	case s.lists:
		return ListAppend, true
	case s.reads:
		return RWRegister, true
	}
	return Auto, false
}

// has tells whether the history has any micro-op that workload w knows.
func (s *signs) has(w Workload) bool {
	switch w {
	case ListAppend:
		return s.appends || s.lists || s.reads
	case RWRegister:
		return s.writes || s.reads
	default:
		return s.predicates || s.writes || s.reads
	}
}

// fName is the operation's function as text.
func fName(h *history.History, id history.ID) string { return h.Value(h.F(id)).Text }

// isTxnName tells whether an operation with that function and an empty value may be an empty transaction.
func isTxnName(f string) bool { return f == "" || f == "txn" }

// commandFor is the command that checks operations with function f.
func commandFor(f string) string {
	switch f {
	case "read", "write", "cas":
		return "jcheck linearizable checks registers; jcheck elle wants transactions like [[:append 1 2] [:r 3 nil]]"
	case "acquire", "release":
		return "jcheck linearizable --model mutex checks locks"
	case "add":
		return "jcheck set checks sets of added elements, jcheck counter sums"
	case "transfer":
		return "jcheck bank checks transfers"
	case "enqueue", "dequeue", "drain":
		return "jcheck queue checks queues"
	}
	return "a transaction's value is a list of micro-ops like [[:append 1 2] [:r 3 nil]] or [[:w 1 2] [:r 3 nil]]"
}
