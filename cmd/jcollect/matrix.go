package main

import (
	"fmt"
	"slices"
	"strings"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/run"
	"jcheck/cmd/jcollect/internal/workload"
)

// maxName is how long the name of a test with its variant may be: the name of a folder.
const maxName = 200

// maxTests is how many tests one command may ask for.
const maxTests = 10_000

// An axis is one --matrix: a key of the plan, and the values that it is to have in turn.
type axis struct {
	key    string
	values []string
}

// A variant is one way to go through all axes.
type variant struct {
	label   string // what tells its test from the others': "kill-append"
	changes []plan.Change
}

// parseAxis reads KEY=V1,V2. A comma within brackets belongs to its value.
func parseAxis(text string) (axis, error) {
	key, values, found := strings.Cut(text, "=")
	a := axis{key: strings.TrimSpace(key), values: splitValues(values)}
	if !found || a.key == "" || slices.Contains(a.values, "") {
		return a, fmt.Errorf("--matrix: %q is not KEY=VALUE,VALUE (hint: --matrix nemesis=none,kill,partition)", text)
	}
	return a, nil
}

// splitValues cuts at the commas that stand outside brackets.
func splitValues(text string) (values []string) {
	depth, begin := 0, 0
	for i, r := range text {
		switch r {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 0 {
				values = append(values, strings.TrimSpace(text[begin:i]))
				begin = i + 1
			}
		}
	}
	return append(values, strings.TrimSpace(text[begin:]))
}

// change is what one value of the axis changes. The words nemesis and workload stand for what the flags of that name
// change.
func (a axis) change(value string, p *plan.Problems) (plan.Change, bool) {
	switch {
	case a.key == "nemesis" && value == "none":
		return plan.Change{Flag: "--matrix nemesis", Path: []string{"nemesis"}}, true
	case a.key == "nemesis":
		faults := strings.Split(strings.Trim(value, "[]"), ",")
		for i := range faults {
			faults[i] = strings.TrimSpace(faults[i])
		}
		return plan.Change{Flag: "--matrix nemesis", Path: []string{"nemesis", "faults"}, Value: plan.Scalars("--matrix nemesis", faults)}, true
	case a.key == "workload":
		return plan.ParseChange("--matrix", "workload.kind="+value, p)
	}
	return plan.ParseChange("--matrix", a.key+"="+value, p)
}

// variants are all ways through the axes, the last of which turns fastest.
func variants(axes []axis, p *plan.Problems) ([]variant, error) {
	list := []variant{{}}
	for _, a := range axes {
		var longer []variant
		for _, v := range list {
			for _, value := range a.values {
				c, ok := a.change(value, p)
				if !ok {
					return nil, planError(p)
				}
				longer = append(longer, variant{
					label:   strings.TrimPrefix(v.label+"-"+labelled(value), "-"),
					changes: append(slices.Clip(v.changes), c),
				})
			}
		}
		if list = longer; len(list) > maxTests {
			return nil, fmt.Errorf("--matrix: more than %d tests", maxTests)
		}
	}
	return list, nil
}

// labelled is a value as a part of a test's name.
func labelled(value string) string {
	fit := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '+' || r == '=' {
			return r
		}
		return '-'
	}
	words := strings.FieldsFunc(strings.Map(fit, value), func(r rune) bool { return r == '-' })
	return strings.Join(words, "-")
}

// expanded is the axes with all workloads that a plan's client knows in the place of workload=all. A plan that has
// mistakes keeps it, and is refused later.
func (f *planFlags) expanded(file string, axes []axis) []axis {
	var p plan.Problems
	t := run.Load(file, f.changes(&p), &p)
	if t == nil {
		return axes
	}
	var known []string
	for _, k := range workload.Kinds() {
		if t.Client.Fits(k.Name) == nil {
			known = append(known, k.Name)
		}
	}
	axes = slices.Clone(axes)
	for i, a := range axes {
		if (a.key == "workload" || a.key == "workload.kind") && slices.Equal(a.values, []string{"all"}) {
			axes[i].values = known
		}
	}
	return axes
}

// tests reads every plan in every variant. The error has all mistakes of all of them, each once.
func (f *planFlags) tests(files []string, lists [][]variant) ([]*run.Test, error) {
	var tests []*run.Test
	var all plan.Problems
	seen := make(map[string]bool)
	for i, file := range files {
		for _, v := range lists[i] {
			var p plan.Problems
			t := run.Load(file, append(f.changes(&p), v.changes...), &p)
			found, _ := p.Sorted()
			for _, m := range found {
				if !seen[m.String()] {
					seen[m.String()] = true
					all.Add(m.Pos, m.Hint, "%s", m.Text)
				}
			}
			if t != nil && v.label != "" {
				t.Name += "-" + v.label
				t.Name = strings.TrimRight(t.Name[:min(len(t.Name), maxName)], "-.")
			}
			tests = append(tests, t)
		}
	}
	if all.Any() {
		return nil, planError(&all)
	}
	if len(tests) > maxTests {
		return nil, fmt.Errorf("%d tests are too many (hint: at most %d)", len(tests), maxTests)
	}
	return tests, nil
}
