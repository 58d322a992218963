package linearizable

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
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

// crowd is a history of n concurrent enqueues, dequeued in an order that lies far from that of the enqueues; if wrong, one
// more dequeue at the end finds what isn't there. Narrow levels don't find it out. n is no multiple of 3.
func crowd(n int, wrong bool) string {
	var b strings.Builder
	for _, kind := range []string{"invoke", "ok"} {
		for i := range n {
			fmt.Fprintf(&b, "%d %s enqueue %d\n", i, kind, i)
		}
	}
	for i := range n {
		fmt.Fprintf(&b, "0 invoke dequeue nil\n0 ok dequeue %d\n", (n-1-i)*3%n)
	}
	if wrong {
		b.WriteString("0 invoke dequeue nil\n0 ok dequeue 99\n")
	}
	return b.String()
}

// blamed is the operation that an anomaly says can't be linearized: the last one of a search, the first one of a proof
// without.
func blamed(a check.Anomaly) history.ID {
	if len(a.Paths) > 0 {
		return a.Ops[len(a.Ops)-1]
	}
	return a.Ops[0]
}

func TestTheRaceDoesNotShow(t *testing.T) {
	// Without this, the result could depend on which engine was quicker: a counterexample of one, or none of the other.
	for _, tt := range []struct {
		n     int
		wrong bool
		paths int // of the counterexample; 0: the search never comes to tell where it fails
	}{{7, false, 0}, {7, true, 1}, {8, false, 0}, {8, true, 0}} {
		if tt.n > 7 && testing.Short() {
			continue
		}
		h := read(t, crowd(tt.n, tt.wrong))
		var first check.Result
		for _, slow := range []Engine{AutoEngine, SearchEngine, PorcupineEngine} {
			raced := false
			o := Options{Datatype: "fifo-queue", begin: func(e Engine) {
				raced = raced || e == SearchEngine
				if e == slow {
					time.Sleep(100 * time.Millisecond)
				}
			}}
			d := fifoQueue()
			d.fast = nil // it would decide before there is a race
			o.Own = &d
			got := Check(context.Background(), h, o)
			if !raced {
				t.Fatal("there was no race")
			}
			if slow == AutoEngine {
				first = got
			}
			if diff := sameResult(first, got); diff != "" {
				t.Errorf("with a slow %s, the result differs:\n%s", slow, diff)
			}
		}
		if want := map[bool]check.Verdict{false: check.Valid, true: check.Invalid}[tt.wrong]; first.Verdict != want {
			t.Errorf("verdict is %s, want %s", first.Verdict, want)
		}
		if !tt.wrong {
			continue
		}
		if last := history.ID(h.Len() - 1); len(first.Anomalies) != 1 || blamed(first.Anomalies[0]) != last || len(first.Anomalies[0].Paths) != tt.paths {
			t.Errorf("anomalies are %v, want one about %d with %d paths", first.Anomalies, last, tt.paths)
		}
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
