package cycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jcheck/internal/graph"
)

// relOf is the relation of a name.
func relOf(t *testing.T, name string) Rel {
	t.Helper()
	for _, n := range relNames {
		if n.name == name {
			return n.rel
		}
	}
	t.Fatalf("no relation %q", name)
	return 0
}

// labelled reads rows [[a, b, "rel"], ...].
func labelled(t *testing.T, text json.RawMessage) map[[2]uint32]Rel {
	t.Helper()
	var rows [][3]any
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	edges := map[[2]uint32]Rel{}
	for _, row := range rows {
		edges[[2]uint32{uint32(row[0].(float64)), uint32(row[1].(float64))}] |= relOf(t, row[2].(string))
	}
	return edges
}

// inputOf is the search of a few edges.
func inputOf(edges map[[2]uint32]Rel) Input {
	n := uint32(0)
	for e := range edges {
		n = max(n, e[0]+1, e[1]+1)
	}
	in := graph.FromRows(int(n), 1, func(b uint32, buf []graph.Edge) []graph.Edge {
		for e, rel := range edges {
			if e[1] == b {
				buf = append(buf, graph.Edge{To: e[0], Rel: uint8(rel)})
			}
		}
		return buf
	})
	return Input{In: in, Prefer: []Rel{WW, WR, RW}}
}

