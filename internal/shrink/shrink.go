// Package shrink makes of a history in which something is wrong the smallest one that it finds in which the same is wrong.
//
// It tries ever smaller parts of the history, each written and read as its user would read it, and keeps those in which the
// checker still finds the anomaly: first the anomaly's own operations, then halves, quarters, ... of what is left (Zeller
// and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002, is the idea), then micro-ops and elements of
// lists. An invocation and its completion stay together.
//
// Less is not always true: without the write of 3, an innocent read of 3 looks like an anomaly. So nothing is left out
// that what is kept relies on (see Trust), and what is found in the small history was wrong in the large one, too.
package shrink

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
)

// Trust says on what an anomaly of a checker relies, and so what may be left out without making one up.
type Trust uint8

const (
	// Values is for checkers that ask where a value came from: whoever may have written what a kept operation saw is kept,
	// and the anomaly must be about the same operations as in the whole history.
	Values Trust = iota
	// Order is for linearizability. As Values, but the anomaly may be about other operations: whatever order explains all
	// of the history explains the part, so what is wrong with the part is wrong with all.
	Order
	// Facts is for transactions: each dependency is proved by its operations alone, so any part may be left out.
	Facts
)

// Options says how to shrink.
type Options struct {
	// Check judges a history. The error is one that has nothing for it to check.
	Check func(context.Context, *history.History) (check.Result, error)
	// Read reads what was written of a part, as it will be read later.
	Read   func(ctx context.Context, text []byte) (*history.History, error)
	Format history.Format // in which parts are written
	Kind   string         // the anomaly to keep; "" for the first of the result
	Trust  Trust
	Sums   bool // writes add up, or are counted: none may be left out
	// Realtime says that a write that was over before another one began can't be seen once that one is over.
	Realtime  bool
	Initial   bool                   // the object had a value of its own before the history began
	MaxChecks int                    // how many parts are tried at most
	Tried     func(checks, kept int) // called after each; may be nil
}

// Outcome is the smallest history that was found.
type Outcome struct {
	Kind   string
	Text   []byte // the history, as it was read for Result
	Result check.Result
	Ops    int  // operations in it
	Checks int  // how many parts were tried
	Done   bool // nothing more can be left out; false if the checks or the time ran out
}

// The ways in which shrinking can come to nothing.
var (
	errNoAnomaly  = errors.New("the result lists no anomaly of operations, so nobody could tell whether a smaller history shows the same")
	errNotShown   = errors.New("the anomaly is not found in the history once it is written anew")
	errOutOfSpace = fmt.Errorf("the operations of the anomaly do not show it by themselves, and the history has more than %d, too many to try parts of", maxOps)
)

// maxOps is how many operations a history may have of which parts beyond the anomaly's own operations are tried.
const maxOps = 1_000_000

// Run shrinks a history of which first is the result, an invalid one.
func Run(ctx context.Context, h *history.History, first check.Result, o Options) (Outcome, error) {
	target, ok := pickAnomaly(first, o.Kind)
	if !ok && o.Kind != "" {
		return Outcome{}, fmt.Errorf("the result has no anomaly %q (hint: %s)", o.Kind, kindsOf(first))
	} else if !ok {
		return Outcome{}, errNoAnomaly
	}
	s := &shrinker{h: h, o: o, kind: target.Kind, start: history.None}
	s.pairUp()
	s.witness = s.unitsOf(target.Ops)
	if !s.begin(ctx) {
		switch {
		case ctx.Err() != nil:
			return Outcome{}, context.Cause(ctx)
		case h.Size() > maxOps:
			return Outcome{}, errOutOfSpace
		}
		return Outcome{}, errNotShown
	}
	for before := -1; before != s.best.size() && s.more(ctx); { // what one step leaves out may be what another one needed
		before = s.best.size()
		s.reduceUnits(ctx)
		s.reduceMops(ctx)
		s.reduceElements(ctx)
	}
	return Outcome{Kind: s.kind, Text: s.best.text, Result: s.best.result, Ops: s.best.ops, Checks: s.checks, Done: s.more(ctx)}, nil
}

// shrinker is a run.
type shrinker struct {
	h       *history.History
	o       Options
	kind    string
	units   []unit
	unitOf  []int32    // of each operation
	start   history.ID // what had returned by then isn't kept, as it says nothing about what comes later
	witness []int32    // the units of the anomaly in the whole history
	needs   *needs
	best    candidate
	checks  int
}

// unit is what is left out or kept as a whole: an invocation and its completion, or one that has no other half.
type unit struct{ ids [2]history.ID }

// candidate is a part of the history, and what became of it.
type candidate struct {
	units    []int32         // ascending
	mops     map[mopCut]bool // what is left out of transactions
	elements map[string]bool // what is left out of lists
	text     []byte
	result   check.Result
	ops      int
}

// size is what shrinking makes smaller.
func (c *candidate) size() int { return len(c.text) }

// pairUp makes the units.
func (s *shrinker) pairUp() {
	s.unitOf = make([]int32, s.h.Len())
	for id := range s.h.All() {
		if other := s.h.Pair(id); other != history.None && other < id {
			s.unitOf[id] = s.unitOf[other]
			s.units[s.unitOf[id]].ids[1] = id
			continue
		}
		s.unitOf[id] = int32(len(s.units))
		s.units = append(s.units, unit{[2]history.ID{id, history.None}})
	}
}

