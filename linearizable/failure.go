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

// maxConfigs is how many states, pending operations and the like a counterexample lists; their true numbers are told.
const maxConfigs = 10

// failure is where a part ceases to be linearizable.
type failure struct {
	h       *history.History
	t       *trial
	x       int32   // the call that can't have returned when it did
	states  []int32 // in which it was tried, in order of discovery
	pending []int32 // calls that were open or had crashed then
	order   []int32 // the calls before it in an order that explains them: the longest there is
	last    history.ID
}

// anomaly tells how the part fails. The search is run again, now with trails, to where it got stuck.
func (t *trial) anomaly(ctx context.Context, h *history.History) check.Anomaly {
	f := t.failure(context.WithoutCancel(ctx), h)
	id := t.obj.calls[f.x].id
	a := check.Anomaly{Kind: NonLinearizable, Ops: []history.ID{id}, Total: 1}
	a.Fields = append(a.Fields, history.Field{Name: "op", Value: check.OpRef(id)})
	if f.last != history.None {
		a.Fields = append(a.Fields, history.Field{Name: "previous-ok", Value: check.OpRef(f.last)})
		a.Ops = append(a.Ops, f.last)
	}
	var reasons []string
	for i, s := range f.states {
		state := t.states.all[s]
		_, reason := t.obj.d.Step(state, t.obj.kinds[t.obj.calls[f.x].kind])
		if i < maxConfigs {
			a.Paths = append(a.Paths, check.Path{Op: id, State: t.obj.d.Show(state), Reason: reason})
			reasons = append(reasons, reason)
		}
	}
	a.Fields = append(a.Fields,
		history.Field{Name: "states", Value: f.shown()},
		history.Field{Name: "states-count", Value: edn.NewInt(int64(len(f.states)))},
		history.Field{Name: "pending", Value: refs(f.ids(f.pending))},
		history.Field{Name: "pending-count", Value: edn.NewInt(int64(len(f.pending)))},
		history.Field{Name: "prefix-count", Value: edn.NewInt(int64(len(f.order)))},
		history.Field{Name: "prefix-end", Value: refs(f.ids(f.order[max(0, len(f.order)-maxConfigs):]))},
	)
	a.Text = f.text(reasons)
	if few, ok := t.obj.essential(context.WithoutCancel(ctx), f.x); ok {
		a.Text += "\n" + f.enough(&a, few)
		a.Fields = append(a.Fields, history.Field{Name: "essential", Value: refs(f.ids(append(few, f.x)))})
	}
	return a
}

// enough says which operations prove the matter by themselves, and adds them to those of the anomaly.
func (f *failure) enough(a *check.Anomaly, few []int32) string {
	if len(few) > maxEssential {
		return fmt.Sprintf("It takes %d operations to prove it.", len(few)+1)
	}
	names := []string{"T1"}
	for _, id := range f.ids(few) {
		at := slices.Index(a.Ops, id)
		if at < 0 {
			at = len(a.Ops)
			a.Ops = append(a.Ops, id)
		}
		names = append(names, fmt.Sprintf("T%d", at+1))
	}
	if len(few) == 0 {
		return "T1 alone proves it: no order explains it even if every other operation could have happened at any time after " +
			"its invocation, or never."
	}
	last := len(names) - 1
	return fmt.Sprintf("%s and %s prove it by themselves: no order explains them even if every other operation could "+
		"have happened at any time after its invocation, or never.", strings.Join(names[:last], ", "), names[last])
}

// maxEssential is up to how many operations a proof is listed in the story.
const maxEssential = 20

// provedAnomaly tells of a proof that needed no search.
func (t *trial) provedAnomaly() check.Anomaly {
	a := check.Anomaly{Kind: NonLinearizable, Total: 1, Text: t.why.text}
	for _, x := range t.why.calls {
		a.Ops = append(a.Ops, t.obj.calls[x].id)
	}
	return a
}

// failure runs the search again.
func (t *trial) failure(ctx context.Context, h *history.History) *failure {
	s := newSearch(t.obj, Options{MaxConfigurations: never << 8, MaxBytes: never << 16})
	p := s.run(ctx, t.beam, true)
	if p.end != stuck {
		panic("linearizable: internal error: a second search did not end as the first")
	}
	t.search = s
	f := &failure{h: h, t: t, x: s.moments[p.at].call, last: history.None}
	for m := range slices.Values(s.moments[:p.at]) {
		if m.ret {
			f.last = s.obj.calls[m.call].id
		}
	}
	seen := make([]bool, len(s.states.all))
	for i, c := range p.seen[owing].of {
		if seen[c.state] {
			continue
		}
		seen[c.state] = true
		f.states = append(f.states, c.state)
		if order := p.order(p.seen[owing].of[i].trail); len(order) > len(f.order) {
			f.order = order
		}
	}
	for _, m := range s.moments[:p.at] {
		if c := s.obj.calls[m.call]; !m.ret && c.ret > s.moments[p.at].at {
			f.pending = append(f.pending, m.call)
		}
	}
	return f
}

// order lists the calls of a trail. A call that was hidden and then took effect visibly is in the trail twice; the later
// place is the one that counts, as where it was hidden nobody could tell.
func (p *pass) order(trail int32) []int32 {
	var calls []int32
	there := make(map[int32]bool)
	for ; trail > 0; trail = p.trails[trail].before {
		if x := p.trails[trail].call; !there[x] {
			there[x] = true
			calls = append(calls, x)
		}
	}
	slices.Reverse(calls)
	return calls
}

func (f *failure) ids(calls []int32) []history.ID {
	ids := make([]history.ID, len(calls))
	for i, x := range calls {
		ids[i] = f.t.obj.calls[x].id
	}
	return ids
}

// refs are the first operations of a list, as a value.
func refs(ids []history.ID) history.Value {
	items := make([]history.Value, 0, min(len(ids), maxConfigs))
	for _, id := range ids[:min(len(ids), maxConfigs)] {
		items = append(items, check.OpRef(id))
	}
	return edn.NewVector(items)
}

// shown are the first of the states.
func (f *failure) shown() history.Value {
	var items []history.Value
	for _, s := range f.states[:min(len(f.states), maxConfigs)] {
		items = append(items, f.t.obj.d.Show(f.t.states.all[s]))
	}
	return edn.NewVector(items)
}

// text is the story, in which T1 is the operation that can't be linearized and T2 the last one that returned before.
func (f *failure) text(reasons []string) string {
	var b strings.Builder
	b.WriteString("No order of the operations explains what T1 answered.\n")
	if f.last != history.None {
		b.WriteString("Everything up to T2, the last that returned before it, can be explained. ")
	}
	if len(f.states) == 1 {
		fmt.Fprintf(&b, "When T1 returned, the %s could only be in one state: %s.", f.t.obj.d.Name, reasons[0])
		return b.String()
	}
	fmt.Fprintf(&b, "When T1 returned, the %s could be in %d states, and none allows T1:", f.t.obj.d.Name, len(f.states))
	for _, r := range reasons {
		b.WriteString("\n- " + r + ".")
	}
	if more := len(f.states) - len(reasons); more > 0 {
		fmt.Fprintf(&b, "\n- and %d more.", more)
	}
	return b.String()
}
