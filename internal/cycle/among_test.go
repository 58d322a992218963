package cycle

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"jcheck/internal/graph"
)

// TestAmong compares the edges for drawing with their definition. Without it, a drawing could lack the edge that makes
// the contradiction, or be black with realtime edges that follow from others.
func TestAmong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "n")
		o := &Order{Enter: make([]int32, n), Exit: make([]int32, n)}
		for v := range n {
			o.Enter[v] = rapid.Int32Range(0, 6).Draw(t, "enter")
			o.Exit[v] = rapid.Int32Range(-1, 6).Draw(t, "exit")
		}
		rels := rapid.SliceOfN(rapid.SampledFrom([]Rel{0, 0, WW, WR, RW, WW | RW, Process}), n*n, n*n).Draw(t, "rels")
		in := Input{Order: o, Prefer: []Rel{WW, WR, RW}}
		in.In = graph.FromRows(n, 1, func(v uint32, buf []graph.Edge) []graph.Edge {
			for u := range uint32(n) {
				if r := rels[int(u)*n+int(v)]; r != 0 {
					buf = append(buf, graph.Edge{To: u, Rel: uint8(r)})
				}
			}
			return buf
		})
		nodes := rapid.SliceOfNDistinct(rapid.Uint32Range(0, uint32(n-1)), 0, n, func(v uint32) uint32 { return v }).Draw(t, "nodes")
		var want []Link
		for _, u := range nodes {
			for _, v := range nodes {
				r := tell(rels[int(u)*n+int(v)], in.Prefer)
				ran := func(a, b uint32) bool { return o.Exit[a] >= 0 && o.Exit[a] < o.Enter[b] }
				implied := slices.ContainsFunc(nodes, func(w uint32) bool { return ran(u, w) && ran(w, v) })
				if r == 0 && ran(u, v) && !implied {
					r = Realtime
				}
				if r != 0 && u != v {
					want = append(want, Link{u, v, r})
				}
			}
		}
		if got, ok := in.Among(nodes, len(want)); !ok || !slices.Equal(got, want) {
			t.Fatalf("Among(%v) = %v %v, want %v", nodes, got, ok, want)
		}
		if got, ok := in.Among(nodes, len(want)-1); ok && len(want) > 0 {
			t.Fatalf("Among(%v) = %v beyond its limit of %d", nodes, got, len(want)-1)
		}
	})
}
