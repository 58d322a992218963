//go:build linux

package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/lab/labtest"
	"jcheck/cmd/jcollect/internal/remote"
)

// onLab makes a lab that goes with the test, with the agent on its nodes.
func onLab(t *testing.T, count int) (*lab.Lab, []*Node) {
	t.Helper()
	l := labtest.Up(t, count)
	var nodes []*Node
	for i, name := range l.Names() {
		nodes = append(nodes, &Node{Name: name, Index: i, Remote: labtest.Remote(t, l, name), User: "root"})
	}
	if err := Failed(Each(t.Context(), nodes, func(ctx context.Context, n *Node) error { return n.Install(ctx, Agents{}) })); err != nil {
		t.Fatal(err)
	}
	return l, nodes
}

// say runs a script on a node and returns what it printed.
func say(t *testing.T, n *Node, script string, args ...string) string {
	t.Helper()
	res, err := n.Remote.Exec(t.Context(), remote.Command{Script: script, Args: args, Timeout: 30 * time.Second})
	if err != nil {
		t.Errorf("%s: %v", n.Name, err)
	}
	return strings.TrimSpace(string(res.Stdout))
}

// Without this nobody would know whether the agent works where it is meant to: on nodes, over SSH, beyond the end of a
// connection.
func TestAgentOnNodes(t *testing.T) {
	whole := t // connections made in a part are for the parts after it, too
	l, nodes := onLab(t, 3)
	t.Run("installed once", func(t *testing.T) { checkInstall(t, nodes[0]) })
	t.Run("addresses", func(t *testing.T) { checkAddresses(t, l, nodes) })
	t.Run("probes", func(t *testing.T) { checkProbes(t, nodes[0]) })
	t.Run("daemons", func(t *testing.T) {
		checkDaemons(t, nodes[0], func() remote.Remote { return labtest.Remote(whole, l, "n1") })
	})
	t.Run("disk full", func(t *testing.T) { checkFull(t, nodes[1]) })
	t.Run("corruption", func(t *testing.T) { checkCorruption(t, nodes[1]) })
	t.Run("power loss", func(t *testing.T) {
		checkPowerLoss(t, l, nodes[2], func() remote.Remote { return labtest.Remote(whole, l, "n3") })
	})
	t.Run("control killed", func(t *testing.T) { checkControlKilled(t, l, nodes[0]) })
}

func checkInstall(t *testing.T, n *Node) {
	inode := func() string { return say(t, n, `stat -c %i "$1"`, AgentPath) }
	before := inode()
	if err := n.Install(t.Context(), Agents{}); err != nil || inode() != before {
		t.Errorf("the agent was sent again: file %s, then %s; %v", before, inode(), err)
	}
	say(t, n, `echo x >>"$1"`, AgentPath)
	if err := n.Install(t.Context(), Agents{}); err != nil || inode() == before {
		t.Errorf("a damaged agent stayed; %v", err)
	}
	if _, err := n.Leases(t.Context()); err != nil {
		t.Error(err)
	}
}

func checkAddresses(t *testing.T, l *lab.Lab, nodes []*Node) {
	if err := LookUp(t.Context(), nodes); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if want := l.Address(n.Name); n.Addr != want {
			t.Errorf("%s has the address %s, want %s", n.Name, n.Addr, want)
		}
	}
}

func checkProbes(t *testing.T, n *Node) {
	p := must(n.Probe(t.Context(), "ls", "no-such-tool"))(t)
	if !p.Root || p.Hostname != n.Name || p.Iptables != "" || !p.InContainer || p.Clock == "" || len(p.Device) == 0 {
		t.Errorf("the probe says %+v", p)
	}
	if !strings.Contains(fmt.Sprint(p.Missing), "no-such-tool") || !strings.Contains(fmt.Sprint(p.Tools), "ls") {
		t.Errorf("tools %q, missing %q", p.Tools, p.Missing)
	}
	if rules := say(t, n, "iptables -S; nft list ruleset"); strings.Contains(rules, "DROP") || strings.Contains(rules, "jcollect") {
		t.Errorf("the probe left rules: %s", rules)
	}
	// A clock that is everybody's must be refused before it is set.
	if _, err := n.BumpClock(t.Context(), time.Millisecond); !agent.Is(err, agent.Impossible) {
		t.Errorf("setting the clock of a container gave %v", err)
	}
	if c, offset, spread, err := n.Clock(t.Context()); err != nil || offset.Abs() > spread+time.Second || c.SinceBoot <= 0 {
		t.Errorf("the clock shows %+v, off by %v ± %v, %v", c, offset, spread, err)
	}
}

