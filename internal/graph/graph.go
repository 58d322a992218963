// Package graph holds directed graphs of many nodes in compressed rows, and the algorithms on them, one a file.
package graph

// Graph is a directed graph in compressed sparse rows. Row v, To[Off[v]:Off[v+1]], lists v's neighbours in ascending
// order, without repetition; Rel[i] is the set of relations (one bit each) of edge i. Whether a row lists successors or
// predecessors is the owner's choice. Self-edges are allowed.
type Graph struct {
	Off []uint64
	To  []uint32
	Rel []uint8
}

// Len is the number of nodes.
func (g *Graph) Len() int { return max(len(g.Off)-1, 0) }

// Row is the neighbours of v and the relations of the edges to them.
func (g *Graph) Row(v uint32) ([]uint32, []uint8) {
	a, b := g.Off[v], g.Off[v+1]
	return g.To[a:b], g.Rel[a:b]
}
