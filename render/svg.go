package render

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"
)

// What letters take, in the drawing's units, which are pixels: enough to keep texts apart.
const (
	margin     = 14.0
	titleSize  = 15.0
	textSize   = 12.0
	lineHeight = 17.0
	textWidth  = 0.55 // of a letter, in its size
	minWidth   = 370  // so that a line of the legend fits
)

// svg draws the scene with its parts where the drawer put them; bare is without a title and a legend, for a page that
// has its own. Graphviz is asked for the layout alone: colours, letters
// and texts are ours, so that they suit light and dark, and nothing of what a drawer wrote reaches a page.
func (s scene) svg(g geometry, bare bool) []byte {
	b := g.bounds()
	width := b.x1 - b.x0 + 2*margin
	var top, about, legend []string
	head, foot := margin, margin
	if !bare {
		width = max(width, minWidth)
		top, about = wrapped(s.title, titleSize, width-2*margin), wrapped(s.about, textSize, width-2*margin)
		legend = s.legend(width - 2*margin)
		head += lineHeight*1.15*float64(len(top)) + lineHeight*float64(len(about)) + 8
		foot += 14 + lineHeight*float64(len(legend))
	}
	height := head + b.y1 - b.y0 + foot
	var w svgWriter
	w.open(width, height, s)
	y := margin + titleSize - 3
	for _, line := range top {
		w.add(`<text class="t" x="%s" y="%s">%s</text>`, unit(margin), unit(y), escaped(line))
		y += lineHeight * 1.15
	}
	for _, line := range about {
		w.add(`<text class="q" x="%s" y="%s">%s</text>`, unit(margin), unit(y-2), escaped(line))
		y += lineHeight
	}
	// The graph is centred below.
	w.add(`<g transform="translate(%s %s)">`, unit((width-(b.x1-b.x0))/2-b.x0), unit(head-b.y0))
	s.drawEdges(&w, g, false)
	for i, n := range s.nodes {
		n.draw(&w, g.nodes[i])
	}
	s.drawEdges(&w, g, true)
	w.add(`</g>`)
	y = head + b.y1 - b.y0 + 14 + textSize
	for _, line := range legend {
		w.add(`<text class="q" x="%s" y="%s">%s</text>`, unit(margin), unit(y), line)
		y += lineHeight
	}
	w.add(`</svg>`)
	return []byte(w.String())
}

// svgWriter collects elements, one a line.
type svgWriter struct{ strings.Builder }

