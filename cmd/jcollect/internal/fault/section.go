// Package fault breaks what the nodes and the network between them promise, and mends it again.
package fault

import (
	"jcheck/cmd/jcollect/internal/plan"
)

// A Plan is the section nemesis of a plan.
type Plan struct {
	Section *plan.Node // nil if the plan has none
}

// Read reads the section nemesis as `nemesis:` of a plan has it. A nil node gives what goes without saying.
func Read(n *plan.Node, p *plan.Problems) Plan { return Plan{n} }
