package generator

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jcheck/history"
	"pgregory.net/rapid"
)

// anyGenerator draws a generator of limited length: whatever may be built of the combinators, a few deep.
func anyGenerator(t *rapid.T, depth int) Generator {
	if depth == 0 {
		f := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "f")
		return rapid.SampledFrom([]Generator{do(f), RepeatN(3, do(f)), SleepFor(17), Say("x"), Concat()}).Draw(t, "leaf")
	}
	sub := func() Generator { return anyGenerator(t, depth-1) }
	n := rapid.IntRange(1, 5).Draw(t, "n")
	d := time.Duration(rapid.IntRange(1, 40).Draw(t, "d"))
	return rapid.SampledFrom([]func() Generator{
		func() Generator { return Concat(sub(), sub()) },
		func() Generator { return Phases(sub(), sub()) },
		func() Generator { return Then(sub(), sub()) },
		func() Generator { return Any(sub(), sub()) },
		func() Generator { return ShortestAny(sub(), sub()) },
		func() Generator { return Mix(sub(), sub(), sub()) },
		func() Generator { return FlipFlop(sub(), sub()) },
		func() Generator { return Limit(n, Cycle(sub())) },
		func() Generator { return CycleN(n, sub()) },
		func() Generator { return RepeatN(n, sub()) },
		func() Generator { return TimeLimit(5*d, Stagger(d, sub())) },
		func() Generator { return Delay(d, sub()) },
		func() Generator { return EachThread(sub()) },
		func() Generator { return Limit(n, EachProcess(sub())) },
		func() Generator { return ForClients(sub()) },
		func() Generator { return Any(ForClients(sub()), ForNemesis(sub())) },
		func() Generator { return OnThreads(func(t int) bool { return t%2 == 0 }, sub()) },
		func() Generator { return ForClients(Reserve(sub(), Share{2, sub()}, Share{1, sub()})) },
		func() Generator { return Limit(n, UntilOK(sub())) },
		func() Generator { return ProcessLimit(6*n, sub()) },
		func() Generator { return ConcurrencyLimit(n, sub()) },
		func() Generator { return CycleTimes(Window{d, sub()}, Window{2 * d, sub()}) },
		func() Generator { return Cache(d, sub()) },
		func() Generator { return FMap(map[string]string{"a": "z"}, sub()) },
		func() Generator { return Filter(func(op Op) bool { return op.F != "c" }, sub()) },
		func() Generator { return Trace("t", sub()) },
		func() Generator { return OnUpdate(func(g Generator, _ Context, _ Op) Generator { return g }, sub()) },
		func() Generator {
			return ForClients(Sequential(CountedKeys(n), func(history.Value) Generator { return do("k") }))
		},
		func() Generator {
			return ForClients(Concurrent(2, CountedKeys(n), func(history.Value) Generator { return RepeatN(3, do("k")) }))
		},
		func() Generator { return Lazily(sub) },
	}).Draw(t, "kind")()
}

// anyRun is a simulation with random endings and latencies, which follow from the seed.
func anyRun(seed uint64) Simulation {
	return Simulation{Concurrency: 4, Nemesis: true, Seed: seed, MaxOps: 3000, Complete: imperfect,
		LatencyNS: func(_ Op, d *Dice) int64 { return d.Int64N(30) }}
}

// Without this some combination of generators could give operations that nobody can do, never end, be stuck, or depend on
// more than the seed.
func TestAnyGenerator(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGenerator(t, rapid.IntRange(1, 4).Draw(t, "depth"))
		seed := rapid.Uint64().Draw(t, "seed")
		ops, err := anyRun(seed).Run(t.Context(), g)
		if err != nil && (strings.Contains(err.Error(), "can't be split") || strings.Contains(err.Error(), "reserve wants")) {
			return // too few threads where it stands
		}
		if err != nil {
			t.Fatal(err)
		}
		again, err := anyRun(seed).Run(t.Context(), g)
		if err != nil || !reflect.DeepEqual(again, ops) {
			t.Fatalf("the second time got %v %v, want %v", brief(again), err, brief(ops))
		}
		last, busy := int64(0), make(map[int]int32)
		for i, op := range ops {
			thread := int(op.Process) % 4
			process, open := busy[thread]
			switch {
			case op.TimeNS < last:
				t.Fatalf("operation %d is before the one before it: %s", i, op)
			case open && process != op.Process:
				t.Fatalf("thread %d is busy with process %d and got %s", thread, process, op)
			case open:
				delete(busy, thread)
			default:
				busy[thread] = op.Process
			}
			last = op.TimeNS
		}
		if len(busy) > 0 {
			t.Fatalf("operations never ended: %v", busy)
		}
	})
}

