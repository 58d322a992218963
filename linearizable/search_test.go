package linearizable

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/sim/objects"
)

// made is the history of generated calls.
func made(tb testing.TB, o objects.Options) *history.History {
	tb.Helper()
	var text bytes.Buffer
	if err := objects.WriteEDN(&text, o.Kind, objects.Make(o)); err != nil {
		tb.Fatal(err)
	}
	h, err := history.Read(context.Background(), "made", text.Bytes(), history.Options{Independent: history.IndependentOff})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := h.Close(); err != nil {
			tb.Error(err)
		}
	})
	return h
}

func objectOf(tb testing.TB, o objects.Options) *object {
	tb.Helper()
	d, err := Find(o.Kind.Datatype())
	if err != nil {
		tb.Fatal(err)
	}
	init, err := d.Init(history.Value{})
	if err != nil {
		tb.Fatal(err)
	}
	obj, reasons := gather(made(tb, o), d, init, Options{})
	if len(reasons) > 0 {
		tb.Fatal(reasons)
	}
	return obj
}

func TestMadeHistories(t *testing.T) {
	// Without this, a generated history could be measured that isn't what its name says.
	for k := objects.Register; k <= objects.Set; k++ {
		n := 300
		if k >= objects.Set {
			n = 40 // without a quick way, these take long
		}
		for _, invalid := range []bool{false, true} {
			o := objects.Options{Kind: k, Clients: 3, Ops: n, Values: 8, Crashed: 1, Seed: 5, Invalid: invalid}
			want := check.Valid
			if invalid {
				want = check.Invalid
			}
			r := Check(context.Background(), made(t, o), Options{Datatype: k.Datatype()})
			if r.Verdict != want {
				t.Errorf("%s: verdict is %s, want %s (%v)", k.Datatype(), r.Verdict, want, r.Reasons)
			}
		}
	}
}

func TestBrief(t *testing.T) {
	// Without this, a brief result could have another verdict than the whole one, or name another operation.
	h := made(t, objects.Options{Kind: objects.CASRegister, Ops: 200, Values: 8, Crashed: 2, Seed: 5, Invalid: true})
	whole := Check(context.Background(), h, Options{Datatype: "cas-register"})
	brief := Check(context.Background(), h, Options{Datatype: "cas-register", Brief: true})
	if whole.Verdict != check.Invalid || brief.Verdict != check.Invalid || len(brief.Anomalies) != 1 {
		t.Fatalf("verdicts are %s and %s with %d anomalies, want invalid and one", whole.Verdict, brief.Verdict, len(brief.Anomalies))
	}
	op := func(r check.Result) string {
		i := slices.IndexFunc(r.Anomalies[0].Fields, func(f history.Field) bool { return f.Name == "op" })
		return r.Anomalies[0].Fields[i].Value.String()
	}
	if got, want := op(brief), op(whole); got != want {
		t.Errorf("the operation is %s, want %s", got, want)
	}
}

// crashing makes each call that changes the object crash with a chance of one half.
func (o *object) crashing(r *rand.Rand) *object {
	crashed := make(map[int32]int32) // kind → the same, crashed
	for x := range o.calls {
		c := &o.calls[x]
		k := o.kinds[c.kind]
		if k.Outcome = Crashed; r.IntN(2) == 0 || o.d.readOnly(k) {
			continue
		}
		if _, ok := crashed[c.kind]; !ok {
			crashed[c.kind] = int32(len(o.kinds))
			o.kinds = append(o.kinds, k)
		}
		c.kind, c.ret = crashed[c.kind], never
	}
	return o.inOrder()
}

func TestManyCrashed(t *testing.T) {
	// Without this, a reduction that is about crashed calls could drop the only linearization: elsewhere few crash.
	for i, f := range families {
		r := rand.New(rand.NewPCG(9, uint64(i)))
		n, invalid := 1500, 0
		if testing.Short() {
			n = 300
		}
		for range n {
			o := f.random(t, r, 3+r.IntN(6)).crashing(r)
			want := allOrders(o, o.init, 0)
			for _, beam := range []int{0, 1} {
				if got := verdictOf(t, o, beam); got != want {
					t.Fatalf("%s: linearizable is %v, want %v (beam %d)\n%s", f.datatype, got, want, beam, o)
				}
			}
			if !want {
				invalid++
			}
		}
		if invalid == 0 {
			t.Errorf("%s: none of %d random histories is invalid", f.datatype, n)
		}
	}
}

