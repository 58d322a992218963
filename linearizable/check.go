package linearizable

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/internal/graph"
)

// NonLinearizable is the kind of the anomaly that Check finds.
const NonLinearizable = "nonlinearizable"

// Check reports whether h is what an object of the given datatype could have done, if each operation took effect at one
// moment between its invocation and its completion. The result depends on the history and the options alone, unless ctx
// ends first: then it is Unknown with the reason, or Invalid if that had been proved by then.
//
// A history that has an ill-formed operation, or operations of some other object, is Unknown with that reason.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	r, _ := run(ctx, h, o)
	return r
}

// heavy is how many parts are searched at once beyond narrow levels, where a search may take much memory.
const heavy = 2

// run is Check, and the linearizations that were found if they are wanted.
func run(ctx context.Context, h *history.History, o Options) (check.Result, []Linearization) {
	if err := o.Validate(); err != nil {
		return check.Result{Checker: Checker, Reasons: []check.Reason{{Code: "invalid-options", Text: err.Error()}}}, nil
	}
	d, err := o.datatype()
	o.slots = make(chan struct{}, heavy)
	c := checker{d: d, o: o}
	v, err2 := o.initial()
	if err = errors.Join(err, err2); err == nil {
		c.init, err = d.Init(v)
	}
	if err != nil { // Validate has seen to it
		panic("linearizable: internal error: " + err.Error())
	}
	if h.Keyed() {
		return c.checkKeys(ctx, h)
	}
	return c.check(ctx, h, o.workers())
}

// nothingDone goes with the verdict on an object that nobody has used: it is valid, as in Knossos, but proves little.
var nothingDone = check.Note{Code: "empty-history", Text: "No operation of a client took effect or was answered, so there was nothing to contradict"}

// Checker is the name of this checker in its results.
const Checker = "linearizable"

// checker is one call of Check.
type checker struct {
	d    Datatype
	init any
	o    Options
}

// fields say what the history is checked as.
func (c *checker) fields() []history.Field {
	fields := []history.Field{{Name: "model", Value: edn.NewKeyword(c.d.Name)}}
	if c.o.Order != RealTime {
		fields = append(fields, history.Field{Name: "order", Value: edn.NewKeyword(c.o.Order.String())})
	}
	return fields
}

// check judges one object: calls → independent parts → searches → counterexample.
func (c *checker) check(ctx context.Context, h *history.History, workers int) (check.Result, []Linearization) {
	r := check.Result{Checker: Checker, Fields: c.fields()}
	obj, reasons := gather(h, c.d, c.init, c.o)
	if len(reasons) > 0 {
		r.Reasons = reasons
		return r, nil
	}
	r.Verdict = check.Valid
	if c.o.Order == SessionOrder {
		found := c.checkSessions(ctx, h, obj, &r)
		return r, found
	}
	if len(obj.calls) == 0 {
		r.Notes = []check.Note{nothingDone}
	}
	var found []Linearization
	parts := obj.parts()
	for _, t := range trials(ctx, parts, c.o, workers) {
		switch {
		case t.end == stuck && c.o.Brief:
			r.Verdict = check.Invalid
			r.Anomalies = append(r.Anomalies, t.briefAnomaly())
		case t.end == stuck:
			r.Verdict = check.Invalid
			r.Anomalies = append(r.Anomalies, t.anomaly(ctx, h))
		case t.proved():
			if t.why == nil {
				t.why = parts[t.number].refutation(ctx, c.o)
			}
			r.Verdict = check.Invalid
			r.Anomalies = append(r.Anomalies, t.provedAnomaly(ctx, h, c.o))
		case t.end == reached && t.order != nil:
			found = append(found, parts[t.number].ids(t.order))
		case t.end == reached && c.o.ordered && !hasNote(r, noWitness):
			r.Notes = append(r.Notes, missing)
		case t.end == reached:
		default:
			r.Verdict = check.Worse(r.Verdict, check.Unknown)
			r.Reasons = append(r.Reasons, t.reason(ctx, h))
		}
	}
	return r, found
}

// checkKeys checks the history of each independent key for itself.
func (c *checker) checkKeys(ctx context.Context, h *history.History) (check.Result, []Linearization) {
	all := check.Result{Checker: Checker, Verdict: check.Valid, Fields: c.fields(), Parts: []check.Part{}}
	keys := h.Keys()
	ids, lost := opsByKey(h, keys)
	results := make([]check.Result, len(keys))
	orders := make([][]Linearization, len(keys))
	spread(len(keys), c.o.workers(), func(i int) { results[i], orders[i] = c.check(ctx, h.Select(ids[i]), 1) })
	for i, key := range keys {
		name, r := h.Value(key), results[i]
		all.Parts = append(all.Parts, check.Part{Name: name.String(), Result: r})
		all.Verdict = check.Worse(all.Verdict, r.Verdict)
		if hasNote(r, noWitness) && !hasNote(all, noWitness) {
			all.Notes = append(all.Notes, missing)
		}
		if r.Verdict == check.Unknown && len(all.Reasons) < maxReasons {
			why := r.Reasons[0]
			why.Text = fmt.Sprintf("key %s: %s", name, why.Text)
			all.Reasons = append(all.Reasons, why)
		}
	}
	if len(lost) > 0 {
		all.Verdict = check.Worse(all.Verdict, check.Unknown)
		all.Reasons = append(all.Reasons, check.Reason{Code: "without-key", Ops: lost[:1], Text: fmt.Sprintf(
			"%s: %d operations have no key, unlike the others; this is the first (hint: --independent off)", h.Pos(lost[0]), len(lost))})
	}
	if len(keys) == 0 {
		all.Notes = []check.Note{nothingDone}
	}
	return all, slices.Concat(orders...)
}

// opsByKey lists the operations of each key. An invocation and its completion go together if only one of them has a key;
// those of clients that have none are lost, unless they had no effect.
func opsByKey(h *history.History, keys []history.Sym) (ids [][]history.ID, lost []history.ID) {
	number := make(map[history.Sym]int, len(keys))
	for i, k := range keys {
		number[k] = i
	}
	ids = make([][]history.ID, len(keys))
	for id := range h.All() {
		k, ok := h.Key(id)
		pair := h.Pair(id)
		if !ok && pair != history.None {
			k, ok = h.Key(pair)
		}
		switch {
		case ok:
			ids[number[k]] = append(ids[number[k]], id)
		case h.Client(id) && h.Type(id) == history.Invoke && !(pair != history.None && h.Type(pair) == history.Fail):
			lost = append(lost, id)
		}
	}
	return ids, lost
}

// spread runs f(i) for every i in [0, n) on up to workers goroutines. f must put its result in a place of its own.
func spread(n, workers int, f func(i int)) {
	graph.Parallel(n, workers, func() func(int) { return f })
}
