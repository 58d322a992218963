package elle_test

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"jcheck/check"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/sim"
)

// promise is what is known by construction of the histories of a level.
type promise struct {
	level    sim.Level
	holds    []string     // models that every history keeps
	register elle.Options // version-order options whose assumptions the level keeps too
	broken   string       // a model that most histories break
	// Kinds of anomalies that may show, strongest model asked: prefixes of their names.
	list, reg, pred []string
}

// promises has a row for each level. A snapshot or a read-committed database of sim happens between invocation and
// completion, so that it keeps the strong variants, and its keys are linearizable one by one. A stale read breaks
// that: with linearizable keys, versions would be ordered by an assumption that is false.
var promises = []promise{
	{level: sim.StrictSerializable, holds: []string{"strict-serializable"},
		register: elle.Options{WFRKeys: true, SequentialKeys: true, LinearizableKeys: true}},
	{level: sim.StrongSessionSerializable, holds: []string{"strong-session-serializable"},
		register: elle.Options{WFRKeys: true, SequentialKeys: true},
		broken:   "strict-serializable", list: []string{"G-single-item-realtime", "G-nonadjacent-item-realtime", "G2-item-realtime"},
		reg:  []string{"G-single-item-realtime", "G-nonadjacent-item-realtime", "G2-item-realtime"},
		pred: []string{"G-single-item-realtime", "G-single-realtime", "G-nonadjacent-", "G2-"}},
	{level: sim.Serializable, holds: []string{"serializable"}, register: elle.Options{WFRKeys: true},
		broken: "strong-session-serializable", list: []string{"G-single-item-", "G-nonadjacent-item-", "G2-item-"},
		reg: []string{"G-single-item-", "G-nonadjacent-item-", "G2-item-"}, pred: []string{"G-single-", "G-nonadjacent-", "G2-"}},
	{level: sim.SnapshotIsolation, holds: []string{"snapshot-isolation", "strong-snapshot-isolation"},
		register: elle.Options{WFRKeys: true, LinearizableKeys: true},
		broken:   "serializable", list: []string{"G2-item"}, reg: []string{"G2-item"}, pred: []string{"G2"}},
	{level: sim.ReadCommitted, holds: []string{"read-committed", "strong-read-committed"},
		register: elle.Options{WFRKeys: true, LinearizableKeys: true},
		broken:   "snapshot-isolation", list: []string{"G-single", "G-nonadjacent", "G2", "lost-update", "internal"},
		reg: []string{"G-single", "G-nonadjacent", "G2", "lost-update", "internal"}, pred: []string{"G-single", "G-nonadjacent", "G2"}},
	{level: sim.ReadUncommitted, holds: []string{"read-uncommitted", "strong-read-uncommitted"},
		register: elle.Options{WFRKeys: true}, broken: "read-committed",
		list: []string{"G1", "G-single", "G-nonadjacent", "G2", "lost-update", "internal", "dirty-update", "incompatible-order"},
		reg:  []string{"G1", "G-single", "G-nonadjacent", "G2", "lost-update", "internal"},
		pred: []string{"G1c", "G-single", "G-nonadjacent", "G2", "predicate-read-miss"}},
	{level: sim.Dirty, broken: "read-committed", list: []string{""}, reg: []string{""}, pred: []string{""}},
}

// busyRun is a run with failures, crashes and enough contention to break what can be broken.
func busyRun(seed uint64, l sim.Level, w sim.Workload) sim.Options {
	keys := 4
	if w == sim.ClosedPredicate {
		keys = 40 // each changes only once
	}
	return sim.Options{Seed: seed, Level: l, Workload: w, Txns: 120, Concurrency: 6, KeyCount: keys, MaxWritesPerKey: 12,
		FixedWrites: true, FailRate: 0.03, InfoRate: 0.03}
}

// seeds is how many runs of each level and workload a simulated database is tried with.
var seeds = flag.Int("seeds", 48, "runs of each simulated database")

// Without this a checker that cries wolf on what a database of a known level did, or one that sees nothing above the
// level, would pass: 1,000 runs over all levels and workloads.
func TestSimulatedDatabases(t *testing.T) {
	each := *seeds
	if testing.Short() {
		each = 6
	}
	workloads := []sim.Workload{sim.ListAppend, sim.RWRegister, sim.ClosedPredicate}
	for _, p := range promises {
		for _, w := range workloads {
			t.Run(fmt.Sprint(w, "/", p.level), func(t *testing.T) {
				t.Parallel()
				p.try(t, w, each)
			})
		}
	}
}

