package all

import (
	"context"
	"fmt"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Pick is a checker that applies to a history, and why.
type Pick struct {
	Checker Checker
	Fit     Fit
	Why     string
}

// Recognise tells which checkers a history is for: those that fit best, in the order of the table. None if it looks like
// no workload that is known.
func Recognise(h *history.History) []Pick { return pick(ShapeOf(h)) }

func pick(s *Shape) []Pick {
	var best []Pick
	if s.Clients == 0 {
		return nil
	}
	for _, c := range Checkers() {
		if c.Recognise == nil {
			continue
		}
		fit, why := c.Recognise(s)
		switch {
		case fit == No || len(best) > 0 && fit < best[0].Fit:
		case len(best) > 0 && fit == best[0].Fit:
			best = append(best, Pick{c, fit, why})
		default:
			best = []Pick{{c, fit, why}}
		}
	}
	return best
}

// Judge recognises a history, runs every checker that applies, and merges the verdicts: invalid > unknown > valid. The
// result has a part for each checker. A history of no known workload is unknown, and says what its operations are.
func Judge(ctx context.Context, h *history.History, v Values) check.Result {
	r := check.Result{Checker: "check", Verdict: check.Valid, Composed: true}
	s := ShapeOf(h)
	picks := pick(s)
	var why []history.Value
	for _, p := range picks {
		why = append(why, edn.NewKeyword(p.Checker.Name), edn.NewString(p.Why))
	}
	r.Fields = []history.Field{{Name: check.RecognisedField, Value: edn.NewMap(why)}}
	if len(picks) == 0 {
		r.Verdict = check.Unknown
		r.Reasons = []check.Reason{notRecognised(s)}
	}
	for _, c := range Checkers() {
		if _, asked := v[c.AskedBy]; c.Always || asked {
			picks = append(picks, Pick{Checker: c})
		}
	}
	for _, p := range picks {
		part, err := p.Checker.Run(ctx, h, v)
		if err != nil { // it fits, but by other operations than those it wants: a mistake in the table
			part = check.Result{Checker: p.Checker.Name, Reasons: []check.Reason{{Code: "another-workload", Text: err.Error()}}}
		}
		r.Parts = append(r.Parts, check.Part{Name: p.Checker.Name, Result: part})
		r.Verdict = check.Worse(r.Verdict, part.Verdict)
	}
	return r
}

// notRecognised says why no workload fits: what the operations are, and which functions would be known.
func notRecognised(s *Shape) check.Reason {
	if s.Clients == 0 {
		return check.Reason{Code: "empty-history", Text: "no client did anything, so there is nothing to judge"}
	}
	if s.Nameless == s.Clients && s.Clients > 0 {
		return check.Reason{Code: "no-processes", Text: "no operation has a process, so nobody knows which of them are one client's " +
			"(hint: give each operation the field process, an integer)"}
	}
	why := check.Reason{Code: "not-recognised"}
	var names []string
	for _, c := range s.Calls[:min(len(s.Calls), maxNamed)] {
		names = append(names, fmt.Sprintf("%q", c.F))
		why.Ops = append(why.Ops, c.First)
	}
	if len(s.Calls) > maxNamed {
		names = append(names, fmt.Sprintf("%d more", len(s.Calls)-maxNamed))
	}
	why.Text = fmt.Sprintf("no checker knows a workload whose operations are %s (jcheck alone lists the checkers; name one to use it nevertheless)",
		strings.Join(names, ", "))
	return why
}
