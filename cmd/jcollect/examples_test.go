//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/lab/labtest"
	"jcheck/internal/store"
)

// An example is a plan that ships with the project, and what the guide says of it.
type example struct {
	name  string
	plan  string
	nodes int
	needs string // a program of the database
	args  []string
	code  int
	says  string // a pattern of the report
	kept  string // a pattern of the history; "" is any
	only  string // a pattern of all kinds of anomalies; "" is any
}

// examples are those of docs/collector.md, some of them for a shorter time.
var examples = []example{
	{name: "redis-sentinel", plan: "redis-sentinel", nodes: 3, needs: "redis-sentinel", code: exitInvalid,
		says: `(?s)set: invalid: [0-9,]+ × lost.*Faults, in seconds.*partition.*elements that were acknowledged and lost.*on: #1 partition`},
	{name: "etcd", plan: "etcd", nodes: 3, needs: "etcd", args: []string{"--time-limit", "20s"}, code: exitValid, says: `linearizable: valid`},
	// Nodes that are cut off answer with what they last heard of, for certain. What other faults do depends on chance.
	{name: "etcd-serializable-reads", plan: "etcd", nodes: 3, needs: "etcd",
		args: []string{"--set", "client.serializable=true", "--nemesis", "partition", "--set", "nemesis.targets={partition: [one]}", "--time-limit", "20s"},
		code: exitInvalid, says: `linearizable: invalid`},
	// With this seed members leave before others are cut off and killed; in the end each knows all five again.
	{name: "etcd-membership", plan: "etcd-membership", nodes: 5, needs: "etcd", args: []string{"--time-limit", "16s", "--seed", "7"}, code: exitValid,
		says: `(?s)linearizable: valid.*membership  \[:removed "n[1-5]"\]`,
		kept: `:f :check-members, :value \{("n[1-5]" #\{"n1" "n2" "n3" "n4" "n5"\}(, )?){5}\}`},
	{name: "postgresql-serializable", plan: "postgresql", nodes: 1, needs: "postgres", args: []string{"--time-limit", "5s"},
		code: exitValid, says: `elle: valid`},
	{name: "postgresql-repeatable-read", plan: "postgresql", nodes: 1, needs: "postgres",
		args: []string{"--time-limit", "5s", "--set", "client.isolation=repeatable read"}, code: exitInvalid, says: `elle: invalid`, only: `G2-item`},
	{name: "postgresql-read-committed", plan: "postgresql", nodes: 1, needs: "postgres",
		args: []string{"--time-limit", "5s", "--set", "client.isolation=read committed"}, code: exitInvalid, says: `(?s)elle: invalid:.*lost-update`},
	{name: "mariadb-repeatable-read", plan: "mariadb", nodes: 1, needs: "mariadbd", args: []string{"--time-limit", "5s"},
		code: exitInvalid, says: `(?s)elle: invalid:.*lost-update`},
	{name: "nats", plan: "nats", nodes: 3, needs: "nats-server", args: []string{"--time-limit", "15s", "--recovery-time", "5s", "--set", "nemesis.interval=4s"},
		code: exitValid, says: `set: valid`},
}

// Without this the plans that ship with the project could stop working, or show something else than the guide says.
func TestExamples(t *testing.T) {
	labtest.Need(t)
	program := build(t)
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			if !there(e.needs) {
				t.Skipf("needs %s (hint: the package that %s/plan.yaml names)", e.needs, e.plan)
			}
			t.Parallel()
			e.run(t, program)
		})
	}
}

// there tells whether a program is installed. Servers are not always on the path.
func there(name string) bool {
	if _, err := exec.LookPath(name); err == nil {
		return true
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // the pattern is one
	return len(found) > 0
}

// run runs the plan as the guide says.
func (e example) run(t *testing.T, program string) {
	plan, err := filepath.Abs(filepath.Join("..", "..", "examples", e.plan, "plan.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var report, messages bytes.Buffer
	cmd := exec.CommandContext(ctx, program, append([]string{"run", "--lab", strconv.Itoa(e.nodes), plan}, e.args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = t.TempDir(), &report, &messages
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != e.code {
		t.Errorf("it ended with %d, want %d:\n%s", got, e.code, messages.String())
	}
	recorded := filepath.Join(cmd.Dir, "store", store.Latest, store.HistoryEDN)
	e.judge(t, report.String())
	e.judgeHistory(t, recorded)
	if t.Failed() {
		// In this order, since the end of a log is what is kept of it, and read first.
		t.Logf("the report:\n%s", report.String())
		t.Logf("what the report names, and what was around it:\n%s", surroundings(recorded, report.String()))
	}
}

// Of a history, what is printed: around each operation that a report names, so many entries before, which have its
// invocation most often, and after; and so much in all.
const (
	entriesBefore, entriesAfter = 25, 3
	mostEntries, longestEntry   = 150, 250
)

// namedLines finds the lines that a report names: "(line 10,773, process 3)".
var namedLines = regexp.MustCompile(`\(line\s+([0-9,]+)`)

// surroundings are the entries of a history that a report names, and those around them.
func surroundings(history, report string) string {
	text, err := os.ReadFile(history)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	wanted := make([]bool, len(lines))
	for _, found := range namedLines.FindAllStringSubmatch(report, -1) {
		n, err := strconv.Atoi(strings.ReplaceAll(found[1], ",", ""))
		if err != nil {
			continue // too long to be a line of ours
		}
		for i := max(0, n-1-entriesBefore); i < min(len(lines), n+entriesAfter); i++ {
			wanted[i] = true
		}
	}
	var b strings.Builder
	shown := 0
	for i, line := range lines {
		if !wanted[i] || shown == mostEntries {
			continue
		}
		shown++
		if i > 0 && !wanted[i-1] {
			b.WriteString("...\n")
		}
		fmt.Fprintf(&b, "%d: %.*s\n", i+1, longestEntry, line)
	}
	return b.String()
}

// anomalyKinds finds the kinds after a verdict: "elle: invalid: 140 × G-single-item, 254 × internal".
var anomalyKinds = regexp.MustCompile(`[0-9,]+ ×\s+([A-Za-z0-9-]+)`)

// judge compares the report with what the guide says.
func (e example) judge(t *testing.T, report string) {
	if !regexp.MustCompile(e.says).MatchString(report) {
		t.Errorf("the report below doesn't match %s", e.says)
	}
	_, kinds, _ := strings.Cut(report, "elle: invalid:")
	kinds, _, _ = strings.Cut(kinds, "\n\n")
	for _, found := range anomalyKinds.FindAllStringSubmatch(kinds, -1) {
		if !regexp.MustCompile(e.only).MatchString(found[1]) {
			t.Errorf("%s is among the anomalies, want only %s:\n%s", found[1], e.only, kinds)
		}
	}
}

// judgeHistory compares what was recorded with what the guide says.
func (e example) judgeHistory(t *testing.T, recorded string) {
	text, err := os.ReadFile(recorded)
	if err != nil {
		t.Error(err)
	}
	if !regexp.MustCompile(e.kept).Match(text) {
		t.Errorf("no operation of the history matches %s; what was done to the members:\n%s", e.kept, regexp.MustCompile(`.*(-node|-members),.*`).FindAll(text, -1))
	}
}
