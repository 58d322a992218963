package elle_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/internal/sim"
)

// verdict is what must not move when only names move: verdict, anomalies with their witnesses, models.
func verdict(r check.Result) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Verdict, r.Models.Not, r.Models.AlsoNot)
	var lines []string
	for _, a := range r.Anomalies {
		types := make([]string, len(a.Steps))
		for i, s := range a.Steps {
			types[i] = s.Type
		}
		lines = append(lines, fmt.Sprint(a.Kind, a.Ops, types))
	}
	slices.Sort(lines) // their order may depend on the order of keys
	return b.String() + strings.Join(lines, "\n")
}

// renamed prints a history with keys, values and processes spelled by the functions.
func renamed(ops []*sim.Op, key, value func(int64) string, process func(int64) int64) string {
	var b strings.Builder
	for _, op := range ops {
		fmt.Fprintf(&b, "{:type :%s, :process %d, :f :txn, :value [", op.Type, process(op.Process))
		for _, m := range op.Mops {
			switch {
			case m.Write && op.Workload == sim.ListAppend:
				fmt.Fprintf(&b, "[:append %s %s]", key(m.Key), value(m.Value))
			case m.Write:
				fmt.Fprintf(&b, "[:w %s %s]", key(m.Key), value(m.Value))
			case len(m.List) > 0:
				spelled := make([]string, len(m.List))
				for i, v := range m.List {
					spelled[i] = value(v)
				}
				fmt.Fprintf(&b, "[:r %s [%s]]", key(m.Key), strings.Join(spelled, " "))
			case m.Value > 0:
				fmt.Fprintf(&b, "[:r %s %s]", key(m.Key), value(m.Value))
			default:
				fmt.Fprintf(&b, "[:r %s nil]", key(m.Key))
			}
		}
		b.WriteString("]}\n")
	}
	return b.String()
}

// spellings are ways to name integers that keep them apart.
var spellings = []func(int64) string{
	func(n int64) string { return fmt.Sprint(n) },
	func(n int64) string { return fmt.Sprint(1_000_003 - 7*n) },
	func(n int64) string { return fmt.Sprintf("%q", fmt.Sprint("key ", n)) },
	func(n int64) string { return fmt.Sprint(":k/", string(rune('a'+n%26)), n) },
	func(n int64) string { return fmt.Sprintf("[%d {:n %d}]", n%3, n) },
	func(n int64) string { return fmt.Sprintf("%d00000000000000000000000N", n+1) },
	func(n int64) string {
		return []string{fmt.Sprint(n), fmt.Sprintf("%d.5", n), fmt.Sprintf("%q", fmt.Sprint(n))}[n%3]
	},
}

// Without this the verdict could depend on how keys, values and processes are called, or on their order.
func TestNamesDoNotMatter(t *testing.T) {
	for _, level := range []sim.Level{sim.StrictSerializable, sim.SnapshotIsolation, sim.Dirty} {
		for _, w := range []sim.Workload{sim.ListAppend, sim.RWRegister} {
			ops, err := sim.Ops(busyRun(11, level, w))
			if err != nil {
				t.Fatal(err)
			}
			o := elle.Options{WFRKeys: true}
			same := func(p int64) int64 { return p }
			h := parse(t, renamed(ops, spellings[0], spellings[0], same))
			want := verdict(elle.Check(t.Context(), h, o))
			for i := range spellings {
				key, value := spellings[i], spellings[(i+2)%len(spellings)]
				h := parse(t, renamed(ops, key, value, func(p int64) int64 { return 99991 - 13*p }))
				if got := verdict(elle.Check(t.Context(), h, o)); got != want {
					t.Errorf("%v %v, spelling %d: result is\n%s\nwant\n%s", level, w, i, got, want)
				}
			}
		}
	}
}

