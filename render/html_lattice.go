package render

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"jcheck/check"
)

// The measures of the picture of the lattice, in pixels.
const (
	latticeBox   = 26  // height of a box
	latticeRow   = 58  // from one layer to the next
	latticeSpace = 14  // between boxes
	latticeWide  = 520 // of a layer, without the edges that pass it
	latticeBend  = 26  // width of a place where an edge passes a layer
	sweeps       = 24  // of the ordering, each down and up
)

// latticeNode is a model, or a place where an edge passes a layer.
type latticeNode struct {
	model int // -1 for a place that an edge passes
	layer int // 0 holds the weakest models
	wide  float64
	x     float64 // of its middle
	up    []int
	down  []int
}

// latticePlan is a layered drawing (after Sugiyama, Tagawa and Toda 1981): models stand in layers by the longest way
// down, edges that cross layers get a place in each, layers are ordered by the middles of their neighbours as long as
// that removes crossings, and then nodes move as near to their neighbours as the order lets them.
type latticePlan struct {
	nodes  []latticeNode
	layers [][]int
	wide   float64
}

// planLattice lays out the models.
func planLattice(models []LatticeModel) *latticePlan {
	l := &latticePlan{}
	weaker := reducedEdges(models)
	for i, m := range models {
		l.nodes = append(l.nodes, latticeNode{model: i, wide: float64(cells(shownModel(m.Name)))*6.7 + 34})
	}
	l.assign(weaker)
	for i := range models {
		for _, j := range weaker[i] {
			l.join(i, j)
		}
	}
	for i := range l.nodes {
		for len(l.layers) <= l.nodes[i].layer {
			l.layers = append(l.layers, nil)
		}
		l.layers[l.nodes[i].layer] = append(l.layers[l.nodes[i].layer], i)
	}
	l.order()
	l.settle()
	return l
}

// assign gives each model its layer: the lowest above all that it implies in which there is room. Models that have the
// longest way up to the strongest come first, since they can wait least (after Coffman and Graham 1972).
func (l *latticePlan) assign(weaker [][]int) {
	n := len(weaker)
	up := make([]int, n)     // links of the longest way up
	var low = make([]int, n) // and down
	for range n {            // a way has no more links than there are models
		for i := range n {
			for _, j := range weaker[i] {
				up[j] = max(up[j], min(up[i]+1, n))
				low[i] = max(low[i], min(low[j]+1, n))
			}
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(low[a], low[b]), cmp.Compare(up[b], up[a])) })
	var filled []float64
	for _, i := range order {
		at := 0
		for _, j := range weaker[i] {
			at = max(at, l.nodes[j].layer+1)
		}
		for at < len(filled) && filled[at] > 0 && filled[at]+l.nodes[i].wide > latticeWide {
			at++
		}
		for len(filled) <= at {
			filled = append(filled, 0)
		}
		filled[at] += l.nodes[i].wide + latticeSpace
		l.nodes[i].layer = at
	}
}

// shownModel is a model's name as people know it.
func shownModel(name string) string { return modelList([]string{name}) }

// reducedEdges are the weaker models of each that no other weaker one implies, as places in models.
func reducedEdges(models []LatticeModel) [][]int {
	place := map[string]int{}
	for i, m := range models {
		place[m.Name] = i
	}
	below := make([]map[int]bool, len(models))
	for i := range models {
		below[i] = map[int]bool{}
		todo := []string{models[i].Name}
		for len(todo) > 0 {
			name := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			j, known := place[name]
			if !known || below[i][j] {
				continue
			}
			below[i][j] = j != i
			todo = append(todo, models[j].Weaker...)
		}
		delete(below[i], i)
	}
	edges := make([][]int, len(models))
	for i, m := range models {
		for _, name := range m.Weaker {
			j, known := place[name]
			direct := known && j != i && !slices.Contains(edges[i], j)
			for _, other := range m.Weaker {
				if k, ok := place[other]; direct && ok && k != j && below[k][j] {
					direct = false
				}
			}
			if direct {
				edges[i] = append(edges[i], j)
			}
		}
	}
	return edges
}

// join adds the edge from strong to weak, by a place in each layer between them.
func (l *latticePlan) join(strong, weak int) {
	at := strong
	for layer := l.nodes[strong].layer - 1; layer > l.nodes[weak].layer; layer-- {
		l.nodes = append(l.nodes, latticeNode{model: -1, layer: layer, wide: latticeBend})
		l.link(at, len(l.nodes)-1)
		at = len(l.nodes) - 1
	}
	l.link(at, weak)
}

func (l *latticePlan) link(up, down int) {
	l.nodes[up].down = append(l.nodes[up].down, down)
	l.nodes[down].up = append(l.nodes[down].up, up)
}

