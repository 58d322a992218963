package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"jcheck/history"
)

// busy is a run with everything in it.
func busy(seed uint64, l Level, w Workload) Options {
	return Options{Seed: seed, Level: l, Workload: w, Txns: 300, Concurrency: 5, MaxWritesPerKey: 8,
		FailRate: 0.05, InfoRate: 0.05, FinalReads: true}
}

// Without this a run could depend on map order or on anything but its seed.
func TestSameSeedSameHistory(t *testing.T) {
	for _, l := range Levels() {
		for _, w := range []Workload{ListAppend, RWRegister} {
			a, err := EDN(busy(1, l, w))
			if err != nil {
				t.Fatal(err)
			}
			b, err := EDN(busy(1, l, w))
			if err != nil {
				t.Fatal(err)
			}
			c, err := EDN(busy(2, l, w))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a, b) {
				t.Errorf("%v %v: two runs of one seed differ", l, w)
			}
			if bytes.Equal(a, c) {
				t.Errorf("%v %v: two seeds give one history", l, w)
			}
		}
	}
}

// Without this a history could break the rules of recording: a process with two open operations, one that returns after
// an info, times that go back, a completion of other micro-ops than were invoked.
func TestHistoryIsWellFormed(t *testing.T) {
	for _, l := range Levels() {
		o := busy(3, l, ListAppend)
		ops, err := Ops(o)
		if err != nil {
			t.Fatal(err)
		}
		open := make(map[int64]*Op)
		crashed := make(map[int64]bool)
		last, invoked := int64(0), 0
		for i, op := range ops {
			if op.Index != int64(i) || op.Time < last {
				t.Fatalf("%v: operation %d has index %d and time %d after time %d", l, i, op.Index, op.Time, last)
			}
			last = op.Time
			if crashed[op.Process] {
				t.Fatalf("%v: process %d goes on after an info", l, op.Process)
			}
			inv := open[op.Process]
			if (op.Type == history.Invoke) != (inv == nil) {
				t.Fatalf("%v: %v of process %d, open: %v", l, op.Type, op.Process, inv != nil)
			}
			if op.Type == history.Invoke {
				invoked++
				open[op.Process] = op
				continue
			}
			delete(open, op.Process)
			crashed[op.Process] = op.Type == history.Info
			same := slices.EqualFunc(op.Mops, inv.Mops, func(a, b Mop) bool {
				return a.Write == b.Write && a.Key == b.Key && (!a.Write || a.Value == b.Value)
			})
			if !same {
				t.Fatalf("%v: completion %v of invocation %v", l, op.Mops, inv.Mops)
			}
		}
		if len(open) > 0 || invoked <= o.Txns {
			t.Errorf("%v: %d invocations (final reads included), %d left open", l, invoked, len(open))
		}
	}
}

// Without this the rates could be ignored, and no test of info or fail operations would test anything.
func TestRatesShow(t *testing.T) {
	o := busy(4, StrictSerializable, RWRegister)
	o.Txns = 2000
	ops, err := Ops(o)
	if err != nil {
		t.Fatal(err)
	}
	var n [4]int
	for _, op := range ops {
		n[op.Type]++
	}
	for _, typ := range []history.Type{history.Fail, history.Info} {
		if n[typ] < 60 || n[typ] > 140 {
			t.Errorf("%d of 2000 are %v, want about 100", n[typ], typ)
		}
	}
}

// Without this a long run could keep every key it ever used.
func TestRetiredKeysAreForgotten(t *testing.T) {
	s := store{cells: make(map[int64]*cell)}
	s.hold([]Mop{{Key: 1}, {Key: 2}})
	s.retire(1)
	if len(s.cells) != 2 {
		t.Errorf("%d keys left, want 2: somebody still names key 1", len(s.cells))
	}
	s.drop([]Mop{{Key: 1}, {Key: 2}})
	if len(s.cells) != 1 {
		t.Errorf("%d keys left, want 1: key 2 isn't retired", len(s.cells))
	}
}

// Without this strict-serializable histories might not be: the longest read of a key at the end has each acknowledged
// append, and no failed one.
func TestFinalReadsShowWhatCommitted(t *testing.T) {
	for _, l := range []Level{StrictSerializable, Serializable, SnapshotIsolation, ReadCommitted} {
		ops, err := Ops(busy(6, l, ListAppend))
		if err != nil {
			t.Fatal(err)
		}
		final := make(map[int64][]int64)
		for _, op := range ops {
			for _, m := range op.Mops {
				if m.Known {
					final[m.Key] = m.List
				}
			}
		}
		for _, op := range ops {
			for _, m := range op.Mops {
				if !m.Write || op.Type == history.Invoke || op.Type == history.Info {
					continue
				}
				if got, want := slices.Contains(final[m.Key], m.Value), op.Type == history.OK; got != want {
					t.Errorf("%v: key %d has %d at the end: %v, but its append was %v", l, m.Key, m.Value, got, op.Type)
				}
			}
		}
	}
}

