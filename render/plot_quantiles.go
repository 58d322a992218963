package render

import (
	"fmt"
	"slices"
)

// plotQuantiles are the quantiles that are drawn, each with its line.
var plotQuantiles = [...]struct {
	share float64
	name  string
	ink   ink
}{{0.5, "0.5 (median)", inkMedian}, {0.95, "0.95", inkTwentieth}, {0.99, "0.99", inkHundredth}, {1, "1 (slowest)", inkWorst}}

// quantileChart shows the quantiles of latencies over time, a panel for each function.
func quantileChart(d *deeds, o PlotOptions) (*chart, string) {
	if d.timed == 0 {
		return nil, "no operation has both an invocation and an end"
	}
	c := newChart(d, o, "Quantiles of latency")
	for i, q := range plotQuantiles {
		c.keys = append(c.keys, chartKey{text: q.name, pen: pen{color: q.ink, width: 1.8}, shape: shapeOf(i), mark: pen{color: q.ink}})
	}
	c.panels = d.functionPanels()
	w := newTimeWindows(float64(d.last))
	c.notes = append(c.notes, fmt.Sprintf("Of the operations that were invoked within %s each, however they ended.%s", w.words(), d.openNote()))
	c.stack(func(_ int, from, to float64) axis { return latencyAxis(float64(d.least), float64(d.most), from, to) })
	for f, row := range d.latencies(w) {
		p := &c.panels[f]
		for i, q := range plotQuantiles {
			l := layer{pen: pen{color: q.ink, width: 1.8}, shape: shapeOf(i), mark: pen{color: q.ink}}
			var line []spot
			for k, sorted := range row {
				if len(sorted) == 0 { // a gap: nobody knows
					l.lines, line = append(l.lines, line), nil
					continue
				}
				from, to := w.bounds(k)
				s := spot{c.time.place((from + to) / 2), p.values.place(float64(quantile(sorted, q.share)))}
				line = append(line, s)
				l.at = append(l.at, s)
			}
			l.lines = append(l.lines, line)
			p.layers = append(p.layers, l)
		}
	}
	return c, ""
}

// functionPanels is a panel for each function, with a title if there are several.
func (d *deeds) functionPanels() []panel {
	panels := make([]panel, len(d.fs))
	for i, f := range d.fs {
		if len(d.fs) > 1 {
			panels[i].title = fmt.Sprintf("%s (%s)", f, thousands(d.total(i)))
		}
	}
	return panels
}

// latencies are those of each function and window, ascending. They lie in one array that is filled after counting: 8 bytes
// for an operation.
func (d *deeds) latencies(w timeWindows) [][][]uint64 {
	ends := make([]int, len(d.fs)*w.n+1)
	place := func(x deed) int { return int(x.slot)*w.n + w.of(float64(x.from)) }
	d.each(func(x deed) {
		if !x.alone {
			ends[place(x)+1]++
		}
	})
	for i := 1; i < len(ends); i++ {
		ends[i] += ends[i-1]
	}
	all := make([]uint64, ends[len(ends)-1])
	next := slices.Clone(ends)
	d.each(func(x deed) {
		if !x.alone {
			i := place(x)
			all[next[i]] = x.to - x.from
			next[i]++
		}
	})
	rows := make([][][]uint64, len(d.fs))
	for f := range rows {
		for k := range w.n {
			part := all[ends[f*w.n+k]:ends[f*w.n+k+1]]
			slices.Sort(part)
			rows[f] = append(rows[f], part)
		}
	}
	return rows
}

// quantile is the smallest of ascending values that isn't below the given share of them, as Jepsen counts: the value at
// ⌊share·n⌋, the last one for a share of 1.
func quantile(sorted []uint64, share float64) uint64 {
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
