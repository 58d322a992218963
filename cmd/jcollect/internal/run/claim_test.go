package run

import (
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// claimant is a run on nodes whose agents' folder is dir, and what it tells the user.
func claimant(dir string, names ...string) (f *life, said *[]string) {
	said = new([]string)
	f = &life{log: slog.New(slog.DiscardHandler), claim: claim{Run: "run of " + strings.Join(names, ""), Host: "here", Began: time.Unix(1, 0)},
		l: Launch{Say: func(line string) { *said = append(*said, line) }}}
	for _, name := range names {
		f.nodes = append(f.nodes, &node.Node{Name: name, Remote: &remote.Local{Node: name}, State: dir})
	}
	return f, said
}

// leave writes a claim as somebody else may have left it.
func leave(t *testing.T, dir string, c claim) {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "run"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Without this two runs on one node could heal each other's faults and wipe each other's databases, each blaming its own.
func TestClaims(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("whether a process lives is told by /proc, which isn't here")
	}
	sleeper := exec.Command("sleep", "60")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = sleeper.Process.Kill(), sleeper.Wait() }) // it was killed
	living := ownerOf(sleeper.Process.Pid)
	dead, elsewhere := living, living
	dead.Ticked += "0"
	elsewhere.Boot = "another"
	for _, row := range []struct {
		name          string
		left          *claim
		refused, told string // "" for neither
	}{
		{"a node that nobody has", nil, "", ""},
		{"a living run of this machine", &claim{Run: "x", owner: living}, "another run works there", ""},
		{"one that was killed", &claim{Run: "x", owner: dead}, "", ""},
		{"one that has ended", &claim{Run: "x", owner: living, Ended: true}, "", ""},
		{"an earlier one of this process", &claim{Run: "x", owner: ownerOf(os.Getpid())}, "", ""},
		{"one of another machine", &claim{Run: "x", owner: elsewhere, Host: "other"}, "", "a run of the machine other"},
		{"one that can't be told", &claim{Run: "x", Host: "other"}, "", "a run of the machine other"},
	} {
		dir := t.TempDir()
		if row.left != nil {
			leave(t, dir, *row.left)
		}
		f, said := claimant(dir, "n1")
		err := f.claimNodes(t.Context())
		if row.refused == "" && err != nil || row.refused != "" && (err == nil || !strings.Contains(err.Error(), row.refused)) {
			t.Errorf("%s: error is %v, want %q", row.name, err, row.refused)
		}
		if got := strings.Join(*said, ""); got != "" != (row.told != "") || !strings.Contains(got, row.told) {
			t.Errorf("%s: was told %q, want %q", row.name, got, row.told)
		}
		if err == nil {
			if err := f.endClaims(t.Context()); err != nil {
				t.Errorf("%s: at the end: %v", row.name, err)
			}
			if now, err := f.claimed(t.Context()); err != nil || !now["n1"].Ended {
				t.Errorf("%s: the claim is %+v (%v), want an ended one", row.name, now, err)
			}
		}
	}
}

// Without this a run whose node was taken by another one, which nobody could refuse, would have a verdict like any other.
func TestLostClaim(t *testing.T) {
	dir := t.TempDir()
	f, _ := claimant(dir, "n1")
	if err := f.claimNodes(t.Context()); err != nil {
		t.Fatal(err)
	}
	leave(t, dir, claim{Run: "y", Host: "other"})
	if err := f.endClaims(t.Context()); err == nil || !strings.Contains(err.Error(), "another run took the node meanwhile, from other") {
		t.Errorf("error is %v", err)
	}
	if now, err := f.claimed(t.Context()); err != nil || now["n1"].Run != "y" || now["n1"].Ended {
		t.Errorf("the other's claim is %+v (%v)", now, err)
	}
}

// Without this a machine that a plan names twice would be set up twice at once, and wiped by itself.
func TestNodeNamedTwice(t *testing.T) {
	f, _ := claimant(t.TempDir(), "a", "b")
	if err := f.claimNodes(t.Context()); err == nil || !strings.Contains(err.Error(), "the same machine") {
		t.Errorf("error is %v", err)
	}
}
