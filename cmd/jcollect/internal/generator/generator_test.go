package generator

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"jcheck/history"
)

// play asks g until it is done; each operation completes ok as soon as nobody is free.
func play(g Generator, seed uint64) []Op {
	ctx := Context{Free: []int32{Nemesis, 0, 1}, Seed: seed}
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
			ctx = ctx.End(ctx.TimeNS+10, open[0].Process)
			open[0].Type = history.OK
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

// Without this a shared list of free processes could change under a generator that is asked about an earlier moment.
func TestContextIsAValue(t *testing.T) {
	before := Context{Free: []int32{Nemesis, 0, 1}}
	after := before.Begin(Op{Process: 0, TimeNS: 5})
	after.End(7, 2)
	if diff := cmp.Diff(before.Free, []int32{Nemesis, 0, 1}); diff != "" {
		t.Errorf("the earlier context changed:\n%s", diff)
	}
	if diff := cmp.Diff(after.Free, []int32{Nemesis, 1}); diff != "" || after.TimeNS != 5 {
		t.Errorf("after an operation at 5: time %d, free:\n%s", after.TimeNS, diff)
	}
}
