package cycle

import (
	"math/rand/v2"
	"slices"
	"testing"

	"jcheck/internal/graph"
)

// stream is a long history: edges from the last few operations, now and then one from a later operation, and a realtime
// order in which a few operations run at a time.
func stream(r *rand.Rand, n, later int) Input {
	in := Input{Order: &Order{Enter: make([]int32, n), Exit: make([]int32, n)}}
	rank := int32(0)
	for v := range n {
		in.Order.Enter[v] = max(0, rank-int32(r.IntN(8)))
		in.Order.Exit[v] = -1
		if r.IntN(10) > 0 {
			rank += int32(1 + r.IntN(2)) // some ranks belong to no node
			in.Order.Exit[v] = rank - 1
		}
	}
	seed := r.Uint64()
	in.In = graph.FromRows(n, 0, func(v uint32, buf []graph.Edge) []graph.Edge {
		r := rand.New(rand.NewPCG(seed, uint64(v)))
		for range r.IntN(3) {
			buf = append(buf, graph.Edge{To: max(v, 50) - uint32(r.IntN(50)), Rel: uint8(WR)})
		}
		if r.IntN(later) == 0 {
			buf = append(buf, graph.Edge{To: min(v+uint32(r.IntN(100)), uint32(n)-1), Rel: uint8(RW)})
		}
		return buf
	})
	return in
}

// Without it a cycle could be cut in two: the components found chunk by chunk are compared with those of the whole.
func TestChunksCutNoCycle(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	for i := range 6 {
		n := 3*chunkNodes + r.IntN(chunkNodes)
		in := stream(r, n, []int{3, 100, 1000}[i%3])
		switch i {
		case 3:
			in.Order = nil
		case 4: // a completion that comes late in the order of nodes: no range of nodes is one of ranks
			in.Order.Exit[n-1], in.Order.Exit[5] = 0, in.Order.Exit[n-2]+5
		}
		want := graph.SCC(in.In, allRels, in.Order.chainBack(0, uint32(n))).Groups(2)
		got := components(in)
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("case %d: got %d components, want %d", i, len(got), len(want))
		}
		if len(want) == 0 {
			t.Errorf("case %d has no component: it compares nothing", i)
		}
		if got := len(in.chunks()); i%3 == 2 && got < 3 {
			t.Errorf("case %d: got %d chunks, want 3 or more", i, got)
		}
	}
}