func mustFind(t *testing.T, in Input) Found {
	t.Helper()
	found, err := Find(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Without it the search could contradict the original's own tests: where those expect a cycle of a type, one of that
// type or of one that implies it is reported; where they expect none, none of that type is.
func TestSearchUnits(t *testing.T) {
	for _, u := range units(t, "bfs/search") {
		found := mustFind(t, inputOf(labelled(t, u.Edges)))
		var implied, names []string
		for _, c := range found.Cycles {
			implied = append(implied, Implied(c.Type)...)
			names = append(names, c.Type)
		}
		if u.Cycle != nil && !slices.Contains(implied, u.Spec) {
			t.Errorf("%s: got %v, want something that implies %s", u.Name, names, u.Spec)
		}
		if u.Cycle == nil && slices.Contains(names, u.Spec) {
			t.Errorf("%s: got %v, want no %s", u.Name, names, u.Spec)
		}
	}
}

// Without it the proofs could contradict the original's own tests, or a projection be written otherwise.
func TestExistsUnits(t *testing.T) {
	type proof struct {
		Type, Not string
		Subgraph  any
		Size      int `json:"scc-size"`
		SCC       []uint32
	}
	for _, u := range units(t, "txn/cycle-exists-cases") {
		var want []proof
		if err := json.Unmarshal(u.Expect, &want); err != nil {
			t.Fatal(err)
		}
		var got []proof
		for _, e := range mustFind(t, inputOf(labelled(t, u.Edges))).Exists {
			got = append(got, proof{e.Type, e.Not, plain(e.Subgraph), len(e.Nodes), e.Nodes})
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", u.Name, diff)
		}
	}
}

// plain reads a projection's EDN as nested lists of names.
func plain(edn string) any {
	text := strings.NewReplacer("[", "[ ", "]", " ]", ":", "").Replace(edn)
	stack := [][]any{nil}
	for _, word := range strings.Fields(text) {
		last := len(stack) - 1
		switch word {
		case "[":
			stack = append(stack, nil)
		case "]":
			stack[last-1] = append(stack[last-1], stack[last])
			stack = stack[:last]
		default:
			stack[last] = append(stack[last], word)
		}
	}
	return stack[0][0]
}

// Without it a row of the thirteen could ask for the wrong projection: oracle and search read the same table.
func TestExistsRows(t *testing.T) {
	want := `PL-1 [:union :ww :wwp]
PL-2 [:union :ww :wwp :wr :wrp]
PL-SI [:extension [:union :ww :wwp :wr :wrp] [:union :rw :rwp]]
PL-2.99 [:union :ww :wwp :wr :wrp :rw]
PL-3 [:union :ww :wwp :wr :wrp :rw :rwp]
strong-session-PL-1 [:union :ww :wwp :process]
strong-session-PL-2 [:union :ww :wwp :wr :wrp :process]
strong-session-snapshot-isolation [:extension [:union :ww :wwp :wr :wrp :process] [:union :rw :rwp]]
strong-session-serializable [:union :ww :wwp :wr :wrp :rw :rwp :process]
strong-PL-1 [:union :ww :wwp :realtime]
strong-PL-2 [:union :ww :wwp :wr :wrp :realtime]
strong-snapshot-isolation [:extension [:union :ww :wwp :wr :wrp :realtime] [:union :rw :rwp]]
PL-SS [:union :ww :wwp :wr :wrp :rw :rwp :realtime]
`
	var got strings.Builder
	for _, row := range existsRows {
		fmt.Fprintln(&got, row.model, row.subgraph())
	}
	if diff := cmp.Diff(got.String(), want); diff != "" {
		t.Errorf("rows (-got +want):\n%s", diff)
	}
}

// Without it the rows could come in another order than the tables', or name other proofs.
func TestSearchTables(t *testing.T) {
	tab := readTables(t)
	for i, name := range tab.SearchOrder {
		if i >= len(searchSpecs) || searchSpecs[i].name != name {
			t.Errorf("spec %d isn't %s", i, name)
		}
	}
	for i, row := range tab.CycleExists {
		if got := existsRows[i]; got.model+fallback != row.Type || Friendly(got.model) != row.Not {
			t.Errorf("row %d: got %s, want %s", i, got.model, row.Model)
		}
	}
	if len(tab.SearchOrder) != len(searchSpecs) || len(tab.CycleExists) != len(existsRows) {
		t.Errorf("got %d specs and %d rows, want %d and %d",
			len(searchSpecs), len(existsRows), len(tab.SearchOrder), len(tab.CycleExists))
	}
}

// Without it components could contradict the original's own tests.
func TestComponentUnits(t *testing.T) {
	for _, u := range units(t, "graph/sccs") {
		edges := map[[2]uint32]Rel{}
		for from, to := range u.Graph {
			var a uint32
			if _, err := fmt.Sscan(from, &a); err != nil {
				t.Fatal(err)
			}
			for _, b := range to {
				edges[[2]uint32{a, b}] |= WW
			}
		}
		var want [][]uint32
		if err := json.Unmarshal(u.Expect, &want); err != nil {
			t.Fatal(err)
		}
		in := inputOf(edges)
		got := graph.SCC(in.In, allRels, nil).Groups(2)
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: got %v, want %v", u.Name, got, want)
		}
	}
}

// Without it the product could compose the wrong edges: in it, x leads to z by an edge of a and one of b just if the
// composition of a and b, as the original's tests list it, has the edge.
func TestCompositionUnits(t *testing.T) {
	rows := append(units(t, "graph/sequential-composition"), units(t, "graph/sequential-extension")...)
	for _, u := range rows {
		number := map[any]uint32{}
		pairs := func(text json.RawMessage) (list [][2]uint32) {
			var rows [][]any
			if err := json.Unmarshal(text, &rows); err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				var pair [2]uint32
				for i := range pair {
					if _, ok := number[row[i]]; !ok {
						number[row[i]] = uint32(len(number))
					}
					pair[i] = number[row[i]]
				}
				list = append(list, pair)
			}
			return list
		}
		a, b, want := pairs(u.A), pairs(u.B), pairs(u.Composition)
		n := uint32(len(number))
		edges := func(list [][2]uint32, rel Rel, v uint32, buf []graph.Edge) []graph.Edge {
			for _, e := range list {
				if e[0] == v {
					buf = append(buf, graph.Edge{To: e[1], Rel: uint8(rel)})
				}
			}
			return buf
		}
		m := &moves{k: n, g: graph.FromRows(int(n), 1, func(v uint32, buf []graph.Edge) []graph.Edge {
			return edges(b, RW, v, edges(a, WW, v, buf))
		})}
		p := m.product(WW, RW)
		var got [][2]uint32
		for x := range n {
			middles, _ := p.Row(n + x)
			for _, y := range middles {
				ends, _ := p.Row(y)
				for _, z := range ends {
					if z != n+y {
						got = append(got, [2]uint32{x, z - n})
					}
				}
			}
		}
		order := func(a, b [2]uint32) int { return slices.Compare(a[:], b[:]) }
		slices.SortFunc(got, order)
		slices.SortFunc(want, order)
		if got := slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", u.Name, got, want)
		}
	}
}

