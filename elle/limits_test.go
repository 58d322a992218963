package elle

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/internal/sim"
)

// TestElements would miss two elements that share a slot, or one that is not found: in a dense table, a hashed one, and
// an empty one.
func TestElements(t *testing.T) {
	for _, syms := range [][]history.Sym{nil, {5}, {1, 2, 3, 4}, {7, 1 << 20, 1 << 30}, {history.Nil, 1, history.True}} {
		var appends []appendRef
		for _, s := range syms {
			appends = append(appends, appendRef{el: s}, appendRef{el: s})
		}
		table := newElements(appends, [][]history.Sym{syms})
		table.base = 100
		seen := make(map[uint32]bool)
		for _, s := range syms {
			slot := table.slot(s)
			if slot <= table.base || slot >= table.base+table.size-1 || seen[slot] {
				t.Errorf("%v: element %d has slot %d of %d from %d", syms, s, slot, table.size, table.base)
			}
			seen[slot] = true
			if got := table.at(slot); got != s {
				t.Errorf("%v: slot %d holds %d, want %d", syms, slot, got, s)
			}
		}
		for _, absent := range []history.Sym{0, 1 << 25, history.False} {
			if slot := table.slot(absent); slot != noSlot && seen[slot] {
				t.Errorf("%v: absent %d has the slot of another", syms, absent)
			}
		}
	}
}

// dirtyHistory is a run of a database without isolation, several pieces of parallel work long.
func dirtyHistory(t *testing.T) *history.History {
	t.Helper()
	text, err := sim.EDN(sim.Options{Seed: 1, Level: sim.Dirty, Txns: 12000, Concurrency: 8, FailRate: 0.05, InfoRate: 0.01})
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.Read(context.Background(), "dirty", text, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if numBlocks(h.Len()) < 2 {
		t.Fatalf("%d operations are one block", h.Len())
	}
	return h
}

// TestWorkersOnLongHistory would miss results that depend on how a history is cut for parallel work.
func TestWorkersOnLongHistory(t *testing.T) {
	h := dirtyHistory(t)
	one := Check(context.Background(), h, Options{Workers: 1, MaxAnomalies: 20})
	if one.Verdict != check.Invalid || len(kinds(one)) < 4 {
		t.Fatalf("got %v %v, want many anomalies", one.Verdict, kinds(one))
	}
	for _, workers := range []int{2, 3, 8} {
		got := Check(context.Background(), h, Options{Workers: workers, MaxAnomalies: 20})
		if d := cmp.Diff(got, one, cmp.Comparer(edn.Equal)); d != "" {
			t.Fatalf("-%d workers +1: %s", workers, d)
		}
	}
}

// TestMaxAnomalies would miss a limit that drops kinds, lists others than the first ones, or loses count.
func TestMaxAnomalies(t *testing.T) {
	h := dirtyHistory(t)
	all := Check(context.Background(), h, Options{})
	few := Check(context.Background(), h, Options{MaxAnomalies: 3})
	want := make(map[string]int)
	var first []check.Anomaly
	for _, a := range all.Anomalies {
		if want[a.Kind]++; want[a.Kind] <= 3 {
			first = append(first, a)
		}
	}
	for _, a := range few.Anomalies {
		if a.Total != want[a.Kind] {
			t.Errorf("%s: total %d, want %d", a.Kind, a.Total, want[a.Kind])
		}
	}
	if d := cmp.Diff(few.Anomalies, first, cmp.Comparer(edn.Equal)); d != "" {
		t.Errorf("-limited +first of all: %s", d)
	}
	if d := cmp.Diff(few.Models, all.Models); d != "" {
		t.Errorf("models (-limited +all): %s", d)
	}
}

// TestStopped would miss a check that ignores the end of its time, or takes it for a verdict.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got := Check(ctx, ops(t, "0 o ax1", "1 o rx1"), Options{})
	if got.Verdict != check.Unknown || len(got.Reasons) != 1 || got.Reasons[0].Code != "interrupted" {
		t.Errorf("got %v %v, want unknown, interrupted", got.Verdict, got.Reasons)
	}
}

