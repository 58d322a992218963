package queue

import (
	"cmp"
	"slices"

	"jcheck/history"
)

// order looks for elements that others overtook: a was in the queue before the enqueue of b was invoked, and b came out
// before the dequeue of a was invoked, if ever. Only elements that were enqueued once, surely, and dequeued at most once
// are told: of others nobody knows which one came out. For each b the a whose dequeue began last is the one to look at,
// so a sweep over the enqueues finds all.
func (q *queue) order() {
	type span struct {
		elem     int32
		in, done history.ID // the enqueue's invocation and its ok
	}
	var spans []span
	for n := range q.known {
		e := &q.known[n]
		if e.enqueued != 1 || e.dequeued > 1 || q.h.Type(e.in) != history.Invoke {
			continue
		}
		done := q.h.Pair(e.in)
		if done == history.None || q.h.Type(done) != history.OK {
			done = history.None
		}
		spans = append(spans, span{int32(n), e.in, done})
	}
	byDone := slices.DeleteFunc(slices.Clone(spans), func(s span) bool { return s.done == history.None })
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.in, b.in) })
	slices.SortFunc(byDone, func(a, b span) int { return cmp.Compare(a.done, b.done) })
	latest, next := int32(-1), 0 // of the elements that were inside for sure, the one whose dequeue began last
	for _, b := range spans {
		for ; next < len(byDone) && byDone[next].done < b.in; next++ {
			if latest < 0 || q.leaves(byDone[next].elem) > q.leaves(latest) {
				latest = byDone[next].elem
			}
		}
		out := q.known[b.elem].out
		if latest >= 0 && out != history.None && out < q.leaves(latest) {
			q.bad = append(q.bad, wrong{out, b.elem, latest})
		}
	}
	slices.SortStableFunc(q.bad, func(a, b wrong) int { return cmp.Compare(a.id, b.id) })
}

// leaves is the earliest moment at which an element can have left the queue: when its dequeue was invoked. It is after
// everything if the element was never seen again, unless some dequeue may have taken it without anybody knowing.
func (q *queue) leaves(n int32) history.ID {
	switch out := q.known[n].out; {
	case out == history.None && q.crashed != history.None:
		return q.crashed
	case out == history.None:
		return history.ID(q.h.Len())
	case q.h.Pair(out) == history.None:
		return 0 // nobody recorded when it began
	default:
		return q.h.Pair(out)
	}
}
