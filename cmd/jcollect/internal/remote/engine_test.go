//go:build linux

package remote

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"jcheck/cmd/jcollect/internal/remote/enginetest"
)

// Without this containers would be known from a script that pretends to be an engine, and not with what Docker and Podman
// do: with the status, output, input and signals of commands, and when a container isn't there, stops or is paused.
func TestEngines(t *testing.T) {
	for _, program := range enginetest.Programs {
		t.Run(program, func(t *testing.T) {
			e := enginetest.Need(t, program)
			e.Run(t, "n1")
			k := &Container{Program: program, Node: "n1", Name: e.Name("n1")}
			t.Run("hostile values", func(t *testing.T) { checkHostileAtOnce(t, k) })
			checkOther(t, k)
			t.Run("kills", func(t *testing.T) { checkKills(t, k) })
			t.Run("kills of others", func(t *testing.T) { checkKillsOfOthers(t, k) })
			t.Run("users", func(t *testing.T) { checkUsers(t, k) })
			t.Run("large", func(t *testing.T) { checkLarge(t, k) })
			t.Run("at once", func(t *testing.T) { checkAtOnce(t, k) })
			t.Run("refused by the engine", func(t *testing.T) { checkEngineRefuses(t, e, *k) })
			t.Run("stops meanwhile", func(t *testing.T) { checkStops(t, e, k) })
		})
	}
}

// checkHostileAtOnce sends all hostile values in one command: an engine takes its time for each. Some values are no UTF-8,
// so that the whole line isn't; without them it goes as it is.
func checkHostileAtOnce(t *testing.T, k *Container) {
	dir := hostileDir(t)
	for _, values := range [][]string{hostile, slices.DeleteFunc(slices.Clone(hostile), func(s string) bool { return !utf8.ValidString(s) })} {
		want := strings.Join(values, "\x00") + "\x00"
		res, err := k.Exec(t.Context(), Command{Script: `printf '%s|%s|' "$PWD" "$x"; printf '%s\0' "$@"; cat`, Args: values, Dir: dir,
			Env: []string{"x=" + strings.ReplaceAll(want, "\x00", "|")}, Stdin: strings.NewReader(want)})
		if got, want := string(res.Stdout), dir+"|"+strings.ReplaceAll(want, "\x00", "|")+"|"+want+want; err != nil || got != want {
			t.Errorf("the command saw\n%q, want\n%q; %v", got, want, err)
		}
	}
}

// checkUsers runs commands as root, as somebody else, and as nobody that there is.
func checkUsers(t *testing.T, k *Container) {
	for user, want := range map[string]string{"": "0", "root": "0", "daemon": "1", "65534": "65534"} {
		r, err := k.Exec(t.Context(), Command{Args: []string{"id", "-u"}, User: user})
		if got := strings.TrimSpace(string(r.Stdout)); got != want {
			t.Errorf("user %q is %q, want %s; %v", user, got, want, err)
		}
	}
	_, err := k.Exec(t.Context(), Command{Args: []string{"id"}, User: "no-such-user"})
	var lost *LostError
	if !errors.As(err, &lost) || lost.Started || !strings.Contains(err.Error(), "no-such-user") {
		t.Errorf("a user that isn't there gave %v", err)
	}
}

// checkKillsOfOthers runs a command as another user until its time is up.
func checkKillsOfOthers(t *testing.T, k *Container) {
	_, err := k.Exec(t.Context(), Command{Script: "trap '' TERM HUP INT; while :; do sleep 0.1; done", User: "daemon", Timeout: 2 * time.Second})
	var lost *LostError
	if !errors.As(err, &lost) || !lost.Killed {
		t.Errorf("another user's command gave %v, want that it was killed", err)
	}
	if r, err := k.Exec(t.Context(), Command{Script: "pgrep -u daemon; true"}); err != nil || len(r.Stdout) > 0 {
		t.Errorf("another user's command runs on: %s %v", r.Stdout, err)
	}
}

