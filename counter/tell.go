package counter

import (
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// result is the verdict on what was read.
func (c *counter) result() check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	all := make([]history.Value, len(c.reads))
	for i, read := range c.reads {
		all[i] = read.triple()
	}
	wrong := make([]history.Value, len(c.errors))
	for i, at := range c.errors {
		wrong[i] = all[at]
		if i < check.MaxListed {
			r.Anomalies = append(r.Anomalies, c.anomaly(c.reads[at]))
		}
	}
	r.Fields = []history.Field{{Name: "reads", Value: edn.NewVector(all)}, {Name: "errors", Value: edn.NewVector(wrong)}}
	if len(c.errors) > 0 {
		r.Verdict = check.Invalid
	}
	if c.unknown > 0 {
		r.Notes = append(r.Notes, check.Note{Code: "reads-without-value", Text: fmt.Sprintf(
			"%d reads say that they were answered, but not what they read: nothing was concluded from them", c.unknown), Ops: []history.ID{c.first}})
	}
	if len(c.reads) == 0 {
		r.Notes = append(r.Notes, check.Note{Code: "never-read", Text: "the counter was never read, so there was nothing to contradict"})
	}
	return r
}

// triple is the read in the form of the original.
func (r read) triple() history.Value {
	return edn.NewVector([]history.Value{edn.NewInt(r.lower), edn.NewInt(r.value), edn.NewInt(r.upper)})
}

// maxWitness is how many operations besides the read prove it.
const maxWitness = 4

// anomaly tells of a read that is out of its bounds.
func (c *counter) anomaly(r read) check.Anomaly {
	a := check.Anomaly{Kind: Kind, Ops: []history.ID{r.id}, Total: len(c.errors), Fields: []history.Field{
		{Name: "lower", Value: edn.NewInt(r.lower)}, {Name: "value", Value: edn.NewInt(r.value)}, {Name: "upper", Value: edn.NewInt(r.upper)}}}
	low := r.value < r.lower
	if low {
		a.Text = fmt.Sprintf("T1 read %d, but the counter was at least %d: the additions that were confirmed before T1 began, "+
			"and every subtraction that may have happened by its end, come to that", r.value, r.lower)
	} else {
		a.Text = fmt.Sprintf("T1 read %d, but the counter was at most %d: all additions that may have happened by its end, "+
			"and the subtractions that were confirmed before it began, come to that", r.value, r.upper)
	}
	witness, more := c.witness(r, low)
	switch {
	case len(witness) == 0:
		a.Text += ". There are none"
	case more > 0:
		a.Text += fmt.Sprintf(". The last of them are shown, %d more came before", more)
	default:
		a.Text += ". " + names(len(witness))
	}
	a.Ops = append(a.Ops, witness...)
	return a
}

// names says which of the operations are the witnesses.
func names(n int) string {
	if n == 1 {
		return "It is T2"
	}
	return fmt.Sprintf("They are T2 to T%d", n+1)
}

// witness are the last operations that a bound of a read is made of, in the order of the history, and how many more
// there are. It goes back through the history, once for each read that is told of.
func (c *counter) witness(r read, low bool) (ids []history.ID, more int) {
	begin := c.h.Pair(r.id)
	for i := range c.h.Size() {
		id := c.h.At(i)
		if id >= r.id {
			break
		}
		if !c.counts(id, begin, low) {
			continue
		}
		if ids = append(ids, id); len(ids) > maxWitness {
			ids = slices.Delete(ids, 0, 1)
			more++
		}
	}
	return ids, more
}

// counts tells whether the operation is part of the bound of a read that began at begin.
func (c *counter) counts(id, begin history.ID, low bool) bool {
	if c.fs.Of(id) <= readF {
		return false
	}
	n, _ := c.amount(c.asked(id))
	sure := (n > 0) == low // such an amount counts if it was confirmed; the others if they were asked for
	pair := c.h.Pair(id)
	switch c.h.Type(id) {
	case history.OK:
		return sure && id < begin || !sure && pair == history.None
	case history.Invoke:
		return !sure && (pair == history.None || c.h.Type(pair) != history.Fail)
	}
	return !sure && c.h.Type(id) == history.Info && pair == history.None
}
