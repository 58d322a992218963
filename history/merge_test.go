package history

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"jcheck/internal/edn"
)

var smallValues = []string{"nil", "true", "false", "0", "1", "-1", "99999999999", "99999999999999999999N", "1.0", ":a", "a", `"a"`,
	`\a`, "1/2", "1.5M", "[1 2]", "(1 2)", "#{1 2}", "{:a 1}", "[]", `#inst "2020"`}

func drawValue(t *rapid.T) Value { return parsed(t, rapid.SampledFrom(smallValues).Draw(t, "value")) }

func parsed(t rapid.TB, text string) Value {
	v, err := parseEDN([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func drawMop(t *rapid.T) Value {
	f := parsed(t, rapid.SampledFrom([]string{":r", ":append", ":w", ":r", ":other", `"r"`}).Draw(t, "f"))
	items := []Value{f, drawValue(t)}
	switch rapid.IntRange(0, 5).Draw(t, "shape") {
	case 0:
	case 1:
		items = append(items, drawValue(t), drawValue(t))
	case 2, 3:
		list := make([]Value, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range list {
			list[i] = drawValue(t)
		}
		items = append(items, edn.NewVector(list))
	default:
		items = append(items, drawValue(t))
	}
	return edn.NewVector(items)
}

// drawOps draws ops that no rule forbids: a client invokes only when it may.
func drawOps(t *rapid.T) []Op {
	open := map[int]Value{}
	var out []Op
	for range rapid.IntRange(0, 30).Draw(t, "ops") {
		p := rapid.IntRange(0, 3).Draw(t, "process")
		op := Op{ID: ID(len(out)), Index: -1, Time: int64(len(out)), Process: edn.NewInt(int64(p)), F: edn.NewKeyword("txn")}
		if p == 3 {
			op.Process, op.F = edn.NewKeyword("nemesis"), Value{}
		}
		before, isOpen := open[p]
		if isOpen {
			op.Type = Type(rapid.IntRange(1, 3).Draw(t, "type"))
			op.Value = before
		}
		if !isOpen || rapid.Bool().Draw(t, "fresh") {
			op.Value = drawOpValue(t)
		}
		if isOpen {
			delete(open, p)
		} else if p != 3 {
			open[p] = op.Value
		}
		out = append(out, op)
	}
	return out
}

func drawOpValue(t *rapid.T) Value {
	if rapid.IntRange(0, 3).Draw(t, "scalar") == 0 {
		return drawValue(t)
	}
	mops := make([]Value, rapid.IntRange(1, 4).Draw(t, "mops"))
	for i := range mops {
		mops[i] = drawMop(t)
	}
	return edn.NewVector(mops)
}

var equalOps = cmp.Options{
	cmp.Comparer(func(a, b Value) bool { return edn.Equal(a, b) }),
}

// Without this the history could depend on where chunks end: numbers of values, keys and processes, pairs, shared
// micro-ops, all must come out as if one chunk had held everything, and all ops as they were put in.
func TestChunkingDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawOps(t)
		one, err := tryBuild(in, 0, Options{Independent: IndependentOff})
		if err != nil {
			t.Fatal(err)
		}
		many, err := tryBuild(in, rapid.IntRange(1, 5).Draw(t, "chunk"), Options{Independent: IndependentOff, Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range in {
			want.Index = int64(i)
			if diff := cmp.Diff(many.Op(ID(i)), want, equalOps); diff != "" {
				t.Fatalf("op %d (-got +want):\n%s", i, diff)
			}
			if diff := cmp.Diff(one.Op(ID(i)), want, equalOps); diff != "" {
				t.Fatalf("op %d in one chunk (-got +want):\n%s", i, diff)
			}
		}
		if got, want := numbers(many), numbers(one); got != want {
			t.Fatalf("got numbers\n%s\nwant\n%s", got, want)
		}
	})
}

// numbers shows how things are numbered.
func numbers(h *History) string {
	return fmt.Sprintf("%v\n%v\n%v\n%v\n%v\n%v\n%v", pairs(h), h.keySyms, h.procSyms, h.nameSyms, h.f, h.elems, h.syms.text)
}

// Without this an invocation could lose what it said when it shares its completion's micro-ops.
func TestSharing(t *testing.T) {
	for _, test := range []struct {
		invoke, complete string
		shared, blank    bool
	}{
		{"[[:append 1 2] [:r 1 nil]]", "[[:append 1 2] [:r 1 [3 2]]]", true, true},
		{"[[:append 1 2] [:r 1 nil]]", "[[:append 1 2] [:r 1 nil]]", true, false},
		{"[[:r 1 nil] [:r 2 5]]", "[[:r 1 4] [:r 2 5]]", false, false},
		{"[[:r 1]]", "[[:r 1 4]]", false, false},
		{"[[:r 1 nil]]", "[[:r 1]]", false, false},
		{"[[:w 1 nil]]", "[[:w 1 4]]", false, false},
		{"[[:append 1 2]]", "[[:append 1 3]]", false, false},
		{"[[:r 1 nil]]", "[[:r 2 nil]]", false, false},
		{"[[:r 1 nil]]", "[[:r 1 nil] [:r 2 nil]]", false, false},
		{`[["r" 1 nil]]`, `[["r" 1 4]]`, false, false},
		{"[[:odd] [:r 1 nil]]", "[[:odd] [:r 1 #{4}]]", true, true},
	} {
		h := build(t, ops(t, "{:type :invoke :process 0 :value "+test.invoke+"}{:type :ok :process 0 :value "+test.complete+"}"), 0, Options{})
		if got := &h.Mops(0)[0] == &h.Mops(1)[0]; got != test.shared {
			t.Errorf("%s, %s: got shared %v, want %v", test.invoke, test.complete, got, test.shared)
		}
		if got := [2]bool{h.Blank(0), h.Blank(1)}; got != [2]bool{test.blank, false} {
			t.Errorf("%s, %s: got blank %v, want %v", test.invoke, test.complete, got, test.blank)
		}
		if got := [2]string{h.Op(0).Value.String(), h.Op(1).Value.String()}; got != [2]string{test.invoke, test.complete} {
			t.Errorf("got values %s, want %s %s", got, test.invoke, test.complete)
		}
	}
}

// Without this a list that is written as a value and read as a list could be two values, or different ones in different
// goroutines.
func TestValOfLists(t *testing.T) {
	h := build(t, ops(t, `{:type :ok :process 0 :value [[:w 1 [5 6]] [:r 1 (5 6)] [:r 1 [5]] [:r 1 []] [:r 1 nil] [:r 2 [5]]]}`), 0, Options{})
	mops := h.Mops(0)
	var all [8][]Sym
	var wg sync.WaitGroup
	for g := range all {
		wg.Go(func() {
			for i := range mops {
				all[g] = append(all[g], h.Val(&mops[i]))
			}
		})
	}
	wg.Wait()
	got := all[0]
	for g := range all {
		if !slices.Equal(all[g], got) {
			t.Fatalf("goroutines got %v and %v", all[g], got)
		}
	}
	if got[0] != got[1] || got[2] != got[5] || got[4] != Nil || got[3] == Nil || got[2] == got[3] {
		t.Errorf("got values %x, want the lists' equality", got)
	}
	for i, want := range []string{"[5 6]", "[5 6]", "[5]", "[]", "nil", "[5]"} {
		if v := h.Value(got[i]); v.String() != want {
			t.Errorf("got %s, want %s", v, want)
		}
		if s, ok := h.Lookup(parsed(t, want)); !ok || s != got[i] {
			t.Errorf("looking %s up: got %x, %v, want %x", want, s, ok, got[i])
		}
	}
	if _, ok := h.Lookup(parsed(t, "[7]")); ok {
		t.Error("found a list that isn't there")
	}
}

// Without this a view could renumber its operations, and a witness found in it would be another operation of the whole.
func TestSelect(t *testing.T) {
	h := build(t, ops(t, `{:type :ok :process 0 :f :read :value [:a nil]} {:type :ok :process 0 :f :read :value [:b 2]}
		{:type :ok :process 1 :f :read :value [:c 3]}`), 0, Options{})
	v := h.Select([]ID{1, 2})
	if got := slices.Collect(v.All()); !slices.Equal(got, []ID{1, 2}) || v.Size() != 2 || v.At(1) != 2 || v.Len() != 3 {
		t.Errorf("got view %v of size %d, length %d", got, v.Size(), v.Len())
	}
	if got := edn.NewVector(v.values(v.Keys())).String(); got != "[:b :c]" {
		t.Errorf("got keys %s, want [:b :c]", got)
	}
	if got := v.Op(2).Value.String(); got != "3" {
		t.Errorf("got value %s, want 3", got)
	}
}
