package cycle

import (
	"context"
	"slices"

	"jcheck/internal/graph"
)

// search looks for the cycles of one component.
type search struct {
	ctx     context.Context
	c       *component
	rules   *rules
	workers int
	// redundant holds the types that aren't looked for: implied by what was found, or impossible.
	redundant uint64
	found     [len(searchSpecs)]Cycle // by type, without nodes where none was found
}

// rules are the tables, looked up once for all components.
type rules struct {
	implied   [len(searchSpecs)]uint64 // anomalies implied by each type, itself included
	anomaly   [len(searchSpecs)]uint64 // each type as a set
	model     [len(existsRows)]uint64  // the model of each row as a set
	stronger  [len(existsRows)]uint64  // it, and the models above it
	forbidden [len(existsRows)]uint64  // anomalies that can't be there if the row's projection has no cycle
}

func newRules() *rules {
	l, r := theLattice(), &rules{}
	for i, spec := range searchSpecs {
		a := l.anomaly(spec.name)
		r.anomaly[i], r.implied[i] = 1<<a, l.implied[a]
	}
	for i, row := range existsRows {
		m := l.model(row.model)
		r.model[i], r.stronger[i] = 1<<m, l.stronger[m]
		r.forbidden[i] = l.implying(l.proscribed(l.weaker[m]))
	}
	return r
}

// run proves what has a cycle, then looks for one of each type in the order of search.
func (s *search) run() Found {
	proofs, impossible := s.c.exists(s.rules)
	for i := range existsRows {
		if impossible&s.rules.model[i] == 0 {
			s.redundant |= s.rules.forbidden[i]
		}
	}
	for i := range searchSpecs {
		if s.redundant&s.rules.anomaly[i] != 0 || s.c.lacks(searchSpecs[i].legal&orders) || s.ctx.Err() != nil {
			continue
		}
		if c, ok := s.find(&searchSpecs[i]); ok {
			s.report(c)
		}
	}
	found := Found{Exists: proofs}
	for _, c := range s.found {
		if c.Nodes != nil {
			found.Cycles = append(found.Cycles, c)
		}
	}
	return found
}

// report keeps a cycle under the type that it has, in the whole graph's numbers.
func (s *search) report(c Cycle) {
	c.Type = typeOf(c.Rels)
	i := searchOrder(c.Type)
	s.redundant |= s.rules.implied[i]
	s.found[i] = c.rotate()
	for k, v := range s.found[i].Nodes {
		s.found[i].Nodes[k] = s.c.nodes[v]
	}
}

// small is up to how many looks at edges a search may take that isn't worth being narrowed first.
const small = 1 << 16

// find looks for a cycle of one spec.
func (s *search) find(spec *searchSpec) (Cycle, bool) {
	anchors, self := s.c.anchors(spec)
	if self != nil {
		return *self, true
	}
	if len(anchors) == 0 {
		return Cycle{}, false
	}
	var jump *jumps
	if spec.legal&Realtime != 0 && s.c.enter != nil {
		jump = s.c.openJumps(spec.legal)
	}
	m := s.c.moves(s.c.told, spec.anchor|spec.legal|spec.free, false, jump)
	if len(anchors)*len(m.g.To) > small {
		anchors = m.narrow(spec, anchors)
	}
	h := hunt{s: s, spec: spec, m: m, anchors: anchors, shortest: 2, budget: budget}
	if spec.free != 0 {
		h.shortest = 4
	}
	h.walkers = make([]*walker, graph.Workers(s.workers))
	return h.run()
}

// anchors lists the edges that are told by one of the spec's anchor relations, ascending. A self-edge is a cycle of one
// node, for G0 and G1c; no dependency of other kinds, nor a step of an order, leads from a transaction to itself.
func (c *component) anchors(spec *searchSpec) (list []anchor, self *Cycle) {
	for u := range uint32(len(c.nodes)) {
		for i := c.g.Off[u]; i < c.g.Off[u+1]; i++ {
			rel := Rel(c.told[i])
			if rel&spec.anchor == 0 {
				continue
			}
			if v := c.g.To[i]; v != u {
				list = append(list, anchor{u, v, rel})
			} else if rel&effects != 0 {
				return nil, &Cycle{Nodes: []uint32{u}, Rels: []Rel{rel}}
			}
		}
	}
	return list, nil
}

