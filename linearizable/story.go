package linearizable

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// maxReadable is up to how many operations a proof is readable, and needs no shorter one that rests on a boundary.
// maxEssential is up to how many it is told at all; maxPictured how many operations a picture may hold, and maxWhole
// up to how many it holds all.
const (
	maxReadable  = 8
	maxEssential = 20
	maxPictured  = 40
	maxWhole     = 12
)

// anomaly tells how the part fails: the operation that can't be linearized, why in each state that the object could be in,
// and the few operations that prove it. If ctx ends it tells what is known by then. It takes about as much memory as the
// search did.
func (t *trial) anomaly(ctx context.Context, h *history.History) check.Anomaly {
	maxBytes := t.maxBytes
	f := t.findFailure(ctx)
	few, minimal, since := f.proof(ctx, maxBytes)
	known, fields := "", []history.Field(nil)
	if since != nil {
		known, fields = f.known(h, since)
	}
	id := t.obj.calls[f.x].id
	a := check.Anomaly{Kind: NonLinearizable, Total: 1}
	a.Fields = append(a.Fields, history.Field{Name: "op", Value: check.OpRef(id)})
	if f.last != history.None {
		a.Fields = append(a.Fields, history.Field{Name: "previous-ok", Value: check.OpRef(f.last)})
	}
	a.Fields = append(a.Fields, f.fields()...)
	switch {
	case (minimal || few != nil) && len(few) < maxEssential:
		a.Ops = f.ids(few)
		a.Fields = append(append(a.Fields, history.Field{Name: "essential", Value: allRefs(append(f.ids(few), id))}), fields...)
	case f.last != history.None:
		a.Ops = []history.ID{f.last}
	}
	a.Ops = append(a.Ops, id)
	f.paths(&a, few)
	a.Text = f.text(h, a.Ops) + f.enough(few, minimal, known)
	if failed := f.denied(h); failed != history.None {
		a.Fields = append(a.Fields, history.Field{Name: "failed-but-seen", Value: check.OpRef(failed)})
		a.Text += fmt.Sprintf("\nIf %s had taken effect, that would explain T%d. But it is recorded as "+
			"failed, which means that it surely did not happen. If nobody can be sure of that, it should be info.", called(h, failed), len(a.Ops))
	}
	return a
}

// called is how a sentence calls an operation that has no name in it.
func called(h *history.History, id history.ID) string {
	return fmt.Sprintf("the %s of process %s on line %d", h.Value(h.F(id)).Text, h.ProcName(h.Proc(id)), h.Pos(id).Line)
}

// maxDenied is of how many failed operations it is asked whether they happened after all.
const maxDenied = 10_000

// denied is the last operation before the failure that is said to have failed but would explain it; None if there is none.
// A failed compare-and-set is none: it says what it found.
func (f *failure) denied(h *history.History) history.ID {
	o := f.t.obj
	tried := 0
	for i := h.Size() - 1; i >= 0 && tried < maxDenied; i-- {
		id := h.At(i)
		if id > o.calls[f.x].id || h.Type(id) != history.Fail || !h.Client(id) || h.Pair(id) == history.None {
			continue
		}
		c := Call{F: h.Value(h.F(id)).Text, Value: TermOf(h.Op(h.Pair(id)).Value), Outcome: Crashed}
		if !slices.Contains(o.d.Functions, c.F) || slices.Contains(o.d.Observes, c.F) || o.d.Accepts != nil && o.d.Accepts(c) != nil || o.d.readOnly(c) {
			continue
		}
		tried++
		for _, r := range f.routes {
			next, reason := o.d.Step(f.t.states.all[r.state], c)
			if reason != "" {
				continue
			}
			if _, reason = o.d.Step(next, o.kinds[o.calls[f.x].kind]); reason == "" {
				return id
			}
		}
	}
	return history.None
}

