package generator

import "jcheck/history"

// mapped changes each operation of g.
type mapped struct {
	f func(Context, Op) Op
	g Generator
}

// Map gives the operations of g as f makes them. f may keep no state.
func Map(f func(ctx Context, op Op) Op, g Generator) Generator { return &mapped{f, g} }

// FMap gives the operations of g with other functions: f becomes names[f] where there is one.
func FMap(names map[string]string, g Generator) Generator {
	return Map(func(_ Context, op Op) Op {
		if to, ok := names[op.F]; ok {
			op.F = to
		}
		return op
	}, g)
}

// With adds a field to each operation of g.
func With(f history.Field, g Generator) Generator {
	return Map(func(_ Context, op Op) Op {
		op.Extra = append(op.Extra[:len(op.Extra):len(op.Extra)], f)
		return op
	}, g)
}

func (m *mapped) Op(ctx Context) (Op, Status, Generator) {
	op, status, next := m.g.Op(ctx)
	switch {
	case ended(status):
		return op, status, next
	case status == Ready:
		op = m.f(ctx, op)
	}
	return op, status, m.after(next)
}

func (m *mapped) Update(ctx Context, op Op) Generator { return m.after(m.g.Update(ctx, op)) }

func (m *mapped) after(next Generator) Generator {
	if same(next, m.g) {
		return m
	}
	return &mapped{m.f, next}
}

// filter drops operations.
type filter struct {
	keep func(Op) bool
	g    Generator
}

// Filter gives those operations of g that keep wants. A generator that goes on without one is broken.
func Filter(keep func(Op) bool, g Generator) Generator { return &filter{keep, g} }

func (f *filter) Op(ctx Context) (Op, Status, Generator) {
	g := f.g
	for i := range maxFruitless {
		op, status, next := g.Op(ctx.Split(i)) // another draw each time, or one that is dropped would come for ever
		switch {
		case ended(status):
			return op, status, next
		case status == Pending || f.keep(op):
			return op, status, f.after(next)
		}
		g = next
	}
	return broken("filter: dropped %d operations one after the other", maxFruitless)
}

func (f *filter) Update(ctx Context, op Op) Generator { return f.after(f.g.Update(ctx, op)) }

func (f *filter) after(next Generator) Generator {
	if same(next, f.g) {
		return f
	}
	return &filter{f.keep, next}
}
