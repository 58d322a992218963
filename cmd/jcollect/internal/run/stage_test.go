package run

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Without this a stage could hold a run up for ever, a panic in one could leave the cluster broken, or a Ctrl-C could be
// told as something else.
func TestStagesEnd(t *testing.T) {
	interrupted := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), time.Second)
	}
	patient := func() (context.Context, context.CancelFunc) { return context.WithCancel(context.Background()) }
	for _, c := range []struct {
		name   string
		parent func() (context.Context, context.CancelFunc)
		do     func(ctx context.Context) error
		want   string // "" is success
		is     error
		within time.Duration
	}{
		{"done", patient, func(context.Context) error { return nil }, "", nil, 0},
		{"failed", patient, func(context.Context) error { return errors.New("no") }, "work: no", nil, 0},
		{"too long", patient, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "work: took too long (1m0s)", errTooLong, time.Minute},
		{"deaf", patient, func(context.Context) error { time.Sleep(time.Hour); return nil }, "gave up", errTooLong, time.Minute + grace},
		{"interrupted", interrupted, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "work: interrupted", errInterrupted, time.Second},
		{"interrupted and deaf", interrupted, func(context.Context) error { time.Sleep(time.Hour); return nil }, "work: interrupted", errInterrupted, time.Second + grace},
		{"panic", patient, func(context.Context) error { panic("ours") }, "internal error: ours", nil, 0},
		{"interrupted, but done", interrupted, func(ctx context.Context) error { <-ctx.Done(); return nil }, "", nil, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := c.parent()
				defer cancel()
				defer time.Sleep(2 * time.Hour) // until those that were left behind have ended
				begun := time.Now()
				err := stage{"work", time.Minute, c.do}.bounded(ctx)
				if took := time.Since(begun); took != c.within {
					t.Errorf("it took %s, want %s", took, c.within)
				}
				if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("error is %v, want %q", err, c.want)
				}
				if c.is != nil && !errors.Is(err, c.is) {
					t.Errorf("error %v is no %v", err, c.is)
				}
				var ours *panicError
				if got := errors.As(err, &ours); got != (c.name == "panic") {
					t.Errorf("taken for a bug of ours: %v", got)
				}
			})
		})
	}
}

// Without this something that was begun could stay behind because something else couldn't be put back, or a second
// Ctrl-C could leave the network cut.
func TestEverythingIsPutBack(t *testing.T) {
	for _, twice := range []bool{false, true} {
		var order []string
		hard, cancel := context.WithCancel(t.Context())
		f := &life{l: Launch{Hard: hard, Say: func(string) {}}, log: slog.New(slog.DiscardHandler)}
		for _, name := range []string{closeName, "tear down the database", healName} {
			f.later(name, time.Minute, func(context.Context) error {
				order = append(order, name)
				return errors.New("it didn't work")
			})
		}
		if twice {
			cancel()
		}
		f.backward()
		cancel()
		want := "heal, tear down the database, close the connections"
		if twice {
			want = "heal, close the connections"
		}
		if got := strings.Join(order, ", "); got != want {
			t.Errorf("after two Ctrl-C (%v) these were put back: %s; want %s", twice, got, want)
		}
		if len(f.trouble) != 3 {
			t.Errorf("after two Ctrl-C (%v) the troubles are %v, want 3", twice, f.trouble)
		}
	}
}

// Without this the log could be no longer a line per record: what nodes and clients say has line ends in it.
func TestLogLines(t *testing.T) {
	var out bytes.Buffer
	log := newLog(&out, false)
	log.Info("a\nb", "who", "n1", "x", "1\n2")
	log.Warn("careful")
	w := &lineWriter{log: log, who: "client"}
	for _, piece := range []string{"on", "e\ntwo\nthr", "ee", strings.Repeat("x", 2*maxLogLine), "\n"} {
		if n, err := w.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Errorf("wrote %d of %d: %v", n, len(piece), err)
		}
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		stamp, rest, _ := strings.Cut(line, "\t")
		if _, err := time.Parse(logTime+"{GMT}", stamp); err != nil {
			t.Errorf("line %q: %v", line, err)
		}
		got = append(got, rest)
	}
	want := []string{
		"INFO\t[n1] jcollect: a\\nb x=\"1\\n2\"\n", "WARN\t[main] jcollect: careful\n",
		"INFO\t[client] jcollect: one\n", "INFO\t[client] jcollect: two\n",
		"INFO\t[client] jcollect: three" + strings.Repeat("x", maxLogLine-5) + "\n",
	}
	if strings.Join(got, "") != strings.Join(want, "") {
		t.Errorf("lines are %q, want %q", got, want)
	}
}
