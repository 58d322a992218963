package generator

import (
	"slices"

	"jcheck/history"
)

// cycle begins g again when it is done.
type cycle struct {
	left int // rounds, this one included; -1 is for ever
	g    Generator
	now  Generator
}

// Cycle begins g again, from its original state, whenever it is done. One that is done at once ends it.
func Cycle(g Generator) Generator { return &cycle{-1, g, g} }

// CycleN goes through g n times.
func CycleN(n int, g Generator) Generator { return &cycle{max(n, 0), g, g} }

func (c *cycle) Op(ctx Context) (Op, Status, Generator) {
	if c.left == 0 {
		return Op{}, Done, nil
	}
	left := c.left
	op, status, next := c.now.Op(ctx)
	if status == Done && left != 1 {
		left = max(left-1, -1)
		op, status, next = c.g.Op(ctx)
	}
	switch {
	case ended(status):
		return op, status, next
	case same(next, c.now) && left == c.left:
		return op, status, c
	}
	return op, status, &cycle{left, c.g, next}
}

func (c *cycle) Update(ctx Context, op Op) Generator {
	next := c.now.Update(ctx, op)
	if same(next, c.now) {
		return c
	}
	return &cycle{c.left, c.g, next}
}

// processLimit ends when too many processes could have run.
type processLimit struct {
	n    int
	g    Generator
	seen []int32 // the processes of clients that could have run, in ascending order; never changed
	cast *cast   // those for which seen was computed last
	all  Threads
}

// ProcessLimit ends when more than n client processes could have run operations of g: with crashes there are more and
// more, each of which costs memory of the database and work of a checker.
func ProcessLimit(n int, g Generator) Generator { return &processLimit{n: n, g: g} }

func (p *processLimit) Op(ctx Context) (Op, Status, Generator) {
	next := *p
	if p.cast != ctx.cast || !p.all.Equal(ctx.all) {
		next.cast, next.all, next.seen = ctx.cast, ctx.all, slices.Clone(p.seen)
		for t := range ctx.all.All() {
			process := ctx.Process(t)
			if i, found := slices.BinarySearch(next.seen, process); !found && process != Nemesis {
				next.seen = slices.Insert(next.seen, i, process)
			}
		}
	}
	if len(next.seen) > p.n {
		return Op{}, Done, nil
	}
	op, status, g := p.g.Op(ctx)
	if ended(status) {
		return op, status, g
	}
	next.g = g
	return op, status, &next
}

func (p *processLimit) Update(ctx Context, op Op) Generator {
	next := *p
	next.g = p.g.Update(ctx, op)
	if same(next.g, p.g) {
		return p
	}
	return &next
}

// concurrencyLimit waits while too many threads are busy.
type concurrencyLimit struct {
	n int
	g Generator
}

// ConcurrencyLimit is pending while n or more threads are busy.
func ConcurrencyLimit(n int, g Generator) Generator { return &concurrencyLimit{n, g} }

func (c *concurrencyLimit) Op(ctx Context) (Op, Status, Generator) {
	if ctx.all.Len()-ctx.free.Len() >= c.n {
		return Op{}, Pending, c
	}
	op, status, next := c.g.Op(ctx)
	if ended(status) {
		return op, status, next
	}
	return op, status, c.after(next)
}

func (c *concurrencyLimit) Update(ctx Context, op Op) Generator { return c.after(c.g.Update(ctx, op)) }

func (c *concurrencyLimit) after(next Generator) Generator {
	if same(next, c.g) {
		return c
	}
	return &concurrencyLimit{c.n, next}
}

// untilOK ends when one of its own operations succeeded.
type untilOK struct {
	g    Generator
	mine Threads // that do an operation of g
	ok   bool
}

// UntilOK gives operations of g until one of them completes ok.
func UntilOK(g Generator) Generator { return &untilOK{g: g} }

func (u *untilOK) Op(ctx Context) (Op, Status, Generator) {
	if u.ok {
		return Op{}, Done, nil
	}
	op, status, next := u.g.Op(ctx)
	switch {
	case ended(status):
		return op, status, next
	case status == Ready:
		return op, status, &untilOK{g: next, mine: u.mine.with(ctx.Thread(op.Process))}
	case same(next, u.g):
		return op, status, u
	}
	return op, status, &untilOK{g: next, mine: u.mine}
}

// Update tells a completion from a beginning by the thread, which is free: those of a nemesis are both info.
func (u *untilOK) Update(ctx Context, op Op) Generator {
	next := untilOK{u.g.Update(ctx, op), u.mine, u.ok}
	t := ctx.Thread(op.Process)
	if u.mine.Has(t) && ctx.free.Has(t) {
		next.mine = u.mine.without(t)
		next.ok = u.ok || succeeded(op)
	}
	return &next
}

// succeeded tells of a completion whether it went well. That of a nemesis, which is always info, did without an error.
func succeeded(op Op) bool {
	if op.Process != Nemesis {
		return op.Type == history.OK
	}
	return !slices.ContainsFunc(op.Extra, func(f history.Field) bool { return f.Name == "error" && !f.Value.IsNil() })
}
