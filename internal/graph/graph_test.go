package graph

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// random is a graph of n nodes with about e edges, a quarter of the relations each.
func random(r *rand.Rand, n, e int) *Graph {
	rows := make([][]Edge, n)
	for range e {
		v := r.IntN(n)
		rows[v] = append(rows[v], Edge{To: uint32(r.IntN(n)), Rel: 1 << r.IntN(4)})
	}
	return FromRows(n, 1, func(v uint32, buf []Edge) []Edge { return append(buf, rows[v]...) })
}

// randomChain lays a random interval order beside n nodes.
func randomChain(r *rand.Rand, n int) *Chain {
	on, off := make([]int32, n), make([]int32, n)
	for v := range n {
		on[v], off[v] = int32(r.IntN(n+1))-1, int32(r.IntN(n+1))-1
	}
	return NewChain(n, on, off)
}

// reach is the dumb oracle: whether v leads to w, through the edges in mask and the chain written out as pairs.
func reach(g *Graph, mask uint8, c *Chain) [][]bool {
	n := g.Len()
	m := make([][]bool, n)
	for v := range n {
		m[v] = make([]bool, n)
		m[v][v] = true
		to, rel := g.Row(uint32(v))
		for i, w := range to {
			m[v][w] = m[v][w] || rel[i]&mask != 0
		}
		for p := range c.Len() {
			for _, w := range c.At(p) {
				m[v][w] = m[v][w] || c.On[v] >= 0 && int(c.On[v]) <= p
			}
		}
	}
	for k := range n {
		for v := range n {
			for w := range n {
				m[v][w] = m[v][w] || m[v][k] && m[k][w]
			}
		}
	}
	return m
}

// Without it a wrong component, a lost chain edge, an ignored mask or a wrong topological number would pass.
func TestSCCAgreesWithReachability(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		n := 1 + r.IntN(9)
		g := random(r, n, r.IntN(2*n+1))
		var c *Chain
		if i%2 == 1 {
			c = randomChain(r, n)
		}
		mask := uint8(r.IntN(16))
		got, want := SCC(g, mask, c), reach(g, mask, c)
		for v := range n {
			for w := range n {
				same := want[v][w] && want[w][v]
				if (got.Of[v] == got.Of[w]) != same {
					t.Fatalf("case %d: %d and %d in one component: got %v, want %v", i, v, w, !same, same)
				}
				if want[v][w] && got.Of[v] < got.Of[w] {
					t.Fatalf("case %d: %d leads to %d but has the smaller component", i, v, w)
				}
			}
		}
		seen := map[uint32]bool{}
		for _, k := range got.Of {
			seen[k] = true
		}
		if len(seen) != got.Count {
			t.Fatalf("case %d: got %d components, want %d", i, got.Count, len(seen))
		}
	}
}

// Without it Groups could list too much, too little, or in another order.
func TestGroups(t *testing.T) {
	rows := [][]uint32{{1}, {0}, {2}, {4}, {3, 5}, {3}, {}}
	g := FromRows(len(rows), 1, func(v uint32, buf []Edge) []Edge {
		for _, w := range rows[v] {
			buf = append(buf, Edge{To: w, Rel: 1})
		}
		return buf
	})
	got, want := SCC(g, 1, nil).Groups(2), [][]uint32{{0, 1}, {3, 4, 5}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := len(SCC(g, 1, nil).Groups(1)); got != 4 {
		t.Errorf("got %d groups of one or more, want 4", got)
	}
}

// Without it a row could stay unsorted or keep repetitions, or depend on the number of workers.
func TestFromRows(t *testing.T) {
	const n = 3*blockNodes + 17
	row := func(v uint32, buf []Edge) []Edge {
		r := rand.New(rand.NewPCG(uint64(v), 3))
		for range r.IntN(40) {
			buf = append(buf, Edge{To: uint32(r.IntN(30)), Rel: 1 << r.IntN(8)})
		}
		return buf
	}
	one, four := FromRows(n, 1, row), FromRows(n, 4, row)
	if !slices.Equal(one.Off, four.Off) || !slices.Equal(one.To, four.To) || !slices.Equal(one.Rel, four.Rel) {
		t.Fatal("the graph depends on the number of workers")
	}
	for v := range uint32(n) {
		want := map[uint32]uint8{}
		for _, e := range row(v, nil) {
			want[e.To] |= e.Rel
		}
		to, rel := one.Row(v)
		if len(to) != len(want) || !slices.IsSorted(to) {
			t.Fatalf("row %d: got %v, want the %d keys of %v in order", v, to, len(want), want)
		}
		for i, w := range to {
			if rel[i] != want[w] {
				t.Fatalf("row %d: relations to %d: got %b, want %b", v, w, rel[i], want[w])
			}
		}
	}
}

// Without it a graph without nodes could panic.
func TestEmpty(t *testing.T) {
	g := FromRows(0, 2, func(uint32, []Edge) []Edge { return nil })
	if got := SCC(g, 255, nil).Groups(1); len(got) != 0 || g.Len() != 0 {
		t.Errorf("got %d groups and %d nodes, want none", len(got), g.Len())
	}
}

// The budget of a valid history: 1M nodes, 5M edges back in time, a chain.
func BenchmarkSCC(b *testing.B) {
	const n = 1 << 20
	g := FromRows(n, 0, func(v uint32, buf []Edge) []Edge {
		r := uint64(v)
		for range 5 {
			r = r*6364136223846793005 + 1442695040888963407
			if w := uint32(r>>33) % 100; w < v {
				buf = append(buf, Edge{To: v - w - 1, Rel: 1})
			}
		}
		return buf
	})
	on, off := make([]int32, n), make([]int32, n)
	for v := range n {
		on[v], off[v] = int32(min(n-1, n-v+20)), int32(n-1-v)
	}
	c := NewChain(n, on, off)
	b.ReportAllocs()
	for b.Loop() {
		SCC(g, 255, c)
	}
}