// searched are histories for the general search.
func searched() []objects.Options {
	cas := objects.CASRegister
	return []objects.Options{
		{Kind: cas, Ops: 100_000, Seed: 1},
		{Kind: cas, Clients: 20, Ops: 2000, Seed: 1},
		{Kind: cas, Clients: 20, Ops: 2000, Seed: 1, Invalid: true},
		{Kind: cas, Clients: 40, Ops: 2000, Seed: 1},
		{Kind: cas, Clients: 40, Ops: 2000, Values: 8, Seed: 1, Invalid: true},
		{Kind: cas, Clients: 100, Ops: 2000, Seed: 1},
		{Kind: cas, Clients: 100, Ops: 2000, Seed: 1, Foreign: true},
		{Kind: cas, Clients: 10, Ops: 1000, Values: 8, Crashed: 5, Seed: 1, Invalid: true},
		{Kind: cas, Clients: 10, Ops: 1000, Values: 8, Crashed: 10, Seed: 1, Invalid: true},
		{Kind: cas, Clients: 10, Ops: 1000, Values: 8, Crashed: 20, Seed: 1, Invalid: true},
		{Kind: cas, Clients: 10, Ops: 1000, Values: 8, Crashed: 20, Seed: 2, Invalid: true},
		{Kind: cas, Clients: 10, Ops: 1000, Values: 8, Crashed: 20, Seed: 3, Invalid: true},
		{Kind: cas, Clients: 10, Ops: 1000, Values: 8, Crashed: 20, Seed: 4, Invalid: true},
		{Kind: cas, Clients: 10, Ops: 1000, Values: 8, Crashed: 50, Seed: 1, Invalid: true},
		{Kind: cas, Ops: 1_000_000, Seed: 1},
	}
}

func BenchmarkSearch(b *testing.B) {
	for _, o := range searched() {
		b.Run(fmt.Sprintf("clients=%d/ops=%d/crashed=%d/invalid=%v", o.Clients, o.Ops, o.Crashed, o.Invalid || o.Foreign), func(b *testing.B) {
			obj := objectOf(b, o)
			b.ReportAllocs()
			b.ResetTimer()
			tried := int64(0)
			for b.Loop() {
				for _, t := range trials(context.Background(), obj.parts(), Options{}, 1) {
					if (t.end == stuck) != (o.Invalid || o.Foreign) {
						b.Fatalf("the search ended with %d", t.end)
					}
					if t.search != nil {
						tried = t.tried
					}
				}
			}
			b.ReportMetric(float64(tried), "configurations")
		})
	}
}

func TestMemoryOfOneReturn(t *testing.T) {
	// Without this, one return among thousands of crashed calls that all differ could take many times the memory that is
	// allowed before anybody looks.
	const calls, allowed = 3000, 6 << 20
	var b strings.Builder
	for i := range calls {
		fmt.Fprintf(&b, "%d invoke add %d\n", i, i)
	}
	fmt.Fprintf(&b, "%d invoke read nil\n%d ok read #{-1}", calls, calls)
	d, err := Find("set")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{MaxBytes: allowed}
	obj, reasons := gather(read(t, b.String()), d, "", o)
	if obj == nil {
		t.Fatal(reasons)
	}
	for _, beam := range beams {
		p := newSearch(obj, o).run(context.Background(), beam, false)
		if p.end != tooLarge && p.end != cutShort {
			t.Errorf("beam %d: the search ended with %d, want cut short or too large", beam, p.end)
		}
		if got := p.seen[owing].bytes() + p.seen[visible].bytes(); got > 2*allowed {
			t.Errorf("beam %d: configurations took %d bytes, want at most twice %d", beam, got, allowed)
		}
	}
}
