package remote

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeEngine puts a docker first in PATH whose containers are this machine, and that keeps its arguments.
func fakeEngine(t *testing.T, program string) (args string) {
	t.Helper()
	dir := t.TempDir()
	args = filepath.Join(dir, "args")
	script := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$@\" >%s\n", Quote(args)) + `
[ "$1 $2" = "exec -i" ] || { echo "unknown: $1 $2" >&2; exit 125; }
shift 2
if [ "$1" = -u ]; then shift 2; fi
if [ "$1" != "db-1" ]; then echo "Error: No such container: $1" >&2; exit 1; fi
shift
exec "$@"
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
	if err != nil || !strings.HasPrefix(string(text), "exec\n-i\n-u\npostgres\ndb-1\n/bin/sh\n-c\n") {
		t.Errorf("podman was called with %q, %v", text, err)
	}
	k.Name = "other"
	var exit *ExitError
	if _, err := k.Exec(t.Context(), Command{Args: []string{"true"}}); !errors.As(err, &exit) || !strings.Contains(err.Error(), "No such container") {
		t.Errorf("a container that isn't there gave %v", err)
	}
	k.Program = "no-such-engine-here"
	var lost *LostError
	if _, err := k.Exec(t.Context(), Command{Args: []string{"true"}}); !errors.As(err, &lost) || lost.Started || !strings.Contains(err.Error(), "hint: install") {
		t.Errorf("without the engine: %v", err)
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
