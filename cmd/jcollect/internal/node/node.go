// Package node is a machine of the cluster, seen from the control node: its remote, and jcollect itself, uploaded to it
// as an agent for what a shell can't do well.
package node

import (
	"context"
	"errors"
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
	return Together(slices.Sorted(maps.Keys(failed)), failed)
}

// Together is what went wrong on nodes as one error, a line for each, in the order of the names; those that say the same
// share a line. It is nil if nothing went wrong.
func Together(names []string, failed map[string]error) error {
	var list []*alike
	for _, name := range names {
		err := failed[name]
		if err == nil {
			continue
		}
		text := strings.TrimPrefix(err.Error(), name+": ")
		i := slices.IndexFunc(list, func(a *alike) bool { return a.text == text })
		if i < 0 {
			i = len(list)
			list = append(list, &alike{text: text})
		}
		list[i].names = append(list[i].names, name)
		list[i].errs = append(list[i].errs, err)
	}
	var errs []error
	for _, a := range list {
		errs = append(errs, a)
	}
	return errors.Join(errs...)
}

// alike is what several nodes say in the same words.
type alike struct {
	names []string
	text  string // without the name of a node
	errs  []error
}

// Error names the nodes once.
func (a *alike) Error() string { return strings.Join(a.names, ", ") + ": " + a.text }

// Unwrap is each node's own error.
func (a *alike) Unwrap() []error { return a.errs }