// checkLarge copies 80 MB there and back, and reads them slowly: an engine passes output on in pieces of its own.
func checkLarge(t *testing.T, k *Container) {
	dir := t.TempDir()
	from, back, there := filepath.Join(dir, "from"), filepath.Join(dir, "back"), "/tmp/80 MB"
	block := make([]byte, 1<<20)
	if _, err := rand.Read(block); err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat(block, 80)
	if err := os.WriteFile(from, want, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.Upload(t.Context(), File{Local: from, Remote: there}); err != nil {
		t.Fatal(err)
	}
	if err := k.Download(t.Context(), File{Local: back, Remote: there}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(back)
	if err != nil || sha256.Sum256(got) != sha256.Sum256(want) {
		t.Errorf("80 MB came back as %d bytes, %v", len(got), err)
	}
	slow := new(slowWriter)
	if _, err := k.Exec(t.Context(), Command{Args: []string{"head", "-c", "3000000", there}, Stdout: slow}); err != nil || slow.bytes != 3000000 {
		t.Errorf("a slow reader got %d bytes of 3000000, %v", slow.bytes, err)
	}
}

// A slowWriter takes its time.
type slowWriter struct{ bytes int }

// Write never fails.
func (w *slowWriter) Write(p []byte) (int, error) {
	time.Sleep(5 * time.Millisecond)
	w.bytes += len(p)
	return len(p), nil
}

// checkAtOnce runs many commands at the same time, and each gets its own output.
func checkAtOnce(t *testing.T, k *Container) {
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			want := strings.Repeat(string(rune('a'+i)), 50000)
			r, err := k.Exec(t.Context(), Command{Args: []string{"cat"}, Stdin: strings.NewReader(want)})
			if err != nil || string(r.Stdout) != want {
				t.Errorf("command %d got %d bytes back, %v", i, len(r.Stdout), err)
			}
		})
	}
	wg.Wait()
}

// checkEngineRefuses wants to be told what is wrong, and that nothing was started.
func checkEngineRefuses(t *testing.T, e *enginetest.Engine, k Container) {
	wrong := func(what, want string) {
		t.Helper()
		began := time.Now()
		_, err := k.Exec(t.Context(), Command{Args: []string{"true"}, Timeout: 20 * time.Second})
		var lost *LostError
		if !errors.As(err, &lost) || lost.Started || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gave %v (after %v), want that nothing started, and %q", what, err, time.Since(began), want)
		}
	}
	name := k.Name
	for _, none := range []string{"jcollect-no-such-container", "-x", "a b $(c) 'd'"} {
		k.Name = none
		wrong("a container that isn't there", "(hint: "+k.Program+" ps -a")
	}
	k.Name = name
	e.Do(t, "pause", name)
	wrong("a paused container", "(hint: "+k.Program)
	e.Do(t, "unpause", name)
	e.Do(t, "kill", name)
	wrong("a stopped container", "(hint: "+k.Program+" start "+name)
	e.Do(t, "start", name)
	if k.Program == "docker" {
		t.Setenv("DOCKER_HOST", "unix:///no/such/socket")
		wrong("no dockerd", "does dockerd run?")
	}
}

// checkStops stops the container below a command.
func checkStops(t *testing.T, e *enginetest.Engine, k *Container) {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for range 100 { // until the command has begun
			if _, err := k.Exec(context.Background(), Command{Args: []string{"test", "-e", "/tmp/begun"}}); err == nil {
				break
			}
		}
		e.Do(t, "kill", k.Name)
	}()
	_, err := k.Exec(t.Context(), Command{Script: "echo half; : >/tmp/begun; sleep 60", Timeout: 50 * time.Second})
	<-stopped
	var lost *LostError
	if !errors.As(err, &lost) || !lost.Started || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a container that stopped meanwhile gave %v", err)
	}
	e.Do(t, "start", k.Name)
	if _, err := k.Exec(t.Context(), Command{Args: []string{"true"}}); err != nil {
		t.Errorf("after it was started again: %v", err)
	}
}