// provedAnomaly tells of a proof that needed no search: by one after all, if the few calls of the proof are wrong without
// the others.
func (t *trial) provedAnomaly(ctx context.Context, h *history.History, o Options) check.Anomaly {
	if s := t.aloneTrial(ctx, o); s != nil {
		a := s.anomaly(ctx, h)
		a.Text = fmt.Sprintf("A collection must also be linearizable without some of its elements. Here it isn't, even if all are left out but those of %d operations.\n", len(s.obj.calls)) + a.Text
		return a
	}
	a := check.Anomaly{Kind: NonLinearizable, Total: 1, Text: t.why.text}
	for _, x := range t.why.calls {
		a.Ops = append(a.Ops, t.obj.calls[x].id)
	}
	if !t.refuted { // Porcupine finds where it goes wrong, not what suffices for it
		a.Fields = []history.Field{{Name: "essential", Value: allRefs(a.Ops)}}
	}
	return a
}

// fields are what programs read of a failure: with the names that Knossos uses, as far as it has them, and the true
// number of what is listed only in part.
func (f *failure) fields() []history.Field {
	number := func(n int) history.Value { return edn.NewInt(int64(n)) }
	fields := []history.Field{{Name: "pending", Value: refs(f.ids(f.pending))}, {Name: "pending-count", Value: number(len(f.pending))}}
	if len(f.states) == 0 {
		return fields
	}
	var states, configs, paths []history.Value
	for _, r := range f.routes {
		states = append(states, f.show(r.state))
		paths = append(paths, f.finalPath(r))
	}
	for _, r := range f.configs {
		configs = append(configs, f.configuration(r))
	}
	if n := len(f.routes[0].calls); n > 0 {
		last := f.t.obj.calls[f.routes[0].calls[n-1]].id
		fields = append(fields, history.Field{Name: "last-op", Value: check.OpRef(last)})
	}
	fields = append(fields,
		history.Field{Name: "states", Value: edn.NewVector(states)}, history.Field{Name: "states-count", Value: number(len(f.states))},
		history.Field{Name: "configs", Value: edn.NewVector(configs)}, history.Field{Name: "configs-count", Value: number(f.widest)},
		history.Field{Name: "final-paths", Value: edn.NewVector(paths)}, history.Field{Name: "final-paths-count", Value: number(len(f.states))})
	if !f.traced {
		return fields
	}
	return append(fields, history.Field{Name: "prefix-count", Value: number(len(f.order))},
		history.Field{Name: "prefix-end", Value: refs(f.ids(f.order[max(0, len(f.order)-maxConfigs):]))})
}

// record is a map from names to values.
func record(pairs ...history.Value) history.Value { return edn.NewMap(pairs) }

// configuration is one of those when the last operation returned: the state, the last operation that had taken effect, and
// those that were pending and had not.
func (f *failure) configuration(r route) history.Value {
	there := make(map[int32]bool)
	for _, x := range r.calls {
		there[x] = true
	}
	pending := []history.ID{f.t.obj.calls[f.x].id}
	for _, x := range f.pending {
		if !there[x] {
			pending = append(pending, f.t.obj.calls[x].id)
		}
	}
	last := edn.Value{}
	if n := len(r.calls); n > 0 {
		last = check.OpRef(f.t.obj.calls[r.calls[n-1]].id)
	}
	return record(edn.NewKeyword("model"), f.show(r.state), edn.NewKeyword("last-op"), last,
		edn.NewKeyword("pending"), refs(pending), edn.NewKeyword("pending-count"), edn.NewInt(int64(len(pending))))
}

// finalPath is how a route ends: the last operation before the last return, what took effect since then, each with the
// state after it, and the operation that can't follow, with the reason in the place of a state.
func (f *failure) finalPath(r route) history.Value {
	op, model := edn.NewKeyword("op"), edn.NewKeyword("model")
	states := f.replay(r.calls)
	var path []history.Value
	for i := max(0, r.settled-1, len(r.calls)-maxPictured); i < len(r.calls); i++ {
		path = append(path, record(op, check.OpRef(f.t.obj.calls[r.calls[i]].id), model, f.show(states[i+1])))
	}
	return edn.NewVector(append(path, record(op, check.OpRef(f.t.obj.calls[f.x].id),
		model, record(edn.NewKeyword("msg"), edn.NewString(f.reason(r.state))))))
}

