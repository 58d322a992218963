package render

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// read makes a history of EDN text, one operation a line, whose client operations a test can name by line.
func read(t testing.TB, text string) *history.History {
	t.Helper()
	h, err := history.Read(t.Context(), "test.edn", []byte(text), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// value reads one EDN value.
func value(t testing.TB, text string) edn.Value {
	t.Helper()
	v, _, err := edn.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const twoTxns = `{:index 5, :time 10, :type :fail, :process 0, :f :txn, :value [[:append :x 1]], :error :nope}
{:index 6, :type :ok, :process 1, :f :txn, :value [[:r :x [1]]]}
`

// TestEntries holds the keys under which each kind of anomaly has its operations. Without it, tools that read the
// original's results.edn would miss what they look for.
func TestEntries(t *testing.T) {
	h := read(t, twoTxns)
	first := `{:index 5, :time 10, :type :fail, :process 0, :f :txn, :value [[:append :x 1]], :error :nope}`
	second := `{:index 6, :type :ok, :process 1, :f :txn, :value [[:r :x [1]]]}`
	element := history.Field{Name: "element", Value: edn.NewInt(1)}
	key := history.Field{Name: "key", Value: edn.NewKeyword("x")}
	mop := history.Field{Name: "mop", Value: value(t, "[:r :x [1]]")}
	both := []history.ID{1, 0}
	for _, c := range []struct {
		a    check.Anomaly
		want string
	}{
		{check.Anomaly{Kind: "G1a", Ops: both, Fields: []history.Field{mop, element}},
			"{:op " + second + ", :mop [:r :x [1]], :writer " + first + ", :element 1}"},
		{check.Anomaly{Kind: "G1a", Ops: both, Fields: []history.Field{
			{Name: "element", Value: edn.NewInt(1)}, {Name: "writer", Value: check.OpRef(0)}, {Name: "op", Value: check.OpRef(1)}}},
			"{:op " + second + ", :writer " + first + ", :element 1}"},
		{check.Anomaly{Kind: "internal", Ops: both[:1], Fields: []history.Field{{Name: "expected", Value: edn.Value{}}, mop}},
			"{:op " + second + ", :mop [:r :x [1]], :expected nil}"},
		{check.Anomaly{Kind: "lost-update", Ops: both, Fields: []history.Field{key}},
			"{:key :x, :txns [" + second + " " + first + "]}"},
		{check.Anomaly{Kind: "dirty-update", Ops: []history.ID{0, 1}, Fields: []history.Field{key}},
			"{:key :x, :txns [" + first + " ... " + second + "]}"},
		{check.Anomaly{Kind: "PL-1-cycle-exists", Ops: both, Fields: []history.Field{{Name: "scc-size", Value: edn.NewInt(2)}}},
			"{:type :PL-1-cycle-exists, :scc-size 2}"},
		{check.Anomaly{Kind: "incompatible-order", Ops: both[:1], Fields: []history.Field{key}},
			"{:key :x, :ops [" + second + "]}"},
		{check.Anomaly{Kind: "G0-realtime", Ops: both, Steps: []check.Step{
			{Type: "ww", Fields: []history.Field{key}}, {Type: "realtime", Fields: []history.Field{{Name: "b", Value: check.OpRef(0)}}}}},
			"{:cycle [" + second + " " + first + " " + second + "], :steps [{:type :ww, :key :x} {:type :realtime, :b " + first +
				"}], :type :G0-realtime}"},
	} {
		if got := entry(h, c.a).String(); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.a.Kind, got, c.want)
		}
	}
}

// TestResultMap holds the top of the result map for each verdict. Without it, a key could vanish unnoticed.
func TestResultMap(t *testing.T) {
	h := read(t, twoTxns)
	for _, c := range []struct {
		r    check.Result
		want string
	}{
		{check.Result{Verdict: check.Valid}, "{:valid? true, :schema 1}"},
		{check.Result{Reasons: []check.Reason{{Code: "timeout", Text: "late", Ops: []history.ID{1}}}},
			"{:valid? :unknown, :type :timeout, :reasons [{:code :timeout, :text \"late\", " +
				":ops [{:index 6, :type :ok, :process 1, :f :txn, :value [[:r :x [1]]]}]}], :schema 1}"},
		{check.Result{Verdict: check.Invalid, Anomalies: []check.Anomaly{
			{Kind: "internal", Total: 3}, {Kind: "G0", Total: 1, Fields: []history.Field{{Name: "key", Value: edn.NewInt(1)}}},
			{Kind: "empty-transaction-graph", Fields: []history.Field{{Name: "empty-transaction-graph", Value: edn.NewBool(true)}}}},
			Models: check.Models{Not: []string{"read-atomic"}}, Notes: []check.Note{{Code: "n", Text: "note"}}},
			"{:valid? false, :anomaly-types (:G0 :empty-transaction-graph :internal), :anomalies {:G0 [{:key 1}], " +
				":empty-transaction-graph true, :internal true}, :anomaly-counts {:G0 1, :empty-transaction-graph 1, :internal 3}, " +
				":not #{:read-atomic}, :also-not #{}, :warnings [{:code :n, :text \"note\"}], :schema 1}"},
		{check.Result{Verdict: check.Invalid, Parts: []check.Part{
			{Name: "7", Result: check.Result{Verdict: check.Invalid}}, {Name: ":a b", Result: check.Result{Verdict: check.Valid}}}},
			"{:valid? false, :results {7 {:valid? false, :schema 1}, \":a b\" {:valid? true, :schema 1}}, :failures [7], :schema 1}"},
		{check.Result{Verdict: check.Invalid, Parts: []check.Part{
			{Name: "8", Result: check.Result{Verdict: check.Invalid}}, {Name: "0", Result: check.Result{Verdict: check.Invalid}}}},
			"{:valid? false, :results {8 {:valid? false, :schema 1}, 0 {:valid? false, :schema 1}}, :failures [0 8], :schema 1}"},
		{check.Result{Verdict: check.Invalid, Parts: []check.Part{
			{Name: "2", Result: check.Result{}}, {Name: "1", Result: check.Result{Verdict: check.Invalid}}}},
			"{:valid? false, :results {2 {:valid? :unknown, :schema 1}, 1 {:valid? false, :schema 1}}, :failures [1], :schema 1}"},
		{check.Result{Verdict: check.Valid, Parts: []check.Part{}},
			"{:valid? true, :results {}, :failures [], :schema 1}"},
	} {
		if got := ResultMap(h, c.r).String(); got != c.want {
			t.Errorf("%v:\n got %s\nwant %s", c.r.Verdict, got, c.want)
		}
	}
}

// anyValue draws EDN values of all kinds, a few levels deep.
func anyValue(depth int) *rapid.Generator[edn.Value] {
	return rapid.Custom(func(t *rapid.T) edn.Value {
		kinds := 9
		if depth == 0 {
			kinds = 5
		}
		items := func() []edn.Value { return rapid.SliceOfN(anyValue(depth-1), 0, 5).Draw(t, "items") }
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return edn.NewInt(rapid.Int64().Draw(t, "int"))
		case 1:
			return edn.NewFloat(rapid.Float64().Draw(t, "float"))
		case 2:
			return edn.NewString(rapid.StringN(0, 60, -1).Draw(t, "string"))
		case 3:
			return edn.NewKeyword(rapid.StringMatching(`[a-z]{1,9}(/[a-z]{1,3})?`).Draw(t, "keyword"))
		case 4:
			return edn.Value{}
		case 5:
			return edn.NewVector(items())
		case 6:
			return edn.NewList(items())
		case 7:
			return edn.NewSet(items())
		}
		list := items()
		return edn.NewMap(list[:len(list)/2*2])
	})
}

