package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/remote"
)

// callLimit is how long the agent may take for what is quick.
const callLimit = 2 * time.Minute

// StateDir is the agent's folder on the node. Local nodes share one machine, and must not share that.
func (n *Node) StateDir() string {
	if n.State != "" {
		return n.State
	}
	if remote.IsLocal(n.Remote) {
		return path.Join(agent.DefaultState, agent.SafeName(n.Name))
	}
	return agent.DefaultState
}

// Command is what a call of the agent runs on the node; the request goes by its input.
func (n *Node) Command(verb string) remote.Command {
	program := n.Agent
	if program == "" {
		program = AgentPath
	}
	return remote.Command{Args: []string{program, "agent", "--state", n.StateDir(), verb}, User: n.User, Timeout: callLimit}
}

// AgentCommand is a call of the agent as a command for a lease. The request holds no secrets: it is an argument.
func (n *Node) AgentCommand(verb string, request any) agent.Command {
	text, err := json.Marshal(request)
	if err != nil {
		panic("node: internal error: a request that is no JSON: " + err.Error())
	}
	return agent.Command{Script: `r=$1; shift; printf %s "$r" | "$@"`, Args: append([]string{string(text)}, n.Command(verb).Args...)}
}

// Call asks the agent on the node. The error is, or wraps, an *agent.Error if the agent says why not, and one of remote's
// if the agent couldn't be asked. out may be nil.
func (n *Node) Call(ctx context.Context, verb string, in, out any) error {
	return n.call(ctx, verb, in, out, callLimit)
}

// call asks the agent for something that may take as long as limit.
func (n *Node) call(ctx context.Context, verb string, in, out any, limit time.Duration) error {
	if in == nil {
		in = agent.None{}
	}
	request, err := json.Marshal(in)
	if err != nil {
		return err
	}
	c := n.Command(verb)
	c.Stdin, c.Timeout = bytes.NewReader(request), limit
	res, err := n.Remote.Exec(ctx, c)
	var exit *remote.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	var answer agent.Answer
	if bad := json.Unmarshal(res.Stdout, &answer); bad != nil || answer.Error == nil && answer.OK == nil {
		if err != nil {
			return fmt.Errorf("%w (hint: is the agent there? jcollect setup sends it)", err)
		}
		return fmt.Errorf("%s: agent %s gave no answer that can be read: %q", n.Name, verb, cut(res.Stdout))
	}
	if answer.Error != nil {
		return fmt.Errorf("%s: %w", n.Name, answer.Error)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer.OK, out)
}

// cut is the start of an output, for a message.
func cut(b []byte) []byte { return b[:min(len(b), 200)] }

// Start starts a daemon unless it runs.
func (n *Node) Start(ctx context.Context, d agent.Daemon) (agent.Started, error) {
	var out agent.Started
	return out, n.Call(ctx, "start", d, &out)
}

// Stop asks a daemon to end, kills what is left of it after the grace, and forgets it. One that doesn't run is no error.
func (n *Node) Stop(ctx context.Context, name string, grace time.Duration) (agent.Signalled, error) {
	var out agent.Signalled
	return out, n.call(ctx, "stop", agent.Stop{Name: name, Grace: grace.Milliseconds()}, &out, callLimit+grace)
}

// StopOthers kills all daemons of the agent's but those named.
func (n *Node) StopOthers(ctx context.Context, keep []string) (agent.Signalled, error) {
	var out agent.Signalled
	return out, n.Call(ctx, "stop-others", agent.Others{Keep: keep}, &out)
}

// Kill sends a signal (KILL, TERM, ...) to all processes of a daemon, and waits for their end if it is KILL.
func (n *Node) Kill(ctx context.Context, name, signal string) (agent.Signalled, error) {
	var out agent.Signalled
	return out, n.Call(ctx, "signal", agent.Signal{Name: name, Signal: signal}, &out)
}

// Pause stops all processes of a daemon where they stand.
func (n *Node) Pause(ctx context.Context, name string) (agent.Signalled, error) {
	return n.Kill(ctx, name, "STOP")
}

