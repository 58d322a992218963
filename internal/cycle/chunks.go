package cycle

import "jcheck/internal/graph"

// chunkNodes is the least size of a chunk but the last. It doesn't depend on the number of workers, so that no result
// can.
const chunkNodes = 1 << 14

// components lists the strongly connected components of two nodes or more, ascending, ordered by smallest node.
//
// Tarjan's algorithm can't be shared among cores. But operations hardly ever depend on what came after them: between
// two of them that no edge leads back across, the nodes can be cut, and no cycle crosses the cut. A valid history has
// such cuts everywhere but where operations ran at the same time, or one that never returned was observed.
func components(in Input) [][]uint32 {
	ends := in.chunks()
	parts := make([][][]uint32, len(ends))
	graph.Parallel(len(ends), in.Workers, func() func(int) {
		return func(i int) {
			first := uint32(0)
			if i > 0 {
				first = ends[i-1]
			}
			chain := in.Order.chainBack(first, ends[i])
			parts[i] = graph.SCCRange(in.In, first, ends[i], allRels, chain).Groups(2)
		}
	})
	var all [][]uint32
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// chunks lists the ends of ranges of nodes that no cycle leaves, as small as they can be but for chunkNodes.
func (in Input) chunks() []uint32 {
	n := uint32(in.In.Len())
	last, ok := in.Order.lastBefore()
	if !ok {
		return []uint32{n}
	}
	var ends []uint32
	begin, reach := uint32(0), uint32(0) // reach: one more than the latest node that leads to one before v
	for v := range n {
		if v >= reach && v-begin >= chunkNodes {
			ends = append(ends, v)
			begin = v
		}
		if from, _ := in.In.Row(v); len(from) > 0 {
			reach = max(reach, from[len(from)-1]+1)
		}
		if last != nil {
			reach = max(reach, last[in.Order.Enter[v]])
		}
	}
	return append(ends, n)
}

// length is the number of ranks that the order speaks of.
func (o *Order) length() int32 {
	length := int32(0)
	for v := range o.Enter {
		length = max(length, o.Enter[v], o.Exit[v]+1)
	}
	return length
}

// lastBefore tells for each rank one more than the last node with a smaller one, or 0 if there's none. It fails if the
// ranks don't ascend with the nodes: ranges of nodes then aren't ranges of ranks.
func (o *Order) lastBefore() (last []uint32, ok bool) {
	if o == nil {
		return nil, true
	}
	last = make([]uint32, o.length()+1)
	next := int32(0) // ranks up to this one have their answer
	for v, x := range o.Exit {
		if x < 0 {
			continue
		}
		if x < next {
			return nil, false
		}
		for ; next < x; next++ {
			last[next+1] = last[next]
		}
		last[x+1] = uint32(v) + 1
		next = x + 1
	}
	for ; int(next)+1 < len(last); next++ {
		last[next+1] = last[next]
	}
	return last, true
}

// chainBack lays the realtime order of a range of nodes beside their rows of predecessors: backwards, the latest
// completion first. Ranks that belong to no node of the range do no harm.
func (o *Order) chainBack(first, end uint32) *graph.Chain {
	if o == nil {
		return nil
	}
	low, high := int32(-1), int32(0) // the ranks of the range
	for _, x := range o.Exit[first:end] {
		if x >= 0 && (low < 0 || x < low) {
			low = x
		}
		high = max(high, x+1)
	}
	low = max(low, 0)
	length := max(high-low, 0)
	on, off := make([]int32, end-first), make([]int32, end-first)
	for i := range on {
		on[i], off[i] = -1, -1
		if e := min(o.Enter[first+uint32(i)], high) - low; e > 0 {
			on[i] = length - e
		}
		if x := o.Exit[first+uint32(i)]; x >= 0 {
			off[i] = high - 1 - x
		}
	}
	return graph.NewChain(int(length), on, off)
}
