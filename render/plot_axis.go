package render

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// axis says where values lie on a picture: from..to are the places of lo..hi. On a logarithmic one equal distances are
// equal factors.
type axis struct {
	lo, hi   float64 // lo < hi, and 0 < lo if log
	from, to float64
	log      bool
	ticks    []axisTick
}

// axisTick is a value with its name.
type axisTick struct {
	value float64
	label string
}

// place is where a value lies. What is beyond an end lies at that end.
func (a *axis) place(v float64) float64 {
	lo, hi := a.lo, a.hi
	v = min(max(v, lo), hi)
	if a.log {
		v, lo, hi = math.Log(v), math.Log(lo), math.Log(hi)
	}
	return a.from + (v-lo)/(hi-lo)*(a.to-a.from)
}

// timeUnit is a unit of time with its length in nanoseconds.
type timeUnit struct {
	name  string
	whole string // in an axis' title
	ns    float64
}

var timeUnits = [...]timeUnit{
	{"ns", "nanoseconds", 1}, {"µs", "microseconds", 1e3}, {"ms", "milliseconds", 1e6}, {"s", "seconds", 1e9},
	{"min", "minutes", 60e9}, {"h", "hours", 3600e9}, {"d", "days", 86400e9},
}

// secondsUpTo is the longest run whose axis counts seconds, as reports of faults do; longer ones count minutes, hours, days.
const secondsUpTo = 3000e9

// unitOf is the unit in which a span of time is read best.
func unitOf(ns float64) timeUnit {
	switch {
	case ns > 60*86400e9/10:
		return timeUnits[6]
	case ns > 10*3600e9:
		return timeUnits[5]
	case ns > secondsUpTo:
		return timeUnits[4]
	}
	best := timeUnits[0]
	for _, u := range timeUnits[1:4] {
		if ns >= 2*u.ns {
			best = u
		}
	}
	return best
}

// niceStep is the smallest of 1, 2, 5, 10, 20, 50, ... that isn't below a number, for any power of ten.
func niceStep(least float64) float64 {
	if least <= 0 || math.IsInf(least, 0) || math.IsNaN(least) {
		return 1
	}
	ten := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range [...]float64{1, 2, 5} {
		if m*ten >= least*(1-1e-9) {
			return m * ten
		}
	}
	return 10 * ten
}

// linearTicks are the multiples of a nice step from 0 to hi, about as many as wanted; unit is what one of the labels' units
// is worth.
func linearTicks(hi, unit float64, wanted int) []axisTick {
	step := niceStep(hi / unit / float64(wanted))
	var ticks []axisTick
	for i := 0; float64(i)*step*unit <= hi*(1+1e-9) && i <= 4*wanted; i++ {
		ticks = append(ticks, axisTick{float64(i) * step * unit, plainNumber(float64(i) * step)})
	}
	return ticks
}

// plainNumber is a number for people, without needless digits: 12,000 and 0.25.
func plainNumber(x float64) string {
	if x == math.Trunc(x) && math.Abs(x) < 1e15 {
		return thousands(int(x))
	}
	return strconv.FormatFloat(x, 'g', 6, 64)
}

// timeAxis is one of spans since an origin, up to last ns after it.
func timeAxis(last float64, from, to float64) (axis, timeUnit) {
	hi := max(last, 1)
	u := unitOf(hi)
	return axis{lo: 0, hi: hi, from: from, to: to, ticks: linearTicks(hi, u.ns, 10)}, u
}

// countAxis is one from 0 to a little more than a number.
func countAxis(most float64, from, to float64) axis {
	if most <= 0 {
		most = 1
	}
	wanted := 4
	step := niceStep(most / float64(wanted))
	hi := math.Ceil(most/step*(1-1e-9)) * step
	return axis{lo: 0, hi: hi, from: from, to: to, ticks: linearTicks(hi, 1, wanted)}
}

// latencyAxis is a logarithmic one of durations in ns, from round figures below least to round ones above most.
func latencyAxis(least, most float64, from, to float64) axis {
	least, most = max(least, 1), max(most, 1)
	a := axis{lo: roundDown(least / 1.1), hi: roundUp(most * 1.1), from: from, to: to, log: true}
	for a.hi/a.lo < 10*(1-1e-9) { // narrower, small differences would look large
		a.lo, a.hi = roundDown(a.lo/1.1), roundUp(a.hi*1.1)
	}
	wide := math.Log10(a.hi/a.lo) > 3.5
	for ten := math.Pow(10, math.Floor(math.Log10(a.lo)+1e-9)); ten <= a.hi*(1+1e-9); ten *= 10 {
		for _, m := range [...]float64{1, 2, 5} {
			v := m * ten
			if v < a.lo*(1-1e-9) || v > a.hi*(1+1e-9) {
				continue
			}
			if m == 1 || !wide {
				a.ticks = append(a.ticks, axisTick{v, span(v)})
			}
		}
	}
	return a
}

// roundUp is the smallest of 1, 2, 5, 10, ... that isn't below x, and roundDown the largest that isn't above.
func roundUp(x float64) float64 { return niceStep(x) }

func roundDown(x float64) float64 {
	ten := math.Pow(10, math.Floor(math.Log10(x)+1e-9))
	for _, m := range [...]float64{5, 2} {
		if m*ten <= x*(1+1e-9) {
			return m * ten
		}
	}
	return ten
}

// span is a duration with a round figure, in the largest unit of which it has one whole.
func span(ns float64) string {
	u := timeUnits[0]
	for _, next := range timeUnits[1:4] {
		if ns >= next.ns*(1-1e-9) {
			u = next
		}
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s", plainNumber(ns/u.ns), u.name))
}