// try holds the promise against as many runs.
func (p promise) try(t *testing.T, w sim.Workload, seeds int) {
	o, may, above := elle.Options{Workload: elle.ListAppend}, p.list, p.broken
	switch w {
	case sim.RWRegister:
		o, may = p.register, p.reg
		o.Workload = elle.RWRegister
	case sim.ClosedPredicate:
		o, may = elle.Options{Workload: elle.ClosedPredicate}, p.pred
		if p.level >= sim.ReadUncommitted {
			above = "snapshot-isolation" // aborted rows are seen by nobody as often as not
		}
	}
	o.Workers = 1
	broken := 0
	seen := make(map[string]int)
	for seed := range uint64(seeds) {
		ops, err := sim.Ops(busyRun(seed, p.level, w))
		if err != nil {
			t.Fatal(err)
		}
		for _, model := range p.holds {
			o.Models = []string{model}
			if r := judge(t, ops, o); r.Verdict != check.Valid {
				t.Errorf("seed %d: %v under %s: %v", seed, r.Verdict, model, kinds(r))
			}
		}
		o.Models = nil
		r := judge(t, ops, o)
		missedWithReason(t, seed, ops, r)
		for _, kind := range kinds(r) {
			seen[kind]++
			known := slices.ContainsFunc(may, func(prefix string) bool { return strings.HasPrefix(kind, prefix) })
			if !known && !refuted(kind, p) {
				t.Errorf("seed %d: found %s, which this database can't show", seed, kind)
			}
		}
		if above != "" {
			o.Models = []string{above}
			if judge(t, ops, o).Verdict == check.Invalid {
				broken++
			}
		}
	}
	t.Logf("%s broken in %d of %d runs; anomalies seen: %v", above, broken, seeds, seen)
	if above != "" && broken < seeds*2/3 {
		t.Errorf("%s is broken in %d of %d runs only: does the checker see it?", above, broken, seeds)
	}
}

// missedWithReason holds every predicate-read-miss against what happened: where reads show what others may yet undo, a row
// looks gone while an overwrite or a deletion that never came to be was under way. That is an aborted read by predicate, and
// no cycle: read-uncommitted allows it, serializable doesn't. Of anything else it would be a false alarm.
func missedWithReason(t *testing.T, seed uint64, ops []*sim.Op, r check.Result) {
	t.Helper()
	undone := make(map[string]bool)
	for _, op := range ops {
		for _, m := range op.Mops {
			if m.Write && op.Type == history.Fail {
				undone[fmt.Sprint(m.Key)] = true
			}
		}
	}
	for _, a := range r.Anomalies {
		i := slices.IndexFunc(a.Fields, func(f history.Field) bool { return f.Name == "key" })
		if a.Kind == "predicate-read-miss" && !undone[a.Fields[i].Value.String()] {
			t.Errorf("seed %d: %v, but nobody undid what was done to the row", seed, a.Fields)
		}
	}
}

// refuted tells whether a kind is the proof that a model has a cycle, of a model that the level doesn't promise.
func refuted(kind string, p promise) bool {
	model, proof := strings.CutSuffix(kind, "-cycle-exists")
	if !proof {
		return false
	}
	for _, held := range p.holds {
		if weak, ok := cycle.Canonical(held); !ok || weak == model || slices.Contains(cycle.Weaker(weak), model) {
			return false
		}
	}
	return true
}

// Without this a dirty database could look merely weak: each of the anomalies that only it can show must show.
func TestDirtyDatabaseShowsItsColours(t *testing.T) {
	seen := make(map[string]bool)
	for seed := range uint64(20) {
		ops, err := sim.Ops(busyRun(seed, sim.Dirty, sim.ListAppend))
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range kinds(judge(t, ops, elle.Options{Workload: elle.ListAppend})) {
			seen[kind] = true
		}
	}
	for _, want := range []string{"G0", "G1a", "G1b", "G1c", "dirty-update"} {
		if !seen[want] {
			t.Errorf("no %s in 20 runs; found %v", want, seen)
		}
	}
}

// Without this the memory of a check could be shared between checks that run at the same time.
func TestChecksMayRunTogether(t *testing.T) {
	ops, err := sim.Ops(busyRun(1, sim.Dirty, sim.ListAppend))
	if err != nil {
		t.Fatal(err)
	}
	h := parse(t, text(ops))
	want := fmt.Sprint(elle.Check(t.Context(), h, elle.Options{}))
	results := make([]string, 2*runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i] = fmt.Sprint(elle.Check(t.Context(), h, elle.Options{})) })
	}
	wg.Wait()
	for i, got := range results {
		if got != want {
			t.Errorf("check %d of one history got\n%s\nwant\n%s", i, got, want)
		}
	}
}
