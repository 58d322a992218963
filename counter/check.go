// Package counter checks a counter: clients add to it and read it, and each read must lie between what was surely added
// before it and what may have been added until it ended.
package counter

import (
	"context"
	"fmt"
	"math"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "counter"

// Kind is the kind of anomaly that Check finds: a read out of the bounds.
const Kind = "wrong-count"

// Options says how to check. There is nothing to choose.
type Options struct{}

// Check reports whether each ok read of the counter is possible. Operations are :add of an integer, which may be
// negative, :increment and :decrement (by 1 if there is no value), and :read. A read must be at least what was
// confirmed before it began plus all decrements that may have happened by its end, and at most what was confirmed plus
// all additions that may have happened by its end. What failed never happened; what is unknown may have, or not.
//
// Fields are the original's: reads and errors, each a list of [lower value upper] in the order of completion. One pass.
func Check(ctx context.Context, h *history.History, _ Options) check.Result {
	c := counter{h: h, fs: check.NewFunctions(h, Functions()...), open: make(map[history.ID]sum)}
	for _, step := range [...]func(history.ID) *check.Reason{c.orphan, c.step} {
		for i := range h.Size() {
			if i&0xffff == 0 && ctx.Err() != nil {
				return check.Result{Checker: Checker, Reasons: []check.Reason{check.Interrupted}}
			}
			if why := step(h.At(i)); why != nil {
				return check.Result{Checker: Checker, Reasons: []check.Reason{*why}}
			}
		}
	}
	return c.result()
}

// sum is what additions and subtractions come to, each for itself, and how many there are.
type sum struct {
	up, down   int64
	ups, downs int
}

// add adds an amount; false if the sum no longer fits.
func (s *sum) add(n int64) bool {
	if n > 0 && s.up > math.MaxInt64/2-n || n < 0 && n < math.MinInt64/2-s.down {
		return false
	}
	if n < 0 {
		s.down, s.downs = s.down+n, s.downs+1
	} else {
		s.up, s.ups = s.up+n, s.ups+1
	}
	return true
}

// ledger is the operations that a sum is of, in order.
type ledger struct {
	sum
	added, taken []history.ID // as many as ups and downs
}

// counter is what is known of the counter at some place of the history.
type counter struct {
	h       *history.History
	fs      *check.Functions
	sure    ledger             // confirmed
	maybe   ledger             // asked for, confirmed or not, but for what failed
	open    map[history.ID]sum // what was confirmed when a read began, by its invocation
	reads   []read
	errors  []wrong
	unknown int // ok reads without a value
	first   history.ID
}

// The functions of a counter, by their places among functions.
const (
	readF = iota
	addF
	incrementF
	incF
	decrementF
	decF
)

// Functions are those of a counter's operations.
func Functions() []string { return []string{"read", "add", "increment", "inc", "decrement", "dec"} }

// read is an ok read and its bounds.
type read struct {
	id           history.ID
	lower, upper int64
	value        int64
}

// orphan takes a completion of which nobody recorded when it was asked for: that may have been before everything.
func (c *counter) orphan(id history.ID) *check.Reason {
	t := c.h.Type(id)
	if c.fs.Of(id) <= readF || c.h.Pair(id) != history.None || t != history.OK && t != history.Info {
		return nil
	}
	return c.count(id, &c.maybe)
}

// wrong is a read out of its bounds: its place in reads, what was confirmed when it began, and what was asked for at its end.
type wrong struct {
	at            int
	before, until sum
}

// step takes the next operation. The reason is an operation that no counter has.
func (c *counter) step(id history.ID) *check.Reason {
	switch f := c.fs.Of(id); {
	case f < 0:
		return nil
	case f == readF:
		return c.read(id)
	}
	pair := c.h.Pair(id)
	switch t := c.h.Type(id); {
	case t == history.Invoke && (pair == history.None || c.h.Type(pair) != history.Fail):
		return c.count(id, &c.maybe)
	case t == history.OK:
		return c.count(id, &c.sure)
	}
	return nil
}

// asked is the operation that says what was asked for, whatever the answer says.
func (c *counter) asked(id history.ID) history.ID {
	if pair := c.h.Pair(id); c.h.Type(id) != history.Invoke && pair != history.None {
		return pair
	}
	return id
}

// amount is what an operation adds to the counter; false if it isn't an integer whose negative exists, too.
func (c *counter) amount(id history.ID) (n int64, ok bool) {
	f := c.fs.Of(id)
	n, ok = integer(c.h, id)
	if c.h.Kind(id) == history.KindNil && f != addF {
		n, ok = 1, true
	}
	if f >= decrementF {
		return -n, ok && n != math.MinInt64
	}
	return n, ok
}

// count adds the amount that an operation, or what it completes, asked for.
func (c *counter) count(id history.ID, to *ledger) *check.Reason {
	n, ok := c.amount(c.asked(id))
	if !ok {
		return &check.Reason{Code: "value-is-no-integer", Text: fmt.Sprintf("the amount of an operation %s is an integer of 64 bits, not %s",
			c.h.Value(c.h.F(id)), c.h.Op(id).Value), Ops: []history.ID{id}}
	}
	if !to.add(n) {
		return &check.Reason{Code: "sum-too-large", Text: "the amounts up to here come to more than 64 bits hold", Ops: []history.ID{id}}
	}
	if n < 0 {
		to.taken = append(to.taken, id)
	} else {
		to.added = append(to.added, id)
	}
	return nil
}

// integer is an operation's value if it is an integer.
func integer(h *history.History, id history.ID) (int64, bool) {
	if h.Kind(id) != history.KindScalar {
		return 0, false
	}
	s := h.Scalar(id)
	if n, ok := s.Int(); ok {
		return n, true
	}
	v := h.Value(s)
	return v.Int(), v.Kind == edn.Int
}

// read takes note of the beginning of a read, or judges it at its end.
func (c *counter) read(id history.ID) *check.Reason {
	switch c.h.Type(id) {
	case history.Invoke:
		if pair := c.h.Pair(id); pair != history.None && c.h.Type(pair) == history.OK {
			c.open[id] = c.sure.sum
		}
		return nil
	case history.OK:
	default:
		return nil
	}
	before := c.open[c.h.Pair(id)] // a read without a beginning may have begun before everything
	delete(c.open, c.h.Pair(id))
	if c.h.Kind(id) == history.KindNil {
		if c.unknown++; c.unknown == 1 {
			c.first = id
		}
		return nil
	}
	n, ok := integer(c.h, id)
	if !ok {
		return &check.Reason{Code: "value-is-no-integer", Text: fmt.Sprintf("what a counter shows is an integer of 64 bits, not %s",
			c.h.Op(id).Value), Ops: []history.ID{id}}
	}
	r := read{id: id, lower: before.up + c.maybe.down, upper: c.maybe.up + before.down, value: n}
	if n < r.lower || n > r.upper {
		c.errors = append(c.errors, wrong{len(c.reads), before, c.maybe.sum})
	}
	c.reads = append(c.reads, r)
	return nil
}
