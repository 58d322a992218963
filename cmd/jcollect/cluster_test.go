//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/lab/labtest"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/history"
	"jcheck/internal/store"
)

// clusterPlan is a database that starts at once, with faults that need healing. The %s are lines of the section db and of
// the plan.
const clusterPlan = `name: cluster
db:
  daemons:
    - {name: redis, run: "redis-server --port 6379 --bind 0.0.0.0 --protected-mode no --save '' --appendonly no", await: {tcp: 6379}}
  wipe: [/var/lib/cluster-test]
%s
client: {kind: redis, timeout: 2s}
workload: {kind: set}
concurrency: 4
rate: 200/s
nemesis: {faults: [partition], interval: 10s, intervals: {partition: {on: 1m, off: 500ms}}, start-after: 300ms, lease: 5s}
recovery-time: 1s
%s
`

// A bench is a lab with a program that runs in its room.
type bench struct {
	t       *testing.T
	program string
	lab     *lab.Lab
	dir     string // where it runs
}

// newBench makes a lab, and writes the plan.
func newBench(t *testing.T, program string, nodes int, dbLines, planLines string) *bench {
	b := &bench{t: t, program: program, lab: labtest.Up(t, nodes), dir: t.TempDir()}
	text := fmt.Sprintf(clusterPlan, dbLines, planLines)
	if err := os.WriteFile(filepath.Join(b.dir, "plan.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return b
}

// An attempt is the program while it runs.
type attempt struct {
	*bench
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	begun          time.Time
}

// start starts a verb in the lab's room. It is killed with the test.
func (b *bench) start(args ...string) *attempt {
	b.t.Helper()
	a := &attempt{bench: b, cmd: exec.Command(b.program, args...), begun: time.Now()}
	a.cmd.Dir = b.dir
	a.cmd.Stdout, a.cmd.Stderr = &a.stdout, &a.stderr
	if err := b.lab.Start(a.cmd); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if a.cmd.ProcessState == nil {
			_ = a.cmd.Process.Kill()
			_ = a.cmd.Wait()
		}
	})
	return a
}

// run starts the test of the plan on all nodes.
func (b *bench) run(more ...string) *attempt {
	b.t.Helper()
	return b.start(append([]string{"run", "--lab", fmt.Sprint(len(b.lab.Names())), "plan.yaml"}, more...)...)
}

// waitLine waits until the run's log has a text.
func (a *attempt) waitLine(text string) {
	a.t.Helper()
	log := filepath.Join(a.dir, "store", store.Current, store.LogFile)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got, err := os.ReadFile(log); err == nil && bytes.Contains(got, []byte(text)) {
			return
		}
	}
	got, _ := os.ReadFile(log)
	a.t.Fatalf("the log has no %q after 30 s:\n%s\n%s", text, got, a.stderr.String())
}

// waitEntries waits until so many entries of the history are on disk.
func (a *attempt) waitEntries(least int) {
	a.t.Helper()
	path, got := filepath.Join(a.dir, "store", store.Current, store.HistoryEDN), 0
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if text, err := os.ReadFile(path); err == nil {
			if got = bytes.Count(text, []byte("\n")); got >= least {
				return
			}
		}
	}
	a.t.Fatalf("%d entries are on disk after 30 s, want %d\n%s", got, least, a.stderr.String())
}

// interrupt is Ctrl-C.
func (a *attempt) interrupt() {
	a.t.Helper()
	if err := a.cmd.Process.Signal(syscall.SIGINT); err != nil {
		a.t.Fatal(err)
	}
}

// end waits for the program, within a time, and wants that exit code, or one of the others above 0.
func (a *attempt) end(code int, within time.Duration, others ...int) {
	a.t.Helper()
	done := make(chan error, 1)
	go func() { done <- a.cmd.Wait() }()
	select {
	case err := <-done:
		var failed *exec.ExitError
		if err != nil && !errors.As(err, &failed) {
			a.t.Fatal(err)
		}
	case <-time.After(within):
		_ = a.cmd.Process.Signal(syscall.SIGQUIT) // says where it hangs
		<-done
		a.t.Fatalf("it still ran after %s\n%s", within, a.stderr.String())
	}
	if got := a.cmd.ProcessState.ExitCode(); got != code && (got == 0 || !slices.Contains(others, got)) {
		a.t.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", got, code, a.stdout.String(), a.stderr.String())
	}
}

