// Package sequential checks that a client's writes become visible in the order in which it made them. A client inserts the
// subkeys of a key one after another, each in a transaction of its own; others read them in the opposite order, the last
// one first. Who finds a subkey must then find all that were inserted before it.
package sequential

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "sequential"

// Kind is the kind of anomaly that Check finds.
const Kind = "missing-earlier"

// Functions are those of the workload's operations. Only reads are looked at.
func Functions() []string { return []string{"write", "read"} }

const read = 1

// Options says how to check. There is nothing to choose.
type Options struct{}

// Check reports whether no ok read has a nil after something else. Its value is the list of what was found of each subkey,
// in the order of reading, or [key list], or such a list under an independent key. One pass.
//
// Fields are those of the original: all-count (reads of all subkeys), some-count, none-count, bad-count, and bad, the reads
// with a nil after something else.
func Check(ctx context.Context, h *history.History, _ Options) check.Result {
	c := checker{h: h, fs: check.NewFunctions(h, Functions()...)}
	if !check.Each(ctx, h, c.read) {
		return check.Stopped(Checker)
	}
	return c.result()
}

// checker counts reads by what they found.
type checker struct {
	h               *history.History
	fs              *check.Functions
	all, some, none int
	bad             []finding
	wrong           int
	strange         check.Tally // reads of something else
	silent          check.Tally // reads without a value
}

// finding is a bad read: subkey found was there, and missing, which was read later and inserted before it, was not.
type finding struct {
	id             history.ID
	found, missing int
}

// read counts an operation if it is an ok read.
func (c *checker) read(id history.ID) {
	if c.fs.Of(id) != read || c.h.Type(id) != history.OK {
		return
	}
	if c.h.Kind(id) == history.KindNil {
		c.silent.Add(id)
		return
	}
	nils, ok := c.nils(id)
	if !ok {
		c.strange.Add(id)
		return
	}
	found, holes := -1, 0
	for i, isNil := range nils {
		switch {
		case isNil:
			holes++
			if found >= 0 {
				c.wrong++
				if len(c.bad) < maxBad {
					c.bad = append(c.bad, finding{id: id, found: found, missing: i})
				}
				return
			}
		case found < 0:
			found = i
		}
	}
	switch holes {
	case 0:
		c.all++
	case len(nils):
		c.none++
	default:
		c.some++
	}
}

// maxBad is how many bad reads are listed.
const maxBad = 1000

// nils tells which subkeys a read did not find; false if its value is no list of them.
func (c *checker) nils(id history.ID) ([]bool, bool) {
	if c.h.Kind(id) != history.KindList {
		return nil, false
	}
	elems := c.h.Elems(id)
	if _, keyed := c.h.Key(id); !keyed && len(elems) == 2 {
		if list := c.h.Value(elems[1]); list.Sequential() {
			nils := make([]bool, len(list.Items))
			for i, v := range list.Items {
				nils[i] = v.IsNil()
			}
			return nils, true
		}
	}
	nils := make([]bool, len(elems))
	for i, s := range elems {
		nils[i] = s == history.Nil
	}
	return nils, true
}

// result is the verdict on all reads.
func (c *checker) result() check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	refs := make([]history.Value, len(c.bad))
	for i, f := range c.bad {
		refs[i] = check.OpRef(f.id)
		if i < check.MaxListed {
			r.Anomalies = append(r.Anomalies, check.Anomaly{Kind: Kind, Ops: []history.ID{f.id}, Total: c.wrong, Text: fmt.Sprintf(
				"T1 found the subkey that it read at place %d, and afterwards, at place %d, did not find one that had been inserted before it",
				f.found+1, f.missing+1)})
		}
	}
	count := func(name string, n int) history.Field { return history.Field{Name: name, Value: edn.NewInt(int64(n))} }
	r.Fields = []history.Field{count("all-count", c.all), count("some-count", c.some), count("none-count", c.none),
		count("bad-count", c.wrong), {Name: "bad", Value: edn.NewVector(refs)}}
	switch {
	case c.wrong > 0:
		r.Verdict = check.Invalid
	case c.strange.Count > 0:
		r.Verdict = check.Unknown
		r.Reasons = []check.Reason{{Code: "no-subkeys", Ops: c.strange.Ops(), Text: check.Plural(c.strange.Count, "read shows no list of subkeys", "reads show no list of subkeys")}}
	}
	r.Notes = c.silent.ReadsWithoutValue()
	if c.all+c.some+c.none+c.wrong == 0 {
		r.Notes = append(r.Notes, check.Note{Code: "never-read", Text: "Nothing was read, so there was nothing to contradict"})
	}
	return r
}
