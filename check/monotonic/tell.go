package monotonic

import (
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/internal/graph"
)

// result is the verdict: each component that holds operations is a contradiction.
func (c *checker) result(g *graph.Graph, groups [][]uint32) check.Result {
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	var texts []history.Value
	count := 0
	for _, group := range groups {
		if int(group[0]) >= len(c.ops) { // helping nodes alone, which can't be
			continue
		}
		if count++; count <= check.MaxListed {
			a := c.anomaly(c.cycle(g, group))
			r.Anomalies = append(r.Anomalies, a)
			texts = append(texts, edn.NewString(story(a)))
		}
	}
	for i := range r.Anomalies {
		r.Anomalies[i].Total = count
	}
	r.Fields = []history.Field{{Name: "scc-count", Value: edn.NewInt(int64(count))}, {Name: "cycles", Value: edn.NewVector(texts)}}
	switch {
	case count > 0:
		r.Verdict = check.Invalid
	case c.strange.Count > 0:
		r.Verdict, r.Reasons = check.Unknown, []check.Reason{c.reason()}
	case len(c.seen) == 0:
		r.Notes = []check.Note{{Code: "never-read", Text: "No operation shows a value, so there was nothing to contradict"}}
	}
	return r
}

// cycle is a closed walk of the fewest operations through the first of a component. It goes backwards, breadth-first, where
// steps to helping nodes cost nothing; so it takes as many steps as the component has edges.
func (c *checker) cycle(g *graph.Graph, group []uint32) []uint32 {
	start := group[0]
	came := make(map[uint32]uint32, len(group)) // node → the one after it
	level := []uint32{start}
	for len(level) > 0 {
		var next []uint32 // operations, one step further away
		for at := 0; at < len(level); at++ {
			v := level[at]
			before, _ := g.Row(v)
			for _, u := range before {
				if _, known := came[u]; known {
					continue
				}
				if _, inside := slices.BinarySearch(group, u); !inside {
					continue
				}
				came[u] = v
				switch {
				case u == start:
					return forward(came, start)
				case int(u) < len(c.ops):
					next = append(next, u)
				default:
					level = append(level, u)
				}
			}
		}
		level = next
	}
	panic("monotonic: internal error: a component without a cycle")
}

// forward lists the walk from start until it comes back.
func forward(came map[uint32]uint32, start uint32) []uint32 {
	walk := []uint32{start}
	for v := came[start]; v != start; v = came[v] {
		walk = append(walk, v)
	}
	return walk
}

// anomaly is a closed walk in words. Between two operations it passes levels of one key, or completions.
func (c *checker) anomaly(walk []uint32) check.Anomaly {
	a := check.Anomaly{Kind: Kind, Text: "The steps lead in a circle: each operation must come before itself"}
	var places []int
	for i, v := range walk {
		if int(v) < len(c.ops) {
			a.Ops = append(a.Ops, c.ops[v])
			places = append(places, i)
		}
	}
	for i, at := range places {
		to := walk[places[(i+1)%len(places)]]
		a.Steps = append(a.Steps, c.step(walk[at], walk[at+1], to, i+1, (i+1)%len(places)+1))
	}
	return a
}

// step says why the operation from must come before the operation to, by the helping node between them.
func (c *checker) step(from, via, to uint32, a, b int) check.Step {
	if via >= uint32(len(c.ops)+len(c.seen)) {
		return check.Step{Type: "realtime", Text: fmt.Sprintf("T%d had ended before T%d began", a, b)}
	}
	key := c.seen[via-uint32(len(c.ops))].key
	x, y := c.saw(from, key), c.saw(to, key)
	k := c.h.Value(c.keys[key])
	return check.Step{Type: "monotonic", Fields: []history.Field{{Name: "key", Value: k},
		{Name: "value", Value: edn.NewInt(x)}, {Name: "value'", Value: edn.NewInt(y)}},
		Text: fmt.Sprintf("T%d saw %s as %d, and T%d as %d, and values only grow", a, k, x, b, y)}
}

// saw is the value of a key that an operation saw.
func (c *checker) saw(op uint32, key int32) int64 {
	for _, i := range c.byOp[c.of[op]:c.of[op+1]] {
		if c.seen[i].key == key {
			return c.seen[i].value
		}
	}
	panic("monotonic: internal error: a step by a key that the operation did not see")
}

// story is a cycle as one text.
func story(a check.Anomaly) string {
	parts := make([]string, len(a.Steps))
	for i, s := range a.Steps {
		parts[i] = fmt.Sprintf("T%d < T%d, because %s", i+1, (i+1)%len(a.Steps)+1, s.Text)
	}
	return strings.Join(parts, "; ") + ": a contradiction!"
}
