// Package workload has the ready workloads: which operations a test does, which ones in the end, and which checks judge
// them. The operations are those that jcheck's checkers read, so that a test needs no generator of its own.
package workload

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// A Plan is the section workload of a plan. The zero Plan is that of a plan without one.
type Plan struct {
	Kind    string          // "" if the plan has no workload
	Options []history.Field // what a client must know of it: accounts, total, ...
	Section *plan.Node      // nil if the plan has none
	rate    float64
	make    Maker
}

// A Setting is what the rest of the plan says about the operations.
type Setting struct {
	Concurrency int     // client threads
	Rate        float64 // operations per second, all clients together, if the workload doesn't say; 0 is as fast as they go
}

// Work is a workload that is ready to run.
type Work struct {
	Generator   generator.Generator // of the clients, for ever: the test's time limit ends it
	Final       generator.Generator // of the clients, when all faults are healed; nil if there is nothing more to do
	Checks      []Check
	Independent bool // values are [key value], each key an object of its own
}

// A Check is one of the table of checkers, with the options that the workload gives it: bool, int64, string or []string,
// as check/all has them.
type Check struct {
	Name   string
	Values map[string]any
}

// A Maker makes the work, once the section was read without mistakes.
type Maker func(s Setting) (Work, error)

// A Kind is one sort of workload: a row of the table.
type Kind struct {
	Name string
	Doc  string // one line
	// Options are the keys that the section may have besides kind and rate, what a client must know of them, and what
	// makes the work of them. The latter two are called when all keys were read.
	Options func() (rows []plan.Field, told func() []history.Field, make Maker)
}

// Kinds is the table of workloads.
func Kinds() []Kind {
	return slices.Concat(objectKinds(), setKinds(), txnKinds(), orderKinds())
}

// Read reads the section workload as `workload:` of a plan has it; a text is a kind without options. A nil node gives a
// Plan without a kind.
func Read(n *plan.Node, p *plan.Problems) Plan {
	w := Plan{Section: n}
	if n == nil {
		return w
	}
	said := n
	if n.Kind == plan.Map {
		said = n.Get("kind")
	}
	var names []string
	var own []plan.Field
	told := func() []history.Field { return nil }
	for _, k := range Kinds() {
		names = append(names, k.Name)
		if said != nil && said.Kind == plan.Scalar && said.Text == k.Name {
			own, told, w.make = k.Options()
		}
	}
	if n.Kind == plan.Scalar {
		plan.OneOf(&w.Kind, names...)(n, p)
	} else {
		rows := append([]plan.Field{
			{Key: "kind", Doc: "which workload: " + strings.Join(names, ", "), Required: true, Read: plan.OneOf(&w.Kind, names...)},
			{Key: "rate", Doc: "operations per second, all clients together: 200/s (that of the plan)", Read: plan.Rate(&w.rate)},
		}, own...)
		if w.make == nil && n.Kind == plan.Map { // which keys are right depends on the kind
			rows = append(rows, unread(n, rows)...)
		}
		n.Fields(p, "workload", rows...)
	}
	w.Options = told()
	return w
}

// unread are rows for keys that nobody can judge.
func unread(n *plan.Node, rows []plan.Field) []plan.Field {
	var more []plan.Field
	for _, pair := range n.Pairs {
		if !slices.ContainsFunc(rows, func(f plan.Field) bool { return f.Key == pair.Key }) {
			more = append(more, plan.Field{Key: pair.Key, Read: func(*plan.Node, *plan.Problems) {}})
		}
	}
	return more
}

// Work makes what the test does. It fails where the workload and the rest of the plan don't go together.
func (w Plan) Work(s Setting) (Work, error) {
	if w.make == nil {
		return Work{}, fmt.Errorf("the plan has no workload (hint: workload: {kind: register})")
	}
	work, err := w.make(s)
	if err != nil {
		return Work{}, fmt.Errorf("workload %s: %w", w.Kind, err)
	}
	rate := w.rate
	if rate == 0 {
		rate = s.Rate
	}
	work.Generator = generator.ForClients(generator.AtRate(rate, work.Generator))
	if work.Final != nil {
		work.Final = generator.ForClients(work.Final)
	}
	return work, nil
}

// field, keyword and vector spell values.
func field(name string, v history.Value) history.Field { return history.Field{Name: name, Value: v} }
func keyword(name string) history.Value                { return edn.NewKeyword(name) }
func number(n int) history.Value                       { return edn.NewInt(int64(n)) }
func vector(items ...history.Value) history.Value      { return edn.NewVector(items) }

// finally marks an operation as one of the last.
func finally(t generator.Template) generator.Template {
	t.Extra = append(slices.Clip(t.Extra), field(generator.FinalField, edn.NewBool(true)))
	return t
}

// How long each client tries to do its last operation, and how often.
const (
	finalFor   = 15 * time.Second
	finalEvery = 250 * time.Millisecond
)

// eachFinally has each client do an operation in the end until it succeeds, within bounds: a node may be gone for good.
func eachFinally(t generator.Template) generator.Generator {
	return generator.EachThread(generator.TimeLimit(finalFor,
		generator.UntilOK(generator.Delay(finalEvery, generator.Repeat(generator.Do(finally(t)))))))
}

// always is an operation, again and again.
func always(t generator.Template) generator.Generator { return generator.Repeat(generator.Do(t)) }

// drawn is operations that f draws, again and again.
func drawn(f func(d *generator.Dice) generator.Template) generator.Generator {
	return generator.Repeat(generator.Draw(f))
}

// elements is operations of new elements, again and again: 0, 1, 2, ...
func elements(f string) generator.Generator {
	return generator.Repeat(generator.Count("element", func(n int64, _ *generator.Dice) generator.Template {
		return generator.Template{F: f, Value: edn.NewInt(n)}
	}))
}