// checkDaemons starts what a connection's end must not end.
func checkDaemons(t *testing.T, n *Node, connect func() remote.Remote) {
	ctx := t.Context()
	d := agent.Daemon{Name: "server", Run: "exec python3 -m http.server 8000", User: "nobody", Log: "/var/log/server/x.log"}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	first := must(n.Start(ctx, d))(t)
	if err := n.AwaitPort(ctx, n.Addr+":8000", 20*time.Second, d.Name); err != nil {
		t.Fatal(err)
	}
	if who := say(t, n, `stat -c %U "/proc/$1"`, fmt.Sprint(first.PID)); who != "nobody" {
		t.Errorf("it runs as %s", who)
	}
	if err := n.Remote.Close(); err != nil {
		t.Fatal(err)
	}
	n.Remote = connect()
	if again := must(n.Start(ctx, d))(t); again.State != agent.StateAlready || again.PID != first.PID {
		t.Errorf("over another connection it is %+v, want %+v still", again, first)
	}
	must(n.Pause(ctx, d.Name))(t)
	if out := say(t, n, `curl -m 1 -s -o /dev/null "http://$1:8000/"; echo $?`, n.Addr); out == "0" {
		t.Error("it answers although it is paused")
	}
	must(n.Resume(ctx, d.Name))(t)
	must(n.Kill(ctx, d.Name, "KILL"))(t)
	if out := say(t, n, `curl -m 1 -s -o /dev/null "http://$1:8000/"; echo $?`, n.Addr); out == "0" {
		t.Error("it answers although it was killed")
	}
	if again := must(n.Start(ctx, d))(t); again.State != agent.StateStarted {
		t.Errorf("started again: %+v", again)
	}
	if err := n.AwaitPort(ctx, n.Addr+":8000", 20*time.Second, d.Name); err != nil {
		t.Error(err)
	}
	if told := must(n.KillMatching(ctx, `^python3 -m http\.server`, "KILL"))(t); len(told.PIDs) != 1 {
		t.Errorf("killed by pattern: %+v", told)
	}
	must(n.Stop(ctx, d.Name, time.Second))(t)
	if left := say(t, n, "ps -eo args | grep -c '[s]erver' || true"); left != "0" {
		t.Errorf("%s processes are left", left)
	}
}

func checkFull(t *testing.T, n *Node) {
	ctx := t.Context()
	if _, err := n.Fill(ctx, agent.Fill{ID: "x", Dir: "/var/lib"}); !agent.Is(err, agent.Refused) {
		t.Errorf("the disk around the node was to be filled: %v", err)
	}
	say(t, n, "mkdir -p /small && mount -t tmpfs -o size=16m tmpfs /small")
	if got := must(n.Fill(ctx, agent.Fill{ID: "x", Dir: "/small"}))(t); got.Free > 4096 {
		t.Errorf("%d bytes are free", got.Free)
	}
	if out := say(t, n, "{ head -c 9000 /dev/zero >/small/y; } 2>&1 || true"); !strings.Contains(out, "No space left") {
		t.Errorf("writing to a full disk says %q", out)
	}
	if got := must(n.Unfill(ctx, "x", "/small"))(t); got.Free < 15<<20 {
		t.Errorf("%d bytes are free after healing", got.Free)
	}
	say(t, n, "umount /small")
}

