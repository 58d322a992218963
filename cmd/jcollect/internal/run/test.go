// Package run is the life of a test: nodes reached, database set up, operations and faults, recording, teardown, verdict.
package run

import (
	"time"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/db"
	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/cmd/jcollect/internal/workload"
)

// A Test is a plan that was read, with the command line's changes.
type Test struct {
	Name       string
	Dir        string     // where the plan lies; files that it names are looked for there
	Root       *plan.Node // the plan as it counts, changes included: what the store keeps of it
	Nodes      []string
	Disposable bool
	OS         string // debian, ubuntu, rhel, none; also none if the plan does not say

	Remote    remote.Plan
	DB        db.Plan
	Client    client.Plan
	Workload  workload.Plan
	Generator *plan.Node          // instead of a workload's generator; nil if there is none
	own       generator.Generator // made of it
	Nemesis   fault.Plan
	Checks    []Check
	Draw      []string // nil: what is drawn if nobody says otherwise

	Concurrency    int           // clients
	Rate           float64       // operations per second; 0 if the plan leaves it to the workload, which may have none either
	TimeLimit      time.Duration // of the operations, final ones excepted; 0 if the generator ends by itself
	Recovery       time.Duration // from the last heal to the final operations
	Seed           uint64
	Seeded         bool // the plan names the seed; otherwise whoever runs the test draws one
	TestCount      int  // how often to run it, as long as it is valid
	LeaveDBRunning bool
	SkipImpossible bool // faults that a node can't do are left out instead of failing
	LogJSON        bool // jcollect.log as JSON lines
}
