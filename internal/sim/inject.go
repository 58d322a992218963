package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Recipe tells how to weave an anomaly into a history, and what it takes to find it there.
type Recipe struct {
	Name     string // as checkers report it
	Workload Workload
	Models   []string // the consistency models to ask for; nil: the strictest, or any that forbids the anomaly
	Options  []string // what else the checker must be told, as names of its options: "linearizable-keys", "initial=nil"

	notations []string // the scripts that show it, one of which is taken; none: a cycle, built by its name
	tight     bool     // nothing else may run between one phase and the next
}

// recipes lists the anomalies that take no cycle, or a peculiar one. Cycles are built from their names: see Recipes.
// Each script is the shortest known to show its anomaly, see newScript for the notation.
var recipes = [...]Recipe{
	{Name: "internal", Workload: ListAppend, notations: []string{"0:ax1 rx / 1:rx1", "0:rx ax1 rx / 1:rx1", "0:ax1 / 0:ax2 rx1 / 1:rx12"}},
	{Name: "future-read", Workload: ListAppend, notations: []string{"0:rx1 ax1 / 1:rx1", "0:ax1 / 1:rx12 ax2 / 0:rx12"}},
	{Name: "G1a", Workload: ListAppend, notations: []string{"0:ax1 / 1f:ax2 / 0:rx12", "0f:ax1 / 1:rx1", "0:ay1 | 1f:ax1 | 2:rx1 ry1"}},
	{Name: "G1b", Workload: ListAppend, notations: []string{"0:ax1 ax2 | 1:rx1", "0:ax1 ax2 / 1:rx1", "0:ax1 ay1 ax2 | 1:ry rx1"}},
	{Name: "dirty-update", Workload: ListAppend, notations: []string{"0f:ax1 / 1:ax2 / 0:rx12", "0:ax1 / 1f:ax2 / 0:ax3 / 1:rx123"}},
	{Name: "lost-update", Workload: ListAppend, notations: []string{"0:rx ax1 | 1:rx ax2 / 0:rx12", "0:ax1 / 0:rx1 ax2 | 1:rx1 ax3 / 0:rx123"}},
	{Name: "duplicate-elements", Workload: ListAppend, notations: []string{"0:ax1 / 1:rx11", "0:ax1 / 1:ax2 / 0:rx121"}},
	{Name: "incompatible-order", Workload: ListAppend, notations: []string{"0:ax1 | 1:ax2 / 0:rx12 | 1:rx21", "0:ax1 | 1:ax2 | 2:rx1 | 3:rx2"}},
	{Name: "garbage-read", Workload: ListAppend, notations: []string{"0:ax1 / 1:rx19", "0:rx9"}},
	{Name: "strong-session-PL-1-cycle-exists", Workload: ListAppend, Models: []string{"strong-session-read-uncommitted"},
		notations: []string{"0:ay1 ax2 / 0:ry1 ax1 / 1:rx12"}},
	{Name: "strong-session-PL-2-cycle-exists", Workload: ListAppend, Models: []string{"strong-session-read-committed"},
		notations: []string{"0:ry1 rx / 0:ay1 ax1"}},
	{Name: "strong-session-snapshot-isolation-cycle-exists", Workload: ListAppend,
		Models: []string{"strong-session-snapshot-isolation"}, notations: []string{"0:rx ay1 / 0:ry ax1"}},
	{Name: "strong-PL-1-cycle-exists", Workload: ListAppend, Models: []string{"strong-read-uncommitted"}, tight: true,
		notations: []string{"0:ay1 ax2 / 1:ry1 ax1 / 0:rx12"}},
	{Name: "strong-PL-2-cycle-exists", Workload: ListAppend, Models: []string{"strong-read-committed"}, tight: true,
		notations: []string{"0:ry1 rx / 1:ay1 ax1"}},
	{Name: "strong-snapshot-isolation-cycle-exists", Workload: ListAppend, Models: []string{"strong-snapshot-isolation"}, tight: true,
		notations: []string{"0:rx ay1 / 1:ry ax1"}},

	{Name: "internal", Workload: RWRegister, notations: []string{"0:wx1 rx / 1:=x1", "0:wx1 / 1:=x1 wx2 =x1"}},
	{Name: "G1a", Workload: RWRegister, notations: []string{"0f:wx1 / 1:=x1", "0:wy1 | 1f:wx1 | 2:=x1 =y1"}},
	{Name: "G1b", Workload: RWRegister, notations: []string{"0:wx1 wx2 / 1:=x1", "0:wx1 wx2 | 1:=x1"}},
	{Name: "lost-update", Workload: RWRegister, notations: []string{"0:wx1 / 0:=x1 wx2 | 1:=x1 wx3"}},
	{Name: "garbage-read", Workload: RWRegister, Options: []string{"initial=nil"}, notations: []string{"0:wx1 / 1:=x9", "0:=x9"}},
	{Name: "cyclic-versions", Workload: RWRegister, Options: []string{"linearizable-keys"},
		notations: []string{"0:wx1 / 1:wx2 / 0:=x1", "0:wx1 / 1:wx2 / 0:=x2 / 1:=x1"}},
	{Name: "PL-1-cycle-exists", Workload: RWRegister, Models: []string{"read-uncommitted"}, Options: []string{"sequential-keys"},
		notations: []string{"0:wx1 wy2 wz1 | 1:=z1 wx2 wy1 / 0:=x2 | 1:=y2"}},

	{Name: "predicate-read-miss", Workload: ClosedPredicate, notations: []string{"+x1 / 0:px1"}},
}