// says wants a text among the messages.
func (a *attempt) says(text string) {
	a.t.Helper()
	if !strings.Contains(a.stderr.String(), text) {
		a.t.Errorf("the messages are\n%s\nwant in them %q", a.stderr.String(), text)
	}
}

// prints wants exactly that on the standard output.
func (a *attempt) prints(want string) {
	a.t.Helper()
	if got := a.stdout.String(); got != want {
		a.t.Errorf("got %q, want %q", got, want)
	}
}

// remnants are what a run must not leave on a node: its daemons, its rules, its leases.
const remnants = `pgrep -l redis-server
pgrep -fl "[j]collect agent"
for t in iptables-legacy iptables-nft ip6tables-legacy ip6tables-nft; do command -v $t >/dev/null && $t -S 2>/dev/null | grep -i jcollect; done
command -v nft >/dev/null && nft list ruleset 2>/dev/null | grep -i jcollect
ls -A /var/lib/jcollect/leases 2>/dev/null | grep json
true`

// clean wants nothing to be left on the nodes that still run.
func (b *bench) clean(nodes ...string) {
	b.t.Helper()
	for _, name := range nodes {
		r := remote.NewSSH(b.lab.SSH(name))
		res, err := r.Exec(b.t.Context(), remote.Command{Script: remnants, Timeout: 20 * time.Second})
		if err := errors.Join(err, r.Close()); err != nil {
			b.t.Errorf("%s: %v", name, err)
		}
		if left := strings.TrimSpace(string(res.Stdout)); left != "" {
			b.t.Errorf("left on %s:\n%s", name, left)
		}
	}
}

// recorded wants a whole history of at least so many operations, and returns it.
func (b *bench) recorded(least int) *history.History {
	b.t.Helper()
	h, err := history.Open(b.t.Context(), filepath.Join(b.dir, "store", store.Latest), history.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = h.Close() })
	if h.Len() < least {
		b.t.Errorf("%d operations are recorded, want %d at least", h.Len(), least)
	}
	return h
}

// build makes the program.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "jcollect")
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// Without this a Ctrl-C at some stage of a run, or the death of a node, could lose what was recorded, hang, or leave
// broken networks, daemons and leases on the nodes.
func TestCluster(t *testing.T) {
	labtest.Need(t)
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("needs redis-server (Debian: redis-server)")
	}
	program := build(t)
	for name, test := range map[string]func(t *testing.T, program string){
		"whole": wholeRun, "interrupt": interruptions, "twice": interruptedTwice, "killed": killedControl,
		"node": dyingNodes, "login": refusedLogins, "own-lab": ownLab, "killed-maker": killedMaker, "full-disk": fullDisk,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, program)
		})
	}
}

// wholeRun is a run from the beginning to the verdict, judged again later.
func wholeRun(t *testing.T, program string) {
	b := newBench(t, program, 3, "", "")
	// What heals a kill starts the database: that must not happen once it is torn down.
	a := b.run("--time-limit", "3s", "--nemesis", "partition,kill,pause")
	a.end(exitInvalid, time.Minute) // three databases that don't know each other
	for _, want := range []string{"INVALID", "Faults, in seconds", "partition", "lost", "no fault was on"} {
		if !strings.Contains(a.stdout.String(), want) {
			t.Errorf("the report is\n%s\nwant in it %q", a.stdout.String(), want)
		}
	}
	b.recorded(200)
	b.clean("n1", "n2", "n3")
	for _, name := range []string{"n1", "n2", "n3"} {
		logs, err := os.ReadDir(filepath.Join(b.dir, "store", store.Latest, name))
		if err != nil || len(logs) == 0 {
			t.Errorf("of %s there are the logs %v (%v)", name, logs, err)
		}
	}
	again := b.start("analyze")
	again.end(exitInvalid, time.Minute)
	if first, _, _ := strings.Cut(again.stdout.String(), "\n"); !strings.HasPrefix(first, "INVALID") {
		t.Errorf("judged again: %s", first)
	}
	set := b.start("setup", "--lab", "3", "plan.yaml")
	set.end(exitValid, time.Minute)
	set.prints("3 nodes are set up\n")
	b.start("nodes").end(exitValid, time.Minute)
	logs := b.start("logs", "--lab", "3", "plan.yaml", "--to", b.dir)
	logs.end(exitValid, time.Minute)
	logs.prints("the logs of 3 nodes are in " + b.dir + "\n")
	for _, name := range []string{"n1", "n2", "n3"} { // while the database runs
		if text, err := os.ReadFile(filepath.Join(b.dir, name, "redis.log")); err != nil || !bytes.Contains(text, []byte("Ready to accept connections")) {
			t.Errorf("the log of %s is %q (%v)", name, text, err)
		}
	}
	one := b.start("teardown", "--lab", "1", "plan.yaml")
	one.end(exitValid, time.Minute)
	one.prints("1 node is torn down\n")
	b.start("teardown", "--lab", "3", "plan.yaml").end(exitValid, time.Minute)
	b.clean("n1", "n2", "n3")
}

