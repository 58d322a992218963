package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// Widths of drawings: broader than phoneSVG is too broad for a telephone, whose letters would become too small; broader
// than sideSVG doesn't fit beside the story.
const (
	phoneSVG = 420
	sideSVG  = 670
)

// minScale is how much a drawing may shrink to fit a window, so that its letters can still be read; beyond that it scrolls.
const minScale = 0.85

// isBroad tells whether the picture of an anomaly needs the whole width of the page.
func (p *htmlPage) isBroad(name string) bool {
	pic := p.pictures[name]
	return fit(pic) && svgWidth(pic.Bare) > sideSVG
}

// drawing shows the picture of an anomaly: the one that a drawer laid out, or for a cycle without one, a plain ladder.
// Of a cycle whose picture is broad there are both, and the style shows the one that suits the window.
func (p *htmlPage) drawing(a check.Anomaly, name string) {
	pic := p.pictures[name]
	drawn := fit(pic)
	if !drawn && len(a.Steps) == 0 {
		return
	}
	p.open("figure", "class", "graph")
	if drawn {
		both := len(a.Steps) > 0 && svgWidth(pic.Bare) > phoneSVG
		p.picture(pic, "Drawing of "+name, both)
		if both {
			p.ladder(a, " narrow")
		}
		for _, text := range pic.Notes {
			p.elem("p", text, "class", "dim")
		}
	} else {
		p.ladder(a, "")
	}
	p.open("figcaption")
	p.legend(a)
	p.shut("figcaption", "figure")
	p.line()
}

// picture shows a drawing, in a box that scrolls if it is too broad. Where there is something better for a telephone, it
// isn't shown there.
func (p *htmlPage) picture(pic *Picture, label string, notOnPhones bool) {
	class := "scroll"
	if notOnPhones {
		class += " broad"
	}
	p.open("div", "class", class, "tabindex", "0", "role", "group", "aria-label", label)
	p.open("div", "style", fmt.Sprintf("min-width:%.0fpx", minScale*svgWidth(pic.Bare)))
	p.raw(string(pic.Bare))
	p.shut("div", "div")
}

// fit tells whether there is a drawing, and a page can hold it.
func fit(pic *Picture) bool {
	return pic != nil && len(pic.Bare) > 0 && len(pic.Bare) <= pagePicture && isPlainSVG(pic.Bare)
}

// undrawn says why a graph isn't on the page, and where it is instead.
func (p *htmlPage) undrawn(pic *Picture) string {
	if pic.SVG != nil {
		return fmt.Sprintf("The drawing is too large for a page: it is in %s.svg beside it.", pic.Name)
	}
	return fmt.Sprintf("Not drawn: %s. The graph is in %s.dot beside this page.", pic.Why, pic.Name)
}

// undrawnNote says how many graphs are there without a drawing; empty if all are drawn.
func (p *htmlPage) undrawnNote() string {
	n := 0
	var first *Picture
	for i := range p.o.Pictures {
		if pic := &p.o.Pictures[i]; pic.SVG == nil {
			if n++; n == 1 {
				first = pic
			}
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s not drawn and lie beside this page as DOT, for Graphviz (dot -Tsvg -O FILE). The first is %s.dot: %s.",
		thousands(n), count(len(p.o.Pictures), "graph")+plural(n, " is", " are"), first.Name, first.Why)
}

// svgWidth is the width that a drawing gives itself, or 0.
func svgWidth(svg []byte) float64 {
	d := xml.NewDecoder(bytes.NewReader(svg))
	token, err := d.Token()
	start, ok := token.(xml.StartElement)
	if err != nil || !ok {
		return 0
	}
	for _, a := range start.Attr {
		if a.Name.Local == "width" {
			wide, err := strconv.ParseFloat(strings.TrimSuffix(a.Value, "px"), 64)
			if err == nil {
				return wide
			}
		}
	}
	return 0
}

// isPlainSVG tells whether a drawing is one well-formed element svg that runs nothing and refers to nothing outside.
// Drawings are made by render, from coordinates; this keeps the page safe should that ever change.
func isPlainSVG(svg []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(svg))
	depth, roots := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return depth == 0 && roots == 1
		}
		if err != nil {
			return false
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			if depth++; depth == 1 && t.Name.Local != "svg" || !isPlainElement(t) {
				return false
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return false
			}
		case xml.Directive, xml.ProcInst:
			return false
		}
	}
}

