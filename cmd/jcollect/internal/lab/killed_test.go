//go:build linux

package lab_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/lab/labtest"
)

// makerVariable asks this program to make a lab in a folder and then to wait, until it is killed.
const makerVariable = "JCOLLECT_TEST_LAB_MAKER"

// onceVariable asks it to end the lab at once, and to print its notes.
const onceVariable = "JCOLLECT_TEST_LAB_ONCE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(makerVariable); dir != "" {
		l, err := lab.Up(context.Background(), lab.Options{Nodes: 3, Name: "killed", Dir: dir})
		if os.Getenv(onceVariable) == "" {
			time.Sleep(time.Minute)
		}
		if err == nil {
			fmt.Println(strings.Join(l.Notes(), "\n"))
			err = l.Down(context.Background())
		}
		fmt.Println("ended with", err)
		return
	}
	os.Exit(m.Run())
}

// Without this a lab whose maker was killed, at whatever moment, could leave processes that nobody knows.
func TestKilledMaker(t *testing.T) {
	labtest.Need(t)
	for i := range 16 {
		dir := t.TempDir()
		maker := exec.Command(os.Args[0])
		maker.Env = append(os.Environ(), makerVariable+"="+dir)
		if err := maker.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 20 * time.Millisecond)
		if err := maker.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = maker.Wait() // it was killed
		labs, err := lab.List(dir)
		if err != nil {
			t.Error(err)
		}
		for _, l := range labs {
			t.Logf("killed after %d ms: %d of %d nodes are up", i*20, l.Alive(), len(l.Nodes()))
			labtest.Down(t, l)
		}
		if left := naming(t, dir); len(left) > 0 {
			t.Errorf("killed after %d ms: left %q", i*20, left)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Errorf("killed after %d ms: left the files %v, %v", i*20, files, err)
		}
	}
}

// Without this a run that is killed while it makes its lab would leave what there is of it, until somebody looks.
func TestKeeper(t *testing.T) {
	labtest.Need(t)
	for i := range 4 {
		dir := t.TempDir()
		maker := exec.Command(os.Args[0])
		maker.Env = append(os.Environ(), makerVariable+"="+dir)
		in, told := io.Pipe()
		kept := make(chan error, 1)
		go func() { kept <- lab.Keep(in, dir, "killed") }()
		if err := maker.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 80 * time.Millisecond)
		if err := maker.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = maker.Wait() // it was killed
		if err := told.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-kept; err != nil {
			t.Errorf("killed after %d ms: %v", i*80, err)
		}
		if left := naming(t, dir); len(left) > 0 {
			t.Errorf("killed after %d ms: left %q", i*80, left)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
			t.Errorf("killed after %d ms: left the files %v, %v", i*80, files, err)
		}
	}
	if err := lab.Keep(strings.NewReader("run 1\n"), t.TempDir(), "x"); err == nil {
		t.Error("a line that says nothing is taken")
	}
}

// Without this a machine whose files lie on an overlay already, a container, could have no lab, or a full memory and no
// word why.
func TestLabOnOverlay(t *testing.T) {
	labtest.Need(t)
	dir := t.TempDir()
	// The mount goes with the namespace in which the maker runs.
	maker := exec.CommandContext(t.Context(), "unshare", "-m", "sh", "-c", `cd "$1" && mkdir lower upper work at &&
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work at && exec "$2"`, "sh", dir, os.Args[0])
	maker.Env = append(os.Environ(), makerVariable+"="+dir+"/at/labs", onceVariable+"=1")
	out, err := maker.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "ended with <nil>") {
		t.Errorf("a lab on an overlay: %v: %s", err, out)
	}
	// Some kernels carry an overlay on an overlay, and then there is nothing to tell.
	if notes := strings.Count(string(out), "is kept in memory"); notes != 3 && notes != 0 {
		t.Errorf("%d of 3 nodes tell of their memory: %s", notes, out)
	}
	if left := naming(t, dir); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

// naming are the processes whose command line names a folder. Those that wait to be let go end by themselves, in a moment.
func naming(t *testing.T, dir string) (left []string) {
	t.Helper()
	for range 100 {
		left = nil
		files, err := filepath.Glob("/proc/[0-9]*/cmdline")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if text, err := os.ReadFile(f); err == nil && strings.Contains(string(text), dir) {
				left = append(left, strings.ReplaceAll(string(text), "\x00", " "))
			}
		}
		if len(left) == 0 {
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return left
}

// Without this a node that can't start would hang the making of a lab, or leave the others behind, or say nothing.
func TestUpFails(t *testing.T) {
	labtest.Need(t)
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := lab.Up(ctx, lab.Options{Nodes: 5, Dir: dir}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too little time gave %v", err)
	}
	for _, o := range []lab.Options{{Nodes: 65}, {Nodes: -1}, {Name: "a b"}, {Name: "../x"}, {Name: "-x"}, {Name: ".x"}, {Dir: dir + "/a,b"}, {Dir: dir + "/a b"},
		{Dir: "/proc/no"}} {
		if o.Dir == "" {
			o.Dir = dir
		}
		if _, err := lab.Up(t.Context(), o); err == nil {
			t.Errorf("%+v is up", o)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("left %v, %v", files, err)
	}
	if left := naming(t, dir); len(left) > 0 {
		t.Errorf("left %q", left)
	}
}

// Without this a client that a killed run left in the room would live on without the lab.
func TestDownEndsGuests(t *testing.T) {
	l := labtest.Up(t, 1)
	guest := exec.Command("sleep", "60")
	if err := l.Start(guest); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- guest.Wait() }()
	labtest.Down(t, l)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("the guest lives on")
		_ = guest.Process.Kill() // it is ours
	}
	if err := l.Down(t.Context()); err != nil {
		t.Errorf("the second end: %v", err)
	}
	if err := l.Start(exec.Command("true")); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("a program in a lab that is gone gave %v", err)
	}
	if _, err := l.Dial(t.Context(), "tcp", "n1:22"); err == nil {
		t.Error("a lab that is gone was reached")
	}
}

// Without this power that comes and goes could leave a node without its network or its disk, or end another.
func TestPower(t *testing.T) {
	l := labtest.Up(t, 3)
	say(t, labtest.Remote(t, l, "n2"), "echo kept >/var/lib/kept; sync")
	for range 3 {
		if err := l.Stop(t.Context(), "n2"); err != nil {
			t.Fatal(err)
		}
		if got := l.Alive(); got != 2 {
			t.Errorf("%d nodes are up, want 2", got)
		}
		if err := l.Restart(t.Context(), "n2"); err != nil {
			t.Fatal(err)
		}
		if got := say(t, labtest.Remote(t, l, "n1"), "ping -c1 -W2 n2 >/dev/null && echo y"); got != "y" {
			t.Error("n1 doesn't see n2")
		}
	}
	if got := say(t, labtest.Remote(t, l, "n2"), "cat /var/lib/kept"); got != "kept" {
		t.Errorf("the disk says %q", got)
	}
	other, err := lab.Open("", l.Name())
	if err != nil || other.Alive() != 3 {
		t.Errorf("another process sees %+v, %v", other, err)
	}
	if err := l.Stop(t.Context(), "n9"); err == nil {
		t.Error("a node that isn't there was stopped")
	}
}
