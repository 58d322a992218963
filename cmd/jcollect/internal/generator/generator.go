// Package generator says which operation a test does next. A generator is an immutable value: asked for an operation it
// gives one together with the generator of the rest, and so it runs alike against a cluster, in a test, and again.
package generator

import "jcheck/history"

// Nemesis is the process that injects faults; clients are counted from 0.
const Nemesis int32 = -1

// Template is an operation before somebody is found to do it.
type Template struct {
	F     string
	Value history.Value
}

// Op is an operation that a process is to begin, or, given to Update, one that it began or completed.
type Op struct {
	Template
	Type    history.Type
	Process int32
	TimeNS  int64 // since the start of the run; one to begin may lie in the future
}

// Status says what a generator answered.
type Status uint8

// The answers. The zero Status ends a generator, so that a forgotten one can't run for ever.
const (
	Done    Status = iota // nothing more, for good
	Pending               // nothing before a completion or a later time
	Ready                 // an operation
)

// Generator gives the operations of a test. Neither method changes it. With Done the returned generator is nil.
type Generator interface {
	// Op is the next operation, and the generator of what follows if that operation is used.
	Op(ctx Context) (Op, Status, Generator)
	// Update is the generator after op was begun or completed.
	Update(ctx Context, op Op) Generator
}

// once emits one operation, by any free process.
type once struct{ template Template }

// Do emits the template once, at once, by a random free process; it is pending while all are busy.
func Do(t Template) Generator { return once{t} }

func (o once) Op(ctx Context) (Op, Status, Generator) {
	p, ok := ctx.anyFree()
	if !ok {
		return Op{}, Pending, o
	}
	op := Op{Template: o.template, Type: history.Invoke, Process: p, TimeNS: ctx.TimeNS}
	if p == Nemesis {
		op.Type = history.Info
	}
	return op, Ready, sequence(nil)
}

func (o once) Update(Context, Op) Generator { return o }
