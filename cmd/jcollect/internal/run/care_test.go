package run

import (
	"strings"
	"testing"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
)

// Without it a heal could wipe a machine that nobody said may be damaged, because it is no member of the cluster.
func TestRejoinAsksWhetherNodesAreDisposable(t *testing.T) {
	var p plan.Problems
	root := plan.Parse("plan.yaml", []byte(`{nodes: [n1], db: {}, nemesis: {membership: {view: v, remove: r, add: a}}}`), &p)
	var said []string
	f := &life{t: ReadNodes(root, &p), l: Launch{Say: func(text string) { said = append(said, text) }}, nodes: []*node.Node{{Name: "n1"}}}
	if p.Any() {
		t.Fatal(p.Sorted())
	}
	// Whoever is asked for anything here answers with a panic: n1 has no remote.
	if err := f.rejoin(t.Context()); err != nil || len(said) != 1 || !strings.Contains(said[0], "disposable") {
		t.Errorf("got %v, and %q was said", err, said)
	}
}
