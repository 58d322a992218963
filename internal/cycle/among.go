package cycle

import "slices"

// Link is one edge of a graph for people, told by one relation, as the edges of cycles are.
type Link struct {
	From, To uint32 // nodes
	Rel      Rel
}

// Among lists what orders the given nodes among each other: every edge of the graph, and of the realtime order what is
// left when all that follows from others of the given nodes is left out. Self-edges are left out. The order is that of
// nodes, by From, then To. ok is false if there are more than limit of them, which then aren't listed. O(n² log edges).
func (in Input) Among(nodes []uint32, limit int) (links []Link, ok bool) {
	tell := tellTable(in.Prefer)
	latest := in.Order.latest(nodes)
	for _, u := range nodes {
		for i, v := range nodes {
			rel := tell[in.between(u, v)]
			if rel == 0 && in.Order.before(u, v) && in.Order.Exit[u] >= latest[i] {
				rel = uint8(Realtime)
			}
			if rel == 0 || u == v {
				continue
			}
			if len(links) == limit {
				return nil, false
			}
			links = append(links, Link{u, v, Rel(rel)})
		}
	}
	return links, true
}

// between is the relations of the edge from u to v; 0 if there is none.
func (in Input) between(u, v uint32) uint8 {
	from, rel := in.In.Row(v)
	if i, ok := slices.BinarySearch(from, u); ok {
		return rel[i]
	}
	return 0
}

// latest is, for each node v, the latest that one of the nodes which completed before v was invoked. Whatever had
// completed by then comes before v by way of that node.
func (o *Order) latest(nodes []uint32) []int32 {
	at := make([]int32, len(nodes))
	for i, v := range nodes {
		for _, w := range nodes {
			if o.before(w, v) {
				at[i] = max(at[i], o.Enter[w])
			}
		}
	}
	return at
}

// before tells whether u completed before v was invoked.
func (o *Order) before(u, v uint32) bool { return o != nil && o.Exit[u] >= 0 && o.Exit[u] < o.Enter[v] }