// Without this the encodings could be unreadable, or differ in what they say.
func TestEncodings(t *testing.T) {
	op := &Op{Index: 3, Time: 7, Type: history.OK, Process: 2, Workload: ListAppend, Mops: []Mop{
		{Write: true, Key: 1, Value: 9}, {Known: true, Key: 1, List: []int64{4, 9}}, {Key: 2}, {Known: true, Key: 3}}}
	got := string(AppendEDN(nil, op))
	want := "{:index 3, :time 7, :type :ok, :process 2, :f :txn, :value [[:append 1 9] [:r 1 [4 9]] [:r 2 nil] [:r 3 nil]]}"
	if got != want {
		t.Errorf("EDN is\n%s, want\n%s", got, want)
	}
	op.Workload = RWRegister
	op.Mops[1] = Mop{Known: true, Key: 1, Value: 9}
	js := AppendJSON(nil, op)
	wantJSON := `{"index":3,"time":7,"type":"ok","process":2,"f":"txn","value":[["w",1,9],["r",1,9],["r",2,null],["r",3,null]]}`
	if string(js) != wantJSON {
		t.Errorf("JSON is\n%s, want\n%s", js, wantJSON)
	}
	if !json.Valid(js) {
		t.Errorf("not JSON: %s", js)
	}
}

// Without this a wrong option could hang or fault the simulation instead of being named.
func TestWrongOptionsAreNamed(t *testing.T) {
	for word, o := range map[string]Options{
		"transactions":       {Txns: -1},
		"concurrency":        {Concurrency: -2},
		"key count":          {KeyCount: -1},
		"transaction length": {MinTxnLen: 3, MaxTxnLen: 2},
		"writes per key":     {MaxWritesPerKey: -5},
		"rate":               {FailRate: 2},
		"in all":             {FailRate: 0.7, InfoRate: 0.7},
		"base":               {KeyDistBase: 1},
		"unknown level":      {Level: 99},
	} {
		err := Run(o, func(*Op) error { return nil })
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%+v: error %v, want one about %q", o, err, word)
		}
	}
}

// Without this a full disk would be ignored until the end of a long run.
func TestEmitErrorEndsTheRun(t *testing.T) {
	full := errors.New("full")
	n := 0
	err := Run(busy(7, Dirty, ListAppend), func(*Op) error { n++; return full })
	if !errors.Is(err, full) || n != 1 {
		t.Errorf("error %v after %d operations, want %v after 1", err, n, full)
	}
}

// Without this a distribution could starve keys or draw outside its range.
func TestKeyDistributions(t *testing.T) {
	for dist, falls := range map[Dist]int{Exponential: +1, Uniform: 0, Zipf: -1} {
		o := Options{KeyDist: dist, KeyCount: 4, Txns: 1, MaxWritesPerKey: 1 << 20, FixedWrites: true}.withDefaults()
		g := newGenerator(o, newRand(8))
		var n [4]int
		for range 20000 {
			n[g.slot()]++
		}
		switch first, last := n[0], n[3]; {
		case min(first, last) == 0,
			falls > 0 && last < 6*first, falls < 0 && first < 6*last,
			falls == 0 && (first > 2*last || last > 2*first):
			t.Errorf("%v draws slots %v times", dist, n)
		}
	}
}

// Without this the option that makes register histories whose version order shows could be ignored.
func TestReadFirst(t *testing.T) {
	o := busy(9, StrictSerializable, RWRegister)
	o.ReadFirst, o.FinalReads = true, false
	ops, err := Ops(o)
	if err != nil {
		t.Fatal(err)
	}
	writes := 0
	for _, op := range ops {
		for i, m := range op.Mops {
			if !m.Write {
				continue
			}
			writes++
			if before := op.Mops[:i]; !touched(before, m.Key, false) || touched(before, m.Key, true) {
				t.Errorf("operation %d writes key %d unread or twice: %v", op.Index, m.Key, op.Mops)
			}
		}
	}
	if writes < 50 {
		t.Errorf("%d writes in all, want more", writes)
	}
}

