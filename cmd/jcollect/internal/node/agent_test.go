//go:build linux

package node

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/remote"
)

// TestMain lets this very program be the agent, as jcollect is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "agent" {
		os.Exit(agent.Main(context.Background(), os.Args[2:], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// here is this machine as a node, with the agent's files in a folder of the test. All daemons and leases are gone after
// the test, or it fails.
func here(t *testing.T) *Node {
	t.Helper()
	n := &Node{Name: "here's $(name)", Remote: &remote.Local{Node: "here"}, State: filepath.Join(t.TempDir(), "st ate")}
	if err := n.Install(t.Context(), Agents{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		names, err := n.Daemons(ctx)
		if err != nil {
			t.Error(err)
		}
		for _, name := range names {
			if _, err := n.Stop(ctx, name, 0); err != nil {
				t.Error(err)
			}
		}
		if _, err := n.HealAll(ctx); err != nil {
			t.Error(err)
		}
		eventually(t, "no process of the agent is left", func() bool { return len(processesOf(t, n.State)) == 0 })
	})
	return n
}

// processesOf are the processes of this machine that name a folder in their arguments.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(line), dir) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// eventually waits for something that must become true soon.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("not within 10 s: %s", what)
			return
		}
	}
}

// alive tells whether a process runs.
func alive(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// must stops the test at an error.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Without this a daemon whose disk is full, by our own fault perhaps, could not be started, and what it leaves when it
// crashes there would be nobody's: no kill would find it, and its ports stay taken.
func TestDaemonOnFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full to write to")
	}
	n := here(t)
	pid := filepath.Join(t.TempDir(), "pid")
	started := must(n.Start(t.Context(), agent.Daemon{Name: "crashing", Log: "/dev/full",
		Run: "sleep 300 & echo $! >" + remote.Quote(pid) + "; exit 3"}))(t)
	eventually(t, "the daemon ended", func() bool {
		r, err := n.Running(t.Context(), "crashing")
		return err == nil && r.State == agent.StateEnded && r.Exit == "exit status 3"
	})
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || !alive(child) {
		t.Fatalf("the child of %d is %q (%v), want one that runs", started.PID, text, err)
	}
	t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) }) // it should be gone
	must(n.Kill(t.Context(), "crashing", "KILL"))(t)
	eventually(t, "what the daemon left is killed", func() bool { return !alive(child) })
}

// Without this a daemon could be started twice, be lost after its program changed its process group, go on after a kill,
// or be mistaken for another process with its number.
func TestDaemonIsStartedKilledAndStopped(t *testing.T) {
	t.Parallel()
	n, ctx := here(t), t.Context()
	log := filepath.Join(t.TempDir(), "l o g", "d.log")
	// A child that leaves the session, as databases do that go into the background, and one that ignores TERM.
	d := agent.Daemon{Name: "a/b $(c)", Run: `echo "$GREETING"; setsid sleep 1000 & trap '' TERM; while :; do sleep 0.1; done`, Log: log,
		Env: []string{"GREETING=hello 'there' $x"}}
	first := must(n.Start(ctx, d))(t)
	if first.State != agent.StateStarted || !alive(first.PID) {
		t.Fatalf("start answered %+v", first)
	}
	if again := must(n.Start(ctx, d))(t); again.State != agent.StateAlready || again.PID != first.PID {
		t.Errorf("starting again answered %+v, want that it runs as %d", again, first.PID)
	}
	var r agent.Running
	eventually(t, "its child runs", func() bool { r = must(n.Running(ctx, d.Name))(t); return len(r.PIDs) >= 2 })
	if told := must(n.Pause(ctx, d.Name))(t); len(told.PIDs) < 2 {
		t.Errorf("paused %+v, want all processes", told)
	}
	if r := must(n.Running(ctx, d.Name))(t); !r.Paused || r.State != agent.StateRunning {
		t.Errorf("after a pause it is %+v", r)
	}
	must(n.Resume(ctx, d.Name))(t)
	if r := must(n.Running(ctx, d.Name))(t); r.Paused {
		t.Errorf("after resume it is %+v", r)
	}
	told := must(n.Kill(ctx, d.Name, "KILL"))(t)
	for _, pid := range append(told.PIDs, first.PID) {
		if alive(pid) {
			t.Errorf("process %d lives after a kill of %v", pid, told.PIDs)
		}
	}
	eventually(t, "its end is noted", func() bool {
		r = must(n.Running(ctx, d.Name))(t)
		return r.State == agent.StateEnded && r.Exit == "signal: killed"
	})
	second := must(n.Start(ctx, d))(t)
	if second.State != agent.StateStarted || second.PID == first.PID {
		t.Errorf("starting after a kill answered %+v", second)
	}
	eventually(t, "it has begun", func() bool { return len(must(n.Running(ctx, d.Name))(t).PIDs) >= 2 })
	if told := must(n.Stop(ctx, d.Name, 300*time.Millisecond))(t); told.State != agent.StateStopped || alive(second.PID) {
		t.Errorf("stop answered %+v, its program lives: %v", told, alive(second.PID))
	}
	if r := must(n.Running(ctx, d.Name))(t); r.State != agent.StateNone {
		t.Errorf("after stop it is %+v", r)
	}
	said, err := os.ReadFile(log)
	if err != nil || strings.Count(string(said), "hello 'there' $x\n") != 2 || strings.Count(string(said), "jcollect: starting a/b") != 2 ||
		!strings.Contains(string(said), "signal: killed") {
		t.Errorf("its log is %q, %v", said, err)
	}
}