// order sorts the layers to have few crossings: sweeps up and down, of which the best is kept.
func (l *latticePlan) order() {
	best, least := l.cloneLayers(), l.crossings()
	for i := range sweeps {
		for k := range l.layers {
			layer := k
			if i%2 == 1 {
				layer = len(l.layers) - 1 - k
			}
			l.sortLayer(layer, i%2 == 0)
		}
		if n := l.crossings(); n < least {
			best, least = l.cloneLayers(), n
		}
	}
	l.layers = best
}

func (l *latticePlan) cloneLayers() [][]int {
	out := make([][]int, len(l.layers))
	for i := range out {
		out[i] = slices.Clone(l.layers[i])
	}
	return out
}

// places are where each node stands in its layer.
func (l *latticePlan) places() []int {
	at := make([]int, len(l.nodes))
	for _, layer := range l.layers {
		for i, n := range layer {
			at[n] = i
		}
	}
	return at
}

// sortLayer orders a layer by the middles of the neighbours below (or above) it.
func (l *latticePlan) sortLayer(layer int, below bool) {
	at := l.places()
	middle := make(map[int]float64, len(l.layers[layer]))
	for i, n := range l.layers[layer] {
		near := l.nodes[n].up
		if below {
			near = l.nodes[n].down
		}
		middle[n] = float64(i)
		if len(near) > 0 {
			sum := 0
			for _, m := range near {
				sum += at[m]
			}
			middle[n] = float64(sum) / float64(len(near))
		}
	}
	slices.SortStableFunc(l.layers[layer], func(a, b int) int { return cmp.Compare(middle[a], middle[b]) })
}

// crossings counts the pairs of edges between neighbouring layers that cross.
func (l *latticePlan) crossings() int {
	at := l.places()
	n := 0
	for _, layer := range l.layers {
		for i, a := range layer {
			for _, b := range layer[i+1:] {
				for _, x := range l.nodes[a].down {
					for _, y := range l.nodes[b].down {
						if at[x] > at[y] {
							n++
						}
					}
				}
			}
		}
	}
	return n
}

// settle gives each node its place from left to right.
func (l *latticePlan) settle() {
	for range 4 * sweeps {
		for _, layer := range l.layers {
			l.settleLayer(layer)
		}
		for i := len(l.layers) - 1; i >= 0; i-- {
			l.settleLayer(l.layers[i])
		}
	}
	left, right := math.Inf(1), math.Inf(-1)
	for _, n := range l.nodes {
		left, right = min(left, n.x-n.wide/2), max(right, n.x+n.wide/2)
	}
	for i := range l.nodes {
		l.nodes[i].x += 6 - left
	}
	l.wide = right - left + 12
}

// settleLayer moves the nodes of a layer to the middles of their neighbours, as near as their order and widths allow:
// nodes that would overlap move as one block, whose place is the mean of what its nodes want (least squares).
func (l *latticePlan) settleLayer(layer []int) {
	type block struct {
		sum   float64 // of the wanted places of the block's left end
		nodes int
	}
	var blocks []block
	offset := make([]float64, len(layer)) // of each middle from the left end of the layer, were all one block
	for i, n := range layer {
		node := &l.nodes[n]
		if i > 0 {
			before := &l.nodes[layer[i-1]]
			offset[i] = offset[i-1] + (before.wide+node.wide)/2 + latticeSpace
		}
		blocks = append(blocks, block{l.wanted(node) - offset[i], 1})
		for len(blocks) > 1 {
			a, b := blocks[len(blocks)-2], blocks[len(blocks)-1]
			if a.sum/float64(a.nodes) <= b.sum/float64(b.nodes) {
				break
			}
			blocks = append(blocks[:len(blocks)-2], block{a.sum + b.sum, a.nodes + b.nodes})
		}
	}
	i := 0
	for _, b := range blocks {
		for range b.nodes {
			l.nodes[layer[i]].x = b.sum/float64(b.nodes) + offset[i]
			i++
		}
	}
}

// wanted is the middle of a node's neighbours.
func (l *latticePlan) wanted(n *latticeNode) float64 {
	sum, count := 0.0, 0
	for _, near := range [...][]int{n.up, n.down} {
		for _, m := range near {
			sum += l.nodes[m].x
			count++
		}
	}
	if count == 0 {
		return n.x
	}
	return sum / float64(count)
}

// y is the middle of a layer: the strongest is at the top.
func (l *latticePlan) y(layer int) int { return (len(l.layers)-1-layer)*latticeRow + latticeBox/2 + 4 }

