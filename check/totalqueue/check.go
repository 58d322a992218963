// Package totalqueue checks a queue that is emptied in the end: whatever was acknowledged to be in it must come out, and
// nothing else.
package totalqueue

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/history"
)

// Checker is the name of this checker in its results.
const Checker = "total-queue"

// The kinds of anomalies that Check finds. That an element comes out twice isn't one: the figures tell of it.
const (
	Lost       = "lost"       // acknowledged, but never dequeued
	Unexpected = "unexpected" // dequeued, but nobody tried to enqueue it
)

// Functions are those of the queue's operations. A drain is many dequeues at once.
func Functions() []string { return []string{"enqueue", "dequeue", "drain"} }

const (
	enqueue = iota
	dequeue
	drain
)

// Options says how to check.
type Options struct {
	JepsenCompat bool // call nil unexpected whenever it is dequeued, as the original does
	// AtMostOnce says that the queue hands out an element before it knows that it arrives: a dequeue that crashed may have
	// taken one along. No more missing elements than such dequeues are no proof then: Unknown.
	AtMostOnce bool
}

// Check reports whether what came out of the queue is what went in. Elements may be enqueued many times, and each time
// counts. Elements that were enqueued with an unknown outcome may come out or not.
//
// A drain that crashed may have taken elements with it, so that what is missing then may be lost or not: Unknown. Two
// passes.
//
// Fields are the original's: counts of attempts, acknowledged, ok (attempted and dequeued), unexpected, duplicated, lost and
// recovered (dequeued though not acknowledged), and the multisets of the last four.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	q := queue{h: h, o: o, fs: check.NewFunctions(h, Functions()...), elems: check.NewNumbering(h)}
	if !check.Each(ctx, h, q.step) {
		return check.Stopped(Checker)
	}
	return q.result()
}

// queue is what is known of the queue.
type queue struct {
	h       *history.History
	o       Options
	fs      *check.Functions
	elems   *check.Numbering
	count   []counts // by number of the element
	scratch []int32
	reasons []check.Reason
	strange int
	crashed []history.ID // drains
	unsure  int          // dequeues of which nobody knows what they took
}

// counts is how often an element was met.
type counts struct{ attempted, acknowledged, dequeued int32 }

// of is what is known of the element with a number.
func (q *queue) of(n int32) *counts {
	for int(n) >= len(q.count) {
		q.count = append(q.count, counts{})
	}
	return &q.count[n]
}

func (q *queue) step(id history.ID) {
	f, t := q.fs.Of(id), q.h.Type(id)
	switch {
	case f == enqueue && t == history.Invoke:
		q.of(q.elems.OfOp(id)).attempted++
	case f == enqueue && t == history.OK:
		q.of(q.elems.OfOp(id)).acknowledged++
	case f == dequeue && t == history.OK:
		q.of(q.elems.OfOp(id)).dequeued++
	case f == dequeue && t == history.Info:
		q.unsure++
	case f == drain && (t == history.OK || t == history.Info):
		q.drain(id, t)
	}
}

// drain takes the elements of a drain. One that crashed tells perhaps of some, and a recorded nil is none.
func (q *queue) drain(id history.ID, t history.Type) {
	if t == history.Info {
		q.crashed = append(q.crashed, id)
	}
	if q.h.Kind(id) == history.KindNil {
		return
	}
	elems, ok := q.elems.Elements(q.scratch[:0], id)
	q.scratch = elems
	if !ok {
		if q.strange++; q.strange <= maxReasons {
			q.reasons = append(q.reasons, check.Reason{Code: "no-elements", Ops: []history.ID{id},
				Text: fmt.Sprintf("a drain shows a list of elements, not %s", q.h.Op(id).Value)})
		}
		return
	}
	for _, n := range elems {
		q.of(n).dequeued++
	}
}

// maxReasons is how many operations that make no sense are told of.
const maxReasons = 5

// came tells how often the element came out as it should, how often though nobody put it in, and how often too often.
func (q *queue) came(n int, c counts) (ok, unexpected, duplicated int32) {
	switch {
	case q.o.JepsenCompat && q.elems.Value(int32(n)).IsNil():
		return min(c.dequeued, c.attempted), c.dequeued, 0
	case c.attempted == 0:
		return 0, c.dequeued, 0
	case c.dequeued > c.attempted:
		return c.attempted, 0, c.dequeued - c.attempted
	}
	return c.dequeued, 0, 0
}

// lost is how often the element was acknowledged but didn't come out.
func (c counts) lost() int32 { return max(0, c.acknowledged-c.dequeued) }
