package cycle

import (
	"context"

	"jcheck/internal/graph"
)

// Order is the realtime order of the nodes without its edges: a comes before b just when
// 0 <= Exit[a] < Enter[b]. Ranks count the ok completions of client operations in file order.
type Order struct {
	Enter []int32 // ok completions before the node's invocation; 0 if it has no invocation
	Exit  []int32 // rank of the node's own completion among the ok ones, from 0; -1 if it isn't ok
}

// Input is a dependency graph to search.
type Input struct {
	// In lists for each node its predecessors: the data and process edges that lead into it.
	In *graph.Graph
	// Order adds realtime edges; nil for none.
	Order *Order
	// Prefer ranks the relations by which an edge with several of them is told (data first), e.g. WW, WR, RW.
	// Relations that it doesn't name come after: process, then realtime.
	Prefer []Rel
	// Workers bounds the parallelism; 0 means GOMAXPROCS. The result does not depend on it.
	Workers int
}

// Cycle is a typed simple cycle: Rels[i] leads from Nodes[i] to Nodes[i+1], the last one back to Nodes[0]. It begins
// where an rw edge leaves, or else the edge that makes it more than G0: see rotate.
type Cycle struct {
	Type  string
	Nodes []uint32
	Rels  []Rel
}

// Exists is a proof that a projection of the graph has a cycle, without a typed one.
type Exists struct {
	Type     string   // "<model>-cycle-exists"
	Not      string   // friendly name of the model
	Subgraph string   // the projection as EDN, e.g. "[:extension [:union :ww ...] [:union :rw :rwp]]"
	Nodes    []uint32 // the smallest strongly connected component, ascending
	// Walk is a closed walk in the projection, through one of Nodes; it may pass a transaction twice. Without a Type.
	Walk Cycle
}

// Found is the result of a search, ordered by component (smallest node first), then by the search order of types.
type Found struct {
	Components int        // strongly connected components of two nodes or more
	Groups     [][]uint32 // their nodes, ascending
	Cycles     []Cycle
	Exists     []Exists
}

// Find looks for every type of cycle in every strongly connected component.
//
// It is complete up to implication: every type that some simple cycle has is reported, or implied by one that is, or a
// proof in Exists refutes the models that it would (see searchSpec for why no more can be had in polynomial time).
// Cycles are the shortest of their types, unless a budget of work, counted in edges and so the same everywhere, ran out
// in the hunt for shorter ones. The error is that of ctx; what had been found by then is returned with it.
func Find(ctx context.Context, in Input) (Found, error) {
	groups := components(in)
	if len(groups) == 0 {
		return Found{}, ctx.Err()
	}
	cut := newCutter(in, groups)
	rules := newRules()
	parts := make([]Found, len(groups))
	graph.Parallel(len(groups), in.Workers, func() func(int) {
		return func(i int) {
			if ctx.Err() == nil {
				s := search{ctx: ctx, c: cut.component(groups[i]), rules: rules, workers: 1}
				if len(groups[i]) >= giant {
					s.workers = in.Workers
				}
				parts[i] = s.run()
			}
		}
	})
	found := Found{Components: len(groups), Groups: groups}
	for _, p := range parts {
		found.Cycles = append(found.Cycles, p.Cycles...)
		found.Exists = append(found.Exists, p.Exists...)
	}
	return found, ctx.Err()
}

// giant is the size from which a component is searched by several goroutines.
const giant = 4096
