// Package queue checks a queue: whatever is dequeued must have been enqueued, no more often than that, and of a FIFO queue
// in order.
package queue

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "queue"

// The kinds of anomalies that Check finds.
const (
	Unexpected = "unexpected-dequeue" // an element that the queue cannot have held
	Overtaken  = "overtaken"          // of a FIFO queue: an element came out before one that went in earlier
)

// Functions are those of a queue's operations.
func Functions() []string { return []string{"enqueue", "dequeue"} }

// Models are the words for Options.Model.
func Models() []string { return []string{unordered, fifo} }

const (
	unordered = "unordered-queue"
	fifo      = "fifo-queue"
)

// Options says what the queue promises.
type Options struct {
	Model string // one of Models; "" means unordered-queue
	// JepsenCompat counts enqueues that fail, and takes it that elements enter a FIFO queue in the order in which enqueues
	// are invoked, as the original does.
	JepsenCompat bool
}

// Validate names the right words if Model is none.
func (o Options) Validate() error {
	switch o.Model {
	case "", unordered, fifo:
		return nil
	}
	return fmt.Errorf("unknown model %q of a queue (hint: %s or %s)", o.Model, unordered, fifo)
}

// Check reports whether every ok dequeue is possible, if an enqueue that did not fail happened at some moment from its
// invocation on. A FIFO queue must not let an element overtake another that was in the queue before its own enqueue was
// invoked (Henzinger, Sezgin and Vafeiadis, "Aspect-oriented linearizability proofs", 2013, the second violation); that
// is told of elements that were enqueued once, and leaves to `linearizable` what takes more than two elements to tell.
// One pass, and a sort for the order.
//
// Fields are the original's: final-queue if the history is valid, and else error, of the first dequeue that isn't possible.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	if err := o.Validate(); err != nil {
		return check.Result{Checker: Checker, Reasons: []check.Reason{{Code: "invalid-options", Text: err.Error()}}}
	}
	q := queue{h: h, o: o, fs: check.NewFunctions(h, Functions()...), elems: check.NewNumbering(h), crashed: history.None}
	if !check.Each(ctx, h, q.step) {
		return check.Stopped(Checker)
	}
	if o.Model == fifo && !o.JepsenCompat {
		q.order()
	}
	return q.result()
}

// queue is what is known of the queue at some place of the history.
type queue struct {
	h        *history.History
	o        Options
	fs       *check.Functions
	elems    *check.Numbering
	inside   []int32 // by element: enqueued minus dequeued
	known    []element
	line     []entry // of a FIFO queue: elements in the order of their enqueues' invocations
	head     int     // how many of line are gone, if the original's order counts
	size     int     // how many are inside
	wasEmpty bool    // when the first mistake was made
	bad      []wrong
	dequeues int
	crashed  history.ID // the first dequeue that may have taken an element without anybody knowing; or None
}

// element is what is known of one element.
type element struct {
	enqueued, dequeued int32
	in, out            history.ID // the first invocation of an enqueue, and the first ok dequeue; or None
}

// entry is an element in line.
type entry struct {
	elem int32
	gone bool
}

// wrong is a dequeue that isn't possible.
type wrong struct {
	id    history.ID
	elem  int32
	other int32 // the element that it overtook; -1 if it could not be in the queue at all
}

// number is the element of an operation.
func (q *queue) number(id history.ID) int32 {
	n := q.elems.OfOp(id)
	if int(n) == len(q.inside) {
		q.inside = append(q.inside, 0)
		q.known = append(q.known, element{in: history.None, out: history.None})
	}
	return n
}

func (q *queue) step(id history.ID) {
	const enqueue, dequeue = 0, 1
	switch f, t := q.fs.Of(id), q.h.Type(id); {
	case f == enqueue && q.enters(id, t):
		n := q.number(id)
		e := &q.known[n]
		e.enqueued++
		q.size++
		if q.inside[n]++; e.in == history.None {
			e.in = id
		}
		if q.o.Model == fifo {
			q.line = append(q.line, entry{elem: n})
		}
	case f == dequeue && t == history.OK:
		q.dequeue(id)
	case f == dequeue && t == history.Invoke && q.crashed == history.None:
		if done := q.h.Pair(id); done == history.None || q.h.Type(done) == history.Info {
			q.crashed = id
		}
	}
}

// enters tells whether an operation of an enqueue puts its element into the queue: its invocation, unless it failed. An
// enqueue that was recorded without an invocation does so at its completion.
func (q *queue) enters(id history.ID, t history.Type) bool {
	pair := q.h.Pair(id)
	if q.o.JepsenCompat {
		return t == history.Invoke
	}
	if t == history.Invoke {
		return pair == history.None || q.h.Type(pair) != history.Fail
	}
	return pair == history.None && t != history.Fail
}

// dequeue takes an element out, or finds that it can't have been inside.
func (q *queue) dequeue(id history.ID) {
	n := q.number(id)
	q.dequeues++
	e := &q.known[n]
	if e.dequeued++; e.out == history.None {
		e.out = id
	}
	if q.o.Model == fifo && q.o.JepsenCompat {
		q.takeHead(id, n)
		return
	}
	if q.inside[n] == 0 {
		q.mistake(wrong{id, n, -1})
		return
	}
	q.inside[n]--
	q.size--
}

func (q *queue) mistake(w wrong) {
	if len(q.bad) == 0 {
		q.wasEmpty = q.size == 0
	}
	q.bad = append(q.bad, w)
}

// takeHead dequeues as the original's FIFO queue does: only the element that has been in line for longest can go. Nothing
// that comes after the first mistake counts.
func (q *queue) takeHead(id history.ID, n int32) {
	switch {
	case len(q.bad) > 0:
	case q.head == len(q.line):
		q.mistake(wrong{id, n, -1})
	case q.line[q.head].elem != n:
		q.mistake(wrong{id, n, q.line[q.head].elem})
	default:
		q.line[q.head].gone = true
		q.head++
		q.size--
	}
}

// pending are the elements that were not dequeued, as the original's model prints them: in line, or how often each is
// inside.
func (q *queue) pending() history.Value {
	var items []history.Value
	if q.o.Model != fifo {
		for n, count := range q.inside {
			if count > 0 {
				items = append(items, q.elems.Value(int32(n)), edn.NewInt(int64(count)))
			}
		}
		return edn.NewMap(items)
	}
	if !q.o.JepsenCompat {
		gone := make([]int32, len(q.known))
		for i := range q.line { // of equal elements those go first that came first
			e := &q.line[i]
			if gone[e.elem] < q.known[e.elem].dequeued {
				gone[e.elem]++
				e.gone = true
			}
		}
	}
	for _, e := range q.line {
		if !e.gone {
			items = append(items, q.elems.Value(e.elem))
		}
	}
	return edn.NewVector(items)
}