// add adds a line. What isn't a number must be escaped.
func (w *svgWriter) add(format string, args ...any) {
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

// open begins the drawing: what it's called for those who can't see it, and its colours.
func (w *svgWriter) open(width, height float64, s scene) {
	w.add(`<svg xmlns="http://www.w3.org/2000/svg" class="jcheck-graph" role="img" width="%s" height="%s" viewBox="0 0 %s %s" aria-label="%s">`,
		unit(width), unit(height), unit(width), unit(height), escaped(strings.TrimSuffix(s.title+": "+s.about, ": ")))
	w.add(`<desc>%s</desc>`, escaped(s.inWords()))
	w.add(`<style>%s</style>`, s.style())
	w.add(`<rect class="g" width="100%%" height="100%%" rx="8"/>`)
}

// inWords is the drawing as sentences: what a cycle says, or how much a component has.
func (s scene) inWords() string {
	var parts []string
	for _, n := range s.nodes[:min(len(s.nodes), maxWords)] {
		parts = append(parts, n.name+" is "+clip(n.whole, 200)+".")
	}
	for _, e := range s.edges[:min(len(s.edges), maxWords)] {
		if e.bold {
			parts = append(parts, fmt.Sprintf("%s comes before %s, because %s.", s.nodes[e.from].name, s.nodes[e.to].name, e.whole))
		}
	}
	return strings.Join(slices.Concat(parts, s.notes, s.remarks), " ")
}

// maxWords bounds the sentences of a description.
const maxWords = 20

// style is the style sheet. All its names are below the drawing's own class, since a page may hold it next to others.
func (s scene) style() string {
	var b strings.Builder
	light := func(selector, css string) { fmt.Fprintf(&b, ".jcheck-graph %s{%s}", selector, css) }
	light("text", `font:12px Helvetica,Arial,"Liberation Sans","Noto Sans",sans-serif`)
	light(".m", monospaced(13))
	light(".t", "font-size:15px;font-weight:bold;fill:#1F2328")
	light(".q", "fill:#59636E")
	light(".g", "fill:var(--card,#FFFFFF)") // a page has its own ground
	light(".m", "fill:#59636E")
	light(".h", "fill:#1F2328;font-weight:bold")
	light(".b", "fill:#FFF3BF")
	light(".f", "fill:var(--page,#F6F8FA);stroke-width:1.3")
	light(".c", "fill:#FFFFFF;font-weight:bold")
	light(".l", "stroke-width:.5;stroke-opacity:.35")
	light("path", "fill:none")
	light(".e", "opacity:.55")
	light(".e path", "stroke-width:1")
	light(".e .x", "stroke:transparent;stroke-width:9") // so that a thin line can be hit
	light(".e:hover", "opacity:1")
	light(".e:hover path", "stroke-width:2.5")
	light(".e:hover .x", "stroke-width:9")
	light(".k path", "stroke-width:2.6")
	light(".k text", "font-weight:bold")
	light(".u", monospaced(12))
	light(".w", "fill:var(--card,#FFFFFF)")
	var dark strings.Builder
	night := func(selector, css string) { fmt.Fprintf(&dark, ".jcheck-graph %s{%s}", selector, css) }
	night(".t,.jcheck-graph .h", "fill:#F0F6FC")
	night(".q,.jcheck-graph .m", "fill:#9BA6B2")
	night(".h", "fill:#F0F6FC")
	night(".g", "fill:var(--card,#0D1117)")
	night(".b", "fill:#463A0B")
	night(".f", "fill:var(--page,#161B22)")
	night(".c", "fill:#0D1117")
	night(".w", "fill:var(--card,#0D1117)")
	for _, c := range s.colors() {
		light("."+c.name+" path,.jcheck-graph ."+c.name+" .s", "stroke:"+c.line)
		light("."+c.name+" polygon,.jcheck-graph ."+c.name+" .p", "fill:"+c.line)
		light("."+c.name+" .u", "fill:"+c.text)
		light("tspan."+c.name, "fill:"+c.text+";font-weight:bold")
		night("."+c.name+" path,.jcheck-graph ."+c.name+" .s", "stroke:"+c.dark)
		night("."+c.name+" polygon,.jcheck-graph ."+c.name+" .p,.jcheck-graph ."+c.name+" .u,.jcheck-graph tspan."+c.name, "fill:"+c.dark)
	}
	return b.String() + "@media (prefers-color-scheme:dark){" + dark.String() + "}"
}

// monospaced is the font of what must fit into a place. Its letters are at most 0.61 times as wide as high.
func monospaced(size int) string {
	return fmt.Sprintf(`font:%dpx Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono","Courier New",monospace;white-space:pre`, size)
}

// hue is the colour of a class of things.
type hue struct{ name, line, text, dark string }

// colors are those that the scene uses.
func (s scene) colors() []hue {
	var list []hue
	for _, c := range [...]hue{
		{"ok", "#0058AD", "#0058AD", "#7CB8FF"}, {"info", "#AC6E00", "#8A5800", "#F0B450"},
		{"fail", "#A50053", "#A50053", "#FF86BC"}, {"invoke", "#585858", "#585858", "#A8A8A8"},
	} {
		if slices.ContainsFunc(s.nodes, func(n sceneNode) bool { return n.class == c.name }) {
			list = append(list, c)
		}
	}
	for _, r := range relHues() {
		if s.uses(r.rel) {
			list = append(list, hue{r.rel, r.color, r.text, r.dark})
		}
	}
	return append(list, hue{"other", "#585858", "#585858", "#A8A8A8"})
}

// uses tells whether some edge has the relation.
func (s scene) uses(rel string) bool {
	return slices.ContainsFunc(s.edges, func(e sceneEdge) bool { return e.rel == rel })
}

// edgeClass is the style of a relation.
func edgeClass(rel string) string {
	if slices.ContainsFunc(relHues(), func(r relHue) bool { return r.rel == rel }) {
		return rel
	}
	return "other"
}

// legend explains the drawing, in lines of escaped text.
func (s scene) legend(width float64) []string {
	var plain []string
	if len(s.edges) > 0 {
		plain = append(plain, "A → B: A must come before B.")
	}
	if s.ring {
		plain = append(plain, "The arrows lead in a circle: no order fits them all.")
	}
	items := slices.Clone(plain)
	for _, r := range relHues() {
		if s.uses(r.rel) {
			items = append(items, fmt.Sprintf(`<tspan class="%s">%s</tspan> %s.`, r.rel, relName(r.rel), escaped(r.means)))
			plain = append(plain, relName(r.rel)+" "+r.means+".")
		}
	}
	var lines []string
	room := 0.0
	for i, item := range items {
		need := float64(len(plain[i])+3) * textSize * textWidth
		if i == 0 || need > room {
			lines = append(lines, item)
			room = width - need
			continue
		}
		lines[len(lines)-1] += "   " + item
		room -= need
	}
	for _, note := range slices.Concat(s.notes, s.remarks) {
		for _, line := range wrapped(note, textSize, width) {
			lines = append(lines, escaped(line))
		}
	}
	return lines
}

// draw draws a node: its head in the colour of its type, and a row for each micro-op, those of the cycle on yellow.
func (n sceneNode) draw(w *svgWriter, at nodeShape) {
	b := at.box
	width := b.x1 - b.x0
	w.add(`<g class="%s"><title>%s</title>`, n.class, escaped(clip(n.whole, maxHover)))
	w.add(`<rect class="f s" x="%s" y="%s" width="%s" height="%s" rx="3"/>`, unit(b.x0), unit(b.y0), unit(width), unit(b.y1-b.y0))
	if n.small {
		w.add(`<text class="m" x="%s" y="%s">%s</text></g>`, unit(b.x0+8), unit(middle(b.y0, b.y1)), escaped(n.short))
		return
	}
	w.add(`<rect class="p" x="%s" y="%s" width="%s" height="%s" rx="3"/>`, unit(b.x0), unit(b.y0), unit(width), unit(at.cuts[1]-b.y0))
	w.add(`<text class="m c" x="%s" y="%s">%s</text>`, unit(b.x0+8), unit(middle(at.cuts[0], at.cuts[1])), escaped(n.head))
	for i, r := range n.shown() {
		top, foot := at.cuts[i+1], at.cuts[i+2]
		if r.hot {
			w.add(`<rect class="b" x="%s" y="%s" width="%s" height="%s"/>`, unit(b.x0+1), unit(top+.5), unit(width-2), unit(foot-top-1))
		}
		if i > 0 {
			w.add(`<path class="l" d="M%s,%sH%s"/>`, unit(b.x0), unit(top), unit(b.x1))
		}
		class, title := "m", ""
		if r.hot {
			class = "m h"
		}
		if r.whole != r.short {
			title = "<title>" + escaped(clip(r.whole, maxHover)) + "</title>"
		}
		w.add(`<text class="%s" x="%s" y="%s">%s%s</text>`, class, unit(b.x0+8), unit(middle(top, foot)), title, escaped(r.short))
	}
	w.add(`</g>`)
}

// maxHover bounds what is shown on hovering, in characters.
const maxHover = 2000

// middle is the base line of letters in the middle between two heights.
func middle(top, foot float64) float64 { return (top+foot)/2 + 4.3 }

// drawEdges draws the edges of cycles, or the others. Those of cycles come last, above everything.
func (s scene) drawEdges(w *svgWriter, g geometry, bold bool) {
	for i, e := range s.edges {
		if e.bold != bold {
			continue
		}
		class := edgeClass(e.rel) + " e"
		if bold {
			class = edgeClass(e.rel) + " k"
		}
		shape := g.edges[i]
		w.add(`<g class="%s"><title>%s comes before %s, because %s.</title>`, class, s.nodes[e.from].name, s.nodes[e.to].name,
			escaped(clip(e.whole, maxHover)))
		if e.free {
			w.add(`<path class="x" d="%s"/>`, curve(shape.curve))
		}
		w.add(`<path d="%s"/>`, curve(shape.curve))
		w.add(`<polygon points="%s"/>`, points(shape.head))
		e.drawLabel(w, shape.label)
		w.add(`</g>`)
	}
}

// drawLabel draws an edge's label, on a ground of its own so that the line doesn't run through the letters.
func (e sceneEdge) drawLabel(w *svgWriter, at box) {
	if at == (box{}) {
		return
	}
	w.add(`<rect class="w" x="%s" y="%s" width="%s" height="%s" rx="3"/>`, unit(at.x0), unit(at.y0), unit(at.x1-at.x0), unit(at.y1-at.y0))
	for j, line := range e.lines {
		w.add(`<text class="u" text-anchor="middle" x="%s" y="%s">%s</text>`, unit((at.x0+at.x1)/2),
			unit(at.y0+labelPad/2+labelLine*float64(j)+11), escaped(line))
	}
}

// curve is a path's data.
func curve(list []spot) string {
	return "M" + points(list[:1]) + "C" + points(list[1:])
}

// points are coordinates, with spaces between.
func points(list []spot) string {
	parts := make([]string, len(list))
	for i, p := range list {
		parts[i] = unit(p.x) + "," + unit(p.y)
	}
	return strings.Join(parts, " ")
}

// escaped is a text as XML. Characters that XML can't hold become the sign for that.
func escaped(s string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// unit is a coordinate with one decimal at most.
func unit(x float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0")
}

// wrapped breaks a text into lines that fit a width.
func wrapped(text string, size, width float64) []string {
	var lines []string
	for word := range strings.FieldsSeq(text) {
		last := len(lines) - 1
		if last >= 0 && float64(len(lines[last])+1+len(word))*size*textWidth <= width {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}
