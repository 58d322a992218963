package render

import (
	"fmt"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// CycleText tells a cycle as a proof: let these be the transactions; then each comes before the next, because of this
// or that; the last one before the first, which cannot be. No line feed at the end.
func CycleText(h *history.History, a check.Anomaly) string {
	var b strings.Builder
	b.WriteString("Let:\n")
	for i, id := range a.Ops {
		fmt.Fprintf(&b, "  T%d = %s\n", i+1, OpMap(h.Op(id)))
	}
	b.WriteString("\nThen:\n")
	for i, s := range a.Steps {
		from, to := stepEnds(a, i)
		if i+1 < len(a.Steps) {
			fmt.Fprintf(&b, "  - T%d < T%d, because %s.\n", from, to, reason(s))
		} else {
			fmt.Fprintf(&b, "  - However, T%d < T%d, because %s: a contradiction!", from, to, reason(s))
		}
	}
	return b.String()
}

// stepEnds are the numbers of the transactions that step i of a cycle joins: T1 is 1.
func stepEnds(a check.Anomaly, i int) (from, to int) {
	n := max(len(a.Ops), 1)
	return i%n + 1, (i+1)%n + 1
}

// reason is the text of a step as a part of a sentence.
func reason(s check.Step) string {
	if s.Text == "" {
		return "of a " + s.Type + " dependency"
	}
	return strings.TrimSuffix(s.Text, ".")
}