// narrow keeps the anchors that lie on a closed walk: all others would be searched from in vain. O(edges).
func (m *moves) narrow(spec *searchSpec, anchors []anchor) []anchor {
	if spec.anchor&spec.legal != 0 {
		part := graph.SCC(m.g, allRels, nil)
		return slices.DeleteFunc(anchors, func(a anchor) bool { return part.Of[a.u] != part.Of[a.v] })
	}
	// For a single anchor among legal edges this is necessary, not sufficient: the walk may have other anchors.
	part := graph.SCC(m.product(spec.legal, spec.anchor|spec.free), allRels, nil)
	second := uint32(m.g.Len())
	return slices.DeleteFunc(anchors, func(a anchor) bool { return part.Of[a.u] != part.Of[second+a.v] })
}

// budget is how many edges the hunt for a shorter cycle may look at. It bounds neither a single way back, nor the
// question whether there is a cycle at all. Counted work makes the same end on every machine.
const budget = 1 << 24

// patience is how many edges may be looked at in vain until all anchors are asked at once whether one has a way back.
const patience = 1 << 20

// hunt looks for the shortest cycle from many anchors.
type hunt struct {
	s        *search
	spec     *searchSpec
	m        *moves
	anchors  []anchor
	walkers  []*walker
	shortest int // no cycle can be shorter
	budget   int
	best     Cycle
}

// attempt is what came of one anchor.
type attempt struct {
	c      Cycle
	ok     bool
	visits int
}

// run tries the anchors in rounds: within a round all have the same limit, so that it doesn't matter which of them is
// finished first. Rounds grow, as long as a round of vain searches through the whole graph keeps within the budget.
func (h *hunt) run() (Cycle, bool) {
	asked := h.spec.free != 0 // a way back may repeat a node there: it would be no answer
	for at, size := 0, 1; at < len(h.anchors) && h.budget > 0; at, size = at+size, h.grow(size) {
		if h.s.ctx.Err() != nil {
			break
		}
		if h.best.Nodes == nil && !asked && h.budget < budget-patience {
			asked = true
			a, ok := h.m.connected(h.s.ctx, h.spec.legal, h.anchors, h.s.workers)
			if !ok {
				break
			}
			h.round([]anchor{a})
		}
		h.round(h.anchors[at:min(at+size, len(h.anchors))])
		if h.best.Nodes != nil && len(h.best.Nodes) <= h.shortest {
			break
		}
	}
	return h.best, h.best.Nodes != nil
}

// roundAnchors bounds how many anchors share a limit, which a cycle found by one of them would have lowered.
const roundAnchors = 64

func (h *hunt) grow(size int) int {
	return max(1, min(2*size, roundAnchors, h.budget/(len(h.m.g.To)+1)))
}

func (h *hunt) round(anchors []anchor) {
	limit := len(h.s.c.nodes) * 2
	if h.best.Nodes != nil {
		limit = len(h.best.Nodes) - 1
	}
	tries := make([]attempt, len(anchors))
	graph.Parallel(len(h.walkers), h.s.workers, func() func(int) {
		return func(k int) {
			for i := k; i < len(anchors); i += len(h.walkers) {
				if h.walkers[k] == nil {
					h.walkers[k] = newWalker(h.m, h.spec)
				}
				c, ok := h.walkers[k].cycle(anchors[i], limit)
				if ok && h.spec.free != 0 {
					c, ok = h.s.nonadjacent(c)
				}
				tries[i] = attempt{c, ok, h.walkers[k].visits}
			}
		}
	})
	for _, t := range tries {
		h.budget -= t.visits
		if t.ok && (h.best.Nodes == nil || len(t.c.Nodes) < len(h.best.Nodes)) {
			h.best = t.c
		}
	}
}

// nonadjacent is a closed walk itself if it's a simple cycle, or else the shortest of its simple pieces of a type
// G-nonadjacent that is still looked for. Pieces of other types are left to the specs of these, which find the
// shortest.
func (s *search) nonadjacent(walk Cycle) (Cycle, bool) {
	var best Cycle
	for _, p := range walk.pieces() {
		name := typeOf(p.Rels)
		wanted := isNonadjacent(name) && s.redundant&s.rules.anomaly[searchOrder(name)] == 0
		if wanted && (best.Nodes == nil || len(p.Nodes) < len(best.Nodes)) {
			best = p
		}
	}
	return best, best.Nodes != nil
}
