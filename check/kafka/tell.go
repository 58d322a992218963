package kafka

import (
	"cmp"
	"maps"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/edn"
)

// severity orders the kinds in a report, the worst first.
var severity = [...]string{LostWrite, InconsistentOffsets, Duplicate, G1a, GarbageRead, PrecommittedRead, "G0", "G1c", Unseen,
	IntNonmonotonicPoll, IntPollSkip, NonmonotonicPoll, PollSkip, IntNonmonotonicSend, NonmonotonicSend, IntSendSkip}

func rank(kind string) int {
	if i := slices.Index(severity[:], kind); i >= 0 {
		return i
	}
	return len(severity)
}

// result is the verdict, and what the original prints.
func (c *checker) result() check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid, Reasons: c.reasons}
	names := slices.Sorted(maps.Keys(c.found))
	nothing := !c.edges
	if nothing && c.o.JepsenCompat {
		names = append(names, cycle.EmptyGraph)
		slices.Sort(names)
	}
	var all, bad []history.Value
	for _, name := range names {
		all = append(all, edn.NewKeyword(name))
		if !c.allowed(name) {
			bad = append(bad, edn.NewKeyword(name))
		}
	}
	r.Fields = []history.Field{
		{Name: "bad-error-types", Value: edn.NewVector(bad)},
		{Name: "error-types", Value: edn.NewVector(all)},
		{Name: "info-txn-causes", Value: edn.NewVector(c.causes)},
		{Name: "worst-realtime-lag", Value: c.lagValue()},
	}
	for _, name := range names {
		r.Fields = append(r.Fields, history.Field{Name: name, Value: c.kindValue(name)})
	}
	if nothing && !c.o.JepsenCompat {
		r.Reasons = append(r.Reasons, check.Reason{Code: cycle.EmptyGraph, Text: "no two operations depend on each other, so that there is little to judge"})
	}
	if len(r.Reasons) > 0 {
		r.Verdict = check.Unknown
	}
	if len(bad) > 0 {
		r.Verdict, r.Reasons = check.Invalid, nil
	}
	c.tell(&r)
	if nothing && c.o.JepsenCompat {
		r.Anomalies = append(r.Anomalies, check.Anomaly{Kind: cycle.EmptyGraph, Total: 1})
	}
	return r
}

// tell adds the anomalies, errors before what is allowed.
func (c *checker) tell(r *check.Result) {
	slices.SortStableFunc(c.kinds, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	var tolerated []check.Anomaly
	for _, kind := range c.kinds {
		k := c.found[kind]
		for i, f := range c.worst(k, check.MaxListed) {
			f.anomaly.Total = k.count
			if !c.allowed(kind) {
				r.Anomalies = append(r.Anomalies, f.anomaly)
			} else if i == 0 {
				tolerated = append(tolerated, f.anomaly)
			}
		}
	}
	for _, a := range tolerated {
		r.Notes = append(r.Notes, check.Note{Code: a.Kind, Ops: a.Ops, Text: "Seen, but not an error here (" + a.Kind + "): " + a.Text})
	}
}

// worst are the worst findings of a kind.
func (c *checker) worst(k *kindFound, limit int) []finding {
	list := slices.Clone(k.list)
	slices.SortStableFunc(list, func(a, b finding) int { return cmp.Compare(b.badness, a.badness) })
	return list[:min(len(list), limit)]
}

// kindValue is what the original prints of a kind: the count and the worst, or by key what was not seen.
func (c *checker) kindValue(kind string) history.Value {
	switch kind {
	case cycle.EmptyGraph:
		return edn.NewMap([]history.Value{edn.NewKeyword("count"), edn.NewInt(1), edn.NewKeyword("errs"), edn.NewBool(true)})
	case Unseen:
		return c.unseenValue()
	}
	k := c.found[kind]
	var errs []history.Value
	for _, f := range c.worst(k, maxErrs) {
		errs = append(errs, f.err)
	}
	return edn.NewMap([]history.Value{edn.NewKeyword("count"), edn.NewInt(int64(k.count)), edn.NewKeyword("errs"), edn.NewVector(errs)})
}

// unseenValue is what nobody saw by the end.
func (c *checker) unseenValue() history.Value {
	var counts, messages []history.Value
	for _, k := range c.keys {
		vals := c.unseenOf(k)
		if len(vals) == 0 {
			continue
		}
		counts = append(counts, k.key, edn.NewInt(int64(len(vals))))
		var vs []history.Value
		for _, val := range vals[:min(len(vals), maxFound)] {
			vs = append(vs, k.values[val].v)
		}
		messages = append(messages, k.key, edn.NewSet(vs))
	}
	return edn.NewMap([]history.Value{edn.NewKeyword("time"), edn.NewInt(c.time(c.last)),
		edn.NewKeyword("unseen"), edn.NewMap(counts), edn.NewKeyword("messages"), edn.NewMap(messages)})
}
