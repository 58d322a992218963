package fault

import (
	"context"
	"errors"
	"time"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// healTries is how often a node's healing is tried. What a node can't be told now it may hear a little later, and in the
// end there are the leases.
const healTries = 3

// healPause is between two tries.
const healPause = time.Second

// Heal undoes every fault on every node, whatever is known of them. It may be called at any time, also twice, also while
// an operation goes on. What can't be healed is said of each node.
func (n *Nemesis) Heal(ctx context.Context) map[string]error { return n.healAll(ctx) }

func (n *Nemesis) healAll(ctx context.Context) map[string]error {
	errs := n.each(ctx, n.names, func(ctx context.Context, on *node.Node) error {
		var err error
		for try := range healTries {
			if try > 0 && !sleep(ctx, healPause) {
				return errors.Join(err, ctx.Err())
			}
			if err = n.healNode(ctx, on); err == nil {
				return nil
			}
		}
		return err
	})
	for _, k := range kinds(n.plan) {
		if k.last != nil {
			errs = merge(errs, k.last(ctx, n))
		}
	}
	return errs
}

// healNode undoes everything on one node: each kind as its row says, in the order of the table.
func (n *Nemesis) healNode(ctx context.Context, on *node.Node) error {
	leave, err := n.enter(ctx, on)
	if err != nil {
		return err
	}
	defer leave()
	var errs []error
	for _, k := range kinds(n.plan) {
		var failed []error
		if k.heal != nil {
			for _, s := range k.heal(n, on) {
				_, err := n.run(ctx, on, s)
				failed = append(failed, err)
			}
		}
		if k.revive != nil && (n.plan.has(k.name) || n.isOn(k.name, on.Name)) {
			failed = append(failed, k.revive(ctx, n, on))
		}
		if err := errors.Join(failed...); err != nil {
			errs = append(errs, err)
			if lost := (*remote.LostError)(nil); errors.As(err, &lost) {
				break // a node that can't be reached would take as long again for each fault
			}
			continue
		}
		if k.last == nil { // else it is on until then
			errs = append(errs, n.release(ctx, k.name, on))
		}
	}
	return errors.Join(errs...)
}

// Teardown is Finish, and then Restore. Nothing is asked of the nemesis afterwards.
func (n *Nemesis) Teardown(ctx context.Context) error {
	return errors.Join(n.Finish(ctx), n.Restore(ctx))
}

// Finish heals everything for good: nothing is injected afterwards, not even by an operation that is late.
func (n *Nemesis) Finish(ctx context.Context) error {
	n.mu.Lock()
	n.over = true
	n.mu.Unlock()
	errs := n.healAll(ctx)
	n.stopRenewing()
	return joinNodes("heal", errs)
}

// Restore undoes what Setup prepared on the nodes. It heals nothing, and so starts no database that was torn down
// after Finish.
func (n *Nemesis) Restore(ctx context.Context) error {
	return n.everywhere(ctx, "restore", func(k kind) func(context.Context, *Nemesis, *node.Node) error { return k.restore })
}

// Heal undoes on nodes what any run ever injected there, for one that ended without it. It needs no plan: what leases
// would heal is healed now, and firewalls and traffic control are searched for what is ours. A database that was killed
// stays so: only a plan knows how to start it.
func Heal(ctx context.Context, nodes []*node.Node) map[string]error {
	return node.Each(ctx, nodes, healAnything)
}

func healAnything(ctx context.Context, on *node.Node) error {
	var errs []error
	for _, s := range []script{raze(""), straighten(), wake()} {
		_, err := runScript(ctx, on, s, defaultTimeout)
		errs = append(errs, err)
	}
	// A node that never had an agent has no leases.
	found, err := runScript(ctx, on, script{text: `[ -x "$1" ] && echo yes || echo no`, args: []string{on.Command("leases").Args[0]}}, defaultTimeout)
	errs = append(errs, err)
	if found == "yes" {
		_, err := on.HealAll(ctx)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// sleep waits, and tells whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
