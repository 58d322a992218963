package cycle

import (
	"slices"
	"strings"
)

// searchSpec says how to look for a type of cycle: by an edge of the anchor relations u→v, and a way back from v to u
// of legal ones; if free is set, free ones may come in between, but never two in a row, nor beside the anchor.
//
// The types' definitions ask for more (of G2-item-process: two rw edges, adjacent ones, and a process edge). But a spec
// is only searched when no type that implies its own can be there: each of those comes earlier in searchSpecs, and was
// found (then this type is implied, and skipped), or looked for in vain, or proved impossible. A cycle that falls short
// of the definition would be of one of those types. Hence:
//
//   - G1c needs a wr edge, and a way back: without wr and wrp it would be G0. The same with process and realtime: a
//     cycle without such an edge would be of the plain type.
//   - G0-process and G0-realtime need a ww edge: process and realtime are orders, without cycles of their own.
//   - G-single needs an rwp edge: with an rw edge it would be G-single-item. So for G-nonadjacent and G2.
//   - G2-item needs an rw edge, and a way back that may have rw edges: one rw edge would make it G-single-item, several
//     without an adjacent pair G-nonadjacent-item. So for G2.
//
// Realtime specs leave process edges out, as the original's do: it never has both, since realtime includes the order of
// each process.
//
// In all these cases the cycle is an anchor and a shortest way back, so it's simple, and existence is decided exactly
// and in polynomial time. Whatever it is, it's reported under the type that it has.
//
// G-nonadjacent remains. Its rw edges must not be adjacent, so that a shortest way back may have to visit a transaction
// twice, once after an rw edge and once not; and whether a simple cycle exists is then NP-hard to tell, since it takes
// disjoint paths between given edges (Fortune, Hopcroft and Wyllie 1980). If every anchor's shortest walk repeats a
// node, its simple pieces are of other types (see pieces), which other specs look for, and the type isn't reported; the
// proof "<model>-cycle-exists" of the matching snapshot isolation, which asks for a walk only, refutes the model.
type searchSpec struct {
	name   string
	anchor Rel
	legal  Rel
	free   Rel
}

// searchSpecs are the types of cycles in the order of search (see anomalyOrder).
var searchSpecs = [...]searchSpec{
	{"G-single-item", RW, effects, 0},
	{"G0", writes, writes, 0},
	{"G-nonadjacent-item", RW, effects, RW},
	{"G-single-item-process", RW, effects | Process, 0},
	{"G1c", reads, effects, 0},
	{"G-nonadjacent-item-process", RW, effects | Process, RW},
	{"G-single", RWP, effects, 0},
	{"G-single-item-realtime", RW, effects | Realtime, 0},
	{"G2-item", RW, effects | RW, 0},
	{"G-nonadjacent", RWP, effects, anti},
	{"G-nonadjacent-item-realtime", RW, effects | Realtime, RW},
	{"G2", RWP, effects | anti, 0},
	{"G0-process", writes, writes | Process, 0},
	{"G1c-process", reads, effects | Process, 0},
	{"G-single-process", RWP, effects | Process, 0},
	{"G2-item-process", RW, effects | RW | Process, 0},
	{"G-nonadjacent-process", RWP, effects | Process, anti},
	{"G2-process", RWP, effects | anti | Process, 0},
	{"G0-realtime", writes, writes | Realtime, 0},
	{"G1c-realtime", reads, effects | Realtime, 0},
	{"G-single-realtime", RWP, effects | Realtime, 0},
	{"G2-item-realtime", RW, effects | RW | Realtime, 0},
	{"G-nonadjacent-realtime", RWP, effects | Realtime, anti},
	{"G2-realtime", RWP, effects | anti | Realtime, 0},
}

// searchOrder is the place of a type among the specs.
func searchOrder(name string) int {
	return slices.IndexFunc(searchSpecs[:], func(s searchSpec) bool { return s.name == name })
}

// typeOf names a cycle by the single relations of its edges.
func typeOf(rels []Rel) string {
	count, adjacent := 0, false
	var all Rel
	for i, r := range rels {
		all |= r
		if r&anti != 0 {
			count++
			adjacent = adjacent || rels[(i+1)%len(rels)]&anti != 0
		}
	}
	var name string
	switch {
	case count == 1:
		name = "G-single"
	case count > 1 && !adjacent:
		name = "G-nonadjacent"
	case count > 1:
		name = "G2"
	case all&reads != 0:
		name = "G1c"
	default:
		name = "G0"
	}
	if count > 0 && all&RWP == 0 {
		name += "-item"
	}
	switch {
	case all&Realtime != 0:
		name += "-realtime"
	case all&Process != 0:
		name += "-process"
	}
	return name
}

// isNonadjacent says whether a type is G-nonadjacent or a variant of it.
func isNonadjacent(name string) bool { return strings.HasPrefix(name, "G-nonadjacent") }

// rotate lets a cycle begin where an rw or rwp edge leaves; if it has none, where a wr or wrp edge does; else a
// process or realtime edge; else anywhere. Of several such places it takes the one of the smallest node.
func (c Cycle) rotate() Cycle {
	for _, kind := range [...]Rel{anti, reads, orders, allRels} {
		best := -1
		for i, r := range c.Rels {
			if r&kind != 0 && (best < 0 || c.Nodes[i] < c.Nodes[best]) {
				best = i
			}
		}
		if best >= 0 {
			c.Nodes = slices.Concat(c.Nodes[best:], c.Nodes[:best])
			c.Rels = slices.Concat(c.Rels[best:], c.Rels[:best])
			break
		}
	}
	return c
}

// pieces splits a closed walk at the nodes that it repeats into simple cycles.
//
// Of the shortest walk of a G-nonadjacent spec from its anchor, the loop between two visits of a node x lies between a
// visit after an rw edge and one after another: from the second anything may follow that may follow the first, so that
// two visits the other way round, or alike, could be cut short. So x's loop leaves and comes in without an rw edge, and
// is G-nonadjacent itself, or has no rw edge; and what remains has two rw edges adjacent at x, and is G2.
func (c Cycle) pieces() []Cycle {
	var out []Cycle
	var nodes []uint32
	var rels []Rel
	place := map[uint32]int{}
	for i, v := range c.Nodes {
		if at, ok := place[v]; ok {
			out = append(out, Cycle{Nodes: slices.Clone(nodes[at:]), Rels: slices.Clone(rels[at:])})
			for _, w := range nodes[at:] {
				delete(place, w)
			}
			nodes, rels = nodes[:at], rels[:at]
		}
		place[v] = len(nodes)
		nodes, rels = append(nodes, v), append(rels, c.Rels[i])
	}
	return append(out, Cycle{Nodes: nodes, Rels: rels})
}
