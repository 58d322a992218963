package render

import (
	"fmt"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

// crowd is a component of n operations, each of which comes before every other one, with a cycle of the first two.
func crowd(t *testing.T, n int) (*history.History, check.Result) {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "{:index %d, :type :ok, :process %d, :f :txn, :value [[:append :x %d] [:r :y nil]]}\n", i, i, i)
	}
	g := check.Graph{Total: n}
	for i := range n {
		g.Ops = append(g.Ops, history.ID(i))
		for j := range n {
			if i != j {
				g.Edges = append(g.Edges, check.Edge{From: i, To: j, Step: check.Step{Type: "rw", Text: "of a reason"}})
			}
		}
	}
	a := check.Anomaly{Kind: "G2", Ops: []history.ID{0, 1}, Steps: []check.Step{{Type: "rw"}, {Type: "rw"}}}
	return read(t, text.String()), check.Result{Verdict: check.Invalid, Anomalies: []check.Anomaly{a}, Graphs: []check.Graph{g}}
}

// TestCrowd checks the drawing of a crowded component: the cycle whole and labelled, the others as arrows and boxes without
// letters that would hide it, and all of them in the graph that is kept. Without it, a component of thirty operations
// would be a ball of wool again, or parts of it vanish.
func TestCrowd(t *testing.T) {
	h, r := crowd(t, 12)
	s := graphScene(h, r.Graphs[0], r.Anomalies)
	if got := strings.Count(s.dot(inFull), " -> "); got != 12*11 {
		t.Errorf("the graph that is kept has %d edges, want %d", got, 12*11)
	}
	// Two bold edges, and one for each of the other operations.
	if asked := s.dotFor(dotForm{layout: true}); strings.Count(asked, " -> ") != 2+10 || strings.Count(asked, "<f0>") != 2 {
		t.Errorf("a drawer is asked for\n%s\nwant 12 edges, and the micro-ops of 2 operations", asked)
	}
	g := geometry{nodes: make([]nodeShape, 12), edges: make([]edgeShape, len(s.edges))}
	for i := range g.nodes {
		x := float64(i%4) * 300
		g.nodes[i].box = box{x, float64(i/4) * 100, x + 100, float64(i/4)*100 + 50}
		for range len(s.nodes[i].shown()) + 2 {
			g.nodes[i].cuts = append(g.nodes[i].cuts, float64(i/4)*100+float64(len(g.nodes[i].cuts))*16)
		}
	}
	for i, e := range s.edges {
		if !e.free {
			g.edges[i] = straight(g.nodes[e.from].box, g.nodes[e.to].box, 0, true)
		}
	}
	if err := g.settle(s); err != nil {
		t.Fatal(err)
	}
	s.placeLabels(&g)
	svg := string(s.svg(g, false))
	if arrows, labels := strings.Count(svg, "<polygon"), strings.Count(svg, `class="w"`); arrows != 12*11 || labels != 2 {
		t.Errorf("%d arrows and %d labels are drawn, want %d and 2", arrows, labels, 12*11)
	}
	if !strings.Contains(svg, "the 2 of the shortest cycles are bold") {
		t.Error("the drawing doesn't say how to read it")
	}
}

// TestStraight checks that straight arrows end at the boxes' borders, and that those there and back lie beside each
// other. Without it, arrows would end in the middle of a box, or two look like one.
func TestStraight(t *testing.T) {
	a, b := box{0, 0, 100, 40}, box{300, 0, 400, 40}
	there, back := straight(a, b, 7, true), straight(b, a, -7, false)
	if from, to := there.curve[0], there.curve[3]; from != (spot{100, 27}) || to != (spot{300, 27}) || there.head[0] != to {
		t.Errorf("there: from %v to %v, with its point at %v; want (100,27) to (300,27)", from, to, there.head[0])
	}
	if from, to := back.curve[0], back.curve[3]; from != (spot{300, 13}) || to != (spot{100, 13}) {
		t.Errorf("back: from %v to %v; want (300,13) to (100,13)", from, to)
	}
	if self := straight(a, a, 0, true); len(self.curve) != 4 || len(self.head) != 3 {
		t.Errorf("to itself: %+v", self)
	}
}

// TestLeftOut checks that the page and the text beside it say what isn't drawn. Without it, nobody would know that most
// of a large component is missing from its drawing, or where the graphs are that nobody drew.
func TestLeftOut(t *testing.T) {
	h, r := crowd(t, 12)
	r.Graphs[0].Total = 5000
	o := FileOptions{Drawer: gridDrawer{}}
	list, _ := files(t.Context(), h, r, o)
	text := map[string]string{}
	for _, f := range list {
		text[f.name] = string(f.text)
	}
	for _, name := range []string{"index.html", "sccs.txt", "sccs/0.dot"} {
		for _, want := range []string{"Too many to draw: of 5,000 operations only the 12 of the cycles", "132 arrows among 12 operations are too many to follow"} {
			if !strings.Contains(text[name], want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
	}
	if !strings.Contains(text["sccs.txt"], "T12 · line 12 · process 11: {") {
		t.Errorf("sccs.txt doesn't tell the operations:\n%s", text["sccs.txt"])
	}
	for range maxPictures {
		r.Anomalies = append(r.Anomalies, r.Anomalies[0])
	}
	list, omitted := files(t.Context(), h, r, o)
	if want := "2 graphs beyond the first 50 were written as DOT only"; len(omitted) != 1 || omitted[0] != want {
		t.Errorf("told %q, want %q", omitted, want)
	}
	for _, f := range list {
		if f.name != "index.html" {
			continue
		}
		for _, want := range []string{"2 of 52 graphs are not drawn and lie beside this page as DOT", "G2/50.dot", "at most 50 graphs are drawn"} {
			if !strings.Contains(string(f.text), want) {
				t.Errorf("the page lacks %q", want)
			}
		}
	}
}
