package agent

import (
	"math"
	"testing"
	"time"
)

// Without it held packets could be lost, late or slow by other measures than the plan's.
func TestFate(t *testing.T) {
	const n = 20_000
	for _, c := range []struct {
		name            string
		h               Hold
		loss, mean, dev float64 // of the waits, in ms
		passed          float64
	}{
		{"delay", Hold{Delay: 50_000}, 0, 50, 0, 0},
		{"even jitter", Hold{Delay: 50_000, Jitter: 10_000}, 0, 50, 10 / math.Sqrt(3), 0},
		{"normal jitter", Hold{Delay: 50_000, Jitter: 10_000, Normal: true}, 0, 50, 10, 0},
		{"loss", Hold{Loss: 0.2}, 0.2, 0, 0, 1},
		{"reorder", Hold{Delay: 50_000, Reorder: 0.25}, 0, 37.5, 50 * math.Sqrt(0.25*0.75), 0.25},
	} {
		h := newHolder(c.h)
		var lost, passed, sum, squares float64
		for i := range n {
			gone, wait := h.fate(time.Duration(i)*time.Millisecond, 100)
			if gone {
				lost++
				continue
			}
			ms := wait.Seconds() * 1000
			sum, squares = sum+ms, squares+ms*ms
			if wait == 0 {
				passed++
			}
		}
		kept := n - lost
		mean := sum / kept
		dev := math.Sqrt(max(0, squares/kept-mean*mean))
		for _, v := range []struct {
			what      string
			got, want float64
		}{{"loss", lost / n, c.loss}, {"mean", mean, c.mean}, {"deviation", dev, c.dev}, {"not held", passed / kept, c.passed}} {
			if math.Abs(v.got-v.want) > 0.02+0.02*v.want {
				t.Errorf("%s: %s: got %.3f, want %.3f", c.name, v.what, v.got, v.want)
			}
		}
	}
}

// Without it a rate could let more through than it says, or hold packets on an idle line.
func TestFateRate(t *testing.T) {
	h := newHolder(Hold{Rate: 1_000_000})
	if _, wait := h.fate(time.Second, 1250); wait != 10*time.Millisecond {
		t.Errorf("the first of 10000 bits at 1 Mbit/s waits %v, want 10ms", wait)
	}
	var wait time.Duration
	for range 99 {
		_, wait = h.fate(time.Second, 1250)
	}
	if wait != time.Second {
		t.Errorf("the hundredth waits %v, want 1s", wait)
	}
	if _, wait := h.fate(time.Minute, 1250); wait != 10*time.Millisecond {
		t.Errorf("after a pause one waits %v, want 10ms", wait)
	}
}

// Without it loss could come evenly where the plan wants it in bursts.
func TestFateCorrelation(t *testing.T) {
	runs := func(correlation float64) (changes int) {
		h := newHolder(Hold{Loss: 0.5, Correlation: correlation})
		before := false
		for range 10_000 {
			lost, _ := h.fate(0, 100)
			if lost != before {
				changes++
			}
			before = lost
		}
		return changes
	}
	if even, bursts := runs(0), runs(0.9); bursts*2 > even {
		t.Errorf("changes between lost and kept: %d without correlation, %d with", even, bursts)
	}
}