// Without this a paused daemon would only end when the grace is over, a crash would be no ended daemon, and one that
// can't be started would be a timeout.
func TestDaemonEndings(t *testing.T) {
	t.Parallel()
	n, ctx := here(t), t.Context()
	must(n.Start(ctx, agent.Daemon{Name: "polite", Args: []string{"sleep", "1000"}}))(t)
	must(n.Pause(ctx, "polite"))(t)
	began := time.Now()
	must(n.Stop(ctx, "polite", time.Minute))(t)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("stopping a paused daemon took %v", took)
	}
	must(n.Start(ctx, agent.Daemon{Name: "crash", Run: "echo cannot bind >&2; exit 7"}))(t)
	err := n.AwaitPort(ctx, "127.0.0.1:1", 20*time.Second, "crash")
	if err == nil || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "cannot bind") {
		t.Errorf("waiting for the port of a crashed daemon gave %v", err)
	}
	_, err = n.Start(ctx, agent.Daemon{Name: "missing", Args: []string{"no-such-program-here"}})
	if !agent.Is(err, agent.Failed) || !strings.Contains(err.Error(), "no-such-program-here") {
		t.Errorf("starting a program that is missing gave %v", err)
	}
	if r := must(n.Running(ctx, "never"))(t); r.State != agent.StateNone {
		t.Errorf("a daemon that was never started is %+v", r)
	}
	if _, err := n.Start(ctx, agent.Daemon{Name: "both", Run: "x", Args: []string{"y"}}); !agent.Is(err, agent.Usage) {
		t.Errorf("two programs gave %v", err)
	}
	if _, err := n.Kill(ctx, "crash", "HARD"); !agent.Is(err, agent.Usage) {
		t.Errorf("an unknown signal gave %v", err)
	}
}

// Without this a daemon that is to be restarted would stay dead after a crash, or rise again during a fault that killed
// it.
func TestDaemonIsStartedAgain(t *testing.T) {
	t.Parallel()
	n, ctx := here(t), t.Context()
	log := filepath.Join(t.TempDir(), "log")
	d := agent.Daemon{Name: "phoenix", Args: []string{"sleep", "1000"}, Log: log, Restart: 50}
	first := must(n.Start(ctx, d))(t)
	if err := syscall.Kill(first.PID, syscall.SIGKILL); err != nil { // as the kernel does when memory runs out
		t.Fatal(err)
	}
	var r agent.Running
	eventually(t, "it runs again", func() bool {
		r = must(n.Running(ctx, d.Name))(t)
		return r.State == agent.StateRunning && r.PID != first.PID
	})
	must(n.Kill(ctx, d.Name, "KILL"))(t)
	time.Sleep(300 * time.Millisecond)
	if r := must(n.Running(ctx, d.Name))(t); r.State != agent.StateEnded {
		t.Errorf("after a fault killed it, it is %+v", r)
	}
	second := must(n.Start(ctx, d))(t)
	if second.State != agent.StateStarted {
		t.Errorf("started after a kill: %+v", second)
	}
	if err := syscall.Kill(second.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it runs again after it was started again", func() bool {
		r = must(n.Running(ctx, d.Name))(t)
		return r.State == agent.StateRunning && r.PID != second.PID
	})
	must(n.Stop(ctx, d.Name, time.Second))(t)
	time.Sleep(200 * time.Millisecond)
	if left := processesOf(t, n.State); len(left) > 0 || alive(r.PID) {
		t.Errorf("after stop there still runs %q", left)
	}
}

