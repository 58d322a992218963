package render

import (
	"slices"
	"strings"

	"jcheck/check"
)

// modelSection says what a result means for consistency models: in words, and as a picture of the lattice.
func (p *htmlPage) modelSection(r check.Result) {
	if !p.hasModels(r) {
		return
	}
	m := r.Models
	p.open("section", "class", "models", "id", "models")
	p.elem("h2", "Consistency models")
	if len(m.Not) > 0 {
		p.modelWords("Ruled out", "not", m.Not, "")
		if n := len(m.AlsoNot); n > 0 {
			p.modelWords("and with that", "also", m.AlsoNot, "")
		}
		if len(m.Strongest) > 0 {
			p.modelWords("Still possible", "possible", m.Strongest, andWeaker(m.Strongest))
		}
	} else {
		p.modelWords("Checked", "asked", m.Asked, andWeaker(m.Asked))
	}
	if len(p.o.Lattice) > 0 {
		p.open("figure", "class", "lattice")
		p.open("div", "class", "scroll broad", "tabindex", "0", "role", "group", "aria-label", "Lattice of models")
		p.raw(latticeSVG(p.o.Lattice, r, ""))
		p.shut("div")
		p.latticeList(r)
		p.open("figcaption")
		p.text("Stronger models stand above the weaker ones that they imply. ")
		for _, k := range modelStates(r) {
			p.elem("span", strings.TrimSpace(modelSigns[k].sign+" "+modelSigns[k].text), "class", "key "+modelSigns[k].class)
			p.text(" ")
		}
		p.elem("span", "asked for", "class", "key asked")
		p.shut("figcaption", "figure")
	}
	p.shut("section")
	p.line()
}

// andWeaker reminds of the models that are implied by others.
func andWeaker(models []string) string {
	return "and what " + plural(len(models), "it implies", "they imply")
}

// hasModels tells whether a result says anything of models.
func (p *htmlPage) hasModels(r check.Result) bool {
	return len(r.Models.Not) > 0 || len(r.Models.Asked) > 0 && r.Verdict != check.Unknown
}

// modelWords is a line of models.
func (p *htmlPage) modelWords(head, class string, names []string, more string) {
	p.open("p", "class", "modelwords "+class)
	p.elem("strong", head)
	p.text(": ")
	shown := slices.Clone(names)
	for i := range shown {
		shown[i] = modelList(shown[i : i+1])
	}
	slices.Sort(shown)
	for i, n := range shown {
		if i > 0 {
			p.text(", ")
		}
		p.elem("span", n, "class", "model")
	}
	if more != "" {
		p.text(" (" + more + ")")
	}
	p.text(".")
	p.shut("p")
	p.line()
}

// modelState is what a result says of a model.
type modelState uint8

const (
	modelOpen      modelState = iota // nothing
	modelPossible                    // not ruled out
	modelStrongest                   // of those, one of the strongest
	modelHolds                       // asked for, or implied by one that was, and nothing speaks against it
	modelAlsoNot                     // ruled out with a weaker one
	modelNot                         // ruled out, and one of the weakest that are
)

var modelSigns = [...]struct{ sign, class, text string }{
	modelOpen:      {"", "open", "not asked"},
	modelPossible:  {"○", "possible", "still possible"},
	modelStrongest: {"◉", "strongest", "the strongest still possible"},
	modelHolds:     {"✓", "holds", "nothing found against it"},
	modelAlsoNot:   {"✗", "also", "ruled out with a weaker one"},
	modelNot:       {"✗", "not", "ruled out: the weakest such"},
}

// modelStates are the states that a result's models can be in, for a legend.
func modelStates(r check.Result) []modelState {
	switch {
	case len(r.Models.Not) > 0 && len(r.Models.Strongest) == 0:
		return []modelState{modelNot, modelAlsoNot}
	case len(r.Models.Not) > 0:
		return []modelState{modelNot, modelAlsoNot, modelStrongest, modelPossible}
	case r.Verdict == check.Valid:
		return []modelState{modelHolds, modelOpen}
	}
	return []modelState{modelOpen}
}

// stateOf is what a result says of a model, given all that the models asked for imply.
func stateOf(r check.Result, name string, implied map[string]bool) modelState {
	m := r.Models
	switch {
	case slices.Contains(m.Not, name):
		return modelNot
	case slices.Contains(m.AlsoNot, name):
		return modelAlsoNot
	case r.Verdict == check.Valid && implied[name]:
		return modelHolds
	case len(m.Not) > 0 && slices.Contains(m.Strongest, name):
		return modelStrongest
	case len(m.Not) > 0:
		return modelPossible
	}
	return modelOpen
}

// LatticeModel is a row of the lattice of consistency models, told to render by its caller. Names are those that
// check.Models uses.
type LatticeModel struct {
	Name   string
	Weaker []string // the models that it implies directly; those not in the lattice are left out
	Note   string   // what the model means, on hover
}

// LatticeSVG draws the lattice by itself, as one element svg with its own style for light and dark.
func LatticeSVG(models []LatticeModel) []byte {
	return []byte(latticeSVG(models, check.Result{}, latticeStyle) + "\n")
}
