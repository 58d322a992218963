package render

import (
	"fmt"
	"slices"
)

// A Fault is a time at which something was broken on purpose.
type Fault struct {
	Kind string // "partition", "kill"
	What string // to whom it was done, for whoever looks closer; may be empty
	From int64  // ns since the start of the run
	To   int64  // not before From
	Open bool   // it was never healed: To is when the history ends
}

// The bounds of what is drawn of faults. What is beyond them is merged, not left out.
const (
	maxLanes      = 12  // kinds; the last of them stands for all others
	maxLaneSpans  = 400 // of a lane that are drawn one by one, with words on hover
	maxFaultLines = 60  // lines where faults begin or end
	leastSpan     = 2.0 // pixels, so that a restart is seen
)

// faultLane are the times of one kind of fault.
type faultLane struct {
	kind  string
	ink   ink
	spans []laneSpan
}

// laneSpan is a fault on the axis of time.
type laneSpan struct {
	from, to float64
	title    string
}

// addFaults puts faults beside the chart's values. place is where a time of the run lies.
func (c *chart) addFaults(faults []Fault, place func(ns int64) float64) {
	var kinds []string
	for _, f := range faults {
		if !slices.Contains(kinds, f.Kind) && len(kinds) <= maxLanes {
			kinds = append(kinds, f.Kind)
		}
	}
	if len(kinds) > maxLanes {
		kinds = append(kinds[:maxLanes-1], "others")
	}
	for i, k := range kinds {
		c.lanes = append(c.lanes, faultLane{kind: k, ink: seriesInk(i)})
	}
	var edges []float64
	for _, f := range faults {
		i := slices.Index(kinds, f.Kind)
		if i < 0 || len(kinds) == maxLanes && i == maxLanes-1 {
			i = len(kinds) - 1
		}
		from := min(place(f.From), plotLeft+inside-leastSpan)
		to := max(place(f.To), from+leastSpan)
		c.lanes[i].spans = append(c.lanes[i].spans, laneSpan{from, to, f.words()})
		c.shades = append(c.shades, [2]float64{from, to})
		edges = append(edges, from)
		if !f.Open {
			edges = append(edges, to)
		}
	}
	for i := range c.lanes {
		if l := &c.lanes[i]; len(l.spans) > maxLaneSpans {
			l.spans = mergedSpans(l.spans)
		}
	}
	c.shades = union(c.shades)
	slices.Sort(edges)
	if edges = slices.Compact(edges); len(edges) <= maxFaultLines {
		c.edges = edges
	}
}

// words are what is told of a fault on hover.
func (f Fault) words() string {
	text := fmt.Sprintf("%s, %s to %s", f.Kind, secondsText(float64(f.From)), secondsText(float64(f.To)))
	if f.Open {
		text = fmt.Sprintf("%s, from %s, never healed", f.Kind, secondsText(float64(f.From)))
	}
	if f.What != "" {
		text += ": " + f.What
	}
	return clipText(text, maxTitle)
}

// mergedSpans joins what can't be told apart on the picture.
func mergedSpans(spans []laneSpan) []laneSpan {
	var places [][2]float64
	for _, s := range spans {
		places = append(places, [2]float64{s.from, s.to + 1})
	}
	var out []laneSpan
	for _, u := range union(places) {
		out = append(out, laneSpan{from: u[0], to: u[1] - 1})
	}
	return out
}

// union are the places that are in some span, as spans that don't touch.
func union(spans [][2]float64) [][2]float64 {
	slices.SortFunc(spans, func(a, b [2]float64) int { return slices.Compare(a[:], b[:]) })
	var out [][2]float64
	for _, s := range spans {
		if n := len(out); n > 0 && s[0] <= out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], s[1])
			continue
		}
		out = append(out, s)
	}
	return out
}
