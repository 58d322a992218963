//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeDrawer is a shell script in a folder of its own.
func fakeDrawer(t *testing.T, name, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	text := "#!/bin/sh\nPATH=/usr/local/bin:/usr/bin:/bin\n" + script + "\n"
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// Scripts in the drawer's protocol.
const (
	greets  = "echo 'jcheck-draw 1'\n"
	listens = greets + "read n; head -c \"$n\" > /dev/null\n"
)

// badDrawers are drawers in every kind of trouble. The limits of the tests are a second and 40 MB.
var badDrawers = [...]struct{ name, script, want string }{
	{"hangs", listens + "sleep 60", "took too long"},
	{"hangs in a child", listens + "sleep 60 & wait", "took too long"},
	{"never greets", "sleep 60", "took too long"},
	{"greets wrongly", "echo hello", "greeted with"},
	{"crashes at once", "echo 'no more wheels' >&2; exit 3", "no more wheels"},
	{"crashes at work", listens + "kill -9 $$", "ended without an answer"},
	{"prints garbage", greets + "head -c 100000 /dev/zero; sleep 60", "answer"},
	{"prints for ever", greets + "yes", "instead of a drawing"},
	{"lies about its length", listens + "echo 'svg 99999999999'; sleep 60", "instead of a drawing"},
	{"stops early", listens + "printf 'svg 100\\n<svg>'", "in the middle of a drawing"},
	{"says no", listens + "printf 'error 4\\nnope'", "nope"},
	{"eats memory", listens + "x=$(head -c 100000000 /dev/zero | tr '\\0' x); sleep 60", "memory"},
	{"draws something else", listens + "printf 'svg 6\\n<svg/>'; sleep 60", ""},
	{"draws no XML", listens + "printf 'svg 5\\n<<<<<'; sleep 60", ""},
}

// TestBadDrawers checks that a drawer in trouble is an error in time. Without it, a drawer that hangs could hang jcheck,
// and one that eats memory could take the machine along.
func TestBadDrawers(t *testing.T) {
	for _, c := range badDrawers {
		if c.want == "" {
			continue // render finds out, not the drawer
		}
		t.Run(c.name, func(t *testing.T) {
			// A file that a process being started elsewhere inherits open for writing can't be run: write first.
			path := fakeDrawer(t, "jcheck-draw", c.script)
			t.Parallel()
			if _, err := os.Stat("/proc/self/statm"); err != nil && c.name == "eats memory" {
				t.Skip("nothing tells here how much memory a process has")
			}
			d := &drawer{path: path, server: true, slots: make(chan struct{}, 1), scratch: t.TempDir()}
			d.limits = drawLimits{start: time.Second, draw: time.Second, memory: 40 << 20}
			if c.name == "eats memory" {
				d.limits.draw = 20 * time.Second // the machine may be busy
			}
			begin := time.Now()
			_, err := d.Draw(context.Background(), []byte("digraph {}"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want something about %q", err, c.want)
			}
			if took := time.Since(begin); took > 15*time.Second {
				t.Errorf("took %s", took)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDrawerServes checks that one process draws many graphs, and that a stopped one is replaced. Without it, each
// drawing could pay for a start.
func TestDrawerServes(t *testing.T) {
	starts := filepath.Join(t.TempDir(), "starts")
	script := "echo x >> " + starts + "\n" + greets + `while read n; do head -c "$n" > /dev/null; printf 'svg 4\n<a/>'; done`
	d := &drawer{path: fakeDrawer(t, "jcheck-draw", script), server: true, slots: make(chan struct{}, 1), scratch: t.TempDir()}
	d.limits = drawLimits{start: 20 * time.Second, draw: 20 * time.Second, memory: 1 << 40}
	for range maxPerDrawer + 1 {
		if svg, err := d.Draw(context.Background(), []byte("digraph {}")); err != nil || string(svg) != "<a/>" {
			t.Fatalf("got %q, %v", svg, err)
		}
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(starts)
	if err != nil || string(text) != "x\nx\n" {
		t.Errorf("started %d times, want 2: %v", len(text)/2, err)
	}
}

// TestDrawerGivesUp checks that a drawer that fails again and again is left alone, and that the end of the context ends
// a drawing. Without it, a hanging drawer would cost its time for each of many graphs, and an interrupt would wait for it.
func TestDrawerGivesUp(t *testing.T) {
	d := &drawer{path: fakeDrawer(t, "dot", "exit 1"), slots: make(chan struct{}, 1)}
	d.limits = drawLimits{draw: 20 * time.Second, memory: 1 << 40}
	var err error
	for range maxFailures + 1 {
		_, err = d.Draw(context.Background(), nil)
	}
	if err == nil || !strings.Contains(err.Error(), "not asked again") {
		t.Errorf("got %v after %d failures", err, maxFailures)
	}
	d = &drawer{path: fakeDrawer(t, "dot", "sleep 60"), slots: make(chan struct{}, 1), limits: d.limits}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err = d.Draw(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's end", err)
	}
}

// TestGraphvizDraws checks the system's dot: what it prints is taken, up to a limit, and why it fails is told. Without
// it, machines with Graphviz but without jcheck-draw could get no pictures.
func TestGraphvizDraws(t *testing.T) {
	for _, c := range [...]struct{ script, want, err string }{
		{"cat > /dev/null; echo '<svg/>'", "<svg/>\n", ""},
		{"echo 'syntax error in line 1' >&2; exit 1", "", "dot: syntax error in line 1"},
		{"yes", "", "has more than"},
		{"sleep 60", "", "took too long"},
	} {
		d := &drawer{path: fakeDrawer(t, "dot", c.script), slots: make(chan struct{}, 1)}
		d.limits = drawLimits{draw: 3 * time.Second, memory: 1 << 40}
		svg, err := d.Draw(context.Background(), []byte("digraph {}"))
		if string(svg) != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %.20q, %v, want %q, %q", c.script, svg, err, c.want, c.err)
		}
	}
}

// TestNoDrawerChangesAVerdict checks the whole command with each bad drawer. Without it, a drawing could cost a verdict.
func TestNoDrawerChangesAVerdict(t *testing.T) {
	const history = `{:index 0, :type :ok, :process 0, :f :txn, :value [[:append :x 1] [:r :y [1]]]}
{:index 1, :type :ok, :process 1, :f :txn, :value [[:append :y 1] [:r :x [1]]]}
`
	path := filepath.Join(t.TempDir(), "h.edn")
	if err := os.WriteFile(path, []byte(history), 0o644); err != nil {
		t.Fatal(err)
	}
	cases := append([]struct{ name, script, want string }{{"none", "", "neither jcheck-draw nor dot was found"}}, badDrawers[:]...)
	for _, c := range cases {
		if strings.Contains(c.script, "sleep 60") && c.want != "" || c.name == "eats memory" {
			continue // the drawer's own test has them with shorter limits
		}
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if c.script != "" {
				dir = filepath.Dir(fakeDrawer(t, "jcheck-draw", c.script))
			}
			t.Setenv("PATH", dir)
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			out := filepath.Join(t.TempDir(), "out")
			var stdout, stderr bytes.Buffer
			code := run([]string{"elle", "-q", "--out", out, path}, nil, &stdout, &stderr)
			if code != exitInvalid || !strings.HasPrefix(stdout.String(), "INVALID") {
				t.Errorf("exit %d, %s", code, stdout.String())
			}
			if !strings.Contains(stderr.String(), "could not be drawn") || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("stderr says %q, want why there is no drawing: %q", stderr.String(), c.want)
			}
			if _, err := os.Stat(filepath.Join(out, "G1c", "0.dot")); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(out, "G1c", "0.svg")); err == nil {
				t.Error("there is a drawing nevertheless")
			}
		})
	}
}
