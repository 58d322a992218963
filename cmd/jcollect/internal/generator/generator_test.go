package generator

import (
	"reflect"
	"strings"
	"testing"

	"jcheck/history"
)

// played is the invocations of g, whose operations complete after 10 ns, with two clients and a nemesis.
func played(t *testing.T, g Generator, seed uint64) []Op {
	t.Helper()
	ops, err := Simulation{Concurrency: 2, Nemesis: true, Seed: seed, MaxOps: 1000}.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	return begun(ops)
}

// begun is the operations that began.
func begun(ops []Op) []Op {
	var list []Op
	open := make(map[int32]bool)
	for _, op := range ops {
		if open[op.Process] = !open[op.Process]; open[op.Process] {
			list = append(list, op)
		}
	}
	return list
}

func do(f string) Generator { return Do(Template{F: f}) }

// Without this a combinator could give too much, too little, or the wrong order.
func TestCombinators(t *testing.T) {
	tests := []struct {
		name string
		g    Generator
		want string
	}{
		{"do", do("a"), "a"},
		{"nothing", Concat(), ""},
		{"concat", Concat(do("a"), Concat(), do("b"), do("c")), "a b c"},
		{"limit below", Limit(2, Concat(do("a"), do("b"), do("c"))), "a b"},
		{"limit above", Limit(5, do("a")), "a"},
		{"limit none", Limit(0, do("a")), ""},
		{"negative limit", Limit(-1, do("a")), ""},
		{"repeat", Limit(5, Repeat(Concat(do("a"), do("b")))), "a a a a a"},
		{"repeat nothing", Repeat(Concat()), ""},
		{"after a limit", Concat(Limit(2, Repeat(do("a"))), do("b")), "a a b"},
	}
	for _, test := range tests {
		var fs []string
		for _, op := range played(t, test.g, 1) {
			fs = append(fs, op.F)
		}
		if got := strings.Join(fs, " "); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// Without this asking a generator could change it, or one seed give two different runs, or every seed the same one.
func TestSameSeedSameOps(t *testing.T) {
	g := Limit(100, Repeat(Concat(do("a"), do("b"))))
	first := played(t, g, 7)
	if got := played(t, g, 7); !reflect.DeepEqual(got, first) {
		t.Errorf("with the same seed, got %v, want %v", got, first)
	}
	if reflect.DeepEqual(played(t, g, 8), first) {
		t.Error("another seed gave the same choice of processes 100 times")
	}
}

// Without this a set shared by contexts could change under a generator that is asked about an earlier moment.
func TestContextIsAValue(t *testing.T) {
	for _, concurrency := range []int{2, 300, 1000} {
		before := NewContext(concurrency, true, 1)
		last := int32(concurrency - 1)
		after := before.Begin(Op{Process: last, TimeNS: 5})
		after.End(Op{Process: last, TimeNS: 7, Type: history.OK})
		if !before.AllFree() || before.Free().Len() != concurrency+1 {
			t.Errorf("the earlier context changed: %d free", before.Free().Len())
		}
		if after.TimeNS != 5 || after.Free().Has(concurrency-1) || after.Free().Len() != concurrency {
			t.Errorf("after an operation at 5: time %d, %d free", after.TimeNS, after.Free().Len())
		}
	}
}

// Without this a crashed process could run again, or its thread be lost.
func TestCrash(t *testing.T) {
	ctx := NewContext(3, true, 1)
	for _, want := range []int32{1, 4, 7} {
		if got := ctx.Process(1); got != want {
			t.Errorf("thread 1 runs process %d, want %d", got, want)
		}
		op := Op{Process: ctx.Process(1), Type: history.Invoke}
		ctx = ctx.Begin(op)
		op.Type = history.Info
		ctx = ctx.End(op)
		if !ctx.AllFree() || ctx.Thread(ctx.Process(1)) != 1 {
			t.Errorf("after a crash thread 1 isn't free, or runs %d", ctx.Process(1))
		}
	}
	ctx = ctx.Begin(Op{Process: Nemesis, Type: history.Info}).End(Op{Process: Nemesis, Type: history.Info})
	if got := ctx.Process(3); got != Nemesis {
		t.Errorf("the nemesis became process %d", got)
	}
}
