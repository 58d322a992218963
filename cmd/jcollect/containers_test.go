//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/cmd/jcollect/internal/remote/enginetest"
	"jcheck/history"
	"jcheck/internal/store"
)

// containerPlan is a test whose nodes are containers. The database is inside jcollect: nothing but the engine leads there.
const containerPlan = `name: containers
nodes: [n1, n2]
remote: {kind: %s, hosts: {n1: %s, n2: %s}}
disposable: true
db:
  files: [{content: "{{.Node}} {{.Addr}} {{quote .Env.X}}\n", to: "/srv/a b/'c' $(d).txt"}]
  env: {X: "it's $(x)"}
  setup: printf '%%s\n' "$X" >"/srv/a b/x"
  daemons: [{name: "ticks 'x' $(y)", args: [sh, -c, "while :; do date; sleep 0.2; done"], log: "/srv/a b/'ticks'.log"}]
  ready: grep -q "it's" "/srv/a b/x" && ping -c 1 -W 1 10.99.0.1 && ping -c 1 -W 1 10.99.0.2
  wipe: ["/srv/a b"]
  logs: ["/srv/a b"]
client: {kind: mem}
workload: {kind: register, rate: 50/s}
nemesis: {faults: [partition, kill, pause], interval: 2s, intervals: {partition: {on: 1m, off: 1s}}}
concurrency: 4
time-limit: 8s
recovery-time: 500ms
`

// A ship is two containers with a network between them, and a program that uses them.
type ship struct {
	t       *testing.T
	e       *enginetest.Engine
	program string
	dir     string // where it runs
}