func checkCorruption(t *testing.T, n *Node) {
	say(t, n, "head -c 3000000 /dev/zero >'/var/lib/f $(x)'")
	sum := func() string { return say(t, n, "sha256sum <'/var/lib/f $(x)'") }
	before := sum()
	c := agent.Corrupt{How: agent.Snapshot, File: "/var/lib/f $(x)", Seed: 1}
	must(n.Corrupt(t.Context(), c))(t)
	c.How, c.Probability = agent.Bitflip, 1e-4
	if done := must(n.Corrupt(t.Context(), c))(t); done.Bits == 0 || sum() == before {
		t.Errorf("damaged %+v, and the file is as before: %v", done, sum() == before)
	}
	c.How = agent.Restore
	if must(n.Corrupt(t.Context(), c))(t); sum() != before {
		t.Error("the file is not what it was")
	}
	if err := n.ForgetSnapshots(t.Context()); err != nil {
		t.Error(err)
	}
}

// checkPowerLoss takes the power from a node with a lease and a daemon.
func checkPowerLoss(t *testing.T, l *lab.Lab, n *Node, connect func() remote.Remote) {
	ctx := t.Context()
	must(n.Start(ctx, agent.Daemon{Name: "d", Args: []string{"sleep", "1000"}}))(t)
	if err := n.Arm(ctx, "f", time.Hour, []agent.Command{{Args: []string{"rm", "-f", "/var/lib/broken"}}}); err != nil {
		t.Fatal(err)
	}
	say(t, n, "touch /var/lib/broken")
	if err := l.Stop(ctx, n.Name); err != nil {
		t.Fatal(err)
	}
	if err := l.Restart(ctx, n.Name); err != nil {
		t.Fatal(err)
	}
	n.Remote = connect()
	if r := must(n.Running(ctx, "d"))(t); r.State != agent.StateEnded {
		t.Errorf("after the power was back, the daemon is %+v", r)
	}
	if leases := must(n.Leases(ctx))(t); len(leases) != 1 || leases[0].State != agent.LeaseOrphaned {
		t.Errorf("after the power was back, leases are %+v", leases)
	}
	if ids := must(n.HealAll(ctx))(t); len(ids) != 1 || say(t, n, "ls /var/lib/broken 2>/dev/null || echo healed") != "healed" {
		t.Errorf("healed %q", ids)
	}
	if s := must(n.Start(ctx, agent.Daemon{Name: "d", Args: []string{"sleep", "1000"}}))(t); s.State != agent.StateStarted {
		t.Errorf("started after a power loss: %+v", s)
	}
	must(n.Stop(ctx, "d", 0))(t)
}

// controlVariable makes this program a control process that breaks a node and renews the lease, until it is killed.
const controlVariable = "JCOLLECT_TEST_CONTROL"

// Without this the one below would have nobody to kill.
func TestControlProcess(t *testing.T) {
	dir := os.Getenv(controlVariable)
	if dir == "" {
		t.Skip("is a part of TestAgentOnNodes")
	}
	l, err := lab.Open(filepath.Dir(dir), filepath.Base(dir))
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{Name: "n1", Remote: labtest.Remote(t, l, "n1"), Agent: AgentPath}
	heal := []agent.Command{{Args: []string{"iptables", "-w", "-D", "INPUT", "-s", "192.0.2.7", "-j", "DROP"}}, {Script: "rm -f /var/lib/cut"}}
	if err := n.Arm(t.Context(), "cut", 2*time.Second, heal); err != nil {
		t.Fatal(err)
	}
	say(t, n, "iptables -w -A INPUT -s 192.0.2.7 -j DROP && touch /var/lib/cut")
	for range 600 {
		if err := n.Renew(t.Context(), "cut"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func checkControlKilled(t *testing.T, l *lab.Lab, n *Node) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestControlProcess$")
	cmd.Env = append(os.Environ(), controlVariable+"="+l.Dir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	broken := func() bool {
		return say(t, n, "iptables -S INPUT; ls /var/lib/cut 2>/dev/null; true") != "-P INPUT ACCEPT"
	}
	eventually(t, "the node is broken", broken)
	time.Sleep(3 * time.Second) // longer than the lease lasts by itself
	if !broken() {
		t.Error("the node healed although the lease was renewed")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the control process ended well")
	}
	eventually(t, "the node healed itself", func() bool { return !broken() })
	eventually(t, "its keeper is gone", func() bool { return say(t, n, "ps -eo args | grep -c '[k]eeper' || true") == "0" })
	if left := must(n.Leases(t.Context()))(t); len(left) > 0 {
		t.Errorf("leases left: %+v", left)
	}
}
