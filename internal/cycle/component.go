package cycle

import (
	"slices"

	"jcheck/internal/graph"
)

// component is one strongly connected component, cut out of the graph, its nodes numbered from 0.
type component struct {
	nodes []uint32     // number in the whole graph, ascending
	g     *graph.Graph // successors, with all relations that each edge has
	told  []uint8      // for each edge of g the one relation by which it's told
	has   Rel          // all relations that occur
	tell  *[1 << 8]uint8
	// Of the realtime order only the members' own ranks are kept, without gaps: whatever lies between two members is a
	// member, so that even the transitive reduction can be told from these. All are nil without an order.
	enter []int32  // how many members completed before this one was invoked
	exit  []int32  // rank of the member's own completion, or -1
	owner []uint32 // the member of each rank
}

// cutter cuts components out of a graph. It's read only, for use by many goroutines.
type cutter struct {
	in    Input
	group []uint32 // number of each node's component from 1, or 0
	local []uint32 // number of each node in its component
	tell  *[1 << 8]uint8
}

func newCutter(in Input, groups [][]uint32) *cutter {
	n := in.In.Len()
	k := &cutter{in: in, group: make([]uint32, n), local: make([]uint32, n), tell: tellTable(in.Prefer)}
	for g, nodes := range groups {
		for i, v := range nodes {
			k.group[v], k.local[v] = uint32(g)+1, uint32(i)
		}
	}
	return k
}

// component cuts out the given nodes. O(their edges).
func (k *cutter) component(nodes []uint32) *component {
	c := &component{nodes: nodes, tell: k.tell}
	off := make([]uint64, len(nodes)+1)
	k.edges(nodes, func(from, _ uint32, _ uint8) { off[from+1]++ })
	for v := range nodes {
		off[v+1] += off[v]
	}
	c.g = &graph.Graph{Off: off, To: make([]uint32, off[len(nodes)]), Rel: make([]uint8, off[len(nodes)])}
	c.told = make([]uint8, len(c.g.To))
	at := slices.Clone(off[:len(nodes)])
	k.edges(nodes, func(from, to uint32, rel uint8) { // ascending by to, so that rows come out sorted
		i := at[from]
		at[from]++
		c.g.To[i], c.g.Rel[i], c.told[i] = to, rel, k.tell[rel]
		c.has |= Rel(rel)
	})
	if k.in.Order != nil {
		c.order(k.in.Order)
	}
	return c
}

// edges yields the edges between the nodes of a component by their numbers in it, ascending by target, then source.
func (k *cutter) edges(nodes []uint32, yield func(from, to uint32, rel uint8)) {
	of := k.group[nodes[0]]
	for to, v := range nodes {
		from, rel := k.in.In.Row(v)
		for i, u := range from {
			if k.group[u] == of && rel[i] != 0 {
				yield(k.local[u], uint32(to), rel[i])
			}
		}
	}
}

// order takes over the members' part of the realtime order.
func (c *component) order(o *Order) {
	n := len(c.nodes)
	c.enter, c.exit = make([]int32, n), make([]int32, n)
	for i, v := range c.nodes {
		c.exit[i] = -1
		if o.Exit[v] >= 0 {
			c.owner = append(c.owner, uint32(i))
		}
	}
	if len(c.owner) > 0 {
		c.has |= Realtime
	}
	rank := func(i uint32) int32 { return o.Exit[c.nodes[i]] }
	slices.SortFunc(c.owner, func(a, b uint32) int { return int(rank(a) - rank(b)) })
	for r, i := range c.owner {
		c.exit[i] = int32(r)
	}
	for i, v := range c.nodes {
		before, _ := slices.BinarySearchFunc(c.owner, o.Enter[v], func(m uint32, e int32) int { return int(rank(m) - e) })
		c.enter[i] = int32(before)
	}
}

// lacks says whether the component has none of some relations, though not none were asked for: a type that needs them
// can't be there.
func (c *component) lacks(rels Rel) bool { return rels != 0 && rels&c.has == 0 }

// moves is what a search may do: a graph of successors whose nodes below k are the transactions, and whose others are
// free: an edge into a free node doesn't count as a step, and what leaves one completes a realtime step.
type moves struct {
	g *graph.Graph
	k uint32
}

// moves lists the edges that have one of the relations use, which are read from rels: c.g.Rel or c.told; self-edges only
// if they are wanted. The realtime order is added by free nodes as jump says, unless that is nil.
func (c *component) moves(rels []uint8, use Rel, selfEdges bool, jump *jumps) *moves {
	m := &moves{k: uint32(len(c.nodes))}
	total := int(m.k)
	if jump != nil {
		total += jump.free()
	}
	off := make([]uint64, total+1)
	arcs := func(yield func(from, to uint32, rel uint8)) {
		for v := range m.k {
			for i := c.g.Off[v]; i < c.g.Off[v+1]; i++ {
				if Rel(rels[i])&use != 0 && (selfEdges || c.g.To[i] != v) {
					yield(v, c.g.To[i], rels[i])
				}
			}
		}
		if jump != nil {
			jump.arcs(c, yield)
		}
	}
	arcs(func(from, _ uint32, _ uint8) { off[from+1]++ })
	for v := range total {
		off[v+1] += off[v]
	}
	m.g = &graph.Graph{Off: off, To: make([]uint32, off[total]), Rel: make([]uint8, off[total])}
	at := slices.Clone(off[:total])
	arcs(func(from, to uint32, rel uint8) {
		m.g.To[at[from]], m.g.Rel[at[from]] = to, rel
		at[from]++
	})
	return m
}

