package elle

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/corpus"
	"jcheck/internal/graph"
)

// unit is a line of elle-unit-cases.jsonl.
type unit struct {
	Component string          `json:"component"`
	Name      string          `json:"name"`
	History   json.RawMessage `json:"history"`
	Edges     [][2]int64      `json:"edges"`
	Expect    any             `json:"expect"`
}

// elsewhere are components of the original that our design has in another room or not at all, with the reason.
var elsewhere = map[string]string{
	"bfs/search":                            "internal/cycle",
	"txn/cycle-exists-cases":                "internal/cycle",
	"graph/sccs":                            "internal/cycle",
	"graph/sequential-extension":            "internal/cycle",
	"graph/sequential-composition":          "internal/cycle",
	"consistency-model/friendly-boundary":   "internal/cycle",
	"consistency-model/weakest":             "internal/cycle",
	"consistency-model/strongest":           "internal/cycle",
	"consistency-model/impossible-models":   "internal/cycle",
	"consistency-model/all-impossible":      "internal/cycle",
	"consistency-model/prohibited-by":       "internal/cycle",
	"consistency-model/anomaly-order":       "internal/cycle",
	"rw-register/internal":                  "register_units_test.go",
	"rw-register/g1a":                       "register_units_test.go",
	"rw-register/g1b":                       "register_units_test.go",
	"rw-register/ext-key-graph":             "register_units_test.go",
	"rw-register/wr-graph-acyclic":          "register_units_test.go",
	"rw-register/version-graphs->txn-graph": "register_units_test.go",
	"rw-register/txn-graph->version-graphs": "register_units_test.go",
	"core/monotonic-key-graph":              "a graph of the original's library that neither of its checkers uses: we have none",
}

