package fault

import (
	"context"
	"fmt"
	"sync"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/node"
)

// Leases are the dead man's switches on the nodes: whatever is armed there and not renewed in time is healed by the node
// itself.
type Leases interface {
	Arm(ctx context.Context, n *node.Node, id string, ttl time.Duration, heal []agent.Command) error
	// Renew is an *agent.Error of code NotFound if the node has healed itself already.
	Renew(ctx context.Context, n *node.Node, id string) error
	Release(ctx context.Context, n *node.Node, id string) error
}

// agentLeases are those of the agents.
type agentLeases struct{}

func (agentLeases) Arm(ctx context.Context, n *node.Node, id string, ttl time.Duration, heal []agent.Command) error {
	return n.Arm(ctx, id, ttl, heal)
}
func (agentLeases) Renew(ctx context.Context, n *node.Node, id string) error { return n.Renew(ctx, id) }
func (agentLeases) Release(ctx context.Context, n *node.Node, id string) error {
	return n.Release(ctx, id)
}

// leaseID is the name of a fault's lease on a node.
func leaseID(kind string) string { return "fault-" + kind }

// relief is what a lease runs on a node to undo a fault there.
func (n *Nemesis) relief(kind string, on *node.Node) []agent.Command {
	var list []agent.Command
	for _, s := range n.healing(kind, on) {
		list = append(list, s.command())
	}
	if k, ok := kindOf(n.plan, kind); ok && k.alone != nil {
		list = append(list, k.alone(n, on)...)
	}
	return list
}

// arm makes the node bound to heal the fault by itself, and begins to renew that.
func (n *Nemesis) arm(ctx context.Context, kind string, on *node.Node) error {
	heal := n.relief(kind, on)
	if len(heal) == 0 {
		return nil
	}
	if err := n.o.Leases.Arm(ctx, on, leaseID(kind), n.plan.lease(), heal); err != nil {
		return fmt.Errorf("arm the lease, without which nothing is injected: %w", err)
	}
	n.renewing()
	return nil
}

// release lets the lease of a fault go that was healed.
func (n *Nemesis) release(ctx context.Context, kind string, on *node.Node) error {
	if n.isOn(kind, on.Name) && len(n.relief(kind, on)) > 0 {
		if err := n.o.Leases.Release(ctx, on, leaseID(kind)); err != nil {
			return fmt.Errorf("release the lease of %s: %w", kind, err)
		}
	}
	n.mark(kind, on.Name, false)
	return nil
}

// A renewal is what renews leases, on each node by itself: one that is slow or dead must not make others heal themselves.
type renewal struct {
	stop   chan struct{} // closed to end it
	cancel context.CancelFunc
	group  sync.WaitGroup
}

// renewing starts the renewal of leases, unless it goes on already. Teardown ends it.
func (n *Nemesis) renewing() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.renewal != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &renewal{stop: make(chan struct{}), cancel: cancel}
	n.renewal = r
	for _, on := range n.o.Nodes {
		r.group.Go(func() { n.renew(ctx, r.stop, on) })
	}
}

// renewals is how often a lease is renewed in its time: two may be lost on the way.
const renewals = 3

// renew renews the leases of all faults that are on at a node, until it is told to stop. One renewal may take as long as
// the lease: giving it up earlier would only disturb others that use the same connection.
func (n *Nemesis) renew(ctx context.Context, stop chan struct{}, on *node.Node) {
	tick := time.NewTicker(n.plan.lease() / renewals)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		round, cancel := context.WithTimeout(ctx, n.plan.lease())
		for _, kind := range n.kindsOn(on) {
			if len(n.relief(kind, on)) > 0 {
				n.renewOne(round, kind, on)
			}
		}
		cancel()
	}
}

// kindsOn are the kinds of faults that may be on at a node.
func (n *Nemesis) kindsOn(on *node.Node) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []string
	for _, kind := range sortedKeys(n.on) {
		if n.on[kind][on.Name] {
			list = append(list, kind)
		}
	}
	return list
}

// renewOne renews a lease. One that is gone, though its fault was not healed, is one by which the node healed itself.
// Whoever injects or heals there right now may be about to arm the lease, or have released it a moment ago; then the next
// round tells.
func (n *Nemesis) renewOne(ctx context.Context, kind string, on *node.Node) {
	err := n.o.Leases.Renew(ctx, on, leaseID(kind))
	if agent.Is(err, agent.NotFound) {
		select {
		case n.busy[on.Name] <- struct{}{}:
			defer func() { <-n.busy[on.Name] }()
		default:
			return
		}
		if n.isOn(kind, on.Name) {
			err = n.o.Leases.Renew(ctx, on, leaseID(kind)) // what was at work until now may have armed another
		}
	}
	switch {
	case err == nil || ctx.Err() != nil || !n.isOn(kind, on.Name):
	case agent.Is(err, agent.NotFound):
		n.mark(kind, on.Name, false)
		note := fmt.Sprintf("%s healed the fault %s by itself, since its lease was not renewed in time; the history has it on until it is healed there", on.Name, kind)
		n.log.Warn(note)
		n.mu.Lock()
		n.notes = append(n.notes, note)
		n.mu.Unlock()
	default:
		n.log.Warn("a lease could not be renewed; if that goes on, the node heals the fault by itself", "node", on.Name, "fault", kind, "error", err)
	}
}

// stopPatience is how long a renewal may go on that was begun: the connection stays as it is for who comes next.
const stopPatience = 5 * time.Second

// stopRenewing ends the renewals and waits for the last.
func (n *Nemesis) stopRenewing() {
	n.mu.Lock()
	r := n.renewal
	n.renewal = nil
	n.mu.Unlock()
	if r == nil {
		return
	}
	close(r.stop)
	late := time.AfterFunc(stopPatience, r.cancel)
	r.group.Wait()
	late.Stop()
	r.cancel()
}