// Without this a predicate read could show rows that its transaction can't see, or rows of another predicate.
func TestPredicateReads(t *testing.T) {
	o := Options{Seed: 10, Workload: ClosedPredicate, Txns: 200, KeyCount: 60}
	ops, err := Ops(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(ops) < 60 || len(ops[0].Init) != 40 {
		t.Fatalf("%d operations, %d initial rows of 60, want 40", len(ops), len(ops[0].Init))
	}
	shown := 0
	for _, op := range ops {
		for _, m := range op.Mops {
			for _, row := range m.Rows {
				shown++
				if !m.Pred.match(row.Value) || op.Type != history.OK {
					t.Errorf("operation %d: %s shows %v", op.Index, m.Pred.append(nil, ednForm), row)
				}
			}
		}
	}
	if shown < 100 {
		t.Errorf("%d rows shown in all, want more", shown)
	}
	equal := int64(4)
	for _, c := range []struct {
		p    Predicate
		want string
		v    int64
		hit  bool
	}{
		{Predicate{}, ":true", 3, true}, {Predicate{}, ":true", dead, false}, {Predicate{Equal: &equal}, "[:= 4]", 4, true},
		{Predicate{Mod: 3, Rest: 2}, "[:mod 3 2]", 5, true}, {Predicate{Mod: 3, Rest: 2}, "[:mod 3 2]", 6, false},
	} {
		if got := string(c.p.append(nil, ednForm)); got != c.want || c.p.match(c.v) != c.hit {
			t.Errorf("predicate %s, want %s; matches %d: %v, want %v", got, c.want, c.v, c.p.match(c.v), c.hit)
		}
	}
	row := &Op{Type: history.OK, Workload: ClosedPredicate, Mops: []Mop{{Write: true, Key: 2, Value: dead},
		{Known: true, Key: 1}, {Known: true, Key: 3, Absent: true}, {Write: true, Key: 6, Value: 8}}}
	want := "{:index 0, :time 0, :type :ok, :process 0, :f :txn, :value [[:delete 2] [:r 1 0] [:r 3 nil] [:insert 6 8]]}"
	if got := string(AppendEDN(nil, row)); got != want {
		t.Errorf("EDN is\n%s, want\n%s", got, want)
	}
}

func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	o := Options{Txns: b.N, MaxWritesPerKey: 32, FixedWrites: true}
	if err := Run(o, func(*Op) error { return nil }); err != nil {
		b.Fatal(err)
	}
}

// Without this closed-predicate's JSON could be no JSON, or say something else than its EDN.
func TestPredicateJSON(t *testing.T) {
	two := int64(2)
	op := &Op{Type: history.OK, Workload: ClosedPredicate, Mops: []Mop{{Write: true, Key: 2, Value: dead},
		{Known: true, Key: 3, Absent: true}, {Pred: &Predicate{Equal: &two}}, {Pred: &Predicate{Mod: 3, Rest: 1}, Known: true},
		{Pred: &Predicate{}, Known: true, Rows: []Row{{1, 0}, {4, 2}}}}}
	got := string(AppendJSON(nil, op))
	want := `{"index":0,"time":0,"type":"ok","process":0,"f":"txn","value":[["delete",2],["r",3,null],["rp",["=",2],null],` +
		`["rp",["mod",3,1],{}],["rp","true",{"1":0,"4":2}]]}`
	if got != want || !json.Valid([]byte(got)) {
		t.Errorf("JSON is\n%s, want\n%s", got, want)
	}
	op = &Op{Workload: ClosedPredicate, Init: []Row{{1, 0}, {2, 1}}}
	want = `{"index":0,"time":0,"type":"invoke","process":0,"f":"init","value":{"1":0,"2":1}}`
	if got := string(AppendJSON(nil, op)); got != want {
		t.Errorf("JSON is\n%s, want\n%s", got, want)
	}
}

func BenchmarkWrite(b *testing.B) {
	b.ReportAllocs()
	o := Options{Txns: b.N, MaxWritesPerKey: 32, FixedWrites: true}
	if err := Write(io.Discard, o, AppendEDN); err != nil {
		b.Fatal(err)
	}
}

// Without this a typing mistake in an option would take all memory before the first operation.
func TestValidateBoundsWhatIsHeld(t *testing.T) {
	for _, o := range []Options{{Concurrency: mostClients + 1}, {KeyCount: mostKeys + 1}, {MaxTxnLen: mostMops + 1}} {
		o.Txns = 1
		if err := o.Validate(); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
