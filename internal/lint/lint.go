// Package lint tells of everything in a recorded history that is doubtful: what can hardly have happened as it was written
// down, and what takes from checkers the ground that they stand on. It judges how a history was recorded, not the database.
package lint

import (
	"cmp"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
)

// Finding is one thing that is doubtful, or wrong.
type Finding struct {
	history.Problem
	Fatal bool // no checker reads a history that has this
}

// Report is all that was found.
type Report struct {
	Findings []Finding      // by their places in the file
	Kinds    []Kind         // what there is in all, by name
	counts   map[string]int // of each code
	max      int
	h        *history.History
	invoked  bool // some operation of a client was invoked
}

// Kind counts the findings of one code.
type Kind struct {
	Code   string
	Count  int
	Listed int // as findings
	Fatal  bool
}

// Premises are what the checkers of a history's workload take for granted.
type Premises struct {
	UniqueWrites bool // no value is written to a register twice, no element appended, added or enqueued twice
	Integers     bool // amounts are integers (counters)
	ListReads    bool // reads in transactions show lists
	ScalarReads  bool // reads in transactions show single values
	Sets         bool // reads show lists or sets
}

// History looks at a history that was read with Options.Tolerant. It lists at most max findings of each kind; 0 for all.
func History(h *history.History, p Premises, max int) Report {
	r := &Report{h: h, max: max, counts: make(map[string]int)}
	if faults := h.Faults(); faults != nil {
		for _, f := range faults.Problems {
			r.count(Finding{f, true})
		}
		if faults.More > 0 {
			r.counts["more-problems"] += faults.More
		}
	}
	for _, w := range h.Warnings() {
		r.count(Finding{w, false})
	}
	r.sessions()
	r.clock()
	r.places()
	r.values(p)
	if p.UniqueWrites {
		r.repeats()
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.Pos.Offset, b.Pos.Offset) })
	r.sum()
	return *r
}

// Total is how many findings there are, listed or not.
func (r *Report) Total() int {
	total := 0
	for _, k := range r.Kinds {
		total += k.Count
	}
	return total
}

// Fatal tells whether checkers refuse the history.
func (r *Report) Fatal() bool {
	return slices.ContainsFunc(r.Kinds, func(k Kind) bool { return k.Fatal })
}

func (r *Report) sum() {
	listed, fatal := make(map[string]int), map[string]bool{"more-problems": true}
	for _, f := range r.Findings {
		listed[f.Code]++
		fatal[f.Code] = fatal[f.Code] || f.Fatal
	}
	for code, n := range r.counts {
		r.Kinds = append(r.Kinds, Kind{code, n, listed[code], fatal[code]})
	}
	slices.SortFunc(r.Kinds, func(a, b Kind) int { return cmp.Compare(a.Code, b.Code) })
}

func (r *Report) count(f Finding) {
	if r.counts[f.Code]++; r.max == 0 || r.counts[f.Code] <= r.max {
		r.Findings = append(r.Findings, f)
	}
}

// add takes note of something at an operation. The texts are made only if it is listed.
func (r *Report) add(id history.ID, code string, tell func() (found, want, hint string)) {
	if r.max > 0 && r.counts[code] >= r.max {
		r.counts[code]++
		return
	}
	found, want, hint := tell()
	r.count(Finding{history.Problem{Pos: r.h.Pos(id), Code: code, Found: found, Want: want, Hint: hint}, false})
}

// sessions looks at what each process did.
func (r *Report) sessions() {
	h := r.h
	ended := make([]history.ID, h.NumProcs()) // the indeterminate completion of each process
	for i := range ended {
		ended[i] = history.None
	}
	for id := range h.All() {
		r.invoked = r.invoked || h.Type(id) == history.Invoke && check.OfClient(h, id)
	}
	for id := range h.All() {
		p := h.Proc(id)
		switch {
		case !h.Client(id):
			r.nameless(id)
		case h.Type(id) == history.Invoke:
			if end := ended[p]; end != history.None {
				r.add(id, "process-reused", func() (string, string, string) {
					return fmt.Sprintf("process %s goes on after its operation at %s ended as info", h.ProcName(p), h.Pos(end)),
						"a new process", "who doesn't know whether an operation still runs can't know that the next one comes after it"
				})
			}
		case h.Pair(id) == history.None:
			r.orphan(id)
		default:
			if r.answers(h.Pair(id), id); h.Type(id) == history.Info {
				ended[p] = id
			}
		}
	}
}

