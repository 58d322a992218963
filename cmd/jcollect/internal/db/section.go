// Package db installs, starts and stops the database under test on the nodes, as the section db of a plan says.
package db

import (
	"jcheck/cmd/jcollect/internal/plan"
)

// A Plan is the section db of a plan.
type Plan struct {
	Section *plan.Node // nil if the plan has none
}

// Read reads the section db as `db:` of a plan has it. A nil node gives what goes without saying.
func Read(n *plan.Node, p *plan.Problems) Plan { return Plan{n} }
