package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/cmd/jcollect/internal/run"
)

// outcomes are what the tests of TestSeries come to, by a word in their names.
var outcomes = map[string]run.Outcome{
	"kill":      {Dir: "store/x/1", Judged: true, Verdict: check.Invalid},
	"partition": {Dir: "store/x/2", Judged: true, Verdict: check.Unknown},
	"pause":     {Dir: "store/x/3", Err: errors.New("n1: refused\nmore")},
	"quiet":     {Dir: "store/x/4", Judged: true, Verdict: check.Valid},
}

// aSeries runs test-all with tests that end by their names.
func aSeries(t *testing.T, args ...string) (code int, out, errs string, ran []string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan.yaml")
	if err := os.WriteFile(file, []byte("name: quiet\nclient: {kind: noop}\nworkload: {kind: register}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout, stderr bytes.Buffer
	e := &env{stdout: &stdout, stderr: &stderr, soft: ctx, hard: ctx}
	c := testAllCommand(e, func(test *run.Test, _ run.Launch) run.Outcome {
		ran = append(ran, test.Name)
		if strings.HasSuffix(test.Name, "bug") {
			panic("a bug")
		}
		if strings.HasSuffix(test.Name, "stop") {
			cancel()
		}
		for word, o := range outcomes {
			if strings.HasSuffix(test.Name, word) {
				return o
			}
		}
		return outcomes["quiet"]
	})
	c.SilenceUsage, c.SilenceErrors = true, true
	c.SetArgs(append([]string{file}, args...))
	c.SetOut(&stdout)
	if err := c.Execute(); err != nil {
		e.complain(err)
		e.code = exitUsage
	}
	return e.code, stdout.String(), stderr.String(), ran
}

// TestSeries runs series of tests that end in every way. Without it, nothing would notice a series that ends early, or
// with another exit code than Jepsen's.
func TestSeries(t *testing.T) {
	for _, row := range []struct {
		args string
		code int
		ran  string
	}{
		{"", 0, "quiet"},
		{"--test-count 3", 0, "quiet quiet quiet"},
		{"--name kill --test-count 3", 1, "kill"},
		{"--name partition", 2, "partition"},
		{"--name pause", 255, "pause"},
		{"--name a-bug --matrix seed=1,bug", 254, ""},
		{"--matrix name=bug,quiet", 255, "bug-bug quiet-quiet"},
		{"--matrix name=kill,partition,quiet", 2, "kill-kill partition-partition quiet-quiet"},
		{"--matrix name=kill,pause,partition", 255, "kill-kill pause-pause partition-partition"},
		{"--matrix name=quiet,kill", 1, "quiet-quiet kill-kill"},
		{"--disposable --matrix nemesis=none,packet,[packet,partition] --matrix concurrency=1n,2n", 0,
			"quiet-none-1n quiet-none-2n quiet-packet-1n quiet-packet-2n quiet-packet-partition-1n quiet-packet-partition-2n"},
		{"--matrix seed=1,stop", 254, ""},
		{"--matrix name=stop,kill", 2, "stop-stop"},
		{"--matrix nemesis", 254, ""},
		{"--matrix nemesis=none,packet", 254, ""},
		{"--disposable --matrix nemesis=none,kill", 254, ""},
		{"--matrix nemesis=,", 254, ""},
		{"--matrix nemesis=kil", 254, ""},
		{"--matrix wrkload.kind=set", 254, ""},
		{"--matrix =3", 254, ""},
		{"--matrix a.b=[", 254, ""},
	} {
		code, _, errs, ran := aSeries(t, strings.Fields(row.args)...)
		if code != row.code || strings.Join(ran, " ") != row.ran {
			t.Errorf("%s: got %d, %s; want %d, %s\n%s", row.args, code, strings.Join(ran, " "), row.code, row.ran, errs)
		}
	}
}

// TestAllWorkloads asks for all workloads. Without it, nothing would notice one that the client doesn't know, or that is
// left out.
func TestAllWorkloads(t *testing.T) {
	_, _, errs, ran := aSeries(t, "--set", "client={kind: redis}", "--matrix", "workload=all")
	if len(ran) < 10 || !slices.Contains(ran, "quiet-append") || !slices.Contains(ran, "quiet-kafka") || slices.Contains(ran, "quiet-g2") {
		t.Errorf("got %v, want what client redis knows\n%s", ran, errs)
	}
}

// TestSummary looks at the end of a series. Without it, nothing would notice a list that is missing, or a test in the
// wrong one.
func TestSummary(t *testing.T) {
	_, out, _, _ := aSeries(t, "--matrix", "name=quiet,kill,pause,partition")
	got := strings.Join(strings.Fields(out), " ")
	want := "VERDICT TEST TOOK RUN valid quiet-quiet 0s store/x/4 INVALID kill-kill 0s store/x/1 " +
		"crashed pause-pause 0s store/x/3 n1: refused unknown partition-partition 0s store/x/2 " +
		"successful: 1 quiet-quiet store/x/4 indeterminate: 1 partition-partition store/x/2 " +
		"crashed: 1 pause-pause store/x/3 n1: refused failed: 1 kill-kill store/x/1"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
