package linearizable

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// pile is a stack whose states are slices, which == does not compare. All hashes are the same every other time, so that
// Equal has to tell states apart.
func pile() Datatype {
	return Datatype{
		Name:      "pile",
		Functions: []string{"push", "pop"},
		Init:      func(history.Value) (any, error) { return []Term(nil), nil },
		Step: func(state any, c Call) (any, string) {
			items := state.([]Term)
			n := len(items)
			switch {
			case c.F == "push":
				return append(slices.Clip(items), c.Value), ""
			case n == 0 || c.Outcome == OK && items[n-1] != c.Value:
				return nil, "it isn't on top"
			}
			return slices.Clip(items[:n-1]), ""
		},
		Show:  func(any) history.Value { return edn.NewString("a pile") },
		Hash:  func(state any) uint64 { return uint64(len(state.([]Term)) & 1) },
		Equal: func(a, b any) bool { return slices.Equal(a.([]Term), b.([]Term)) },
	}
}

// Without this a user's datatype whose states are slices or maps could end in a panic, or take different states for one.
func TestStatesOfSlices(t *testing.T) {
	i := slices.IndexFunc(families, func(f family) bool { return f.datatype == "stack" })
	f, r, d := families[i], rand.New(rand.NewPCG(7, 7)), pile()
	seen := map[bool]int{}
	for range 1000 {
		obj := f.random(t, r, 3+r.IntN(8))
		want := verdictOf(t, obj, 2)
		obj.d, obj.init = d, []Term(nil)
		got := verdictOf(t, obj, 2)
		if got != want {
			t.Fatalf("linearizable is %v, want %v\n%s", got, want, obj)
		}
		if r := Check(context.Background(), obj.history(t), Options{Own: &d}); (r.Verdict == check.Valid) != want {
			t.Fatalf("verdict is %s, but linearizable is %v\n%s", r.Verdict, want, obj)
		}
		seen[got]++
	}
	if seen[true] < 100 || seen[false] < 100 {
		t.Errorf("too few of one sort: %v", seen)
	}
}

// Without this a datatype that can't tell its states apart would end in a panic in the middle of a search.
func TestStatesThatCannotBeCompared(t *testing.T) {
	for want, change := range map[string]func(*Datatype){
		"which == doesn't compare":       func(d *Datatype) { d.Hash, d.Equal = nil, nil },
		"only one of Hash and Equal":     func(d *Datatype) { d.Equal = nil },
		"has only one of Hash and Equal": func(d *Datatype) { d.Hash = nil },
	} {
		d := pile()
		change(&d)
		if err := (Options{Own: &d}).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want one with %q", err, want)
		}
	}
	d := pile()
	if err := (Options{Own: &d}).Validate(); err != nil {
		t.Error(err)
	}
}
