// Package stats counts how operations ended, and notices functions of which none ever succeeded: a test whose writes all
// fail says little, however valid it looks.
package stats

import (
	"context"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "stats"

// NeverOK is the kind of anomaly that stands for a function without success, if the original's verdict is wanted.
const NeverOK = "never-ok"

// Options says how to judge.
type Options struct {
	// JepsenCompat makes a history invalid, not unknown, if some function never succeeded, and valid if nothing was ever
	// completed.
	JepsenCompat bool
}

// tally counts the completions of a function.
type tally struct {
	f              history.Value
	first          history.ID // completion
	ok, fail, info int64
}

func (t tally) count() int64 { return t.ok + t.fail + t.info }

// fields are the counts as the original names them.
func (t tally) fields() []history.Field {
	return []history.Field{
		{Name: "count", Value: edn.NewInt(t.count())},
		{Name: "ok-count", Value: edn.NewInt(t.ok)},
		{Name: "fail-count", Value: edn.NewInt(t.fail)},
		{Name: "info-count", Value: edn.NewInt(t.info)},
	}
}

// Check counts the completions of clients, in all and by function (by-f). It is Unknown if some function never succeeded,
// or if there are no completions; otherwise Valid. One pass.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	tallies := count(h)
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	var all tally
	var byF []history.Value
	for _, t := range tallies {
		all.ok, all.fail, all.info = all.ok+t.ok, all.fail+t.fail, all.info+t.info
		m := []history.Value{edn.NewKeyword("valid?"), verdict(t.ok > 0, o)}
		for _, f := range t.fields() {
			m = append(m, edn.NewKeyword(f.Name), f.Value)
		}
		byF = append(byF, t.f, edn.NewMap(m))
		if t.ok == 0 {
			never(&r, t, o)
		}
	}
	if len(tallies) == 0 && !o.JepsenCompat {
		r.Verdict = check.Unknown
		r.Reasons = []check.Reason{{Code: "empty-history", Text: "no operation of a client was ever completed"}}
	}
	r.Fields = append(all.fields(), history.Field{Name: "by-f", Value: edn.NewMap(byF)})
	if ctx.Err() != nil {
		return check.Result{Checker: Checker, Reasons: []check.Reason{check.Interrupted}}
	}
	return r
}

// count gives the tallies, by the names of functions.
func count(h *history.History) []tally {
	var tallies []tally
	place := make(map[history.Sym]int)
	for id := range h.All() {
		typ := h.Type(id)
		if !check.OfClient(h, id) || typ == history.Invoke {
			continue
		}
		at, seen := place[h.F(id)]
		if !seen {
			at = len(tallies)
			place[h.F(id)] = at
			tallies = append(tallies, tally{f: h.Value(h.F(id)), first: id})
		}
		switch t := &tallies[at]; typ {
		case history.OK:
			t.ok++
		case history.Fail:
			t.fail++
		default:
			t.info++
		}
	}
	slices.SortFunc(tallies, func(a, b tally) int { return edn.Compare(a.f, b.f) })
	return tallies
}

// verdict is the valid? of a function.
func verdict(ok bool, o Options) history.Value {
	if !ok && !o.JepsenCompat {
		return edn.NewKeyword("unknown")
	}
	return edn.NewBool(ok)
}

// never adds that a function never succeeded.
func never(r *check.Result, t tally, o Options) {
	text := fmt.Sprintf("none of %d operations %s succeeded (T1 is the first), so nothing is known of what they would do", t.count(), t.f)
	if o.JepsenCompat {
		r.Verdict = check.Invalid
		r.Anomalies = append(r.Anomalies, check.Anomaly{Kind: NeverOK, Ops: []history.ID{t.first}, Text: text})
		return
	}
	r.Verdict = check.Worse(r.Verdict, check.Unknown)
	r.Reasons = append(r.Reasons, check.Reason{Code: NeverOK, Text: text, Ops: []history.ID{t.first}})
}
