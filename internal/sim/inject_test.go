package sim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jcheck/history"
)

// everything weaves in all that a workload can show, each twice.
func everything(seed uint64, w Workload) Options {
	o := busy(seed, StrictSerializable, w)
	for _, r := range Recipes() {
		if r.Workload == w {
			o.Inject = append(o.Inject, r.Name, r.Name)
		}
	}
	return o
}

// Without this, what is woven in could break the rules of recording (a process with two open operations, more open ones
// than clients, time that goes back, completions of something else than was invoked), share keys or processes with the
// rest, or be left out.
func TestInjectedOperationsKeepTheRules(t *testing.T) {
	for _, w := range []Workload{ListAppend, RWRegister, ClosedPredicate} {
		o := everything(11, w)
		ops, err := Ops(o)
		if err != nil {
			t.Fatal(err)
		}
		open := make(map[int64]*Op)
		keyOf, processOf := make(map[int64]int), make(map[int64]int)
		last, count := int64(0), make(map[int]int)
		for i, op := range ops {
			if op.Index != int64(i) || op.Time < last {
				t.Fatalf("%v: operation %d has index %d and time %d after time %d", w, i, op.Index, op.Time, last)
			}
			last = op.Time
			count[op.Inject]++
			inv := open[op.Process]
			if (op.Type == history.Invoke) != (inv == nil) {
				t.Fatalf("%v: %v of process %d, open: %v", w, op.Type, op.Process, inv != nil)
			}
			if delete(open, op.Process); inv == nil {
				open[op.Process] = op
			} else if len(inv.Mops) != len(op.Mops) || inv.Inject != op.Inject {
				t.Fatalf("%v: completion %v of invocation %v", w, op, inv)
			}
			if len(open) > o.Concurrency {
				t.Fatalf("%v: %d operations are open for %d clients", w, len(open), o.Concurrency)
			}
			if owner, known := processOf[op.Process]; op.Init == nil && known && owner != op.Inject {
				t.Errorf("%v: process %d runs %d and %d", w, op.Process, owner, op.Inject)
			}
			if op.Init == nil {
				processOf[op.Process] = op.Inject
			}
			for _, m := range op.Mops {
				if m.Pred != nil {
					continue
				}
				if owner, known := keyOf[m.Key]; known && owner != op.Inject {
					t.Errorf("%v: key %d is of %d and %d", w, m.Key, owner, op.Inject)
				}
				keyOf[m.Key] = op.Inject
			}
		}
		for i := range o.Inject {
			if count[i+1] == 0 {
				t.Errorf("%v: %s is missing", w, o.Inject[i])
			}
		}
		if len(open) > 0 {
			t.Errorf("%v: %d operations left open", w, len(open))
		}
	}
}

// Without this what is woven in could depend on more than the seed.
func TestSameSeedSameInjections(t *testing.T) {
	for _, w := range []Workload{ListAppend, RWRegister, ClosedPredicate} {
		var texts [3][]byte
		for i, seed := range []uint64{1, 1, 2} {
			text, err := EDN(everything(seed, w))
			if err != nil {
				t.Fatal(err)
			}
			texts[i] = text
		}
		if !bytes.Equal(texts[0], texts[1]) || bytes.Equal(texts[0], texts[2]) {
			t.Errorf("%v: the texts of seeds 1, 1 and 2 should be equal, and not", w)
		}
	}
}

// Without this a run of few clients or transactions could hang, or leave out what it can't show instead of saying so.
func TestInjectionsIntoSmallRuns(t *testing.T) {
	for _, r := range Recipes() {
		for clients := 1; clients <= 5; clients++ {
			o := Options{Seed: 5, Workload: r.Workload, Txns: 1, Concurrency: clients, KeyCount: 3, Inject: []string{r.Name, r.Name}}
			ops, err := Ops(o)
			if err != nil {
				if clients > 4 || !strings.Contains(err.Error(), "clients, but concurrency is") {
					t.Errorf("%s with %d clients: %v", r.Name, clients, err)
				}
				continue
			}
			if !slices.ContainsFunc(ops, func(op *Op) bool { return op.Inject == 2 }) {
				t.Errorf("%s with %d clients is missing", r.Name, clients)
			}
		}
	}
}

// Without this a cycle could be built by steps that its name doesn't allow.
func TestCyclesHaveTheirSteps(t *testing.T) {
	for kind, want := range map[string]string{
		"G0": "ww", "G1c": "rr", "G-single-item": "ar", "G-nonadjacent-item": "arar", "G2-item": "aa", "G-single": "pr", "G2-process": "aps",
		"G0-process": "sw", "G1c-realtime": "rt", "G-single-item-realtime": "at", "G-nonadjacent-item-process": "aras",
	} {
		seen := make(map[string]bool)
		for seed := range uint64(200) {
			steps := string(drawCycle(kind, ListAppend, 0, newRand(seed)))
			sorted := []byte(strings.ReplaceAll(steps, "w", "r"))
			slices.Sort(sorted)
			seen[string(sorted)] = true
			if kind == "G-nonadjacent-item" && (strings.Contains(steps, "aa") || steps[0] == steps[len(steps)-1]) {
				t.Errorf("%s by %s: two steps of rw in a row", kind, steps)
			}
			if kind == "G2-item" && !strings.Contains(steps, "aa") {
				t.Errorf("%s by %s: no two steps of rw in a row", kind, steps)
			}
		}
		sorted := []byte(strings.ReplaceAll(want, "w", "r"))
		slices.Sort(sorted)
		if !seen[string(sorted)] {
			t.Errorf("%s is never built by %s, but by %s", kind, want, fmt.Sprint(seen))
		}
	}
}

// Without this an anomaly that a workload can't show could be ignored.
func TestUnknownInjections(t *testing.T) {
	err := Run(Options{Workload: RWRegister, Inject: []string{"G0"}}, func(*Op) error { return nil })
	if err == nil || !strings.Contains(err.Error(), `can't show the anomaly "G0"`) {
		t.Errorf("error %v, want one that names G0", err)
	}
}