// orphan tells of a completion that nobody invoked. Where no operation was invoked, histories are of completions alone.
func (r *Report) orphan(id history.ID) {
	code, found := "completion-without-invocation", fmt.Sprintf("%s of process %s, which has nothing open", r.h.Type(id), r.h.ProcName(r.h.Proc(id)))
	if !r.invoked {
		if code = "no-invocations"; r.counts[code] > 0 {
			return
		}
		found = "a history of completions alone: nobody knows which operations ran at the same time"
	}
	r.add(id, code, func() (string, string, string) {
		return found, "an invocation before it", "record when a client sends, too"
	})
}

// nameless tells of an operation without a process.
func (r *Report) nameless(id history.ID) {
	if !r.h.ProcName(r.h.Proc(id)).IsNil() {
		return // a nemesis, or the like
	}
	r.add(id, "no-process", func() (string, string, string) {
		return "an operation without a process", "an integer, or a name if it is no client's", "give every operation a process"
	})
}

// answers tells of a completion that isn't one of its invocation.
func (r *Report) answers(asked, answered history.ID) {
	h := r.h
	if h.F(asked) != h.F(answered) {
		r.add(answered, "another-function", func() (string, string, string) {
			return fmt.Sprintf("%s of %s, but %s was invoked at %s", h.Type(answered), h.Value(h.F(answered)), h.Value(h.F(asked)), h.Pos(asked)),
				"a completion of what was invoked", ""
		})
		return
	}
	if h.Type(answered) != history.OK || !differs(h, asked, answered) {
		return
	}
	r.add(answered, "another-value", func() (string, string, string) {
		return fmt.Sprintf("%s, but %s was asked for at %s", brief(h.Op(answered).Value), brief(h.Op(asked).Value), h.Pos(asked)),
			"an answer that keeps what was asked for and fills in what was read", ""
	})
}

// differs tells whether an answer contradicts what was asked for.
func differs(h *history.History, asked, answered history.ID) bool {
	switch kind := h.Kind(asked); {
	case kind == history.KindScalar && h.Kind(answered) == history.KindScalar:
		return h.Scalar(asked) != h.Scalar(answered) && !isRead(h.Value(h.F(asked)).Text)
	case kind != history.KindTxn || h.Kind(answered) != history.KindTxn:
		return false
	}
	a, b := h.Mops(asked), h.Mops(answered)
	if len(a) != len(b) {
		return true
	}
	for i := range a {
		x, y := &a[i], &b[i]
		if ofLog(h, x, h.Blank(asked)) && ofLog(h, y, h.Blank(answered)) {
			continue
		}
		if x.F != y.F || x.Key != y.Key {
			return true
		}
		if (x.F == history.MopAppend || x.F == history.MopW) && (x.Shape != y.Shape || x.Shape == history.Scalar && x.Val() != y.Val()) {
			return true
		}
	}
	return false
}

func isRead(f string) bool { return f == "read" || f == "get" || f == "" }

// maxBrief is how many bytes of a value a finding shows.
const maxBrief = 120

func brief(v history.Value) string {
	text := v.String()
	if len(text) > maxBrief {
		return text[:maxBrief] + "…"
	}
	return text
}

// clock looks at times, which go on from operation to operation.
func (r *Report) clock() {
	h := r.h
	with, without, last := 0, history.None, history.None
	for id := range h.All() {
		if h.Time(id) == history.NoTime {
			if without == history.None {
				without = id
			}
			continue
		}
		if with++; last != history.None && h.Time(id) < h.Time(last) {
			before := last
			r.add(id, "time-backwards", func() (string, string, string) {
				return fmt.Sprintf("time %d ns, %d ns before the operation at %s", h.Time(id), h.Time(before)-h.Time(id), h.Pos(before)),
					"operations in the order of their times", "take the time and write the entry under one lock; the order of entries is what counts"
			})
		}
		last = id
	}
	if with > 0 && without != history.None {
		r.add(without, "no-time", func() (string, string, string) {
			return fmt.Sprintf("an operation without a time, although %d have one", with), "a time in every operation, or in none", ""
		})
	}
}

// places looks at indices, of which the reader has found those that are missing or used twice.
func (r *Report) places() {
	last := history.None
	for id := range r.h.All() {
		if last != history.None && r.h.Index(id) < r.h.Index(last) && r.h.Faults() == nil {
			before := last
			r.add(id, "index-backwards", func() (string, string, string) {
				return fmt.Sprintf("index %d after index %d", r.h.Index(id), r.h.Index(before)), "indices that grow", "entries were put into another order, or two histories into one file"
			})
		}
		last = id
	}
}
