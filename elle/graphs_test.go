package elle

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// hasStep tells whether a graph has an edge of that type between two operations.
func hasStep(g check.Graph, from, to history.ID, kind string) bool {
	return slices.ContainsFunc(g.Edges, func(e check.Edge) bool {
		return g.Ops[e.From] == from && g.Ops[e.To] == to && e.Step.Type == kind
	})
}

// TestGraphs checks that components are handed over with all their edges, and cycles with what else orders their
// transactions. Without it, the drawings could lack what makes the contradiction.
func TestGraphs(t *testing.T) {
	h := txns(t, `[:append :x 1] [:r :y nil]`, `[:append :y 1] [:r :x nil]`, `[:r :x [1]] [:r :y [1]]`, `[:append :z 1] [:r :x [1]]`)
	r := Check(context.Background(), h, Options{Graphs: 1})
	if len(r.Graphs) != 1 || len(r.Anomalies) == 0 {
		t.Fatalf("got %d graphs and %d anomalies, want one graph: %+v", len(r.Graphs), len(r.Anomalies), r)
	}
	g := r.Graphs[0]
	if g.Total != len(g.Ops) {
		t.Errorf("got %d operations of %d, want all", len(g.Ops), g.Total)
	}
	for _, a := range r.Anomalies {
		for i, s := range a.Steps {
			if from, to := a.Ops[i], a.Ops[(i+1)%len(a.Ops)]; !hasStep(g, from, to, s.Type) {
				t.Errorf("the component lacks the %s step of %s from %d to %d", s.Type, a.Kind, from, to)
			}
		}
		for _, e := range a.Among {
			if (e.From+1)%len(a.Ops) == e.To {
				t.Errorf("%s repeats its step from T%d", a.Kind, e.From+1)
			}
		}
	}
	if r := Check(context.Background(), h, Options{}); r.Graphs != nil || r.Anomalies[0].Among != nil {
		t.Errorf("graphs come unasked for: %+v", r.Graphs)
	}
}

// TestGraphsOfManyOps checks that of a component too large to be drawn its cycles are handed over. Without it, a drawer
// would be asked for thousands of nodes, and never be done.
func TestGraphsOfManyOps(t *testing.T) {
	// Every transaction saw none of the others' appends to the keys it read: a component of all.
	var list []string
	for i := range 2 * maxDrawnOps {
		list = append(list, fmt.Sprintf(`[:append %d 1] [:r %d nil]`, i, (i+1)%(2*maxDrawnOps)))
	}
	list = append(list, `[:append :x 1] [:r :y [1]] [:r 0 nil]`, `[:append :y 1] [:r :x [1]] [:append 1 2]`)
	r := Check(context.Background(), txns(t, list...), Options{Graphs: 100})
	var large *check.Graph
	for i := range r.Graphs {
		if r.Graphs[i].Total > maxDrawnOps {
			large = &r.Graphs[i]
		}
	}
	if large == nil {
		t.Fatalf("no graph of more than %d operations among %d", maxDrawnOps, len(r.Graphs))
	}
	if n := len(large.Ops); n == 0 || n > maxDrawnOps || len(large.Edges) == 0 || len(large.Edges) > maxDrawnEdges {
		t.Errorf("got %d operations and %d edges of %d operations", n, len(large.Edges), large.Total)
	}
}

// txns is a history of ok transactions that ran at the same time, each of a process of its own.
func txns(t *testing.T, values ...string) *history.History {
	t.Helper()
	var ops []history.Op
	for _, typ := range []history.Type{history.Invoke, history.OK} {
		for i, text := range values {
			v, _, err := edn.Parse([]byte("[" + text + "]"))
			if err != nil {
				t.Fatal(err)
			}
			ops = append(ops, history.Op{Type: typ, Process: edn.NewInt(int64(i)), F: edn.NewKeyword("txn"), Value: v, Index: int64(len(ops))})
		}
	}
	h, err := history.FromOps(ops)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
