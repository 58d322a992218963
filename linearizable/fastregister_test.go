package linearizable

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// uniqueFamilies are random histories in which values are often written once.
var uniqueFamilies = []family{
	{"register", false, [][]string{{"read 1", "read 2", "read 3", "read 4", "read 9"}, {"read 1", "read 2", "read 3", "read 4", "read nil"},
		{"write 1"}, {"write 2"}, {"write 3"}, {"write 4"}}},
	{"cas-register", false, [][]string{{"read 1", "read 2", "read 3", "read 4"}, {"read 1", "read 2", "read 3"}, {"write 1"}, {"write 2"},
		{"cas [1 3]", "cas [2 3]", "cas [nil 3]"}, {"cas [3 4]", "cas [1 4]", "cas [2 4]"}, {"cas [4 5]", "cas [3 5]", "cas [6 5]"}, {"cas [5 6]", "cas [4 6]"}}},
	{"kv", false, [][]string{{"get [:a nil]", "get [:a 1]", "get [:a 2]", "get [:a 3]"}, {"get [:a nil]", "get [:a 1]", "get [:a 2]", "get [:a 3]"},
		{"put [:a 1]"}, {"put [:a 2]"}, {"put [:a 3]"}}},
}

func TestFastRegister(t *testing.T) {
	// Without this, the verdict without a search could differ from what trying all orders finds.
	for i, f := range uniqueFamilies {
		r := rand.New(rand.NewPCG(3, uint64(i)))
		n, applied, invalid := 20_000, 0, 0
		if testing.Short() {
			n = 2000
		}
		for range n {
			o := f.random(t, r, 3+r.IntN(6))
			if len(o.calls) == 0 {
				continue
			}
			why, applies := o.d.fast(o)
			if !applies {
				continue
			}
			applied++
			want := allOrders(o, o.init, 0)
			if got := why == nil; got != want {
				t.Fatalf("%s: linearizable is %v, want %v (%v)\n%s", f.datatype, got, want, why, o)
			}
			if want {
				if err := o.replays(o.d.order(o)); err != nil {
					t.Fatalf("%s: the order is wrong: %v\n%s", f.datatype, err, o)
				}
				continue
			}
			invalid++
			// The calls of the proof must be wrong by themselves, with all that the others could have done to help.
			if weak := o.relaxedBut(why.calls); allOrders(weak, weak.init, 0) {
				t.Fatalf("%s: %q about %v doesn't prove anything\n%s", f.datatype, why.text, why.calls, o)
			}
		}
		if applied < n/5 || invalid < applied/50 || invalid > applied*49/50 {
			t.Errorf("%s: of %d random histories the quick way applies to %d, of which %d are invalid: too few of one sort", f.datatype, n, applied, invalid)
		}
	}
}

// relaxedBut makes all calls but the given ones such that they need not have happened: reads vanish, others crash. Where
// values are taken by cas all but the writes stay, as a proof leans on what was seen to be taken.
func (o *object) relaxedBut(calls []int32) *object {
	weak := &object{d: o.d, init: o.init, kinds: slices.Clone(o.kinds)}
	for x, c := range o.calls {
		if !slices.Contains(calls, int32(x)) && (o.d.Name != "cas-register" || o.kinds[c.kind].F == "write") {
			k := o.kinds[c.kind]
			k.Outcome = Crashed
			if o.d.readOnly(k) {
				continue
			}
			weak.kinds = append(weak.kinds, k)
			c.kind, c.ret = int32(len(weak.kinds)-1), never
		}
		weak.calls = append(weak.calls, c)
	}
	return weak
}

// busy is a register that n writes of different values and as many reads use, many at once.
func busy(tb testing.TB, clients, n int, bad bool) *object {
	tb.Helper()
	d, err := Find("register")
	if err != nil {
		tb.Fatal(err)
	}
	o := &object{d: d, init: callOf("write nil").Value}
	r := rand.New(rand.NewPCG(4, uint64(n)))
	last := 0
	for i := range n {
		at := int32(i) * 100
		w, v := callOf(fmt.Sprintf("write %d", i+1)), i+1
		if bad && i == n-2 {
			v = last - 50
		}
		last = i + 1
		o.kinds = append(o.kinds, w, callOf(fmt.Sprintf("read %d", v)))
		for k := range int32(2) {
			early, late := int32(r.IntN(50*clients)), int32(r.IntN(50*clients))
			o.calls = append(o.calls, call{inv: at + 50*k - early, ret: at + 50*k + late + 1, kind: int32(2*i) + k})
		}
	}
	return o.inOrder()
}

func TestFastRegisterIsUsed(t *testing.T) {
	// Without this, the quick way could be there and never be taken: a search would take minutes here.
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	for _, bad := range []bool{false, true} {
		o := busy(t, 20, 20_000, bad)
		all := trials(ctx, o.parts(), Options{}, 1)
		if got := all[0].end == reached; got == bad || all[0].end == cancelled {
			t.Errorf("bad is %v, but the trial ended with %d", bad, all[0].end)
		}
		if bad && all[0].proved() {
			if a := all[0].provedAnomaly(ctx, nil, Options{}); a.Kind != NonLinearizable || len(a.Ops) == 0 || a.Text == "" {
				t.Errorf("the proof is %v", a)
			}
		}
	}
	if ctx.Err() != nil {
		t.Error("it took a minute")
	}
}

func BenchmarkFastRegister(b *testing.B) {
	o := busy(b, 20, 500_000, false)
	for b.Loop() {
		if why, applies := o.d.fast(o); why != nil || !applies {
			b.Fatal("not valid")
		}
	}
}
