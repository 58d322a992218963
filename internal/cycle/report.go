package cycle

import (
	"slices"
	"strings"

	"jcheck/check"
)

// Report judges the names of everything found by what is prohibited (see Prohibited), and lists the names that the
// result shows, sorted. The verdict is Unknown if only a status was found that kept the history from being judged.
// A proof "<model>-cycle-exists" isn't shown if something more telling that is shown rules out its model.
func Report(found []string, prohibited map[string]bool) (check.Verdict, []string) {
	verdict := check.Valid
	var types, telling []string
	for _, name := range found {
		switch {
		case prohibited[name]:
			verdict = check.Invalid
		case name == EmptyGraph || name == SearchTimeout:
			verdict = check.Worse(verdict, check.Unknown)
		default:
			continue
		}
		types = append(types, name)
		if !strings.HasSuffix(name, fallback) {
			telling = append(telling, name)
		}
	}
	l := theLattice()
	impossible := l.impossible(telling)
	types = slices.DeleteFunc(types, func(name string) bool {
		model, isProof := strings.CutSuffix(name, fallback)
		m := l.model(model)
		return isProof && m >= 0 && impossible>>m&1 != 0
	})
	slices.Sort(types)
	return verdict, slices.Compact(types)
}
