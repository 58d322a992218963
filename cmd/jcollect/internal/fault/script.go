package fault

import (
	"context"
	"fmt"
	"strings"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
)

// allScripts is the name by which a plan asks for all faults of its own at once.
const allScripts = "script"

// A Script is a fault of the user's own.
type Script struct {
	Name   string
	Inject string // sh, run by root on the nodes that it strikes
	Heal   string // sh; "" if it heals itself
}

// readScripts reads the faults of the user's own. They are read before all else, since the rest of the section may name
// them.
func (f *Plan) readScripts(n *plan.Node, p *plan.Problems) {
	plan.Each(func(item *plan.Node, p *plan.Problems) {
		var s Script
		item.Fields(p, "a fault of scripts",
			plan.Field{Key: "name", Doc: "what the fault is called", Required: true, Read: plan.Str(&s.Name)},
			plan.Field{Key: "inject", Doc: "sh that injects it, run by root on each node that it strikes", Required: true, Read: plan.Str(&s.Inject)},
			plan.Field{Key: "heal", Doc: "sh that heals it on a node, whatever its state", Read: plan.Str(&s.Heal)})
		if !scriptName(s.Name) {
			p.Add(item.Pos, "letters, digits and -", "%q can't be the name of a fault", s.Name)
			return
		}
		if _, taken := kindOf(*f, s.Name); taken || s.Name == allScripts || s.Name == healF {
			p.Add(item.Pos, "another name", "there is a fault %s already", s.Name)
			return
		}
		f.Scripts = append(f.Scripts, s)
	})(n, p)
}

// scriptName tells whether a text can be part of an operation's name.
func scriptName(s string) bool {
	return s != "" && len(s) <= 40 && !strings.HasPrefix(s, "-") && strings.IndexFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-')
	}) < 0
}

// scriptKind is a fault of the user's own: its scripts, on the nodes of its targets.
func scriptKind(s Script) kind {
	k := kind{
		name: s.Name, doc: "a fault of the plan's own", words: nodeWords[:],
		needs: func(n *Nemesis, _ string) []Impossible { return n.needsPrimaries(s.Name) },
		begin: strike(s.Name, "start-"+s.Name),
	}
	inject := func(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
		return n.runOn(ctx, s, c)
	}
	if s.Heal == "" {
		k.begin = strikeOnce(s.Name, s.Name)
		k.moves = []move{{f: s.Name, do: inject}}
		return k
	}
	stop := "stop-" + s.Name
	k.end, k.final = undo(stop), finally(stop)
	k.heal = func(n *Nemesis, on *node.Node) []script {
		// Only where it may be on: a script of the user's need not be harmless elsewhere.
		if !n.isOn(s.Name, on.Name) {
			return nil
		}
		return []script{{text: s.Heal, env: n.environ(on)}}
	}
	k.moves = []move{{f: "start-" + s.Name, do: inject}, {f: stop, do: stopNetwork(s.Name, "healed")}}
	return k
}

// runOn runs a script on the nodes that an operation's target means.
func (n *Nemesis) runOn(ctx context.Context, s Script, c client.Call) (history.Value, error) {
	names, err := n.chosen(ctx, c.Value)
	if err != nil {
		return history.Value{}, err
	}
	errs := n.inject(ctx, s.Name, names, func(ctx context.Context, on *node.Node) error {
		_, err := n.run(ctx, on, script{text: s.Inject, env: n.environ(on)})
		return err
	})
	return outcomes(names, "injected", errs), joinNodes(s.Name, errs)
}

// environ is what scripts of a plan find in their environment, as those of its database do.
func (n *Nemesis) environ(on *node.Node) []string {
	var addrs []string
	for _, each := range n.o.Nodes {
		addrs = append(addrs, each.Addr)
	}
	return []string{
		"NODE=" + on.Name, "NODES=" + strings.Join(n.names, " "), fmt.Sprintf("NODE_INDEX=%d", on.Index),
		fmt.Sprintf("NODE_COUNT=%d", len(n.names)), "NODE_ADDR=" + on.Addr, "NODE_ADDRS=" + strings.Join(addrs, " "),
	}
}
