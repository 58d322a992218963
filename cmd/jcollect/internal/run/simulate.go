package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/history"
	"jcheck/internal/store"
)

// A Simulation says how a test is to be played without a cluster.
type Simulation struct {
	Mode     string // one of SimulationModes
	MaxOps   int    // operations begun; 0 is the generator's own limit
	NoFaults bool
	Log      io.Writer // what a generator's log operations say; nil drops it
}

// modeMem is the mode in which the database within jcollect answers.
const modeMem = "mem"

// A Mode is a way to play a test.
type Mode struct{ Name, Doc string }

// SimulationModes are the ways, the usual one first.
func SimulationModes() []Mode {
	modes := []Mode{{modeMem, "a correct database answers, the one of client mem; each operation takes 1 ms"}}
	for _, m := range generator.Modes() {
		modes = append(modes, Mode{m.Name, m.Doc})
	}
	return modes
}

// Simulate plays the test and gives its history. The same test, seed and mode give the same history. With an error the
// operations are those up to there.
func (t *Test) Simulate(ctx context.Context, s Simulation) ([]history.Op, error) {
	g, err := t.played(s)
	if err != nil {
		return nil, err
	}
	sim := generator.Simulation{Concurrency: t.Concurrency, Nemesis: true, Seed: t.Seed, MaxOps: s.MaxOps}
	if s.Mode == modeMem {
		if sim.Complete, err = t.answers(ctx); err != nil {
			return nil, err
		}
		sim.LatencyNS = func(generator.Op, *generator.Dice) int64 { return 1_000_000 }
	} else {
		i := slices.IndexFunc(generator.Modes(), func(m generator.Mode) bool { return m.Name == s.Mode })
		if i < 0 {
			return nil, fmt.Errorf("no mode %q", s.Mode)
		}
		m := generator.Modes()[i]
		sim.Complete, sim.LatencyNS = m.Complete, m.LatencyNS
	}
	ops, err := sim.Run(ctx, g)
	return generator.History(ops), err
}

// played is the generator of the test, with the faults that its nemesis would inject.
func (t *Test) played(s Simulation) (generator.Generator, error) {
	work, err := t.work()
	if err != nil {
		return nil, err
	}
	if s.NoFaults || len(t.Nemesis.Faults) == 0 {
		return t.whole(work.Generator, work.Final, nil), nil
	}
	n, err := fault.New(t.Nemesis, fault.Options{Nodes: t.bareNodes(), Seed: t.Seed})
	if err != nil {
		return nil, err
	}
	return t.whole(work.Generator, work.Final, n), nil
}

// bareNodes are the nodes by name alone, for schedules: nobody is asked anything.
func (t *Test) bareNodes() []*node.Node {
	var nodes []*node.Node
	for i, name := range t.Nodes {
		nodes = append(nodes, &node.Node{Name: name, Index: i})
	}
	return nodes
}

// answers is how the database within jcollect answers the operations, each as it begins.
func (t *Test) answers(ctx context.Context) (func(op generator.Op, d *generator.Dice) generator.Op, error) {
	i := slices.IndexFunc(client.Kinds(), func(k client.Kind) bool { return k.Name == modeMem })
	if i < 0 {
		return nil, errors.New("no client mem")
	}
	use := client.Use{Nodes: t.Nodes, Concurrency: t.Concurrency, Workload: t.Workload.Kind, Options: t.Workload.Options, Seed: t.Seed}
	_, maker := client.Kinds()[i].Options()
	driver, err := maker(use)
	if err != nil {
		return nil, fmt.Errorf("%w (hint: --mode perfect needs no database)", err)
	}
	if err := driver.Setup(ctx, use.Process(0)); err != nil {
		return nil, err
	}
	sessions := make(map[int32]client.Session) // a session may know what its process did
	return func(op generator.Op, _ *generator.Dice) generator.Op {
		session := sessions[op.Process]
		if session == nil {
			if session, err = driver.Open(ctx, use.Process(op.Process)); err != nil {
				op.Type = history.Fail
				return op
			}
			sessions[op.Process] = session
		}
		out := session.Invoke(ctx, client.Call{Process: op.Process, F: op.F, Value: op.Value, Key: op.Key, Extra: op.Extra})
		op.Type = out.Type
		if out.Type == history.OK {
			op.Value = out.Value
		} else if !out.Error.IsNil() {
			op.Extra = append(slices.Clip(op.Extra), history.Field{Name: "error", Value: out.Error})
		}
		op.Extra = append(slices.Clip(op.Extra), out.Extra...)
		return op
	}, nil
}

// lineOf is an operation as a line for people.
func lineOf(op history.Op) []byte { return store.OpText(op) }
