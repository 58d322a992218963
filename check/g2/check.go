// Package g2 checks for predicate anti-dependencies (Adya 1999, G2) with inserts: two transactions each look for rows of a
// key, find none, and insert one of their own. If the database is serializable, at most one of them commits.
package g2

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "g2"

// Kind is the kind of anomaly that Check finds.
const Kind = "illegal-inserts"

// Functions are those of the operations that Check looks at.
func Functions() []string { return []string{"insert"} }

// Options says how to check. There is nothing to choose.
type Options struct{}

// maxWitness is how many inserts of a key an anomaly names, and maxFields how many keys the field lists.
const (
	maxWitness = 8
	maxFields  = 4096
)

// Check reports whether at most one insert of each key was acknowledged. Values are [key [a b]], as tuples of
// independent keys or as plain lists. One pass.
//
// Fields are the original's: key-count, legal-count (keys with one ok insert), illegal-count (with more), and illegal, the
// number of ok inserts by key.
func Check(ctx context.Context, h *history.History, _ Options) check.Result {
	c := checker{h: h, fs: check.NewFunctions(h, Functions()...), keys: check.NewNumbering(h)}
	if !check.Each(ctx, h, c.step) {
		return check.Stopped(Checker)
	}
	return c.result()
}

// checker is what is known of the inserts.
type checker struct {
	h       *history.History
	fs      *check.Functions
	keys    *check.Numbering
	inserts [][]history.ID // by key: the first that were acknowledged
	count   []int64        // by key: how many were
	strange check.Tally    // ok inserts of nobody knows what
}

func (c *checker) step(id history.ID) {
	if c.fs.Of(id) < 0 {
		return
	}
	ok := c.h.Type(id) == history.OK
	key, known := c.keyOf(id)
	if !known && c.h.Pair(id) != history.None {
		key, known = c.keyOf(c.h.Pair(id))
	}
	if !known {
		if ok {
			c.strange.Add(id)
		}
		return
	}
	n := c.keys.Of(key)
	if int(n) == len(c.count) {
		c.count = append(c.count, 0)
		c.inserts = append(c.inserts, nil)
	}
	if !ok {
		return
	}
	c.count[n]++
	if len(c.inserts[n]) < maxWitness {
		c.inserts[n] = append(c.inserts[n], id)
	}
}

// keyOf is the key of an insert.
func (c *checker) keyOf(id history.ID) (history.Sym, bool) {
	if k, ok := c.h.Key(id); ok {
		return k, true
	}
	if elems := c.h.Elems(id); c.h.Kind(id) == history.KindList && len(elems) == 2 {
		return elems[0], true
	}
	return history.Nil, false
}

// result is the verdict on all keys.
func (c *checker) result() check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	legal, illegal := int64(0), int64(0)
	var pairs []history.Value
	for n, count := range c.count {
		switch {
		case count == 1:
			legal++
		case count > 1:
			illegal++
			if illegal <= maxFields {
				pairs = append(pairs, c.keys.Value(int32(n)), edn.NewInt(count))
			}
			if illegal <= check.MaxListed {
				r.Anomalies = append(r.Anomalies, c.anomaly(n))
			}
		}
	}
	for i := range r.Anomalies {
		r.Anomalies[i].Total = int(illegal)
	}
	r.Fields = []history.Field{
		{Name: "key-count", Value: edn.NewInt(int64(len(c.count)))},
		{Name: "legal-count", Value: edn.NewInt(legal)},
		{Name: "illegal-count", Value: edn.NewInt(illegal)},
		{Name: "illegal", Value: edn.NewMap(pairs)},
	}
	switch {
	case illegal > 0:
		r.Verdict = check.Invalid
	case c.strange.Count > 0:
		r.Verdict = check.Unknown
		r.Reasons = []check.Reason{{Code: "inserts-without-key", Ops: c.strange.Ops(),
			Text: check.Plural(c.strange.Count, "ok insert doesn't say of which key it is", "ok inserts don't say of which key they are") + ": a value is [key [a b]]"}}
	}
	if legal+illegal == 0 {
		r.Notes = []check.Note{{Code: "nothing-inserted", Text: "No insert was acknowledged, so there was nothing to contradict"}}
	}
	return r
}

// anomaly tells of a key with several inserts.
func (c *checker) anomaly(n int) check.Anomaly {
	v, ids := c.keys.Value(int32(n)), c.inserts[n]
	who := fmt.Sprintf("T1 to T%d", len(ids))
	if len(ids) == 2 {
		who = "T1 and T2"
	}
	text := fmt.Sprintf("%s each looked for rows of key %s, found none and inserted one. In a serial order, all but the first would have found one", who, v)
	if int(c.count[n]) > len(ids) {
		text += fmt.Sprintf("; %d more did the same", int(c.count[n])-len(ids))
	}
	return check.Anomaly{Kind: Kind, Ops: ids, Text: text, Fields: []history.Field{
		{Name: "key", Value: v}, {Name: "count", Value: edn.NewInt(c.count[n])}}}
}
