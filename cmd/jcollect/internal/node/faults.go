package node

import (
	"context"
	"os"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/remote"
)

// Probe finds out what the node can do, and which of the tools it has. A node that runs on the control node's kernel has
// no clock of its own: nothing may set that of the control node, which times the test.
func (n *Node) Probe(ctx context.Context, tools ...string) (agent.Probes, error) {
	var out agent.Probes
	err := n.Call(ctx, "probe", agent.Probe{Tools: tools}, &out)
	if out.Clock == "" && n.sharesClock(out.Boot) {
		out.Clock = sharedClock
	}
	return out, err
}

// sharedClock says why a clock is left alone.
const sharedClock = "the node's clock is that of the control node, which times the test (hint: machines of their own)"

// sharesClock tells whether the kernel that runs on the node is the control node's.
func (n *Node) sharesClock(boot string) bool {
	ours, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return remote.IsLocal(n.Remote) || err == nil && strings.TrimSpace(string(ours)) == boot
}

// fileLimit is how long damage to files and disks may take.
const fileLimit = 10 * time.Minute

// Fill fills a disk of the node.
func (n *Node) Fill(ctx context.Context, f agent.Fill) (agent.Filled, error) {
	var out agent.Filled
	return out, n.call(ctx, "fill", f, &out, fileLimit)
}

// Unfill removes what Fill made.
func (n *Node) Unfill(ctx context.Context, id, dir string) (agent.Filled, error) {
	var out agent.Filled
	return out, n.call(ctx, "unfill", agent.Fill{ID: id, Dir: dir}, &out, fileLimit)
}

// Corrupt damages a file of the node.
func (n *Node) Corrupt(ctx context.Context, c agent.Corrupt) (agent.Corrupted, error) {
	var out agent.Corrupted
	return out, n.call(ctx, "corrupt", c, &out, fileLimit)
}

// ForgetSnapshots removes what corrupt's snapshots have kept.
func (n *Node) ForgetSnapshots(ctx context.Context) error {
	return n.Call(ctx, "forget-snapshots", nil, nil)
}

// Clock tells what the node's clocks show, and how far the clock is off by reckoning from here: half of the time that
// asking took is taken for the way there, so the offset is right within spread.
func (n *Node) Clock(ctx context.Context) (c agent.Clock, offset, spread time.Duration, err error) {
	began := time.Now()
	err = n.Call(ctx, "clock", nil, &c)
	took := time.Since(began)
	offset = time.Duration(c.UnixNano - began.Add(took/2).UnixNano())
	return c, offset, took / 2, err
}

// SaveClock takes the node's clock as it is for right, for ResetClock. It changes nothing.
func (n *Node) SaveClock(ctx context.Context) (agent.Clock, error) {
	return n.setClock(ctx, "clock-save", nil, true, callLimit)
}

// BumpClock moves the clock.
func (n *Node) BumpClock(ctx context.Context, delta time.Duration) (agent.Clock, error) {
	return n.setClock(ctx, "clock-bump", agent.Bump{Delta: delta.Milliseconds()}, false, callLimit)
}

// StrobeClock moves the clock there and back, every period, for a while.
func (n *Node) StrobeClock(ctx context.Context, delta, period, duration time.Duration) (agent.Clock, error) {
	return n.setClock(ctx, "clock-strobe", agent.Strobe{Delta: delta.Milliseconds(), Period: period.Milliseconds(), Duration: duration.Milliseconds()},
		false, callLimit+duration)
}

// ResetClock brings the saved time back.
func (n *Node) ResetClock(ctx context.Context) (agent.Clock, error) {
	return n.setClock(ctx, "clock-reset", nil, false, callLimit)
}

// setClock asks for something about the clock, unless it is our own.
func (n *Node) setClock(ctx context.Context, verb string, in any, harmless bool, limit time.Duration) (out agent.Clock, err error) {
	if !harmless {
		var now agent.Clock
		if err := n.Call(ctx, "clock", nil, &now); err != nil {
			return out, err
		}
		if n.sharesClock(now.Boot) {
			return out, &agent.Error{Code: agent.Impossible, Text: n.Name + ": the clock can't be set: " + sharedClock}
		}
	}
	return out, n.call(ctx, verb, in, &out, limit)
}
