package render

import (
	"fmt"

	"jcheck/history"
)

// rateChart shows how many operations ended per second, by how they ended; a panel for each function.
func rateChart(d *deeds, o PlotOptions) (*chart, string) {
	c := newChart(d, o, "Rate of completions")
	c.keys = typeKeys(d, nil)
	c.panels = d.functionPanels()
	w := newTimeWindows(float64(d.last))
	c.notes = append(c.notes, fmt.Sprintf("Operations that ended, per second, within %s each.", w.words()))
	if d.open > 0 {
		c.notes[0] += fmt.Sprintf(" %s never ended, and counted nowhere.", count(d.open, "operation"))
	}
	rates := d.rates(w)
	c.stack(func(i int, from, to float64) axis {
		most := 0.0
		for _, row := range rates[i] {
			for _, r := range row {
				most = max(most, r)
			}
		}
		a := countAxis(most, from, to)
		for k := range a.ticks {
			a.ticks[k].label += "/s"
		}
		return a
	})
	for f := range c.panels {
		p := &c.panels[f]
		for i, s := range typeStyles {
			if d.count[f][typeAt[i]] == 0 {
				continue
			}
			l := layer{pen: pen{color: s.ink, width: 2, dash: s.dash}, lines: [][]spot{nil}}
			for k, r := range rates[f][typeAt[i]] {
				from, to := w.bounds(k)
				y := p.values.place(r)
				l.lines[0] = append(l.lines[0], spot{c.time.place(from), y}, spot{c.time.place(to), y}) // steps: a rate is a window's
			}
			p.layers = append(p.layers, l)
		}
	}
	return c, ""
}

// rates are the completions per second by function, type and window.
func (d *deeds) rates(w timeWindows) [][4][]float64 {
	rates := make([][4][]float64, len(d.fs))
	for f := range rates {
		for _, t := range typeAt {
			rates[f][t] = make([]float64, w.n)
		}
	}
	d.each(func(x deed) {
		if !x.open {
			rates[x.slot][x.kind][w.of(float64(x.to))]++
		}
	})
	for f := range rates {
		for _, t := range [...]history.Type{history.OK, history.Fail, history.Info} {
			for k := range rates[f][t] {
				from, to := w.bounds(k)
				rates[f][t][k] /= (to - from) / 1e9
			}
		}
	}
	return rates
}
