package linearizable

import (
	"context"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// maxConfigs is how many states, configurations, paths and pending operations a counterexample lists, as Jepsen keeps of
// Knossos' results; their true numbers are told.
const maxConfigs = 10

// failure is where a part ceases to be linearizable.
type failure struct {
	t       *trial
	x       int32       // the call that can't have returned when it did
	last    history.ID  // the last completion before that
	done    int         // calls that had returned by then
	states  []int32     // in which x was tried, in order of discovery
	routes  []route     // to the first of them
	configs []route     // to the first configurations when last returned
	widest  int         // how many configurations there were then
	pending []int32     // calls that were open or had crashed when x returned, but for x
	bounds  []*boundary // moments before, when little was possible, far ones first; nil if there was none
	traced  bool        // it is known how the states came about
	order   []int32     // the calls before x in an order that explains them: the longest there is
	shown   map[int32]history.Value
	bytes   int64 // of shown
}

// route is one order in which calls took effect, and the state that it leads to.
type route struct {
	calls   []int32
	state   int32
	settled int // how many of the calls took effect before the last return
}

// findFailure runs the search again to where it got stuck, now with trails. If they take too much memory it goes without,
// and if ctx has ended it isn't run at all: then there are fewer states, configurations and routes to tell of, or none.
func (t *trial) findFailure(ctx context.Context) *failure {
	f := &failure{t: t, x: t.moments[t.at].call, last: history.None, shown: make(map[int32]history.Value)}
	end := t.moments[t.at].at
	for _, m := range t.moments[:t.at] {
		if m.ret {
			f.last = t.obj.calls[m.call].id
			f.done++
		} else if m.call != f.x && t.obj.calls[m.call].ret > end {
			f.pending = append(f.pending, m.call)
		}
	}
	t.tried, t.maxTried = 0, never<<8
	find := newBoundaryFinder(t.moments, t.at)
	p := newPass(t.search, t.beam, true)
	p.run(ctx, find.look)
	if p.end == tooLarge {
		t.maxBytes = never << 16
		p = newPass(t.search, t.beam, false)
		p.run(ctx, find.look)
	}
	switch {
	case p.end == cancelled:
		return f
	case p.end != stuck || p.at != t.at:
		panic("linearizable: internal error: a second search did not end as the first")
	}
	f.findRoutes(p)
	f.bounds = find.best[:]
	return f
}

// findRoutes takes from the pass that got stuck what it tried.
func (f *failure) findRoutes(p *pass) {
	f.traced = p.keep
	w := walker{p: p, at: make([]int32, len(f.t.obj.calls))}
	f.widest = len(p.cur.of)
	for _, c := range p.cur.of[:min(f.widest, maxConfigs)] {
		f.configs = append(f.configs, w.route(c))
	}
	depth := p.depths()
	deepest := int32(0)
	seen := make([]bool, len(p.states.all))
	for _, c := range p.seen[owing].of {
		if seen[c.state] {
			continue
		}
		seen[c.state] = true
		if f.states = append(f.states, c.state); len(f.routes) < maxConfigs {
			f.routes = append(f.routes, w.route(c))
		}
		if depth[c.trail] > depth[deepest] {
			deepest = c.trail
		}
	}
	f.order = p.order(deepest)
}

// order lists the calls of a trail.
func (p *pass) order(trail int32) []int32 {
	w := walker{p: p, at: make([]int32, len(p.obj.calls))}
	return w.route(held{trail: trail}).calls
}

// walker follows trails back. A call that was hidden and then took effect visibly is in a trail twice; the later place is
// the one that counts, as where it was hidden nobody could tell.
type walker struct {
	p   *pass
	at  []int32 // call → the last walk that met it
	num int32
}

func (w *walker) route(c held) route {
	r := route{state: c.state}
	w.num++
	recent := 0
	for trail := c.trail; trail > 0; trail = w.p.trails[trail].before {
		x := w.p.trails[trail].call
		if w.at[x] == w.num {
			continue
		}
		w.at[x] = w.num
		if r.calls = append(r.calls, x); trail >= w.p.mark {
			recent++
		}
	}
	slices.Reverse(r.calls)
	r.settled = len(r.calls) - recent
	return r
}

// depths is how long each trail is.
func (p *pass) depths() []int32 {
	depth := make([]int32, len(p.trails))
	for i := 1; i < len(depth); i++ { // a step comes after the one before it
		depth[i] = depth[p.trails[i].before] + 1
	}
	return depth
}

// replay is the state before each call of a route, and after the last.
func (f *failure) replay(calls []int32) []int32 {
	states := make([]int32, 1, len(calls)+1) // the initial state is the first
	for _, x := range calls {
		next := f.t.states.step(states[len(states)-1], f.t.obj.calls[x].kind)
		if next < 0 {
			panic("linearizable: internal error: a trail that can't be followed")
		}
		states = append(states, next)
	}
	return states
}

// maxShownBytes bounds what the states of a counterexample take.
const maxShownBytes = 4 << 20

// show makes a state readable. Large ones, such as full queues, could take more than the search itself.
func (f *failure) show(state int32) history.Value {
	if v, ok := f.shown[state]; ok {
		return v
	}
	s := f.t.states.all[state]
	v := edn.NewString("a state too large to show")
	if f.bytes += 8 * stateBytes(s); f.bytes <= maxShownBytes {
		v = f.t.obj.d.Show(s)
	}
	f.shown[state] = v
	return v
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