// Without this asking a generator could change it: whoever asks and doesn't use the answer would lose operations.
func TestAskingChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyGenerator(t, 3)
		ctx := NewContext(4, true, rapid.Uint64().Draw(t, "seed"))
		for range 20 {
			op, status, next := g.Op(ctx)
			if later, s, _ := g.Op(ctx.At(ctx.TimeNS)); s != status || status == Ready && later.String() != op.String() {
				t.Fatalf("got %s, and %s the second time", op, later)
			}
			if status != Ready {
				return
			}
			ctx, g = ctx.Begin(op), next
			g = g.Update(ctx, op)
		}
	})
}

// Without this a limit could give too much, or stop too early.
func TestLimits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 50).Draw(t, "n")
		s := anyRun(rapid.Uint64().Draw(t, "seed"))
		for name, g := range map[string]Generator{
			"limit": Limit(n, forever("a")), "repeat": RepeatN(n, do("a")), "cycle": CycleN(n, do("a")),
			"limit of a mix": Limit(n, Mix(forever("a"), forever("b"))), "mix of limits": Mix(Limit(n, forever("a")), Limit(0, forever("b"))),
		} {
			ops, err := s.Run(t.Context(), g)
			if got := len(begun(ops)); err != nil || got != n {
				t.Fatalf("%s: got %d operations %v, want %d", name, got, err, n)
			}
		}
	})
}

// Without this an operation could begin after the time was over.
func TestTimeLimitBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.Int64Range(1, 5000).Draw(t, "d")
		gap := time.Duration(rapid.IntRange(0, 200).Draw(t, "gap"))
		g := Concat(SleepFor(33), TimeLimit(time.Duration(d), Stagger(gap, forever("a"))))
		ops, err := anyRun(rapid.Uint64().Draw(t, "seed")).Run(t.Context(), ForClients(thread(0, g)))
		if err != nil {
			t.Fatal(err)
		}
		list := begun(ops)[1:]
		if first, last := list[0].TimeNS, list[len(list)-1].TimeNS; last-first >= d {
			t.Errorf("got operations from %d to %d, want less than %d", first, last, d)
		}
	})
}

// gaps are the times between the beginnings of operations.
func gaps(ops []Op) []float64 {
	var list []float64
	for i, op := range ops[1:] {
		list = append(list, float64(op.TimeNS-ops[i].TimeNS))
	}
	return list
}

// Without this the rate of a test could be another than it asks for, or each client have a rate of its own.
func TestRates(t *testing.T) {
	for _, concurrency := range []int{1, 10} {
		for name, g := range map[string]Generator{"stagger": Stagger(1000, forever("a")), "delay": Delay(1000, forever("a"))} {
			ops, err := Simulation{Concurrency: concurrency, Seed: 5}.Run(t.Context(), Limit(5000, g))
			if err != nil {
				t.Fatal(err)
			}
			list := gaps(begun(ops))
			sum := 0.0
			for _, gap := range list {
				sum += gap
			}
			if mean := sum / float64(len(list)); math.Abs(mean-1000) > 30 {
				t.Errorf("%s with %d clients: got a gap of %f in the mean, want 1000", name, concurrency, mean)
			}
			low, high := slices.Min(list), slices.Max(list)
			if name == "delay" && (low != 1000 || high != 1000) || name == "stagger" && (low > 20 || high < 1900 || high > 2100) {
				t.Errorf("%s with %d clients: got gaps from %f to %f", name, concurrency, low, high)
			}
		}
	}
}

// counts is how often each function occurs.
func counts(ops []Op) map[string]int {
	n := make(map[string]int)
	for _, op := range begun(ops) {
		n[op.F]++
	}
	return n
}

