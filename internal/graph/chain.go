package graph

// Chain is a total order laid beside a graph: positions 0, 1, ..., each leading to the next. A node may step on at one
// position, and step off at one or several. So a leads to b through the chain just when a steps on at or before a
// position where b steps off. An interval order of n nodes (the realtime order) thus takes 3n edges, where its
// transitive reduction has n times the concurrency.
//
// Algorithms number position p as node g.Len()+p.
type Chain struct {
	On    []int32  // position where each node steps on, or -1
	Off   []uint32 // Leave[Off[p]:Off[p+1]] are the nodes that step off at p, ascending
	Leave []uint32
}

// Len is the number of positions.
func (c *Chain) Len() int {
	if c == nil {
		return 0
	}
	return max(len(c.Off)-1, 0)
}

// At is the nodes that step off at p.
func (c *Chain) At(p int) []uint32 { return c.Leave[c.Off[p]:c.Off[p+1]] }

// NewChain is the chain of the given length where node v steps on at on[v] and off at off[v]; -1 means never.
func NewChain(length int, on, off []int32) *Chain {
	c := &Chain{On: on, Off: make([]uint32, length+1)}
	for _, p := range off {
		if p >= 0 {
			c.Off[p+1]++
		}
	}
	for p := range length {
		c.Off[p+1] += c.Off[p]
	}
	c.Leave = make([]uint32, c.Off[length])
	fill := make([]uint32, length)
	for v, p := range off {
		if p >= 0 {
			c.Leave[c.Off[p]+fill[p]] = uint32(v)
			fill[p]++
		}
	}
	return c
}
