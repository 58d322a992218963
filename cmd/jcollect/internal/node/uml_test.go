//go:build linux

package node

import (
	"context"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/lab/labtest"
)

// Without this nobody would have seen a clock move: only a node with a kernel of its own has one that may.
func TestClockOnUML(t *testing.T) {
	l := labtest.UpUML(t, 1)
	n := &Node{Name: "n1", Remote: labtest.Remote(t, l, "n1")}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := n.Install(ctx, Agents{}); err != nil {
		t.Fatal(err)
	}
	if p := must(n.Probe(ctx))(t); p.Clock != "" || p.InContainer {
		t.Fatalf("the node's clock is told to be somebody else's: %+v", p)
	}
	wall, began := time.Now().Round(0), time.Now()
	near := func(what string, c agent.Clock, want time.Duration) {
		t.Helper()
		if got := time.Duration(c.Offset); (got - want).Abs() > 100*time.Millisecond {
			t.Errorf("%s: the clock is off by %v, want %v", what, got, want)
		}
	}
	near("saved", must(n.SaveClock(ctx))(t), 0)
	near("bump", must(n.BumpClock(ctx, 5*time.Minute))(t), 5*time.Minute)
	if _, offset, spread, err := n.Clock(ctx); err != nil || (offset-5*time.Minute).Abs() > spread+5*time.Second {
		t.Errorf("seen from here it is off by %v ± %v, %v", offset, spread, err)
	}
	near("bump back", must(n.BumpClock(ctx, -10*time.Minute))(t), -5*time.Minute)
	strobe := must(n.StrobeClock(ctx, 10*time.Second, 20*time.Millisecond, time.Second))(t)
	near("strobe", strobe, -5*time.Minute)
	if strobe.Flips < 10 {
		t.Errorf("the strobe flipped %d times in a second", strobe.Flips)
	}
	checkLeaseInJump(ctx, t, n)
	near("reset", must(n.ResetClock(ctx))(t), 0)
	// Since wall was read, our own clock went on by as much as time went by.
	if drift := time.Since(began) - time.Now().Round(0).Sub(wall); drift.Abs() > 2*time.Second {
		t.Errorf("the clock of this machine moved by %v", drift)
	}
}

// checkLeaseInJump jumps an hour ahead while a lease is on: it must neither end at once nor last an hour.
func checkLeaseInJump(ctx context.Context, t *testing.T, n *Node) {
	t.Helper()
	if err := n.Arm(ctx, "x", 4*time.Second, []agent.Command{{Args: []string{"touch", "/root/healed"}}}); err != nil {
		t.Fatal(err)
	}
	must(n.BumpClock(ctx, time.Hour))(t)
	time.Sleep(500 * time.Millisecond)
	if got := say(t, n, "ls /root/healed 2>/dev/null; true"); got != "" {
		t.Error("a lease ended because the clock jumped ahead")
	}
	must(n.BumpClock(ctx, -2*time.Hour))(t)
	eventually(t, "the lease ends in its time", func() bool { return say(t, n, "ls /root/healed 2>/dev/null; true") != "" })
}
