package cycle

import "slices"

// walkBudget is how many edges the hunt for a shorter closed walk may look at: the proof stands without one.
const walkBudget = 1 << 20

// closedWalk shows what an Exists proof claims: a shortest closed walk from one of the nodes by edges of the relations x,
// and of y where they follow an x. The walk may pass a transaction twice. It stands in the component's own numbers.
// Starts are tried in ascending order until the budget of work is used up; the first one is always followed to its end.
func (c *component) closedWalk(nodes []uint32, x, y Rel) Cycle {
	w := projectionWalker{x: x, y: y, tell: c.tell}
	var jump *jumps
	if x&Realtime != 0 && c.enter != nil {
		jump = c.allJumps()
	}
	w.m = c.moves(c.g.Rel, x|y, true, jump)
	states := 2 * w.m.g.Len()
	w.seen, w.parent, w.via = make([]uint32, states), make([]uint32, states), make([]uint8, states)
	var best Cycle
	for _, v := range nodes {
		if walk := w.from(v, len(best.Nodes)-1); walk.Nodes != nil {
			best = walk
		}
		if len(best.Nodes) == 1 || w.visits > walkBudget {
			break
		}
	}
	return best
}

// projectionWalker looks for closed walks in the projection of an existsRow. A state is a node after an x edge, where
// anything may follow, or node + g.Len() where an x edge must follow: at the start, and after a y edge.
type projectionWalker struct {
	m      *moves
	x, y   Rel
	tell   *[1 << 8]uint8
	seen   []uint32 // the search in which a state was last reached
	parent []uint32
	via    []uint8
	now    uint32
	level  []uint32
	next   []uint32
	visits int
}

// from is the shortest closed walk from v, if it has at most limit steps (any number if limit is negative).
func (w *projectionWalker) from(v uint32, limit int) Cycle {
	w.now++
	start := v + uint32(w.m.g.Len())
	w.level = append(w.level[:0], start)
	for steps := 1; len(w.level) > 0 && (limit < 0 || steps <= limit); steps++ {
		w.next = w.next[:0]
		for i := 0; i < len(w.level); i++ { // free nodes join the level that is being worked off
			if end, ok := w.expand(w.level[i], v); ok {
				return w.back(end, start)
			}
		}
		w.level, w.next = w.next, w.level
	}
	return Cycle{}
}

// expand reaches the neighbours of a state; it says in which state the walk is closed, if it is.
func (w *projectionWalker) expand(state, home uint32) (uint32, bool) {
	n := uint32(w.m.g.Len())
	v, may := state, w.x|w.y
	if state >= n {
		v, may = state-n, w.x
	}
	to, rel := w.m.g.Row(v)
	w.visits += len(to)
	for i, u := range to {
		r := Rel(rel[i]) & may
		if r == 0 {
			continue
		}
		next := u
		if r&w.x == 0 {
			next += n
		} else {
			r &= w.x
		}
		if w.seen[next] == w.now {
			continue
		}
		w.seen[next], w.parent[next], w.via[next] = w.now, state, w.tell[r]
		switch {
		case u == home:
			return next, true
		case u >= w.m.k:
			w.level = append(w.level, next)
		default:
			w.next = append(w.next, next)
		}
	}
	return 0, false
}

// back reads the walk off from its end to its start. Free nodes are passed over: they are parts of realtime steps.
func (w *projectionWalker) back(end, start uint32) Cycle {
	var c Cycle
	n := uint32(w.m.g.Len())
	for s := end; ; {
		rel := Rel(w.via[s])
		for s = w.parent[s]; s < n && s >= w.m.k; s = w.parent[s] {
		}
		c.Nodes, c.Rels = append(c.Nodes, s%n), append(c.Rels, rel)
		if s == start {
			break
		}
	}
	slices.Reverse(c.Nodes)
	slices.Reverse(c.Rels)
	return c
}
