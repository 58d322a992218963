// Package pncounter checks a counter that replicas agree on only in the end: clients add positive or negative amounts, and
// the last reads must show a sum that the additions can come to.
package pncounter

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "pn-counter"

// Kind is the kind of anomaly that Check finds.
const Kind = "unreachable-sum"

// Functions are those of the counter's operations.
func Functions() []string { return []string{"add", "read"} }

const (
	add = iota
	read
)

// Options says how to check.
type Options struct {
	JepsenCompat bool // call a history without final reads valid, as the original does
}

// Check reports whether every final read, which has a field final? that is true, shows the sum of all ok additions and
// some of those of unknown outcome. Reachable sums are kept as intervals; n additions make n steps, each over the intervals
// so far. If there are more than maxIntervals, the nearest are joined: what lies between them is then unknown.
//
// Fields are the original's: final-reads, errors (those that are out of reach), acceptable (the intervals).
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	c := counter{h: h, o: o, fs: check.NewFunctions(h, Functions()...)}
	for i := range h.Size() {
		if i&0xffff == 0 && ctx.Err() != nil {
			return check.Stopped(Checker)
		}
		if why := c.step(h.At(i)); why != nil {
			return check.Result{Checker: Checker, Reasons: []check.Reason{*why}}
		}
	}
	if !c.reach(ctx) {
		return check.Stopped(Checker)
	}
	return c.result()
}

// counter is what is known of the counter.
type counter struct {
	h      *history.History
	o      Options
	fs     *check.Functions
	sure   int64   // the sum of what was acknowledged
	maybe  []int64 // amounts of unknown outcome
	final  []finalRead
	sums   []interval  // ascending, with room between
	joined bool        // some intervals were joined that do not touch
	silent check.Tally // final reads without a value
}

// finalRead is a read that must show a reachable sum.
type finalRead struct {
	id    history.ID
	value int64
}

// interval is the sums from lo to hi.
type interval struct{ lo, hi int64 }

// maxIntervals bounds the intervals that are kept, maxWork how many are made in all, and maxAmount amounts and their sum,
// so that nothing overflows.
const (
	maxIntervals = 1 << 14
	maxWork      = 100_000_000
	maxAmount    = math.MaxInt64 / 4
)

// step takes the next operation. An addition counts by its invocation if it has one: the completion may not repeat the
// amount.
func (c *counter) step(id history.ID) *check.Reason {
	f, t, pair := c.fs.Of(id), c.h.Type(id), c.h.Pair(id)
	switch {
	case f == read && t == history.OK:
		return c.read(id)
	case f != add || t == history.Fail || t == history.Invoke && pair != history.None:
		return nil // an invocation counts with its completion
	}
	asked := id
	if t != history.Invoke && pair != history.None {
		asked = pair
	}
	n, ok := integer(c.h, asked)
	if !ok {
		return &check.Reason{Code: "value-is-no-integer", Ops: []history.ID{id},
			Text: fmt.Sprintf("an amount is an integer, not %s", c.h.Op(asked).Value)}
	}
	if n > maxAmount || n < -maxAmount || c.sure+n > maxAmount || c.sure+n < -maxAmount {
		return &check.Reason{Code: "sum-too-large", Text: "the amounts up to here come to more than 61 bits hold", Ops: []history.ID{id}}
	}
	switch {
	case n == 0:
	case t == history.OK:
		c.sure += n
	default:
		c.maybe = append(c.maybe, n)
	}
	return nil
}

// read takes note of a final read.
func (c *counter) read(id history.ID) *check.Reason {
	if !isFinal(c.h, id) && (c.h.Pair(id) == history.None || !isFinal(c.h, c.h.Pair(id))) {
		return nil
	}
	if c.h.Kind(id) == history.KindNil {
		c.silent.Add(id)
		return nil
	}
	n, ok := integer(c.h, id)
	if !ok {
		return &check.Reason{Code: "value-is-no-integer", Ops: []history.ID{id},
			Text: fmt.Sprintf("what a counter shows is an integer, not %s", c.h.Op(id).Value)}
	}
	c.final = append(c.final, finalRead{id, n})
	return nil
}

// isFinal tells whether an operation has the field final?.
func isFinal(h *history.History, id history.ID) bool {
	return slices.ContainsFunc(h.Op(id).Extra, func(f history.Field) bool { return f.Name == "final?" && f.Value.Bool() })
}

// integer is an operation's value if it is an integer of 64 bits.
func integer(h *history.History, id history.ID) (int64, bool) {
	if h.Kind(id) != history.KindScalar {
		return 0, false
	}
	v := h.Value(h.Scalar(id))
	return v.Int(), v.Kind == edn.Int
}

// reach finds the reachable sums. Amounts are taken by size, so that small ones have closed what gaps they can before
// large ones multiply them. It is false if it was interrupted.
func (c *counter) reach(ctx context.Context) bool {
	c.sums = []interval{{c.sure, c.sure}}
	slices.SortFunc(c.maybe, func(a, b int64) int { return cmp.Or(cmp.Compare(max(a, -a), max(b, -b)), cmp.Compare(a, b)) })
	work := 0
	for i, n := range c.maybe {
		if i&0xff == 0 && ctx.Err() != nil {
			return false
		}
		if end := c.sums[len(c.sums)-1].hi; end > maxAmount || c.sums[0].lo < -maxAmount {
			c.joined = true // from here on, all that is certain is that nobody knows
			c.sums = []interval{{math.MinInt64, math.MaxInt64}}
			return true
		}
		c.sums = merge(c.sums, n)
		switch work += len(c.sums); {
		case work > maxWork:
			c.joined = true
			c.sums = []interval{{c.sums[0].lo, c.sums[len(c.sums)-1].hi}}
		case len(c.sums) > maxIntervals:
			c.join()
		}
	}
	return true
}

// merge is the union of the intervals and the same moved by n.
func merge(sums []interval, n int64) []interval {
	all := make([]interval, 0, 2*len(sums))
	for i, j := 0, 0; i < len(sums) || j < len(sums); {
		var next interval
		if j == len(sums) || i < len(sums) && sums[i].lo <= sums[j].lo+n {
			next = sums[i]
			i++
		} else {
			next = interval{sums[j].lo + n, sums[j].hi + n}
			j++
		}
		if k := len(all); k > 0 && next.lo <= all[k-1].hi+1 {
			all[k-1].hi = max(all[k-1].hi, next.hi)
		} else {
			all = append(all, next)
		}
	}
	return all
}

// join unites the intervals that are nearest to each other, until half of them are left.
func (c *counter) join() {
	c.joined = true
	gaps := make([]int64, len(c.sums)-1)
	for i := range gaps {
		gaps[i] = c.sums[i+1].lo - c.sums[i].hi
	}
	slices.Sort(gaps)
	limit := gaps[len(gaps)/2]
	kept := c.sums[:1]
	for _, s := range c.sums[1:] {
		if last := &kept[len(kept)-1]; s.lo-last.hi <= limit {
			last.hi = s.hi
		} else {
			kept = append(kept, s)
		}
	}
	c.sums = kept
}

// reachable tells whether a sum lies in an interval.
func (c *counter) reachable(n int64) bool {
	i, found := slices.BinarySearchFunc(c.sums, n, func(s interval, n int64) int { return cmp.Compare(s.lo, n) })
	return found || i > 0 && c.sums[i-1].hi >= n
}
