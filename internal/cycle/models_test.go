package cycle

import (
	"bufio"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/internal/corpus"
)

// ours is the one anomaly that our tables add to the original's: spec §11.
const ours = "garbage-read"

// tables is the machine-readable form of the spec's tables.
type tables struct {
	Implied, Severity, Models, Proscribed map[string][]string
	Canonical, Friendly                   map[string]string
	Depth                                 map[string]int
	AnomalyOrder                          []string                            `json:"anomaly_order"`
	SearchOrder                           []string                            `json:"cycle_search_order"`
	AllModels                             []string                            `json:"all_models"`
	ProhibitedByModel                     map[string][]string                 `json:"prohibited_by_model"`
	CycleExists                           []struct{ Model, Type, Not string } `json:"cycle_exists"`
	Boundary                              map[string]struct {
		Not     []string
		AlsoNot []string `json:"also_not"`
	} `json:"boundary_of_single_anomaly"`
}

func readTables(t *testing.T) tables {
	t.Helper()
	path := filepath.Join(corpus.Dir(t), "..", "spec", "elle-lattice.json")
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("no tables at %s", path)
	}
	var tab tables
	if err == nil {
		err = json.Unmarshal(text, &tab)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func sorted(names ...string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if got, want := sorted(got...), sorted(want...); !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// Without it a row of the tables could be mistyped.
func TestTables(t *testing.T) {
	tab := readTables(t)
	rows := 0
	for _, row := range implications {
		same(t, "implied by "+row.found, row.implies, tab.Implied[row.found])
		rows++
	}
	for _, row := range severities {
		same(t, "milder than "+row.found, row.implies, tab.Severity[row.found])
	}
	if rows != len(tab.Implied) || len(severities) != len(tab.Severity) || len(modelRows) != len(tab.Models) {
		t.Errorf("got %d implications, %d severities, %d models, want %d, %d, %d",
			rows, len(severities), len(modelRows), len(tab.Implied), len(tab.Severity), len(tab.Models))
	}
	for _, row := range modelRows {
		want, ok := tab.Models[row.strong]
		if !ok || row.source == "" {
			t.Errorf("model %s is unknown or has no source", row.strong)
		}
		same(t, "weaker than "+row.strong, row.weak, want)
		proscribes := slices.DeleteFunc(slices.Clone(row.proscribes), func(a string) bool { return a == ours })
		same(t, "proscribed by "+row.strong, proscribes, tab.Proscribed[row.strong])
	}
	if len(aliases) != len(tab.Canonical) {
		t.Errorf("got %d aliases, want %d", len(aliases), len(tab.Canonical))
	}
	for friendly, canonical := range tab.Canonical {
		if got, ok := Canonical(friendly); !ok || got != canonical {
			t.Errorf("canonical name of %s: got %s, want %s", friendly, got, canonical)
		}
	}
	for canonical, friendly := range tab.Friendly {
		if got := Friendly(canonical); got != friendly {
			t.Errorf("friendly name of %s: got %s, want %s", canonical, got, friendly)
		}
	}
}

// Without it the closures, which decide verdicts, could lose something that the original holds.
func TestClosures(t *testing.T) {
	tab := readTables(t)
	for model, want := range tab.ProhibitedByModel {
		var got []string
		for a := range Prohibited([]string{model}, nil) {
			if a != ours {
				got = append(got, a)
			}
		}
		same(t, "prohibited by "+model, got, want)
	}
	for anomaly, want := range tab.Boundary {
		not, alsoNot := Boundary([]string{anomaly})
		same(t, anomaly+": not", not, want.Not)
		same(t, anomaly+": also not", alsoNot, want.AlsoNot)
	}
	if !slices.Equal(sorted(tab.AllModels...), allNames()) {
		t.Errorf("names of models: got %v, want %v", allNames(), tab.AllModels)
	}
	got := slices.DeleteFunc(slices.Clone(anomalyOrder[:]), func(a string) bool { return a == ours })
	if !slices.Equal(got, tab.AnomalyOrder) {
		t.Errorf("order of anomalies: got %v, want %v", got, tab.AnomalyOrder)
	}
}

// allNames is every name of a model that is understood.
func allNames() []string {
	names := ModelNames()
	for _, row := range modelRows {
		names = append(names, row.strong)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Without it the literal order of anomalies could part from the tables that define it.
func TestAnomalyOrder(t *testing.T) {
	worse := map[string][]string{}
	for _, rows := range [][]implication{implications[:], severities[:]} {
		for _, row := range rows {
			for _, a := range row.implies {
				worse[a] = append(worse[a], row.found)
			}
		}
	}
	depth := map[string]int{}
	for round := 0; len(depth) < len(anomalyOrder); round++ {
		var now []string
		for _, a := range anomalyOrder {
			_, gone := depth[a]
			if !gone && !slices.ContainsFunc(worse[a], func(w string) bool { _, ok := depth[w]; return !ok }) {
				now = append(now, a)
			}
		}
		if len(now) == 0 {
			t.Fatal("the tables have a cycle")
		}
		for _, a := range now {
			depth[a] = round
		}
	}
	want := slices.SortedFunc(slices.Values(anomalyOrder[:]), func(a, b string) int {
		return cmp.Or(cmp.Compare(depth[a], depth[b]), cmp.Compare(a, b))
	})
	if !slices.Equal(anomalyOrder[:], want) {
		t.Errorf("got %v, want %v", anomalyOrder, want)
	}
	if Severity("G0") >= Severity("G1c") || Severity("no such thing") <= Severity("G2-realtime") {
		t.Error("Severity doesn't follow the order")
	}
}

// Without it the addition to the original's table could vanish unseen.
func TestGarbageRead(t *testing.T) {
	not, _ := Boundary([]string{ours})
	if !slices.Equal(not, []string{"read-uncommitted"}) || !Prohibited([]string{"read-uncommitted"}, nil)[ours] {
		t.Errorf("a garbage read rules out %v, want read-uncommitted", not)
	}
}

// Without it the strongest possible models could name one that is ruled out, or one that nothing was checked about.
func TestStrongest(t *testing.T) {
	for _, c := range []struct{ found, want string }{
		{"", "strong-serializable"},
		{"G2-item-realtime", "strong-session-serializable strong-snapshot-isolation"},
		{"G2-item", "strong-snapshot-isolation update-serializable"},
		{"G0-realtime", "strong-session-serializable"},
		{"internal", "monotonic-atomic-view"},
		{"G0", ""},
	} {
		got := strings.Join(Strongest(strings.Fields(c.found)), " ")
		if c.found == "internal" {
			if !strings.Contains(got, "repeatable-read") || strings.Contains(got, "read-atomic") {
				t.Errorf("strongest after internal: got %q", got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("strongest after %q: got %q, want %q", c.found, got, c.want)
		}
	}
}

// Without it a mistyped model would get no hint, or a senseless one.
func TestNearestModels(t *testing.T) {
	for name, want := range map[string]string{
		"serialisable": "serializable", "snapshot isolation": "snapshot-isolation", "pl-3": "PL-3",
		"READ_COMMITTED": "read-committed", "strict-serialisable": "strict-serializable", "snapshot": "snapshot-isolation",
	} {
		got := NearestModels(name)
		if len(got) == 0 || got[0] != want {
			t.Errorf("nearest to %s: got %v, want %s", name, got, want)
		}
	}
	for _, name := range []string{"", "qqqqqqqq", strings.Repeat("serializable", 1000)} {
		if got := NearestModels(name); len(got) != 0 {
			t.Errorf("nearest to %.20q: got %v, want none", name, got)
		}
	}
}

// Without it the verdict of the four rules could flip, or a redundant proof be shown.
func TestReport(t *testing.T) {
	strict := Prohibited([]string{"strict-serializable"}, nil)
	for _, c := range []struct {
		name       string
		found      string
		prohibited map[string]bool
		verdict    check.Verdict
		types      string
	}{
		{"nothing", "", strict, check.Valid, ""},
		{"not asked for", "G2-item", Prohibited([]string{"snapshot-isolation"}, nil), check.Valid, ""},
		{"asked for", "G2-item G0", strict, check.Invalid, "G0 G2-item"},
		{"implied by what is asked for", "G0 G-single", Prohibited(nil, []string{"G1"}), check.Invalid, "G0"},
		{"empty", "empty-transaction-graph", strict, check.Unknown, "empty-transaction-graph"},
		{"invalid beats a status", "cycle-search-timeout G0", strict, check.Invalid, "G0 cycle-search-timeout"},
		{"redundant proof", "PL-SI-cycle-exists G-single-item", strict, check.Invalid, "G-single-item"},
		{"needed proof", "PL-SI-cycle-exists G2-item", strict, check.Invalid, "G2-item PL-SI-cycle-exists"},
		{"unknown anomaly asked for", "odd", Prohibited(nil, []string{"odd"}), check.Invalid, "odd"},
	} {
		verdict, types := Report(strings.Fields(c.found), c.prohibited)
		if verdict != c.verdict || strings.Join(types, " ") != c.types {
			t.Errorf("%s: got %v %v, want %v %s", c.name, verdict, types, c.verdict, c.types)
		}
	}
}

// unit is a row of the corpus's unit cases, as far as this package reads it.
type unit struct {
	Component, Name, Spec string
	Models, Anomalies     []string
	Not                   []string
	AlsoNot               []string `json:"also_not"`
	Expect                json.RawMessage
	Edges                 json.RawMessage
	Cycle                 []int
	Graph                 map[string][]uint32
	A, B                  json.RawMessage
	Composition           json.RawMessage
	Extension             json.RawMessage
	History               []unitOp
}

type unitOp struct {
	Index   int
	Process int
	Type    string
}

// units is the unit cases of one component.
func units(t *testing.T, component string) []unit {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus.Dir(t), "elle-unit-cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []unit
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var head struct{ Component string }
		if err := json.Unmarshal(lines.Bytes(), &head); err != nil {
			t.Fatal(err)
		}
		if head.Component != component {
			continue
		}
		var u unit
		if err := json.Unmarshal(lines.Bytes(), &u); err != nil {
			t.Fatal(err)
		}
		all = append(all, u)
	}
	if err := lines.Err(); err != nil || len(all) == 0 {
		t.Fatalf("component %s: got %d rows, error %v", component, len(all), err)
	}
	return all
}

// names is the expected value of a row, as a list of names.
func (u unit) names(t *testing.T) []string {
	t.Helper()
	var list []string
	if err := json.Unmarshal(u.Expect, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// Without it the lattice could contradict the original's own tests.
func TestModelUnits(t *testing.T) {
	l := theLattice()
	set := func(models []string) uint64 {
		var set uint64
		for _, m := range models {
			set |= 1 << l.model(m)
		}
		return set
	}
	for _, u := range units(t, "consistency-model/friendly-boundary") {
		not, alsoNot := Boundary(u.Anomalies)
		same(t, u.Name+": not", not, u.Not)
		same(t, u.Name+": also not", alsoNot, u.AlsoNot)
	}
	for _, u := range units(t, "consistency-model/prohibited-by") {
		var got []string
		for a := range Prohibited(u.Models, nil) {
			if a != ours {
				got = append(got, a)
			}
		}
		same(t, "prohibited by "+u.Name, got, u.names(t))
	}
	for _, u := range units(t, "consistency-model/weakest") {
		same(t, "weakest of "+u.Name, l.friendly(l.minimal(set(u.Models))), u.names(t))
	}
	for _, u := range units(t, "consistency-model/strongest") {
		same(t, "strongest of "+u.Name, l.friendly(l.maximal(set(u.Models))), u.names(t))
	}
	for _, u := range units(t, "consistency-model/impossible-models") {
		same(t, "impossible by "+u.Name, l.friendly(l.impossible(u.Anomalies)), u.names(t))
	}
	for _, u := range units(t, "consistency-model/all-impossible") {
		var got uint64
		for m := range each(set(u.Models)) {
			got |= l.stronger[m]
		}
		want := u.names(t)
		same(t, "all impossible by "+u.Name, l.friendly(got), l.friendly(set(want)))
	}
	for _, u := range units(t, "consistency-model/anomaly-order") {
		got := slices.DeleteFunc(slices.Clone(anomalyOrder[:]), func(a string) bool { return a == ours })
		if want := u.names(t); !slices.Equal(got, want) {
			t.Errorf("order: got %v, want %v", got, want)
		}
	}
}