// The cycles, and which workload can show them: a cycle of writes alone shows in lists only (the reads that tell the
// versions of a register are dependencies themselves), one through a predicate where there are predicates.
var cycles = [...]struct {
	name string
	in   []Workload
}{
	{"G0", []Workload{ListAppend}},
	{"G1c", []Workload{ListAppend, RWRegister, ClosedPredicate}},
	{"G-single-item", []Workload{ListAppend, RWRegister, ClosedPredicate}},
	{"G-nonadjacent-item", []Workload{ListAppend, RWRegister, ClosedPredicate}},
	{"G2-item", []Workload{ListAppend, RWRegister, ClosedPredicate}},
	{"G-single", []Workload{ClosedPredicate}},
	{"G-nonadjacent", []Workload{ClosedPredicate}},
	{"G2", []Workload{ClosedPredicate}},
}

const (
	processSuffix  = "-process"
	realtimeSuffix = "-realtime"
)

// Recipes lists every anomaly that can be woven into a history, for each workload that can show it: cycles first.
func Recipes() []Recipe {
	var all []Recipe
	for _, suffix := range [...]string{"", processSuffix, realtimeSuffix} {
		for _, c := range cycles {
			for _, w := range c.in {
				r := Recipe{Name: c.name + suffix, Workload: w}
				if suffix == processSuffix {
					r.Models = []string{"strong-session-serializable"} // stronger models would count real time instead
				}
				all = append(all, r)
			}
		}
	}
	return append(all, recipes[:]...)
}

// FindRecipe is the recipe of an anomaly for a workload; false if that workload can't show it.
func FindRecipe(name string, w Workload) (Recipe, bool) { return find(Recipes(), name, w) }

func find(all []Recipe, name string, w Workload) (Recipe, bool) {
	i := slices.IndexFunc(all, func(r Recipe) bool { return r.Name == name && r.Workload == w })
	if i < 0 {
		return Recipe{}, false
	}
	return all[i], true
}

// script draws one way to show the anomaly that needs no more than the given number of clients.
func (r Recipe) script(rng *rand.Rand, clients int) (script, error) {
	var s script
	for extra := rng.IntN(3); extra >= thrifty; extra-- { // a smaller cycle needs fewer clients
		switch {
		case len(r.notations) == 0:
			s = newCycle(r.Name, r.Workload, extra, rng)
		case extra <= 0:
			s = newScript(r.notations[0], r.Workload)
		default:
			s = newScript(r.notations[rng.IntN(len(r.notations))], r.Workload)
		}
		if s.actors() <= clients {
			return s, nil
		}
	}
	return s, fmt.Errorf("%s takes %d clients, but concurrency is %d (hint: a concurrency of %d)", r.Name, s.actors(), clients, s.actors())
}

// injections draws what is to be woven in, and when.
func (o Options) injections() ([]*play, error) {
	rng := newRand(o.Seed ^ 0x696e6a656374) // its own, so that what is injected depends on little else
	span := o.Txns
	if o.Workload == ClosedPredicate {
		span = min(span, o.KeyCount) // the run may end when all rows have changed
	}
	var plays []*play
	all := Recipes()
	for i, name := range o.Inject {
		r, ok := find(all, name, o.Workload)
		if !ok {
			return nil, fmt.Errorf("%s can't show the anomaly %q", o.Workload, name)
		}
		s, err := r.script(rng, o.Concurrency)
		if err != nil {
			return nil, err
		}
		p := &play{number: i + 1, script: s, start: rng.IntN(max(span, 1)), steps: s.steps(rng), tight: r.tight}
		if o.Workload == ClosedPredicate {
			p.placeRows(o.KeyCount)
		}
		plays = append(plays, p)
	}
	slices.SortStableFunc(plays, func(a, b *play) int { return a.start - b.start })
	return plays, nil
}

// cutOrder splits the name of a cycle into the kind of cycle and the suffix that says which order it counts.
func cutOrder(name string) (kind, suffix string) {
	for _, s := range [...]string{processSuffix, realtimeSuffix} {
		if kind, ok := strings.CutSuffix(name, s); ok {
			return kind, s
		}
	}
	return name, ""
}
