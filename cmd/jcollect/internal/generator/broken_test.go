package generator

import (
	"strings"
	"testing"

	"jcheck/history"
)

// odd gives one operation that is wrong.
type odd struct{ op Op }

func (o *odd) Op(Context) (Op, Status, Generator) { return o.op, Ready, o }
func (o *odd) Update(Context, Op) Generator       { return o }

// silent gives nothing to go on with.
type silent struct{ odd }

func (s *silent) Op(Context) (Op, Status, Generator) { return s.op, Ready, nil }

// Without this a generator that is wrong could hang a run, end it as if all were done, or break the interpreter.
func TestBroken(t *testing.T) {
	good := Op{Template: Template{F: "f"}, Process: 1}
	with := func(change func(*Op)) Generator {
		op := good
		change(&op)
		return &odd{op}
	}
	none := func(Op) bool { return false }
	tests := []struct {
		name string
		g    Generator
		want string
	}{
		{"filter that drops all", Filter(none, forever("a")), "dropped 10000 operations"},
		{"function of nothing", Func(func(Context) Generator { return Concat() }), "10000 generators without an operation"},
		{"empty keys", Sequential(CountedKeys(-1), func(history.Value) Generator { return Concat() }), "10000 independent keys"},
		{"empty concurrent keys", Concurrent(2, CountedKeys(-1), func(history.Value) Generator { return Concat() }), "10000 independent keys"},
		{"groups that don't divide", Concurrent(3, CountedKeys(-1), func(history.Value) Generator { return forever("a") }), "can't be split into groups of 3"},
		{"too much reserved", Reserve(forever("a"), Share{9, forever("b")}), "wants 9 threads, there are 5"},
		{"no function", with(func(op *Op) { op.F = "" }), "no function"},
		{"in the past", with(func(op *Op) { op.TimeNS = -5 }), "it is 0 now"},
		{"a completion", with(func(op *Op) { op.Type = history.OK }), "type is ok"},
		{"nobody", with(func(op *Op) { op.Process = 17 }), "no such process"},
		{"unknown act", with(func(op *Op) { op.Act = 9 }), "neither to be performed"},
		{"nothing to go on with", &silent{odd{good}}, "nothing to go on with"},
		{"deep inside", Phases(do("z"), Mix(Any(Limit(3, Stagger(1, EachThread(Cycle(with(func(op *Op) { op.F = "" })))))))), "no function"},
		{"stuck", Await(func() (Generator, bool) { return nil, false }), "stuck at 0 ns"},
		{"endless", forever("a"), "stopped after 1000 operations"},
	}
	for _, test := range tests {
		s := Simulation{Concurrency: 4, Nemesis: true, Seed: 1, MaxOps: 1000}
		if _, err := s.Run(t.Context(), test.g); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

// Without this a busy process could be given a second operation.
func TestValidateBusy(t *testing.T) {
	ctx := NewContext(2, false, 1).Begin(Op{Process: 1})
	_, status, next := Validate(&odd{Op{Template: Template{F: "f"}, Process: 1}}).Op(ctx)
	if status != Broken || !strings.Contains(Err(next).Error(), "busy") {
		t.Errorf("got status %d, want broken", status)
	}
}

// Without this a long sequence could take time that grows with its square, or the stack of a deep recursion.
func TestLongSequences(t *testing.T) {
	const n = 200_000
	gs := make([]Generator, n)
	for i := range gs {
		gs[i] = Concat()
	}
	for i := 0; i < n; i += 4 {
		gs[i] = do("a")
	}
	for _, g := range []Generator{Concat(gs...), Phases(gs...)} {
		ops, err := Simulation{Concurrency: 3, Seed: 1}.Run(t.Context(), g)
		if err != nil || len(ops) != n/2 {
			t.Errorf("got %d operations %v, want %d", len(ops), err, n/2)
		}
	}
}
