//go:build linux

package agent

import (
	"testing"
	"time"
)

// A toyWatch is a clock of its own. Tests must not touch the machine's.
type toyWatch struct {
	ahead, since int64
	sets         []int64 // how far ahead of the first time it was set
	first        int64
}

func newToyWatch() *toyWatch {
	ahead := int64(1_700_000_000) * int64(time.Second)
	return &toyWatch{ahead: ahead, first: ahead, since: int64(time.Hour)}
}

func (w *toyWatch) now() (int64, int64, error) { return w.ahead + w.since, w.since, nil }

func (w *toyWatch) set(ns int64) error {
	w.ahead = ns - w.since
	w.sets = append(w.sets, w.ahead-w.first)
	return nil
}

func (w *toyWatch) sleep(d time.Duration) { w.since += int64(d) }

// Without this a bump could go the wrong way, a strobe leave the clock wrong, or a reset need a time server.
func TestClock(t *testing.T) {
	a, w := &agent{state: t.TempDir()}, newToyWatch()
	if _, err := a.resetOn(w); !Is(err, NotFound) {
		t.Errorf("reset without a saved time gave %v", err)
	}
	if c, err := a.saveFrom(w); err != nil || !c.Saved || c.Offset != 0 {
		t.Fatalf("saved %+v, %v", c, err)
	}
	if c, err := a.bumpOn(w, Bump{Delta: -2500}); err != nil || c.Offset != int64(-2500*time.Millisecond) {
		t.Errorf("bumped to %+v, %v", c, err)
	}
	w.sleep(time.Minute)
	if c, err := a.resetOn(w); err != nil || c.Offset != 0 {
		t.Errorf("reset to %+v, %v", c, err)
	}
	w.sets = nil
	c, err := a.strobeOn(t.Context(), w, Strobe{Delta: 200, Period: 10, Duration: 45})
	if err != nil || c.Flips != 5 || c.Offset != 0 {
		t.Errorf("strobe gave %+v, %v", c, err)
	}
	ms := int64(time.Millisecond)
	want := []int64{200 * ms, 0, 200 * ms, 0, 200 * ms, 0}
	for i, got := range w.sets {
		if i >= len(want) || got != want[i] {
			t.Fatalf("strobe set the clock to %v, want %v", w.sets, want)
		}
	}
	if _, err := a.strobeOn(t.Context(), w, Strobe{Delta: 1, Period: 0, Duration: 5}); !Is(err, Usage) {
		t.Errorf("a strobe without a period gave %v", err)
	}
	if _, err := a.bumpOn(w, Bump{Delta: -60 * 365 * 24 * 3600 * 1000}); !Is(err, Usage) {
		t.Errorf("a bump to before 1970 gave %v", err)
	}
}
