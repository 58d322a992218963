package examples_test

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"jcheck/check"
	"jcheck/elle"
	"jcheck/history"
)

// recorded runs a harness and reads the history that it prints. The test is skipped where the language isn't installed.
func recorded(t *testing.T, command string) *history.History {
	t.Helper()
	words := strings.Fields(command)
	if _, err := exec.LookPath(words[0]); err != nil {
		t.Skipf("%s is not installed here", words[0])
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, stderr.String())
	}
	h, err := history.Read(t.Context(), command, text, history.Options{})
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return h
}

// Without this the harnesses that users copy could write what jcheck can't read, or lose the bug that they show.
func TestToys(t *testing.T) {
	for _, command := range []string{"go run ./toy", "python3 toy.py", "node toy.js"} {
		t.Run(command, func(t *testing.T) {
			h := recorded(t, command)
			r := elle.Check(t.Context(), h, elle.Options{})
			lost := slices.ContainsFunc(r.Anomalies, func(a check.Anomaly) bool { return a.Kind == "lost-update" })
			if h.Len() != 120 || r.Verdict != check.Invalid || !lost {
				t.Errorf("%d operations, %v, lost update found: %v; want 120, invalid, true", h.Len(), r.Verdict, lost)
			}
		})
	}
}

// Without this the tutorial's harness could stop showing the difference between a database that is used rightly and one
// that isn't.
func TestHarness(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	if exec.Command("python3", "-c", "import sqlite3").Run() != nil {
		t.Skip("python3 with sqlite3 is not installed here")
	}
	for mode, want := range map[string]check.Verdict{"none": check.Invalid, "begin": check.Valid} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel() // it mostly waits for the disk
			h := recorded(t, "python3 harness.py "+mode)
			if r := elle.Check(t.Context(), h, elle.Options{}); r.Verdict != want {
				t.Errorf("%v, want %v", r.Verdict, want)
			}
		})
	}
}
