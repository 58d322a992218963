package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Membership are the scripts by which nodes leave the database's cluster and join it again. Besides what every script
// finds, TARGET, TARGET_INDEX and TARGET_ADDR name the node that leaves or joins.
type Membership struct {
	View    string // prints the names of the members, on any node that is one
	Remove  string // on another member: TARGET leaves
	Removed string // on TARGET, afterwards: stop, wipe; "" is nothing
	Add     string // on a member: TARGET joins
	Added   string // on TARGET, afterwards: start; in ADDED is what add printed
	Least   int    // members that stay at least; 0 is a majority of the nodes
	Wait    time.Duration
}

// defaultWait is how long the members may take to see a change.
const defaultWait = 30 * time.Second

// viewEvery is how often they are asked.
const viewEvery = 500 * time.Millisecond

// readMembership reads the scripts.
func (f *Plan) readMembership(n *plan.Node, p *plan.Problems) {
	m := &f.Membership
	m.Wait = defaultWait
	n.Fields(p, "membership",
		plan.Field{Key: "view", Doc: "sh that prints the names of the members, as a member sees them", Required: true, Read: plan.Str(&m.View)},
		plan.Field{Key: "remove", Doc: "sh on a member that removes $TARGET", Required: true, Read: plan.Str(&m.Remove)},
		plan.Field{Key: "removed", Doc: "sh on $TARGET after its removal: stop it, wipe it", Read: plan.Str(&m.Removed)},
		plan.Field{Key: "add", Doc: "sh on a member that adds $TARGET", Required: true, Read: plan.Str(&m.Add)},
		plan.Field{Key: "added", Doc: "sh on $TARGET after it was added: start it. $ADDED is what add printed", Read: plan.Str(&m.Added)},
		plan.Field{Key: "least", Doc: "how many members stay (a majority of the nodes)", Read: plan.Int(&m.Least, 1, 1000)},
		plan.Field{Key: "wait", Doc: "how long the members may take to see a change (30s)", Read: plan.Duration(&m.Wait)})
}

// membershipKind removes nodes from the cluster and adds them again, as operators do.
func membershipKind() kind {
	return kind{
		name: "membership", doc: "nodes leave the database's cluster and join it again, by the plan's scripts",
		words: []string{"some", "one", "primaries"},
		needs: func(n *Nemesis, _ string) []Impossible {
			if n.plan.Membership.View == "" {
				return []Impossible{{Why: "the plan doesn't say how", Mend: "nemesis: membership: {view: ..., remove: ..., add: ...}"}}
			}
			return n.needsPrimaries("membership")
		},
		begin: strike("membership", "remove-node"),
		end:   undo("add-node"),
		final: func(Plan) []generator.Template {
			return []generator.Template{{F: "add-node", Value: edn.NewKeyword("all")}}
		},
		revive: func(ctx context.Context, n *Nemesis, on *node.Node) error {
			if !n.isOn("membership", on.Name) {
				return nil
			}
			return n.join(ctx, on)
		},
		moves: []move{{f: "remove-node", do: removeNode}, {f: "add-node", do: addNode}},
	}
}

// removeNode lets one member leave, unless too few would stay.
func removeNode(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
	members, err := n.view(ctx)
	if err != nil {
		return history.Value{}, err
	}
	chosen, err := n.chosen(ctx, c.Value)
	if err != nil {
		return history.Value{}, err
	}
	chosen = slices.DeleteFunc(chosen, func(name string) bool { return !slices.Contains(members, name) })
	least := n.plan.Membership.Least
	if least == 0 {
		least = majority(len(n.names))
	}
	if len(chosen) == 0 || len(members) <= least {
		return edn.NewVector([]history.Value{edn.NewKeyword("none-removed"), texts(edn.Set, members)}), nil
	}
	target := n.node(shuffled(chosen, n.chance())[0])
	n.mark("membership", target.Name, true)
	from := n.node(shuffled(without(members, target.Name), n.chance())[0])
	if _, err = n.run(ctx, from, script{text: n.plan.Membership.Remove, env: n.targeted(from, target)}); err == nil && n.plan.Membership.Removed != "" {
		_, err = n.run(ctx, target, script{text: n.plan.Membership.Removed, env: n.targeted(target, target)})
	}
	if err == nil {
		err = n.await(ctx, target.Name, false)
	}
	return edn.NewVector([]history.Value{edn.NewKeyword("removed"), edn.NewString(target.Name)}), err
}

