package all

import (
	"slices"

	"jcheck/check"
	"jcheck/history"
)

// Shape is what a recogniser looks at: which functions the clients of a history called, and with what kinds of values.
type Shape struct {
	H     *history.History
	Calls []Calls // by function, in order of first appearance
	// Clients are the operations of clients, and Nameless those among them that have no process (see check.OfClient).
	Clients, Nameless int
}

// Calls are the operations of clients that have the same function.
type Calls struct {
	F                       string
	Invoked, OK, Fail, Info int
	Asked, Answered         Kinds        // the values of invocations, and of ok completions
	Mops                    []MopCount   // micro-ops in invocations and ok completions, by function
	Scalars                 ScalarCounts // of ok completions
	First                   history.ID
}

// Kinds counts values by their kind.
type Kinds [history.KindMap + 1]int

// MopCount counts micro-ops of a function.
type MopCount struct {
	F     history.MopF
	Count int
}

// ScalarCounts tells integers from other scalars.
type ScalarCounts struct{ Integers, Others int }

// ShapeOf looks at a history once.
func ShapeOf(h *history.History) *Shape {
	s := &Shape{H: h}
	place := make(map[history.Sym]int)
	for id := range h.All() {
		if !check.OfClient(h, id) {
			continue
		}
		s.Clients++
		if !h.Client(id) {
			s.Nameless++
		}
		f := h.F(id)
		i, seen := place[f]
		if !seen {
			i = len(s.Calls)
			place[f] = i
			s.Calls = append(s.Calls, Calls{F: h.Value(f).Text, First: id})
		}
		s.Calls[i].count(h, id)
	}
	return s
}

// count takes note of one operation.
func (c *Calls) count(h *history.History, id history.ID) {
	kind := h.Kind(id)
	switch h.Type(id) {
	case history.Invoke:
		c.Invoked++
		c.Asked[kind]++
	case history.OK:
		c.OK++
		c.Answered[kind]++
		if kind == history.KindScalar {
			if _, ok := h.Scalar(id).Int(); ok {
				c.Scalars.Integers++
			} else {
				c.Scalars.Others++
			}
		}
	case history.Fail:
		c.Fail++
	case history.Info:
		c.Info++
	}
	mops := h.Mops(id)
	for i := range mops {
		c.countMop(mops[i].F)
	}
}

func (c *Calls) countMop(f history.MopF) {
	for i := range c.Mops {
		if c.Mops[i].F == f {
			c.Mops[i].Count++
			return
		}
	}
	if len(c.Mops) < maxMopNames {
		c.Mops = append(c.Mops, MopCount{f, 1})
	}
}

// maxMopNames is how many functions of micro-ops are told apart; no workload has that many.
const maxMopNames = 20

// Of are the operations with a function; none if there are none.
func (s *Shape) Of(f string) Calls {
	for _, c := range s.Calls {
		if c.F == f {
			return c
		}
	}
	return Calls{F: f, First: history.None}
}

// Has tells whether clients called every one of the functions.
func (s *Shape) Has(fs ...string) bool {
	for _, f := range fs {
		if s.Of(f).First == history.None {
			return false
		}
	}
	return true
}

// Only tells whether clients called nothing but these functions.
func (s *Shape) Only(fs ...string) bool {
	for _, c := range s.Calls {
		if !slices.Contains(fs, c.F) {
			return false
		}
	}
	return true
}

// Graded is the fit if clients called nothing but these functions, and half of it if they called others, too.
func (s *Shape) Graded(fit Fit, fs ...string) Fit {
	if s.Only(fs...) {
		return fit
	}
	return fit / 2
}

// All tells whether all of the values are of the given kinds, not counting nil.
func (k Kinds) All(kinds ...history.Kind) bool {
	for kind, n := range k {
		if n > 0 && history.Kind(kind) != history.KindNil && !slices.Contains(kinds, history.Kind(kind)) {
			return false
		}
	}
	return true
}

// Any tells whether some value is of one of the given kinds.
func (k Kinds) Any(kinds ...history.Kind) bool {
	return slices.ContainsFunc(kinds, func(kind history.Kind) bool { return k[kind] > 0 })
}