// TestLayout checks that laying a value out over lines changes nothing but white space, and that JSON is JSON. Without
// it, a long result could be unreadable for the tools that it is meant for.
func TestLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(4).Draw(t, "value")
		text := layout(nil, v, 0, ednSyntax())
		got, _, err := edn.Parse(text)
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if a, b := got.String(), v.String(); a != b {
			t.Fatalf("got %s\nwant %s", a, b)
		}
		if text := layout(nil, v, 0, jsonSyntax()); !json.Valid(text) {
			t.Fatalf("not JSON: %s", text)
		}
	})
}

// TestJSONValues holds how EDN's values become JSON's. Without it, a keyword could keep its colon, or a number its N.
func TestJSONValues(t *testing.T) {
	for _, c := range [...]struct{ edn, want string }{
		{":elle.list-append/init", `"init"`},
		{"[nil true 1 2.5 \"a<\\\"\" sym]", `[null, true, 1, 2.5, "a<\"", "sym"]`},
		{"123456789012345678901234567890N", "123456789012345678901234567890"},
		{"1.50M", "1.50"},
		{"#{1}", "[1]"},
		{"{1 2, [3] 4, :k 5, \"s\" 6}", `{"1": 2, "[3]": 4, "k": 5, "s": 6}`},
		{"[1/3 ##NaN ##Inf \\a]", `["1/3", "##NaN", "##Inf", "\\a"]`},
		{"#inst \"2020\"", `"2020"`},
	} {
		if got := string(appendJSON(nil, value(t, c.edn))); got != c.want {
			t.Errorf("%s: got %s, want %s", c.edn, got, c.want)
		}
	}
}