// Without it the extension of relations, which snapshot isolation is proved by, could keep the middles of composed
// edges: the cycles of the extension are compared with those of the edges that the original's tests list.
func TestExtensionUnits(t *testing.T) {
	for _, u := range units(t, "graph/sequential-extension") {
		edges := labelled(t, u.A)
		for e, rel := range labelled(t, u.B) {
			edges[e] |= rel
		}
		var want [][2]int
		if err := json.Unmarshal(u.Extension, &want); err != nil {
			t.Fatal(err)
		}
		// Closing an edge back from any node to the source shows which nodes the extension leads to.
		for _, b := range []uint32{0, 2, 3, 4} {
			closed := map[[2]uint32]Rel{{b, 1}: WW}
			for e, rel := range edges {
				closed[e] |= rel
			}
			reaches := slices.Contains(want, [2]int{1, int(b)})
			proofs := mustFind(t, inputOf(closed)).Exists
			got := slices.ContainsFunc(proofs, func(e Exists) bool {
				return e.Type == "PL-SI-cycle-exists" || e.Type == "PL-2-cycle-exists" || e.Type == "PL-1-cycle-exists"
			})
			if got != reaches {
				t.Errorf("%s: 1 leads to %d: got %v, want %v", u.Name, b, got, reaches)
			}
		}
	}
}

// Without it the realtime order could differ from the original's edges: every pair that they connect, and no other.
func TestRealtimeUnits(t *testing.T) {
	for _, u := range units(t, "core/realtime-graph") {
		w, index := worldOf(u.History)
		var edges [][2]int
		if err := json.Unmarshal(u.Edges, &edges); err != nil {
			t.Fatal(err)
		}
		for a := range w.n {
			for b := range w.n {
				want := slices.Contains(edges, [2]int{index[a], index[b]})
				if got := w.direct(a, b); got != want {
					t.Errorf("%s: %d before %d: got %v, want %v", u.Name, index[a], index[b], got, want)
				}
				// A ww edge back closes a cycle just if a comes before b in any way.
				if a == b {
					continue
				}
				w.rel = make([][]Rel, w.n)
				for v := range w.n {
					w.rel[v] = make([]Rel, w.n)
				}
				w.rel[b][a] = WW
				found := mustFind(t, w.input())
				if got := len(found.Cycles) == 1 && found.Cycles[0].Type == "G0-realtime"; got != w.before(a, b) {
					t.Errorf("%s: cycle by %d before %d: got %v, want %v", u.Name, index[a], index[b], got, w.before(a, b))
				}
			}
		}
	}
}

// worldOf is the realtime order of a history, and the indices of its completions.
func worldOf(history []unitOp) (*world, []int) {
	w := &world{}
	var index []int
	enter, done := map[int]int32{}, int32(0)
	for _, op := range history {
		switch op.Type {
		case "invoke":
			enter[op.Process] = done
		case "ok":
			w.enter, w.exit = append(w.enter, enter[op.Process]), append(w.exit, done)
			index = append(index, op.Index)
			done++
		}
	}
	w.n = len(index)
	w.rel = make([][]Rel, w.n)
	for v := range w.n {
		w.rel[v] = make([]Rel, w.n)
	}
	return w, index
}

// noisy is a ring of n nodes by ww edges with extra edges of random kinds, which may be one giant component.
func noisy(n, noise int, kinds []Rel, realtime bool) Input {
	r := rand.New(rand.NewPCG(7, uint64(n)))
	extra := map[uint32][]graph.Edge{}
	for range noise {
		b := uint32(r.IntN(n))
		extra[b] = append(extra[b], graph.Edge{To: uint32(r.IntN(n)), Rel: uint8(kinds[r.IntN(len(kinds))])})
	}
	in := Input{Prefer: []Rel{WW, WR, RW}}
	in.In = graph.FromRows(n, 0, func(b uint32, buf []graph.Edge) []graph.Edge {
		rel := WR
		if b == 0 {
			rel = RW
		}
		buf = append(buf, graph.Edge{To: (b + uint32(n) - 1) % uint32(n), Rel: uint8(rel)})
		return append(buf, extra[b]...)
	})
	if realtime {
		in.Order = &Order{Enter: make([]int32, n), Exit: make([]int32, n)}
		for v := range n {
			in.Order.Exit[v] = int32(v)
			in.Order.Enter[v] = int32(max(0, v-r.IntN(20)))
		}
	}
	return in
}