// units reads the unit cases of the given components.
func units(t *testing.T, components ...string) []unit {
	t.Helper()
	file, err := os.Open(filepath.Join(corpus.Dir(t), "elle-unit-cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []unit
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var u unit
		if err := json.Unmarshal(lines.Bytes(), &u); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(components, u.Component) || len(components) == 0 {
			all = append(all, u)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func (u unit) read(t *testing.T) *history.History {
	t.Helper()
	o := history.Options{Format: history.FormatJSON, Independent: history.IndependentOff}
	text := u.History
	if !bytes.Contains(text, []byte(`"process"`)) { // a component of the original that takes any operation for a client's
		text = bytes.ReplaceAll(text, []byte(`{"type"`), []byte(`{"process": 0, "type"`))
	}
	h, err := history.Read(context.Background(), u.Name, text, o)
	if err != nil {
		t.Fatalf("%s: %v", u.Name, err)
	}
	return h
}

// TestUnitsAccounted would miss a component of the original that nobody has looked at.
func TestUnitsAccounted(t *testing.T) {
	here := []string{"list-append/ww-graph", "list-append/wr-graph", "list-append/graph", "list-append/g1a", "list-append/g1b",
		"list-append/internal", "core/realtime-graph", "core/process-graph"}
	for _, u := range units(t) {
		if elsewhere[u.Component] == "" && !slices.Contains(here, u.Component) {
			t.Errorf("component %s is tested nowhere", u.Component)
		}
	}
}

// TestAppendGraphs would miss a wrong or absent ww, wr or rw edge.
func TestAppendGraphs(t *testing.T) {
	for _, u := range units(t, "list-append/graph", "list-append/ww-graph", "list-append/wr-graph") {
		h := u.read(t)
		p := premisesOf(h, Options{})
		inf := inferListAppend(context.Background(), p)
		got := edges(p, inf.in, relOf(u.Component))
		if d := gocmp.Diff(got, sortedEdges(u.Edges)); d != "" {
			t.Errorf("%s %s (-got +want): %s", u.Component, u.Name, d)
		}
	}
}

// premisesOf are the premises of a check that asks for no order between transactions.
func premisesOf(h *history.History, o Options) *premises {
	p := newPremises(h, o, nil)
	p.keyNo = make([]int32, h.NumKeys())
	return p
}

// relOf is the relation that a component of the original is about; 0 for all.
func relOf(component string) uint8 {
	switch component {
	case "list-append/ww-graph":
		return 1
	case "list-append/wr-graph":
		return 2
	}
	return 255
}

// edges lists the edges with any relation of rel, by the indices of their operations.
func edges(p *premises, in *graph.Graph, rel uint8) [][2]int64 {
	var all [][2]int64
	for v := range uint32(in.Len()) {
		from, rels := in.Row(v)
		for i, u := range from {
			if rels[i]&rel != 0 {
				all = append(all, [2]int64{p.h.Index(p.nodes[u]), p.h.Index(p.nodes[v])})
			}
		}
	}
	return sortedEdges(all)
}

func sortedEdges(all [][2]int64) [][2]int64 {
	sorted := append([][2]int64{}, all...)
	slices.SortFunc(sorted, func(x, y [2]int64) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
	return sorted
}

// TestAppendReads would miss a wrong G1a, G1b, internal or future-read.
func TestAppendReads(t *testing.T) {
	for _, u := range units(t, "list-append/g1a", "list-append/g1b", "list-append/internal") {
		h := u.read(t)
		inf := inferListAppend(context.Background(), premisesOf(h, Options{}))
		kinds := map[string][]string{"list-append/g1a": {"G1a"}, "list-append/g1b": {"G1b"},
			"list-append/internal": {"internal", "future-read"}}[u.Component]
		got := make(map[string]any)
		for _, a := range inf.anomalies {
			if slices.Contains(kinds, a.Kind) {
				entries, _ := got[a.Kind].([]any)
				got[a.Kind] = append(entries, plainFields(h, a.Fields))
			}
		}
		want, ok := u.Expect.(map[string]any)
		if !ok {
			want = make(map[string]any)
			if u.Expect != nil {
				want[kinds[0]] = u.Expect
			}
		}
		if d := gocmp.Diff(got, want); d != "" {
			t.Errorf("%s %s (-got +want): %s", u.Component, u.Name, d)
		}
	}
}

// TestRealtimeOrder would miss ranks whose order isn't that of completions and invocations. Our ranks say the whole
// order, the original's edges only what doesn't follow from others, so the ranks are reduced first.
func TestRealtimeOrder(t *testing.T) {
	for _, u := range units(t, "core/realtime-graph") {
		p := newPremises(u.read(t), Options{}, map[string]bool{"G0-realtime": true})
		before := func(a, b int) bool { return p.order.Exit[a] >= 0 && p.order.Exit[a] < p.order.Enter[b] }
		var got [][2]int64
		for a := range p.nodes {
			for b := range p.nodes {
				direct := before(a, b)
				for c := range p.nodes {
					direct = direct && !(before(a, c) && before(c, b))
				}
				if direct {
					got = append(got, [2]int64{p.h.Index(p.nodes[a]), p.h.Index(p.nodes[b])})
				}
			}
		}
		if d := gocmp.Diff(sortedEdges(got), sortedEdges(u.Edges)); d != "" {
			t.Errorf("%s (-got +want): %s", u.Name, d)
		}
		if p.ordered != (len(u.Edges) > 0) {
			t.Errorf("%s: ordered is %v with %d edges", u.Name, p.ordered, len(u.Edges))
		}
	}
}

// TestProcessOrder would miss wrong edges between the transactions of a process.
func TestProcessOrder(t *testing.T) {
	for _, u := range units(t, "core/process-graph") {
		p := newPremises(u.read(t), Options{}, map[string]bool{"G0-process": true})
		in := p.graph(func(_ uint32, buf []graph.Edge) []graph.Edge { return buf })
		if d := gocmp.Diff(edges(p, in, 255), sortedEdges(u.Edges)); d != "" {
			t.Errorf("%s (-got +want): %s", u.Name, d)
		}
	}
}

// TestFailedSink would miss realtime content that consists of failed operations only: a check of two operations in
// sequence isn't empty, even if the second one failed.
func TestFailedSink(t *testing.T) {
	h := ops(t, "0 i ax1", "0 o ax1", "0 i ax2", "0 f ax2")
	got := Check(context.Background(), h, Options{})
	if got.Verdict != check.Valid {
		t.Errorf("got %v %v, want valid", got.Verdict, got.Reasons)
	}
}
