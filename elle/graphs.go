package elle

import (
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
)

// What can be drawn so that somebody still sees something. Layout takes seconds at this size, and far longer above it.
const (
	maxDrawnOps   = 300
	maxDrawnEdges = 1000
)

// graphs are the strongly connected components for drawing, as many as the options want: all that orders their
// operations, or of those too large for that the cycles that were found in them.
func (c *checker) graphs(p *premises, inf inference, in cycle.Input, found cycle.Found) []check.Graph {
	var all []check.Graph
	for _, nodes := range found.Groups[:min(len(found.Groups), c.o.Graphs)] {
		all = append(all, componentGraph(p, inf, in, nodes, found.Cycles))
	}
	return all
}

// componentGraph is one component.
func componentGraph(p *premises, inf inference, in cycle.Input, nodes []uint32, cycles []cycle.Cycle) check.Graph {
	total := len(nodes)
	links, ok := []cycle.Link(nil), false
	if total <= maxDrawnOps {
		links, ok = in.Among(nodes, maxDrawnEdges)
	}
	if !ok {
		nodes, links = witnesses(nodes, cycles)
	}
	g := check.Graph{Total: total}
	for _, v := range nodes {
		g.Ops = append(g.Ops, p.nodes[v])
	}
	g.Edges = explainLinks(p, inf, nodes, links)
	return g
}

// witnesses are the cycles in a component as far as they can be drawn: their nodes, ascending, and their edges.
func witnesses(component []uint32, cycles []cycle.Cycle) (nodes []uint32, links []cycle.Link) {
	seen := make(map[uint32]bool)
	drawn := make(map[[2]uint32]bool)
	for _, cyc := range cycles {
		if _, here := slices.BinarySearch(component, cyc.Nodes[0]); !here {
			continue
		}
		if len(nodes)+len(cyc.Nodes) > maxDrawnOps || len(links)+len(cyc.Nodes) > maxDrawnEdges {
			continue
		}
		for i, v := range cyc.Nodes {
			next := cyc.Nodes[(i+1)%len(cyc.Nodes)]
			if !seen[v] {
				seen[v] = true
				nodes = append(nodes, v)
			}
			if edge := [2]uint32{v, next}; !drawn[edge] {
				drawn[edge] = true
				links = append(links, cycle.Link{From: v, To: next, Rel: cyc.Rels[i]})
			}
		}
	}
	slices.Sort(nodes)
	return nodes, links
}

// among is what orders the transactions of a cycle or a walk beyond its own steps. It's nil where nobody wants to draw.
func (c *checker) among(p *premises, inf inference, in cycle.Input, nodes []uint32) []check.Edge {
	if c.o.Graphs == 0 || len(nodes) > maxDrawnOps {
		return nil
	}
	links, ok := in.Among(nodes, maxDrawnEdges)
	if !ok {
		return nil
	}
	next := make(map[uint32]uint32, len(nodes))
	for i, v := range nodes {
		next[v] = nodes[(i+1)%len(nodes)]
	}
	links = slices.DeleteFunc(links, func(l cycle.Link) bool { return next[l.From] == l.To })
	return explainLinks(p, inf, nodes, links)
}

// explainLinks tells edges, with T1, T2, ... for the nodes in the given order.
func explainLinks(p *premises, inf inference, nodes []uint32, links []cycle.Link) []check.Edge {
	place := make(map[uint32]int, len(nodes))
	for i, v := range nodes {
		place[v] = i
	}
	var edges []check.Edge
	for _, l := range links {
		from, to := place[l.From], place[l.To]
		step := inf.step(p, edge{a: l.From, b: l.To, rel: l.Rel, ta: tName(from), tb: tName(to)})
		edges = append(edges, check.Edge{From: from, To: to, Step: step})
	}
	return edges
}

// step tells why e.a must come before e.b.
func (inf inference) step(p *premises, e edge) check.Step {
	switch e.rel {
	case cycle.Process:
		return p.processStep(e)
	case cycle.Realtime:
		return p.realtimeStep(e)
	}
	return inf.explain(e)
}

// drawings sees to what only drawings need.
func (c *checker) drawings(p *premises, inf inference, in cycle.Input, found cycle.Found, anomalies []check.Anomaly) []check.Graph {
	if c.o.Graphs == 0 {
		return nil
	}
	nodeOf := func(id history.ID) uint32 {
		i, _ := slices.BinarySearch(p.nodes, id)
		return uint32(i)
	}
	for i := range anomalies {
		if a := &anomalies[i]; len(a.Steps) > 0 {
			nodes := make([]uint32, len(a.Ops))
			for j, id := range a.Ops {
				nodes[j] = nodeOf(id)
			}
			a.Among = c.among(p, inf, in, nodes)
		}
	}
	return c.graphs(p, inf, in, found)
}
