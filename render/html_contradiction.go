package render

import (
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/internal/edn"
)

// roles are the parts that the operations of an anomaly play, in the order of its Ops; the last one goes for all further
// operations.
var roles = [...]struct {
	kind  string
	parts []string
}{
	{"G1a", []string{"saw it", "wrote it, and failed"}},
	{"G1b", []string{"saw it", "wrote it, and then wrote again"}},
	{"lost-update", []string{"read, then wrote"}},
	{"dirty-update", []string{"wrote, and failed", "built on it"}},
	{"incompatible-order", []string{"read one order", "read another"}},
	{"internal", []string{"contradicts itself"}},
	{"future-read", []string{"saw its own future"}},
	{"duplicate-elements", []string{"read it"}},
	{"garbage-read", []string{"read it"}},
	{"predicate-read-miss", []string{"missed it"}},
}

// roleOf is the part that operation i of an anomaly plays, if that is known.
func roleOf(a check.Anomaly, i int) string {
	if len(a.Paths) > 0 && a.Ops[i] == a.Paths[0].Op {
		return "can't be explained"
	}
	for _, r := range roles {
		if r.kind == a.Kind {
			return r.parts[min(i, len(r.parts)-1)]
		}
	}
	return ""
}

// evidence names the fields of anomalies for people, in the order in which a table shows them; where kind isn't empty,
// the row is for that kind only, and comes before one for all.
var evidence = [...]struct{ kind, field, name string }{
	{"", "key", "Key"},
	{"lost-update", "value", "What they read"},
	{"", "value", "Value"},
	{"incompatible-order", "values", "The orders"},
	{"dirty-update", "values", "Versions"},
	{"", "values", "Values"},
	{"internal", "expected", "Had to find"},
	{"", "expected", "Expected"},
	{"internal", "mop", "But found"},
	{"G1a", "element", "Aborted element"},
	{"garbage-read", "element", "Never written"},
	{"", "element", "Element"},
	{"", "duplicates", "Element, times found"},
	{"predicate-read-miss", "versions", "All its versions match"},
	{"", "versions", "Versions"},
	{"cyclic-versions", "scc", "Each before the other"},
	{"", "sources", "Known from"},
	{"", "not", "Rules out"},
	{"", "subgraph", "Dependencies"},
	{"", "scc-size", "Transactions"},
}

// contradiction is the story of an anomaly that is no cycle, and a table of what contradicts what.
func (p *htmlPage) contradiction(a check.Anomaly) {
	if a.Text != "" {
		p.open("p", "class", "why tell")
		p.sentence(p.words.prose(a.Text, focusOn(a, 0)))
		p.shut("p")
	}
	p.open("table", "class", "evidence")
	p.elem("caption", "What contradicts what")
	for i := range a.Ops[:min(len(a.Ops), maxFree)] {
		p.open("tr")
		p.open("th", "scope", "row")
		p.elem("b", fmt.Sprintf("T%d", i+1), "class", "t")
		p.text(" " + roleOf(a, i))
		p.shut("th")
		p.open("td")
		p.open("code", "class", "mops")
		for _, w := range hotMops(p.mops(a, i)) {
			p.mop(w)
		}
		p.shut("code", "td", "tr")
		p.line()
	}
	for i, e := range evidence {
		v, ok := fieldOf(a, e.field)
		if !ok || e.kind != a.Kind && (e.kind != "" || namedBefore(i, a.Kind)) {
			continue
		}
		p.open("tr")
		p.elem("th", e.name, "scope", "row")
		p.open("td")
		p.values(e.name, v, a)
		p.shut("td", "tr")
		p.line()
	}
	p.shut("table")
}

// hotMops are those that the anomaly is about, or all if none is.
func hotMops(list []mopWord) []mopWord {
	var hot []mopWord
	for _, w := range list {
		if w.hot {
			hot = append(hot, w)
		}
	}
	if len(hot) == 0 {
		return list
	}
	return hot
}

