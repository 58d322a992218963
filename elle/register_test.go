package elle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

// readText reads a history from EDN.
func readText(t testing.TB, text string) *history.History {
	t.Helper()
	h, err := history.Read(context.Background(), "test.edn", []byte(text), history.Options{Independent: history.IndependentOff})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// story makes operations of lines "process type [mops]".
func opLines(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		w := strings.SplitN(l, " ", 3)
		fmt.Fprintf(&b, "{:process %s, :type :%s, :f :txn, :value %s}\n", w[0], w[1], w[2])
	}
	return b.String()
}

// outline is a verdict with the kinds of anomalies, or the codes of reasons and notes.
func outline(r check.Result) string {
	all := []string{r.Verdict.String()}
	for _, a := range r.Anomalies {
		all = append(all, a.Kind)
	}
	for _, x := range r.Reasons {
		all = append(all, "reason", x.Code)
	}
	for _, n := range r.Notes {
		all = append(all, "note", n.Code)
	}
	return strings.Join(slices.Compact(all), " ")
}

func text(s string) *string { return &s }

// Without this, values written twice, reads of what nobody wrote, initial values and foreign operations could be judged
// otherwise than documented: cases that no history of the corpus has.
func TestRegisterPremises(t *testing.T) {
	serializable := Options{Workload: RWRegister, Models: []string{"serializable"}}
	with := func(o Options, change func(*Options)) Options { change(&o); return o }
	for _, c := range []struct {
		name  string
		o     Options
		lines []string
		want  string
	}{
		{"a value read that two committed", serializable, []string{
			"0 ok [[:w :x 1]]", "1 ok [[:w :x 1]]", "2 ok [[:r :x 1]]"}, "unknown reason multiple-writers"},
		{"one of two writers is indeterminate", serializable, []string{
			"0 info [[:w :x 1]]", "1 ok [[:w :x 1]]", "2 ok [[:r :x 1]]"}, "unknown reason multiple-writers"},
		{"the other writer failed", serializable, []string{
			"0 fail [[:w :x 1]]", "1 ok [[:w :x 1]]", "2 ok [[:r :x 1]]"}, "valid"},
		{"nobody reads what two wrote", serializable, []string{
			"0 ok [[:w :x 1]]", "1 ok [[:w :x 1]]", "2 ok [[:r :x nil]]"}, "valid"},
		{"a register set back to nil", serializable, []string{
			"0 ok [[:w :x 1]]", "1 ok [[:w :x nil]]", "2 ok [[:r :x nil]]"}, "unknown reason multiple-writers"},
		{"set back, and nobody looks", with(Options{Workload: RWRegister}, func(o *Options) { o.LinearizableKeys = true }), []string{
			"0 invoke [[:w :x 1]]", "0 ok [[:w :x 1]]", "0 invoke [[:w :x nil]]", "0 ok [[:w :x nil]]"}, "valid"},
		{"garbage is a note", serializable, []string{
			"0 ok [[:w :x 1]]", "1 ok [[:r :x 2]]", "2 ok [[:r :x 1]]"}, "valid note garbage-read"},
		{"garbage asked for", with(serializable, func(o *Options) { o.Anomalies = []string{"garbage-read"} }), []string{
			"0 ok [[:w :x 1]]", "1 ok [[:r :x 2]]", "2 ok [[:r :x 1]]"}, "invalid garbage-read"},
		{"garbage by the initial value", with(serializable, func(o *Options) { o.Initial = text("0") }), []string{
			"0 ok [[:w :x 1]]", "1 ok [[:r :x nil]]", "2 ok [[:r :x 1]]"}, "invalid garbage-read"},
		{"the initial value is no garbage", with(serializable, func(o *Options) { o.Initial = text("0") }), []string{
			"0 ok [[:w :x 1] [:r :y 0]]", "1 ok [[:w :y 1] [:r :x 0]]"}, "invalid G2-item"},
		{"a list as the initial value", with(serializable, func(o *Options) { o.Initial = text("[7 8]") }), []string{
			"0 ok [[:w :x 1] [:r :y (7 8)]]", "1 ok [[:w :y 1] [:r :x [7 8]]]"}, "invalid G2-item"},
		{"without it that's unknown", serializable, []string{
			"0 ok [[:w :x 1] [:r :y 0]]", "1 ok [[:w :y 1] [:r :x 0]]"}, "unknown empty-transaction-graph reason empty-transaction-graph note garbage-read"},
		{"what a dangling invocation wrote", serializable, []string{
			"0 invoke [[:w :x 1]]", "1 ok [[:r :x 1]]", "2 ok [[:w :y 1]]", "3 ok [[:r :y 1]]"}, "valid"},
		{"a foreign micro-op", serializable, []string{
			"0 ok [[:w :x 1]]", "1 ok [[:append :x 2]]"}, "unknown reason unexpected-txn-micro-op-types"},
		{"a foreign operation", serializable, []string{
			"0 ok [[:w :x 1]]", "1 ok 5"}, "unknown reason unexpected-txn-micro-op-types"},
		{"a lone transaction that read what it wrote later", serializable, []string{"0 ok [[:r :x 1] [:w :x 1]]"}, "valid"},
		{"a lone transaction that wrote", serializable, []string{"0 ok [[:w :x 1]]"},
			"unknown empty-transaction-graph reason empty-transaction-graph"},
		{"empty transactions", serializable, []string{
			"0 ok [[:w :x 1]]", "1 ok []", "2 ok nil", "3 ok [[:r :x 1]]"}, "valid"},
		{"keys of mixed kinds", serializable, []string{
			`0 ok [[:w "x" 1] [:r 1 nil]]`, `1 ok [[:w 1 1] [:r "x" nil]]`}, "invalid G2-item"},
	} {
		got := outline(Check(context.Background(), readText(t, opLines(c.lines...)), c.o))
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// Without this, transactions that the user's order doesn't name could come last, or ties follow anything but the file.
// Whether 1 comes before 2 shows: T2 read 1, and something that the writer of 2 wrote.
func TestGivenOrderGapsAndTies(t *testing.T) {
	h := readText(t, opLines("0 ok [[:w :x 1]]", "1 ok [[:w :x 2] [:w :z 1]]", "2 ok [[:r :x 1] [:r :z 1]]"))
	for _, c := range []struct {
		order map[int64]float64
		want  string
	}{
		{map[int64]float64{1: -7}, "invalid G-single-item"}, // 0 isn't named, and so first
		{map[int64]float64{0: -7}, "valid"},                 // 1 is
		{map[int64]float64{0: 5, 1: 5}, "invalid G-single-item"},
		{map[int64]float64{2: 1}, "invalid G-single-item"},
		{map[int64]float64{0: 1, 1: 0.5}, "valid"},
		{nil, "valid"},
	} {
		got := outline(Check(context.Background(), h, Options{Workload: RWRegister, Models: []string{"serializable"}, TransactionOrder: c.order}))
		if got != c.want {
			t.Errorf("%v: got %s, want %s", c.order, got, c.want)
		}
	}
}

// Without this, the steps of a proof over registers could name wrong versions or micro-ops, or lack their reasons.
func TestRegisterSteps(t *testing.T) {
	h := readText(t, opLines(
		"0 ok [[:r :y nil] [:w :x 1] [:w :x 2]]",
		"1 ok [[:w :y 7] [:r :z nil] [:r :x 2] [:w :x 3]]",
		"2 ok [[:r :x 2] [:w :y 5]]",
		"3 ok [[:r :x 3]]"))
	p := premisesOf(h, Options{WFRKeys: true})
	inf := inferRegister(context.Background(), p)
	var got []string
	for v := range uint32(inf.in.Len()) {
		from, rels := inf.in.Row(v)
		for i, u := range from {
			for _, rel := range inf.prefer {
				if rels[i]&uint8(rel) == 0 {
					continue
				}
				s := inf.explain(edge{u, v, rel, fmt.Sprint("T", u), fmt.Sprint("T", v)})
				line := s.Type
				for _, f := range s.Fields {
					line += " " + f.Value.String()
				}
				got = append(got, line+": "+s.Text)
			}
		}
	}
	want := []string{
		"wr :x 2 2 2: T0 wrote 2 to key :x, and T1 read it",
		"ww :x 2 3 2 3: T0 wrote version 2 of key :x, and T1 replaced it by a later version, 3",
		"rw :y nil 7 0 0: T0 read version nil of key :y, and T1 replaced it by a later version, 7",
		"rw :x 2 3 0 3: T2 read version 2 of key :x, and T1 replaced it by a later version, 3",
		"wr :x 2 2 0: T0 wrote 2 to key :x, and T2 read it",
		"rw :y nil 5 0 1: T0 read version nil of key :y, and T2 replaced it by a later version, 5",
		"wr :x 3 3 0: T1 wrote 3 to key :x, and T3 read it",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Without this, a history whose dependencies are too many for memory could hang, crash or, worse, pass as valid.
func TestRegisterLimits(t *testing.T) {
	var lines []string
	for i := range 300 {
		lines = append(lines, fmt.Sprintf("%d ok [[:r :x nil]]", i), fmt.Sprintf("%d ok [[:w :x %d]]", i, i))
	}
	h := readText(t, opLines(lines...))
	r := prepared(t, h, Options{})
	r.preds, _, _ = r.versionEdges(context.Background())
	if got := r.limitEdges(100000); got != nil || r.graph(r.row).Off[600] != 300*300 {
		t.Errorf("got %v, %d edges, want all 90000", got, r.graph(r.row).Off[600])
	}
	if got := r.limitEdges(5000); len(got) != 1 || r.graph(r.row).Off[600] != 300*16 {
		t.Errorf("got %v, %d edges, want a reason and 4800", got, r.graph(r.row).Off[600])
	}
}

// Without this, transactions of many micro-ops, which find their keys by hashing, could mix keys up.
func TestRegisterLongTransactions(t *testing.T) {
	for _, n := range []int{shortTxn - 1, shortTxn, shortTxn + 1, 500} {
		var writes, reads, again []string
		for k := range n {
			writes = append(writes, fmt.Sprintf("[:w %d %d]", k, k+1))
			reads = append(reads, fmt.Sprintf("[:r %d %d]", k, k+1))
			again = append(again, fmt.Sprintf("[:r %d %d]", k, k+1+k/(n-1)))
		}
		lines := []string{
			fmt.Sprintf("0 ok [%s]", strings.Join(writes, " ")),
			fmt.Sprintf("1 ok [%s %s]", strings.Join(reads, " "), strings.Join(reads, " ")),
		}
		o := Options{Workload: RWRegister, Models: []string{"serializable"}}
		if got := outline(Check(context.Background(), readText(t, opLines(lines...)), o)); got != "valid" {
			t.Errorf("%d keys: got %s, want valid", n, got)
		}
		lines[1] = fmt.Sprintf("1 ok [%s %s]", strings.Join(reads, " "), strings.Join(again, " "))
		got := Check(context.Background(), readText(t, opLines(lines...)), o)
		if want := fmt.Sprintf("%d", n+1); outline(got) != "invalid internal note garbage-read" || !strings.Contains(got.Anomalies[0].Text, want) {
			t.Errorf("%d keys: got %s, %v, want internal", n, outline(got), got.Anomalies)
		}
	}
}

// Without this, versions could be called cyclic without the transactions that prove it, or with wrong ones.
func TestRegisterCyclicVersions(t *testing.T) {
	o := Options{Workload: RWRegister, LinearizableKeys: true}
	h := readText(t, opLines(
		"0 invoke [[:w :x 1]]", "0 ok [[:w :x 1]]",
		"1 invoke [[:w :x 2]]", "1 ok [[:w :x 2]]",
		"2 invoke [[:r :x nil]]", "2 ok [[:r :x 1]]"))
	a := Check(context.Background(), h, o).Anomalies[0]
	if want := []history.ID{1, 3, 5}; a.Kind != "cyclic-versions" || !slices.Equal(a.Ops, want) {
		t.Errorf("got %s with %v, want cyclic-versions with %v", a.Kind, a.Ops, want)
	}
	want := "Of the versions of key :x,\n" +
		"  - 1 came before 2, because T1 wrote the one and had completed when T2, which wrote the other, was invoked.\n" +
		"  - However, 2 came before 1, because T2 wrote the one and had completed when T3, which read the other, was invoked: a contradiction."
	if a.Text != want {
		t.Errorf("got %q, want %q", a.Text, want)
	}
	told := map[string]int{}
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 3))
		ops := randomRegisters(rng, 20, 4, 1+rng.IntN(2), 0)
		o := Options{Workload: RWRegister, Models: []string{"read-uncommitted"}, TransactionOrder: map[int64]float64{}}
		switch rng.IntN(4) {
		case 0:
			o.WFRKeys = true
		case 1:
			o.SequentialKeys = true
		case 2:
			o.LinearizableKeys = true
		}
		if rng.IntN(3) == 0 {
			for i := range ops {
				o.TransactionOrder[int64(i)] = float64(rng.IntN(10))
			}
			o.WFRKeys = true
		}
		for _, a := range Check(context.Background(), registerHistory(t, ops), o).Anomalies {
			if a.Kind != "cyclic-versions" {
				continue
			}
			if len(a.Ops) == 0 || strings.Contains(a.Text, "both were seen") {
				t.Fatalf("seed %d: got no witness: %s\n%s", seed, a.Text, listing(ops))
			}
			for _, how := range []string{"read the one and wrote", "same process", "had completed", "given order", "from the start"} {
				if strings.Contains(a.Text, how) {
					told[how]++
				}
			}
		}
	}
	if len(told) != 5 {
		t.Errorf("got %v, want every way to order versions told", told)
	}
}
