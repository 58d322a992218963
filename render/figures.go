package render

import (
	"fmt"
	"strconv"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// maxFigures is how many entries of a map of figures are shown.
const maxFigures = 30

// figures shows the numbers among a result's fields, and the maps of numbers: how many elements were lost, how long it took
// them to become stable, how operations of each function ended. Lists are left to the outputs for programs.
func (p *page) figures(r check.Result) {
	var plain []string
	for _, f := range r.Fields {
		if n, ok := figure(f.Value); ok {
			plain = append(plain, f.Name+" "+n)
		}
	}
	if len(plain) > 0 {
		p.line("")
		p.para(0, strings.Join(plain, ", ")+".")
	}
	for _, f := range r.Fields {
		p.figureMap(f)
	}
}

// figureMap shows a map of numbers in a line, or a map of such maps in a line each.
func (p *page) figureMap(f history.Field) {
	if f.Value.Kind != edn.Map || len(f.Value.Items) == 0 {
		return
	}
	text, all := figureList(f.Value)
	if all {
		p.para(0, fmt.Sprintf("%s: %s.", f.Name, text))
		return
	}
	items := f.Value.Items
	for i := 0; i < min(len(items), 2*maxFigures); i += 2 {
		if text, _ := figureList(items[i+1]); text != "" {
			p.para(0, fmt.Sprintf("%s: %s.", items[i], text))
		}
	}
	if left := len(items)/2 - maxFigures; left > 0 {
		p.para(0, fmt.Sprintf("... and %s more.", thousands(left)))
	}
}

// figureList is what a map has of figures, in words; all tells whether it has nothing else.
func figureList(m history.Value) (text string, all bool) {
	if m.Kind != edn.Map {
		return "", false
	}
	var parts []string
	all = true
	for i := 0; i < len(m.Items); i += 2 {
		n, ok := figure(m.Items[i+1])
		all = all && ok
		if !ok || len(parts) >= maxFigures {
			continue
		}
		name := strings.TrimPrefix(m.Items[i].String(), ":")
		if _, ok := figure(m.Items[i]); ok {
			name += " →" // a quantile, say
		}
		parts = append(parts, name+" "+n)
	}
	return strings.Join(parts, ", "), all
}

// figure is a number for people.
func figure(v history.Value) (string, bool) {
	switch v.Kind {
	case edn.Int:
		if n := v.Int(); n >= 0 && n < 1<<31 {
			return thousands(int(n)), true
		}
		return v.String(), true
	case edn.Float:
		return strconv.FormatFloat(v.Float(), 'g', 4, 64), true
	}
	return "", false
}
