package run

import (
	"jcheck/check/all"
	"jcheck/cmd/jcollect/internal/generator"
)

// phases are the generators of a test, for clients.
type phases struct {
	main  generator.Generator
	final generator.Generator // nil if there are no final operations
}

// makeWork makes the operations of the test, and the checks that they are for. The error is a workload that doesn't go
// together with the rest of the plan.
func (f *life) makeWork() error {
	work, err := f.t.work()
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
