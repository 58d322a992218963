package all

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/graph"
)

// ForeignError is a history that has operations of clients, but none that the checker knows.
type ForeignError struct {
	Op      history.ID // the first of them
	F       string
	Checker string
	Want    []string // functions
	Fits    []string // checkers that the history looks like it was made for
}

func (e *ForeignError) Error() string {
	text := fmt.Sprintf("%q is no operation of %s, which are %s", e.F, e.Checker, strings.Join(e.Want, ", "))
	if len(e.Fits) > 0 {
		text += " (hint: jcheck " + strings.Join(e.Fits, ", jcheck ") + ")"
	}
	return text
}

// Run judges a history by one checker: each independent key for itself if values are [key value] tuples. The error is a
// *ForeignError.
func (c Checker) Run(ctx context.Context, h *history.History, v Values) (check.Result, error) {
	if len(c.Functions) == 0 {
		return c.byKey(ctx, h, v), nil
	}
	s := ShapeOf(h)
	known, foreign := 0, []Calls(nil)
	for _, calls := range s.Calls {
		if slices.Contains(c.Functions, calls.F) {
			known++
		} else {
			foreign = append(foreign, calls)
		}
	}
	switch {
	case known == 0 && len(foreign) > 0 && !v.Compat():
		return check.Result{}, &ForeignError{Op: foreign[0].First, F: foreign[0].F, Checker: c.Name, Want: c.Functions, Fits: fitting(s)}
	case known == 0 && !v.Compat():
		return check.Result{Checker: c.Name, Reasons: []check.Reason{{Code: "empty-history", Text: fmt.Sprintf(
			"no client did anything that %s looks at (%s), so there is nothing to judge", c.Name, strings.Join(c.Functions, ", "))}}}, nil
	}
	r := c.byKey(ctx, h, v)
	if len(foreign) > 0 {
		r.Notes = append(r.Notes, foreignNote(c, foreign))
	}
	return r, nil
}

// fitting are the names of the checkers that fit a history best.
func fitting(s *Shape) []string {
	var names []string
	for _, p := range pick(s) {
		names = append(names, p.Checker.Name)
	}
	return names
}

// foreignNote says which operations a checker left alone.
func foreignNote(c Checker, foreign []Calls) check.Note {
	n := check.Note{Code: "other-operations"}
	var names []string
	for _, calls := range foreign[:min(len(foreign), maxNamed)] {
		names = append(names, fmt.Sprintf("%d × %q", max(calls.Invoked, calls.OK+calls.Fail+calls.Info), calls.F))
		n.Ops = append(n.Ops, calls.First)
	}
	n.Text = fmt.Sprintf("%s looks at %s only; left alone were %s", c.Name, strings.Join(c.Functions, ", "), strings.Join(names, ", "))
	if more := len(foreign) - maxNamed; more > 0 {
		n.Text += fmt.Sprintf(" and %d more functions", more)
	}
	return n
}

// maxNamed is how many foreign functions, or keys of unknown verdict, a result names.
const maxNamed = 5

// maxShared bounds how many operations the histories of keys hold in all beyond the keys' own (see keyHistories).
const maxShared = 50_000_000

// byKey judges each independent key for itself, as the original's independent checker does, and merges the verdicts. A
// key's name is its value as EDN.
func (c Checker) byKey(ctx context.Context, h *history.History, v Values) check.Result {
	if !h.Keyed() || c.OwnKeys {
		return c.Check(ctx, h, v)
	}
	r := check.Result{Checker: c.Name, Verdict: check.Valid}
	keys := h.Keys()
	views, shared := keyHistories(h)
	if views == nil {
		r.Verdict = check.Unknown
		r.Reasons = []check.Reason{{Code: "operations-without-key", Text: fmt.Sprintf(
			"%d operations have no key although others have: they may be of any of %d keys, which is more than can be tried", len(shared), len(keys)), Ops: shared[:1]}}
		return r
	}
	r.Parts = make([]check.Part, len(keys))
	graph.Parallel(len(keys), 0, func() func(int) {
		return func(i int) {
			r.Parts[i] = check.Part{Name: h.Value(keys[i]).String(), Result: c.Check(ctx, views[i], v)}
		}
	})
	for _, p := range r.Parts {
		r.Verdict = check.Worse(r.Verdict, p.Result.Verdict)
		if p.Result.Verdict == check.Unknown && len(p.Result.Reasons) > 0 && len(r.Reasons) < maxNamed {
			why := p.Result.Reasons[0]
			why.Text = fmt.Sprintf("key %s: %s", p.Name, why.Text)
			r.Reasons = append(r.Reasons, why)
		}
	}
	if len(shared) > 0 {
		r.Notes = append(r.Notes, check.Note{Code: "operations-without-key", Text: fmt.Sprintf(
			"%d operations of clients have no key although others have: each key was judged as if they were its own", len(shared)), Ops: shared[:1]})
	}
	return r
}

// keyHistories are the operations of each key, and the operations of clients that have none. An operation without a key
// goes where its other half is; if that has none either it goes to every key, as in the original. nil if that is too much.
func keyHistories(h *history.History) (views []*history.History, shared []history.ID) {
	number := make(map[history.Sym]int)
	for i, k := range h.Keys() {
		number[k] = i
	}
	ids := make([][]history.ID, len(number))
	for id := range h.All() {
		key, ok := h.Key(id)
		if pair := h.Pair(id); !ok && pair != history.None {
			key, ok = h.Key(pair)
		}
		if ok {
			ids[number[key]] = append(ids[number[key]], id)
		} else if check.OfClient(h, id) {
			shared = append(shared, id)
		}
	}
	if len(shared)*len(number) > maxShared {
		return nil, shared
	}
	views = make([]*history.History, len(ids))
	for i, own := range ids {
		if len(shared) > 0 {
			own = append(own, shared...)
			slices.Sort(own)
		}
		views[i] = h.Select(own)
	}
	return views, shared
}
