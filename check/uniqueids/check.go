// Package uniqueids checks a generator of identifiers: no two calls may be given the same one.
package uniqueids

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "unique-ids"

// Duplicated is the kind of anomaly that Check finds.
const Duplicated = "duplicate-id"

// Functions are those of the operations that Check looks at.
func Functions() []string { return []string{"generate"} }

// Options says how to check. There is nothing to choose, and no answer of the original that is wrong.
type Options struct{}

// maxFields is how many duplicated identifiers the field lists, the most frequent first.
const maxFields = 48

// maxWitness is how many operations that were given the same identifier an anomaly names.
const maxWitness = 8

// Check reports whether the values of all ok generates differ. Two passes.
//
// Fields are the original's: attempted-count, acknowledged-count, duplicated-count (different identifiers), duplicated
// (how often each was given), and range, the lowest and the highest. Unlike the original's, ours has a range for
// identifiers of different types, too.
func Check(ctx context.Context, h *history.History, _ Options) check.Result {
	g := generator{h: h, fs: check.NewFunctions(h, Functions()...), ids: check.NewNumbering(h)}
	if !check.Each(ctx, h, g.step) {
		return check.Stopped(Checker)
	}
	return g.result()
}

// generator is what is known of the generator.
type generator struct {
	h         *history.History
	fs        *check.Functions
	ids       *check.Numbering
	attempted int
	given     int
	count     []int32 // by number of the identifier
}

func (g *generator) step(id history.ID) {
	if g.fs.Of(id) < 0 {
		return
	}
	switch g.h.Type(id) {
	case history.Invoke:
		g.attempted++
	case history.OK:
		g.given++
		n := g.ids.OfOp(id)
		if int(n) == len(g.count) {
			g.count = append(g.count, 0)
		}
		g.count[n]++
	}
}

func (g *generator) result() check.Result {
	dups := g.duplicated()
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	var pairs []history.Value
	for _, n := range dups[:min(len(dups), maxFields)] {
		pairs = append(pairs, g.ids.Value(n), edn.NewInt(int64(g.count[n])))
	}
	r.Fields = []history.Field{
		{Name: "attempted-count", Value: edn.NewInt(int64(g.attempted))},
		{Name: "acknowledged-count", Value: edn.NewInt(int64(g.given))},
		{Name: "duplicated-count", Value: edn.NewInt(int64(len(dups)))},
		{Name: "duplicated", Value: edn.NewMap(pairs)},
		{Name: "range", Value: g.bounds()},
	}
	if len(dups) > 0 {
		r.Verdict, r.Anomalies = check.Invalid, g.anomalies(dups)
	}
	if g.given == 0 {
		r.Notes = []check.Note{{Code: "nothing-generated", Text: "No call was given an identifier, so there was nothing to contradict"}}
	}
	return r
}

// duplicated are the identifiers that were given more than once, the most frequent first, and of equally frequent ones the
// greatest: as the original lists them.
func (g *generator) duplicated() []int32 {
	var dups []int32
	for n, c := range g.count {
		if c > 1 {
			dups = append(dups, int32(n))
		}
	}
	slices.SortStableFunc(dups, func(a, b int32) int {
		if order := cmp.Compare(g.count[b], g.count[a]); order != 0 {
			return order
		}
		return edn.Compare(g.ids.Value(b), g.ids.Value(a))
	})
	return dups
}

// bounds are the lowest and the highest identifier. nil is one only if there is no other.
func (g *generator) bounds() history.Value {
	var low, high history.Value
	for n := range g.count {
		v := g.ids.Value(int32(n))
		if low.IsNil() {
			low, high = v, v
		}
		if v.IsNil() {
			continue
		}
		if edn.Compare(v, low) < 0 {
			low = v
		}
		if edn.Compare(v, high) > 0 {
			high = v
		}
	}
	return edn.NewVector([]history.Value{low, high})
}

// anomalies tells of duplicated identifiers, the most frequent first.
func (g *generator) anomalies(dups []int32) []check.Anomaly {
	total := len(dups)
	dups = dups[:min(len(dups), check.MaxListed)]
	place := make(map[int32]int, len(dups))
	list := make([]check.Anomaly, len(dups))
	for i, n := range dups {
		place[n] = i
		v, times := g.ids.Value(n), g.count[n]
		list[i] = check.Anomaly{Kind: Duplicated, Total: total, Fields: []history.Field{
			{Name: "id", Value: v}, {Name: "count", Value: edn.NewInt(int64(times))}}}
		list[i].Text = fmt.Sprintf("%d calls were given the same identifier, %s", times, v)
		if times == 2 {
			list[i].Text = fmt.Sprintf("T1 and T2 were given the same identifier, %s", v)
		} else if times > maxWitness {
			list[i].Text += fmt.Sprintf("; the first %d are shown", maxWitness)
		}
	}
	for id := range g.h.All() {
		if g.fs.Of(id) < 0 || g.h.Type(id) != history.OK {
			continue
		}
		if i, ok := place[g.ids.OfOp(id)]; ok && len(list[i].Ops) < maxWitness {
			list[i].Ops = append(list[i].Ops, id)
		}
	}
	return list
}
