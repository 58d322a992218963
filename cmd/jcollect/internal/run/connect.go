package run

import (
	"context"
	"fmt"
	"time"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/internal/amount"
)

// perNode is one error of those of several nodes, in the order of the plan; nil if there are none.
func perNode(nodes []*node.Node, failed map[string]error) error {
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	return node.Together(names, failed)
}

// connectIfNeeded reaches all nodes, if anything is to be done there.
func (f *life) connectIfNeeded(ctx context.Context) error {
	if !f.t.touchesNodes() {
		return nil
	}
	return f.connect(ctx)
}

// connect reaches all nodes at the same time.
func (f *life) connect(ctx context.Context) error {
	for i, name := range f.t.Nodes {
		f.nodes = append(f.nodes, &node.Node{Name: name, Index: i})
	}
	f.later(closeName, closeLimit, f.disconnect)
	failed := node.Each(ctx, f.nodes, func(ctx context.Context, n *node.Node) error {
		r, err := f.t.Remote.Connect(ctx, n.Name)
		if err != nil {
			return err
		}
		n.Remote = r
		return nil
	})
	if err := perNode(f.nodes, failed); err != nil {
		return fmt.Errorf("%d of %s can't be reached (hint: jcollect nodes says how to mend each)\n%w", len(failed), amount.Of(len(f.nodes), "node"), err)
	}
	return nil
}

// disconnect ends all connections.
func (f *life) disconnect(ctx context.Context) error {
	reached := f.reached()
	return perNode(reached, node.Each(ctx, reached, func(_ context.Context, n *node.Node) error { return n.Remote.Close() }))
}

// setupClients makes the driver, and lets it clear what an earlier run left and make what the workload needs: tables,
// say. All nodes are asked to clear before any makes something.
func (f *life) setupClients(ctx context.Context) error {
	f.use = client.Use{Dir: f.t.Dir, Nodes: f.t.Nodes, Addrs: map[string]string{}, Concurrency: f.t.Concurrency,
		Seed: f.t.Seed, Log: &lineWriter{log: f.log, who: "client"}}
	f.use.Workload, f.use.Options = f.t.Workload.Kind, f.t.Workload.Options
	for _, n := range f.nodes {
		if n.Addr != "" {
			f.use.Addrs[n.Name] = n.Addr
		}
	}
	driver, err := f.t.Client.Driver(f.use)
	if err != nil {
		return err
	}
	f.driver = driver
	if !f.t.LeaveDBRunning {
		f.later("tear down the clients", clientLimit, f.teardownClients)
	}
	if err := driver.Teardown(ctx, f.use.Process(0)); err != nil {
		return fmt.Errorf("clear what an earlier run left: %w", err)
	}
	return driver.Setup(ctx, f.use.Process(0))
}

// hurriedLimit is how long clients may tear down after a Ctrl-C. The database goes next, and with it what they made.
const hurriedLimit = 10 * time.Second

// teardownClients removes what the clients made.
func (f *life) teardownClients(ctx context.Context) error {
	if f.l.Soft.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, hurriedLimit)
		defer cancel()
	}
	return f.driver.Teardown(ctx, f.use.Process(0))
}
