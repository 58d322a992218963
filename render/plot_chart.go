package render

import (
	"fmt"
	"slices"
)

// The measures of a chart, in pixels.
const (
	plotWidth   = 1000.0
	plotLeft    = 112.0 // room for the names of faults and of values
	plotRight   = 24.0
	plotTop     = 46.0 // of the first thing below the title
	plotLane    = 15.0 // of one kind of fault
	plotGap     = 30.0 // between panels
	plotFoot    = 44.0 // for the axis of time
	plotLine    = 17.0 // of text
	plotTallest = 360.0
)

// chart is a picture: panels one below the other that share the axis of time, with the faults above them.
type chart struct {
	title, name   string // of the picture, of the history
	width, height float64
	foot          float64 // of everything but the notes
	time          axis
	timeTitle     string
	keys          []chartKey
	lanes         []faultLane
	shades        [][2]float64 // places at which some fault was on
	edges         []float64    // places at which one began or ended; none if there are too many
	panels        []panel
	notes         []string
}

// panel is one field of values over time.
type panel struct {
	title     string // above it; may be empty
	top, foot float64
	values    axis
	layers    []layer
}

// layer is what is drawn with one pen: lines, marks, or both.
type layer struct {
	pen   pen
	lines [][]spot
	shape []spot
	at    []spot
	mark  pen // of the marks
}

// chartKey explains a sign.
type chartKey struct {
	text  string
	pen   pen // of a line; no width: none
	shape []spot
	mark  pen
}

// inside is how wide the field of values is.
const inside = plotWidth - plotLeft - plotRight

// stack lays panels out: each gets a height, and its axis by the function.
func (c *chart) stack(values func(i int, from, to float64) axis) {
	y := plotTop + plotLine*float64(c.keyRows())
	if len(c.lanes) > 0 {
		y += plotLane*float64(len(c.lanes)) + 18
	}
	high := plotTallest
	switch n := len(c.panels); {
	case n == 2:
		high = 200
	case n > 2:
		high = 140
	}
	for i := range c.panels {
		p := &c.panels[i]
		if p.title != "" {
			y += plotLine
		}
		p.top, p.foot = y, y+high
		p.values = values(i, p.foot, p.top)
		y = p.foot + plotGap - plotLine
	}
	y += plotLine - plotGap + plotFoot
	c.foot = y
}

// settle breaks the notes into lines, and with that settles the size. Nothing may be added afterwards.
func (c *chart) settle() {
	var lines []string
	for _, n := range c.notes {
		lines = append(lines, wrapped(n, plotSmall, plotWidth-40)...)
	}
	c.notes = lines
	c.width, c.height = plotWidth, c.foot+plotLine*float64(len(lines))+4
}

// draw draws the chart.
func (c *chart) draw(v canvas) {
	v.fill(box{0, 0, c.width, c.height}, inkPage, "")
	v.text(spot{16, 24}, c.title, inkText, letter{bold: true})
	v.text(spot{c.width - plotRight, 24}, clipCells(c.name, 90-cells(c.title)), inkDim, letter{anchor: atEnd})
	y := c.drawKeys(v)
	c.drawFaults(v, y)
	for i := range c.panels {
		c.drawPanel(v, &c.panels[i], i == len(c.panels)-1)
	}
	for i, line := range slices.Backward(c.notes) {
		v.text(spot{16, c.height - 10 - plotLine*float64(len(c.notes)-1-i)}, line, inkDim, letter{small: true})
	}
}

// keyPlaces are where the keys begin: they flow like words.
func (c *chart) keyPlaces() []spot {
	at := spot{16, plotTop}
	var places []spot
	for _, k := range c.keys {
		wide := 36 + float64(cells(k.text))*plotLetterWidth
		if at.x > 16 && at.x+wide > plotWidth {
			at = spot{16, at.y + plotLine}
		}
		places = append(places, at)
		at.x += wide
	}
	return places
}

