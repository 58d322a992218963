package pncounter

import (
	"fmt"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// maxFields is how many reads and intervals the fields list.
const maxFields = 1000

// result is the verdict on the final reads.
func (c *counter) result() check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	var finals, errors, acceptable []history.Value
	wrong := 0
	for _, f := range c.final {
		if len(finals) < maxFields {
			finals = append(finals, edn.NewInt(f.value))
		}
		if c.reachable(f.value) {
			continue
		}
		if wrong++; wrong <= maxFields {
			errors = append(errors, check.OpRef(f.id))
		}
		if wrong <= check.MaxListed {
			r.Anomalies = append(r.Anomalies, c.anomaly(f))
		}
	}
	for i := range r.Anomalies {
		r.Anomalies[i].Total = wrong
	}
	for _, s := range c.sums[:min(len(c.sums), maxFields)] {
		acceptable = append(acceptable, edn.NewVector([]history.Value{edn.NewInt(s.lo), edn.NewInt(s.hi)}))
	}
	list := history.Value{} // the original has nil for none
	if len(errors) > 0 {
		list = edn.NewVector(errors)
	}
	r.Fields = []history.Field{{Name: "errors", Value: list}, {Name: "final-reads", Value: edn.NewVector(finals)},
		{Name: "acceptable", Value: edn.NewVector(acceptable)}}
	switch {
	case wrong > 0:
		r.Verdict = check.Invalid
	case c.joined:
		r.Verdict = check.Unknown
		r.Reasons = []check.Reason{{Code: "too-many-sums", Text: fmt.Sprintf(
			"%d additions of unknown outcome come to too many sums to keep apart; the final reads may be reachable", len(c.maybe))}}
	case len(c.final) == 0 && !c.o.JepsenCompat:
		r.Verdict = check.Unknown
		r.Reasons = []check.Reason{{Code: "no-final-reads", Ops: c.silent.Ops(),
			Text: "no ok read has a value and the field :final? true, so that nobody knows what the replicas agreed on (hint: jcheck counter judges all reads)"}}
	}
	return r
}

// anomaly is a read of a sum that can't be.
func (c *counter) anomaly(f finalRead) check.Anomaly {
	a := check.Anomaly{Kind: Kind, Ops: []history.ID{f.id}, Fields: []history.Field{{Name: "value", Value: edn.NewInt(f.value)}}}
	a.Text = fmt.Sprintf("T1 finally read %d, but what was acknowledged comes to %d", f.value, c.sure)
	if n := len(c.maybe); n > 0 {
		a.Text += fmt.Sprintf(", and with some of the amounts whose outcome is unknown (%d) one can reach %s only", n, c.ranges())
	}
	return a
}

// ranges are the first few intervals in words.
func (c *counter) ranges() string {
	const few = 6
	var parts []string
	for _, s := range c.sums[:min(len(c.sums), few)] {
		if s.lo == s.hi {
			parts = append(parts, fmt.Sprint(s.lo))
		} else {
			parts = append(parts, fmt.Sprintf("%d to %d", s.lo, s.hi))
		}
	}
	if len(c.sums) > few {
		parts = append(parts, "...")
	}
	return strings.Join(parts, ", ")
}
