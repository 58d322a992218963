package run

import (
	"strconv"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// elements is a set of elements, as results list them.
type elements struct {
	runs  [][2]int64 // from, to
	texts map[string]bool
}

// lostField is the result key under which checkers list elements that were acknowledged and are gone.
const lostField = "lost"

// lostElements are what the results call lost, the parts' own included.
func lostElements(r check.Result) elements {
	e := elements{texts: make(map[string]bool)}
	e.collect(r)
	return e
}

func (e *elements) collect(r check.Result) {
	for _, f := range r.Fields {
		if f.Name == lostField {
			e.add(f.Value)
		}
	}
	for _, p := range r.Parts {
		e.collect(p.Result)
	}
}

// add adds the elements of a field: a collection, or the text in which the set checker writes runs, "#{1..3 7 a}".
func (e *elements) add(v history.Value) {
	switch v.Kind {
	case edn.Map: // a multiset: what is lost, and how often
		for i := 0; i+1 < len(v.Items); i += 2 {
			e.addText(v.Items[i].String())
		}
		return
	case edn.String:
	default:
		for _, item := range v.Items {
			e.addText(item.String())
		}
		return
	}
	for word := range strings.FieldsSeq(strings.TrimSuffix(strings.TrimPrefix(v.Text, "#{"), "}")) {
		from, to, isRun := strings.Cut(word, "..")
		a, err := strconv.ParseInt(from, 10, 64)
		b, err2 := strconv.ParseInt(to, 10, 64)
		if isRun && err == nil && err2 == nil {
			e.runs = append(e.runs, [2]int64{a, b})
			continue
		}
		e.addText(word)
	}
}

func (e *elements) addText(text string) { e.texts[text] = true }

// none tells whether nothing is in it.
func (e *elements) none() bool { return len(e.runs) == 0 && len(e.texts) == 0 }

// has tells whether an element is in it. The set checker's runs hold texts without quotes.
func (e *elements) has(v history.Value) bool {
	if v.Kind == edn.Int {
		n := v.Int()
		for _, r := range e.runs {
			if r[0] <= n && n <= r[1] {
				return true
			}
		}
	}
	return e.texts[v.String()] || v.Kind == edn.String && e.texts[v.Text]
}
