package render

import (
	"cmp"
	"math"
	"slices"
)

// The measures of an edge's label. It's in a monospaced font, whose width is known on every machine: a label can then be
// kept clear of everything without having been drawn.
const (
	labelChar = 7.3 // a letter, rounded up
	labelLine = 14.5
	labelPad  = 4.0
	labelGap  = 3.0  // to whatever else there is
	labelEnd  = 12.0 // of its line that a label leaves to see, before and behind
)

// labelSize is the room that an edge's label takes, none if it has no label.
func labelSize(e sceneEdge) (wide, high float64) {
	chars := 0
	for _, line := range e.lines {
		chars = max(chars, cells(line))
	}
	if chars == 0 {
		return 0, 0
	}
	return float64(chars)*labelChar + 2*labelPad, float64(len(e.lines))*labelLine + labelPad
}

// labeller finds places for labels. Graphviz leaves room for them, but it doesn't know our letters, and its curves
// sometimes touch what it put beside them; so the places are ours.
type labeller struct {
	s     scene
	g     *geometry
	lines [][]spot // the edges as short straight pieces
	taken []box    // by labels
}

// placeLabels gives each label a place on its edge, or else beside it, where it touches no box, no other edge and no
// other label. A thin edge without such a place goes without a label: its colour and a hover tell the same. Labels of
// cycles are always there; tight tells how badly they are placed: 1 for each that isn't on its edge, crammed for each
// that touches something.
func (s scene) placeLabels(g *geometry) (tight int) {
	p := labeller{s: s, g: g, lines: make([][]spot, len(s.edges))}
	for i := range s.edges {
		p.lines[i] = flattened(g.edges[i].curve)
	}
	order := make([]int, len(s.edges))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(thinness(s.edges[i]), thinness(s.edges[j])) })
	for _, i := range order {
		wide, high := labelSize(s.edges[i])
		if wide == 0 {
			continue
		}
		place, on, ok := p.find(i, wide, high)
		switch bold := s.edges[i].bold; {
		case !ok && bold:
			place, ok = p.leastBad(i, wide, high), true
			tight += crammed
		case ok && bold && !on:
			tight++
		}
		if ok {
			g.edges[i].label = place
			p.taken = append(p.taken, place)
		}
	}
	return tight
}

// crammed is how much worse it is if a label touches something than if many are beside their edges.
const crammed = 1000

// thinness puts edges of cycles first.
func thinness(e sceneEdge) int {
	if e.bold {
		return 0
	}
	return 1
}

// find is the first good place of a label: on the middle of its edge, then farther from there, then beside the edge; on
// tells which.
func (p *labeller) find(i int, wide, high float64) (place box, on, ok bool) {
	for _, at := range samples(p.lines[i]) {
		b := centred(at, wide, high)
		if p.cost(i, b) == 0 && p.sees(i, b) {
			return b, true, true
		}
	}
	for _, at := range samples(p.lines[i]) {
		for _, side := range sides(wide, high) {
			b := centred(spot{at.x + side.x, at.y + side.y}, wide, high)
			if p.cost(i, b) == 0 && !touches(p.lines[i], b) {
				return b, false, true
			}
		}
	}
	return box{}, false, false
}

// leastBad is the place on an edge where its label touches the fewest things.
func (p *labeller) leastBad(i int, wide, high float64) box {
	var best box
	least := math.MaxInt
	for _, at := range samples(p.lines[i]) {
		b := centred(at, wide, high)
		if c := p.cost(i, b); c < least {
			best, least = b, c
		}
	}
	return best
}

