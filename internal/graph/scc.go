package graph

// Components is a partition into strongly connected components.
type Components struct {
	// Of is the component of each node, and then of each position of the chain. A component has a greater number than
	// those it leads to: the numbers are a topological order, backwards.
	Of    []uint32
	Count int
	first uint32 // the node that Of[0] stands for
	nodes int
}

// frame is a node whose neighbours are being visited.
type frame struct {
	v     uint32
	next  uint32 // which of its neighbours comes next
	inner bool   // something older on the stack can be reached: v isn't the root of its component
}

// SCC finds the strongly connected components of the edges that have a relation in mask, and of the chain, which may be
// nil. Self-edges make no difference. O(nodes + edges); 4 bytes a node, and the stacks.
//
// This is Tarjan's algorithm (1972) in Pearce's form (2016): one number a node is enough, since the index of an
// unfinished node and the component of a finished one are never needed together. Indices count up from 1, components
// down from above: whatever is finished is greater than any index in use.
func SCC(g *Graph, mask uint8, c *Chain) Components {
	return SCCRange(g, 0, uint32(g.Len()), mask, c)
}

// SCCRange is SCC for the nodes from first to end-1 alone, as if there were no others; the chain, too, and the result
// count from first.
func SCCRange(g *Graph, first, end uint32, mask uint8, c *Chain) Components {
	t := tarjan{g: g, c: c, mask: mask, first: first, n: end - first}
	total := t.n + uint32(c.Len())
	t.num = make([]uint32, total)
	t.index, t.comp = 1, total+1
	for v := range total {
		if t.num[v] == 0 {
			t.visit(v)
		}
	}
	for v := range t.num {
		t.num[v] = total - t.num[v]
	}
	return Components{Of: t.num, Count: int(total + 1 - t.comp), first: first, nodes: int(t.n)}
}

type tarjan struct {
	g     *Graph
	c     *Chain
	mask  uint8
	first uint32
	n     uint32
	num   []uint32
	index uint32
	comp  uint32
	path  []frame
	open  []uint32 // nodes that are visited and belong to no component yet, roots excepted
}

func (t *tarjan) push(v uint32) {
	t.num[v] = t.index
	t.index++
	t.path = append(t.path, frame{v: v})
}

// visit finishes everything that can be reached from v.
func (t *tarjan) visit(v uint32) {
	t.push(v)
	for len(t.path) > 0 {
		f := &t.path[len(t.path)-1]
		w, ok := t.step(f)
		switch {
		case ok && t.num[w] == 0:
			t.push(w) // f is invalid from here on
		case ok:
			if t.num[w] < t.num[f.v] {
				t.num[f.v], f.inner = t.num[w], true
			}
		default:
			t.finish()
		}
	}
}

// step is the next neighbour of the frame's node.
func (t *tarjan) step(f *frame) (uint32, bool) {
	if f.v >= t.n {
		return t.stepChain(f)
	}
	to, rel := t.g.Row(t.first + f.v)
	for int(f.next) < len(to) {
		i := f.next
		f.next++
		if w := to[i] - t.first; w < t.n && rel[i]&t.mask != 0 { // a smaller one than first is far above n
			return w, true
		}
	}
	if int(f.next) == len(to) && t.c != nil && t.c.On[f.v] >= 0 {
		f.next++
		return t.n + uint32(t.c.On[f.v]), true
	}
	return 0, false
}

func (t *tarjan) stepChain(f *frame) (uint32, bool) {
	at := t.c.At(int(f.v - t.n))
	i := int(f.next)
	f.next++
	switch {
	case i < len(at):
		return at[i], true
	case i == len(at) && int(f.v-t.n)+1 < t.c.Len():
		return f.v + 1, true
	}
	return 0, false
}

// finish takes the last node off the path; if it's the root of a component, the component is complete.
func (t *tarjan) finish() {
	f := t.path[len(t.path)-1]
	t.path = t.path[:len(t.path)-1]
	v := f.v
	if f.inner {
		t.open = append(t.open, v)
	} else {
		t.comp--
		t.index--
		for k := len(t.open) - 1; k >= 0 && t.num[v] <= t.num[t.open[k]]; k-- {
			t.num[t.open[k]] = t.comp
			t.index--
			t.open = t.open[:k]
		}
		t.num[v] = t.comp
	}
	if len(t.path) > 0 {
		up := &t.path[len(t.path)-1]
		if t.num[v] < t.num[up.v] {
			t.num[up.v], up.inner = t.num[v], true
		}
	}
}

// Groups lists the components of at least least nodes (positions of the chain aren't counted or listed), each
// ascending, ordered by their smallest nodes.
func (c Components) Groups(least int) [][]uint32 {
	size := make([]uint32, c.Count)
	for _, k := range c.Of[:c.nodes] {
		size[k]++
	}
	var groups [][]uint32
	for v, k := range c.Of[:c.nodes] {
		if size[k]&placed == 0 {
			if int(size[k]) < least {
				continue
			}
			groups = append(groups, make([]uint32, 0, size[k]))
			size[k] = placed | uint32(len(groups)-1)
		}
		g := &groups[size[k]&^placed]
		*g = append(*g, c.first+uint32(v))
	}
	return groups
}

// placed marks a size that has been replaced by the group's number.
const placed = 1 << 31
