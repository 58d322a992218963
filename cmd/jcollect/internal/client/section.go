package client

import (
	"jcheck/cmd/jcollect/internal/plan"
)

// A Plan is the section client of a plan.
type Plan struct {
	Section *plan.Node // nil if the plan has none
}

// Read reads the section client as `client:` of a plan has it. A nil node gives what goes without saying.
func Read(n *plan.Node, p *plan.Problems) Plan { return Plan{n} }