// interruptions are a Ctrl-C at each stage of a run.
func interruptions(t *testing.T, program string) {
	// What takes long keeps a run in the stage that is meant, or in one that ends alike, should the signal be late.
	const endless = "\n    sleep 60"
	for _, stage := range []struct {
		name, db, line string
		flags          []string
		code, least    int
		late           int // what it may end with as well, if the stage was over before the signal came
		soon           bool
	}{
		{name: "agent", db: "  setup: |" + endless, line: "install the agent", code: exitCrash, soon: true},
		{name: "system", db: "  packages: [jcollect-no-such-package]", line: "set up the system", flags: []string{"--set", "os=debian"}, code: exitCrash, soon: true},
		{name: "clients", line: "set up the clients", flags: []string{"--set", "client={kind: exec, command: [sleep, '60'], setup: true, timeout: 3s}"}, code: exitCrash},
		{name: "nemesis", db: "  setup: |" + endless, line: "look at what the nodes can do", code: exitCrash, soon: true},
		{name: "setup", db: "  setup: |" + endless, line: "set up the database", code: exitCrash},
		{name: "ready", db: "  ready: |" + endless, line: "set up the database", code: exitCrash},
		{name: "operations", line: ":start-partition\t[:", flags: []string{"--time-limit", "60s"}, code: exitUnknown, least: 10},
		{name: "recovery", line: ":stop-partition\t:", flags: []string{"--time-limit", "1s", "--recovery-time", "60s"}, code: exitUnknown, least: 50},
		{name: "teardown", db: "  teardown: |\n    sleep 1", line: "tear down the database", flags: []string{"--time-limit", "1s"}, code: exitInvalid, least: 50},
		{name: "logs", db: "  setup: head -c 200M /dev/zero >/var/log/cluster-test\n  logs: [/var/log/cluster-test]", line: "download the logs",
			flags: []string{"--time-limit", "1s"}, code: exitInvalid, least: 50, soon: true},
		{name: "check", line: "jcollect: check", flags: []string{"--time-limit", "1s"}, code: exitInvalid, late: exitUnknown, least: 50, soon: true},
	} {
		t.Run(stage.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, program, 2, stage.db, "")
			a := b.run(stage.flags...)
			a.waitLine(stage.line)
			if !stage.soon {
				time.Sleep(300 * time.Millisecond) // into the stage
			}
			a.interrupt()
			a.end(stage.code, 50*time.Second, stage.late)
			b.clean("n1", "n2")
			if stage.least > 0 {
				b.recorded(stage.least)
			}
		})
	}
	t.Run("connect", func(t *testing.T) {
		b := newBench(t, program, 2, "", "")
		if err := b.lab.Stop(t.Context(), "n2"); err != nil {
			t.Fatal(err)
		}
		a := b.run()
		a.waitLine("connect to the nodes")
		a.interrupt()
		a.end(exitCrash, 30*time.Second)
		b.clean("n1")
	})
}

// interruptedTwice is a second Ctrl-C while the first one's teardown takes for ever.
func interruptedTwice(t *testing.T, program string) {
	b := newBench(t, program, 2, "  teardown: |\n    test ! -e /started || sleep 100\n  setup: |\n    touch /started", "")
	a := b.run("--time-limit", "60s")
	a.waitLine(":start-partition\t[:")
	a.interrupt()
	a.waitLine("tear down the database")
	a.interrupt()
	a.end(exitUnknown, 80*time.Second) // that is, before the teardown ends
	a.says("jcollect analyze")
	b.recorded(10)
	for _, name := range []string{"n1", "n2"} { // the database was left, the network is whole
		r := labtest.Remote(t, b.lab, name)
		res, err := r.Exec(t.Context(), remote.Command{Script: "ping -c1 -W1 n1 && ping -c1 -W1 n2", Timeout: 20 * time.Second})
		if err != nil {
			t.Errorf("%s: %v %s", name, err, res.Stdout)
		}
	}
	if err := os.WriteFile(filepath.Join(b.dir, "plan.yaml"), fmt.Appendf(nil, clusterPlan, "", ""), 0o644); err != nil {
		t.Fatal(err)
	}
	b.start("teardown", "--lab", "2", "plan.yaml").end(exitValid, time.Minute)
	b.clean("n1", "n2")
}

