package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/history"
)

// program runs jcollect as its main function does.
func program(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	e := &env{stdin: bytes.NewReader(nil), stdout: &out, stderr: &errs, soft: ctx, hard: ctx}
	return e.run(args), out.String(), errs.String()
}

// TestExamplePlans explains every plan of the examples, and every fault of each target. Without it, nothing would notice
// a plan that is told of and refused, or one that explain can't rehearse.
func TestExamplePlans(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d examples: %v", len(files), err)
	}
	for _, file := range files {
		code, out, errs := program(t, "explain", file, "--disposable")
		if code != exitValid || strings.Contains(out, "gets no further") {
			t.Errorf("%s: explain exits with %d: %s%s", file, code, out, errs)
		}
	}
	redis := "../../examples/redis-sentinel/plan.yaml"
	for _, target := range []string{"one", "halves", "random-halves", "majority", "minority-third", "majorities-ring", "bridge", "primaries", "one-way"} {
		code, out, errs := program(t, "explain", redis, "--nodes", "n1,n2,n3,n4,n5", "--nemesis", "partition", "--set", "nemesis.targets={partition: "+target+"}")
		if code != exitValid || !strings.Contains(out, "JCOLLECT-partition") {
			t.Errorf("partition %s: explain exits with %d: %s", target, code, errs)
		}
	}
	for _, target := range []string{"one", "minority", "majority", "minority-third", "primaries", "all"} {
		code, out, errs := program(t, "explain", redis, "--nodes", "n1,n2,n3,n4,n5", "--nemesis", "kill,pause", "--set", "nemesis.targets={kill: "+target+", pause: "+target+"}")
		if code != exitValid || !strings.Contains(out, "signal: STOP") {
			t.Errorf("kill and pause %s: explain exits with %d: %s", target, code, errs)
		}
	}
}

// TestSimulatedWorkloads plays every workload that the database within jcollect knows, and has it judged as a run would.
// Without it, nothing would notice a workload whose simulated history is wrong.
func TestSimulatedWorkloads(t *testing.T) {
	for _, name := range workloadNames() {
		file := filepath.Join(t.TempDir(), "plan.yaml")
		if err := os.WriteFile(file, []byte("name: x\nclient: {kind: mem}\nworkload: "+name+"\nconcurrency: 10\nrate: 200/s\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := program(t, "simulate", file, "--time-limit", "2s")
		if code != exitValid && strings.Contains(errs, "client mem has no object") {
			continue
		}
		h, err := history.Read(t.Context(), name, []byte(out), history.Options{})
		if err != nil {
			t.Errorf("%s: %v: %s", name, err, errs)
			continue
		}
		if got := all.Judge(t.Context(), h, nil).Verdict; got != check.Valid {
			t.Errorf("%s: got %v, want valid", name, got)
		}
	}
}

// TestFirstPlanFiles writes plans to files with strange names. Without it, nothing would notice a name that ends the
// comment in which it stands and goes on as a part of the plan.
func TestFirstPlanFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, file := range []string{"a b", "it's $(x).yaml", "a\nname: y\nb", "\r\n", "-", "#", "NAME", "\x1b[0m"} {
		if file != "-" {
			file = "./" + file
		}
		text, err := firstPlan("mem", "x", file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("plan.yaml", text, 0o600); err != nil {
			t.Fatal(err)
		}
		if code, out, errs := program(t, "explain", "plan.yaml"); code != exitValid || !strings.HasPrefix(out, "x: ") {
			t.Errorf("%q: got exit code %d, %s", file, code, errs)
		}
	}
}

// TestFirstPlans reads, explains and plays every plan that init writes, and has the history judged. Without it, nothing
// would notice a plan to begin with that is wrong, or a simulated history that jcheck can't read.
func TestFirstPlans(t *testing.T) {
	for _, kind := range planKinds() {
		text, err := firstPlan(kind, "", "plan.yaml")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "plan.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := program(t, "explain", file); code != exitValid {
			t.Errorf("%s: explain exits with %d: %s", kind, code, errs)
		}
		for _, output := range []string{"edn", "json"} {
			code, out, errs := program(t, "simulate", file, "--time-limit", "2s", "--output", output)
			if code != exitValid {
				t.Errorf("%s: simulate exits with %d: %s", kind, code, errs)
				continue
			}
			h, err := history.Read(t.Context(), "simulated", []byte(out), history.Options{})
			if err != nil {
				t.Errorf("%s as %s: %v", kind, output, err)
				continue
			}
			if got := all.Judge(t.Context(), h, nil).Verdict; got != check.Valid {
				t.Errorf("%s as %s: got %v, want valid", kind, output, got)
			}
		}
	}
}
