package linearizable

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

func TestWitnesses(t *testing.T) {
	// Without this, an engine could call valid what it has no order for, or give one that explains nothing.
	n := 150
	if testing.Short() {
		n = 40
	}
	for i, f := range families {
		r := rand.New(rand.NewPCG(4, uint64(i)))
		for range n {
			obj := f.random(t, r, 3+r.IntN(12))
			h, o := obj.history(t), f.options()
			for _, e := range []Engine{AutoEngine, SearchEngine, PorcupineEngine} {
				o.Engine = e
				got, found := Witness(context.Background(), h, o) // panics if an order is wrong
				if diff := sameResult(Check(context.Background(), h, o), got); diff != "" {
					t.Fatalf("%s, engine %s: with a witness, the result differs:\n%s\n%s", f.datatype, e, diff, obj)
				}
				if got.Verdict != check.Valid {
					continue
				}
				if parts := obj.parts(); len(found) != len(parts) {
					t.Fatalf("%s, engine %s: there are %d orders, want %d\n%s", f.datatype, e, len(found), len(parts), obj)
				}
			}
		}
	}
}

func TestReplay(t *testing.T) {
	// Without this, the replay of a linearization could accept anything.
	h := read(t, "0 invoke write 1\n1 invoke write 2\n0 ok write 1\n2 invoke read nil\n2 ok read 2\n3 invoke write 3\n3 ok write 3")
	o := Options{Datatype: "register"}
	tests := []struct {
		name string
		ops  [][]history.ID
		want string // "" if it is one
	}{
		{"right", [][]history.ID{{2, 1, 4, 6}}, ""},
		{"a call that crashed may happen", [][]history.ID{{2, 1, 4, 6}}, ""},
		{"in another order", [][]history.ID{{1, 2, 4, 6}}, "can't read 2 from register 1"},
		{"too late", [][]history.ID{{6, 2, 1, 4}}, "test:3:1: returned before the operation of test:6:1 was invoked"},
		{"twice", [][]history.ID{{2, 2, 1, 4, 6}}, "test:3:1: can't be next"},
		{"twice, in two parts", [][]history.ID{{2, 1, 4}, {2, 6}}, "test:3:1: can't be next"},
		{"one is missing", [][]history.ID{{2, 1, 4}}, "test:7:1: is missing"},
	}
	for _, tt := range tests {
		var found []Linearization
		for _, ops := range tt.ops {
			found = append(found, Linearization{ops})
		}
		err := replay(h, o, found, true)
		if ok := tt.want == ""; ok != (err == nil) || !ok && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: the replay says %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestWitnessOfKeys(t *testing.T) {
	// Without this, the orders of independent keys could get mixed up, or that of a valid key be lost because of another.
	h := read(t, "0 invoke write [:a 1]\n0 ok write [:a 1]\n1 invoke write [:b 1]\n1 ok write [:b 1]\n0 invoke read [:a nil]\n0 ok read [:a 7]\n1 invoke read [:b nil]\n1 ok read [:b 1]")
	r, found := Witness(context.Background(), h, Options{Datatype: "register"})
	if want := []history.ID{3, 7}; r.Verdict != check.Invalid || len(found) != 1 || !slices.Equal(found[0].Ops, want) {
		t.Errorf("result is %s with %v, want invalid, with %v for the valid key", r.Verdict, found, want)
	}
}

func TestWitnessOfNothing(t *testing.T) {
	// Without this, the order of an object that nobody used could be asked of a call that isn't there.
	h := read(t, "0 invoke write 1\n0 fail write 1")
	for _, d := range Datatypes() {
		for _, e := range []Engine{AutoEngine, FastEngine, SearchEngine, PorcupineEngine} {
			o := Options{Datatype: d.Name, Engine: e}
			got, found := Witness(context.Background(), h, o)
			if got.Verdict != check.Valid || len(found) != 1 || len(found[0].Ops) > 0 {
				t.Errorf("%s, engine %s: the verdict is %s with the orders %v, want valid with one of nothing", d.Name, e, got.Verdict, found)
			}
		}
	}
}