// Without this a node whose control process is gone would stay broken: the keeper must live without anybody.
func TestLeaseHealsWhenNobodyRenews(t *testing.T) {
	t.Parallel()
	n, ctx := here(t), t.Context()
	broken := filepath.Join(t.TempDir(), "broken 'x' $(y)")
	fault := func() {
		t.Helper()
		if err := os.WriteFile(broken, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	is := func() bool { _, err := os.Stat(broken); return err == nil }
	heal := []agent.Command{{Args: []string{"false"}}, {Script: `rm "$1"`, Args: []string{broken}}}

	fault()
	const ttl = 3 * time.Second
	if err := n.Arm(ctx, "f/1", ttl, heal[1:]); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < ttl+ttl/3; time.Sleep(100 * time.Millisecond) { // longer than it would last
		if err := n.Renew(ctx, "f/1"); err != nil {
			t.Fatal(err)
		}
	}
	if !is() {
		t.Error("the lease healed although it was renewed")
	}
	if l := must(n.Leases(ctx))(t); len(l) != 1 || l[0].ID != "f/1" || l[0].State != agent.LeaseArmed || l[0].Left <= 0 {
		t.Errorf("leases are %+v", l)
	}
	eventually(t, "the node heals itself", func() bool { return !is() })
	eventually(t, "the lease is gone", func() bool { return len(must(n.Leases(ctx))(t)) == 0 })
	if err := n.Renew(ctx, "f/1"); !agent.Is(err, agent.NotFound) {
		t.Errorf("renewing what has ended gave %v", err)
	}

	fault()
	if err := n.Arm(ctx, "f/2", time.Minute, heal[1:]); err != nil {
		t.Fatal(err)
	}
	if err := n.Release(ctx, "f/2"); err != nil {
		t.Fatal(err)
	}
	if left := processesOf(t, n.State); len(left) > 0 {
		t.Errorf("after release there still runs %q", left)
	}
	if !is() {
		t.Error("a released lease healed")
	}

	if err := n.Arm(ctx, "f/3", time.Hour, heal); err != nil {
		t.Fatal(err)
	}
	if _, err := n.HealAll(ctx); err == nil || !strings.Contains(err.Error(), "false") || is() {
		t.Errorf("healing with one command that fails gave %v; still broken: %v", err, is())
	}
	if l := must(n.Leases(ctx))(t); len(l) != 1 || l[0].State != agent.LeaseFailed {
		t.Errorf("leases after a failure are %+v, want it to be there still", l)
	}
	if err := n.Release(ctx, "f/3"); err != nil {
		t.Error(err)
	}
}

// A remote that gives a command up kills what has the command's mark in its environment. Without this it would kill the
// keeper of a lease and the daemon with it, and that when a node is cut off.
func TestNothingOfARequestIsInherited(t *testing.T) {
	n, ctx := here(t), t.Context()
	t.Setenv("A_MARK_OF_THE_REQUEST", "x")
	if err := n.Arm(ctx, "x", time.Hour, []agent.Command{{Args: []string{"true"}}}); err != nil {
		t.Fatal(err)
	}
	must(n.Start(ctx, agent.Daemon{Name: "d", Args: []string{"sleep", "1000"}}))(t)
	r := must(n.Running(ctx, "d"))(t)
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range files {
		line, err := os.ReadFile(filepath.Join(filepath.Dir(f), "cmdline"))
		ours := err == nil && (strings.Contains(string(line), n.State) || filepath.Base(filepath.Dir(f)) == strconv.Itoa(r.PID))
		if !ours {
			continue
		}
		seen++
		if env, err := os.ReadFile(f); err == nil && strings.Contains(string(env), "A_MARK_OF_THE_REQUEST") {
			t.Errorf("%q has the mark", line)
		}
	}
	if seen != 3 {
		t.Errorf("saw %d processes, want a keeper, a runner and the daemon", seen)
	}
}

// keeper is the process that keeps a lease of the agent in this folder.
func keeper(t *testing.T, state string) int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err != nil || !strings.Contains(string(line), "\x00agent\x00--state\x00"+state+"\x00keeper\x00") {
			continue // it may have ended meanwhile
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	t.Fatalf("no process keeps the lease of %s", state)
	return 0
}

// Without this a lease whose keeper was killed, by a reboot say, would never heal, and renewing it would keep up an
// appearance.
func TestLeaseWithoutKeeper(t *testing.T) {
	t.Parallel()
	n, ctx := here(t), t.Context()
	mark := filepath.Join(t.TempDir(), "healed")
	heal := []agent.Command{{Args: []string{"touch", mark}}}
	killKeeper := func() {
		t.Helper()
		pid := keeper(t, n.State)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the keeper is gone", func() bool { return !alive(pid) })
	}
	if err := n.Arm(ctx, "x", time.Hour, heal); err != nil {
		t.Fatal(err)
	}
	killKeeper()
	if l := must(n.Leases(ctx))(t); len(l) != 1 || l[0].State != agent.LeaseOrphaned {
		t.Errorf("without its keeper the lease is %+v", l)
	}
	if err := n.Renew(ctx, "x"); err != nil {
		t.Fatal(err)
	}
	if l := must(n.Leases(ctx))(t); len(l) != 1 || l[0].State != agent.LeaseArmed {
		t.Errorf("renewed, the lease is %+v", l)
	}
	killKeeper()
	if ids := must(n.HealAll(ctx))(t); len(ids) != 1 || ids[0] != "x" {
		t.Errorf("healed %q", ids)
	}
	if _, err := os.Stat(mark); err != nil {
		t.Error(err)
	}
}
