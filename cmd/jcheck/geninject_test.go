package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"jcheck/check"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/sim"
)

// injected is a run with one anomaly woven in, or none.
func injected(seed uint64, w sim.Workload, level sim.Level, anomalies ...string) sim.Options {
	return sim.Options{Seed: seed, Workload: w, Level: level, Txns: 40 + int(seed%40), Concurrency: 5 + int(seed%4),
		MaxWritesPerKey: 8, FailRate: 0.04, InfoRate: 0.04, FinalReads: seed%2 == 0, Inject: anomalies}
}

// simulate makes a history. The set holds the operations of what was woven in.
func simulate(t *testing.T, o sim.Options) (*history.History, map[history.ID]bool) {
	t.Helper()
	var text []byte
	woven := make(map[history.ID]bool)
	err := sim.Run(o, func(op *sim.Op) error {
		if op.Inject > 0 {
			woven[history.ID(op.Index)] = true
		}
		text = append(sim.AppendEDN(text, op), '\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.Read(t.Context(), "gen.edn", text, history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return h, woven
}

// typed is what `jcheck elle` would check with these options.
func typed(t *testing.T, flags string) elle.Options {
	t.Helper()
	f := &elleFlags{}
	fs := pflag.NewFlagSet("elle", pflag.ContinueOnError)
	f.define(fs)
	if err := fs.Parse(strings.Fields(flags)); err != nil {
		t.Fatal(err)
	}
	o, err := f.options(fs)
	if err != nil {
		t.Fatal(err)
	}
	o.Workers = 1
	return o
}

// kindsOf are the kinds of what was found.
func kindsOf(r check.Result) []string {
	var kinds []string
	for _, a := range r.Anomalies {
		kinds = append(kinds, a.Kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// Without this an anomaly that was asked for could be missing from the history, be found by other options than those
// that the command tells, need an order that it must not need, or spoil the rest of the history.
func TestInjectedAnomaliesAreFound(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 5
	}
	for _, r := range sim.Recipes() {
		t.Run(fmt.Sprint(r.Name, "/", r.Workload), func(t *testing.T) {
			t.Parallel()
			for seed := range seeds {
				tryRecipe(t, r, seed)
			}
		})
	}
}

func tryRecipe(t *testing.T, r sim.Recipe, seed uint64) {
	o := typed(t, recipeFlags(r, sim.StrictSerializable))
	clean, _ := simulate(t, injected(seed, r.Workload, sim.StrictSerializable))
	if result := elle.Check(t.Context(), clean, o); result.Verdict != check.Valid {
		t.Errorf("seed %d: without it: %v, %v", seed, result.Verdict, kindsOf(result))
	}
	h, woven := simulate(t, injected(seed, r.Workload, sim.StrictSerializable, r.Name))
	result := elle.Check(t.Context(), h, o)
	kinds := kindsOf(result)
	named := slices.ContainsFunc(kinds, func(kind string) bool { return slices.Contains(cycle.Implied(kind), r.Name) })
	if result.Verdict != check.Invalid || !named {
		t.Errorf("seed %d: %v, found %v", seed, result.Verdict, kinds)
	}
	for _, a := range result.Anomalies {
		for _, id := range a.Ops {
			if !woven[id] {
				t.Errorf("seed %d: %s is shown by %v, which was not woven in", seed, a.Kind, h.Op(id))
			}
		}
	}
	isCycle := strings.HasPrefix(r.Name, "G") && r.Name != "G1a" && r.Name != "G1b"
	if isCycle && !slices.Equal(kinds, []string{r.Name}) {
		t.Errorf("seed %d: found %v, want %s alone", seed, kinds, r.Name)
	}
	tryWeaker(t, r, seed, h, o)
}

// Without this the options that the command tells for a database of a weaker level could miss what was woven in.
func TestInjectedIntoWeakerLevels(t *testing.T) {
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for _, level := range sim.Levels()[1:] {
		t.Run(level.String(), func(t *testing.T) {
			t.Parallel()
			for _, r := range sim.Recipes() {
				if levelFits([]string{r.Name}, level) != nil {
					continue
				}
				o := typed(t, recipeFlags(r, level))
				for seed := range seeds {
					h, _ := simulate(t, injected(seed, r.Workload, level, r.Name))
					kinds := kindsOf(elle.Check(t.Context(), h, o))
					if !slices.ContainsFunc(kinds, func(kind string) bool { return slices.Contains(cycle.Implied(kind), r.Name) }) {
						t.Errorf("%s in %s, seed %d: found %v", r.Name, r.Workload, seed, kinds)
					}
				}
			}
		})
	}
}

// tryWeaker holds an anomaly against models that count less of order between transactions.
func tryWeaker(t *testing.T, r sim.Recipe, seed uint64, h *history.History, o elle.Options) {
	want := check.Valid
	switch {
	case strings.HasSuffix(r.Name, "-cycle-exists"):
		return
	case strings.HasSuffix(r.Name, "-process"):
		o.Models = []string{"serializable"}
	case strings.HasSuffix(r.Name, "-realtime"):
		o.Models = []string{"strong-session-serializable"}
	default:
		o.Models, _ = cycle.Boundary([]string{r.Name})
		o.Models, want = o.Models[:1], check.Invalid
	}
	result := elle.Check(t.Context(), h, o)
	if result.Verdict != want {
		t.Errorf("seed %d: %v under %v, want %v; found %v", seed, result.Verdict, o.Models, want, kindsOf(result))
	}
}
