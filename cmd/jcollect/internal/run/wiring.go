package run

import (
	"fmt"

	"jcheck/check/all"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/workload"
)

// phases are the generators of a test, for clients.
type phases struct {
	main  generator.Generator
	final generator.Generator // nil if there are no final operations
}

// makeWork makes the operations of the test, and the checks that they are for. The error is a workload that doesn't go
// together with the rest of the plan.
func (f *life) makeWork() error {
	if f.t.Workload.Kind == "" {
		return fmt.Errorf("generators of the plan's own can't be run yet")
	}
	work, err := f.t.Workload.Work(workload.Setting{Concurrency: f.t.Concurrency, Rate: f.t.Rate})
	if err != nil {
		return err
	}
	f.phases = phases{work.Generator, work.Final}
	f.keyed = work.Independent
	for _, c := range work.Checks {
		f.checks = append(f.checks, Check{c.Name, all.Values(c.Values)})
	}
	return nil
}
