// Package set checks sets: clients add elements and read them all. Check judges the last read alone, CheckFull what
// became of each element over all reads.
package set

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// The names of the checkers in their results.
const (
	Checker     = "set"
	FullChecker = "set-full"
)

// The kinds of anomalies.
const (
	Lost       = "lost"       // confirmed, and missing
	Unexpected = "unexpected" // read, but nobody had added it
	Duplicated = "duplicated" // more than once in one read
	Stale      = "stale"      // confirmed, and missing for a while
)

// Options says how to judge the last read.
type Options struct {
	// JepsenCompat takes the last ok read even if it has no value, and elements for lost that were confirmed only after
	// it began.
	JepsenCompat bool
}

// Functions are those of a set's operations.
func Functions() []string { return []string{"add", "read"} }

// The places of the functions.
const (
	addF = iota
	readF
)

// final is what is known of a set and its last read. Numbers of elements are places in the slices.
type final struct {
	h         *history.History
	elements  *check.Numbering
	attempted []history.ID // the first operation that asked for it; None if there is none
	confirmed []history.ID // the first ok completion; None if there is none
	copies    []int32      // in the last read
	last      history.ID
	begin     history.ID // of the last read: what was confirmed later may be missing
}

// Check reports whether the last ok read of the set holds each element whose add was confirmed before the read began,
// and none that nobody tried to add. A set that was never read is Unknown. Fields are the original's: counts, and ok, lost,
// unexpected and recovered (not confirmed, but there) as intervals, "#{0..4 7}". One pass.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	f := final{h: h, elements: check.NewNumbering(h), last: history.None}
	fs := check.NewFunctions(h, Functions()...)
	for id := range h.All() {
		if fs.Of(id) == readF && h.Type(id) == history.OK && (o.JepsenCompat || h.Kind(id) != history.KindNil) {
			f.last = id
		}
	}
	if f.last == history.None || h.Kind(f.last) == history.KindNil {
		return unread()
	}
	shown, ok := f.elements.Elements(nil, f.last)
	if !ok {
		return noSet(h, Checker, f.last)
	}
	f.begin = history.ID(h.Len())
	if pair := h.Pair(f.last); pair != history.None && !o.JepsenCompat {
		f.begin = pair
	}
	for i := range h.Size() {
		if i&0xffff == 0 && ctx.Err() != nil {
			return check.Result{Checker: Checker, Reasons: []check.Reason{check.Interrupted}}
		}
		if id := h.At(i); fs.Of(id) == addF {
			f.add(id, o)
		}
	}
	f.grow()
	for _, e := range shown {
		f.copies[e]++
	}
	return f.result()
}

// add takes note of an operation that adds an element.
func (f *final) add(id history.ID, o Options) {
	t, pair := f.h.Type(id), f.h.Pair(id)
	if t != history.Invoke && t != history.OK && pair != history.None {
		return
	}
	asked := id
	if t != history.Invoke && pair != history.None {
		asked = pair
	}
	e := f.elements.OfOp(asked)
	f.grow()
	if f.attempted[e] == history.None && (t == history.Invoke || !o.JepsenCompat) {
		f.attempted[e] = asked
	}
	if t == history.OK && f.confirmed[e] == history.None {
		f.confirmed[e] = id
	}
}

// grow makes room for all elements that have numbers.
func (f *final) grow() {
	for len(f.attempted) < f.elements.Len() {
		f.attempted = append(f.attempted, history.None)
		f.confirmed = append(f.confirmed, history.None)
		f.copies = append(f.copies, 0)
	}
}

// unread is the result of a set that nobody read.
func unread() check.Result {
	return check.Result{Checker: Checker,
		Fields:  []history.Field{{Name: "error", Value: edn.NewString("Set was never read")}},
		Reasons: []check.Reason{{Code: "never-read", Text: "no read of the set was answered, so nothing is known of what it held"}}}
}

// noSet is the result of a history whose reads show something else than elements.
func noSet(h *history.History, checker string, id history.ID) check.Result {
	return check.Result{Checker: checker, Reasons: []check.Reason{{Code: "value-is-no-set", Text: fmt.Sprintf(
		"a read of a set shows a list or a set of all its elements, not %s", brief(h.Op(id).Value)), Ops: []history.ID{id}}}}
}

// brief is a value in a message.
func brief(v history.Value) string {
	text := v.String()
	if len(text) > 60 {
		return strings.ToValidUTF8(text[:60], "") + " ..."
	}
	return text
}

