package render

import (
	"fmt"
	"slices"

	"jcheck/check"
)

// pageGraphs is how many strongly connected components a page shows.
const pageGraphs = 5

// components show the drawings of strongly connected components, folded: what else depends on what around the cycles.
// One that a single cycle goes through completely has been drawn with that cycle.
func (p *htmlPage) components(r check.Result, prefix string, level int) {
	shown := 0
	for i, g := range r.Graphs {
		pic := p.pictures[fmt.Sprintf("%ssccs/%d", prefix, i)]
		if pic == nil || len(pic.Bare) == 0 || len(pic.Bare) > pagePicture || !isPlainSVG(pic.Bare) || isOneCycle(g, r.Anomalies) {
			continue
		}
		if shown == pageGraphs || p.full(true) {
			p.elem("p", "Further components are drawn in the folder sccs beside this page.", "class", "more")
			break
		}
		if shown++; shown == 1 {
			heading := fmt.Sprintf("h%d", level)
			p.open("section", "class", "components")
			p.elem(heading, "How the cycles hang together")
			p.elem("p", "Strongly connected components: sets of transactions each of which must come before every other one.", "class", "meaning")
		}
		p.component(g, i, pic)
	}
	if shown > 0 {
		p.shut("section")
		p.line()
	}
}

// component is the drawing of one strongly connected component.
func (p *htmlPage) component(g check.Graph, i int, pic *Picture) {
	p.open("details", "class", "anomaly")
	p.open("summary")
	p.text(fmt.Sprintf("Component #%d", i))
	size := fmt.Sprintf(" %s, %s", count(max(g.Total, len(g.Ops)), "transaction"), thousands(len(g.Edges))+" "+plural(len(g.Edges), "dependency", "dependencies"))
	if g.Total > len(g.Ops) {
		size += fmt.Sprintf(" · too large to draw: the %s of the cycles that were found", thousands(len(g.Ops)))
	}
	p.elem("span", size, "class", "dim")
	p.shut("summary")
	p.open("figure")
	p.open("div", "class", "scroll", "tabindex", "0", "role", "group", "aria-label", fmt.Sprintf("Drawing of component %d", i))
	p.raw(string(pic.Bare))
	p.shut("div")
	p.open("figcaption")
	var rels []string
	for _, e := range g.Edges {
		rels = append(rels, e.Step.Type)
	}
	p.relLegend(rels)
	p.shut("figcaption", "figure", "details")
	p.line()
}

// isOneCycle tells whether one of the cycles goes through all of a component.
func isOneCycle(g check.Graph, cycles []check.Anomaly) bool {
	for _, a := range cycles {
		if len(a.Steps) == 0 || len(a.Ops) < len(g.Ops) || !slices.Contains(g.Ops, a.Ops[0]) {
			continue
		}
		ops := slices.Clone(a.Ops)
		slices.Sort(ops)
		if len(slices.Compact(ops)) == len(g.Ops) {
			return true
		}
	}
	return false
}
