package remote

import (
	"jcheck/cmd/jcollect/internal/plan"
)

// A Plan is the section remote of a plan.
type Plan struct {
	Section *plan.Node // nil if the plan has none
}

// Read reads the section remote as `remote:` of a plan has it. A nil node gives what goes without saying.
func Read(n *plan.Node, p *plan.Problems) Plan { return Plan{n} }