// jumps says where realtime steps arrive: by which free nodes. The first ones are a chain, one for each rank: a member
// enters it at its own rank, and leaves it at any later one. A member off[b] of which is -1 can't be reached so.
//
// A realtime step is one that no other relation tells: where the data has an edge from a to b, and nothing completed
// between them (so that the original, which keeps only the transitive reduction, has a realtime edge there at all), the
// edge is told by the data, and realtime is masked. For a member b with masked sources, the chain serves those that
// are earlier than any that can be masked, and the others come through a segment tree over the ranks: the gaps between
// the masked ones are ranges, and a range is the union of a few nodes of the tree. So n members with e masked edges
// take O((n + e) log n) arcs whatever the concurrency, where to write out the sources of each would take n times that.
type jumps struct {
	ranks int
	off   []int32
	tree  []treeArc // ascending by member
}

// treeArc leads from a node of the segment tree to a member.
type treeArc struct{ node, to uint32 }

// allJumps is the realtime order as it is.
func (c *component) allJumps() *jumps {
	j := &jumps{ranks: len(c.owner), off: make([]int32, len(c.enter))}
	for v, e := range c.enter {
		j.off[v] = e - 1
	}
	return j
}

// openJumps is the realtime order without the steps that are masked by an edge that is told by other relations than
// the legal ones. Steps masked by a legal edge stay: a search takes the edge before it takes the step.
func (c *component) openJumps(legal Rel) *jumps {
	j := c.allJumps()
	// (a, b) is in the transitive reduction just if no c completed before b's invocation that was invoked after a's
	// completion: if exit(a) >= latest[enter(b)].
	latest := make([]int32, j.ranks+1)
	for r, v := range c.owner {
		latest[r+1] = max(latest[r], c.enter[v])
	}
	var masked []uint64 // member and rank of the source
	for a := range uint32(len(c.nodes)) {
		for i := c.g.Off[a]; i < c.g.Off[a+1]; i++ {
			b := c.g.To[i]
			x, e := c.exit[a], c.enter[b]
			if Rel(c.told[i])&legal == 0 && x >= 0 && x < e && x >= latest[e] {
				masked = append(masked, uint64(b)<<32|uint64(x))
			}
		}
	}
	slices.Sort(masked)
	for i := 0; i < len(masked); {
		b := uint32(masked[i] >> 32)
		from, e := latest[c.enter[b]], c.enter[b]
		j.off[b] = from - 1
		for ; i < len(masked) && uint32(masked[i]>>32) == b; i++ {
			x := int32(uint32(masked[i]))
			j.cover(from, x, b)
			from = x + 1
		}
		j.cover(from, e, b)
	}
	return j
}

// cover lets the ranks from..to-1 lead to member b, by the nodes of the segment tree that make up the range. The tree
// is the usual one in an array: the leaf of rank r is node ranks+r, the parent of node t is t/2, and the root is 1.
func (j *jumps) cover(from, to int32, b uint32) {
	for l, r := int(from)+j.ranks, int(to)+j.ranks; l < r; l, r = l/2, r/2 {
		if l&1 == 1 {
			j.tree = append(j.tree, treeArc{uint32(l), b})
			l++
		}
		if r&1 == 1 {
			r--
			j.tree = append(j.tree, treeArc{uint32(r), b})
		}
	}
}

// free is the number of free nodes: the chain, then the tree if there is one.
func (j *jumps) free() int {
	if len(j.tree) == 0 {
		return j.ranks
	}
	return 3 * j.ranks
}

// arcs yields the arcs into, between and out of the free nodes, for each source ascending by target.
func (j *jumps) arcs(c *component, yield func(from, to uint32, rel uint8)) {
	const rel = uint8(Realtime)
	chain := uint32(len(c.nodes))
	tree := chain + uint32(j.ranks)
	leaves := tree + uint32(j.ranks)
	for v, p := range j.off {
		if p >= 0 {
			yield(chain+uint32(p), uint32(v), rel)
		}
	}
	for _, arc := range j.tree {
		yield(tree+arc.node, arc.to, rel)
	}
	for r, v := range c.owner {
		yield(v, chain+uint32(r), rel)
		if r+1 < j.ranks {
			yield(chain+uint32(r), chain+uint32(r)+1, rel)
		}
		if len(j.tree) > 0 {
			yield(v, leaves+uint32(r), rel)
		}
	}
	if len(j.tree) > 0 {
		for t := uint32(2); t < 2*uint32(j.ranks); t++ {
			yield(tree+t, tree+t/2, rel)
		}
	}
}

// product is the graph of walks in which no two edges of the relations y follow each other, and all others are of x.
// Node v below g.Len() is v after an x edge, where anything may follow; node g.Len()+v is v where an x edge must follow.
// Every v leads to its other half, so that x edges need to be written only once. Rows aren't sorted.
func (m *moves) product(x, y Rel) *graph.Graph {
	n := uint32(m.g.Len())
	off := make([]uint64, 2*n+1)
	arcs := func(yield func(from, to uint32)) {
		for v := range n {
			to, rel := m.g.Row(v)
			yield(v, n+v)
			for i, w := range to {
				if Rel(rel[i])&y != 0 {
					yield(v, n+w)
				}
				if Rel(rel[i])&x != 0 {
					yield(n+v, w)
				}
			}
		}
	}
	arcs(func(from, _ uint32) { off[from+1]++ })
	for v := range 2 * n {
		off[v+1] += off[v]
	}
	p := &graph.Graph{Off: off, To: make([]uint32, off[2*n]), Rel: make([]uint8, off[2*n])}
	at := slices.Clone(off[:2*n])
	arcs(func(from, to uint32) {
		p.To[at[from]], p.Rel[at[from]] = to, 1
		at[from]++
	})
	return p
}