// Without it the result could depend on the number of goroutines, or on timing.
func TestFindIsDeterministic(t *testing.T) {
	for _, realtime := range []bool{false, true} {
		for _, kinds := range [][]Rel{{RW}, {WW, WR, RW}, {RW, RWP}} {
			in := noisy(giant+100, 2000, kinds, realtime)
			in.Workers = 1
			want := mustFind(t, in)
			for _, workers := range []int{2, 7} {
				in.Workers = workers
				if diff := cmp.Diff(mustFind(t, in), want); diff != "" {
					t.Errorf("%d workers (-got +want):\n%s", workers, diff)
				}
			}
			if len(want.Cycles) == 0 {
				t.Error("got no cycle: the test compares nothing")
			}
		}
	}
}

// Without it a timeout would be ignored, or take what had been found with it.
func TestFindStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Find(ctx, noisy(100, 10, []Rel{RW}, false)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// Without it a cycle's first node could change from one version to the next, and with it every explanation.
func TestRotate(t *testing.T) {
	for _, c := range []struct {
		rels []Rel
		want uint32
	}{
		{[]Rel{WW, WW, WW}, 3},
		{[]Rel{WW, WR, WW}, 3},
		{[]Rel{WR, WR, WW}, 3},
		{[]Rel{WW, Realtime, WR}, 4},
		{[]Rel{WW, WR, RW}, 4},
		{[]Rel{Realtime, WW, WW}, 5},
	} {
		got := Cycle{Nodes: []uint32{5, 3, 4}, Rels: c.rels}.rotate()
		if got.Nodes[0] != c.want {
			t.Errorf("%v: got a start at %d, want %d", c.rels, got.Nodes[0], c.want)
		}
	}
}

// Without it a walk that visits a node twice could be reported as a cycle, or its simple part be lost.
func TestPieces(t *testing.T) {
	walk := Cycle{Nodes: []uint32{0, 1, 2, 3, 1, 4}, Rels: []Rel{RW, WR, RW, WW, RW, WR}}
	want := []Cycle{
		{Nodes: []uint32{1, 2, 3}, Rels: []Rel{WR, RW, WW}},
		{Nodes: []uint32{0, 1, 4}, Rels: []Rel{RW, RW, WR}},
	}
	if diff := cmp.Diff(walk.pieces(), want); diff != "" {
		t.Errorf("pieces (-got +want):\n%s", diff)
	}
}

// whole takes a world for one component, although it may be none: for tests of the search's parts.
func whole(w *world) *component {
	in := w.input()
	nodes := make([]uint32, w.n)
	for v := range nodes {
		nodes[v] = uint32(v)
	}
	return newCutter(in, [][]uint32{nodes}).component(nodes)
}

// sparse is a world with few cycles.
func sparse(r *rand.Rand, n int, realtime bool) *world {
	w := &world{n: n, rel: make([][]Rel, n)}
	for a := range n {
		w.rel[a] = make([]Rel, n)
	}
	for range n + r.IntN(n) {
		w.rel[r.IntN(n)][r.IntN(n)] |= []Rel{WW, WR, RW, RWP}[r.IntN(4)]
	}
	if realtime {
		w.interleave(r)
	}
	return w
}

// Without it what only giant components need would never be compared: the answer for many anchors at once, and the
// anchors that are dropped before the search.
func TestShortcutsAgreeWithWalks(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for i := range 2000 {
		c := whole(sparse(r, 2+r.IntN(60), i%2 == 0))
		spec := &searchSpecs[r.IntN(len(searchSpecs))]
		var jump *jumps
		if c.enter != nil && spec.legal&Realtime != 0 {
			jump = c.openJumps(spec.legal)
		}
		m := c.moves(c.told, spec.anchor|spec.legal|spec.free, false, jump)
		anchors, _ := c.anchors(spec)
		walker := newWalker(m, spec)
		ways := map[anchor]bool{}
		for _, a := range anchors {
			if _, ok := walker.cycle(a, 200); ok {
				ways[a] = true
			}
		}
		kept := map[anchor]bool{}
		for _, a := range m.narrow(spec, slices.Clone(anchors)) {
			kept[a] = true
		}
		single := spec.free == 0 && spec.anchor&spec.legal == 0
		for _, a := range anchors {
			if ways[a] && !kept[a] || kept[a] && !ways[a] && !single {
				t.Fatalf("case %d, %s: %v kept: got %v, want %v", i, spec.name, a, kept[a], ways[a])
			}
		}
		if !single {
			continue
		}
		got, ok := m.connected(context.Background(), spec.legal, anchors, 1)
		if ok != (len(ways) > 0) || ok && !ways[got] {
			t.Fatalf("case %d, %s: got %v %v, want one of %v", i, spec.name, got, ok, ways)
		}
		if two, _ := m.connected(context.Background(), spec.legal, anchors, 2); two != got {
			t.Fatalf("case %d: got %v with 2 workers, want %v", i, two, got)
		}
	}
}

func benchmarkFind(b *testing.B, in Input) {
	b.ReportAllocs()
	var found Found
	for b.Loop() {
		var err error
		if found, err = Find(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(found.Cycles)), "cycles")
	b.ReportMetric(float64(found.Components), "components")
}

// A valid history: 1M nodes, 5M edges, realtime.
func BenchmarkFindValid(b *testing.B) {
	const n = 1 << 20
	r := rand.New(rand.NewPCG(1, 1))
	in := Input{Order: &Order{Enter: make([]int32, n), Exit: make([]int32, n)}}
	for v := range n {
		in.Order.Exit[v] = int32(v)
		in.Order.Enter[v] = int32(max(0, v-r.IntN(20)))
	}
	in.In = graph.FromRows(n, 0, func(v uint32, buf []graph.Edge) []graph.Edge {
		x := uint64(v)
		for range 5 {
			x = x*6364136223846793005 + 1442695040888963407
			if back := uint32(x>>33)%100 + 1; back <= v {
				buf = append(buf, graph.Edge{To: v - back, Rel: uint8(1 << (x >> 60 % 3))})
			}
		}
		return buf
	})
	benchmarkFind(b, in)
}

func BenchmarkFindRing(b *testing.B) {
	for _, c := range []struct {
		name     string
		n, noise int
		kinds    []Rel
		realtime bool
	}{
		{"unfindable 1000+30", 1000, 30, []Rel{RW}, false},
		{"100k", 100_000, 0, nil, false},
		{"100k+100k ww wr", 100_000, 100_000, []Rel{WW, WR}, false},
		{"100k+100k rw", 100_000, 100_000, []Rel{RW}, false},
		{"100k+100k rw realtime", 100_000, 100_000, []Rel{RW}, true},
		{"100k+300k mixed realtime", 100_000, 300_000, []Rel{WW, WR, RW}, true},
		{"1161+20k mixed realtime", 1161, 20_000, []Rel{WW, WR, RW}, true},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkFind(b, noisy(c.n, c.noise, c.kinds, c.realtime)) })
	}
}

