package render

import (
	"context"
	"fmt"
	"slices"

	"jcheck/history"
)

// PlotOptions says what pictures of a history show beside it.
type PlotOptions struct {
	Name   string  // how the reader knows the history
	Faults []Fault // in the order of their beginnings
}

// A Plot is a picture of a history, as a file each; SVG suits light and dark, PNG is for whatever shows no SVG.
type Plot struct {
	Name  string // without an ending: "latency-raw"
	Title string // "Latency of each operation"
	SVG   []byte
	PNG   []byte
}

// plotRows are the pictures by the names of their files, which are Jepsen's.
var plotRows = [...]struct {
	name string
	make func(d *deeds, o PlotOptions) (*chart, string)
}{
	{"latency-raw", rawChart},
	{"latency-quantiles", quantileChart},
	{"rate", rateChart},
	{"clock-skew", skewChart},
}

// PlotNames are the names of all pictures that Plots can draw.
func PlotNames() []string {
	var names []string
	for _, row := range plotRows {
		names = append(names, row.name)
	}
	return names
}

// Plots draws the named pictures of a history. What there is nothing for is missing, with the reason; an error is one of
// ours. The same history gives the same bytes. Time grows linearly with operations, the pictures hardly at all: marks that
// would lie in the same place are one mark. When ctx ends, no further picture is begun.
func Plots(ctx context.Context, h *history.History, names []string, o PlotOptions) (list []Plot, missing []string, err error) {
	d, timed := newDeeds(h)
	for _, row := range plotRows {
		if !slices.Contains(names, row.name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return list, missing, fmt.Errorf("draw %s: %w", row.name, err)
		}
		if !timed && row.name != "clock-skew" {
			missing = append(missing, row.name+": no operation of a client has a time")
			continue
		}
		c, why := row.make(d, o)
		if c == nil {
			missing = append(missing, row.name+": "+why)
			continue
		}
		c.settle()
		p := Plot{Name: row.name, Title: c.title, SVG: c.svg()}
		if p.PNG, err = c.png(); err != nil {
			return list, missing, fmt.Errorf("draw %s: %w", row.name, err)
		}
		list = append(list, p)
	}
	return list, missing, nil
}

// newChart is a chart with its axis of time and the faults, without panels.
func newChart(d *deeds, o PlotOptions, title string) *chart {
	c := &chart{title: title, name: o.Name}
	var u timeUnit
	c.time, u = timeAxis(float64(d.last), plotLeft, plotLeft+inside)
	c.timeTitle = u.whole + " since the start of the run"
	if d.origin != 0 {
		c.timeTitle = fmt.Sprintf("%s since the first operation, which was at %s", u.whole, secondsText(float64(d.origin)))
	}
	c.addFaults(o.Faults, func(ns int64) float64 { return c.time.place(d.after(ns)) })
	return c
}

// rawChart shows the latency of each operation: a mark at its invocation.
func rawChart(d *deeds, o PlotOptions) (*chart, string) {
	if d.timed == 0 {
		return nil, "no operation has both an invocation and an end"
	}
	c := newChart(d, o, "Latency of each operation")
	c.keys = typeKeys(d, plotShapes[0])
	if len(d.fs) > 1 {
		for i, f := range d.fs {
			c.keys = append(c.keys, chartKey{text: clipCells(f, 24), shape: shapeOf(i), mark: pen{color: inkDim}})
		}
	}
	c.panels = []panel{{}}
	c.stack(func(_ int, from, to float64) axis { return latencyAxis(float64(d.least), float64(d.most), from, to) })
	layers, side := d.clouds(c)
	c.panels[0].layers = layers
	text := "A mark is an operation, at the time of its invocation; those in the same place are one mark."
	if side > 1 {
		text = fmt.Sprintf("A mark is an operation, at the time of its invocation. %s are too many for a mark each: "+
			"one stands for all of its kind within %d pixels, and is where the slowest is.", count(d.timed, "operation"), side)
	}
	c.notes = append(c.notes, text+d.openNote())
	return c, ""
}

// openNote tells of operations that never completed.
func (d *deeds) openNote() string {
	if d.open == 0 {
		return ""
	}
	return fmt.Sprintf(" %s never completed, and counted as info that lasts until the end of the history.", count(d.open, "operation"))
}

// shapeOf is the mark of a function.
func shapeOf(i int) []spot { return plotShapes[min(i, len(plotShapes)-1)] }

// typeKeys explain the types that there are.
func typeKeys(d *deeds, shape []spot) []chartKey {
	var keys []chartKey
	for i, s := range typeStyles {
		n := 0
		for f := range d.fs {
			n += d.count[f][typeAt[i]]
		}
		if n == 0 {
			continue
		}
		k := chartKey{text: fmt.Sprintf("%s (%s)", s.name, thousands(n)), shape: shape, mark: s.pen}
		if shape == nil {
			k.pen = pen{color: s.ink, width: 2, dash: s.dash}
		}
		keys = append(keys, k)
	}
	return keys
}

// typeAt are the types in the order of typeStyles.
var typeAt = [...]history.Type{history.OK, history.Fail, history.Info}