// addNode lets a node join that is no member: the named ones, all, or any one.
func addNode(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
	members, err := n.view(ctx)
	if err != nil {
		return history.Value{}, err
	}
	absent := slices.DeleteFunc(slices.Clone(n.names), func(name string) bool { return slices.Contains(members, name) })
	t, err := targetOf(c.Value)
	switch {
	case err != nil:
		return history.Value{}, err
	case t.Nodes != nil:
		if err := known(t.Nodes, n.names); err != nil {
			return history.Value{}, err
		}
		absent = slices.DeleteFunc(absent, func(name string) bool { return !slices.Contains(t.Nodes, name) })
	case t.Word != "all" && len(absent) > 1:
		absent = shuffled(absent, n.chance())[:1]
	}
	errs := map[string]error{}
	for _, name := range absent { // one after the other: databases refuse several changes at once
		if err := n.join(ctx, n.node(name)); err != nil {
			errs[name] = err
		}
	}
	return outcomes(absent, "added", errs), joinNodes("add", errs)
}

// join lets a node join the cluster, unless it is a member.
func (n *Nemesis) join(ctx context.Context, target *node.Node) error {
	members, err := n.view(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(members, target.Name) {
		n.mark("membership", target.Name, false)
		return nil
	}
	from := n.node(shuffled(members, n.chance())[0])
	said, err := n.run(ctx, from, script{text: n.plan.Membership.Add, env: n.targeted(from, target)})
	if err == nil && n.plan.Membership.Added != "" {
		_, err = n.run(ctx, target, script{text: n.plan.Membership.Added, env: append(n.targeted(target, target), "ADDED="+said)})
	}
	if err == nil {
		err = n.await(ctx, target.Name, true)
	}
	if err == nil {
		n.mark("membership", target.Name, false)
	}
	return err
}

// view is the members that most nodes agree on. A node that was removed may still hold an older view.
func (n *Nemesis) view(ctx context.Context) ([]string, error) {
	var mu sync.Mutex
	votes := map[string]int{}
	errs := n.each(ctx, n.names, func(ctx context.Context, on *node.Node) error {
		out, err := n.run(ctx, on, script{text: n.plan.Membership.View, env: n.environ(on)})
		if err != nil {
			return err
		}
		members := strings.Fields(out)
		members = slices.DeleteFunc(members, func(name string) bool { return !slices.Contains(n.names, name) })
		slices.Sort(members)
		members = slices.Compact(members)
		if !slices.Contains(members, on.Name) {
			return nil // who is no member has no say
		}
		mu.Lock()
		defer mu.Unlock()
		votes[strings.Join(members, " ")]++
		return nil
	})
	best := ""
	for _, v := range sortedKeys(votes) {
		if votes[v] > votes[best] {
			best = v
		}
	}
	if best == "" {
		return nil, errors.Join(errors.New("no node tells who the members are"), joinNodes("view", errs))
	}
	return strings.Fields(best), nil
}

// await waits until the members see a node among them, or no more.
func (n *Nemesis) await(ctx context.Context, name string, there bool) error {
	ctx, cancel := context.WithTimeout(ctx, n.plan.Membership.Wait)
	defer cancel()
	var members []string
	for {
		now, err := n.view(ctx)
		if err == nil {
			members = now
		}
		if err == nil && slices.Contains(members, name) == there {
			return nil
		}
		if !sleep(ctx, viewEvery) {
			return errors.Join(fmt.Errorf("after %s the members are still %s (%s)", n.plan.Membership.Wait, strings.Join(members, ", "), name), err)
		}
	}
}

// targeted is the environment of a script about another node.
func (n *Nemesis) targeted(on, target *node.Node) []string {
	return append(n.environ(on), "TARGET="+target.Name, fmt.Sprintf("TARGET_INDEX=%d", target.Index), "TARGET_ADDR="+target.Addr)
}

// node is the node of a name that is known to be one.
func (n *Nemesis) node(name string) *node.Node {
	return n.o.Nodes[slices.Index(n.names, name)]
}
