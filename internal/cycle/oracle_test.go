package cycle

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jcheck/internal/graph"
)

// world is a small graph in the plainest form: rel[a][b] is the set of data and process relations from a to b.
type world struct {
	n     int
	rel   [][]Rel
	enter []int32 // nil: no realtime order
	exit  []int32
}

// input is the world as Find takes it.
func (w *world) input() Input {
	in := graph.FromRows(w.n, 1, func(b uint32, buf []graph.Edge) []graph.Edge {
		for a := range w.n {
			if w.rel[a][b] != 0 {
				buf = append(buf, graph.Edge{To: uint32(a), Rel: uint8(w.rel[a][b])})
			}
		}
		return buf
	})
	input := Input{In: in, Prefer: []Rel{WW, WR, RW}, Workers: 1}
	if w.enter != nil {
		input.Order = &Order{Enter: w.enter, Exit: w.exit}
	}
	return input
}

func (w *world) String() string {
	var s strings.Builder
	for a := range w.n {
		for b := range w.n {
			if w.rel[a][b] != 0 {
				fmt.Fprintf(&s, "%d-%v->%d ", a, w.rel[a][b], b)
			}
		}
	}
	return fmt.Sprintf("%senter %v exit %v", s.String(), w.enter, w.exit)
}

// randomWorld makes a graph with the given kinds of relations; with a process relation only upwards, as processes have.
func randomWorld(r *rand.Rand, n int, kinds []Rel, realtime bool) *world {
	w := &world{n: n, rel: make([][]Rel, n)}
	for a := range n {
		w.rel[a] = make([]Rel, n)
	}
	for range n + r.IntN(2*n) {
		a, b, k := r.IntN(n), r.IntN(n), kinds[r.IntN(len(kinds))]
		if a == b && k&effects == 0 || k == Process && a >= b || a == b && r.IntN(4) > 0 {
			continue
		}
		w.rel[a][b] |= k
	}
	if realtime {
		w.interleave(r)
	}
	return w
}

// interleave gives the nodes intervals of a random history, from which some never return.
func (w *world) interleave(r *rand.Rand) {
	w.enter, w.exit = make([]int32, w.n), make([]int32, w.n)
	todo, open, done := r.Perm(w.n), []int{}, int32(0)
	width := 1 + r.IntN(3)
	for len(todo)+len(open) > 0 {
		if len(todo) > 0 && (len(open) < width || len(open) == 0) {
			w.enter[todo[0]] = done
			open, todo = append(open, todo[0]), todo[1:]
			continue
		}
		i := r.IntN(len(open))
		w.exit[open[i]] = -1
		if r.IntN(6) > 0 {
			w.exit[open[i]] = done
			done++
		}
		if r.IntN(5) == 0 {
			done++ // an operation that isn't in the graph completes
		}
		open = slices.Delete(open, i, i+1)
	}
}

// before says whether a completed before b was invoked; direct, whether nothing lies between them.
func (w *world) before(a, b int) bool {
	return w.enter != nil && w.exit[a] >= 0 && w.exit[a] < w.enter[b]
}

func (w *world) direct(a, b int) bool {
	for c := range w.n {
		if w.before(a, c) && w.before(c, b) {
			return false
		}
	}
	return w.before(a, b)
}

// steps lists the relations by which a search may go from a to b: what the edge is told by, and realtime unless that
// edge masks it.
func (w *world) steps(a, b int) []Rel {
	var out []Rel
	if set := w.rel[a][b]; set != 0 {
		for _, k := range []Rel{WW, WR, RW, WWP, WRP, RWP, Process} {
			if set&k != 0 {
				out = append(out, k)
				break
			}
		}
	}
	if w.before(a, b) && !(len(out) > 0 && w.direct(a, b)) {
		out = append(out, Realtime)
	}
	return out
}

// closure is reachability by a relation in any number of steps but none.
func closureOf(n int, has func(a, b int) bool) [][]bool {
	m := make([][]bool, n)
	for a := range n {
		m[a] = make([]bool, n)
		for b := range n {
			m[a][b] = has(a, b)
		}
	}
	for k := range n {
		for a := range n {
			for b := range n {
				m[a][b] = m[a][b] || m[a][k] && m[k][b]
			}
		}
	}
	return m
}

