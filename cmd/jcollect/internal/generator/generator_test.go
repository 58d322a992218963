package generator

import (
	"reflect"
	"strings"
	"testing"

	"jcheck/history"
)

// play asks g until it is done; each operation completes ok as soon as nobody is free.
func play(g Generator, seed uint64) []Op {
	ctx := NewContext(2, true, seed)
	var ops []Op
	var open []Op
	for len(ops) < 1000 {
		op, status, next := g.Op(ctx)
		switch {
		case status == Ready:
			ctx = ctx.Begin(op)
			g = next.Update(ctx, op)
			ops, open = append(ops, op), append(open, op)
		case status == Pending && len(open) > 0:
			open[0].Type, open[0].TimeNS = history.OK, ctx.TimeNS+10
			ctx = ctx.End(open[0])
			g, open = next.Update(ctx, open[0]), open[1:]
		default:
			return ops
		}
	}
	return ops
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
		for _, op := range play(test.g, 1) {
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
	first := play(g, 7)
	if got := play(g, 7); !reflect.DeepEqual(got, first) {
		t.Errorf("with the same seed, got %v, want %v", got, first)
	}
	if reflect.DeepEqual(play(g, 8), first) {
		t.Error("another seed gave the same choice of processes 100 times")
	}
}

// Without this a process could get a second operation while it is busy, or a fault be recorded as a client's invocation.
func TestProcesses(t *testing.T) {
	ops := play(Limit(3, Repeat(do("a"))), 3)
	seen := make(map[int32]bool)
	for _, op := range ops {
		if seen[op.Process] {
			t.Errorf("process %d is busy and got another operation", op.Process)
		}
		seen[op.Process] = true
		if got, want := op.Type == history.Info, op.Process == Nemesis; got != want {
			t.Errorf("process %d: info is %t, want %t", op.Process, got, want)
		}
	}
	if len(seen) != 3 {
		t.Errorf("got operations by %d processes, want 3", len(seen))
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
