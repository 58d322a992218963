package totalqueue

import (
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// multiset is elements, each with how often it counts, and the sum of that.
type multiset struct {
	elems []int32
	pairs []history.Value
	sum   int64
}

func (q *queue) put(m *multiset, n int, count int32) {
	if count <= 0 {
		return
	}
	m.sum += int64(count)
	m.elems = append(m.elems, int32(n))
	m.pairs = append(m.pairs, q.elems.Value(int32(n)), edn.NewInt(int64(count)))
}

// result is the verdict, and what the original prints.
func (q *queue) result() check.Result {
	var attempts, acknowledged, oks int64
	var lost, unexpected, duplicated, recovered multiset
	for n, c := range q.count {
		ok, strange, twice := q.came(n, c)
		attempts, acknowledged, oks = attempts+int64(c.attempted), acknowledged+int64(c.acknowledged), oks+int64(ok)
		q.put(&lost, n, c.lost())
		q.put(&unexpected, n, strange)
		q.put(&duplicated, n, twice)
		q.put(&recovered, n, ok-c.acknowledged) // came out as it should though nobody had acknowledged it
	}
	r := check.Result{Checker: Checker, Fields: []history.Field{
		{Name: "attempt-count", Value: edn.NewInt(attempts)},
		{Name: "acknowledged-count", Value: edn.NewInt(acknowledged)},
		{Name: "ok-count", Value: edn.NewInt(oks)},
		{Name: "unexpected-count", Value: edn.NewInt(unexpected.sum)},
		{Name: "duplicated-count", Value: edn.NewInt(duplicated.sum)},
		{Name: "lost-count", Value: edn.NewInt(lost.sum)},
		{Name: "recovered-count", Value: edn.NewInt(recovered.sum)},
		{Name: "lost", Value: edn.NewMap(lost.pairs)},
		{Name: "unexpected", Value: edn.NewMap(unexpected.pairs)},
		{Name: "duplicated", Value: edn.NewMap(duplicated.pairs)},
		{Name: "recovered", Value: edn.NewMap(recovered.pairs)},
	}}
	q.judge(&r, lost, unexpected)
	return r
}

// judge finds the verdict: what is missing is lost only if no drain crashed.
func (q *queue) judge(r *check.Result, lost, unexpected multiset) {
	r.Reasons = q.reasons
	if len(q.crashed) > 0 && lost.sum > 0 {
		r.Reasons = append(r.Reasons, check.Reason{Code: "crashed-drain", Ops: q.crashed[:1], Text: fmt.Sprintf(
			"a drain crashed, and may have taken what is missing: %s", check.Plural(int(lost.sum), "element", "elements"))})
	}
	if q.o.AtMostOnce && lost.sum > 0 && int(lost.sum) <= q.unsure {
		r.Reasons = append(r.Reasons, check.Reason{Code: "crashed-dequeues", Text: fmt.Sprintf(
			"%s crashed, and may have taken what is missing: %s", check.Plural(q.unsure, "dequeue", "dequeues"),
			check.Plural(int(lost.sum), "element", "elements"))})
	}
	switch {
	case unexpected.sum > 0 || lost.sum > 0 && len(r.Reasons) == 0:
		r.Verdict = check.Invalid
	case len(r.Reasons) == 0:
		r.Verdict = check.Valid
	}
	if lost.sum > 0 && len(r.Reasons) == 0 {
		r.Anomalies = q.lostAnomalies(lost)
		if q.unsure > 0 {
			r.Notes = append(r.Notes, check.Note{Code: "crashed-dequeues", Text: fmt.Sprintf(
				"%s crashed; if the queue handed out an element each time, that many of those lost are lost on the way only",
				check.Plural(q.unsure, "dequeue", "dequeues"))})
		}
	}
	r.Anomalies = append(r.Anomalies, q.unexpectedAnomalies(unexpected)...)
	if r.Verdict == check.Invalid {
		r.Reasons = nil
	}
}

// lostAnomalies tells of elements that never came out, with their acknowledgments.
func (q *queue) lostAnomalies(m multiset) []check.Anomaly {
	return q.anomalies(m, Lost, enqueue, func(a *check.Anomaly, n int32) {
		c := q.count[n]
		a.Text = fmt.Sprintf("T1 enqueued %s, which was acknowledged, but nothing ever dequeued it", q.elems.Value(n))
		if c.acknowledged > 1 {
			a.Text = fmt.Sprintf("Enqueues of %s were acknowledged %d times, by T1 first, but it was dequeued %s only",
				q.elems.Value(n), c.acknowledged, check.Plural(int(c.dequeued), "time", "times"))
		}
	})
}

// unexpectedAnomalies tells of elements that nobody enqueued, with the operations that dequeued them.
func (q *queue) unexpectedAnomalies(m multiset) []check.Anomaly {
	return q.anomalies(m, Unexpected, dequeue, func(a *check.Anomaly, n int32) {
		a.Text = fmt.Sprintf("T1 dequeued %s, which nobody ever tried to enqueue", q.elems.Value(n))
	})
}

// anomalies tells of each element of a multiset. Its operation is the first ok one of function f that has the element;
// drains count as dequeues.
func (q *queue) anomalies(m multiset, kind string, f int, tell func(*check.Anomaly, int32)) []check.Anomaly {
	list := make([]check.Anomaly, min(len(m.elems), check.MaxListed))
	place := make(map[int32]int, len(list))
	for i := range list {
		n := m.elems[i]
		place[n] = i
		list[i] = check.Anomaly{Kind: kind, Total: len(m.elems), Fields: []history.Field{
			{Name: "element", Value: q.elems.Value(n)}, {Name: "count", Value: m.pairs[2*i+1]}}}
		tell(&list[i], n)
	}
	left := len(list)
	for id := range q.h.All() {
		if left == 0 {
			break
		}
		for _, n := range q.involved(id, f) {
			if i, ok := place[n]; ok && len(list[i].Ops) == 0 {
				list[i].Ops = []history.ID{id}
				left--
			}
		}
	}
	return list
}

// involved are the elements that an operation enqueued or dequeued, if it is of function f.
func (q *queue) involved(id history.ID, f int) []int32 {
	g, t := q.fs.Of(id), q.h.Type(id)
	switch {
	case g == f && t == history.OK:
		return append(q.scratch[:0], q.elems.OfOp(id))
	case g == drain && f == dequeue && (t == history.OK || t == history.Info):
		q.scratch, _ = q.elems.Elements(q.scratch[:0], id)
		return q.scratch
	}
	return nil
}
