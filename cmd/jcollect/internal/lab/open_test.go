package lab_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
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

// Without this a machine that could have no lab could be told of one lack at a time, or not how to mend all of them.
func TestMissingSaysAll(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := &lab.MissingError{Lacks: []lab.Lack{{What: "only root may make namespaces", Hint: "sudo jcollect ..."},
		{What: "no program mount", Packages: []string{"mount"}}, {What: "no program umount", Packages: []string{"mount"}},
		{What: "not installed: redis-server", Packages: []string{"redis-server"}}}}
	want := "a lab can't be made here: only root may make namespaces; no program mount; no program umount; not installed: redis-server " +
		"(hint: sudo jcollect ...; apt-get update && apt-get install --no-install-recommends mount redis-server)"
	if got := err.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, l := range append(lab.Missing(lab.KindNamespace), lab.Missing(lab.KindUML)...) {
		if l.What == "" || l.Hint == "" && len(l.Packages) == 0 {
			t.Errorf("%+v says not enough", l)
		}
	}
	programs(t, map[string]string{"dnf": "exit 0"})
	if got, want := lab.Installing([]string{"iproute2", "openssh-server"}), "dnf install iproute openssh-server"; got != want {
		t.Errorf("with dnf: got %q, want %q", got, want)
	}
}

// programs makes a PATH of programs that are scripts.
func programs(t *testing.T, scripts map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

// Without this a lab could be made on a machine that lacks the database, where its nodes, without a way out, try in vain
// to install it.
func TestMissingPackages(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("labs need Linux")
	}
	programs(t, map[string]string{"dpkg-query": `case "$5" in there) printf installed;; gone) printf config-files;; *) exit 1;; esac`})
	o := lab.Options{Dir: t.TempDir(), Packages: []string{"there", "gone", "there=1.2", "never=3", "gone"}}
	_, err := lab.Up(t.Context(), o)
	var missing *lab.MissingError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v, want all that is missing", err)
	}
	last := missing.Lacks[len(missing.Lacks)-1]
	if want := "not installed: gone, never=3"; last.What != want || strings.Join(last.Packages, " ") != "gone never=3" {
		t.Errorf("got %+v, want %q", last, want)
	}
	if left, err := os.ReadDir(o.Dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