// reason says why the operation can't have answered as it did in a state.
func (f *failure) reason(state int32) string {
	_, reason := f.t.obj.d.Step(f.t.states.all[state], f.t.obj.kinds[f.t.obj.calls[f.x].kind])
	return reason
}

// allRefs are operations as a value.
func allRefs(ids []history.ID) history.Value {
	items := make([]history.Value, 0, len(ids))
	for _, id := range ids {
		items = append(items, check.OpRef(id))
	}
	return edn.NewVector(items)
}

// paths tells for each state how the object can have come into it, as far as that is worth showing: by the operations that
// prove the matter, the last one that changed the state, and what took effect since the last return.
func (f *failure) paths(a *check.Anomaly, few []int32) {
	show := f.worthShowing(few)
	id := f.t.obj.calls[f.x].id
	for _, r := range f.routes {
		states := f.replay(r.calls)
		p := check.Path{Op: id, State: f.show(r.state), Reason: f.reason(r.state), Start: f.show(states[0])}
		if !f.traced {
			p.Start = p.State
		}
		for i, x := range r.calls {
			if !show[x] {
				if p.After++; len(p.Before) == 0 {
					p.Start = f.show(states[i+1])
				}
				continue
			}
			p.Before = append(p.Before, check.Taken{Op: f.t.obj.calls[x].id, State: f.show(states[i+1]), After: p.After})
			p.After = 0
		}
		a.Paths = append(a.Paths, p)
	}
}

// worthShowing are the calls that a picture shows: what matters most first, until it is full.
func (f *failure) worthShowing(few []int32) map[int32]bool {
	show := make(map[int32]bool)
	for _, r := range f.routes {
		for _, x := range r.calls[:min(len(r.calls), maxWhole)] {
			show[x] = show[x] || len(f.order) <= maxWhole
		}
	}
	for i := 0; i < len(few) && len(few) < maxEssential; i++ {
		show[few[i]] = true
	}
	for _, r := range f.routes {
		calls := r.calls
		states := f.replay(calls)
		from := max(0, r.settled-1)
		for i := len(calls) - 1; i >= 0; i-- {
			if states[i] != states[i+1] {
				from = min(from, i)
				show[calls[i]] = show[calls[i]] || len(show) < maxPictured
				break
			}
		}
		for _, x := range calls[max(from, r.settled-1, 0):] {
			show[x] = show[x] || len(show) < maxPictured
		}
	}
	return show
}

// text is the story of the operation that can't be linearized, which is the last of the anomaly's.
func (f *failure) text(h *history.History, ops []history.ID) string {
	var b strings.Builder
	fmt.Fprintf(&b, "T%d is the first operation that no order explains. ", len(ops))
	switch len(f.states) {
	case 0:
		b.WriteString("Time ran out before it could be told in which states it was tried.")
	case 1:
		fmt.Fprintf(&b, "When it returned, the %s could only be in one state, which does not allow it: %s.", f.t.obj.d.Name, f.reason(f.states[0]))
	default:
		fmt.Fprintf(&b, "When it returned, the %s could be in %d states, and none allows it:", f.t.obj.d.Name, len(f.states))
		f.tellReasons(&b)
		if more := len(f.states) - len(f.routes); more > 0 {
			fmt.Fprintf(&b, "\n- and %d more.", more)
		}
	}
	switch {
	case f.last == history.None:
		b.WriteString("\nIt is the very first that returned.")
	case f.done == 1:
		fmt.Fprintf(&b, "\nThe one operation that returned before it can be explained.")
	default:
		fmt.Fprintf(&b, "\nThe %d operations that returned before it can be explained", f.done)
		if i := slices.Index(ops, f.last); i >= 0 {
			fmt.Fprintf(&b, ", up to T%d", i+1)
		} else {
			fmt.Fprintf(&b, ", up to %s", called(h, f.last))
		}
		b.WriteString(".")
	}
	return b.String()
}