// keyRows is how many lines the keys take.
func (c *chart) keyRows() int {
	places := c.keyPlaces()
	if len(places) == 0 {
		return 0
	}
	return int((places[len(places)-1].y-plotTop)/plotLine) + 1
}

// drawKeys explains signs, and returns where what follows may begin.
func (c *chart) drawKeys(v canvas) float64 {
	for i, at := range c.keyPlaces() {
		k := c.keys[i]
		middle := spot{at.x + 9, at.y - 4}
		if k.pen.width > 0 {
			v.line([]spot{{at.x, middle.y}, {at.x + 18, middle.y}}, k.pen)
		}
		if k.shape != nil {
			v.marks(k.shape, []spot{middle}, k.mark)
		}
		v.text(spot{at.x + 24, at.y}, k.text, inkText, letter{})
	}
	return plotTop - plotLine + plotLine*float64(c.keyRows())
}

// drawFaults draws a lane for each kind of fault, and what they throw upon the panels: their times in another ground, and a
// line where one begins or ends.
func (c *chart) drawFaults(v canvas, y float64) {
	for i, l := range c.lanes {
		top := y + 10 + plotLane*float64(i)
		v.text(spot{plotLeft - 8, top + 10}, clipCells(l.kind, 15), inkText, letter{anchor: atEnd, small: true})
		v.line([]spot{{plotLeft, top + plotLane/2 - 1}, {plotLeft + inside, top + plotLane/2 - 1}}, pen{color: inkGrid, width: 1})
		for _, s := range l.spans {
			v.fill(box{s.from, top, s.to, top + plotLane - 3}, l.ink, s.title)
		}
	}
	for _, p := range c.panels {
		for _, s := range c.shades {
			v.fill(box{s[0], p.top, s[1], p.foot}, inkShade, "")
		}
	}
}

// drawPanel draws a field of values with its axes.
func (c *chart) drawPanel(v canvas, p *panel, last bool) {
	left, right := plotLeft, plotLeft+inside
	if p.title != "" {
		v.text(spot{left, p.top - 5}, clipCells(p.title, 100), inkText, letter{bold: true, small: true})
	}
	for _, t := range p.values.ticks {
		y := p.values.place(t.value)
		v.line([]spot{{left, y}, {right, y}}, pen{color: inkGrid, width: 1})
		if t.label != "" {
			v.text(spot{left - 8, y + 4}, t.label, inkDim, letter{anchor: atEnd, small: true})
		}
	}
	for _, t := range c.time.ticks {
		x := c.time.place(t.value)
		v.line([]spot{{x, p.top}, {x, p.foot}}, pen{color: inkGrid, width: 1})
		if last {
			v.text(spot{x, p.foot + 16}, t.label, inkDim, letter{anchor: atMiddle, small: true})
		}
	}
	for _, x := range c.edges {
		v.line([]spot{{x, p.top}, {x, p.foot}}, pen{color: inkDim, width: 0.8, dash: 3})
	}
	v.line([]spot{{left, p.top}, {left, p.foot}, {right, p.foot}}, pen{color: inkDim, width: 1})
	for _, l := range p.layers {
		for _, line := range l.lines {
			v.line(line, l.pen)
		}
		v.marks(l.shape, l.at, l.mark)
	}
	if last {
		v.text(spot{right, p.foot + 33}, c.timeTitle, inkDim, letter{anchor: atEnd, small: true})
	}
}

// typeStyle is how a type is shown: its colour, whether its marks are hollow, and the dashes of its lines.
type typeStyle struct {
	name string
	ink  ink
	pen  pen // of marks
	dash float64
}

// typeStyles are those of ok, fail and info, in the order in which they are drawn: the rarest, and most telling, on top.
var typeStyles = [...]typeStyle{
	{"ok", inkOK, pen{color: inkOK}, 0},
	{"fail", inkFail, pen{color: inkFail, width: 1.3}, 5},
	{"info", inkInfo, pen{color: inkInfo}, 2},
}

// secondsText is a time of the run in a sentence.
func secondsText(ns float64) string { return fmt.Sprintf("%s s", plainNumber(ns/1e9)) }
