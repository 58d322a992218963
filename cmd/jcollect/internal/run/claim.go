package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// A claim is what a run writes down on each of its nodes: who works there. Two runs on one node would heal each other's
// faults and wipe each other's databases, and either would blame the database for it.
type claim struct {
	Run   string    `json:"run"`  // by chance
	Node  string    `json:"node"` // as the plan calls it
	Host  string    `json:"host"` // of the control node
	Began time.Time `json:"began"`
	Ended bool      `json:"ended,omitempty"`
	owner
}

// An owner is a process, so that it can be told from all others: by its kernel, its pid space, its number and its start.
// The zero value is one that can't be told, where the control node has no /proc.
type owner struct {
	Boot   string `json:"boot,omitempty"`
	Space  string `json:"space,omitempty"`
	PID    int    `json:"pid,omitempty"`
	Ticked string `json:"start,omitempty"` // clock ticks since boot
}

// ownerOf is a process of this machine; the zero owner if there is none, or it can't be told.
func ownerOf(pid int) owner {
	stat, err1 := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	boot, err2 := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, err3 := os.Readlink("/proc/self/ns/pid")
	// The name in parentheses may hold blanks and parentheses itself.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const state, start = 0, 19 // fields 3 and 22 of the line
	if errors.Join(err1, err2, err3) != nil || len(fields) <= start || fields[state] == "Z" {
		return owner{}
	}
	return owner{strings.TrimSpace(string(boot)), space, pid, fields[start]}
}

// alive tells whether the owner runs still, and whether that can be told from here.
func (o owner) alive() (alive, known bool) {
	self := ownerOf(os.Getpid())
	if o == (owner{}) || o.Boot != self.Boot || o.Space != self.Space {
		return false, false
	}
	return ownerOf(o.PID) == o, true
}

// Scripts that read and write the claim of the folder $1.
const (
	readClaim  = `[ ! -f "$1/run" ] || cat "$1/run"`
	writeClaim = `mkdir -p "$1" && printf '%s\n' "$2" >"$1/run.$$" && mv -f "$1/run.$$" "$1/run"`
)

// atClaim runs one of the scripts on a node.
func atClaim(ctx context.Context, n *node.Node, script string, args ...string) (string, error) {
	r, err := n.Remote.Exec(ctx, remote.Command{Script: script, Args: append([]string{n.StateDir()}, args...), User: n.User, Timeout: agentLimit})
	return strings.TrimSpace(string(r.Stdout)), err
}

// claimed reads the claims of all nodes. What isn't one is none.
func (f *life) claimed(ctx context.Context) (map[string]claim, error) {
	var mu sync.Mutex
	found := make(map[string]claim)
	failed := node.Each(ctx, f.nodes, func(ctx context.Context, n *node.Node) error {
		text, err := atClaim(ctx, n, readClaim)
		if err != nil {
			return err
		}
		var c claim
		if json.Unmarshal([]byte(text), &c) == nil && c.Run != "" {
			mu.Lock()
			defer mu.Unlock()
			found[n.Name] = c
		}
		return nil
	})
	return found, perNode(f.nodes, failed)
}

// writeClaims writes the run's claim on all nodes, as one that goes on or has ended.
func (f *life) writeClaims(ctx context.Context, nodes []*node.Node, ended bool) error {
	return perNode(nodes, node.Each(ctx, nodes, func(ctx context.Context, n *node.Node) error {
		c := f.claim
		c.Node, c.Ended = n.Name, ended
		text, err := json.Marshal(c)
		if err == nil {
			_, err = atClaim(ctx, n, writeClaim, string(text))
		}
		return err
	}))
}

// unclaimed is an error if a run works on the nodes that is known to go on. One of another machine, which may have been
// killed, is only told of.
func (f *life) unclaimed(ctx context.Context) error {
	before, err := f.claimed(ctx)
	if err != nil {
		return err
	}
	self := ownerOf(os.Getpid())
	var busy []error
	for _, n := range f.nodes {
		c, found := before[n.Name]
		alive, known := c.alive()
		switch since := c.Began.UTC().Format(time.RFC3339); {
		case !found || c.Ended || known && (!alive || c.owner == self): // a run of our own process is over
		case known:
			busy = append(busy, fmt.Errorf("%s: another run works there since %s, process %d of this machine (hint: wait for its end, or end it)", n.Name, since, c.PID))
		default:
			f.complain(fmt.Errorf("%s: a run of the machine %s, begun at %s, hasn't ended there; if it wasn't killed, its verdict and yours will mean nothing", n.Name, c.Host, since))
		}
	}
	return errors.Join(busy...)
}

// claimNodes writes down who works on the nodes, unless somebody does already.
func (f *life) claimNodes(ctx context.Context) error {
	if err := f.unclaimed(ctx); err != nil {
		return err
	}
	f.claim.owner = ownerOf(os.Getpid())
	if err := f.writeClaims(ctx, f.nodes, false); err != nil {
		return err
	}
	f.later(claimName, closeLimit, f.endClaims)
	now, err := f.claimed(ctx)
	if err != nil {
		return err
	}
	for _, n := range f.nodes {
		if c := now[n.Name]; c.Run == f.claim.Run && c.Node != n.Name {
			return fmt.Errorf("%s and %s are the same machine (hint: each node once)", n.Name, c.Node)
		}
	}
	return nil
}

// endClaims writes down that the run has ended, and tells of nodes that another run took meanwhile.
func (f *life) endClaims(ctx context.Context) error {
	now, err := f.claimed(ctx)
	errs := []error{err}
	var ours []*node.Node
	for _, n := range f.nodes {
		switch c, found := now[n.Name]; {
		case found && c.Run == f.claim.Run:
			ours = append(ours, n)
		case found:
			errs = append(errs, fmt.Errorf("%s: another run took the node meanwhile, from %s at %s: the verdict means nothing", n.Name, c.Host, c.Began.UTC().Format(time.RFC3339)))
		}
	}
	return errors.Join(append(errs, f.writeClaims(ctx, ours, true))...)
}
