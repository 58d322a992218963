package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// geometry is where a drawer put things: all that is taken from its answer. Numbers can't do harm, whoever made them.
type geometry struct {
	nodes []nodeShape
	edges []edgeShape
}

// spot is a place on the drawing: x to the right, y down.
type spot struct{ x, y float64 }

// nodeShape is a record: its box, and the lines between its fields.
type nodeShape struct {
	box  box
	cuts []float64 // ascending, the box's upper and lower side included: field i is from cuts[i] to cuts[i+1]
}

// edgeShape is a curve of Bézier pieces (a point, then three for each piece), an arrowhead, and where the label is: that
// is settled by placeLabels.
type edgeShape struct {
	curve []spot
	head  []spot
	label box // empty if there is none
}

// box is a rectangle.
type box struct{ x0, y0, x1, y1 float64 }

// add makes the box hold a point.
func (b *box) add(p spot) {
	b.x0, b.y0 = min(b.x0, p.x), min(b.y0, p.y)
	b.x1, b.y1 = max(b.x1, p.x), max(b.y1, p.y)
}

// grown is the box with a border around it.
func (b box) grown(by float64) box { return box{b.x0 - by, b.y0 - by, b.x1 + by, b.y1 + by} }

// meets tells whether two boxes overlap.
func (b box) meets(o box) bool { return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 }

// holds tells whether a point is in the box.
func (b box) holds(p spot) bool { return b.x0 <= p.x && p.x <= b.x1 && b.y0 <= p.y && p.y <= b.y1 }

// crossed tells whether a straight line from p to q passes through the box: something of it is left once it is cut off at
// each of the four sides (Liang and Barsky 1984).
func (b box) crossed(p, q spot) bool {
	from, to := 0.0, 1.0
	for _, side := range [...]struct{ step, room float64 }{
		{p.x - q.x, p.x - b.x0}, {q.x - p.x, b.x1 - p.x}, {p.y - q.y, p.y - b.y0}, {q.y - p.y, b.y1 - p.y},
	} {
		switch {
		case side.step == 0 && side.room < 0:
			return false
		case side.step < 0:
			from = max(from, side.room/side.step)
		case side.step > 0:
			to = min(to, side.room/side.step)
		}
	}
	return from <= to
}

// emptyBox holds nothing.
func emptyBox() box { return box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)} }

// What a drawing may be made of: more is a drawer gone mad.
const (
	maxCoordinate = 1e5
	maxPoints     = 1e5
)

// readGeometry finds the nodes n0, n1, ... and the edges e0, e1, ... of a scene in the SVG that Graphviz made of it.
func readGeometry(svg []byte, s scene) (geometry, error) {
	r := geometryReader{g: geometry{nodes: make([]nodeShape, len(s.nodes)), edges: make([]edgeShape, len(s.edges))}}
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return r.g, fmt.Errorf("the drawing is not XML: %w", err)
		}
		if e, ok := token.(xml.StartElement); ok {
			r.element(e)
		}
		if r.points > maxPoints {
			return r.g, errors.New("the drawing has too many lines")
		}
	}
	if r.bad != "" {
		return r.g, fmt.Errorf("the drawing has no numbers in %.40q", r.bad)
	}
	return r.g, r.g.settle(s)
}

// geometryReader walks over the elements of an SVG. Which node or edge a shape belongs to is told by the last group with
// an id of ours: Graphviz doesn't nest them.
type geometryReader struct {
	g      geometry
	node   *nodeShape
	edge   *edgeShape
	points int
	bad    string // the first text that isn't coordinates
}

// element takes one element.
func (r *geometryReader) element(e xml.StartElement) {
	attr := map[string]string{}
	for _, a := range e.Attr {
		attr[a.Name.Local] = a.Value
	}
	if e.Name.Local == "g" {
		r.enter(attr["id"], attr["class"])
		return
	}
	switch {
	case r.node != nil && (e.Name.Local == "polygon" || e.Name.Local == "polyline"):
		for _, p := range r.read(attr["points"]) {
			r.node.box.add(p)
			r.node.cuts = append(r.node.cuts, p.y)
		}
	case r.edge != nil && e.Name.Local == "path":
		r.edge.curve = append(r.edge.curve, r.read(attr["d"])...)
	case r.edge != nil && e.Name.Local == "polygon":
		r.edge.head = append(r.edge.head, r.read(attr["points"])...)
	}
}

// enter notes the group whose shapes come next.
func (r *geometryReader) enter(id, class string) {
	if class == "" && !strings.HasPrefix(id, "n") && !strings.HasPrefix(id, "e") {
		return // a group inside
	}
	r.node, r.edge = nil, nil
	if len(id) < 2 {
		return
	}
	i, err := strconv.Atoi(id[1:])
	switch {
	case err != nil || i < 0:
	case id[0] == 'n' && i < len(r.g.nodes):
		r.node = &r.g.nodes[i]
		if r.node.cuts == nil {
			r.node.box = emptyBox()
		}
	case id[0] == 'e' && i < len(r.g.edges):
		r.edge = &r.g.edges[i]
	}
}

// read reads coordinates: "1,2 3,4", or a path of M and C, whose letters say nothing that their order doesn't.
func (r *geometryReader) read(text string) []spot {
	numbers := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(", \t\nMC", c) })
	list := make([]spot, 0, len(numbers)/2)
	for i := 0; i+1 < len(numbers); i += 2 {
		x, errX := strconv.ParseFloat(numbers[i], 64)
		y, errY := strconv.ParseFloat(numbers[i+1], 64)
		// Not a number fails both comparisons.
		if errX != nil || errY != nil || !(math.Abs(x) < maxCoordinate) || !(math.Abs(y) < maxCoordinate) {
			r.bad = text
			return nil
		}
		list = append(list, spot{x, y})
	}
	if len(numbers)%2 != 0 {
		r.bad = text
	}
	r.points += len(list)
	return list
}

// settle checks that everything has a place, and sorts the lines between fields.
func (g geometry) settle(s scene) error {
	for i := range g.nodes {
		n := &g.nodes[i]
		slices.Sort(n.cuts)
		n.cuts = slices.CompactFunc(n.cuts, func(a, b float64) bool { return math.Abs(a-b) < 0.5 })
		if want := len(s.nodes[i].shown()) + 2; len(n.cuts) != want {
			return fmt.Errorf("the drawing has %d fields of operation %s, not %d", max(len(n.cuts)-1, 0), s.nodes[i].name, want-1)
		}
	}
	g.layFree(s)
	for i := range g.edges {
		if e := &g.edges[i]; len(e.curve) < 4 || len(e.curve)%3 != 1 || len(e.head) < 3 {
			return fmt.Errorf("the drawing lacks edge %d", i)
		}
	}
	return nil
}

// bounds is the rectangle around everything.
func (g geometry) bounds() box {
	b := emptyBox()
	for _, n := range g.nodes {
		b.add(spot{n.box.x0, n.box.y0})
		b.add(spot{n.box.x1, n.box.y1})
	}
	for _, e := range g.edges {
		for _, p := range slices.Concat(e.curve, e.head) {
			b.add(p)
		}
		if e.label != (box{}) {
			b.add(spot{e.label.x0, e.label.y0})
			b.add(spot{e.label.x1, e.label.y1})
		}
	}
	return b
}