// TestDOT checks that what is special in a record's label is escaped and edges end at micro-ops. Without it, Graphviz
// would refuse a history with braces in its strings.
func TestDOT(t *testing.T) {
	h := read(t, `{:index 3, :type :ok, :process 0, :f :txn, :value [[:append "a|b" {1 "<\\>"}]]}
{:index 4, :type :info, :process 1, :f :txn, :value [[:r :x nil]]}
`)
	port := func(a, b int64) []history.Field {
		return []history.Field{{Name: "a-mop-index", Value: edn.NewInt(a)}, {Name: "b-mop-index", Value: edn.NewInt(b)}}
	}
	got := DOT(h, check.Anomaly{Kind: "G1c", Ops: []history.ID{0, 1}, Steps: []check.Step{
		{Type: "wr", Fields: port(0, 0)}, {Type: "rw", Fields: port(-1, 0)}}})
	for _, want := range []string{
		`T3 [height=0.4, shape=record, label="T1 · process 0|<f0> a \"a\|b\" \{1 \"\<\\\\\>\"\}", color="#0058AD", fontcolor="#0058AD", id="n0"];`,
		`T4 [height=0.4, shape=record, label="T2 · process 1 · info|<f0> r :x nil", color="#AC6E00", fontcolor="#AC6E00", id="n1"];`,
		`T3:f0 -> T4:f0 [label="wr\nsaw it", color="#C000A5", fontcolor="#C000A5", penwidth=2.2`,
		`T4 -> T3:f0 [label="rw\nmissed it", color="#5B00C0", fontcolor="#5B00C0", penwidth=2.2`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing %s in\n%s", want, got)
		}
	}
}

// TestSafeName checks that a key can't lead out of its directory. Without it, a key "../x" could.
func TestSafeName(t *testing.T) {
	for _, c := range [...]struct{ name, want string }{{"7", "7"}, {"../x", "___x"}, {`"a b"`, "_a_b_"}, {strings.Repeat("é", 90), strings.Repeat("_", 40)}} {
		if got := safeName(c.name); got != c.want {
			t.Errorf("%q: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFieldsShowOperations(t *testing.T) {
	// Without this, a result's own fields would name operations by numbers that no reader of the file knows.
	h := read(t, twoTxns)
	deep := edn.NewMap([]edn.Value{edn.NewKeyword("wrong"), edn.NewVector([]edn.Value{edn.NewMap([]edn.Value{
		edn.NewKeyword("ops"), edn.NewVector([]edn.Value{check.OpRef(1)})})})})
	m := ResultMap(h, check.Result{Fields: []history.Field{{Name: "errors", Value: deep}}})
	got, _ := m.Get(edn.NewKeyword("errors"))
	want := "{:wrong [{:ops [{:index 6, :type :ok, :process 1, :f :txn, :value [[:r :x [1]]]}]}]}"
	if got.String() != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
