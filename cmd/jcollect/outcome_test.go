package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jcheck/cmd/jcollect/internal/run"
	"jcheck/internal/store"
)

// Without this who has no verdict could be told twice why, or be sent for a log to a node that is gone.
func TestTellWhereToLook(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, store.LogFile), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	why := errors.New("set up the database: n1: no")
	log := filepath.Join(dir, "n1", "redis.log")
	for _, c := range []struct {
		o    run.Outcome
		want string
	}{
		{run.Outcome{Dir: dir, Err: why, Told: true, Logs: []string{log}},
			"jcollect: there is no verdict (hint: " + filepath.Join(dir, store.LogFile) + " says what was done; the database's logs: " + log + ")\n"},
		{run.Outcome{Dir: dir, Err: why},
			"jcollect: set up the database: n1: no\njcollect: there is no verdict (hint: " + filepath.Join(dir, store.LogFile) + " says what was done)\n"},
		{run.Outcome{Dir: filepath.Join(dir, "none"), Err: why}, "jcollect: set up the database: n1: no\njcollect: there is no verdict\n"},
		{run.Outcome{Err: why}, "jcollect: set up the database: n1: no\njcollect: there is no verdict\n"},
	} {
		var said bytes.Buffer
		e := &env{stderr: &said}
		e.tell(c.o)
		if got := said.String(); got != c.want || e.code != exitCrash {
			t.Errorf("got %d, %q, want %d, %q", e.code, got, exitCrash, c.want)
		}
	}
	// A series tells of it when it happens, too.
	var said bytes.Buffer
	e := &env{stderr: &said, soft: context.Background()}
	e.series([]*run.Test{{Name: "x"}}, func(*run.Test) run.Outcome { return run.Outcome{Err: why, Told: true} })
	if n := strings.Count(said.String(), why.Error()); n != 0 {
		t.Errorf("told %d times more: %s", n, said.String())
	}
}
