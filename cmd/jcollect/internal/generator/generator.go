// Package generator says which operation a test does next. A generator is an immutable value: asked for an operation it
// gives one together with the generator of the rest, and so it runs alike against a cluster, in a test, and again.
//
// The combinators have the names and the meaning of Jepsen's (generator language of jepsen-io/generator), written anew.
package generator

import (
	"errors"
	"fmt"
	"reflect"

	"jcheck/history"
)

// Status says what a generator answered.
type Status uint8

// The answers. The zero Status ends a generator, so that a forgotten one can't run for ever.
const (
	Done    Status = iota // nothing more, for good
	Pending               // nothing before a completion, or a later time
	Ready                 // an operation
	Broken                // the generator is wrong, as Err tells of what it returned: the run can't go on
)

// Generator gives the operations of a test. Neither method changes it.
//
// With Ready the returned generator is that of what follows if the operation is used; whoever doesn't use it keeps the
// generator that was asked. With Pending the returned one is to be kept. With Done it is nil.
type Generator interface {
	// Op is the next operation.
	Op(ctx Context) (Op, Status, Generator)
	// Update is the generator after op was begun or completed. ctx is the context after that.
	Update(ctx Context, op Op) Generator
}

// fault is what is left of a generator that is wrong.
type fault struct{ err error }

func (f *fault) Op(Context) (Op, Status, Generator) { return Op{}, Broken, f }
func (f *fault) Update(Context, Op) Generator       { return f }
func broken(format string, args ...any) (Op, Status, Generator) {
	return Op{}, Broken, &fault{fmt.Errorf(format, args...)}
}

// Err is what is wrong, of the generator that came with Broken.
func Err(g Generator) error {
	if f, ok := g.(*fault); ok {
		return f.err
	}
	return errors.New("a generator broke and didn't say why")
}

// maxFruitless is how often a generator may look for an operation in vain before it is called broken.
const maxFruitless = 10_000

// ended tells whether there is nothing to go on with; such answers are passed on as they are.
func ended(s Status) bool { return s == Done || s == Broken }

// same tells whether two generators are the same pointer, in which case what holds one needn't be made anew.
func same(a, b Generator) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return reflect.TypeOf(a).Kind() == reflect.Pointer && reflect.TypeOf(b).Kind() == reflect.Pointer && a == b
}

// nothing is the generator that is done.
type nothing struct{}

func (nothing) Op(Context) (Op, Status, Generator) { return Op{}, Done, nil }
func (n nothing) Update(Context, Op) Generator     { return n }

// draw emits one operation, by any free process.
type draw struct {
	f func(ctx Context, d *Dice) (Template, []string)
}

// Do emits the template once, at once, by a random free process; it is pending while all are busy.
func Do(t Template) Generator {
	return &draw{func(Context, *Dice) (Template, []string) { return t, nil }}
}

// Draw emits what f draws, once, by a random free process. f must not keep state: the same dice give the same template.
func Draw(f func(d *Dice) Template) Generator {
	return &draw{func(_ Context, d *Dice) (Template, []string) { return f(d), nil }}
}

// Count is Draw with the next number of a named counter, which counts the operations of the whole run that used it.
func Count(name string, f func(n int64, d *Dice) Template) Generator {
	names := []string{name}
	return &draw{func(ctx Context, d *Dice) (Template, []string) { return f(ctx.Counter(name), d), names }}
}

func (o *draw) Op(ctx Context) (Op, Status, Generator) {
	d := ctx.Dice()
	op, status := ctx.emit(&d)
	if status == Ready {
		op.Template, op.counts = o.f(ctx, &d)
		return op, Ready, nothing{}
	}
	return op, status, o
}

func (o *draw) Update(Context, Op) Generator { return o }

// emit is an operation for now by any free process, of which only the template is missing. Where there is no thread at
// all, nobody will ever do it: done.
func (c Context) emit(d *Dice) (Op, Status) {
	p, ok := c.anyFree(d)
	switch {
	case !ok && c.all.Empty():
		return Op{}, Done
	case !ok:
		return Op{}, Pending
	case p == Nemesis:
		return Op{Type: history.Info, Process: p, TimeNS: c.TimeNS}, Ready
	}
	return Op{Type: history.Invoke, Process: p, TimeNS: c.TimeNS}, Ready
}

// unfold emits one operation after the other, each made from what the ones before left.
type unfold[S any] struct {
	state S
	next  func(S, *Dice) (Template, S)
}

// Unfold gives operations for ever, each by any free process, that depend on those before: next makes one from a state,
// and the state for the one after it. It must not change the state that it is given.
func Unfold[S any](state S, next func(s S, d *Dice) (Template, S)) Generator {
	return &unfold[S]{state, next}
}

func (u *unfold[S]) Op(ctx Context) (Op, Status, Generator) {
	d := ctx.Dice()
	op, status := ctx.emit(&d)
	switch status {
	case Done:
		return op, Done, nil
	case Pending:
		return op, Pending, u
	}
	t, state := u.next(u.state, &d)
	op.Template = t
	return op, Ready, &unfold[S]{state, u.next}
}

func (u *unfold[S]) Update(Context, Op) Generator { return u }