// sccs lists the classes of nodes that lead to themselves and each other, by smallest node.
func sccs(m [][]bool, least int) [][]uint32 {
	var out [][]uint32
	done := make([]bool, len(m))
	for a := range m {
		var group []uint32
		for b := range m {
			if !done[a] && m[a][b] && m[b][a] {
				group = append(group, uint32(b))
			}
		}
		for _, b := range group {
			done[b] = true
		}
		if len(group) >= least {
			out = append(out, group)
		}
	}
	return out
}

// proofs applies the rows of the table literally to one component.
func (w *world) proofs(nodes []uint32) []Exists {
	inside := func(a int) bool { return slices.Contains(nodes, uint32(a)) }
	has := func(a, b int, set Rel) bool {
		return inside(a) && inside(b) && (w.rel[a][b]&set != 0 || set&Realtime != 0 && w.before(a, b))
	}
	var out []Exists
	l := theLattice()
	impossible := uint64(0)
	for _, row := range existsRows {
		if impossible>>l.model(row.model)&1 != 0 {
			continue
		}
		m := closureOf(w.n, func(a, c int) bool {
			if row.y == 0 || has(a, c, row.x) {
				return has(a, c, row.x)
			}
			for b := range w.n {
				if has(a, b, row.x) && has(b, c, row.y) {
					return true
				}
			}
			return false
		})
		groups := sccs(m, 1)
		if len(groups) == 0 {
			continue
		}
		best := slices.MinFunc(groups, func(a, b []uint32) int { return len(a) - len(b) })
		impossible |= l.stronger[l.model(row.model)]
		out = append(out, Exists{
			Type: row.model + "-cycle-exists", Not: Friendly(row.model), Subgraph: row.subgraph(), Nodes: best,
		})
	}
	return out
}

// dumbType names a cycle by the letter of the spec.
func dumbType(rels []Rel) string {
	var rw, pairs, wr, predicate, process, realtime int
	for i, r := range rels {
		next := rels[(i+1)%len(rels)]
		switch r {
		case RW, RWP:
			rw++
			if next == RW || next == RWP {
				pairs++
			}
			if r == RWP {
				predicate++
			}
		case WR, WRP:
			wr++
		case Process:
			process++
		case Realtime:
			realtime++
		}
	}
	name := map[bool]string{true: "G1c", false: "G0"}[wr > 0]
	if rw > 0 {
		switch {
		case rw == 1:
			name = "G-single"
		case pairs == 0:
			name = "G-nonadjacent"
		default:
			name = "G2"
		}
		if predicate == 0 {
			name += "-item"
		}
	}
	if realtime > 0 {
		return name + "-realtime"
	}
	if process > 0 {
		return name + "-process"
	}
	return name
}

// shortest enumerates all simple cycles among the nodes, and gives the least length for each type.
func (w *world) shortest(nodes []uint32) map[string]int {
	types := map[string]int{}
	var path []int
	var rels []Rel
	var extend func()
	extend = func() {
		last := path[len(path)-1]
		for _, v := range nodes {
			b := int(v)
			back := b == path[0]
			if b < path[0] || !back && slices.Contains(path, b) {
				continue
			}
			for _, r := range w.steps(last, b) {
				rels = append(rels, r)
				switch {
				case !back:
					path = append(path, b)
					extend()
					path = path[:len(path)-1]
				default:
					name := dumbType(rels)
					if old, ok := types[name]; !ok || len(rels) < old {
						types[name] = len(rels)
					}
				}
				rels = rels[:len(rels)-1]
			}
		}
	}
	for _, v := range nodes {
		path = []int{int(v)}
		extend()
	}
	return types
}

// sound checks that a reported cycle is there, and is what it says.
func (w *world) sound(c Cycle) error {
	if len(c.Nodes) != len(c.Rels) || len(c.Nodes) == 0 {
		return fmt.Errorf("%d nodes, %d relations", len(c.Nodes), len(c.Rels))
	}
	for i, v := range c.Nodes {
		next := c.Nodes[(i+1)%len(c.Nodes)]
		if slices.Contains(c.Nodes[i+1:], v) {
			return fmt.Errorf("node %d comes twice", v)
		}
		if !slices.Contains(w.steps(int(v), int(next)), c.Rels[i]) {
			return fmt.Errorf("no step %d-%v->%d", v, c.Rels[i], next)
		}
	}
	if want := dumbType(c.Rels); c.Type != want {
		return fmt.Errorf("type %s, want %s", c.Type, want)
	}
	return nil
}