// namedBefore tells whether an earlier row names the field of row i for this kind.
func namedBefore(i int, kind string) bool {
	for _, e := range evidence[:i] {
		if e.field == evidence[i].field && e.kind == kind {
			return true
		}
	}
	return false
}

// fieldOf is a field of an anomaly. The set of a proof's transactions is left out: its operations tell them.
func fieldOf(a check.Anomaly, name string) (edn.Value, bool) {
	if name == "scc" && isExists(a.Kind) {
		return edn.Value{}, false
	}
	for _, f := range a.Fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return edn.Value{}, false
}

// values writes the value of a row. Two orders come one under the other, with the places marked at which they differ.
func (p *htmlPage) values(name string, v edn.Value, a check.Anomaly) {
	if name != "The orders" || len(v.Items) != 2 {
		whole := ""
		if n := weight(v, maxWhole); n < maxWhole {
			whole = v.String()
		}
		short := clipText(shortenLists(whole, focusOn(a, 0)), 4*maxLetter)
		if whole == "" {
			short = "(too long to show)"
		}
		p.elem("code", short, titled(longer(whole, short))...)
		return
	}
	from := divergence(v)
	for _, list := range v.Items {
		p.open("div", "class", "order")
		p.list(list.Items, from)
		p.shut("div")
	}
}

// titled is the attribute that shows a text on hover, if there is one.
func titled(text string) []string {
	if text == "" {
		return nil
	}
	return []string{"title", clipText(text, maxTitle)}
}

// list writes the elements of a list around place from, which is marked.
func (p *htmlPage) list(items []edn.Value, from int) {
	lo, hi := max(0, from-4), min(len(items), from+8)
	p.open("code")
	p.text("[")
	if lo > 0 {
		p.elem("span", "…"+thousands(lo)+" more… ", "class", "dim")
	}
	for i := lo; i < hi; i++ {
		if i > lo {
			p.text(" ")
		}
		tag := "span"
		if i == from {
			tag = "mark"
		}
		p.elem(tag, clipText(items[i].String(), maxLetter))
	}
	if hi < len(items) {
		p.elem("span", " …"+thousands(len(items)-hi)+" more…", "class", "dim")
	}
	p.text("]")
	p.shut("code")
}

// relations tells what each kind of dependency means, for the legend of a drawing.
var relations = [...]struct{ rel, short, text string }{
	{"ww", "ww", "the second wrote over what the first wrote"},
	{"wwp", "wwp", "the second wrote over what the first wrote, as a predicate shows"},
	{"wr", "wr", "the second read what the first wrote"},
	{"wrp", "wrp", "the second's search saw what the first wrote"},
	{"rw", "rw", "the first did not see what the second wrote"},
	{"rwp", "rwp", "the first's search did not see what the second wrote"},
	{"process", "p", "one client ran the first before the second"},
	{"realtime", "rt", "the first had finished before the second began"},
}

// relShort is a dependency's short name in drawings.
func relShort(rel string) string {
	for _, r := range relations {
		if r.rel == rel {
			return r.short
		}
	}
	return rel
}

// relClass is a dependency's class in the style.
func relClass(rel string) string {
	for _, r := range relations {
		if r.rel == rel {
			return "rel-" + rel
		}
	}
	return "rel-other"
}

// legend explains the dependencies that a cycle is made of.
func (p *htmlPage) legend(a check.Anomaly) {
	var rels []string
	for _, s := range a.Steps {
		rels = append(rels, s.Type)
	}
	p.relLegend(rels)
}

// relLegend explains some dependencies.
func (p *htmlPage) relLegend(rels []string) {
	p.open("dl", "class", "legend")
	for _, r := range relations {
		if slices.Contains(rels, r.rel) {
			p.open("div")
			p.elem("dt", r.short, "class", "rel "+relClass(r.rel))
			p.elem("dd", r.text)
			p.shut("div")
		}
	}
	p.shut("dl")
}

// keyOf is the key that a step is about, shortened; empty if it is about none.
func keyOf(s check.Step) string {
	for _, f := range s.Fields {
		if f.Name == "key" {
			return clipCells(f.Value.String(), 12)
		}
	}
	return ""
}
