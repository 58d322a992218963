package render

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestLabelsKeepClear places labels in random drawings: none that counts as well placed may touch a box, another label or
// another edge, and one that touches something is counted. Without it, letters could run into each other wherever
// Graphviz leaves little room, and nothing would ask it for more.
func TestLabelsKeepClear(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	placed, spoilt := 0, 0
	for range 200 {
		var s scene
		var g geometry
		spread := 100 + 900*r.Float64()
		at := func() spot { return spot{r.Float64() * spread, r.Float64() * spread} }
		for range 2 + r.IntN(4) {
			p := at()
			g.nodes = append(g.nodes, nodeShape{box: box{p.x, p.y, p.x + 120, p.y + 60}})
		}
		for range 1 + r.IntN(6) {
			a, b := at(), at()
			s.edges = append(s.edges, sceneEdge{lines: []string{"rw :x", "missed 1"}[:1+r.IntN(2)], bold: r.IntN(2) == 0})
			g.edges = append(g.edges, edgeShape{curve: []spot{a, at(), at(), b}, head: arrow(a, b)})
		}
		tight := s.placeLabels(&g)
		bad := 0
		for i, e := range s.edges {
			b := g.edges[i].label
			if b == (box{}) {
				if e.bold {
					t.Fatalf("a label of a cycle is missing: %+v", g)
				}
				continue
			}
			placed++
			if touched(s, g, i, b) {
				bad++
			}
		}
		// Of two labels on each other only the one that came later is counted.
		if spoilt += bad; bad > 2*(tight/crammed) || tight > crammed*len(s.edges) {
			t.Fatalf("%d labels touch something, %d are counted: %+v", bad, tight, g)
		}
	}
	if placed < 300 || spoilt == 0 {
		t.Errorf("%d labels, %d of them crammed: this tests nothing", placed, spoilt)
	}
}

// touched tells, step by step along each line, whether a label touches anything but its own edge.
func touched(s scene, g geometry, i int, b box) bool {
	for _, n := range g.nodes {
		if n.box.meets(b) {
			return true
		}
	}
	for j, e := range g.edges {
		if slices.ContainsFunc(e.head, b.holds) || j != i && e.label != (box{}) && e.label.meets(b) {
			return true
		}
		line := flattened(e.curve)
		for k := range 200 {
			if j != i && b.holds(along(line, float64(k)/200)) {
				return true
			}
		}
	}
	return false
}

// TestRoomForLabels checks that a drawer is asked again with more room while a label of a cycle touches something, but
// not for ever. Without it, long keys would run into the boxes.
func TestRoomForLabels(t *testing.T) {
	h, a := nasty(t)
	asked := 0
	d := gridDrawer{func(svg string) string {
		asked++
		return strings.ReplaceAll(svg, "M1,2C3,4 5,6 7,8", "M40,30C40,30 41,30 42,30") // inside a box
	}}
	if p := DrawCycle(t.Context(), d, h, a, "x"); p.SVG == nil || asked != 1+maxRoom {
		t.Errorf("asked %d times for %.60q, want %d: %s", asked, p.SVG, 1+maxRoom, p.Why)
	}
}

// TestCrossed checks lines against a box, and against the same turned by a right angle. Without it, a wrong sign would let
// arrows run through labels.
func TestCrossed(t *testing.T) {
	b := box{0, 0, 10, 10}
	for _, c := range [...]struct {
		p, q spot
		want bool
	}{
		{spot{-5, 5}, spot{15, 5}, true}, {spot{2, 2}, spot{3, 3}, true}, {spot{-5, 5}, spot{-1, 5}, false},
		{spot{-5, 11}, spot{15, 11}, false}, {spot{-5, 8}, spot{5, 18}, false}, {spot{-5, 4}, spot{8, 12}, true}, {spot{5, 5}, spot{5, 5}, true},
	} {
		if got := b.crossed(c.p, c.q); got != c.want {
			t.Errorf("%v to %v: got %v, want %v", c.p, c.q, got, c.want)
		}
		if got := b.crossed(spot{c.q.y, c.q.x}, spot{c.p.y, c.p.x}); got != c.want {
			t.Errorf("%v to %v, turned: got %v, want %v", c.p, c.q, got, c.want)
		}
	}
}
