package queue

import (
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// result is the verdict on all dequeues.
func (q *queue) result() check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	if len(q.bad) == 0 {
		name := "UnorderedQueue"
		if q.o.Model == fifo {
			name = "FIFOQueue"
		}
		r.Fields = []history.Field{{Name: "final-queue", Value: edn.NewMap([]history.Value{
			edn.NewKeyword("model"), edn.NewString(name), edn.NewKeyword("pending"), q.pending()})}}
		if q.dequeues == 0 {
			r.Notes = []check.Note{{Code: "never-dequeued", Text: "Nothing was dequeued, so there was nothing to contradict"}}
		}
		return r
	}
	r.Verdict = check.Invalid
	text := "can't dequeue " + q.bare(q.bad[0].elem)
	if q.o.Model == fifo && q.wasEmpty {
		text += " from empty queue"
	}
	r.Fields = []history.Field{{Name: "error", Value: edn.NewString(text)}}
	total := make(map[string]int)
	for _, w := range q.bad {
		total[w.kind()]++
	}
	listed := make(map[string]int)
	for _, w := range q.bad {
		if k := w.kind(); listed[k] < check.MaxListed {
			listed[k]++
			a := q.anomaly(w)
			a.Total = total[k]
			r.Anomalies = append(r.Anomalies, a)
		}
	}
	return r
}

func (w wrong) kind() string {
	if w.other >= 0 {
		return Overtaken
	}
	return Unexpected
}

// bare is an element as the original's message has it: nil is nothing, a string has no quotes.
func (q *queue) bare(n int32) string {
	v := q.elems.Value(n)
	switch v.Kind {
	case edn.Nil:
		return ""
	case edn.String:
		return v.Text
	}
	return v.String()
}

// anomaly is a dequeue that isn't possible, in words.
func (q *queue) anomaly(w wrong) check.Anomaly {
	v, e := q.elems.Value(w.elem), q.known[w.elem]
	a := check.Anomaly{Kind: w.kind(), Ops: []history.ID{w.id}, Fields: []history.Field{{Name: "element", Value: v}}}
	switch {
	case w.other >= 0 && q.o.JepsenCompat:
		a.Text = fmt.Sprintf("T1 dequeued %s, but %s was invoked to be enqueued first", v, q.elems.Value(w.other))
	case w.other >= 0:
		q.tellOvertaken(&a, w, e)
	case e.in != history.None && e.in < w.id:
		a.Ops = append(a.Ops, e.in)
		a.Text = fmt.Sprintf("T1 dequeued %s, but that was in the queue no more: until then it was enqueued less often than it was dequeued. T2 was the first to enqueue it", v)
		if e.out != w.id {
			a.Ops = append(a.Ops, e.out)
			a.Text += ", and T3 the first to dequeue it"
		}
	case e.in != history.None:
		a.Ops = append(a.Ops, e.in)
		a.Text = fmt.Sprintf("T1 dequeued %s before anybody asked to enqueue it; T2 was the first to do so", v)
	default:
		q.tellUnknown(&a, w, v)
	}
	return a
}

// tellUnknown is of an element that was never enqueued: perhaps an enqueue of it failed.
func (q *queue) tellUnknown(a *check.Anomaly, w wrong, v history.Value) {
	a.Text = fmt.Sprintf("T1 dequeued %s, which nobody has enqueued", v)
	for id := range q.h.All() {
		if q.fs.Of(id) == 0 && q.h.Type(id) == history.Fail && q.elems.OfOp(id) == w.elem {
			a.Ops = append(a.Ops, id)
			a.Text = fmt.Sprintf("T1 dequeued %s, but the only attempts to enqueue it failed, as T2 did", v)
			return
		}
	}
}

// tellOvertaken is of an element that came out of a FIFO queue too early.
func (q *queue) tellOvertaken(a *check.Anomaly, w wrong, e element) {
	o, v, first := q.known[w.other], q.elems.Value(w.elem), q.elems.Value(w.other)
	a.Fields = append(a.Fields, history.Field{Name: "overtaken", Value: first})
	a.Ops = append(a.Ops, q.h.Pair(o.in), e.in)
	a.Text = fmt.Sprintf("T1 dequeued %s too early: %s was in the queue since T2, before T3 began to enqueue %s. "+
		"But %s ", v, first, v, first)
	if o.out == history.None {
		a.Text += "was never dequeued"
		return
	}
	a.Ops = append(a.Ops, o.out)
	a.Text += "was dequeued by T4, which began after T1 had ended"
}