// Two halves of 50k transactions, each ordered by wr edges, with 100k rw edges from one to the other: no rw edge has a
// way back without another, so that all must be tried for G-single.
func BenchmarkFindHopeless(b *testing.B) {
	const n = 100_000
	r := rand.New(rand.NewPCG(3, 3))
	in := Input{Prefer: []Rel{WW, WR, RW}}
	in.In = graph.FromRows(n, 1, func(v uint32, buf []graph.Edge) []graph.Edge {
		for range 2 {
			if u := uint32(r.IntN(n)); u%2 == v%2 && u < v {
				buf = append(buf, graph.Edge{To: u, Rel: uint8(WR)})
			}
		}
		if v > 1 {
			buf = append(buf, graph.Edge{To: v - 2, Rel: uint8(WR)})
		}
		return append(buf, graph.Edge{To: uint32(r.IntN(n/2))*2 + 1 - v%2, Rel: uint8(RW)})
	})
	benchmarkFind(b, in)
}

// 10,000 components of 2 to 9 nodes.
func BenchmarkFindMany(b *testing.B) {
	const n = 60_000
	r := rand.New(rand.NewPCG(2, 2))
	first := make([]uint32, n)
	for v := 0; v < n; {
		size := 2 + r.IntN(8)
		for i := v; i < min(v+size, n); i++ {
			first[i] = uint32(v)
		}
		v += size
	}
	in := Input{Prefer: []Rel{WW, WR, RW}}
	in.In = graph.FromRows(n, 1, func(v uint32, buf []graph.Edge) []graph.Edge {
		last := v
		for last+1 < n && first[last+1] == first[v] {
			last++
		}
		if v == first[v] {
			return append(buf, graph.Edge{To: last, Rel: uint8(RW)})
		}
		back := first[v] + uint32(r.IntN(int(last-first[v])+1))
		return append(buf, graph.Edge{To: v - 1, Rel: uint8(WR)}, graph.Edge{To: back, Rel: uint8(1 << r.IntN(3))})
	})
	benchmarkFind(b, in)
}
