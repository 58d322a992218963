// Package run is the life of a test: nodes reached, database set up, operations and faults, recording, teardown, verdict.
package run

import (
	"time"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/db"
	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/cmd/jcollect/internal/workload"
)

// A Test is a plan that was read, with the command line's changes.
type Test struct {
	Name       string
	Dir        string // where the plan lies; files that it names are looked for there
	Nodes      []string
	Disposable bool
	OS         string // debian, rhel, none

	Remote    remote.Plan
	DB        db.Plan
	Client    client.Plan
	Workload  workload.Plan
	Generator *plan.Node // instead of a workload's generator; nil if there is none
	Nemesis   fault.Plan
	Checks    []string

	Concurrency    int           // clients
	Rate           float64       // operations per second; 0 is as fast as they go
	TimeLimit      time.Duration // of the operations, final ones excepted
	Seed           uint64
	LeaveDBRunning bool
	SkipImpossible bool // faults that a node can't do are left out instead of failing
}