// TestLimitEdges would miss a database that loses everything: its graph is quadratic, and must be bounded without losing
// the proof, or the warning where there is none.
func TestLimitEdges(t *testing.T) {
	var text bytes.Buffer
	for i := range 200 {
		fmt.Fprintf(&text, "{:type :invoke :process 0 :value [[:append 1 %d]]} {:type :ok :process 0 :value [[:append 1 %d]]}\n", i, i)
		fmt.Fprintf(&text, "{:type :invoke :process 1 :value [[:r 1 nil]]} {:type :ok :process 1 :value [[:r 1 []]]}\n")
	}
	h, err := history.Read(context.Background(), "loses", text.Bytes(), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := premisesOf(h, Options{})
	g := gather(p, p.keyNo)
	v := newVersions(p, g)
	overKeys(len(g.keys), 1, func(k int, s *scratch) { v.settle(p, g, k, s) })
	if r := v.limitEdges(200 * 200); r != nil {
		t.Fatalf("40,000 edges are too many of 40,000: %v", r)
	}
	if r := v.limitEdges(200*200 - 1); len(r) != 1 || r[0].Code != "too-many-dependencies" {
		t.Fatalf("got %v, want a reason", r)
	}
	a := appends{h: h, p: p, v: v}
	full := v.readersOf(v.keys[0].base)
	for node := range uint32(len(p.nodes)) {
		row := a.row(node, nil)
		if len(row) > maxReaders || len(row) > 0 && row[len(row)-1].To != full[len(full)-1] {
			t.Fatalf("row of %d edges, want at most %d and the last reader among them", len(row), maxReaders)
		}
	}
}

// TestPartialGraph would miss a verdict of valid from a graph that lacks edges.
func TestPartialGraph(t *testing.T) {
	c := checker{w: ListAppend, prohibited: map[string]bool{"G0": true}}
	why := check.Reason{Code: "too-many-dependencies"}
	if got := c.conclude(nil, nil, why); got.result.Verdict != check.Unknown {
		t.Errorf("nothing found: got %v, want unknown", got.result.Verdict)
	}
	if got := c.conclude([]check.Anomaly{{Kind: "G0"}}, nil, why); got.result.Verdict != check.Invalid {
		t.Errorf("a cycle found: got %v, want invalid", got.result.Verdict)
	}
}

// TestOptions would miss a mistyped name that passes as one that prohibits nothing.
func TestOptions(t *testing.T) {
	for _, o := range []Options{{Models: []string{"serialisable"}}, {Anomalies: []string{"G-one"}}, {MaxAnomalies: -1},
		{Workload: 9}} {
		if o.Validate() == nil {
			t.Errorf("%+v passed", o)
		}
		if got := Check(context.Background(), ops(t, "0 o ax1"), o); got.Verdict != check.Unknown || len(got.Reasons) != 1 {
			t.Errorf("%+v: got %v %v, want unknown with a reason", o, got.Verdict, got.Reasons)
		}
	}
	if err := (Options{Models: []string{"PL-3", "snapshot-isolation"}, Anomalies: []string{"G1", "garbage-read"}}).Validate(); err != nil {
		t.Error(err)
	}
}

// TestRecognise would miss a workload that is taken for another, or an error where there is only too little to go by.
func TestRecognise(t *testing.T) {
	for _, c := range []struct {
		text string
		want Workload
		is   Workload
		ok   bool
	}{
		{"", Auto, ListAppend, true},
		{"{:type :ok :process 0 :value [[:append 1 2]]}", Auto, ListAppend, true},
		{"{:type :ok :process 0 :value [[:r 1 [2]]]}", Auto, ListAppend, true},
		{"{:type :ok :process 0 :value [[:r 1 2]]}", Auto, RWRegister, true},
		{"{:type :ok :process 0 :value [[:w 1 2]]}", Auto, RWRegister, true},
		{"{:type :ok :process 0 :value [[:w 1 2] [:insert 1 3]]}", Auto, ClosedPredicate, true},
		{"{:type :ok :process 0 :f :init :value {1 2}}", Auto, ClosedPredicate, true},
		{"{:type :ok :process 0 :f :txn :value nil}", Auto, ListAppend, true},
		{"{:type :ok :process 0 :f :txn :value nil}", RWRegister, RWRegister, true},
		{"{:type :info :process :nemesis :f :kill :value nil}", Auto, ListAppend, true},
		{"{:type :ok :process 0 :value [[:w 1 2]]}", ListAppend, RWRegister, false},
		{"{:type :ok :process 0 :value [[:append 1 2]]}", RWRegister, ListAppend, false},
		{"{:type :ok :process 0 :f :read :value 3}", Auto, Auto, false},
		{"{:type :ok :process 0 :f :read :value nil}", Auto, Auto, false},
		{"{:type :ok :process 0 :value [[:merge 1 2]]}", Auto, Auto, false},
	} {
		h, err := history.Read(context.Background(), "test", []byte(c.text+"\n"), history.Options{Format: history.FormatEDN})
		if c.text == "" {
			h, err = history.FromOps(nil)
		}
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		got, err := Recognise(h, c.want)
		foreign, _ := err.(*ForeignError)
		switch {
		case c.ok && (err != nil || got != c.is):
			t.Errorf("%s as %v: got %v, %v, want %v", c.text, c.want, got, err, c.is)
		case !c.ok && (foreign == nil || foreign.Is != c.is || foreign.Hint == ""):
			t.Errorf("%s as %v: got %v, %v, want an error that names %v", c.text, c.want, got, err, c.is)
		}
	}
}

// TestKeyedReasons would miss a keyed history that is unknown without a word of which key and why.
func TestKeyedReasons(t *testing.T) {
	var all []history.Op
	for key := range int64(2) {
		for range key + 1 {
			value := edn.NewVector([]history.Value{edn.NewInt(key), edn.NewVector([]history.Value{mop("ax1")})})
			all = append(all, history.Op{Time: history.NoTime, Type: history.Invoke, Process: edn.NewInt(int64(len(all))), Value: value})
		}
	}
	h, err := history.FromOps(all)
	if err != nil {
		t.Fatal(err)
	}
	got := Check(context.Background(), h, Options{})
	codes := []string{}
	for _, why := range got.Reasons {
		codes = append(codes, why.Code)
	}
	if got.Verdict != check.Unknown || len(got.Parts) != 2 || !slices.Equal(codes, []string{"empty-transaction-graph", "duplicate-appends"}) {
		t.Errorf("got %v, %d parts, %v", got.Verdict, len(got.Parts), got.Reasons)
	}
}

// Without this a user who asks for version orders of registers would believe that they were used on lists.
func TestRegisterOptionsOnListsAreNoted(t *testing.T) {
	h, err := history.Read(t.Context(), "text", []byte(`{:type :ok, :process 0, :value [[:append :x 1]]}`), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    Options
		want int
	}{{Options{}, 0}, {Options{WFRKeys: true}, 1}} {
		if got := Check(t.Context(), h, c.o).Notes; len(got) != c.want {
			t.Errorf("%+v: notes %v, want %d", c.o, got, c.want)
		}
	}
}
