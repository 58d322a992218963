package run

import (
	"errors"

	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/workload"
)

// work is what the test's clients do, and the checks that it is for. The error is a workload that doesn't go together
// with the rest of the plan. A generator of the plan's own takes the place of the workload's, final operations included.
func (t *Test) work() (workload.Work, error) {
	var w workload.Work
	switch {
	case t.Workload.Kind != "":
		var err error
		if w, err = t.Workload.Work(workload.Setting{Concurrency: t.Concurrency, Rate: t.Rate}); err != nil || t.own == nil {
			return w, err
		}
	case t.own == nil:
		return w, errors.New("the plan has neither a workload nor a generator")
	}
	w.Generator, w.Final = t.own, nil
	w.Independent = generator.Mentions(t.Generator, "independent")
	return w, nil
}

// whole is everything that is done, in phases: the operations and faults, the healing, a pause, final operations. main
// and final are for clients; n is nil if there is no nemesis, and final if there are no final operations.
func (t *Test) whole(main, final generator.Generator, n *fault.Nemesis) generator.Generator {
	faults := n != nil && n.Any()
	switch {
	case generator.Mentions(t.Generator, "nemesis"): // it says itself when which fault comes
	case faults && t.TimeLimit > 0:
		main = generator.Any(main, generator.ForNemesis(n.Generator()))
	case faults: // they have no end, so the clients' is the end of both
		main = generator.ShortestAny(main, generator.ForNemesis(n.Generator()))
	}
	if t.TimeLimit > 0 {
		main = generator.TimeLimit(t.TimeLimit, main)
	}
	phases := []generator.Generator{main}
	if faults {
		phases = append(phases, generator.ForNemesis(n.Final()))
		if final != nil && t.Recovery > 0 {
			phases = append(phases, generator.ForNemesis(generator.SleepFor(t.Recovery)))
		}
	}
	if final != nil {
		phases = append(phases, final)
	}
	return generator.Phases(phases...)
}
