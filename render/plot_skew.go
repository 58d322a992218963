package render

import (
	"fmt"
	"math"
	"slices"

	"jcheck/history"
	"jcheck/internal/edn"
)

// What a picture of clocks is made of, and its bounds.
const (
	maxClocks    = 12 // nodes
	maxSkewMarks = 200
	offsetsField = "clock-offsets"
)

// skewSeries is a node's clock: seconds off, over time.
type skewSeries struct {
	node string
	at   []uint64
	off  []float64
}

// skewChart shows how far the nodes' clocks were off, where the nemesis wrote it down.
func skewChart(d *deeds, o PlotOptions) (*chart, string) {
	list, more := d.skews()
	if len(list) == 0 {
		return nil, "no operation of the nemesis has " + offsetsField
	}
	c := newChart(d, o, "Clocks of the nodes against the control node's")
	least, most := 0.0, 0.0
	for i, s := range list {
		p := pen{color: seriesInk(i), width: 1.8, dash: 5 * float64(i/seriesInks)}
		c.keys = append(c.keys, chartKey{text: clipCells(s.node, 24), pen: p, shape: shapeOf(i % len(plotShapes)), mark: pen{color: p.color}})
		least, most = min(least, slices.Min(s.off)), max(most, slices.Max(s.off))
	}
	c.panels = []panel{{}}
	c.notes = append(c.notes, "Above 0 a node's clock is ahead. A clock is taken to stay as far off as it was found to be, until it was looked at again.")
	if more > 0 {
		c.notes = append(c.notes, fmt.Sprintf("%s more are not shown.", count(more, "node")))
	}
	c.stack(func(_ int, from, to float64) axis { return skewAxis(least, most, from, to) })
	for i, s := range list {
		c.panels[0].layers = append(c.panels[0].layers, s.layer(c, i))
	}
	return c, ""
}

// skewAxis is one of seconds, below 0 too.
func skewAxis(least, most float64, from, to float64) axis {
	if most-least <= 0 {
		least, most = -0.001, 0.001
	}
	step := niceStep((most - least) / 6)
	a := axis{lo: math.Floor(least/step+1e-9) * step, hi: math.Ceil(most/step-1e-9) * step, from: from, to: to}
	unit, name := 1.0, " s"
	if max(most, -least) < 1 {
		unit, name = 1e-3, " ms"
	}
	for i := math.Round(a.lo / step); i <= math.Round(a.hi/step) && len(a.ticks) < 20; i++ {
		a.ticks = append(a.ticks, axisTick{i * step, plainNumber(math.Round(i*step/unit*1e6)/1e6) + name})
	}
	return a
}

// layer is a clock's line: level until it was looked at again.
func (s skewSeries) layer(c *chart, i int) layer {
	p := &c.panels[0]
	k := c.keys[i]
	l := layer{pen: k.pen, shape: k.shape, mark: k.mark}
	var line []spot
	for j, at := range s.at {
		here := spot{c.time.place(float64(at)), p.values.place(s.off[j])}
		if n := len(line); n > 0 {
			line = append(line, spot{here.x, line[n-1].y})
		}
		line = append(line, here)
		l.at = append(l.at, here)
	}
	if n := len(line); n > 0 {
		line = append(line, spot{plotLeft + inside, line[n-1].y})
	}
	if len(l.at) > maxSkewMarks {
		l.at, l.shape = nil, nil
	}
	l.lines = [][]spot{line}
	return l
}

// skews are the clocks of nodes, by their names; more is how many nodes are beyond the bound.
func (d *deeds) skews() (list []skewSeries, more int) {
	byNode := map[string]int{}
	for id := range d.h.All() {
		if d.h.Client(id) || d.h.Time(id) == history.NoTime {
			continue
		}
		for _, f := range d.h.Op(id).Extra {
			if f.Name != offsetsField || f.Value.Kind != edn.Map {
				continue
			}
			at := uint64(d.h.Time(id)) - uint64(d.origin)
			for k := 0; k+1 < len(f.Value.Items); k += 2 {
				off, ok := numberOf(f.Value.Items[k+1])
				node := f.Value.Items[k].Text
				if !ok || node == "" {
					continue
				}
				i, known := byNode[node]
				if !known {
					i = len(byNode)
					byNode[node] = i
					if i < maxClocks {
						list = append(list, skewSeries{node: node})
					}
				}
				if i < maxClocks {
					list[i].at, list[i].off = append(list[i].at, at), append(list[i].off, off)
				}
			}
		}
	}
	for i, s := range list {
		list[i] = s.thinned(d.last)
	}
	return list, max(len(byNode)-maxClocks, 0)
}

// thinned is the clock with at most four values in a column of pixels: its first, least, most and last one.
func (s skewSeries) thinned(last uint64) skewSeries {
	out := skewSeries{node: s.node}
	column := func(i int) int { return int(float64(s.at[i]) / max(float64(last), 1) * inside) }
	for from := 0; from < len(s.at); {
		low, high, to := from, from, from
		for ; to < len(s.at) && column(to) == column(from); to++ {
			if s.off[to] < s.off[low] {
				low = to
			}
			if s.off[to] > s.off[high] {
				high = to
			}
		}
		keep := []int{from, low, high, to - 1}
		slices.Sort(keep)
		for _, i := range slices.Compact(keep) {
			out.at, out.off = append(out.at, s.at[i]), append(out.off, s.off[i])
		}
		from = to
	}
	return out
}

// numberOf is a number that can be drawn.
func numberOf(v edn.Value) (float64, bool) {
	switch v.Kind {
	case edn.Int:
		return float64(v.Int()), true
	case edn.Float:
		x := v.Float()
		return x, !math.IsNaN(x) && math.Abs(x) < 1e12
	}
	return 0, false
}