// Without this nobody would know whether a test goes through its life in containers: with faults, and with one that stops
// in the middle, or isn't there when it is to be cleaned.
func TestContainers(t *testing.T) {
	for _, engine := range enginetest.Programs {
		t.Run(engine, func(t *testing.T) {
			s := &ship{t: t, e: enginetest.Need(t, engine), dir: t.TempDir()}
			s.e.Run(t, "n1")
			s.e.Run(t, "n2")
			s.join()
			s.program = build(t)
			text := fmt.Sprintf(containerPlan, engine, s.e.Name("n1"), s.e.Name("n2"))
			if err := os.WriteFile(filepath.Join(s.dir, "plan.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s.whole()
			s.stopped()
			s.gone()
		})
	}
}

// join puts a cable between the containers. It goes with them.
func (s *ship) join() {
	s.t.Helper()
	pid := func(name string) string {
		return s.e.Do(s.t, "inspect", "--format", "{{.State.Pid}}", s.e.Name(name))
	}
	script := `set -e
ip link add eth0 netns "$1" type veth peer name eth0 netns "$2"
for p in "$1 10.99.0.1/24" "$2 10.99.0.2/24"; do
  nsenter --net --target "${p% *}" sh -ec 'ip addr add "$1" dev eth0; ip link set eth0 up' sh "${p#* }"
done`
	if out, err := exec.Command("sh", "-c", script, "sh", pid("n1"), pid("n2")).CombinedOutput(); err != nil {
		s.t.Fatalf("no network for containers: %v: %s", err, out)
	}
}

// on runs a script in a container.
func (s *ship) on(name, script string) (string, error) {
	k := &remote.Container{Program: s.e.Program, Node: name, Name: s.e.Name(name)}
	res, err := k.Exec(s.t.Context(), remote.Command{Script: script, Timeout: 20 * time.Second})
	return strings.TrimSpace(string(res.Stdout)), err
}

// jcollect starts a verb, and returns what waits for its end.
func (s *ship) jcollect(args ...string) (cmd *exec.Cmd, wait func() (code int, stdout, stderr string)) {
	s.t.Helper()
	if err := os.RemoveAll(filepath.Join(s.dir, "store", store.Current)); err != nil { // the link, lest waitLine reads the last log
		s.t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd = exec.Command(s.program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, &out, &errs
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if cmd.ProcessState == nil { // nobody waited for it, for the test failed before
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	hung := time.AfterFunc(4*time.Minute, func() { _ = cmd.Process.Signal(syscall.SIGQUIT) }) // says where it hangs
	return cmd, func() (int, string, string) {
		err := cmd.Wait()
		hung.Stop()
		var failed *exec.ExitError
		if err != nil && !errors.As(err, &failed) {
			s.t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), out.String(), errs.String()
	}
}

// want runs a verb that is to end so, and say that.
func (s *ship) want(code int, says string, args ...string) {
	s.t.Helper()
	_, wait := s.jcollect(args...)
	if got, out, errs := wait(); got != code || !strings.Contains(out+errs, says) {
		s.t.Errorf("%s ended with %d, want %d and %q\n%s\n%s", strings.Join(args, " "), got, code, says, out, errs)
	}
}

// waitLine waits until the run's log has a text.
func (s *ship) waitLine(text string) {
	s.t.Helper()
	var got []byte
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got, _ = os.ReadFile(filepath.Join(s.dir, "store", store.Current, store.LogFile))
		if bytes.Contains(got, []byte(text)) {
			return
		}
	}
	s.t.Fatalf("the log has no %q after three minutes:\n%s", text, got)
}

// clean wants nothing to be left of the last run in a container, and that nobody is cut off.
func (s *ship) clean(name string) {
	s.t.Helper()
	if left, err := s.on(name, remnants+`; ls -d "/srv/a b" 2>/dev/null; pgrep -f "sleep 0[.]2"; true`); err != nil || left != "" {
		s.t.Errorf("left in %s:\n%s\n%v", name, left, err)
	}
}

// recorded wants a whole history of at least so many operations.
func (s *ship) recorded(least int) {
	s.t.Helper()
	h, err := history.Open(s.t.Context(), filepath.Join(s.dir, "store", store.Latest), history.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	if h.Len() < least {
		s.t.Errorf("%d operations are recorded, want %d at least", h.Len(), least)
	}
	if err := h.Close(); err != nil {
		s.t.Error(err)
	}
}

// whole is a run from the beginning to the verdict. Meanwhile a partition is felt.
func (s *ship) whole() {
	s.t.Helper()
	const ping = "ping -c 1 -W 1 10.99.0.2 >/dev/null && echo hears"
	if heard, err := s.on("n1", ping); err != nil || heard != "hears" {
		s.t.Fatalf("before the run n1 doesn't reach n2: %q, %v", heard, err)
	}
	_, wait := s.jcollect("run", "plan.yaml")
	s.waitLine(":start-partition\t[:")
	if heard, _ := s.on("n1", ping+"; true"); heard != "" {
		s.t.Error("during the partition n1 reaches n2")
	}
	code, out, errs := wait()
	if code != exitValid || !strings.Contains(out, "VALID") || !strings.Contains(out, "partition") {
		s.t.Errorf("the run ended with %d\n%s\n%s", code, out, errs)
	}
	if errs := strings.TrimSpace(errs); strings.Count(errs, "\n") > 0 {
		s.t.Errorf("something went wrong:\n%s", errs)
	}
	if heard, err := s.on("n1", ping); err != nil || heard != "hears" {
		s.t.Errorf("after the run n1 doesn't reach n2: %q, %v", heard, err)
	}
	s.recorded(300)
	for _, name := range []string{"n1", "n2"} {
		s.clean(name)
		logs, err := os.ReadDir(filepath.Join(s.dir, "store", store.Latest, name))
		if err != nil || len(logs) != 3 {
			s.t.Errorf("of %s there are the logs %v (%v)", name, logs, err)
		}
	}
}

// stopped is a container that stops in the middle of a run, and a Ctrl-C after that. It is started again for whoever cleans
// up.
func (s *ship) stopped() {
	s.t.Helper()
	cmd, wait := s.jcollect("run", "plan.yaml", "--time-limit", "60s", "--set", "nemesis.intervals.kill=1s")
	s.waitLine(":start-partition\t[:")
	s.e.Do(s.t, "kill", s.e.Name("n2"))
	s.waitLine("hint: " + s.e.Program + " start") // a fault meets it
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		s.t.Fatal(err)
	}
	code, out, errs := wait()
	if code == exitCrash || !strings.Contains(errs, "interrupted") || !strings.Contains(errs, "hint: "+s.e.Program+" start") {
		s.t.Errorf("with a container that stopped, and Ctrl-C, it ended with %d\n%s\n%s", code, out, errs)
	}
	s.clean("n1")
	s.recorded(20)
	s.want(exitCrash, "hint: "+s.e.Program+" start", "run", "plan.yaml")
	s.e.Do(s.t, "start", s.e.Name("n2"))
	s.join()
	s.want(exitValid, "are healed", "heal", "plan.yaml")
	s.want(exitValid, "are torn down", "teardown", "plan.yaml")
	s.clean("n2")
}

// gone is a container that isn't there any more.
func (s *ship) gone() {
	s.t.Helper()
	s.e.Do(s.t, "rm", "-f", s.e.Name("n2"))
	s.want(exitInvalid, "hint: "+s.e.Program+" ps -a", "nodes", "plan.yaml")
	s.want(exitCrash, "hint: "+s.e.Program+" ps -a", "heal", "plan.yaml")
	if _, err := s.on("n1", `mkdir "/srv/a b"`); err != nil {
		s.t.Error(err)
	}
	s.want(exitCrash, "hint: "+s.e.Program+" ps -a", "teardown", "plan.yaml")
	s.clean("n1") // the others are torn down all the same
}