// cost is how bad it is what a label of edge i touches in a place. Boxes of operations must be read whole, and an edge
// without its point says nothing; edges that are straight lines behind the boxes may be covered.
func (p *labeller) cost(i int, b box) int {
	cost := 0
	near := b.grown(labelGap)
	for _, n := range p.g.nodes {
		if n.box.meets(near) {
			cost += 10
		}
	}
	for _, other := range p.taken {
		if other.meets(near) {
			cost += 10
		}
	}
	for j := range p.s.edges {
		if p.s.edges[j].free {
			continue
		}
		if slices.ContainsFunc(p.g.edges[j].head, near.holds) {
			cost += 5
		}
		if j != i && touches(p.lines[j], near) {
			cost++
		}
	}
	return cost
}

// sees tells whether enough of edge i is left to see where its label lies on it, and none but a piece about as long as the
// label is hidden.
func (p *labeller) sees(i int, b box) bool {
	line := p.lines[i]
	before, hidden, behind := 0.0, 0.0, 0.0
	for k := 1; k < len(line); k++ {
		length := math.Hypot(line[k].x-line[k-1].x, line[k].y-line[k-1].y)
		switch mid := (spot{(line[k].x + line[k-1].x) / 2, (line[k].y + line[k-1].y) / 2}); {
		case b.holds(mid):
			hidden += length + behind // what shows between two hidden pieces doesn't count
			behind = 0
		case hidden == 0:
			before += length
		default:
			behind += length
		}
	}
	return before >= labelEnd && behind >= labelEnd && hidden <= 1.2*math.Hypot(b.x1-b.x0, b.y1-b.y0)
}

// samples are spots on a line, those in the middle first.
func samples(line []spot) []spot {
	const each = 16 // on each side of the middle
	list := make([]spot, 0, 2*each+1)
	for k := range 2*each + 1 {
		step := float64((k + 1) / 2)
		if k%2 == 1 {
			step = -step
		}
		list = append(list, along(line, 0.5+step*0.45/each))
	}
	return list
}

// sides are where a label may be beside a spot of its edge: from its centre, close by and then farther.
func sides(wide, high float64) []spot {
	var list []spot
	for _, far := range [...]float64{3, 10, 24} {
		dx, dy := wide/2+far, high/2+far
		list = append(list, spot{0, -dy}, spot{0, dy}, spot{-dx, 0}, spot{dx, 0}, spot{-dx, -dy}, spot{dx, -dy}, spot{-dx, dy}, spot{dx, dy})
	}
	return list
}

// along is the spot at a share of a line's length.
func along(line []spot, share float64) spot {
	total := 0.0
	for k := 1; k < len(line); k++ {
		total += math.Hypot(line[k].x-line[k-1].x, line[k].y-line[k-1].y)
	}
	left := total * share
	for k := 1; k < len(line); k++ {
		length := math.Hypot(line[k].x-line[k-1].x, line[k].y-line[k-1].y)
		if left <= length && length > 0 {
			t := left / length
			return spot{line[k-1].x + t*(line[k].x-line[k-1].x), line[k-1].y + t*(line[k].y-line[k-1].y)}
		}
		left -= length
	}
	return line[len(line)-1]
}

// flattened is a curve of Bézier pieces as short straight pieces.
func flattened(curve []spot) []spot {
	const pieces = 16
	line := []spot{curve[0]}
	for i := 3; i < len(curve); i += 3 {
		a, b, c, d := curve[i-3], curve[i-2], curve[i-1], curve[i]
		for k := 1; k <= pieces; k++ {
			t := float64(k) / pieces
			u := 1 - t
			p, q, r, s := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
			line = append(line, spot{p*a.x + q*b.x + r*c.x + s*d.x, p*a.y + q*b.y + r*c.y + s*d.y})
		}
	}
	return line
}

// touches tells whether a line passes through a box.
func touches(line []spot, b box) bool {
	for k := 1; k < len(line); k++ {
		if b.crossed(line[k-1], line[k]) {
			return true
		}
	}
	return false
}

// centred is the box of a size around a spot.
func centred(at spot, wide, high float64) box {
	return box{at.x - wide/2, at.y - high/2, at.x + wide/2, at.y + high/2}
}
