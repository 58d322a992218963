package render

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

//go:embed linear.css
var linearStyle string

// LinearSVG draws why a history isn't linearizable: the operations of an anomaly as bars, and every way in which they can
// have taken effect, up to where each gets stuck. It is a whole file: it needs nothing else, and suits light and dark. No
// drawer is needed for it. An anomaly of another kind has no such drawing.
func LinearSVG(h *history.History, a check.Anomaly) []byte {
	if !isLinear(a.Kind) || len(a.Ops) == 0 {
		return nil
	}
	return newLinearPicture(h, a, "linear").svg(a, false)
}

// legend explains the picture.
func (p *linearPicture) legend() []string {
	if len(p.ways) == 0 {
		return append([]string{linearLegend[0]}, linearLegend[len(linearLegend)-1])
	}
	return linearLegend[:]
}

// linearLegend explains bars, ways and time.
var linearLegend = [...]string{
	"Each bar is an operation, from its invocation to its completion, in bold if the story tells of it; one that fades to the right was still running, or nobody " +
		"knows what became of it.",
	"A stroke in a bar is the moment at which it can have taken effect, with the state after it. A line joins what took effect one after another; " +
		"where it is broken, others did in between that are not drawn.",
	"✗ and a state: there the operation would have had to take effect, but can't have answered as it did.",
	"Time runs to the right, not to scale.",
}

// svg draws the picture; bare is without a legend and a ground of its own, for a page.
func (p *linearPicture) svg(a check.Anomaly, bare bool) []byte {
	var m markup
	var legend []string
	height, wide := p.height, p.wide
	if !bare {
		wide = max(wide, linearAlone)
		for _, text := range p.legend() {
			legend = append(legend, wrapped(text, textSize, wide-2*margin)...)
		}
		height += 14 + lineHeight*float64(len(legend))
	}
	m.open("svg", "xmlns", "http://www.w3.org/2000/svg", "class", "own ways", "role", "img", "viewBox", fmt.Sprintf("0 0 %s %s", unit(wide), unit(height)),
		"width", unit(wide), "height", unit(height), "aria-label", "Why no order explains the operations")
	m.line()
	m.elem("desc", p.described(a))
	if !bare {
		m.elem("style", linearStyle) // no character in it needs escaping
		m.raw(`<rect class="ground" width="100%" height="100%" rx="8"/>`)
	}
	p.fades(&m)
	p.rowLines(&m)
	for i := range p.bars {
		p.drawBar(&m, &p.bars[i])
	}
	for _, w := range p.ways {
		p.drawWay(&m, w)
	}
	for i := range p.bars {
		b := &p.bars[i]
		m.elem("text", b.text, "class", "deed op "+b.class, "x", unit(b.x1), "y", unit(p.barTop(b.row)-5))
	}
	m.line()
	for _, t := range p.ticks {
		p.drawTick(&m, t)
	}
	p.times(&m)
	for i, line := range legend {
		m.elem("text", line, "class", "dim", "style", "font: 12px system-ui, sans-serif", "x", unit(margin), "y", unit(p.height+lineHeight*float64(i+1)))
	}
	m.shut("svg")
	m.line()
	return []byte(m.b.String())
}

// described is the picture in words.
func (p *linearPicture) described(a check.Anomaly) string {
	parts := []string{clipText(a.Text, maxSentence)}
	for _, w := range p.ways {
		parts = append(parts, p.inWords(w)+".")
	}
	return strings.Join(parts, " ")
}

// fades are the colours of bars that have no right end: they vanish towards it.
func (p *linearPicture) fades(m *markup) {
	var done []string
	m.open("defs")
	for _, b := range p.bars {
		class := b.paint()
		if b.to >= 0 || slices.Contains(done, class) {
			continue
		}
		done = append(done, class)
		m.open("linearGradient", "id", p.name+"-"+class, "class", "op "+class, "gradientUnits", "userSpaceOnUse", "x1", unit(b.fadeFrom(p.wide)), "x2", unit(p.wide))
		m.raw(`<stop offset="0"/><stop offset="1" stop-opacity="0"/>`)
		m.shut("linearGradient")
	}
	m.shut("defs")
	m.line()
}

// paint is the class that gives a bar its colour.
func (b *linearBar) paint() string {
	if strings.HasSuffix(b.class, "wrong") {
		return "wrong"
	}
	class, _, _ := strings.Cut(b.class, " ")
	return class
}

func (b *linearBar) fadeFrom(wide float64) float64 { return max(b.x1, wide-2*linearRight) }

// rowLines are the names of the processes, and a line for each.
func (p *linearPicture) rowLines(m *markup) {
	for i, proc := range p.rows {
		y := p.barTop(i) + linearBarLow/2
		m.elem("text", "process "+clipCells(p.h.ProcName(proc).String(), 5), "x", "2", "y", unit(y+4), "class", "dim")
		m.raw(fmt.Sprintf(`<path class="row" d="M%s %sH%s"/>`, unit(linearLeft-10), unit(y), unit(p.wide)))
		m.line()
	}
}

