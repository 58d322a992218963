package fault

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/history"
	"jcheck/internal/edn"
)

// A kind is one row of the table of faults.
type kind struct {
	name  string
	doc   string   // one line for who writes a plan
	words []string // the targets that a plan may name; nil if it has none

	// needs are what keeps a node from it, each with why and how to mend that.
	needs func(n *Nemesis, name string) []Impossible
	// begin is the next injection, and what it leaves on: "" if its effect needs no healing before the next.
	begin func(p Plan, rng *rand.Rand) (generator.Template, string)
	// end is what heals that again.
	end func(p Plan, on string) generator.Template
	// final undoes whatever may be on at the end of a run.
	final func(p Plan) []generator.Template
	// heal is what a node runs to undo the fault there, whatever its state. A lease runs the same.
	heal func(n *Nemesis, on *node.Node) []script
	// alone is what heals it on a node without the control node, besides; nil if nothing does.
	alone func(n *Nemesis, on *node.Node) []agent.Command
	// prepare is done once on each node at set-up, and restore at teardown; nil is nothing.
	prepare, restore func(ctx context.Context, n *Nemesis, on *node.Node) error
	// revive is what heals it on a node through the database; nil if nothing does.
	revive func(ctx context.Context, n *Nemesis, on *node.Node) error
	// last is what heals it when all nodes are healed of all else; nil if nothing does.
	last func(ctx context.Context, n *Nemesis) map[string]error
	// moves are the operations of the fault.
	moves []move
}

// A move is an operation of the nemesis: it does something, and says what was done to whom.
type move struct {
	kind string
	f    string
	do   func(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error)
	// extra is what else is to be recorded with the operation; nil is nothing.
	extra func(ctx context.Context, n *Nemesis) []history.Field
}

// kinds is the table of faults, in the order in which they are healed in the end: the network first, then processes after
// what they stand on, and members last, since a cluster takes nobody while others are away.
func kinds(p Plan) []kind {
	list := []kind{partitionKind(), packetKind(), clockKind(), diskFullKind(), corruptionKind(),
		lostWritesKind(), pauseKind(), killKind(), restartKind()}
	for _, s := range p.Scripts {
		list = append(list, scriptKind(s))
	}
	return append(list, membershipKind())
}

// kindNames are the names of all faults that a plan may ask for.
func (p Plan) kindNames() []string {
	var list []string
	for _, k := range kinds(p) {
		list = append(list, k.name)
	}
	return append(list, allScripts)
}

// kindOf is the row of a fault; false if there is none.
func kindOf(p Plan, name string) (kind, bool) {
	for _, k := range kinds(p) {
		if k.name == name {
			return k, true
		}
	}
	return kind{}, false
}

// healing is what heals a kind of fault on a node.
func (n *Nemesis) healing(name string, on *node.Node) []script {
	k, ok := kindOf(n.plan, name)
	if !ok || k.heal == nil {
		return nil
	}
	return k.heal(n, on)
}

// strike is a begin that names one of the plan's targets, and leaves the fault on.
func strike(name, f string) func(Plan, *rand.Rand) (generator.Template, string) {
	return func(p Plan, rng *rand.Rand) (generator.Template, string) {
		return generator.Template{F: f, Value: p.target(name, rng).value()}, f
	}
}

// strikeOnce is strike for a fault that heals itself.
func strikeOnce(name, f string) func(Plan, *rand.Rand) (generator.Template, string) {
	return func(p Plan, rng *rand.Rand) (generator.Template, string) {
		return generator.Template{F: f, Value: p.target(name, rng).value()}, ""
	}
}

// undo is an end, and a final, that heals everywhere.
func undo(f string) func(Plan, string) generator.Template {
	return func(Plan, string) generator.Template { return generator.Template{F: f} }
}

// finally is a final of one operation.
func finally(f string) func(Plan) []generator.Template {
	return func(Plan) []generator.Template { return []generator.Template{{F: f}} }
}

// target is one of the plan's targets of a fault, each with the same chance.
func (p Plan) target(name string, rng *rand.Rand) Target {
	list := p.Targets[name]
	if len(list) == 0 {
		return Target{}
	}
	return list[rng.IntN(len(list))]
}

// outcomes is what became of each node: the word where it went well, and the error's text where not.
func outcomes(names []string, word string, errs map[string]error) history.Value {
	var pairs []history.Value
	for _, name := range slices.Sorted(slices.Values(names)) {
		what := edn.NewKeyword(word)
		if err := errs[name]; err != nil {
			what = edn.NewString(err.Error())
		}
		pairs = append(pairs, edn.NewString(name), what)
	}
	return edn.NewMap(pairs)
}

// sortedKeys are the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// merge adds the errors of more nodes. Either may be nil.
func merge(errs, more map[string]error) map[string]error {
	if errs == nil {
		return more
	}
	for name, err := range more {
		errs[name] = errors.Join(errs[name], err)
	}
	return errs
}