// tellReasons lists why each state doesn't allow the operation; states with the same reason are told together.
func (f *failure) tellReasons(b *strings.Builder) {
	var reasons []string
	times := make(map[string]int)
	for _, r := range f.routes {
		why := f.reason(r.state)
		if times[why]++; times[why] == 1 {
			reasons = append(reasons, why)
		}
	}
	for _, why := range reasons {
		b.WriteString("\n- " + why)
		if n := times[why]; n > 1 {
			fmt.Fprintf(b, ", in %d states", n)
		}
		b.WriteString(".")
	}
}

// enough says which operations prove the matter by themselves, or by what was known at a boundary, if there is one.
func (f *failure) enough(few []int32, minimal bool, known string) string {
	n := len(few) + 1
	even := ": no order explains them, even if every other operation were free to happen at any time after its invocation, or never."
	prove, since := "prove it by themselves", ""
	if known != "" {
		prove, since = "prove the rest", "\n"+known
		even = strings.Replace(even, "operation", "operation since", 1)
	}
	switch {
	case !minimal && few == nil:
		return ""
	case n > maxEssential:
		return fmt.Sprintf("%s\nIt takes %d operations to prove that.", since, n)
	case !minimal:
		return fmt.Sprintf("%s\nT1 to T%d %s%s (Fewer might: the search for them was ended.)", since, n, prove, even)
	case n == 1 && known != "":
		return since + "\nNothing that the other operations may have done since allows T1."
	case n == 1:
		return "\nT1 alone proves it: nothing that the other operations may have done, at whatever time, allows it."
	case n == 2:
		return since + "\nT1 and T2 " + prove + even
	}
	return fmt.Sprintf("%s\nT1 to T%d %s%s", since, n, prove, even)
}

// proof is the few calls that prove the failure, with x, and whether they are known to be a minimal proof. If they rest on a
// boundary, that is told too: one is used where there is no readable proof without.
func (f *failure) proof(ctx context.Context, maxBytes int64) (few []int32, minimal bool, since *boundary) {
	few, minimal = f.t.obj.essential(ctx, f.x, maxBytes)
	found := minimal || few != nil
	for _, b := range f.bounds {
		if found && len(few) < maxReadable {
			break
		}
		if b == nil || b == since {
			continue
		}
		if fewer, all := f.t.obj.essentialSince(ctx, f.x, maxBytes, b); (all || fewer != nil) && (!found || len(fewer) < len(few)) {
			few, minimal, since, found = fewer, all, b, true
		}
	}
	return few, minimal, since
}

// known says what was possible at a boundary: in words, and for programs.
func (f *failure) known(h *history.History, b *boundary) (text string, fields []history.Field) {
	o := f.t.obj
	var states []history.Value
	var texts []string
	for _, s := range b.starts {
		v := o.d.Show(s.state)
		if text := v.String(); !slices.Contains(texts, text) {
			states, texts = append(states, v), append(texts, text)
		}
	}
	could := fmt.Sprintf("could be in %d states: %s", len(texts), strings.Join(texts[:min(len(texts), maxConfigs)], ", "))
	if len(texts) == 1 {
		could = "could only be in one state: " + texts[0]
	}
	if len(texts) > maxConfigs {
		could += ", ..."
	}
	id := o.calls[b.call].id
	text = fmt.Sprintf("When %s returned, the %s %s.", called(h, id), o.d.Name, could)
	return text, []history.Field{{Name: "since", Value: check.OpRef(id)}, {Name: "since-states", Value: edn.NewVector(states)}}
}
