package causalreverse

import (
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// result is the verdict on all reads.
func (c *checker) result() check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	errors := make([]history.Value, len(c.errors))
	for i, f := range c.errors {
		errors[i] = c.errorValue(f)
		if i < check.MaxListed {
			r.Anomalies = append(r.Anomalies, c.anomaly(f))
		}
	}
	r.Fields = []history.Field{{Name: "errors", Value: edn.NewVector(errors)}}
	switch {
	case c.total > 0:
		r.Verdict = check.Invalid
	case c.strange.Count > 0:
		r.Verdict = check.Unknown
		r.Reasons = []check.Reason{{Code: "no-elements", Ops: c.strange.Ops(), Text: check.Plural(c.strange.Count,
			"read shows no set or list of written values", "reads show no set or list of written values")}}
	}
	r.Notes = c.silent.ReadsWithoutValue()
	if c.reads == 0 {
		r.Notes = append(r.Notes, check.Note{Code: "never-read", Text: "Nothing was read, so there was nothing to contradict"})
	}
	return r
}

// missingValues are sorted, as in the original.
func (c *checker) missingValues(f finding) []history.Value {
	vs := make([]history.Value, len(f.missing))
	for i, n := range f.missing {
		vs[i] = c.values.Value(n)
	}
	slices.SortFunc(vs, edn.Compare)
	return vs
}

// errorValue is a wrong read as the original prints it: the operation without its value, and what it misses.
func (c *checker) errorValue(f finding) history.Value {
	op := c.h.Op(f.id)
	time := op.Time
	if time == history.NoTime {
		time = -1
	}
	pairs := []history.Value{
		edn.NewKeyword("type"), edn.NewKeyword(op.Type.String()),
		edn.NewKeyword("process"), op.Process,
		edn.NewKeyword("f"), op.F,
		edn.NewKeyword("index"), edn.NewInt(op.Index),
		edn.NewKeyword("time"), edn.NewInt(time),
	}
	for _, x := range op.Extra {
		pairs = append(pairs, edn.NewKeyword(x.Name), x.Value)
	}
	return edn.NewMap(append(pairs, edn.NewKeyword("missing"), edn.NewSet(c.missingValues(f)),
		edn.NewKeyword("expected-count"), edn.NewInt(int64(f.expected))))
}

// anomaly is a wrong read in words: it shows a write, but misses one that had been acknowledged when that began.
func (c *checker) anomaly(f finding) check.Anomaly {
	lost := f.missing[0]
	a := check.Anomaly{Kind: Kind, Ops: []history.ID{f.id, c.written[f.after].invoked, c.ackOf(lost)}, Total: c.total,
		Fields: []history.Field{{Name: "missing", Value: edn.NewSet(c.missingValues(f))}, {Name: "expected-count", Value: edn.NewInt(int64(f.expected))}}}
	a.Text = fmt.Sprintf("T1 shows %s, whose write began with T2, but not %s, whose write had been acknowledged before that, by T3",
		c.values.Value(f.after), c.values.Value(lost))
	if n := len(f.missing) - 1; n > 0 {
		a.Text += "; " + check.Plural(n, "more that was acknowledged before T2 is missing, too", "more that were acknowledged before T2 are missing, too")
	}
	return a
}

// ackOf is the first acknowledgment of a value. It looks through the history, once for each read that is told of.
func (c *checker) ackOf(n int32) history.ID {
	for id := range c.h.All() {
		if c.fs.Of(id) == write && c.h.Type(id) == history.OK && c.values.OfOp(id) == n {
			return id
		}
	}
	return history.None
}