// isPlainElement tells whether an element of a drawing can do no harm.
func isPlainElement(t xml.StartElement) bool {
	switch t.Name.Local {
	case "svg", "g", "path", "polygon", "polyline", "line", "rect", "circle", "ellipse", "text", "tspan", "title", "desc",
		"style", "defs", "linearGradient", "stop", "marker", "a":
	default:
		return false
	}
	for _, a := range t.Attr {
		name := strings.ToLower(a.Name.Local)
		if strings.HasPrefix(name, "on") || name == "href" && !strings.HasPrefix(a.Value, "#") {
			return false
		}
		if strings.Contains(a.Value, "url(") && !strings.Contains(a.Value, "url(#") {
			return false
		}
	}
	return true
}

// The measures of a ladder, in pixels.
const (
	ladderWide  = 420
	ladderBox   = 296 // width of a box
	ladderLeft  = 8
	ladderHead  = 26 // height of a box without its micro-ops
	ladderMop   = 19
	ladderGap   = 46 // between boxes
	ladderChars = 37 // characters of a micro-op
	ladderMops  = 6  // micro-ops of a box
)

// rung is one transaction of a ladder.
type rung struct {
	id     history.ID
	mops   []mopWord
	top    int
	height int
}

func (r *rung) middle() int { return r.top + r.height/2 }

// ladder draws a cycle without the help of a layout program: its transactions one under the other, an arrow from each
// to the next, and one from the last back to the first.
func (p *htmlPage) ladder(a check.Anomaly, class string) {
	rungs := p.rungs(a)
	last := &rungs[len(rungs)-1]
	height := last.top + last.height + 8
	p.open("svg", "class", "own ladder"+class, "role", "img", "viewBox", fmt.Sprintf("0 0 %d %d", ladderWide, height),
		"width", num(ladderWide), "height", num(height), "aria-label", "Cycle of "+count(len(a.Ops), "transaction"))
	for i := range rungs {
		p.rung(i, &rungs[i])
	}
	for i, s := range a.Steps {
		if i+1 < len(rungs) && i+1 < len(a.Steps) {
			p.stepDown(s, &rungs[i], &rungs[i+1])
		}
	}
	if len(a.Ops) > len(rungs) {
		y := last.top + last.height
		p.elem("text", fmt.Sprintf("… %s more …", thousands(len(a.Ops)-len(rungs))), "x", num(ladderLeft+30), "y", num(y), "class", "dim")
	}
	p.stepBack(a.Steps[len(a.Steps)-1], last, &rungs[0])
	p.shut("svg")
}

// rungs places the transactions of a cycle.
func (p *htmlPage) rungs(a check.Anomaly) []rung {
	list := make([]rung, 0, len(a.Ops))
	y := 6
	for i, id := range a.Ops[:min(len(a.Ops), maxOps)] {
		r := rung{id: id, top: y}
		for _, w := range p.mops(a, i) {
			if len(r.mops) == ladderMops {
				r.mops[ladderMops-1] = mopWord{text: "…", gap: true}
				break
			}
			r.mops = append(r.mops, w)
		}
		r.height = ladderHead + ladderMop*len(r.mops) + 4
		y += r.height + ladderGap
		list = append(list, r)
	}
	return list
}

