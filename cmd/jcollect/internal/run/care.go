package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"jcheck/cmd/jcollect/internal/db"
	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/remote"
)

// ReadNodes reads of a plan only which nodes there are and how they are reached: what it takes to look after them. A nil
// root is no plan, with what goes without saying.
func ReadNodes(root *plan.Node, p *plan.Problems) *Test {
	t := &Test{Root: root, Nodes: slices.Clone(defaultNodes), OS: "none"}
	if nodes := root.Get("nodes"); nodes != nil {
		t.Nodes = nil
		nodeNames(&t.Nodes)(nodes, p)
	}
	t.Remote = remote.Read(joined(root.Get("remote"), root.Get("ssh"), p), p)
	return t
}

// A Care is something that is done to the nodes by itself, without a run.
type Care struct {
	name   string
	stages func(f *life) []stage
}

// Setup sets the nodes and the database up, and leaves them so.
func Setup() Care {
	return Care{"setup", func(f *life) []stage {
		return []stage{
			{"connect to the nodes", connectLimit, f.connect},
			{"look who works there", connectLimit, f.unclaimed},
			{"install the agent", agentLimit, f.installAgent},
			{"set up the system", osLimit, f.setupOS},
			{setupDBName, dbLimit, f.setupDB},
		}
	}}
}

// Teardown heals the nodes and removes the database, whatever state they are in.
func Teardown() Care {
	return Care{"teardown", func(f *life) []stage {
		return []stage{
			{"connect to the nodes", connectLimit, f.connectAny},
			{"install the agent", agentLimit, f.installAgent},
			{healName, healLimit, f.healNodes},
			{"tear down the database", teardownLimit, f.teardownDB},
		}
	}}
}

// Heal undoes on the nodes every fault of any run, one that was killed among them. It needs no plan, but only a plan knows
// how nodes join a cluster again.
func Heal() Care {
	return Care{"heal", func(f *life) []stage {
		return []stage{
			{"connect to the nodes", connectLimit, f.connectAny},
			{healName, healLimit, f.healNodes},
			{"let nodes join again that were removed", healLimit, f.rejoin},
		}
	}}
}

// Logs downloads the database's logs into a folder.
func Logs(dir string) Care {
	return Care{"logs", func(f *life) []stage {
		return []stage{
			{"connect to the nodes", connectLimit, f.connectAny},
			{"download the logs", logsLimit, func(ctx context.Context) error { return f.fetchLogs(ctx, dir, false) }},
		}
	}}
}

// Do does it. Stages go on after a failure where they can: what can be mended is.
func (c Care) Do(t *Test, l Launch) error {
	f := &life{t: t, l: l, log: slog.New(slog.DiscardHandler)}
	var errs []error
	for _, s := range c.stages(f) {
		f.progress(s.name)
		err := s.bounded(l.Soft)
		if err != nil && s.name == setupDBName {
			err = fmt.Errorf("%w (hint: jcollect logs downloads the database's logs)", err)
		}
		errs = append(errs, err)
		if err != nil && (c.name == "setup" || len(f.reached()) == 0) {
			break
		}
	}
	for _, s := range slices.Backward(f.undo) {
		if s.name == closeName {
			errs = append(errs, s.bounded(context.WithoutCancel(l.Hard)))
		}
	}
	if l.Progress != nil {
		l.Progress("")
	}
	return errors.Join(errs...)
}

// reached are the nodes that were reached.
func (f *life) reached() []*node.Node {
	return slices.DeleteFunc(slices.Clone(f.nodes), func(n *node.Node) bool { return n.Remote == nil })
}

// connectAny reaches as many nodes as it can, and goes on with them.
func (f *life) connectAny(ctx context.Context) error {
	err := f.connect(ctx)
	f.nodes = f.reached()
	return err
}

// healNodes undoes all faults: by the agents what they hold leases of, and by itself what is ours in firewalls, traffic
// control and disks.
func (f *life) healNodes(ctx context.Context) error {
	byAgent := node.Each(ctx, f.nodes, func(ctx context.Context, n *node.Node) error {
		_, err := n.HealAll(ctx)
		if err != nil && n.Agent == "" {
			return nil // no agent was ever sent there, so it holds no lease
		}
		return err
	})
	var errs []error
	for _, failed := range []map[string]error{byAgent, fault.Heal(ctx, f.nodes)} {
		if err := perNode(f.nodes, failed); err != nil {
			errs = append(errs, fmt.Errorf("heal: %w", err))
		}
	}
	return errors.Join(errs...)
}

// rejoin lets every node join that is no member of the database's cluster, if the plan says how. A database that isn't
// there has no members, and needs none. Whoever joins is wiped before, which nobody may do to machines that aren't
// disposable.
func (f *life) rejoin(ctx context.Context) error {
	if f.t.Root.Get("nemesis").Get("membership") == nil || len(f.nodes) == 0 {
		return nil
	}
	var p plan.Problems
	if said := f.t.Root.Get("disposable"); said != nil {
		plan.Bool(&f.t.Disposable)(said, &p)
	}
	if !f.t.Disposable {
		f.l.Say("no node was added to the cluster, since that wipes it (hint: disposable: true in the plan, or --disposable)")
		return nil
	}
	f.t.Nemesis, f.t.DB = fault.Read(f.t.Root.Get("nemesis"), &p), db.Read(f.t.Root.Get("db"), &p)
	if p.Any() {
		return errors.New("the plan has mistakes, so no node was added (hint: jcollect explain tells them)")
	}
	if err := f.installAgent(ctx); err != nil {
		return err
	}
	f.makeDB()
	n, err := fault.New(f.t.Nemesis, fault.Options{Nodes: f.nodes, DB: f.faultDB(), Log: f.log})
	if err != nil {
		return err
	}
	added, err := n.Rejoin(ctx)
	var nobody *fault.NoMembersError
	switch {
	case errors.As(err, &nobody):
		f.l.Say(nobody.Error() + ", so none was added")
		return nil
	case len(added) > 0:
		f.l.Say("members of the cluster again: " + strings.Join(added, ", "))
	}
	return err
}