// closed checks that the walk of a proof is there, is closed, and keeps to the row's projection.
func (w *world) closed(e Exists) error {
	i := slices.IndexFunc(existsRows[:], func(r existsRow) bool { return r.model+"-cycle-exists" == e.Type })
	row, c := existsRows[i], e.Walk
	if len(c.Nodes) == 0 || len(c.Nodes) != len(c.Rels) || !slices.Contains(e.Nodes, c.Nodes[0]) {
		return errors.New("no walk from a node of the component")
	}
	for k, r := range c.Rels {
		a, b := int(c.Nodes[k]), int(c.Nodes[(k+1)%len(c.Nodes)])
		if w.rel[a][b]&r == 0 && (r != Realtime || !w.before(a, b)) {
			return fmt.Errorf("no step %d-%v->%d", a, r, b)
		}
		if row.x&r == 0 && (row.y&r == 0 || k == 0 || row.x&c.Rels[k-1] == 0) {
			return fmt.Errorf("step %d-%v->%d isn't in %s", a, r, b, e.Subgraph)
		}
	}
	return nil
}

// compare judges what Find says about a world.
func (w *world) compare(found Found) error {
	groups := sccs(closureOf(w.n, func(a, b int) bool { return w.rel[a][b] != 0 || w.before(a, b) }), 2)
	if found.Components != len(groups) {
		return fmt.Errorf("%d components, want %d", found.Components, len(groups))
	}
	var proofs []Exists
	rest := found.Cycles
	for _, nodes := range groups {
		mine := w.proofs(nodes)
		proofs = append(proofs, mine...)
		var cycles []Cycle
		for len(rest) > 0 && slices.Contains(nodes, rest[0].Nodes[0]) {
			cycles, rest = append(cycles, rest[0]), rest[1:]
		}
		if err := w.covered(cycles, w.shortest(nodes)); err != nil {
			return err
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("cycles outside of components: %v", rest)
	}
	bare := slices.Clone(found.Exists)
	for i, e := range bare {
		if err := w.closed(e); err != nil {
			return fmt.Errorf("proof %v: %w", e, err)
		}
		bare[i].Walk = Cycle{}
	}
	if diff := cmp.Diff(bare, proofs); diff != "" {
		return fmt.Errorf("proofs (-got +want):\n%s", diff)
	}
	return nil
}

// covered checks that the cycles are sound, in order and shortest, and that every type is reported or implied. Find
// promises less for G-nonadjacent; on graphs as small as these it happens to find that as well.
func (w *world) covered(cycles []Cycle, types map[string]int) error {
	var names []string
	implied := map[string]bool{}
	for _, c := range cycles {
		if err := w.sound(c); err != nil {
			return fmt.Errorf("cycle %v: %w", c, err)
		}
		if !isNonadjacent(c.Type) && len(c.Nodes) != types[c.Type] {
			return fmt.Errorf("cycle %v: %d edges, want %d", c, len(c.Nodes), types[c.Type])
		}
		for _, a := range Implied(c.Type) {
			implied[a] = true
		}
		names = append(names, c.Type)
	}
	for i := 1; i < len(names); i++ {
		if searchOrder(names[i-1]) >= searchOrder(names[i]) {
			return fmt.Errorf("types %v aren't in order", names)
		}
	}
	for name := range types {
		if !implied[name] {
			return fmt.Errorf("%s exists, but only %v are reported", name, names)
		}
	}
	return nil
}

// Without it Find could miss a type, report a false or a longer cycle, or prove too much or too little: it's compared
// with the enumeration of all simple cycles, and with literally composed relations.
func TestFindAgreesWithEnumeration(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	item, all := []Rel{WW, WR, RW}, []Rel{WW, WR, RW, WWP, WRP, RWP}
	for i := range 20000 {
		kinds, realtime := item, i%3 == 0
		if i%4 == 0 {
			kinds = all
		}
		if i%3 == 1 {
			kinds = append(slices.Clone(kinds), Process, Process)
		}
		if i%5 == 0 {
			kinds = append(slices.Clone(kinds), RW, RW, RW)
		}
		w := randomWorld(r, 2+r.IntN(6), kinds, realtime)
		found, err := Find(context.Background(), w.input())
		if err == nil {
			err = w.compare(found)
		}
		if err != nil {
			t.Fatalf("case %d: %v: %v", i, w, err)
		}
	}
}