// Without this choices could be uneven, or nested ones depend on one another: then some combinations would never occur.
func TestFrequencies(t *testing.T) {
	run := func(g Generator) map[string]int {
		ops, err := Simulation{Concurrency: 10, Seed: 3}.Run(t.Context(), Limit(12_000, g))
		if err != nil {
			t.Fatal(err)
		}
		return counts(ops)
	}
	for name, c := range map[string]struct {
		g    Generator
		want map[string]int
	}{
		"mix":                {Mix(forever("a"), forever("b"), forever("c")), map[string]int{"a": 4000, "b": 4000, "c": 4000}},
		"mix of mixes":       {Mix(Mix(forever("a"), forever("b")), Mix(forever("c"), forever("d"))), map[string]int{"a": 3000, "b": 3000, "c": 3000, "d": 3000}},
		"any":                {Any(forever("a"), forever("b")), map[string]int{"a": 6000, "b": 6000}},
		"any of anys":        {Any(Any(forever("a"), forever("b")), Any(forever("c"), forever("d"))), map[string]int{"a": 3000, "b": 3000, "c": 3000, "d": 3000}},
		"reserve":            {Reserve(forever("a"), Share{2, forever("b")}), map[string]int{"a": 9600, "b": 2400}},
		"mix that waits":     {Mix(Stagger(50, forever("a")), forever("b")), map[string]int{"a": 6000, "b": 6000}},
		"flip-flop":          {FlipFlop(forever("a"), forever("b")), map[string]int{"a": 6000, "b": 6000}},
		"any of what is due": {Any(Delay(100, forever("a")), Delay(300, forever("b"))), map[string]int{"a": 9000, "b": 3000}},
	} {
		got := run(c.g)
		for f, want := range c.want {
			if math.Abs(float64(got[f]-want)) > 250 {
				t.Errorf("%s: got %v, want %v", name, got, c.want)
			}
		}
	}
}

// Without this draws that should differ could come together: a value would always go with the same process, say.
func TestDrawsAreIndependent(t *testing.T) {
	ops, err := Simulation{Concurrency: 4, Seed: 9}.Run(t.Context(), Limit(8000, Mix(
		Repeat(Draw(func(d *Dice) Template { return Template{F: fmt.Sprint("a", d.IntN(2))} })),
		Repeat(Draw(func(d *Dice) Template { return Template{F: fmt.Sprint("b", d.IntN(2))} })))))
	if err != nil {
		t.Fatal(err)
	}
	together := make(map[string]int)
	for _, op := range begun(ops) {
		together[fmt.Sprint(op.F, " ", op.Process)]++
	}
	if len(together) != 16 {
		t.Errorf("got %d combinations of value and process, want 16", len(together))
	}
	for what, n := range together {
		if n < 400 || n > 600 {
			t.Errorf("%s came %d times, want 500", what, n)
		}
	}
}

// Without this threads could share a copy, or have others' threads.
func TestThreadsHaveTheirOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "clients")
		first := rapid.IntRange(1, n).Draw(t, "first")
		s := Simulation{Concurrency: n, Nemesis: true, Seed: rapid.Uint64().Draw(t, "seed"), LatencyNS: func(_ Op, d *Dice) int64 { return d.Int64N(50) }}
		ops, err := s.Run(t.Context(), EachThread(Concat(do("a"), do("b"))))
		if err != nil {
			t.Fatal(err)
		}
		said := make(map[int32]string)
		for _, op := range begun(ops) {
			said[op.Process] += op.F
		}
		for p := Nemesis; p < int32(n); p++ {
			if said[p] != "ab" {
				t.Fatalf("process %d did %q, want ab", p, said[p])
			}
		}
		ops, err = s.Run(t.Context(), ForClients(Limit(20*n, Reserve(forever("rest"), Share{first, forever("first")}))))
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range begun(ops) {
			if want := map[bool]string{true: "first", false: "rest"}[int(op.Process) < first]; op.F != want {
				t.Fatalf("process %d of %d did %s, want %s", op.Process, n, op.F, want)
			}
		}
	})
}

// Without this a phase could begin while an operation of the one before it is under way.
func TestPhasesWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		phase := func(f string) Generator { return Limit(rapid.IntRange(0, 20).Draw(t, f), forever(f)) }
		ops, err := anyRun(rapid.Uint64().Draw(t, "seed")).Run(t.Context(), Phases(phase("a"), phase("b"), phase("c")))
		if err != nil {
			t.Fatal(err)
		}
		open := make(map[int32]string)
		now := ""
		for _, op := range ops {
			if _, busy := open[op.Process]; busy {
				delete(open, op.Process)
				continue
			}
			if op.F != now && len(open) > 0 || op.F < now {
				t.Fatalf("%s began while %v were under way, after %q", op, open, now)
			}
			open[op.Process], now = op.F, op.F
		}
	})
}

