package kafka

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/edn"
	"jcheck/internal/graph"
)

// cycles builds the graph of the operations that sent or polled, and searches it.
func (c *checker) cycles(ctx context.Context) {
	var nodes []int32 // node → operation
	nodeAt := make([]int32, len(c.ops))
	for i := range c.ops {
		nodeAt[i] = -1
		if op := &c.ops[i]; op.f <= txnF && op.t != history.Fail {
			nodeAt[i] = int32(len(nodes))
			nodes = append(nodes, int32(i))
		}
	}
	rows := make([][]graph.Edge, len(nodes))
	add := func(from, to int32, rel cycle.Rel) {
		if from >= 0 && to >= 0 && from != to && nodeAt[from] >= 0 && nodeAt[to] >= 0 {
			rows[nodeAt[to]] = append(rows[nodeAt[to]], graph.Edge{To: uint32(nodeAt[from]), Rel: uint8(rel)})
			c.edges = true
		}
	}
	for _, k := range c.keys {
		for i := range k.values {
			for _, r := range k.values[i].readers {
				add(k.values[i].writer, r, cycle.WR)
			}
		}
		for i := 1; c.o.WWDeps && i < len(k.log); i++ {
			add(k.values[k.log[i-1].value].writer, k.values[k.log[i].value].writer, cycle.WW)
		}
	}
	order := c.realtime(nodes)
	in := cycle.Input{Order: order, Prefer: []cycle.Rel{cycle.WW, cycle.WR},
		In: graph.FromRows(len(nodes), 1, func(v uint32, buf []graph.Edge) []graph.Edge { return append(buf, rows[v]...) })}
	found, err := cycle.Find(ctx, in)
	if err != nil {
		return // Check sees to that
	}
	for _, x := range found.Cycles {
		c.find(func() finding { return c.tellCycle(x, nodes) }, x.Type)
	}
	for _, x := range found.Exists {
		c.find(func() finding { return c.tellExists(x, nodes) }, x.Type)
	}
}

// realtime is the order in which the operations of the nodes ran: one comes after all that were ok before it was invoked.
func (c *checker) realtime(nodes []int32) *cycle.Order {
	order := &cycle.Order{Enter: make([]int32, len(nodes)), Exit: make([]int32, len(nodes))}
	var oks []history.ID
	for v, i := range nodes {
		order.Exit[v] = -1
		if c.ops[i].t == history.OK {
			order.Exit[v] = int32(len(oks))
			oks = append(oks, c.ops[i].id)
		}
	}
	for v, i := range nodes {
		if inv := c.h.Pair(c.ops[i].id); inv != history.None {
			order.Enter[v] = int32(sort.Search(len(oks), func(i int) bool { return oks[i] > inv }))
		}
	}
	c.edges = c.edges || c.followed(oks)
	return order
}

// followed tells whether some operation, even one that failed, was invoked after the first that was ok. Then there are
// two of which the order is known.
func (c *checker) followed(oks []history.ID) bool {
	return len(oks) > 0 && slices.ContainsFunc(c.ops, func(op operation) bool { return op.f <= txnF && c.h.Pair(op.id) > oks[0] })
}

// tellCycle tells of a cycle as elle does.
func (c *checker) tellCycle(x cycle.Cycle, nodes []int32) finding {
	a := check.Anomaly{}
	var steps, refs []history.Value
	for i, v := range x.Nodes {
		from, to := nodes[v], nodes[x.Nodes[(i+1)%len(x.Nodes)]]
		a.Ops = append(a.Ops, c.ops[from].id)
		s := c.tellDependency(from, to, x.Rels[i], fmt.Sprintf("T%d", i+1), fmt.Sprintf("T%d", (i+1)%len(x.Nodes)+1))
		a.Steps = append(a.Steps, s)
		pairs := []history.Value{edn.NewKeyword("type"), edn.NewKeyword(s.Type)}
		for _, f := range s.Fields {
			pairs = append(pairs, edn.NewKeyword(f.Name), f.Value)
		}
		steps = append(steps, edn.NewMap(pairs))
		refs = append(refs, check.OpRef(c.ops[from].id))
	}
	refs = append(refs, refs[0])
	err := edn.NewMap([]history.Value{edn.NewKeyword("cycle"), edn.NewVector(refs), edn.NewKeyword("steps"), edn.NewVector(steps),
		edn.NewKeyword("type"), edn.NewKeyword(x.Type)})
	a.Text = "The steps lead in a circle: each operation must come before itself"
	return finding{anomaly: a, err: err, badness: 1}
}

