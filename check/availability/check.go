// Package availability checks which part of the operations succeeded.
package availability

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "availability"

// Kind is the kind of anomaly that Check finds.
const Kind = "unavailable"

// Options says what is asked of the database.
type Options struct {
	// Least is the fraction of the operations that must succeed, from 0 to 1. 0 asks for nothing, 1 is total availability.
	Least float64
}

// Validate tells whether the fraction is one.
func (o Options) Validate() error {
	if !(o.Least >= 0 && o.Least <= 1) {
		return fmt.Errorf("availability %v is not a fraction from 0 to 1 (hint: 0.99)", o.Least)
	}
	return nil
}

// Check reports whether enough of what clients asked for succeeded. The field ok-fraction is ok completions by
// invocations, as in Maelstrom, 1 if nothing was asked for.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	if err := o.Validate(); err != nil {
		return check.Result{Checker: Checker, Reasons: []check.Reason{{Code: "invalid-options", Text: err.Error()}}}
	}
	var asked, ok int64
	first := history.None
	for id := range h.All() {
		switch {
		case !check.OfClient(h, id):
		case h.Type(id) == history.OK:
			ok++
		case h.Type(id) == history.Invoke:
			asked++
			if pair := h.Pair(id); first == history.None && (pair == history.None || h.Type(pair) != history.OK) {
				first = id
			}
		}
	}
	if ctx.Err() != nil {
		return check.Result{Checker: Checker, Reasons: []check.Reason{check.Interrupted}}
	}
	fraction := 1.0
	if asked > 0 {
		fraction = float64(ok) / float64(asked)
	}
	r := check.Result{Checker: Checker, Verdict: check.Valid, Fields: []history.Field{{Name: "ok-fraction", Value: edn.NewFloat(fraction)}}}
	if fraction < o.Least {
		a := check.Anomaly{Kind: Kind, Total: 1,
			Text: fmt.Sprintf("of %d operations %d succeeded (%.4g), and at least %.4g of them must", asked, ok, fraction, o.Least)}
		if first != history.None {
			a.Ops = []history.ID{first}
			a.Text += ". T1 is the first that didn't"
		}
		r.Verdict, r.Anomalies = check.Invalid, []check.Anomaly{a}
	}
	return r
}