// drawBar draws an operation. What it did is written above it later, so that no line crosses it.
func (p *linearPicture) drawBar(m *markup, b *linearBar) {
	y := p.barTop(b.row)
	m.open("g", "class", "op "+b.class)
	title := fmt.Sprintf("%s (%s, %s, index %d)", clipText(b.full, maxTitle), typeName(p.h.Type(b.id)), lineText(p.h, b.id), p.h.Index(b.id))
	if b.name != "" {
		title = b.name + ": " + title
	}
	m.elem("title", title)
	if b.to >= 0 {
		m.raw(fmt.Sprintf(`<rect x="%s" y="%s" width="%s" height="%s" rx="4"/>`, unit(b.x1), unit(y), unit(max(b.x2-b.x1, 6)), unit(linearBarLow)))
	} else {
		m.open("path", "class", "rest", "style", fmt.Sprintf("stroke: url(#%s-%s)", p.name, b.paint()),
			"d", fmt.Sprintf("M%s %sH%sV%sH%s", unit(p.wide), unit(y), unit(b.x1), unit(y+linearBarLow), unit(p.wide)))
		m.shut("path")
	}
	m.shut("g")
	m.line()
}

// drawWay draws a way's line; on hover it stands out, and tells itself.
func (p *linearPicture) drawWay(m *markup, w linearWay) {
	m.open("g", "class", "way", "tabindex", "0")
	m.elem("title", p.inWords(w))
	all := ""
	for i := 1; i < len(w.ticks); i++ {
		from, to := p.ticks[w.ticks[i-1]], p.ticks[w.ticks[i]]
		part := fmt.Sprintf("M%s %sL%s %s", unit(from.x), unit(p.y(from)), unit(to.x), unit(p.y(to)))
		all += part
		class := "line"
		if w.gaps[i] > 0 {
			class = "line gap"
		}
		m.raw(fmt.Sprintf(`<path class="%s" d="%s"/>`, class, part))
	}
	m.raw(fmt.Sprintf(`<path class="touch" d="%s"/>`, all))
	m.shut("g")
	m.line()
}

// drawTick draws a moment and the state after it.
func (p *linearPicture) drawTick(m *markup, t linearTick) {
	y := p.y(t)
	m.open("g")
	if t.bar < 0 {
		wide := float64(cells(t.state))*linearLetter + 10
		m.elem("title", "The state before: "+clipText(t.full, maxTitle))
		m.raw(fmt.Sprintf(`<rect class="begin" x="%s" y="%s" width="%s" height="18" rx="9"/>`, unit(t.x-wide/2), unit(y-9), unit(wide)))
		m.elem("text", t.state, "class", "mid", "x", unit(t.x), "y", unit(y+4))
		m.shut("g")
		m.line()
		return
	}
	title, class := fmt.Sprintf("%s takes effect; the state is then %s", p.called(t.bar), clipText(t.full, maxTitle)), ""
	if t.wrong != "" {
		title, class = fmt.Sprintf("In state %s: %s", clipText(t.full, maxTitle), clipText(t.wrong, maxTitle)), " bad"
	}
	m.elem("title", title)
	m.raw(fmt.Sprintf(`<path class="tick%s" d="M%s %sV%s"/>`, class, unit(t.x), unit(y-linearBarLow/2), unit(y+linearBarLow/2)))
	m.elem("text", t.label(), "class", "state"+class, "x", unit(t.x), "y", unit(y+linearBarLow/2+13))
	m.shut("g")
	m.line()
}

// called is how a sentence calls the operation of a bar.
func (p *linearPicture) called(bar int) string {
	if name := p.bars[bar].name; name != "" {
		return name
	}
	return clipText(p.bars[bar].full, maxTitle)
}

// times writes when the ends were, where there is room, and a name for the row in which ways begin.
func (p *linearPicture) times(m *markup) {
	if len(p.ways) > 0 {
		m.elem("text", "state", "x", "2", "y", unit(linearTop+linearHead/2), "class", "dim")
	}
	const room = 84.0 // for one time
	next := 0.0
	for i, id := range p.ends {
		x, time := p.endX[i], p.h.Time(id)
		m.raw(fmt.Sprintf(`<path class="row" d="M%s %sv5"/>`, unit(x), unit(p.height-linearFoot+4)))
		if x < next || time == history.NoTime {
			continue
		}
		class := "dim mid"
		if x+room/2 > p.wide {
			class = "dim end"
		}
		m.elem("text", clock(time), "class", class, "x", unit(x), "y", unit(p.height-4))
		next = x + room
	}
	m.line()
}