// tellDependency tells why one operation must come before another.
func (c *checker) tellDependency(from, to int32, rel cycle.Rel, a, b string) check.Step {
	s := check.Step{Type: rel.String()}
	switch rel {
	case cycle.Realtime:
		s.Text = fmt.Sprintf("%s had ended before %s began", a, b)
	case cycle.WR:
		for _, m := range c.ops[to].polls {
			if v := &c.keys[m.key].values[m.val]; v.writer == from {
				s.Fields = []history.Field{{Name: "key", Value: c.keys[m.key].key}, {Name: "value", Value: v.v},
					{Name: "a-mop-index", Value: edn.NewInt(int64(v.mop))}, {Name: "b-mop-index", Value: edn.NewInt(int64(m.mop))}}
				s.Text = fmt.Sprintf("%s polled %s of key %s, which %s sent", b, v.v, c.keys[m.key].key, a)
				break
			}
		}
	case cycle.WW:
		c.tellOrder(&s, from, to, a, b)
	}
	return s
}

// tellOrder tells of two messages that are one after the other in a log, from the first such to the last of the sender.
func (c *checker) tellOrder(s *check.Step, from, to int32, a, b string) {
	for _, m := range c.ops[from].sends {
		k := c.keys[m.key]
		for i := int(k.values[m.val].first) + 1; i > 0 && i < len(k.log) && i <= int(k.values[m.val].last)+1; i++ {
			x, y := &k.values[k.log[i-1].value], &k.values[k.log[i].value]
			if k.log[i-1].value != m.val || x.writer != from || y.writer != to {
				continue
			}
			s.Fields = []history.Field{{Name: "key", Value: k.key}, {Name: "value", Value: x.v}, {Name: "value'", Value: y.v},
				{Name: "a-mop-index", Value: edn.NewInt(int64(x.mop))}, {Name: "b-mop-index", Value: edn.NewInt(int64(y.mop))}}
			s.Text = fmt.Sprintf("%s sent %s to key %s, and in the log the next message is %s, which %s sent", a, x.v, k.key, y.v, b)
			return
		}
	}
}

// tellExists tells of a proof that there is a cycle.
func (c *checker) tellExists(x cycle.Exists, nodes []int32) finding {
	a := check.Anomaly{Text: "These operations each come before all the others"}
	var scc []history.Value
	for _, v := range x.Nodes {
		id := c.ops[nodes[v]].id
		if len(a.Ops) < maxWitness {
			a.Ops = append(a.Ops, id)
		}
		if len(scc) < maxFound {
			scc = append(scc, edn.NewInt(c.h.Index(id)))
		}
	}
	subgraph, _, err := edn.Parse([]byte(x.Subgraph))
	if err != nil { // the table of projections is at fault
		panic("kafka: internal error: " + err.Error())
	}
	a.Fields = []history.Field{{Name: "not", Value: edn.NewKeyword(x.Not)}, {Name: "subgraph", Value: subgraph}, {Name: "scc-size", Value: edn.NewInt(int64(len(x.Nodes)))},
		{Name: "scc", Value: edn.NewSet(slices.Clip(scc))}, {Name: "type", Value: edn.NewKeyword(x.Type)}}
	return c.plain(a, 1)
}
