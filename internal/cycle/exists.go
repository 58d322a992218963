package cycle

import (
	"slices"

	"jcheck/internal/graph"
)

// existsRow demands of a model that a projection of the graph have no cycle: x by itself, or with y extended by the
// composition x;y (an x edge followed by a y edge, as one edge that leaves its middle out).
type existsRow struct {
	model string // canonical
	x, y  Rel
}

// existsRows are tried in this order. Sources: Adya 1999 for the acyclicity that defines PL-1, PL-2, PL-2.99 and PL-3;
// Cerone and Gotsman 2016 for snapshot isolation, which allows a cycle only if two rw edges of it are adjacent.
var existsRows = [...]existsRow{
	{"PL-1", writes, 0},
	{"PL-2", effects, 0},
	{"PL-SI", effects, anti},
	{"PL-2.99", effects | RW, 0},
	{"PL-3", effects | anti, 0},
	{"strong-session-PL-1", writes | Process, 0},
	{"strong-session-PL-2", effects | Process, 0},
	{"strong-session-snapshot-isolation", effects | Process, anti},
	{"strong-session-serializable", effects | anti | Process, 0},
	{"strong-PL-1", writes | Realtime, 0},
	{"strong-PL-2", effects | Realtime, 0},
	{"strong-snapshot-isolation", effects | Realtime, anti},
	{"PL-SS", effects | anti | Realtime, 0},
}

// subgraph is the projection as the EDN that results give.
func (r existsRow) subgraph() string {
	if r.y == 0 {
		return r.x.union()
	}
	return "[:extension " + r.x.union() + " " + r.y.union() + "]"
}

// Projection is the part of the dependencies that has no cycle where a model holds, as EDN. Of [:extension x y], y
// counts only after an x. It's "" for a model of which no such proof is tried.
func Projection(model string) string {
	canonical, _ := Canonical(model)
	for _, row := range existsRows {
		if row.model == canonical {
			return row.subgraph()
		}
	}
	return ""
}

// exists proves models impossible by the first rows that demand it, and returns the set of impossible ones. Every row
// costs time linear in the component; rows that differ only in relations that the component lacks share one answer.
func (c *component) exists(rules *rules) (proofs []Exists, impossible uint64) {
	acyclic := map[[2]Rel]bool{}
	for i, row := range existsRows {
		key := [2]Rel{row.x & c.has, row.y & c.has}
		if impossible&rules.model[i] != 0 || acyclic[key] {
			continue
		}
		nodes := c.smallest(row.x, row.y)
		if nodes == nil {
			acyclic[key] = true
			continue
		}
		walk := c.closedWalk(nodes, row.x, row.y)
		c.globally(nodes)
		c.globally(walk.Nodes)
		impossible |= rules.stronger[i]
		proofs = append(proofs, Exists{
			Type: row.model + fallback, Not: Friendly(row.model), Subgraph: row.subgraph(), Nodes: nodes, Walk: walk,
		})
	}
	return proofs, impossible
}

// globally turns the component's numbers of nodes into the whole graph's.
func (c *component) globally(nodes []uint32) {
	for i, v := range nodes {
		nodes[i] = c.nodes[v]
	}
}

// smallest is the smallest strongly connected component of a projection, of those the one with the smallest node: at
// least two nodes, or one with a self-edge. It's nil if there is none.
func (c *component) smallest(x, y Rel) []uint32 {
	var jump *jumps
	if x&Realtime != 0 && c.enter != nil {
		jump = c.allJumps()
	}
	m := c.moves(c.g.Rel, x|y, true, jump)
	of := make([]uint32, m.k) // the component of each node, or none
	if y != 0 {
		part := graph.SCC(m.product(x, y), allRels, nil)
		for v := range m.k {
			of[v] = m.extended(part, v, x)
		}
	} else {
		part := graph.SCC(m.g, allRels, nil)
		size := make([]uint32, part.Count)
		for v := range m.k {
			of[v] = part.Of[v]
			size[of[v]]++
		}
		for v := range m.k {
			if size[of[v]] == 1 && !c.self(v, c.g.Rel, x) {
				of[v] = none
			}
		}
	}
	return smallestOf(of)
}

// none is no component.
const none = ^uint32(0)

// extended is v's component in the extension, or none if v doesn't lead back to itself there. In the product, a walk
// that leaves v by an x edge (from v's second half) and comes back is a walk of the extension from v to v, because
// every y edge on it follows an x edge within it. If v leaves by y edges only, it's never more than the left-out middle
// of a composed edge. Two nodes that leave so in one component of the product reach each other in the extension; so its
// components are those of the product, without the middles.
func (m *moves) extended(part graph.Components, v uint32, x Rel) uint32 {
	of := part.Of[uint32(m.g.Len())+v]
	to, rel := m.g.Row(v)
	for i, w := range to {
		if Rel(rel[i])&x != 0 && part.Of[w] == of {
			return of
		}
	}
	return none
}

// smallestOf lists the nodes of the smallest component, of those the one with the smallest node.
func smallestOf(of []uint32) []uint32 {
	size := map[uint32]int{} // few: singletons are no components here
	for _, k := range of {
		if k != none {
			size[k]++
		}
	}
	best := none
	for _, k := range of {
		if k != none && (best == none || size[k] < size[best]) {
			best = k
		}
	}
	var nodes []uint32
	for v, k := range of {
		if k != none && k == best {
			nodes = append(nodes, uint32(v))
		}
	}
	return nodes
}

// self says whether v has a self-edge with one of the given relations.
func (c *component) self(v uint32, rels []uint8, use Rel) bool {
	to, _ := c.g.Row(v)
	i, ok := slices.BinarySearch(to, v)
	return ok && Rel(rels[c.g.Off[v]+uint64(i)])&use != 0
}
