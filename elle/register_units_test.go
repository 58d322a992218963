package elle

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"jcheck/history"
	"jcheck/internal/corpus"
	"jcheck/internal/cycle"
	"jcheck/internal/graph"
)

// registerUnit is what a line of elle-unit-cases.jsonl says beyond unit, for the components of rw-register. Mops are
// [f k v], edges [a b] or [a b relation].
type registerUnit struct {
	unit
	Edges        [][]any             `json:"edges"`
	Acyclic      bool                `json:"acyclic"`
	Ops          json.RawMessage     `json:"ops"`
	TxnEdges     [][2]int            `json:"txn_edges"`
	VersionEdges map[string][][2]int `json:"version_edges"`
}

func registerUnits(t *testing.T, component string) []registerUnit {
	t.Helper()
	file, err := os.Open(filepath.Join(corpus.Dir(t), "elle-unit-cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []registerUnit
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		if !strings.Contains(lines.Text(), `"rw-register/`+component+`"`) {
			continue
		}
		var u registerUnit
		if err := json.Unmarshal(lines.Bytes(), &u); err != nil {
			t.Fatal(err)
		}
		all = append(all, u)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatalf("got no unit cases of %s, want some", component)
	}
	return all
}

// unitKeys are the keys that the unit cases use, as numbers of the literal twin.
var unitKeys = []string{"x", "y", "z"}

// literalOps are the operations of a unit case, by their names, for the literal twin.
func (u registerUnit) literalOps(t *testing.T) []regOp {
	t.Helper()
	var typed map[string]struct {
		Type  string
		Value [][]any
	}
	var bare map[string][][]any
	if json.Unmarshal(u.Ops, &typed) != nil {
		typed = nil
		if err := json.Unmarshal(u.Ops, &bare); err != nil {
			t.Fatal(err)
		}
	}
	ops := make([]regOp, 10)
	add := func(name, typ string, value [][]any) {
		i, err := strconv.Atoi(name)
		if err != nil {
			t.Fatal(err)
		}
		ops[i] = regOp{typ: map[string]history.Type{"ok": history.OK, "info": history.Info, "fail": history.Fail}[typ], inv: -1}
		for _, m := range value {
			v, _ := m[2].(float64)
			ops[i].mops = append(ops[i].mops, regMop{m[0] == "w", slices.Index(unitKeys, m[1].(string)), int(v)})
		}
	}
	for name, op := range typed {
		add(name, op.Type, op.Value)
	}
	for name, value := range bare {
		add(name, "ok", value)
	}
	return ops
}

func (u registerUnit) successors() map[int]map[int]bool {
	succ := map[int]map[int]bool{}
	for _, e := range u.TxnEdges {
		if succ[e[0]] == nil {
			succ[e[0]] = map[int]bool{}
		}
		succ[e[0]][e[1]] = true
	}
	return succ
}

// TestRegisterUnitsVersionEdges would miss a literal twin that is wrong, and with it the proof that the fast scans are
// right: the original's own cases, on graphs that no history gives, are the twin's.
func TestRegisterUnitsVersionEdges(t *testing.T) {
	for _, u := range registerUnits(t, "txn-graph->version-graphs") {
		got := literalVersionEdges(u.literalOps(t), u.successors(), len(unitKeys))
		want := map[[3]int]bool{}
		for key, edges := range u.VersionEdges {
			for _, e := range edges {
				want[[3]int{slices.Index(unitKeys, key), e[0], e[1]}] = true
			}
		}
		compareEdges(t, u.Name, got, want)
	}
	for _, u := range registerUnits(t, "ext-key-graph") {
		got, want := map[string]any{}, map[string]any{}
		ops := u.literalOps(t)
		for name := range u.Expect.(map[string]any) {
			got[name] = map[string]any{}
		}
		for k, key := range unitKeys {
			for a, down := range downstream(ops, u.successors(), k) {
				if len(down) > 0 {
					got[strconv.Itoa(a)].(map[string]any)[key] = fmt.Sprint(sortedKeys(down))
				}
			}
		}
		for name, keys := range u.Expect.(map[string]any) {
			row := map[string]any{}
			for key, list := range keys.(map[string]any) {
				row[key] = fmt.Sprint(list)
			}
			want[name] = row
		}
		if d := gocmp.Diff(got, want); d != "" {
			t.Errorf("%s (-got +want): %s", u.Name, d)
		}
	}
}

func sortedKeys(m map[int]bool) []int {
	var all []int
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// TestRegisterUnitsReads would miss a wrong G1a, G1b or internal.
func TestRegisterUnitsReads(t *testing.T) {
	for component, kind := range map[string]string{"internal": "internal", "g1a": "G1a", "g1b": "G1b"} {
		for _, u := range registerUnits(t, component) {
			h := u.read(t)
			var got []any
			for _, a := range inferRegister(context.Background(), premisesOf(h, Options{})).anomalies {
				if a.Kind == kind {
					got = append(got, plainFields(h, a.Fields))
				}
			}
			want, _ := u.Expect.([]any)
			if d := gocmp.Diff(got, want); d != "" {
				t.Errorf("%s %s (-got +want): %s", component, u.Name, d)
			}
		}
	}
}

// TestRegisterUnitsTxnEdges would miss a wrong ww or rw edge from an order of versions that is given.
func TestRegisterUnitsTxnEdges(t *testing.T) {
	for _, u := range registerUnits(t, "version-graphs->txn-graph") {
		h := u.read(t)
		r := prepared(t, h, Options{})
		r.preds = rowsOf(r.preds.Len(), r.namedEdges(u.VersionEdges["x"]))
		in := r.graph(func(v uint32, buf []graph.Edge) []graph.Edge {
			return slices.DeleteFunc(r.row(v, buf), func(e graph.Edge) bool { return e.Rel == uint8(cycle.WR) })
		})
		got := [][]any{}
		for v := range uint32(in.Len()) {
			from, rels := in.Row(v)
			for i, a := range from {
				got = append(got, []any{float64(a), float64(v), map[cycle.Rel]string{cycle.WW: "ww", cycle.RW: "rw"}[cycle.Rel(rels[i])]})
			}
		}
		if d := gocmp.Diff(got, u.Edges); d != "" {
			t.Errorf("%s (-got +want): %s", u.Name, d)
		}
	}
}

// namedEdges are edges between versions of the first key, given by value. Versions that the history lacks have none.
func (r *register) namedEdges(edges [][2]int) []versionEdge {
	version := map[int]int32{}
	for v := range int32(r.versionOff[1]) {
		version[r.small(0, uint32(v))] = v
	}
	var all []versionEdge
	for _, e := range edges {
		from, ok := version[e[0]]
		to, also := version[e[1]]
		if ok && also {
			all = append(all, edgeOf(from, to))
		}
	}
	slices.Sort(all)
	return all
}

// TestRegisterUnitsCycles would miss a wrong wr edge.
func TestRegisterUnitsCycles(t *testing.T) {
	for _, u := range registerUnits(t, "wr-graph-acyclic") {
		r := prepared(t, u.read(t), Options{})
		in := r.graph(r.row)
		if got := len(graph.SCC(in, uint8(cycle.WR), nil).Groups(2)) == 0; got != u.Acyclic {
			t.Errorf("%s: got acyclic %v, want %v", u.Name, got, u.Acyclic)
		}
	}
}
