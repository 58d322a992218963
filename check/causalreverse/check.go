// Package causalreverse checks that writes become visible in the order in which they were made: who sees a write must see
// all that had been acknowledged before that write began (strict serializability without real time of reads).
package causalreverse

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/history"
)

// Checker is the name of this checker in its results.
const Checker = "causal-reverse"

// Kind is the kind of anomaly that Check finds.
const Kind = "causal-reverse"

// Functions are those of the operations that Check looks at.
func Functions() []string { return []string{"write", "read"} }

const (
	write = iota
	read
)

// Options says how to check.
type Options struct {
	// JepsenCompat takes what a read shows as a list for a set of places, as the original does where the list is longer than
	// what is expected: a write counts as seen if its number is less than the length of the list.
	JepsenCompat bool
}

// Check reports whether each ok read, of a set or list of written values, is closed: with a write it shows all writes that
// were acknowledged before that one was invoked. Those are always the first so many acknowledged values, so a
// read is judged by the largest such number among the values that it shows: two passes, linear in elements.
//
// The field is the original's: errors, the reads with what is missing and how many values were expected.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	c := checker{h: h, o: o, fs: check.NewFunctions(h, Functions()...), values: check.NewNumbering(h)}
	for _, step := range [...]func(history.ID){c.write, c.read} {
		if !check.Each(ctx, h, step) {
			return check.Stopped(Checker)
		}
	}
	return c.result()
}

// checker is what is known of the writes, and the reads that are wrong.
type checker struct {
	h       *history.History
	o       Options
	fs      *check.Functions
	values  *check.Numbering
	written []written // by number of the value
	acked   []int32   // values in the order in which their writes were acknowledged, each once
	seen    []int32   // by number: the last read that shows it, numbered from 1
	reads   int
	errors  []finding
	total   int
	strange check.Tally // reads of something that is no set
	silent  check.Tally // reads without a value
	scratch []int32
}

// written is what is known of the writes of a value.
type written struct {
	invoked history.ID // the first invocation, or None
	acked   int32      // its place among the acknowledged values, or -1
	before  int32      // how many values were acknowledged when it was first invoked; 0 if nobody recorded that
}

// finding is a read that shows after, but not all that was acknowledged before.
type finding struct {
	id       history.ID
	after    int32
	expected int32 // how many values
	missing  []int32
}

// of is what is known of the value with a number.
func (c *checker) of(n int32) *written {
	for int(n) >= len(c.written) {
		c.written = append(c.written, written{invoked: history.None, acked: -1})
		c.seen = append(c.seen, 0)
	}
	return &c.written[n]
}

func (c *checker) write(id history.ID) {
	if c.fs.Of(id) != write {
		return
	}
	switch c.h.Type(id) {
	case history.Invoke:
		if w := c.of(c.values.OfOp(id)); w.invoked == history.None {
			w.invoked, w.before = id, int32(len(c.acked))
		}
	case history.OK:
		n := c.values.OfOp(id)
		if w := c.of(n); w.acked < 0 {
			w.acked = int32(len(c.acked))
			c.acked = append(c.acked, n)
		}
	}
}

func (c *checker) read(id history.ID) {
	if c.fs.Of(id) != read || c.h.Type(id) != history.OK {
		return
	}
	if c.h.Kind(id) == history.KindNil {
		c.silent.Add(id)
		return
	}
	shown, ok := c.values.Elements(c.scratch[:0], id)
	c.scratch = shown
	if !ok {
		c.strange.Add(id)
		return
	}
	c.reads++
	after, expected := int32(-1), int32(0)
	for _, n := range shown {
		if w := c.of(n); w.before > expected {
			after, expected = n, w.before
		}
		c.seen[n] = int32(c.reads)
	}
	present := int32(0)
	for _, n := range shown {
		if w := c.of(n); w.acked >= 0 && w.acked < expected && c.seen[n] == int32(c.reads) {
			present++
			c.seen[n] = -int32(c.reads) // each once
		}
	}
	if c.o.JepsenCompat && c.h.Kind(id) == history.KindList && int(expected) < len(shown) {
		c.compat(id, after, expected, len(shown))
	} else if present < expected {
		c.find(finding{id: id, after: after, expected: expected}, func(n int32) bool { return c.seen[n] == -int32(c.reads) })
	}
}

// compat judges a read of a list that is longer than what is expected as the original does.
func (c *checker) compat(id history.ID, after, expected int32, length int) {
	missing := false
	seen := func(n int32) bool {
		i := c.values.Value(n)
		return i.Int() < int64(length) && i.Int() >= 0 && i.String() == fmt.Sprint(i.Int())
	}
	for _, n := range c.acked[:expected] {
		missing = missing || !seen(n)
	}
	if missing {
		c.find(finding{id: id, after: after, expected: expected}, seen)
	}
}

// find keeps a read that is wrong, with what it misses.
func (c *checker) find(f finding, seen func(int32) bool) {
	if c.total++; c.total > maxErrors {
		return
	}
	for _, n := range c.acked[:f.expected] {
		if !seen(n) {
			f.missing = append(f.missing, n)
		}
	}
	c.errors = append(c.errors, f)
}

// maxErrors is how many wrong reads are told of with all that they miss.
const maxErrors = 1000
