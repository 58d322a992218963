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
		if pic == nil || isOneCycle(g, r.Anomalies) {
			continue
		}
		if shown == pageGraphs || p.full(true) {
			p.elem("p", "Further components are in the folder sccs beside this page, and in sccs.txt as text.", "class", "more")
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
	p.elem("span", fmt.Sprintf(" %s, %s", count(max(g.Total, len(g.Ops)), "transaction"),
		thousands(len(g.Edges))+" "+plural(len(g.Edges), "dependency", "dependencies")), "class", "dim")
	p.shut("summary")
	for _, text := range pic.Notes {
		p.elem("p", text)
	}
	if !fit(pic) {
		p.elem("p", p.undrawn(pic))
		p.shut("details")
		p.line()
		return
	}
	p.open("figure", "class", "graph")
	p.picture(pic, fmt.Sprintf("Drawing of component %d", i), false)
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
