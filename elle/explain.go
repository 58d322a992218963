package elle

import (
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/edn"
)

// cycles turns cycles of nodes into proofs that can be read: of each type as many as the options allow.
func (c *checker) cycles(p *premises, inf inference, cycles []cycle.Cycle) []check.Anomaly {
	totals := make(map[string]int)
	var all []check.Anomaly
	for _, cyc := range cycles {
		totals[cyc.Type]++
		if limit := c.o.MaxAnomalies; limit == 0 || totals[cyc.Type] <= limit {
			all = append(all, explainCycle(p, inf, cyc))
		}
	}
	for i := range all {
		all[i].Total = totals[all[i].Kind]
	}
	return all
}

// explainCycle tells a cycle step by step. Witness: the transactions of the cycle, from where it begins.
func explainCycle(p *premises, inf inference, cyc cycle.Cycle) check.Anomaly {
	a := check.Anomaly{Kind: cyc.Type}
	a.Ops, a.Steps = explainWalk(p, inf, cyc)
	a.Text = story(a.Steps)
	return a
}

// explainWalk tells the transactions of a closed walk, and why each comes before the next.
func explainWalk(p *premises, inf inference, walk cycle.Cycle) (ops []history.ID, steps []check.Step) {
	n := len(walk.Nodes)
	for i, v := range walk.Nodes {
		ops = append(ops, p.nodes[v])
		e := edge{a: v, b: walk.Nodes[(i+1)%n], rel: walk.Rels[i], ta: tName(i), tb: tName((i + 1) % n)}
		steps = append(steps, inf.step(p, e))
	}
	return ops, steps
}

// tName is what the i-th witness of an anomaly is called.
func tName(i int) string { return fmt.Sprintf("T%d", i+1) }

// story puts the steps of a cycle into a proof: the first n-1 of them order the transactions, the last contradicts.
func story(steps []check.Step) string {
	var b strings.Builder
	n := len(steps)
	if n == 1 {
		return fmt.Sprintf("T1 must come before itself, because %s: a contradiction.", steps[0].Text)
	}
	b.WriteString("Let these be the transactions. Then:\n")
	for i, s := range steps[:n-1] {
		fmt.Fprintf(&b, "  - T%d comes before T%d, because %s.\n", i+1, i+2, s.Text)
	}
	fmt.Fprintf(&b, "  - However, T%d comes before T1, because %s: a contradiction.", n, steps[n-1].Text)
	return b.String()
}

// processStep tells of two transactions of one process.
func (p *premises) processStep(e edge) check.Step {
	proc := p.h.ProcName(p.h.Proc(p.nodes[e.a]))
	return check.Step{
		Type:   "process",
		Fields: []history.Field{{Name: "process", Value: proc}},
		Text:   fmt.Sprintf("process %s executed %s before %s", proc, e.ta, e.tb),
	}
}

// realtimeStep tells of a transaction that had completed when another one was invoked.
func (p *premises) realtimeStep(e edge) check.Step {
	a, b := p.nodes[e.a], p.h.Pair(p.nodes[e.b])
	lead := "just"
	if ta, tb := p.h.Time(a), p.h.Time(b); ta != history.NoTime && tb != history.NoTime && tb > ta {
		lead = lasting(tb - ta)
	}
	return check.Step{
		Type:   "realtime",
		Fields: []history.Field{opField("a'", a), opField("b", b)},
		Text: fmt.Sprintf("%s had completed (at index %d) %s before %s was invoked (at index %d)",
			e.ta, p.h.Index(a), lead, e.tb, p.h.Index(b)),
	}
}

// lasting says a length of time in the unit that suits it.
func lasting(ns int64) string {
	switch {
	case ns >= 1e9:
		return fmt.Sprintf("%.3f seconds", float64(ns)/1e9)
	case ns >= 1e6:
		return fmt.Sprintf("%.3g ms", float64(ns)/1e6)
	case ns >= 1e3:
		return fmt.Sprintf("%.3g µs", float64(ns)/1e3)
	}
	return fmt.Sprintf("%d ns", ns)
}

// proofs turns components into anomalies that prove that there is a cycle of a kind that the model forbids.
func (c *checker) proofs(p *premises, inf inference, exists []cycle.Exists) []check.Anomaly {
	totals := make(map[string]int)
	var all []check.Anomaly
	for _, e := range exists {
		totals[e.Type]++
		if limit := c.o.MaxAnomalies; limit == 0 || totals[e.Type] <= limit {
			all = append(all, proof(p, inf, e))
		}
	}
	for i := range all {
		all[i].Total = totals[all[i].Kind]
	}
	return all
}

// longestProof is how many steps of a closed walk help to understand a proof.
const longestProof = 32

// proof tells one. Witness: the transactions of a closed walk, with its steps; or if that is long or passes one of them
// twice, the smallest component, in file order.
func proof(p *premises, inf inference, e cycle.Exists) check.Anomaly {
	a := check.Anomaly{Kind: e.Type}
	var scc []history.Value
	for _, v := range e.Nodes {
		a.Ops = append(a.Ops, p.nodes[v])
		scc = append(scc, edn.NewInt(p.h.Index(p.nodes[v])))
	}
	subgraph, _, err := edn.Parse([]byte(e.Subgraph))
	if err != nil {
		panic(fmt.Sprintf("elle: internal error: subgraph %q: %v", e.Subgraph, err))
	}
	a.Fields = []history.Field{
		{Name: "not", Value: edn.NewKeyword(e.Not)},
		{Name: "subgraph", Value: subgraph},
		{Name: "scc-size", Value: edn.NewInt(int64(len(e.Nodes)))},
		{Name: "scc", Value: edn.NewSet(scc)},
	}
	if distinct(e.Walk.Nodes) && len(e.Walk.Nodes) <= longestProof {
		a.Ops, a.Steps = explainWalk(p, inf, e.Walk)
		a.Text = story(a.Steps)
		return a
	}
	a.Text = fmt.Sprintf("Each of these %d transactions must come before each other one, by dependencies that %s does not "+
		"allow to form a cycle.", len(e.Nodes), e.Not)
	if len(e.Nodes) == 1 {
		a.Text = fmt.Sprintf("T1 must come before itself, by dependencies that %s does not allow to form a cycle.", e.Not)
	}
	return a
}

func distinct(nodes []uint32) bool {
	sorted := slices.Sorted(slices.Values(nodes))
	return len(nodes) > 0 && len(slices.Compact(sorted)) == len(nodes)
}
