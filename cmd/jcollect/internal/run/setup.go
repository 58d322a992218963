package run

import (
	"context"
	"errors"
	"fmt"

	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/node"
)

// errNotDisposable is a plan for machines that nobody said may be damaged.
var errNotDisposable = errors.New("this test stops processes, cuts networks and writes files as root on its nodes, and may leave them damaged (hint: disposable: true in the plan, or --disposable, if these machines may be)")

// Refusal is why the test may not be run as it is; nil if it may.
func (t *Test) Refusal() error {
	if t.touchesNodes() && !t.Disposable {
		return errNotDisposable
	}
	return nil
}

// touchesNodes tells whether anything is to be done on the nodes themselves. Without that nobody logs in there: clients
// reach a database by themselves.
func (t *Test) touchesNodes() bool {
	for _, key := range []string{"remote", "ssh", "db", "nemesis"} {
		if t.Root.Get(key) != nil {
			return true
		}
	}
	return t.OS != "none" || len(t.Nemesis.Faults) > 0
}

// installAgent sends jcollect itself to the nodes, and lets them heal what an earlier run left.
func (f *life) installAgent(ctx context.Context) error {
	if err := perNode(f.nodes, node.Each(ctx, f.nodes, func(ctx context.Context, n *node.Node) error { return n.Install(ctx, f.l.Agents) })); err != nil {
		return err
	}
	if err := perNode(f.nodes, node.Each(ctx, f.nodes, func(ctx context.Context, n *node.Node) error {
		_, err := n.HealAll(ctx)
		return err
	})); err != nil {
		return fmt.Errorf("heal what an earlier run left: %w", err)
	}
	return node.LookUp(ctx, f.nodes)
}

// setupNemesis looks at what the nodes can do: a fault that one can't do is told of before the database is set up.
func (f *life) setupNemesis(ctx context.Context) error {
	if len(f.nodes) == 0 {
		return nil
	}
	n, err := fault.New(f.t.Nemesis, fault.Options{Nodes: f.nodes, DB: f.faultDB(), Seed: f.t.Seed,
		SkipImpossible: f.t.SkipImpossible, Log: f.log})
	if err != nil {
		return err
	}
	f.nemesis = n
	f.later(restoreName, healLimit, n.Restore)
	if err := n.Setup(ctx); err != nil {
		return err
	}
	for _, skipped := range n.Skipped() {
		f.complain(errors.New("left out, as you asked: " + skipped.String()))
	}
	return nil
}

// heal undoes all faults, before anything is torn down.
func (f *life) heal(ctx context.Context) error {
	err := f.nemesis.Finish(ctx)
	for _, note := range f.nemesis.Notes() {
		f.complain(errors.New(note))
	}
	return err
}
