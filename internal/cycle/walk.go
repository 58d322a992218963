package cycle

import "slices"

// walker looks for shortest ways through the moves of one spec. It holds its scratch memory for the next way.
//
// A state is a node after a legal edge, or, as node + g.Len(), after a free one: then no free one may follow.
type walker struct {
	m      *moves
	spec   *searchSpec
	seen   []uint32 // the search in which a state was last reached
	parent []uint32 // from which state
	via    []uint8  // by which relation
	now    uint32   // number of the current search
	level  []uint32
	next   []uint32
	visits int // edges looked at in the current search
}

func newWalker(m *moves, spec *searchSpec) *walker {
	states := m.g.Len()
	if spec.free != 0 {
		states *= 2
	}
	return &walker{
		m: m, spec: spec,
		seen: make([]uint32, states), parent: make([]uint32, states), via: make([]uint8, states),
	}
}

// anchor is an edge from which a cycle is looked for.
type anchor struct {
	u, v uint32
	rel  Rel
}

// cycle is the shortest closed walk of the anchor and a way back, if it has at most limit edges. It's a simple cycle
// unless the spec has free relations.
func (w *walker) cycle(a anchor, limit int) (Cycle, bool) {
	start := a.v
	if w.spec.free != 0 {
		start += uint32(w.m.g.Len())
	}
	if !w.reach(start, a.u, limit-1) {
		return Cycle{}, false
	}
	// Backwards from u to v: a free node passes its parent on, which is the transaction where the realtime step began.
	var c Cycle
	for s := a.u; s != start; {
		c.Nodes, c.Rels = append(c.Nodes, w.node(s)), append(c.Rels, Rel(w.via[s]))
		for s = w.parent[s]; w.isFree(s); s = w.parent[s] {
		}
	}
	c.Nodes, c.Rels = append(c.Nodes, a.v), append(c.Rels, a.rel)
	slices.Reverse(c.Nodes)
	slices.Reverse(c.Rels)
	// Rels[i] led to Nodes[i]; turned by one, it leads on from it, and the cycle begins with the anchor at u.
	last := len(c.Nodes) - 1
	c.Nodes = slices.Insert(c.Nodes[:last], 0, c.Nodes[last])
	return c, true
}

// node is the node of a state.
func (w *walker) node(state uint32) uint32 { return state % uint32(w.m.g.Len()) }

// isFree says whether a state is of a free node, which are reached by legal edges only.
func (w *walker) isFree(state uint32) bool {
	return state >= w.m.k && state < uint32(w.m.g.Len())
}

// reach looks for target breadth-first, over at most limit steps. A free node belongs to the step that led into it, so
// it joins the level that is being worked off. Since the edges of a node go first, and those into free nodes last, no
// realtime step is ever taken where the same transaction has a legal edge.
func (w *walker) reach(start, target uint32, limit int) bool {
	w.now++
	w.visits = 0
	w.seen[start] = w.now
	w.level = append(w.level[:0], start)
	for steps := 1; len(w.level) > 0 && steps <= limit; steps++ {
		w.next = w.next[:0]
		for i := 0; i < len(w.level); i++ {
			if w.expand(w.level[i], target) {
				return true
			}
		}
		w.level, w.next = w.next, w.level
	}
	return false
}

// expand reaches the neighbours of a state, and says whether target is one.
func (w *walker) expand(state, target uint32) bool {
	n := uint32(w.m.g.Len())
	v, free := state, w.spec.free
	if state >= n {
		v, free = state-n, 0
	}
	to, rel := w.m.g.Row(v)
	w.visits += len(to)
	for i, x := range to {
		r := Rel(rel[i])
		switch {
		case r&w.spec.legal != 0:
		case r&free != 0:
			x += n
		default:
			continue
		}
		if w.seen[x] == w.now {
			continue
		}
		w.seen[x], w.parent[x], w.via[x] = w.now, state, rel[i]
		if x == target {
			return true
		}
		if w.isFree(x) {
			w.level = append(w.level, x)
		} else {
			w.next = append(w.next, x)
		}
	}
	return false
}