// latticeSVG draws the lattice, each model coloured by what the result says of it. style is for a drawing by itself, with
// a ground of its own.
func latticeSVG(models []LatticeModel, r check.Result, style string) string {
	l := planLattice(models)
	implied := impliedModels(models, r.Models.Asked)
	states := make([]modelState, len(models))
	for i, m := range models {
		states[i] = stateOf(r, m.Name, implied)
	}
	var m markup
	wide, height := int(math.Ceil(l.wide)), l.y(0)+latticeBox/2+4
	m.open("svg", "xmlns", "http://www.w3.org/2000/svg", "class", "own models", "role", "img", "viewBox", fmt.Sprintf("0 0 %d %d", wide, height), "width", num(wide),
		"height", num(height), "aria-label", "The models, stronger ones above")
	m.line()
	if style != "" {
		m.elem("style", style) // no character in it needs escaping
		m.raw(`<rect width="100%" height="100%" style="fill: var(--page)"/>`)
	}
	for i := range models {
		for _, d := range l.nodes[i].down {
			l.drawEdge(&m, i, d)
		}
	}
	for i := range models {
		l.drawModel(&m, &l.nodes[i], models[i], states[i], slices.Contains(r.Models.Asked, models[i].Name))
	}
	m.shut("svg")
	return m.b.String()
}

// latticeList is the lattice for a telephone, on which the picture's letters would be too small: a line for each layer, from
// the strongest models to the weakest.
func (p *htmlPage) latticeList(r check.Result) {
	l := planLattice(p.o.Lattice)
	implied := impliedModels(p.o.Lattice, r.Models.Asked)
	p.open("ol", "class", "layers narrow")
	for k := len(l.layers) - 1; k >= 0; k-- {
		p.open("li")
		for _, n := range l.layers[k] {
			if l.nodes[n].model < 0 {
				continue
			}
			name := p.o.Lattice[l.nodes[n].model].Name
			s := stateOf(r, name, implied)
			class := "key " + modelSigns[s].class
			if slices.Contains(r.Models.Asked, name) {
				class += " asked"
			}
			p.elem("span", strings.TrimSpace(modelSigns[s].sign+" "+shownModel(name)), "class", class)
			p.text(" ")
		}
		p.shut("li")
		p.line()
	}
	p.shut("ol")
}

// drawEdge draws an edge down to the next model: a smooth curve through the places where it passes layers (a cubic
// Hermite spline), straight down at its ends.
func (l *latticePlan) drawEdge(m *markup, up, down int) {
	type point struct{ x, y float64 }
	points := []point{{l.nodes[up].x, float64(l.y(l.nodes[up].layer) + latticeBox/2)}}
	for ; l.nodes[down].model < 0; down = l.nodes[down].down[0] {
		points = append(points, point{l.nodes[down].x, float64(l.y(l.nodes[down].layer))})
	}
	points = append(points, point{l.nodes[down].x, float64(l.y(l.nodes[down].layer) - latticeBox/2)})
	slope := func(i int) point {
		if i == 0 || i == len(points)-1 {
			return point{0, latticeRow}
		}
		before, after := points[i].x-points[i-1].x, points[i+1].x-points[i].x
		if before*after <= 0 {
			return point{0, latticeRow}
		}
		return point{math.Copysign(min(math.Abs(before), math.Abs(after)), before), latticeRow}
	}
	fmt.Fprintf(&m.b, `<path class="implies" d="M%.1f %.1f`, points[0].x, points[0].y)
	for i := 1; i < len(points); i++ {
		a, b, da, db := points[i-1], points[i], slope(i-1), slope(i)
		fmt.Fprintf(&m.b, "C%.1f %.1f %.1f %.1f %.1f %.1f", a.x+da.x/3, a.y+da.y/3, b.x-db.x/3, b.y-db.y/3, b.x, b.y)
	}
	m.raw(`"/>`)
	m.line()
}

// drawModel draws the box of a model.
func (l *latticePlan) drawModel(m *markup, n *latticeNode, row LatticeModel, s modelState, asked bool) {
	class := "model " + modelSigns[s].class
	if asked {
		class += " asked"
	}
	m.open("g", "class", class)
	text := shownModel(row.Name)
	if s != modelOpen {
		text += ": " + modelSigns[s].text
	}
	if row.Note != "" {
		text += ". " + sentence(row.Note)
	}
	m.elem("title", text)
	y := l.y(n.layer)
	m.raw(fmt.Sprintf(`<rect x="%.1f" y="%d" width="%.1f" height="%d" rx="6"/>`, n.x-n.wide/2, y-latticeBox/2, n.wide, latticeBox))
	name := shownModel(row.Name)
	if s != modelOpen || asked {
		name = modelSigns[s].sign + " " + name
	}
	m.elem("text", name, "x", fmt.Sprintf("%.1f", n.x), "y", num(y+4))
	m.shut("g")
	m.line()
}

// impliedModels are the models asked for with all that they imply.
func impliedModels(models []LatticeModel, asked []string) map[string]bool {
	implied := map[string]bool{}
	todo := slices.Clone(asked)
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if implied[name] {
			continue
		}
		implied[name] = true
		for i := range models {
			if models[i].Name == name {
				todo = append(todo, models[i].Weaker...)
			}
		}
	}
	return implied
}
