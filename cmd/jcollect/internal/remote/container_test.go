package remote

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeEngine puts a docker first in PATH whose only container is this machine, and that keeps its arguments. What it says
// otherwise is what Docker and Podman say.
func fakeEngine(t *testing.T, program string) (args string) {
	t.Helper()
	dir := t.TempDir()
	args = filepath.Join(dir, "args")
	script := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$@\" >%s\n", Quote(args)) + `
[ "$1 $2" = "exec -i" ] || { echo "unknown: $1 $2" >&2; exit 125; }
shift 2
if [ "$1" = -u ]; then shift 2; fi
[ "$1" = -- ] && shift
case $1 in
db-1) shift; exec "$@";;
dies) shift; exec timeout -s KILL 1 "$@";;
stopped) echo "Error response from daemon: Container 4f66ad9a is not running" >&2; exit 1;;
no-shell) echo 'OCI runtime exec failed: exec failed: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown' >&2; exit 126;;
hangs) case "$*" in *killed*) exit 1;; esac; exec sleep 60;; # whoever would kill it isn't answered either
esac
echo "Error: No such container: $1" >&2; exit 1
`
	if err := os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return args
}

// Without this a container could treat values, endings, input or files otherwise than other nodes, or be the wrong one.
func TestContainer(t *testing.T) {
	args := fakeEngine(t, "podman")
	checkRemote(t, &Container{Program: "podman", Node: "n1", Name: "db-1"})
	k := &Container{Program: "podman", Node: "n1", Name: "db-1", User: "postgres"}
	if _, err := k.Exec(t.Context(), Command{Args: []string{"true"}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(args)
	if err != nil || !strings.HasPrefix(string(text), "exec\n-i\n-u\npostgres\n--\ndb-1\n/bin/sh\n-c\n") {
		t.Errorf("podman was called with %q, %v", text, err)
	}
	k.User = ""
	if _, err := k.Exec(t.Context(), Command{Args: []string{"true"}, User: "redis"}); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(args); err != nil || !strings.HasPrefix(string(text), "exec\n-i\n-u\nredis\n--\ndb-1\n") || strings.Contains(string(text), "sudo") {
		t.Errorf("as another user podman was called with %q, %v", text, err)
	}
}

// Without this a container that isn't there, or stopped in the middle of a command, would look like a command that failed
// by itself: a script that says "no", say, by which a run goes on.
func TestEnginesThatRefuse(t *testing.T) {
	fakeEngine(t, "docker")
	for name, want := range map[string]string{
		"other":    "No such container: other (hint: docker ps -a",
		"stopped":  "is not running (hint: docker start stopped)",
		"no-shell": "(hint: the image must have a shell",
	} {
		_, err := (&Container{Program: "docker", Node: "n1", Name: name}).Exec(t.Context(), Command{Args: []string{"true"}})
		var lost *LostError
		if !errors.As(err, &lost) || lost.Started || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gave %v, want that it didn't start, and %q", name, err, want)
		}
	}
	k := &Container{Program: "docker", Node: "n1", Name: "dies"}
	_, err := k.Exec(t.Context(), Command{Script: "echo half >&2; sleep 20"})
	var lost *LostError
	if !errors.As(err, &lost) || !lost.Started {
		t.Errorf("a container that stopped meanwhile gave %v", err)
	}
	k.Name = "hangs"
	if _, err = k.Exec(t.Context(), Command{Args: []string{"true"}, Timeout: 500 * time.Millisecond}); !errors.As(err, &lost) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an engine that doesn't answer gave %v", err)
	}
	k.Program = "no-such-engine-here"
	if _, err := k.Exec(t.Context(), Command{Args: []string{"true"}}); !errors.As(err, &lost) || lost.Started || !strings.Contains(err.Error(), "hint: install") {
		t.Errorf("without the engine: %v", err)
	}
}

// Without this the seals could be taken for what a command said, or what it said for seals.
func TestSealsAreTakenOut(t *testing.T) {
	fakeEngine(t, "docker")
	k := &Container{Program: "docker", Node: "n1", Name: "db-1"}
	for _, want := range []string{"", "x", "x\n", "\n", "a\n\n", strings.Repeat("x", 100000)} {
		r, err := k.Exec(t.Context(), Command{Script: `printf %s "$1" >&2; exit 7`, Args: []string{want}})
		var exit *ExitError
		if !errors.As(err, &exit) || r.Exit != 7 || string(r.Stderr) != want {
			t.Errorf("%.20q came back as %.20q (%d bytes), %v", want, r.Stderr, len(r.Stderr), err)
		}
	}
	for _, size := range []int{maxOutputBytes - 60, maxOutputBytes - 10, maxOutputBytes + 1, maxOutputBytes + 20000} {
		r, err := k.Exec(t.Context(), Command{Script: `head -c "$1" /dev/zero >&2; exit 3`, Args: []string{fmt.Sprint(size)}})
		if r.Exit != 3 || len(r.Stderr) > maxOutputBytes {
			t.Errorf("after %d bytes of errors: status %d, %d bytes kept, %.100q", size, r.Exit, len(r.Stderr), err)
		}
	}
}

// checkKills runs a command that can't be ended kindly, and whose child has left its group, until its time is up.
func checkKills(t *testing.T, r Remote) {
	t.Helper()
	mark := filepath.Join(t.TempDir(), "alive")
	_, err := r.Exec(t.Context(), Command{Timeout: time.Second, Args: []string{mark},
		Script: `trap '' TERM HUP INT; setsid sh -c 'trap "" TERM; while :; do echo >>"$1"; sleep 0.05; done' sh "$1" & wait`})
	var lost *LostError
	if !errors.As(err, &lost) || !lost.Started || !lost.Killed {
		t.Errorf("the command gave %v, want that it was killed", err)
	}
	before, err := os.ReadFile(mark)
	if err != nil || len(before) == 0 {
		t.Fatalf("the child didn't run: %v", err)
	}
	time.Sleep(300 * time.Millisecond)
	if after, err := os.ReadFile(mark); err != nil || len(after) != len(before) {
		t.Errorf("the child runs on: %v", err)
	}
	if _, err := r.Exec(t.Context(), Command{Args: []string{"true"}}); err != nil {
		t.Errorf("the next command: %v", err)
	}
}

// Without this a command whose time is up could run on: a script that waits for a port that never opens, say, and its
// children would meet the next try.
func TestSlowCommandsAreKilled(t *testing.T) {
	fakeEngine(t, "docker")
	checkKills(t, &Local{Node: "here"})
	checkKills(t, &Container{Program: "docker", Node: "n1", Name: "db-1"})
	_, hostKey := newKey(t, "ed25519")
	s := newServer(t, byPassword("open"), hostKey)
	r := node(t, reach(t, s))
	checkKills(t, r)
	if n := s.dials.Load(); n != 1 {
		t.Errorf("a slow command cost the connection: %d were made", n)
	}
}
