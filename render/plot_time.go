package render

import (
	"fmt"
	"math"
	"slices"
)

// maxTimeWindows is how many windows of time a picture has at most. Jepsen's always last 30 s or 10 s; these fit the run.
const maxTimeWindows = 100

// timeWindows cuts the axis of time into windows of equal length; a last one that is short is part of the one before.
type timeWindows struct {
	length float64 // ns
	last   float64
	n      int
}

// windowLengths are the round lengths of seconds and more, in seconds; below they are 1, 2 or 5 of any power of ten.
var windowLengths = [...]float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 4 * 3600, 6 * 3600, 12 * 3600, 86400}

func newTimeWindows(last float64) timeWindows {
	last = max(last, 1)
	least := last / maxTimeWindows
	w := timeWindows{last: last, length: max(niceStep(least), 1)}
	switch {
	case least > 86400e9:
		w.length = niceStep(least/86400e9) * 86400e9
	case least > 0.5e9:
		i := slices.IndexFunc(windowLengths[:], func(s float64) bool { return s*1e9 >= least })
		w.length = windowLengths[i] * 1e9
	}
	w.n = max(int(math.Floor(last/w.length+0.5)), 1)
	return w
}

// of is the window of a time.
func (w timeWindows) of(at float64) int { return min(max(int(at/w.length), 0), w.n-1) }

// bounds are the beginning and the end of a window.
func (w timeWindows) bounds(i int) (from, to float64) {
	if i == w.n-1 {
		return float64(i) * w.length, w.last
	}
	return float64(i) * w.length, float64(i+1) * w.length
}

// words are the length of windows in a sentence.
func (w timeWindows) words() string {
	u := timeUnits[0]
	for _, next := range timeUnits[1:] {
		if w.length >= next.ns*(1-1e-9) {
			u = next
		}
	}
	return fmt.Sprintf("%s %s", plainNumber(w.length/u.ns), u.name)
}