// Resume lets them go on.
func (n *Node) Resume(ctx context.Context, name string) (agent.Signalled, error) {
	return n.Kill(ctx, name, "CONT")
}

// KillMatching sends a signal to all processes of the node whose command line has a match of a regular expression.
func (n *Node) KillMatching(ctx context.Context, pattern, signal string) (agent.Signalled, error) {
	var out agent.Signalled
	return out, n.Call(ctx, "matching", agent.Matching{Pattern: pattern, Signal: signal}, &out)
}

// Running tells how a daemon does.
func (n *Node) Running(ctx context.Context, name string) (agent.Running, error) {
	var out agent.Running
	return out, n.Call(ctx, "status", agent.Named{Name: name}, &out)
}

// Daemons are the names of all daemons that the agent knows.
func (n *Node) Daemons(ctx context.Context) ([]string, error) {
	var out []string
	return out, n.Call(ctx, "daemons", nil, &out)
}

// AwaitPort waits until an address takes TCP connections as the node sees it, or daemon, if it isn't "", has ended.
func (n *Node) AwaitPort(ctx context.Context, addr string, timeout time.Duration, daemon string) error {
	return n.call(ctx, "await", agent.Port{Addr: addr, Timeout: max(1, timeout.Milliseconds()), Daemon: daemon}, nil, timeout+callLimit)
}

// Settle waits for a moment, and fails if a daemon ended badly meanwhile: with what it wrote last.
func (n *Node) Settle(ctx context.Context, daemon string, moment time.Duration) error {
	return n.call(ctx, "await", agent.Port{Timeout: max(1, moment.Milliseconds()), Daemon: daemon}, nil, moment+callLimit)
}

// Arm makes a lease on the node: unless it is renewed within ttl, the node runs heal by itself. Arming again replaces it.
func (n *Node) Arm(ctx context.Context, id string, ttl time.Duration, heal []agent.Command) error {
	return n.Call(ctx, "arm", agent.Lease{ID: id, TTL: ttl.Milliseconds(), Heal: heal}, nil)
}

// Renew begins the time of a lease anew. agent.Is(err, agent.NotFound) tells that the node has healed itself already.
func (n *Node) Renew(ctx context.Context, id string) error {
	return n.Call(ctx, "renew", agent.Named{Name: id}, nil)
}

// Release forgets a lease without healing. One that isn't there is no error.
func (n *Node) Release(ctx context.Context, id string) error {
	return n.Call(ctx, "release", agent.Named{Name: id}, nil)
}

// HealLease runs what a lease heals, now, and forgets it. healed is false if there was no such lease.
func (n *Node) HealLease(ctx context.Context, id string) (healed bool, err error) {
	var out agent.Healed
	err = n.call(ctx, "heal", agent.Named{Name: id}, &out, healAllLimit)
	return len(out.IDs) > 0, err
}

// healAllLimit is how long healing may take: commands have limits of their own.
const healAllLimit = 10 * time.Minute

// HealAll heals all leases of the node, those that a reboot left too, and tells which.
func (n *Node) HealAll(ctx context.Context) ([]string, error) {
	var out agent.Healed
	err := n.call(ctx, "heal-all", nil, &out, healAllLimit)
	return out.IDs, err
}

// Leases are all leases of the node.
func (n *Node) Leases(ctx context.Context) ([]agent.LeaseStatus, error) {
	var out []agent.LeaseStatus
	return out, n.Call(ctx, "leases", nil, &out)
}

// unpackLimit is how long an archive may take.
const unpackLimit = 20 * time.Minute

// Unpack unpacks an archive that lies on the node. What an earlier Unpack made at its place is wiped; what somebody else
// put there is refused.
func (n *Node) Unpack(ctx context.Context, u agent.Unpack) (agent.Unpacked, error) {
	var out agent.Unpacked
	return out, n.call(ctx, "unpack", u, &out, unpackLimit)
}

// List finds plain files on the node: by paths and patterns, and below folders.
func (n *Node) List(ctx context.Context, paths []string) (agent.Listed, error) {
	var out agent.Listed
	return out, n.Call(ctx, "list", agent.Paths{Paths: paths}, &out)
}
