package set

import (
	"fmt"
	"slices"
	"time"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// outcome is what became of an element.
type outcome uint8

const (
	neverRead outcome = iota
	stable
	lost
)

// fate is an attempted element's outcome, and how long it took.
type fate struct {
	e       int32
	outcome outcome
	latency int64 // ms from known to the newest read that missed a stable element, or that showed a lost one; -1 if times are missing
	stale   bool  // stable, but missed by a read that began after it was known
}

// fateOf judges an element.
func (t *timeline) fateOf(e int32) fate {
	f := fate{e: e}
	known, present, absent := t.known[e], t.present[e], t.absent[e]
	switch {
	case present > absent:
		f.outcome = stable
		f.latency = t.latency(known, absent)
		f.stale = absent > known
		if t.o.JepsenCompat {
			f.stale = f.latency > 0
		}
	case known != history.None && absent > present && absent > known:
		f.outcome = lost
		f.latency = t.latency(known, present)
	}
	return f
}

// latency is the time in ms from when an element was known until just after a read began; 0 without such a read.
func (t *timeline) latency(known, read history.ID) int64 {
	at, until := t.time(known), int64(0)
	if read != history.None {
		until = t.time(read) + 1
	}
	if !t.o.JepsenCompat && (at < 0 || read != history.None && until <= 0) {
		return -1
	}
	return max(0, until-at) / int64(time.Millisecond)
}

// time is when an operation happened; -1 if that wasn't recorded, as in the original.
func (t *timeline) time(id history.ID) int64 {
	if id == history.None || t.h.Time(id) == history.NoTime {
		return -1
	}
	return t.h.Time(id)
}

// result is the verdict on all elements.
func (t *timeline) result() check.Result {
	var fates []fate
	var gone, never, stale []int32
	stables := 0
	for _, e := range t.order {
		f := t.fateOf(e)
		fates = append(fates, f)
		switch {
		case f.outcome == stable:
			stables++
		case f.outcome == lost:
			gone = append(gone, e)
		default:
			never = append(never, e)
		}
		if f.stale {
			stale = append(stale, e)
		}
	}
	r := check.Result{Checker: FullChecker, Verdict: check.Valid}
	t.tell(&r, gone, Lost, t.lost)
	twice, early := t.strange()
	t.tell(&r, twice, Duplicated, t.duplicated)
	t.tell(&r, early, Unexpected, t.unexpected)
	if t.o.Linearizable {
		t.tell(&r, stale, Stale, t.stale)
	} else if len(stale) > 0 {
		a := t.stale(stale[0])
		r.Notes = append(r.Notes, check.Note{Code: Stale, Ops: a.Ops, Text: fmt.Sprintf(
			"%d elements were known and then missed by a later read (with --linearizable that is invalid); the first: %s", len(stale), a.Text)})
	}
	switch {
	case len(r.Anomalies) > 0:
		r.Verdict = check.Invalid
	case stables == 0:
		r.Verdict = check.Unknown
		r.Reasons = []check.Reason{{Code: "nothing-stable", Text: "no element was read for good, so nothing is known of what the set keeps"}}
	}
	if n := len(t.silent); n > 0 {
		r.Notes = append(r.Notes, check.Note{Code: "reads-without-value", Ops: t.silent[:1], Text: fmt.Sprintf(
			"%d reads say that they were answered, but not what they read: nothing was concluded from them", n)})
	}
	t.fields(&r, fates, stables, gone, never, stale, twice)
	return r
}

// tell adds an anomaly for each element, up to what is listed.
func (t *timeline) tell(r *check.Result, elements []int32, kind string, anomaly func(e int32) check.Anomaly) {
	for _, e := range elements[:min(len(elements), check.MaxListed)] {
		a := anomaly(e)
		a.Kind, a.Total = kind, len(elements)
		a.Fields = []history.Field{{Name: "element", Value: t.elements.Value(e)}}
		r.Anomalies = append(r.Anomalies, a)
	}
}

// strange are the elements that reads show more than once, and those that they show before anybody asked for them.
func (t *timeline) strange() (twice, early []int32) {
	if t.o.JepsenCompat {
		return nil, nil
	}
	for e := range t.copies {
		if t.twice[e] != history.None {
			twice = append(twice, int32(e))
		}
		if t.early[e] != history.None {
			early = append(early, int32(e))
		}
	}
	return twice, early
}

// end is where the read that began there ended.
func (t *timeline) end(begin history.ID) history.ID {
	if pair := t.h.Pair(begin); t.h.Type(begin) == history.Invoke && pair != history.None {
		return pair
	}
	return begin
}

// how says how an element became known by T1.
func (t *timeline) how(e int32) string {
	if t.fs.Of(t.known[e]) == addF {
		return fmt.Sprintf("T1 added %s, and that was confirmed", brief(t.elements.Value(e)))
	}
	return fmt.Sprintf("T1 shows %s", brief(t.elements.Value(e)))
}

func (t *timeline) lost(e int32) check.Anomaly {
	a := check.Anomaly{Ops: []history.ID{t.known[e], t.end(t.absent[e])},
		Text: t.how(e) + ". T2 began after that, and doesn't show it"}
	if p := t.present[e]; p != history.None && t.end(p) != t.known[e] {
		a.Ops = append(a.Ops, t.end(p))
		a.Text += ". T3 is the last read that shows it, and began before T2"
	} else {
		a.Text += "; nor does any read that began later"
	}
	return a
}

func (t *timeline) stale(e int32) check.Anomaly {
	return check.Anomaly{Ops: []history.ID{t.known[e], t.end(t.absent[e]), t.end(t.present[e])},
		Text: t.how(e) + ". T2 began after that, and doesn't show it, though it wasn't lost: T3 shows it again"}
}

func (t *timeline) duplicated(e int32) check.Anomaly {
	return check.Anomaly{Ops: []history.ID{t.twice[e]},
		Text: fmt.Sprintf("T1 shows %s %d times", brief(t.elements.Value(e)), t.copies[e])}
}

func (t *timeline) unexpected(e int32) check.Anomaly {
	text := fmt.Sprintf("T1 shows %s, which nobody tried to add", brief(t.elements.Value(e)))
	a := check.Anomaly{Ops: []history.ID{t.early[e]}}
	if t.tried[e] {
		a.Ops = append(a.Ops, t.from[e])
		text += " until T2, when T1 had ended"
	}
	a.Text = text
	return a
}

// fields adds the original's.
func (t *timeline) fields(r *check.Result, fates []fate, stables int, gone, never, stale, twice []int32) {
	put := func(name string, v history.Value) {
		r.Fields = append(r.Fields, history.Field{Name: name, Value: v})
	}
	number := func(name string, n int) { put(name, edn.NewInt(int64(n))) }
	number("attempt-count", len(fates))
	number("stable-count", stables)
	number("lost-count", len(gone))
	put("lost", t.sorted(gone))
	number("never-read-count", len(never))
	put("never-read", t.sorted(never))
	number("stale-count", len(stale))
	put("stale", t.sorted(stale))
	put("worst-stale", t.worst(fates))
	for _, l := range [...]struct {
		name string
		of   outcome
	}{{"stable-latencies", stable}, {"lost-latencies", lost}} {
		if q := quantiles(fates, l.of); !q.IsNil() {
			put(l.name, q)
		}
	}
	number("duplicated-count", len(twice))
	var pairs []history.Value
	for _, e := range twice {
		pairs = append(pairs, t.elements.Value(e), edn.NewInt(int64(t.copies[e])))
	}
	put("duplicated", edn.NewMap(pairs))
}

// sorted is a list of elements in their natural order.
func (t *timeline) sorted(elements []int32) history.Value {
	values := make([]history.Value, len(elements))
	for i, e := range elements {
		values[i] = t.elements.Value(e)
	}
	slices.SortFunc(values, edn.Compare)
	return edn.NewVector(values)
}

// maxWorst is how many stale elements are told of in full.
const maxWorst = 8

// worst are the stale elements of the greatest latency, and what proves it.
func (t *timeline) worst(fates []fate) history.Value {
	var stale []fate
	for _, f := range fates {
		if f.stale {
			stale = append(stale, f)
		}
	}
	slices.SortStableFunc(stale, func(a, b fate) int {
		if a.latency != b.latency {
			return int(b.latency - a.latency)
		}
		return edn.Compare(t.elements.Value(b.e), t.elements.Value(a.e))
	})
	list := make([]history.Value, 0, maxWorst)
	for _, f := range stale[:min(len(stale), maxWorst)] {
		latency := edn.NewInt(f.latency)
		if f.latency < 0 {
			latency = history.Value{}
		}
		var m []history.Value
		for _, p := range [...]history.Field{
			{Name: "element", Value: t.elements.Value(f.e)},
			{Name: "outcome", Value: edn.NewKeyword("stable")},
			{Name: "stable-latency", Value: latency},
			{Name: "lost-latency"},
			{Name: "known", Value: check.OpRef(t.known[f.e])},
			{Name: "last-absent", Value: check.OpRef(t.absent[f.e])},
		} {
			m = append(m, edn.NewKeyword(p.Name), p.Value)
		}
		list = append(list, edn.NewMap(m))
	}
	return edn.NewVector(list)
}

// quantiles are those of the latencies of the elements with an outcome, from 0 to 1; nil if there are none. The quantile q
// of n latencies is number q·n of them, from 0 on.
func quantiles(fates []fate, of outcome) history.Value {
	var ms []int64
	for _, f := range fates {
		if f.outcome == of && f.latency >= 0 {
			ms = append(ms, f.latency)
		}
	}
	if len(ms) == 0 {
		return history.Value{}
	}
	slices.Sort(ms)
	var pairs []history.Value
	for _, q := range [...]struct{ name, parts history.Value }{
		{edn.NewInt(0), edn.NewInt(0)}, {edn.NewFloat(0.5), edn.NewInt(50)}, {edn.NewFloat(0.95), edn.NewInt(95)},
		{edn.NewFloat(0.99), edn.NewInt(99)}, {edn.NewInt(1), edn.NewInt(100)},
	} {
		at := int64(len(ms)) * q.parts.Int() / 100
		pairs = append(pairs, q.name, edn.NewInt(ms[min(at, int64(len(ms)-1))]))
	}
	return edn.NewMap(pairs)
}
