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
	errors := make([]history.Value, len(c.errors))
	for i, e := range c.errors {
		errors[i] = all[e.at]
		if i < check.MaxListed {
			r.Anomalies = append(r.Anomalies, c.anomaly(e))
		}
	}
	r.Fields = []history.Field{{Name: "reads", Value: edn.NewVector(all)}, {Name: "errors", Value: edn.NewVector(errors)}}
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
func (c *counter) anomaly(e wrong) check.Anomaly {
	r := c.reads[e.at]
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
	witness, more := c.witness(e, low)
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
// there are.
func (c *counter) witness(e wrong, low bool) (ids []history.ID, more int) {
	sure, maybe := c.sure.added[:e.before.ups], c.maybe.taken[:e.until.downs]
	if !low {
		sure, maybe = c.sure.taken[:e.before.downs], c.maybe.added[:e.until.ups]
	}
	for _, list := range [...][]history.ID{sure, maybe} {
		ids = append(ids, list[max(0, len(list)-maxWitness):]...)
	}
	slices.Sort(ids)
	ids = ids[max(0, len(ids)-maxWitness):]
	return ids, len(sure) + len(maybe) - len(ids)
}