// shares are the elements by what became of them.
type shares struct {
	attempts, acks, ok, lost, unexpected, recovered []int32
	twice, late                                     int // shown more than once; missing, but confirmed too late to be lost
}

// share sorts the elements.
func (f *final) share() shares {
	var s shares
	for i := range f.attempted {
		e := int32(i)
		asked, sure, there := f.attempted[e] != history.None, f.confirmed[e] != history.None, f.copies[e] > 0
		if asked {
			s.attempts = append(s.attempts, e)
		}
		if sure {
			s.acks = append(s.acks, e)
		}
		if f.copies[e] > 1 {
			s.twice++
		}
		switch {
		case there && asked && !sure:
			s.recovered, s.ok = append(s.recovered, e), append(s.ok, e)
		case there && asked:
			s.ok = append(s.ok, e)
		case there:
			s.unexpected = append(s.unexpected, e)
		case sure && f.confirmed[e] < f.begin:
			s.lost = append(s.lost, e)
		case sure:
			s.late++
		}
	}
	return s
}

// result is the verdict on the last read.
func (f *final) result() check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	s := f.share()
	f.anomalies(&r, s.lost, s.unexpected)
	if len(r.Anomalies) > 0 {
		r.Verdict = check.Invalid
	}
	note := func(code, text string, n int) {
		if n > 0 {
			r.Notes = append(r.Notes, check.Note{Code: code, Ops: []history.ID{f.last}, Text: fmt.Sprintf(text, n)})
		}
	}
	note("duplicates-in-read", "the last read shows %d elements more than once (set-full takes that for an anomaly)", s.twice)
	note("confirmed-after-last-read", "%d elements were confirmed only after the last read had begun, and it doesn't show them: they may be lost or not", s.late)
	for _, c := range [...]struct {
		name     string
		elements []int32
	}{{"attempt", s.attempts}, {"acknowledged", s.acks}, {"ok", s.ok}, {"lost", s.lost}, {"recovered", s.recovered}, {"unexpected", s.unexpected}} {
		r.Fields = append(r.Fields, history.Field{Name: c.name + "-count", Value: edn.NewInt(int64(len(c.elements)))})
	}
	for _, l := range [...]struct {
		name     string
		elements []int32
	}{{"ok", s.ok}, {"lost", s.lost}, {"unexpected", s.unexpected}, {"recovered", s.recovered}} {
		r.Fields = append(r.Fields, history.Field{Name: l.name, Value: edn.NewString(f.intervals(l.elements))})
	}
	return r
}

// anomalies tells of what is missing, and of what nobody added.
func (f *final) anomalies(r *check.Result, lost, unexpected []int32) {
	for _, e := range lost[:min(len(lost), check.MaxListed)] {
		r.Anomalies = append(r.Anomalies, check.Anomaly{Kind: Lost, Total: len(lost), Ops: []history.ID{f.confirmed[e], f.last},
			Fields: []history.Field{{Name: "element", Value: f.elements.Value(e)}},
			Text: fmt.Sprintf("T1 added %s, and that was confirmed. T2, the last read, began after that and does not show it",
				brief(f.elements.Value(e)))})
	}
	for _, e := range unexpected[:min(len(unexpected), check.MaxListed)] {
		r.Anomalies = append(r.Anomalies, check.Anomaly{Kind: Unexpected, Total: len(unexpected), Ops: []history.ID{f.last},
			Fields: []history.Field{{Name: "element", Value: f.elements.Value(e)}},
			Text:   fmt.Sprintf("T1, the last read, shows %s, which nobody tried to add", brief(f.elements.Value(e)))})
	}
}

// intervals are elements as the original prints them: integers in runs, whatever else one by one, "#{0..4 7 a}".
func (f *final) intervals(elements []int32) string {
	values := make([]history.Value, len(elements))
	for i, e := range elements {
		values[i] = f.elements.Value(e)
	}
	slices.SortFunc(values, edn.Compare)
	var parts []string
	for i := 0; i < len(values); i++ {
		v := values[i]
		if v.Kind == edn.String {
			parts = append(parts, v.Text)
			continue
		}
		from := i
		for i+1 < len(values) && v.Kind == edn.Int && values[i+1].Kind == edn.Int && values[i+1].Int() == values[i].Int()+1 {
			i++
		}
		if from == i {
			parts = append(parts, v.String())
		} else {
			parts = append(parts, fmt.Sprintf("%s..%s", v, values[i]))
		}
	}
	return "#{" + strings.Join(parts, " ") + "}"
}
