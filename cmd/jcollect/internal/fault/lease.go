package fault

import (
	"context"
	"fmt"
	"time"

	"jcheck/cmd/jcollect/internal/node"
)

// leaseID is the name of a fault's lease on a node.
func leaseID(kind string) string { return "fault-" + kind }

// arm makes the node bound to heal the fault by itself, and begins to renew that.
func (n *Nemesis) arm(ctx context.Context, kind string, on *node.Node) error {
	heal := n.healing(kind, on)
	if n.o.Leases == nil || len(heal) == 0 {
		return nil
	}
	lines := make([]string, len(heal))
	for i, s := range heal {
		lines[i] = s.line()
	}
	if err := n.o.Leases.Arm(ctx, on, leaseID(kind), n.plan.lease(), lines); err != nil {
		return fmt.Errorf("arm the lease, without which nothing is injected: %w", err)
	}
	n.renewing()
	return nil
}

// release lets the lease of a fault go that was healed.
func (n *Nemesis) release(ctx context.Context, kind string, on *node.Node) error {
	if n.o.Leases != nil && n.isOn(kind, on.Name) && len(n.healing(kind, on)) > 0 {
		if err := n.o.Leases.Release(ctx, on, leaseID(kind)); err != nil {
			return fmt.Errorf("release the lease of %s: %w", kind, err)
		}
	}
	n.mark(kind, on.Name, false)
	return nil
}

// renewing starts the renewal of leases, unless it goes on already. Teardown ends it.
func (n *Nemesis) renewing() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.renewal != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.renewal, n.renewed = cancel, make(chan struct{})
	go func(done chan struct{}) {
		defer close(done)
		n.renew(ctx)
	}(n.renewed)
}

// renewals is how often a lease is renewed in its time: two may be lost on the way.
const renewals = 3

// renew renews the leases of all faults that are on, until ctx ends.
func (n *Nemesis) renew(ctx context.Context) {
	every := n.plan.lease() / renewals
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		round, cancel := context.WithTimeout(ctx, every)
		n.renewAll(round)
		cancel()
	}
}

// renewAll renews each lease once. One that can't be renewed is told of: the node heals itself then, and the history
// would be read wrongly by who doesn't know.
func (n *Nemesis) renewAll(ctx context.Context) {
	n.mu.Lock()
	due := map[string][]string{}
	for kind, names := range n.on {
		for name := range names {
			due[name] = append(due[name], kind)
		}
	}
	n.mu.Unlock()
	n.each(ctx, sortedKeys(due), func(ctx context.Context, on *node.Node) error {
		for _, kind := range due[on.Name] {
			if len(n.healing(kind, on)) == 0 {
				continue
			}
			if err := n.o.Leases.Renew(ctx, on, leaseID(kind)); err != nil && ctx.Err() == nil {
				n.log.Warn("a lease could not be renewed: the node will heal this fault by itself", "node", on.Name, "fault", kind, "error", err)
			}
		}
		return nil
	})
}

// stopRenewing ends the renewals and waits for the last.
func (n *Nemesis) stopRenewing() {
	n.mu.Lock()
	cancel, done := n.renewal, n.renewed
	n.renewal = nil
	n.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}
