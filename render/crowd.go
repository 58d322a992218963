package render

import (
	"fmt"
	"math"

	"jcheck/check"
	"jcheck/history"
)

// maxRoomy is up to how many edges a drawing has all of them as curves, with labels. Beyond, the eye finds nothing in it.
const maxRoomy = 24

// maxBold is how many steps of cycles are bold in one drawing: as many as can be followed and have labels.
const maxBold = 16

// stepOf tells a step from others.
type stepOf struct {
	from, to history.ID
	kind     string
}

// boldSteps are the steps of the cycles in a component, those of short cycles first and only as many as can be followed.
func boldSteps(g check.Graph, cycles []check.Anomaly) map[stepOf]bool {
	in := make(map[history.ID]bool, len(g.Ops))
	for _, id := range g.Ops {
		in[id] = true
	}
	bold := map[stepOf]bool{}
	for _, k := range shortestFirst(cycles) {
		a := cycles[k]
		if len(a.Steps) == 0 || !in[a.Ops[0]] || len(bold) > 0 && len(bold)+len(a.Steps) > maxBold {
			continue
		}
		for i, x := range a.Steps {
			from, to := stepEnds(a, i)
			bold[stepOf{a.Ops[from-1], a.Ops[to-1], x.Type}] = true
		}
	}
	return bold
}

// thinOut makes a crowded scene one in which the cycles are seen at once: they alone are laid out, with their labels and
// micro-ops. The other operations are small and near what they depend on; the other edges are pale straight lines
// behind all boxes, told by their colour and on hover.
func (s *scene) thinOut() {
	if s.crowded = len(s.edges) > maxRoomy; !s.crowded {
		return
	}
	near := make([]bool, len(s.nodes)) // what a drawer can give a place, since kept edges join it
	cycles := false
	for i := range s.edges {
		e := &s.edges[i]
		if !e.bold {
			e.free, e.lines = true, nil
			continue
		}
		near[e.from], near[e.to], cycles = true, true, true
	}
	for i := range s.nodes {
		s.nodes[i].small = cycles && !near[i]
	}
	if !cycles && len(near) > 0 {
		near[0] = true
	}
	s.keepTree(near)
}

// keepTree keeps for each operation that nothing joins yet one edge by which it gets near to the others, in rounds: those
// that are next to what is joined come first.
func (s *scene) keepTree(near []bool) {
	for grown := true; grown; {
		grown = false
		joined := append([]bool(nil), near...)
		for i := range s.edges {
			e := &s.edges[i]
			if e.free && near[e.from] != near[e.to] && joined[e.from] != joined[e.to] {
				e.free, grown = false, true
				near[e.from], near[e.to] = true, true
			}
		}
	}
}

// layFree gives the straight edges their place: from border to border of two boxes, those between the same two beside
// each other.
func (g *geometry) layFree(s scene) {
	between := map[[2]int]int{}
	for i, e := range s.edges {
		if !e.free {
			continue
		}
		pair := [2]int{min(e.from, e.to), max(e.from, e.to)}
		shift := float64((between[pair]+1)/2) * 7
		if between[pair]%2 == 1 {
			shift = -shift
		}
		between[pair]++
		g.edges[i] = straight(g.nodes[e.from].box, g.nodes[e.to].box, shift, e.from < e.to)
	}
}

// straight is an arrow from one box to another, moved sideways by shift, which is to the same side for both directions.
func straight(from, to box, shift float64, ahead bool) edgeShape {
	a, b := from.middle(), to.middle()
	dx, dy := b.x-a.x, b.y-a.y
	length := math.Hypot(dx, dy)
	if length < 1 { // a box and itself
		a, b = spot{from.x1 - 20, from.y0}, spot{from.x1 - 4, from.y0}
		return edgeShape{curve: []spot{a, {a.x, a.y - 16}, {b.x, b.y - 16}, b}, head: arrow(spot{b.x, b.y - 8}, b)}
	}
	if !ahead {
		shift = -shift
	}
	nx, ny := -dy/length*shift, dx/length*shift
	a, b = spot{a.x + nx, a.y + ny}, spot{b.x + nx, b.y + ny}
	start, end := from.border(a, b), to.border(b, a)
	return edgeShape{
		curve: []spot{start, {start.x + (end.x-start.x)/3, start.y + (end.y-start.y)/3}, {start.x + 2*(end.x-start.x)/3, start.y + 2*(end.y-start.y)/3}, end},
		head:  arrow(start, end),
	}
}

// arrow is the point of an arrow that comes from a spot and ends at another.
func arrow(from, to spot) []spot {
	dx, dy := to.x-from.x, to.y-from.y
	length := max(math.Hypot(dx, dy), 1)
	dx, dy = dx/length, dy/length
	return []spot{to, {to.x - 7*dx - 2.5*dy, to.y - 7*dy + 2.5*dx}, {to.x - 7*dx + 2.5*dy, to.y - 7*dy - 2.5*dx}}
}

// middle is the centre of a box.
func (b box) middle() spot { return spot{(b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2} }

// border is where a line from inside a box to another spot leaves it.
func (b box) border(in, out spot) spot {
	t := 1.0
	for _, side := range [...]struct{ step, room float64 }{
		{out.x - in.x, b.x1 - in.x}, {in.x - out.x, in.x - b.x0}, {out.y - in.y, b.y1 - in.y}, {in.y - out.y, in.y - b.y0},
	} {
		if side.step > 0 {
			t = min(t, max(side.room, 0)/side.step)
		}
	}
	return spot{in.x + t*(out.x-in.x), in.y + t*(out.y-in.y)}
}

// fewOf says that a component is too large to be drawn. The page, the drawing and the texts beside it all say it.
func fewOf(g check.Graph) string {
	if len(g.Ops) == 0 {
		return fmt.Sprintf("Too many to draw: %s, and no cycle among them was short enough.", count(g.Total, "operation"))
	}
	return fmt.Sprintf("Too many to draw: of %s only the %s of the cycles that were found are here.",
		count(g.Total, "operation"), thousands(len(g.Ops)))
}

// crowding says how a crowded drawing is to be read, if it is one.
func (s scene) crowding() []string {
	if !s.crowded {
		return nil
	}
	text := fmt.Sprintf("%s among %s are too many to follow: ", count(len(s.edges), "arrow"), count(len(s.nodes), "operation"))
	switch bold := s.numBold(); {
	case bold == 0:
		text += "hover over one to see what it means."
	case s.ring:
		text += fmt.Sprintf("the %s of the cycle are bold, the others pale; hover over one to see what it means.", thousands(bold))
	default:
		text += fmt.Sprintf("the %s of the shortest cycles are bold, the others pale; hover over one to see what it means.", thousands(bold))
	}
	return []string{text}
}

// numBold is how many edges belong to cycles.
func (s scene) numBold() int {
	n := 0
	for _, e := range s.edges {
		if e.bold {
			n++
		}
	}
	return n
}
