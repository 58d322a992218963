package main

import (
	"os"
	"strings"
	"testing"
)

// TestPlanGuide runs the commands of docs/plan.md that need no nodes, and looks for the messages that it shows. Without
// it, nothing would notice a guide that tells of another program.
func TestPlanGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/plan.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	ran := 0
	for line := range strings.Lines(string(text)) {
		command, _, _ := strings.Cut(strings.TrimSpace(line), " |")
		args := strings.Fields(command)
		if len(args) < 3 || args[0] != "jcollect" || args[1] == "run" || args[1] == "test-all" {
			continue
		}
		ran++
		if code, _, errs := program(t, args[1:]...); code != exitValid {
			t.Errorf("%s exits with %d: %s", command, code, errs)
		}
	}
	if ran < 3 {
		t.Errorf("%d commands were found, want init, explain and simulate", ran)
	}
	wrong := "name: x\nworkload: set\ntime_limit: 60s\nclient: {kind: mem}\ndisposable: true\nos: none\ntime-limit: 60\n"
	if err := os.WriteFile("plan.yaml", []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, errs := program(t, "explain", "plan.yaml")
	for line := range strings.Lines(errs) {
		if !strings.Contains(string(text), line) {
			t.Errorf("the guide doesn't show %s", line)
		}
	}
	if strings.Count(errs, "\n") != 2 {
		t.Errorf("got %s, want the two mistakes of the guide", errs)
	}
}