// unitsOf are the units of operations, each once.
func (s *shrinker) unitsOf(ids []history.ID) []int32 {
	var units []int32
	for _, id := range ids {
		units = append(units, s.unitOf[id])
	}
	slices.Sort(units)
	return slices.Compact(units)
}

// more tells whether the budget allows for another part.
func (s *shrinker) more(ctx context.Context) bool {
	return ctx.Err() == nil && s.checks < s.o.MaxChecks
}

// begin finds a part to begin with: the anomaly's own operations, else those and all that have to do with them, else all
// that began before the anomaly's end, else all.
func (s *shrinker) begin(ctx context.Context) bool {
	whole := s.units
	end := history.ID(0)
	for _, u := range s.witness {
		end = max(end, s.units[u].ids[0], s.units[u].ids[1])
	}
	if s.o.Trust != Facts { // units are ordered by their beginnings
		n, _ := slices.BinarySearchFunc(whole, end, func(u unit, at history.ID) int { return cmp.Compare(u.ids[0], at+1) })
		s.units = whole[:n]
	}
	if s.o.Trust == Order && !s.o.Initial {
		s.start = s.quiet(s.units[s.witness[0]].ids[0])
	}
	s.findNeeds()
	if s.try(ctx, candidate{units: s.needs.close(s.witness, nil)}) {
		return true
	}
	if s.h.Size() > maxOps {
		return false
	}
	if near := s.needs.close(s.near(), nil); len(near) < len(s.units) && s.try(ctx, candidate{units: near}) {
		return true
	}
	if s.try(ctx, candidate{units: s.all()}) {
		return true
	}
	cut := len(s.units) < len(whole)
	s.units = whole
	s.findNeeds()
	return cut && s.try(ctx, candidate{units: s.all()})
}

// all are all units that may be kept.
func (s *shrinker) all() []int32 {
	var all []int32
	for u := range s.units {
		if !s.over(s.units[u]) {
			all = append(all, int32(u))
		}
	}
	return all
}

// near are the units of the anomaly's independent keys, or of the keys of its transactions.
func (s *shrinker) near() []int32 {
	keys, mopKeys := make(map[history.Sym]bool), make(map[history.KeyID]bool)
	s.eachKey(s.witness, func(_ int32, k history.Sym) { keys[k] = true }, func(_ int32, k history.KeyID) { mopKeys[k] = true })
	found := make(map[int32]bool)
	s.eachKey(s.all(), func(u int32, k history.Sym) {
		if keys[k] {
			found[u] = true
		}
	}, func(u int32, k history.KeyID) {
		if mopKeys[k] {
			found[u] = true
		}
	})
	near := slices.Clone(s.witness)
	for u := range found {
		near = append(near, u)
	}
	slices.Sort(near)
	return slices.Compact(near)
}

// eachKey visits the keys of units.
func (s *shrinker) eachKey(units []int32, key func(int32, history.Sym), mopKey func(int32, history.KeyID)) {
	for _, u := range units {
		for _, id := range s.units[u].ids {
			if id == history.None {
				continue
			}
			if k, ok := s.h.Key(id); ok {
				key(u, k)
			}
			for _, m := range s.h.Mops(id) {
				mopKey(u, m.Key)
			}
		}
	}
}

// try tells whether a part shows the anomaly; if so, it is the best from now on.
func (s *shrinker) try(ctx context.Context, c candidate) bool {
	if !s.more(ctx) || len(c.units) == 0 {
		return false
	}
	s.checks++
	if s.o.Tried != nil {
		defer func() { s.o.Tried(s.checks, len(s.best.units)) }()
	}
	ids := s.write(&c)
	h, err := s.o.Read(ctx, c.text)
	if err != nil { // what is left isn't a history: a process's second invocation after the first one's completion went
		return false
	}
	c.result, err = s.o.Check(ctx, h)
	if err != nil || ctx.Err() != nil || !s.shows(c.result, ids) {
		return false
	}
	s.best = c
	return true
}

// shows tells whether a part's result has the anomaly. ids are the part's operations in the whole history.
func (s *shrinker) shows(r check.Result, ids []history.ID) bool {
	for _, a := range anomalies(r) {
		if a.Kind != s.kind {
			continue
		}
		if s.o.Trust != Values {
			return true
		}
		var whole []history.ID
		for _, id := range a.Ops {
			whole = append(whole, ids[id])
		}
		if slices.Equal(s.unitsOf(whole), s.witness) {
			return true
		}
	}
	return false
}

// pickAnomaly is the first anomaly of a kind that has operations.
func pickAnomaly(r check.Result, kind string) (check.Anomaly, bool) {
	for _, a := range anomalies(r) {
		if len(a.Ops) > 0 && (kind == "" || a.Kind == kind) {
			return a, true
		}
	}
	return check.Anomaly{}, false
}

// anomalies are those of a result and its parts, as far as they make it invalid.
func anomalies(r check.Result) []check.Anomaly {
	if r.Verdict != check.Invalid {
		return nil
	}
	list := slices.Clip(r.Anomalies)
	for _, p := range r.Parts { // parts of parts: of a composed check's keys, no deeper
		list = append(list, anomalies(p.Result)...)
	}
	return list
}

// kindsOf names the kinds of a result's anomalies, in its order.
func kindsOf(r check.Result) string {
	var b bytes.Buffer
	seen := make(map[string]bool)
	for _, a := range anomalies(r) {
		if !seen[a.Kind] && len(a.Ops) > 0 {
			if seen[a.Kind] = true; b.Len() > 0 {
				b.WriteString(", ")
			}
			b.WriteString(a.Kind)
		}
	}
	return b.String()
}