// rung draws a transaction.
func (p *htmlPage) rung(i int, r *rung) {
	p.open("g", "class", "txn "+p.h.Type(r.id).String())
	p.raw(fmt.Sprintf(`<rect x="%d" y="%d" width="%d" height="%d" rx="6"/>`, ladderLeft, r.top, ladderBox, r.height))
	p.elem("text", fmt.Sprintf("T%d", i+1), "class", "name", "x", num(ladderLeft+10), "y", num(r.top+19))
	where := lineText(p.h, r.id)
	if p.h.Client(r.id) {
		where = fmt.Sprintf("process %s, ", clipCells(p.h.ProcName(p.h.Proc(r.id)).String(), 14)) + where
	}
	p.elem("text", where, "class", "dim end", "x", num(ladderLeft+ladderBox-10), "y", num(r.top+19))
	for j, w := range r.mops {
		y := r.top + ladderHead + ladderMop*j
		class := "mop"
		if w.hot {
			class = "mop hot"
			wide := min(cells(w.text), ladderChars)*29/4 + 8
			p.raw(fmt.Sprintf(`<rect class="mark" x="%d" y="%d" width="%d" height="%d" rx="3"/>`, ladderLeft+6, y, wide, ladderMop-2))
		}
		p.open("text", "class", class, "x", num(ladderLeft+10), "y", num(y+13))
		p.elem("title", clipText(firstOf(w.full, w.text), maxTitle))
		p.text(clipCells(w.text, ladderChars))
		p.shut("text")
	}
	p.shut("g")
	p.line()
}

// firstOf is the first of two texts that isn't empty.
func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// stepDown draws an arrow from a transaction to the one below it.
func (p *htmlPage) stepDown(s check.Step, from, to *rung) {
	x, y1, y2 := ladderLeft+36, from.top+from.height, to.top
	p.open("g", "class", "step "+relClass(s.Type))
	p.elem("title", clipText(s.Text, maxTitle))
	p.raw(fmt.Sprintf(`<path class="line" d="M%d %dV%d"/>`, x, y1, y2-8))
	p.arrowHead(x, y2, 0, 1)
	p.open("text", "x", num(x+14), "y", num((y1+y2)/2+4))
	p.elem("tspan", strings.TrimSpace(relShort(s.Type)+" "+keyOf(s)), "class", "rel")
	p.elem("tspan", "  "+relVerb(s.Type), "class", "dim")
	p.shut("text", "g")
	p.line()
}

// stepBack draws the arrow that closes the cycle, in the margin on the right.
func (p *htmlPage) stepBack(s check.Step, from, to *rung) {
	x, out := ladderLeft+ladderBox, ladderWide-56
	y1, y2 := from.middle(), to.middle()
	if from == to { // a transaction that must come before itself
		y1, y2 = from.top+from.height-10, from.top+10
	}
	p.open("g", "class", "step back "+relClass(s.Type))
	p.elem("title", clipText(s.Text, maxTitle))
	p.raw(fmt.Sprintf(`<path class="line" d="M%d %dH%dQ%d %d %d %dV%dQ%d %d %d %dH%d"/>`,
		x, y1, out-10, out, y1, out, y1-10, y2+10, out, y2, out-10, y2, x+8))
	p.arrowHead(x, y2, -1, 0)
	y := (y1 + y2) / 2
	label := strings.TrimSpace(relShort(s.Type) + " " + keyOf(s))
	wide := max(cells(label), 4)*29/4 + 10
	p.raw(fmt.Sprintf(`<rect class="halo" x="%d" y="%d" width="%d" height="22"/>`, out-wide/2, y-12, wide))
	p.elem("text", label, "class", "rel mid", "x", num(out), "y", num(y+4))
	p.shut("g")
	p.line()
}

// arrowHead draws the point of an arrow at (x, y) that goes in direction (dx, dy).
func (p *htmlPage) arrowHead(x, y, dx, dy int) {
	p.raw(fmt.Sprintf(`<polygon class="head" points="%d,%d %d,%d %d,%d"/>`,
		x, y, x-9*dx-5*dy, y-9*dy-5*dx, x-9*dx+5*dy, y-9*dy+5*dx))
}

// relVerb tells what the transaction at the head of an arrow is to the one at its tail.
func relVerb(rel string) string {
	switch rel {
	case "ww", "wwp":
		return "was overwritten by"
	case "wr":
		return "was read by"
	case "wrp":
		return "was seen by the search of"
	case "rw":
		return "did not see"
	case "rwp":
		return "had a search that missed"
	case "process":
		return "same client, before"
	case "realtime":
		return "had finished before"
	}
	return "came before"
}
