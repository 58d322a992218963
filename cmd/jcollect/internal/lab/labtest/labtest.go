// Package labtest gives tests a lab of their own, and looks afterwards whether anything of it is left.
package labtest

import (
	"context"
	"os"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/remote"
)

// The environment variables that let tests make clusters: they take longer than others, and root.
const (
	Variable    = "JCOLLECT_CLUSTER"
	VariableUML = "JCOLLECT_UML"
)

// Up makes a lab that goes with the test. It skips the test, and says why, where labs are not wanted or can't be.
func Up(t testing.TB, nodes int) *lab.Lab {
	t.Helper()
	Need(t)
	return up(t, lab.Options{Nodes: nodes})
}

// UpUML makes a lab whose nodes have a kernel of their own, with the same promise.
func UpUML(t testing.TB, nodes int) *lab.Lab {
	t.Helper()
	need(t, VariableUML, lab.KindUML)
	return up(t, lab.Options{Nodes: nodes, Kind: lab.KindUML})
}

func up(t testing.TB, o lab.Options) *lab.Lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	l, err := lab.Up(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Down(t, l) })
	return l
}

// Need skips the test where labs are not wanted or can't be.
func Need(t testing.TB) {
	t.Helper()
	need(t, Variable, lab.KindNamespace)
}

func need(t testing.TB, variable, kind string) {
	t.Helper()
	if os.Getenv(variable) == "" {
		t.Skip("makes a cluster (hint: " + variable + "=1, as root)")
	}
	if missing := lab.Missing(kind); len(missing) > 0 {
		t.Skip((&lab.MissingError{Lacks: missing}).Error())
	}
}

// Down ends a lab, and fails the test if anything of it is left.
func Down(t testing.TB, l *lab.Lab) {
	t.Helper()
	trace := l.Trace()
	if err := l.Down(context.Background()); err != nil {
		t.Error(err)
	}
	for _, left := range trace.Leftovers() {
		t.Errorf("left after the lab %s: %s", l.Name(), left)
	}
}

// Remote is a node of the lab over SSH, closed with the test.
func Remote(t testing.TB, l *lab.Lab, name string) remote.Remote {
	t.Helper()
	r := remote.NewSSH(l.SSH(name))
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}
