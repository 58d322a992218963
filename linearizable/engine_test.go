package linearizable

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// history makes a history of an object's calls.
func (o *object) history(tb testing.TB) *history.History {
	tb.Helper()
	s := &search{obj: o}
	s.findMoments()
	var b strings.Builder
	for _, m := range s.moments {
		c := o.calls[m.call]
		k, kind := o.kinds[c.kind], "invoke"
		if m.ret {
			kind = [...]string{OK: "ok", Failed: "fail"}[k.Outcome]
		}
		fmt.Fprintf(&b, "%d %s %s %s\n", m.call, kind, k.F, k.Value)
	}
	return readAs(tb, b.String(), history.Options{Independent: history.IndependentOff})
}

func (f family) options() Options {
	o := Options{Datatype: f.datatype}
	if f.failed {
		o.Failed = Observe
	}
	return o
}

// sameResult tells how two results differ.
func sameResult(a, b check.Result) string { return cmp.Diff(a, b, cmp.Comparer(edn.Equal)) }

func TestEnginesGiveTheSameResult(t *testing.T) {
	// Without this, what a history is found to be, and how that is told, could depend on the engine that was chosen.
	n := 150
	if testing.Short() {
		n = 40
	}
	for i, f := range families {
		r := rand.New(rand.NewPCG(3, uint64(i)))
		for range n {
			obj := f.random(t, r, 3+r.IntN(12))
			h, o := obj.history(t), f.options()
			want := Check(context.Background(), h, o)
			for _, e := range []Engine{FastEngine, SearchEngine, PorcupineEngine} {
				o.Engine = e
				got := Check(context.Background(), h, o)
				if e == FastEngine && got.Verdict == check.Unknown && got.Reasons[0].Code == "no-fast-path" {
					continue
				}
				if diff := sameResult(want, got); diff != "" {
					t.Fatalf("%s: the results of engine %s and auto differ:\n%s\n%s", f.datatype, e, diff, obj)
				}
			}
		}
	}
}

func TestTheRaceDoesNotShow(t *testing.T) {
	// Without this, the result could depend on which engine was quicker: a counterexample of one, or none of the other.
	races := make(map[check.Verdict]int)
	for _, tt := range []struct {
		datatype string
		seed     uint64 // of the few for which narrow levels aren't enough
	}{{"priority-queue", 25}, {"list-append", 11}, {"fifo-queue", 14}} {
		f := families[slices.IndexFunc(families, func(f family) bool { return f.datatype == tt.datatype })]
		obj := f.random(t, rand.New(rand.NewPCG(tt.seed, 9)), 60)
		d := obj.d
		d.fast = nil // it would decide before there is a race
		var first check.Result
		for _, slow := range []Engine{AutoEngine, SearchEngine, PorcupineEngine} {
			var raced atomic.Bool
			got := Check(context.Background(), obj.history(t), Options{Own: &d, MaxConfigurations: 30_000, begin: func(e Engine) {
				raced.Store(true)
				if e == slow {
					time.Sleep(100 * time.Millisecond)
				}
			}})
			if slow == AutoEngine && raced.Load() {
				races[got.Verdict]++
			}
			if slow == AutoEngine {
				first = got
			}
			if diff := sameResult(first, got); diff != "" {
				t.Errorf("%s, seed %d: with a slow %s, the result differs:\n%s", tt.datatype, tt.seed, slow, diff)
			}
		}
	}
	if races[check.Valid] == 0 || races[check.Invalid] == 0 {
		t.Errorf("the races ended so: %v, want some valid and some invalid (hint: other seeds)", races)
	}
}

func TestFastAlone(t *testing.T) {
	// Without this, the engine fast could guess where it doesn't apply, or not say why it is silent.
	twice := "0 invoke write 1\n0 ok write 1\n0 invoke write 1\n0 ok write 1"
	r := Check(context.Background(), read(t, twice), Options{Datatype: "register", Engine: FastEngine})
	if r.Verdict != check.Unknown || len(r.Reasons) != 1 || r.Reasons[0].Code != "no-fast-path" || len(r.Reasons[0].Ops) != 1 {
		t.Errorf("result is %s with %v, want unknown: no-fast-path", r.Verdict, r.Reasons)
	}
	once := "0 invoke write 1\n0 ok write 1\n0 invoke read nil\n0 ok read 1"
	if r := Check(context.Background(), read(t, once), Options{Datatype: "register", Engine: FastEngine}); r.Verdict != check.Valid {
		t.Errorf("result is %s with %v, want valid", r.Verdict, r.Reasons)
	}
}

func TestPorcupineIsBounded(t *testing.T) {
	// Without this, Porcupine could take all memory or time, its verdict after that could be believed, or it could go on
	// in the background.
	h := read(t, hard(12))
	before := runtime.NumGoroutine()
	r := Check(context.Background(), h, Options{Datatype: "stack", Engine: PorcupineEngine, MaxBytes: 4 << 20})
	if r.Verdict != check.Unknown || len(r.Reasons) != 1 || r.Reasons[0].Code != "memory" {
		t.Errorf("result is %s with %v, want unknown by memory", r.Verdict, r.Reasons)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	r = Check(ctx, h, Options{Datatype: "stack", Engine: PorcupineEngine})
	if r.Verdict != check.Unknown || len(r.Reasons) != 1 || r.Reasons[0].Code != "timeout" {
		t.Errorf("result is %s with %v, want unknown by timeout", r.Verdict, r.Reasons)
	}
	for range 100 { // the runtime takes a moment to see a goroutine's end
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines are there, want %d as before", runtime.NumGoroutine(), before)
}
