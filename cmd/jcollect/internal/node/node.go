// Package node is a machine of the cluster, seen from the control node: its remote, and jcollect itself, uploaded to it
// as an agent for what a shell can't do well.
package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"jcheck/cmd/jcollect/internal/remote"
)

// A Node is one machine of the cluster.
type Node struct {
	Name   string // as the plan has it
	Index  int    // its place in the plan, from 0
	Addr   string // the IP address that the other nodes reach it by; "" until it was looked up
	Remote remote.Remote
	Agent  string // path of the agent on the node; "" until Install
	User   string // who runs the agent and what needs rights on the node: "root", or "" for who logs in
	State  string // folder of the agent there; "" is agent.DefaultState, with the name in it if the node is this machine
}

// Each runs f for all nodes at the same time and returns what went wrong, by name; nil if nothing did.
func Each(ctx context.Context, nodes []*Node, f func(ctx context.Context, n *Node) error) map[string]error {
	errs := make([]error, len(nodes))
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() { errs[i] = f(ctx, n) })
	}
	wg.Wait()
	var failed map[string]error
	for i, err := range errs {
		if err != nil {
			if failed == nil {
				failed = make(map[string]error)
			}
			failed[nodes[i].Name] = err
		}
	}
	return failed
}

// Failed is what Each returned as one error, by the names of the nodes; nil if nothing went wrong.
func Failed(failed map[string]error) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		err := failed[name]
		if !strings.HasPrefix(err.Error(), name+":") {
			err = fmt.Errorf("%s: %w", name, err)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
