package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/lab/labtest"
)

// jcollectProgram builds the command once for a test.
func jcollectProgram(t *testing.T) string {
	t.Helper()
	path := t.TempDir() + "/jcollect"
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// Without this a lab that one command makes could be unknown to the next, or its end leave something.
func TestLabByCommands(t *testing.T) {
	labtest.Need(t)
	dir := t.TempDir()
	program := jcollectProgram(t)
	run := func(wantExit int, args ...string) (string, string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, append([]string{"lab", "--dir", dir}, args...)...)
		var out, errOut bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errOut
		err := cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != wantExit {
			t.Errorf("lab %q exits with %d, want %d: %v: %s", args, got, wantExit, err, errOut.String())
		}
		return out.String(), errOut.String()
	}
	t.Cleanup(func() {
		labs, err := lab.List(dir)
		if err != nil {
			t.Error(err)
		}
		for _, l := range labs {
			labtest.Down(t, l)
		}
	})
	if out, _ := run(0, "up", "2", "--name", "a"); !strings.HasPrefix(out, "lab a: n1, n2 are up") {
		t.Errorf("up says %q", out)
	}
	if _, said := run(254, "up", "2", "--name", "a"); !strings.Contains(said, "there is a lab a already (hint") {
		t.Errorf("a second one says %q", said)
	}
	if out, _ := run(0, "exec", "--", "sh", "-c", "getent hosts n2 | wc -l; ssh -F $JCOLLECT_LAB/ssh_config n2 hostname"); out != "1\nn2\n" {
		t.Errorf("the room says %q", out)
	}
	run(3, "exec", "--", "sh", "-c", "exit 3")
	if _, said := run(254, "shell", "n9"); !strings.Contains(said, `no node "n9" (hint: n1, n2)`) {
		t.Errorf("a node that isn't there: %q", said)
	}
	run(0, "exec", "--", "sh", "-c", `ssh -F $JCOLLECT_LAB/ssh_config n1 'echo "sleep 2" >/root/.bashrc; usermod -s /bin/bash root'`)
	if out, _ := run(1, "exec", "--", program, "nodes"); !strings.Contains(out, "is ~/.bashrc slow?") {
		t.Errorf("a slow shell is told of as\n%s", out)
	}
	run(0, "stop", "n2")
	run(0, "up", "1", "--name", "b")
	if out, _ := run(0, "list"); !strings.Contains(out, "\na    2      1 ") || !strings.Contains(out, "\nb    1      1 ") {
		t.Errorf("the list is\n%s", out)
	}
	if _, said := run(254, "down"); !strings.Contains(said, "which lab? (hint: --name a, or --name b)") {
		t.Errorf("down says %q", said)
	}
	run(0, "start", "--name", "a", "n2")
	if out, _ := run(0, "down", "--all"); out != "lab a is gone\nlab b is gone\n" {
		t.Errorf("down says %q", out)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("left %v, %v", files, err)
	}
}