// Without this until-ok could stop at others' success, or go on after its own.
func TestUntilOK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ops, err := anyRun(rapid.Uint64().Draw(t, "seed")).Run(t.Context(), ForClients(Any(UntilOK(forever("a")), Limit(30, forever("b")))))
		if err != nil {
			t.Fatal(err)
		}
		over := false
		open := make(map[int32]bool)
		for _, op := range ops {
			if open[op.Process] = !open[op.Process]; open[op.Process] && op.F == "a" && over {
				t.Fatal("an operation began after one was ok")
			} else if !open[op.Process] && op.F == "a" && op.Type == history.OK {
				over = true
			}
		}
		if !over {
			t.Fatal("it ended without success")
		}
	})
}

// Without this more processes could work on a key than its checker can bear, or a thread lose its place after a crash.
func TestCrashes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(4, 30).Draw(t, "limit")
		s := anyRun(rapid.Uint64().Draw(t, "seed"))
		ops, err := s.Run(t.Context(), ForClients(ProcessLimit(limit, forever("a"))))
		if err != nil {
			t.Fatal(err)
		}
		crashed := make(map[int32]bool)
		seen := make(map[int32]bool)
		open := make(map[int32]bool)
		for _, op := range ops {
			if crashed[op.Process] {
				t.Fatalf("process %d goes on after its crash", op.Process)
			}
			if op.Process >= 4 && !crashed[op.Process-4] {
				t.Fatalf("process %d is there, and %d hasn't crashed", op.Process, op.Process-4)
			}
			seen[op.Process] = true
			if open[op.Process] = !open[op.Process]; !open[op.Process] && op.Type == history.Info {
				crashed[op.Process] = true
			}
		}
		if len(seen) > limit || len(crashed) < limit-4 {
			t.Fatalf("got %d processes, %d of them crashed, want up to %d", len(seen), len(crashed), limit)
		}
	})
}

// Without this groups could share a key, take one twice, leave one out, or mix threads of others.
func TestConcurrentKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size, groups := rapid.IntRange(1, 5).Draw(t, "size"), rapid.IntRange(1, 5).Draw(t, "groups")
		keys, each := rapid.IntRange(0, 20).Draw(t, "keys"), rapid.IntRange(1, 10).Draw(t, "each")
		s := anyRun(rapid.Uint64().Draw(t, "seed"))
		s.Concurrency = size * groups
		ops, err := s.Run(t.Context(), Concurrent(size, CountedKeys(keys), func(history.Value) Generator { return Limit(each, forever("a")) }))
		if err != nil {
			t.Fatal(err)
		}
		done := make(map[string]int)
		group := make(map[string]int)
		for _, op := range begun(ops) {
			k, g := op.Key.String(), int(op.Process)%s.Concurrency/size
			if before, known := group[k]; known && before != g {
				t.Fatalf("key %s is worked on by groups %d and %d", k, before, g)
			}
			group[k] = g
			done[k]++
		}
		if len(done) != keys {
			t.Fatalf("got %d keys, want %d", len(done), keys)
		}
		for k, n := range done {
			if n != each {
				t.Fatalf("key %s had %d operations, want %d", k, n, each)
			}
		}
	})
}

// Without this a counter could give a number twice, or leave one out, across the parts of a generator.
func TestCounters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		add := Repeat(Count("x", func(n int64, _ *Dice) Template { return Template{F: "add", SleepNS: n} }))
		g := Any(Stagger(20, add), Mix(add, Delay(7, forever("b"))), ForClients(EachThread(add)), Cache(100, add))
		ops, err := anyRun(rapid.Uint64().Draw(t, "seed")).Run(t.Context(), Limit(300, g))
		if err != nil {
			t.Fatal(err)
		}
		next := int64(0)
		for _, op := range begun(ops) {
			if op.F != "add" {
				continue
			}
			if op.SleepNS != next {
				t.Fatalf("got %d, want %d", op.SleepNS, next)
			}
			next++
		}
	})
}
