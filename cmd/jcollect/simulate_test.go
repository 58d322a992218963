package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
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