// killedControl is a control process that gets no chance to heal: the nodes do it themselves, and what was recorded is
// judged later.
func killedControl(t *testing.T, program string) {
	b := newBench(t, program, 2, "", "")
	a := b.run("--time-limit", "60s")
	a.waitLine(":start-partition\t[:")
	a.waitEntries(50)
	if err := a.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	a.end(-1, 10*time.Second)
	r := labtest.Remote(t, b.lab, "n1")
	healed := false
	for deadline := time.Now().Add(20 * time.Second); !healed && time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		_, err := r.Exec(t.Context(), remote.Command{Args: []string{"ping", "-c1", "-W1", "n2"}, Timeout: 10 * time.Second})
		healed = err == nil
	}
	if !healed {
		t.Error("the network is still cut 20 s after the end of the control process, with a lease of 5 s")
	}
	b.start("heal", "--lab", "2", "plan.yaml").end(exitValid, 30*time.Second)
	judged := b.start("analyze", filepath.Join("store", store.Current))
	judged.end(exitUnknown, 30*time.Second) // nothing was read yet
	h, err := history.Open(t.Context(), filepath.Join(b.dir, "store", store.Current), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if h.Len() < 50 {
		t.Errorf("%d operations are recorded, want 50 at least", h.Len())
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	b.start("teardown", "--lab", "2", "plan.yaml").end(exitValid, time.Minute)
	b.clean("n1", "n2")
}

// dyingNodes are nodes that lose their power at each stage.
func dyingNodes(t *testing.T, program string) {
	for _, stage := range []struct {
		name, db, line string
		code, least    int
	}{
		{name: "setup", db: "  tries: 1\n  setup: |\n    sleep 10", line: "set up the database", code: exitCrash},
		{name: "operations", line: ":start-partition\t[:", code: exitInvalid, least: 100},
		{name: "teardown", db: "  teardown: |\n    test ! -e /started || sleep 10\n  setup: |\n    touch /started", line: "tear down the database", code: exitInvalid, least: 100},
	} {
		t.Run(stage.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, program, 3, stage.db, "")
			a := b.run("--time-limit", "4s", "--set", "remote.keepalive=1s", "--set", "remote.keepalive-timeout=3s")
			a.waitLine(stage.line)
			time.Sleep(300 * time.Millisecond)
			if err := b.lab.Stop(t.Context(), "n3"); err != nil {
				t.Fatal(err)
			}
			a.end(stage.code, 100*time.Second)
			a.says("n3: ")
			b.clean("n1", "n2")
			if stage.least > 0 {
				b.recorded(stage.least)
			}
		})
	}
}

// refusedLogins are a node that refuses the key, and one whose host key is another than it was.
func refusedLogins(t *testing.T, program string) {
	b := newBench(t, program, 2, "", "")
	known, err := os.ReadFile(filepath.Join(b.lab.Dir(), "known_hosts"))
	if err != nil {
		t.Fatal(err)
	}
	// n2 gets the key of n1 in the file.
	lines := strings.SplitAfter(string(known), "\n")
	_, key, _ := strings.Cut(lines[0], " ")
	names, _, _ := strings.Cut(lines[1], " ")
	if err := os.WriteFile(filepath.Join(b.dir, "known_hosts"), []byte(lines[0]+names+" "+key), 0o600); err != nil {
		t.Fatal(err)
	}
	a := b.run("--known-hosts", filepath.Join(b.dir, "known_hosts"))
	a.end(exitCrash, 30*time.Second)
	a.says("n2: ")
	a.says(filepath.Join(b.dir, "known_hosts") + ":2")
	a.says("ssh-keygen -f")

	r := labtest.Remote(t, b.lab, "n2")
	if _, err := r.Exec(t.Context(), remote.Command{Script: "rm /etc/ssh/jcollect_lab/authorized_keys /root/.ssh/authorized_keys || true"}); err != nil {
		t.Fatal(err)
	}
	a = b.run()
	a.end(exitCrash, 30*time.Second)
	a.says("n2: ")
	a.says("1 of 2 nodes can't be reached")
	a = b.start("nodes")
	a.end(exitInvalid, 30*time.Second)
	b.clean("n1")
}