// Without this the two formats could be read differently.
func TestFormatsDoNotMatter(t *testing.T) {
	for _, level := range []sim.Level{sim.Serializable, sim.Dirty} {
		ops, err := sim.Ops(busyRun(12, level, sim.ListAppend))
		if err != nil {
			t.Fatal(err)
		}
		var lines []byte
		for _, op := range ops {
			lines = append(sim.AppendJSON(lines, op), '\n')
		}
		h, err := history.Read(t.Context(), "test.json", lines, history.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, want := fmt.Sprint(elle.Check(t.Context(), h, elle.Options{})), fmt.Sprint(judge(t, ops, elle.Options{}))
		if got != want {
			t.Errorf("%v: JSON gives\n%s\nEDN gives\n%s", level, got, want)
		}
	}
}

// Without this a weaker promise could be broken by a history that keeps a stronger one.
func TestWeakerModelsAreKeptToo(t *testing.T) {
	chain := []string{"strict-serializable", "strong-session-serializable", "serializable", "repeatable-read",
		"read-committed", "read-uncommitted"}
	snapshot := []string{"strict-serializable", "strong-snapshot-isolation", "strong-session-snapshot-isolation",
		"snapshot-isolation", "parallel-snapshot-isolation", "read-atomic"}
	for seed := range uint64(60) {
		level := sim.Levels()[seed%6]
		w := sim.Workload(seed / 6 % 2)
		ops, err := sim.Ops(busyRun(seed, level, w))
		if err != nil {
			t.Fatal(err)
		}
		for _, models := range [][]string{chain, snapshot} {
			kept := ""
			for _, m := range models {
				r := judge(t, ops, elle.Options{Models: []string{m}, WFRKeys: true, Workers: 1})
				if r.Verdict == check.Valid {
					kept = m
				} else if kept != "" {
					t.Errorf("seed %d, %v %v: valid under %s, but %v under %s: %v", seed, level, w, kept, r.Verdict, m, kinds(r))
				}
			}
		}
	}
}

// Without this asking for more version orders of registers could lose what was found with fewer.
func TestMoreVersionOrdersFindMore(t *testing.T) {
	for seed := range uint64(30) {
		ops, err := sim.Ops(busyRun(seed, sim.Levels()[seed%6], sim.RWRegister))
		if err != nil {
			t.Fatal(err)
		}
		few := judge(t, ops, elle.Options{Workers: 1})
		more := judge(t, ops, elle.Options{Workers: 1, WFRKeys: true})
		if few.Verdict == check.Invalid && more.Verdict != check.Invalid {
			t.Errorf("seed %d: %v without wfr-keys, %v with", seed, few.Verdict, more.Verdict)
		}
	}
}

// Without this keys of a keyed history could see each other's operations: two histories in one file, interleaved, must
// give what each gives alone.
func TestIndependentKeysStayApart(t *testing.T) {
	for _, levels := range [][2]sim.Level{{sim.StrictSerializable, sim.StrictSerializable}, {sim.StrictSerializable, sim.Dirty},
		{sim.SnapshotIsolation, sim.Serializable}} {
		var alone [2]check.Result
		var parts [2][]string
		for i, level := range levels {
			ops, err := sim.Ops(busyRun(20+uint64(i), level, sim.ListAppend))
			if err != nil {
				t.Fatal(err)
			}
			alone[i] = judge(t, ops, elle.Options{})
			process := func(p int64) int64 { return 2*p + int64(i) }
			lines := strings.Split(strings.TrimSpace(renamed(ops, spellings[0], spellings[0], process)), "\n")
			for _, l := range lines {
				l = strings.Replace(l, ":value [", fmt.Sprintf(":value [:part%d [", i), 1)
				parts[i] = append(parts[i], strings.TrimSuffix(l, "]}")+"]]}")
			}
		}
		var merged []string
		for i := range max(len(parts[0]), len(parts[1])) {
			for _, p := range parts {
				if i < len(p) {
					merged = append(merged, p[i])
				}
			}
		}
		h, err := history.Read(context.Background(), "keyed.edn", []byte(strings.Join(merged, "\n")),
			history.Options{Independent: history.IndependentOn})
		if err != nil {
			t.Fatal(err)
		}
		r := elle.Check(t.Context(), h, elle.Options{})
		if want := check.Worse(alone[0].Verdict, alone[1].Verdict); r.Verdict != want || len(r.Parts) != 2 {
			t.Errorf("%v: verdict %v with %d parts, want %v with 2", levels, r.Verdict, len(r.Parts), want)
			continue
		}
		for i, p := range r.Parts {
			if got, want := kinds(p.Result), kinds(alone[i]); p.Result.Verdict != alone[i].Verdict || !slices.Equal(got, want) {
				t.Errorf("%v: part %s is %v %v, alone %v %v", levels, p.Name, p.Result.Verdict, got, alone[i].Verdict, want)
			}
		}
	}
}

// Without this a transaction that belongs to no key would go unseen, and what it did be called valid.
func TestTransactionsWithoutAKeyAreToldOf(t *testing.T) {
	const keyed = `{:process 0 :type :ok :value [:a [[:append :x 1]]]} {:process 0 :type :ok :value [:a [[:r :x [1]]]]}`
	for _, test := range []struct {
		name, more string
		want       check.Verdict
		reasons    int
	}{
		{"all have one", "", check.Valid, 0},
		{"one has none", ` {:process 1 :type :ok :value [[:append :x 2]]}`, check.Unknown, 1},
		{"one has none, and a key is invalid", ` {:process 1 :type :ok :value [[:r :x nil]]} {:process 0 :type :ok :value [:a [[:r :x nil]]]}`,
			check.Invalid, 1},
		{"no value", ` {:process 1 :type :info :value nil}`, check.Valid, 0},
	} {
		h, err := history.Read(t.Context(), "keyed.edn", []byte(keyed+test.more), history.Options{Independent: history.IndependentOn})
		if err != nil {
			t.Fatal(err)
		}
		r := elle.Check(t.Context(), h, elle.Options{Models: []string{"strong-session-serializable"}})
		if r.Verdict != test.want || len(r.Reasons) != test.reasons {
			t.Errorf("%s: got %v with %v, want %v with %d reasons", test.name, r.Verdict, r.Reasons, test.want, test.reasons)
		}
	}
}

// Without this a history cut off in mid-run could be blamed for what the rest would have explained: every beginning of a
// history that keeps a promise keeps it.
func TestBeginningsOfGoodHistoriesAreGood(t *testing.T) {
	for _, p := range promises {
		for _, w := range []sim.Workload{sim.ListAppend, sim.RWRegister, sim.ClosedPredicate} {
			ops, err := sim.Ops(busyRun(31, p.level, w))
			if err != nil {
				t.Fatal(err)
			}
			o := elle.Options{Workers: 1}
			if w == sim.RWRegister {
				o = p.register
			}
			for cut := 2; cut < len(ops); cut += 7 {
				for _, m := range p.holds {
					o.Models = []string{m}
					if r := judge(t, ops[:cut], o); r.Verdict == check.Invalid {
						t.Fatalf("%v %v: the first %d operations are invalid under %s: %v", w, p.level, cut, m, kinds(r))
					}
				}
			}
		}
	}
}

// Without this invocations could count as evidence of their own: without them nothing is lost but the order in time.
func TestCompletionsAloneTellTheSame(t *testing.T) {
	for seed := range uint64(30) {
		level, w := sim.Levels()[seed%6], sim.Workload(seed/6%2)
		ops, err := sim.Ops(busyRun(seed, level, w))
		if err != nil {
			t.Fatal(err)
		}
		var completions []*sim.Op
		for i, op := range ops {
			op.Index = int64(i) // sparse from here on
			if op.Type != history.Invoke {
				completions = append(completions, op)
			}
		}
		o := elle.Options{Models: []string{"strong-session-serializable"}, WFRKeys: true, Workers: 1}
		whole, part := judge(t, ops, o), judge(t, completions, o)
		if got, want := kinds(part), kinds(whole); part.Verdict != whole.Verdict || !slices.Equal(got, want) {
			t.Errorf("seed %d, %v %v: completions alone are %v %v, the whole history %v %v", seed, level, w, part.Verdict, got,
				whole.Verdict, want)
		}
	}
}

// Without this an append that nobody saw could be what keeps a history valid: leaving it out takes away edges only.
func TestUnreadAppendsMayGo(t *testing.T) {
	for seed := range uint64(30) {
		ops, err := sim.Ops(busyRun(seed, sim.Levels()[seed%6], sim.ListAppend))
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[[2]int64]bool)
		for _, op := range ops {
			for _, m := range op.Mops {
				for _, v := range m.List {
					seen[[2]int64{m.Key, v}] = true
				}
			}
		}
		for _, m := range []string{"strict-serializable", "snapshot-isolation", "read-committed"} {
			o := elle.Options{Models: []string{m}, Workers: 1}
			before := judge(t, ops, o)
			var fewer []*sim.Op
			for _, op := range ops {
				c := *op
				c.Mops = slices.DeleteFunc(slices.Clone(op.Mops), func(m sim.Mop) bool {
					return m.Write && !seen[[2]int64{m.Key, m.Value}]
				})
				fewer = append(fewer, &c)
			}
			if after := judge(t, fewer, o); before.Verdict == check.Valid && after.Verdict != check.Valid {
				t.Errorf("seed %d under %s: valid, but %v without the appends that nobody read: %v", seed, m, after.Verdict, kinds(after))
			}
		}
	}
}

// Without this the result of a long history could depend on how many goroutines shared the work, here both of reading
// and of checking.
func TestWorkersDoNotMatter(t *testing.T) {
	for _, level := range []sim.Level{sim.Serializable, sim.ReadCommitted, sim.Dirty} {
		for _, w := range []sim.Workload{sim.ListAppend, sim.RWRegister} {
			o := busyRun(41, level, w)
			if o.Txns = 20_000; testing.Short() {
				o.Txns = 2_000
			}
			edn, err := sim.EDN(o)
			if err != nil {
				t.Fatal(err)
			}
			var want string
			for _, workers := range []int{1, 2, 7} {
				h, err := history.Read(t.Context(), "test.edn", edn, history.Options{Workers: workers})
				if err != nil {
					t.Fatal(err)
				}
				got := fmt.Sprint(elle.Check(t.Context(), h, elle.Options{Workers: workers, WFRKeys: true, LinearizableKeys: true}))
				if want == "" {
					want = got
				}
				if got != want {
					t.Errorf("%v %v: %d workers give another result than 1 (%d and %d bytes printed)", w, level, workers, len(got), len(want))
				}
			}
		}
	}
}
