package lab_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jcheck/cmd/jcollect/internal/lab"
)

// Without this a lab could be looked for outside of its folder, or a broken one end with a wrong message or a panic.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"", ".", "..", "../x", "a/b", "-x", "a b", "a\nb", strings.Repeat("x", 61)} {
		if _, err := lab.Open(dir, name); err == nil || !strings.Contains(err.Error(), "can't be the name of a lab") {
			t.Errorf("%q gave %v", name, err)
		}
	}
	if _, err := lab.Open(dir, "gone"); err == nil || !strings.Contains(err.Error(), "there is no lab gone (hint: ") {
		t.Errorf("a lab that isn't there gave %v", err)
	}
	// Its maker was killed between two steps: it has no processes, and can be ended.
	early := filepath.Join(dir, "early")
	if err := os.Mkdir(early, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := lab.Open(dir, "early")
	if err != nil || l.Alive() != 0 || len(l.Nodes()) != 0 {
		t.Errorf("a lab that is a folder alone is %+v, %v", l, err)
	}
	broken := filepath.Join(dir, "broken")
	if err := os.Mkdir(broken, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "lab.json"), []byte(`{"room": 5`), 0o600); err != nil {
		t.Fatal(err)
	}
	labs, err := lab.List(dir)
	if len(labs) != 1 || labs[0].Name() != "early" || err == nil || !strings.Contains(err.Error(), "lab.json") {
		t.Errorf("the list is %v, %v", labs, err)
	}
	t.Setenv(lab.Variable, broken)
	if l, err := lab.Current(); l != nil || err == nil || !strings.Contains(err.Error(), lab.Variable+"="+broken) {
		t.Errorf("the room of a broken lab is %v, %v", l, err)
	}
	t.Setenv(lab.Variable, "")
	if l, err := lab.Current(); l != nil || err != nil {
		t.Errorf("no room is %v, %v", l, err)
	}
}

// Without this a machine that can have no lab could be told of one lack at a time, or not how to mend it.
func TestMissingSaysAll(t *testing.T) {
	err := &lab.MissingError{Lacks: []lab.Lack{{What: "no sshd", Hint: "apt-get install openssh-server"}, {What: "no program ip", Hint: "apt-get install iproute2"}}}
	want := "a lab can't be made here: no sshd (hint: apt-get install openssh-server); no program ip (hint: apt-get install iproute2)"
	if got := err.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	t.Setenv("PATH", t.TempDir())
	for _, l := range append(lab.Missing(lab.KindNamespace), lab.Missing(lab.KindUML)...) {
		if l.What == "" || l.Hint == "" {
			t.Errorf("%+v says not enough", l)
		}
	}
}