// ownLab is a run that makes its lab and is interrupted from outside: nothing of the lab is left.
func ownLab(t *testing.T, program string) {
	b := &bench{t: t, program: program, dir: t.TempDir()}
	a := b.startOwnLab()
	trace := b.ownLabTrace()
	a.interrupt()
	a.end(exitUnknown, 30*time.Second)
	for _, left := range trace.Leftovers() {
		t.Errorf("left: %s", left)
	}
	b.recorded(10)
}

// killedMaker is a run that makes its lab and is killed where it can do nothing about it: what was recorded is judged, and
// nothing of the lab is left.
func killedMaker(t *testing.T, program string) {
	b := &bench{t: t, program: program, dir: t.TempDir()}
	a := b.startOwnLab()
	trace := b.ownLabTrace()
	if err := a.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	a.end(-1, 10*time.Second)
	left := func() []string { return append(trace.Leftovers(), running(t, program)...) }
	for deadline := time.Now().Add(90 * time.Second); len(left()) > 0 && time.Now().Before(deadline); {
		time.Sleep(200 * time.Millisecond)
	}
	for _, what := range left() {
		t.Errorf("left: %s", what)
	}
	b.recorded(10)
	if _, err := os.Stat(filepath.Join(b.dir, "store", store.Latest, store.ResultsEDN)); err != nil {
		t.Errorf("what was recorded was not judged: %v", err)
	}
}

// running are the processes of a program.
func running(t *testing.T, program string) (list []string) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if path, err := os.Readlink(link); err == nil && path == program {
			list = append(list, "the process "+link)
		}
	}
	return list
}

// startOwnLab starts a run that makes its own lab, and waits for a fault.
func (b *bench) startOwnLab() *attempt {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, "plan.yaml"), fmt.Appendf(nil, clusterPlan, "", ""), 0o644); err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	b.t.Cleanup(cancel)
	a := &attempt{bench: b, cmd: exec.CommandContext(ctx, b.program, "run", "--lab", "2", "plan.yaml", "--time-limit", "60s")}
	a.cmd.Dir = b.dir
	out, err := os.Create(filepath.Join(b.dir, "said")) // a pipe would be waited for until all who have it have ended
	if err != nil {
		b.t.Fatal(err)
	}
	a.cmd.Stdout, a.cmd.Stderr = out, out
	if err := errors.Join(a.cmd.Start(), out.Close()); err != nil {
		b.t.Fatal(err)
	}
	a.waitLine(":start-partition\t[:")
	return a
}

// ownLabTrace is what the lab of the run that goes on can be recognised by.
func (b *bench) ownLabTrace() lab.Trace {
	b.t.Helper()
	plan, err := os.ReadFile(filepath.Join(b.dir, "store", store.Current, store.PlanFile))
	if err != nil {
		b.t.Fatal(err)
	}
	_, dir, found := strings.Cut(string(plan), "known-hosts: ")
	dir, _, _ = strings.Cut(dir, "/known_hosts")
	l, err := lab.Open(filepath.Dir(dir), filepath.Base(dir))
	if !found || err != nil {
		b.t.Fatalf("the plan names no lab (%v):\n%s", err, plan)
	}
	return l.Trace()
}

// fullDisk is a store that runs full: the recording ends with a message, and what was recorded is whole and judged.
func fullDisk(t *testing.T, program string) {
	b := newBench(t, program, 2, "", "")
	disk := filepath.Join(b.dir, "store")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=300k"); err != nil {
		t.Skipf("can't mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	// The room has its own mounts: the run is told of the disk by its own room's eyes.
	a := &attempt{bench: b, cmd: exec.Command(program, "run", "plan.yaml", "--nodes", "n1", "--set", "db=", "--nemesis", "none",
		"--set", "client={kind: mem}", "--rate", "20000/s", "--time-limit", "30s")}
	a.cmd.Dir, a.cmd.Stdout, a.cmd.Stderr = b.dir, &a.stdout, &a.stderr
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.end(exitUnknown, 30*time.Second)
	a.says("no space left on device")
	b.recorded(100)
}
