package generator

import (
	"fmt"

	"jcheck/history"
)

// onUpdate changes g by what happens.
type onUpdate struct {
	f func(g Generator, ctx Context, op Op) Generator
	g Generator
}

// OnUpdate is g, which becomes what f makes of it whenever an operation was begun or completed.
func OnUpdate(f func(g Generator, ctx Context, op Op) Generator, g Generator) Generator {
	return &onUpdate{f, g}
}

func (o *onUpdate) Op(ctx Context) (Op, Status, Generator) {
	op, status, next := o.g.Op(ctx)
	if ended(status) {
		return op, status, next
	}
	return op, status, &onUpdate{o.f, next}
}

func (o *onUpdate) Update(ctx Context, op Op) Generator { return &onUpdate{o.f, o.f(o.g, ctx, op)} }

// traced tells what g does.
type traced struct {
	name    string
	g       Generator
	waiting bool // it said so already: who waits is asked again and again
}

// Trace is g, which tells what it is asked and answers; the context says whom (WithTrace).
func Trace(name string, g Generator) Generator { return &traced{name: name, g: g} }

func (t *traced) Op(ctx Context) (Op, Status, Generator) {
	op, status, next := t.g.Op(ctx)
	if ctx.trace != nil && !(t.waiting && status == Pending) {
		said := [...]string{"done", "pending", op.String(), "broken"}[status]
		ctx.trace(fmt.Sprintf("%s: at %d, %d of %d free: %s", t.name, ctx.TimeNS, ctx.free.Len(), ctx.all.Len(), said))
	}
	if ended(status) {
		return op, status, next
	}
	if status == Pending && t.waiting && same(next, t.g) {
		return op, status, t
	}
	return op, status, &traced{t.name, next, status == Pending}
}

func (t *traced) Update(ctx Context, op Op) Generator {
	if ctx.trace != nil {
		ctx.trace(fmt.Sprintf("%s: update: %s", t.name, op))
	}
	return &traced{name: t.name, g: t.g.Update(ctx, op)}
}

// String is the operation in a few words, for messages.
func (op Op) String() string {
	who := fmt.Sprint("process ", op.Process)
	if op.Process == Nemesis {
		who = "nemesis"
	}
	return fmt.Sprintf("%d %s %s :%s %s", op.TimeNS, who, op.Type, op.F, op.Value)
}

// validated looks at each operation of g.
type validated struct{ g Generator }

// Validate is g, which is broken as soon as it gives an operation that nobody can do: without a function, of a process that
// is busy or isn't there, in the past, or of a wrong type. An interpreter has it around all else.
func Validate(g Generator) Generator { return &validated{g} }

func (v *validated) Op(ctx Context) (Op, Status, Generator) {
	op, status, next := v.g.Op(ctx)
	if status > Broken {
		return broken("a generator answered with the unknown status %d", status)
	}
	if ended(status) {
		return op, status, next
	}
	if next == nil {
		return broken("a generator gave nothing to go on with after %s", op)
	}
	if status == Ready {
		if wrong := ctx.wrongWith(op); wrong != "" {
			return broken("a generator gave an operation that nobody can do, %s: %s", op, wrong)
		}
	}
	return op, status, &validated{next}
}

func (v *validated) Update(ctx Context, op Op) Generator {
	next := v.g.Update(ctx, op)
	if same(next, v.g) {
		return v
	}
	return &validated{next}
}

// wrongWith is why an operation can't be begun; "" if it can.
func (c Context) wrongWith(op Op) string {
	t := c.Thread(op.Process)
	switch {
	case op.F == "":
		return "it has no function"
	case op.Act > Log || op.SleepNS < 0:
		return "it is neither to be performed nor slept nor logged"
	case op.TimeNS < c.TimeNS:
		return fmt.Sprintf("it is %d now", c.TimeNS)
	case op.Type != history.Invoke && !(op.Type == history.Info && op.Process == Nemesis):
		return "its type is " + op.Type.String()
	case !c.all.Has(t) || c.Process(t) != op.Process:
		return "there is no such process"
	case !c.free.Has(t):
		return "its process is busy"
	}
	return ""
}
