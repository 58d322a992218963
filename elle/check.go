package elle

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
)

// Check reports whether h is what a database that keeps the given models could have done. The result depends on the
// history and the options alone, unless ctx ends first: then it is Unknown with the reason, or Invalid if enough had
// been proved by then.
//
// Options that don't pass Validate, and a history of some other kind (see Recognise), are Unknown with that reason.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	if err := o.Validate(); err != nil {
		return refusal(o, "invalid-options", err, nil)
	}
	w, err := o.Workload, error(nil)
	if w == Auto {
		if w, err = Recognise(h, Auto); err != nil {
			return refusal(o, "another-workload", err, err)
		}
	}
	c := checker{w: w, o: o, prohibited: cycle.Prohibited(o.models(), o.Anomalies), keyNo: make([]int32, h.NumKeys())}
	var r check.Result
	if h.Keyed() {
		r = c.checkKeys(ctx, h)
	} else {
		r = c.check(ctx, h).result
	}
	if w != RWRegister && o.aboutRegisters() {
		r.Notes = append(r.Notes, check.Note{Code: "options-without-effect", Text: fmt.Sprintf(
			"the options about versions of registers have no effect on %s", w)})
	}
	return r
}

// checker is one call of Check: what is looked for, and in what.
type checker struct {
	w          Workload
	o          Options
	prohibited map[string]bool
	keyNo      []int32 // scratch that all parts share; see byKey
}

// outcome is a result together with everything that was found, reported or not.
type outcome struct {
	result check.Result
	found  []string
}

// check goes from the history to the verdict:
// premises → what observations prove → graph of dependencies → cycles → models.
func (c *checker) check(ctx context.Context, h *history.History) outcome {
	p := newPremises(h, c.o, c.prohibited)
	p.keyNo = c.keyNo
	inf := c.w.infer(ctx, p)
	switch {
	case len(inf.reasons) > 0:
		return c.undecided(inf)
	case ctx.Err() != nil || inf.in == nil:
		return c.conclude(nil, inf.notes, stopped(ctx))
	}
	in := cycle.Input{In: inf.in, Order: p.order, Prefer: inf.prefer, Workers: p.workers}
	found, err := cycle.Find(ctx, in)
	all := inf.anomalies
	all = append(all, c.cycles(p, inf, found.Cycles)...)
	all = append(all, c.proofs(p, inf, found.Exists)...)
	if err != nil {
		return c.conclude(all, inf.notes, stopped(ctx))
	}
	if len(inf.in.To) == 0 && !inf.vertices && !p.ordered {
		all = append(all, check.Anomaly{Kind: cycle.EmptyGraph, Total: 1})
	}
	graphs := c.drawings(p, inf, in, found, all)
	out := c.conclude(all, inf.notes, inf.partial...)
	out.result.Graphs = graphs
	return out
}

// nothingLearnt is why a history with an empty graph isn't judged. In the result the status is listed among the
// anomalies, as the original does, as a kind without a witness.
const nothingLearnt = "No transaction was seen to depend on another, so there is no order between them that could be contradicted"

// conclude judges what was found. Reported are the anomalies that the models prohibit; what else was found still counts
// in what is ruled out.
func (c *checker) conclude(all []check.Anomaly, notes []check.Note, reasons ...check.Reason) outcome {
	out := outcome{result: c.blank()}
	r := &out.result
	for _, a := range all {
		out.found = append(out.found, a.Kind)
	}
	slices.Sort(out.found)
	out.found = slices.Compact(out.found)
	verdict, types := cycle.Report(out.found, c.prohibited)
	for _, a := range all {
		if slices.Contains(types, a.Kind) {
			r.Anomalies = append(r.Anomalies, a)
		}
	}
	worstFirst(r.Anomalies)
	r.Verdict, r.Notes, r.Reasons = verdict, notes, reasons
	if len(reasons) > 0 && verdict == check.Valid {
		r.Verdict = check.Unknown
	}
	if slices.Contains(types, cycle.EmptyGraph) && verdict == check.Unknown {
		r.Reasons = append(r.Reasons, check.Reason{Code: cycle.EmptyGraph, Text: nothingLearnt})
	}
	r.Models.Strongest = cycle.Strongest(out.found)
	if len(types) > 0 {
		r.Models.Not, r.Models.AlsoNot = cycle.Boundary(out.found)
	}
	return out
}

// blank is a result about which nothing is known yet.
func (c *checker) blank() check.Result {
	r := check.Result{Checker: c.w.String()}
	for _, m := range c.o.models() {
		canonical, _ := cycle.Canonical(m)
		r.Models.Asked = append(r.Models.Asked, cycle.Friendly(canonical))
	}
	slices.Sort(r.Models.Asked)
	r.Models.Asked = slices.Compact(r.Models.Asked)
	return r
}

// undecided is the outcome for a history whose preconditions don't hold.
func (c *checker) undecided(inf inference) outcome {
	out := outcome{result: c.blank()}
	out.result.Reasons, out.result.Notes = inf.reasons, inf.notes
	return out
}

// refusal is the result where there is nothing to check.
func refusal(o Options, code string, err, cause error) check.Result {
	r := check.Result{Checker: o.Workload.String(), Reasons: []check.Reason{{Code: code, Text: err.Error()}}}
	var foreign *ForeignError
	if errors.As(cause, &foreign) {
		r.Reasons[0].Ops = []history.ID{foreign.Op}
	}
	return r
}

// stopped says why the check was cut short.
func stopped(ctx context.Context) check.Reason {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return check.Reason{Code: "timeout", Text: "The time allowed ran out before the search was complete"}
	}
	return check.Reason{Code: "interrupted", Text: fmt.Sprintf("The check was stopped before it was complete: %v", context.Cause(ctx))}
}
