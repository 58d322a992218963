package render

import (
	"cmp"
	"slices"
)

// The measures of a picture of ways, in pixels.
const (
	linearLeft   = 92.0 // room for the names of processes
	linearRight  = 46.0 // where what is still open fades
	linearTop    = 8.0
	linearHead   = 34.0 // the row in which ways begin
	linearRow    = 64.0
	linearLabel  = 15.0 // from the top of a row down to its bars
	linearBarTop = 20.0
	linearBarLow = 22.0 // height of a bar
	linearFoot   = 26.0 // the row of times
	linearLetter = 7.25 // width of a letter, bold or not
	linearSlot   = 22.0 // at least, between two ends
	linearMin    = 320.0
	linearAlone  = 620.0 // of a file with its legend
)

// layOut gives all ends and ticks their places from left to right.
func (p *linearPicture) layOut() {
	order := make([]int, len(p.ticks))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := p.ticks[i], p.ticks[j]
		return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.rank, b.rank))
	})
	x := linearLeft
	p.endX = make([]float64, len(p.ends))
	free := make([]float64, len(p.rows)) // up to where labels reach in each row
	for slot := -1; slot < len(p.ends); slot++ {
		if slot >= 0 {
			x = p.openEnd(slot, x, free)
		}
		n := 0
		for n < len(order) && p.ticks[order[n]].slot == slot {
			n++
		}
		x = max(p.columns(order[:n], x), x+linearSlot)
		order = order[n:]
	}
	right := x
	for _, f := range free {
		right = max(right, f-linearRight)
	}
	p.wide = max(right+linearRight, linearMin)
	p.height = linearTop + linearHead + linearRow*float64(len(p.rows)) + linearFoot
	for i := range p.bars {
		b := &p.bars[i]
		b.x1, b.x2 = p.endX[b.from], p.wide
		if b.to >= 0 {
			b.x2 = p.endX[b.to]
		}
	}
}

// openEnd is the place of an end, where the labels of the bars that begin there have room.
func (p *linearPicture) openEnd(end int, x float64, free []float64) float64 {
	for _, b := range p.bars {
		if b.from == end {
			x = max(x, free[b.row])
		}
	}
	for _, b := range p.bars {
		if b.from == end {
			free[b.row] = x + float64(cells(b.text))*linearLetter + 10
		}
	}
	p.endX[end] = x
	return x
}

// columns gives ticks of one slot their places, rank by rank: of each rank, those of one bar stand side by side.
func (p *linearPicture) columns(ticks []int, x float64) float64 {
	for len(ticks) > 0 {
		rank := p.ticks[ticks[0]].rank
		next := make(map[int]float64) // bar → place of its next tick
		far := x
		n := 0
		for ; n < len(ticks) && p.ticks[ticks[n]].rank == rank; n++ {
			t := &p.ticks[ticks[n]]
			at, there := next[t.bar]
			if !there {
				at = x
			}
			half := max(float64(cells(t.label()))*linearLetter/2+5, 13)
			t.x = at + half
			next[t.bar] = at + 2*half
			far = max(far, at+2*half)
		}
		x, ticks = far, ticks[n:]
	}
	return x
}

// label is what is written below a tick.
func (t linearTick) label() string {
	if t.wrong != "" {
		return "✗ " + t.state
	}
	return t.state
}

// y is the height of a tick: the middle of its bar, or of the row in which ways begin.
func (p *linearPicture) y(t linearTick) float64 {
	if t.bar < 0 {
		return linearTop + linearHead/2 - 4
	}
	return p.barTop(p.bars[t.bar].row) + linearBarLow/2
}

func (p *linearPicture) barTop(row int) float64 {
	return linearTop + linearHead + linearRow*float64(row) + linearBarTop
}
