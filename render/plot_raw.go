package render

// maxMarks is about how many marks a picture may have: beyond it, those that lie near each other become one.
const maxMarks = 20_000

// grid is which places of a field some operation of one kind lies at, by pixels.
type grid struct {
	wide, high int
	used       []bool
}

func newGrid(wide, high int) *grid { return &grid{wide, high, make([]bool, wide*high)} }

// cells counts the squares with a side of so many pixels that have something in them.
func (g *grid) cells(side int) int {
	n := 0
	g.squares(side, func(int, int) { n++ })
	return n
}

// squares yields, for each square that has something in it, where its uppermost is: the slowest operation. No outlier
// is lost or looks better than it was.
func (g *grid) squares(side int, do func(x, y int)) {
	columns := (g.wide + side - 1) / side
	taken := make([]bool, columns)
	for top := 0; top < g.high; top += side {
		clear(taken)
		for y := top; y < min(top+side, g.high); y++ {
			for x, used := range g.used[y*g.wide : (y+1)*g.wide] {
				if used && !taken[x/side] {
					taken[x/side] = true
					do(x, y)
				}
			}
		}
	}
}

// clouds are the marks of all operations, by type and function, and the side of the squares that they stand for.
func (d *deeds) clouds(c *chart) ([]layer, int) {
	p := &c.panels[0]
	wide, high := int(inside)+1, int(p.foot-p.top)+1
	var grids [maxFunctions][4]*grid
	d.each(func(x deed) {
		if x.alone {
			return
		}
		g := grids[x.slot][x.kind]
		if g == nil {
			g = newGrid(wide, high)
			grids[x.slot][x.kind] = g
		}
		at := int(c.time.place(float64(x.from)) - plotLeft)
		up := int(p.values.place(float64(x.to-x.from)) - p.top)
		g.used[min(max(up, 0), high-1)*wide+min(max(at, 0), wide-1)] = true
	})
	side := sideOf(&grids)
	var layers []layer
	for i, s := range typeStyles {
		for f := range d.fs {
			g := grids[f][typeAt[i]]
			if g == nil {
				continue
			}
			l := layer{shape: shapeOf(f), mark: s.pen}
			g.squares(side, func(x, y int) { l.at = append(l.at, spot{plotLeft + float64(x), p.top + float64(y)}) })
			layers = append(layers, l)
		}
	}
	return layers, side
}

// sideOf is the least side of squares for which there are few enough.
func sideOf(grids *[maxFunctions][4]*grid) int {
	const largest = 8 // pixels; larger than a mark, they would leave gaps where there are none
	for side := 1; ; side++ {
		n := 0
		for _, row := range grids {
			for _, g := range row {
				if g != nil {
					n += g.cells(side)
				}
			}
		}
		if n <= maxMarks || side == largest {
			return side
		}
	}
}
