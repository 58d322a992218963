package fault

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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
	Removed string // on TARGET, afterwards, when its daemons are stopped: wipe; "" is nothing
	Add     string // on a member: TARGET joins
	Added   string // on TARGET, afterwards, before its daemons are started; in ADDED is what add printed
	Least   int    // members that stay at least; 0 is a majority of the nodes
	Wait    time.Duration
}

// defaultWait is how long the members may take to see a change.
const defaultWait = 30 * time.Second

// joinEvery is between two tries of one node to join.
const joinEvery = time.Second

// readMembership reads the scripts.
func (f *Plan) readMembership(n *plan.Node, p *plan.Problems) {
	m := &f.Membership
	m.Wait = defaultWait
	n.Fields(p, "membership",
		plan.Field{Key: "view", Doc: "sh that prints the names of the members, as a member sees them", Required: true, Read: plan.Str(&m.View)},
		plan.Field{Key: "remove", Doc: "sh on a member that removes $TARGET", Required: true, Read: plan.Str(&m.Remove)},
		plan.Field{Key: "removed", Doc: "sh on $TARGET after its removal, its daemons stopped: wipe it", Read: plan.Str(&m.Removed)},
		plan.Field{Key: "add", Doc: "sh on a member that adds $TARGET, if it isn't added yet", Required: true, Read: plan.Str(&m.Add)},
		plan.Field{Key: "added", Doc: "sh on $TARGET after it was added, before its daemons start. $ADDED is what add printed", Read: plan.Str(&m.Added)},
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
		begin: wander,
		end:   undo("add-node"),
		final: func(Plan) []generator.Template {
			return []generator.Template{{F: "add-node", Value: edn.NewKeyword("all")}, {F: "check-members"}}
		},
		last: rejoin,
		moves: []move{
			{f: "remove-node", do: removeNode, extra: lastMembers},
			{f: "add-node", do: addNode, extra: lastMembers},
			{f: "check-members", do: checkMembers},
		},
	}
}

// wander is the next change. Removals and additions by turns would never take a cluster of five to three: half of the
// changes are such a pair, the others by themselves, and as many of them remove as add. Exact times want pairs.
func wander(p Plan, rng *rand.Rand) (generator.Template, string) {
	turn := rng.IntN(4)
	switch {
	case turn == 3 && p.beat("membership").On == 0:
		return generator.Template{F: "add-node"}, ""
	case turn == 2 && p.beat("membership").On == 0:
		return generator.Template{F: "remove-node", Value: p.target("membership", rng).value()}, ""
	}
	return generator.Template{F: "remove-node", Value: p.target("membership", rng).value()}, "remove-node"
}

// removeNode lets one member leave, unless too few that answer would stay: who is down counts for nothing.
func removeNode(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
	leave, err := n.change(ctx)
	if err != nil {
		return history.Value{}, err
	}
	defer leave()
	if n.ended() {
		return history.Value{}, errors.New("not removed: the faults have ended")
	}
	now, err := n.view(ctx)
	if err != nil {
		return history.Value{}, err
	}
	t, err := targetOf(c.Value)
	if err != nil {
		return history.Value{}, err
	}
	among := n.names
	if t.Nodes == nil { // by chance only who can leave
		among = now.members
	}
	chosen, err := t.names(among, func() ([]string, error) { return n.primaries(ctx) }, n.chance())
	if err != nil {
		return history.Value{}, err
	}
	least := n.plan.Membership.Least
	if least == 0 {
		least = majority(len(n.names))
	}
	chosen = slices.DeleteFunc(chosen, func(name string) bool {
		return !slices.Contains(now.members, name) || len(without(now.answered, name)) < least
	})
	if len(chosen) == 0 {
		return edn.NewVector([]history.Value{edn.NewKeyword("none-removed"), texts(edn.Set, now.members)}), nil
	}
	target := n.node(shuffled(chosen, n.chance())[0])
	n.mark("membership", target.Name, true)
	what, err := n.remove(ctx, target, now)
	return edn.NewVector([]history.Value{edn.NewKeyword(what), edn.NewString(target.Name)}), err
}

// removeTries is how many members are told to remove another: the first may be cut off from the others.
const removeTries = 2

// remove removes a member, and says what became of that. A script that failed may have done its work: the members are
// asked.
func (n *Nemesis) remove(ctx context.Context, target *node.Node, now view) (what string, err error) {
	others := shuffled(without(now.answered, target.Name), n.chance())
	var failed error
	for _, name := range others[:min(removeTries, len(others))] {
		from := n.node(name)
		_, err := n.run(ctx, from, script{text: n.plan.Membership.Remove, env: n.targeted(from, target)})
		if err == nil {
			failed = nil
			break
		}
		failed = errors.Join(failed, fmt.Errorf("remove, on %s: %w", name, err))
		if now, err = n.view(ctx); err != nil {
			return "perhaps-removed", errors.Join(failed, err)
		}
		if !slices.Contains(now.members, target.Name) {
			n.log.Info("a removal took place although its script failed", "node", target.Name, "error", failed)
			failed = nil
			break
		}
	}
	if failed != nil {
		return "not-removed", failed
	}
	if err := n.await(ctx, func(v view) bool { return !slices.Contains(v.members, target.Name) }); err != nil {
		return "perhaps-removed", fmt.Errorf("%s: %w", target.Name, err)
	}
	return "removed", n.retire(ctx, target)
}

// retire ends the database on a node that is no member, and wipes it. From now on no other fault starts it.
func (n *Nemesis) retire(ctx context.Context, target *node.Node) error {
	leave, err := n.enter(ctx, target)
	if err != nil {
		return err
	}
	defer leave()
	n.note(n.members.gone, target.Name, true)
	if n.runsDB() {
		if err := n.o.DB.Kill(ctx, target); err != nil {
			return fmt.Errorf("stop the database on %s: %w", target.Name, err)
		}
	}
	for _, kind := range starting {
		if err := n.release(ctx, kind, target); err != nil {
			return err
		}
	}
	if n.plan.Membership.Removed == "" {
		return nil
	}
	if _, err := n.run(ctx, target, script{text: n.plan.Membership.Removed, env: n.targeted(target, target)}); err != nil {
		return fmt.Errorf("removed, on %s: %w", target.Name, err)
	}
	return nil
}

// starting are the faults whose leases start a database.
var starting = [...]string{"kill", "restart", "lost-writes"}

// addNode lets a node join that is no member: the named ones, all, or any one.
func addNode(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
	leave, err := n.change(ctx)
	if err != nil {
		return history.Value{}, err
	}
	defer leave()
	t, err := targetOf(c.Value)
	if err == nil {
		err = known(t.Nodes, n.names)
	}
	if err != nil {
		return history.Value{}, err
	}
	look, patience := n.viewSoon, n.plan.Membership.Wait
	if t.Word != "all" && n.struck() { // one try: what heals the others waits for this
		look, patience = n.view, 0
	}
	now, err := look(ctx)
	if err != nil {
		return history.Value{}, err
	}
	absent := n.absent(now)
	switch {
	case t.Nodes != nil:
		absent = slices.DeleteFunc(absent, func(name string) bool { return !slices.Contains(t.Nodes, name) })
	case t.Word != "all" && len(absent) > 1:
		absent = shuffled(absent, n.chance())[:1]
	}
	errs := n.joinAll(ctx, absent, patience)
	return outcomes(absent, "added", errs), joinNodes("add", errs)
}

// struck tells whether another fault may be on anywhere.
func (n *Nemesis) struck() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for kind, nodes := range n.on {
		if kind != "membership" && len(nodes) > 0 {
			return true
		}
	}
	return false
}

// absent are the nodes that are no members, or were about to leave or to join when something went wrong.
func (n *Nemesis) absent(now view) []string {
	var list []string
	for _, name := range n.names {
		switch {
		case !slices.Contains(now.members, name), n.isGone(name), n.isOn("membership", name) && !slices.Contains(now.answered, name):
			list = append(list, name)
		default:
			n.mark("membership", name, false) // its removal came to nothing
		}
	}
	return list
}

// joinAll lets nodes join, one after the other: databases refuse several changes at once.
func (n *Nemesis) joinAll(ctx context.Context, names []string, patience time.Duration) map[string]error {
	errs := map[string]error{}
	for _, name := range names {
		if err := n.join(ctx, n.node(name), patience); err != nil {
			errs[name] = err
		}
	}
	return errs
}

// rejoin lets every node join that was removed, once all else is healed. What a run never removed isn't asked for.
func rejoin(ctx context.Context, n *Nemesis) map[string]error {
	if !slices.ContainsFunc(n.names, func(name string) bool { return n.isOn("membership", name) }) {
		return nil
	}
	fails := func(err error) map[string]error {
		errs := map[string]error{}
		for _, name := range n.names {
			if n.isOn("membership", name) {
				errs[name] = err
			}
		}
		return errs
	}
	leave, err := n.change(ctx)
	if err != nil {
		return fails(err)
	}
	defer leave()
	now, err := n.viewSoon(ctx)
	if err != nil {
		return fails(err)
	}
	removed := slices.DeleteFunc(n.absent(now), func(name string) bool { return !n.isOn("membership", name) })
	return n.joinAll(ctx, removed, n.plan.Membership.Wait)
}

// Rejoin lets every node join that is no member, and says which did: after a run that ended without it. It is
// a *NoMembersError if no node tells who the members are.
func (n *Nemesis) Rejoin(ctx context.Context) (added []string, err error) {
	leave, err := n.change(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	soon, cancel := context.WithTimeout(ctx, viewLimit)
	defer cancel()
	now, err := n.viewSoon(soon)
	if err != nil {
		return nil, err
	}
	absent := n.absent(now)
	errs := n.joinAll(ctx, absent, n.plan.Membership.Wait)
	added = slices.DeleteFunc(absent, func(name string) bool { return errs[name] != nil })
	return added, joinNodes("add", errs)
}

// join lets a node join the cluster. It is tried again for as long as the patience lasts: databases refuse a member for
// some seconds after another was away, and one that is cut off while it starts may give up.
func (n *Nemesis) join(ctx context.Context, target *node.Node, patience time.Duration) error {
	began := time.Now()
	n.mark("membership", target.Name, true)
	for {
		err := n.tryJoin(ctx, target)
		if err == nil {
			n.mark("membership", target.Name, false)
			n.note(n.members.fresh, target.Name, false)
			n.log.Info("a node is a member again", "node", target.Name)
			return nil
		}
		n.log.Debug("a node doesn't join yet", "node", target.Name, "error", err)
		if time.Since(began) >= patience || !sleep(ctx, joinEvery) {
			return fmt.Errorf("no member after %s: %w", time.Since(began).Round(time.Second), err)
		}
	}
}

// tryJoin is one try. Who is no member is wiped before it is added; a member never is, for it may hold the only copy of
// something.
func (n *Nemesis) tryJoin(ctx context.Context, target *node.Node) error {
	now, err := n.view(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(now.members, target.Name) {
		if err := n.retire(ctx, target); err != nil {
			return err
		}
	}
	if n.isGone(target.Name) || n.noted(n.members.fresh, target.Name) { // what it was told before may be wrong by now
		from := n.node(shuffled(without(now.answered, target.Name), n.chance())[0])
		said, err := n.run(ctx, from, script{text: n.plan.Membership.Add, env: n.targeted(from, target)})
		if err != nil {
			return fmt.Errorf("add, on %s: %w", from.Name, err)
		}
		if n.plan.Membership.Added != "" {
			if _, err := n.run(ctx, target, script{text: n.plan.Membership.Added, env: append(n.targeted(target, target), "ADDED="+said)}); err != nil {
				return fmt.Errorf("added: %w", err)
			}
		}
		n.note(n.members.fresh, target.Name, true)
		n.note(n.members.gone, target.Name, false)
	}
	var down error
	if n.runsDB() {
		down = n.o.DB.Start(ctx, target)
	}
	err = n.await(ctx, func(v view) bool { return slices.Contains(v.answered, target.Name) })
	if err != nil {
		return errors.Join(err, down)
	}
	return nil
}

// targeted is the environment of a script about another node.
func (n *Nemesis) targeted(on, target *node.Node) []string {
	return append(n.environ(on), "TARGET="+target.Name, fmt.Sprintf("TARGET_INDEX=%d", target.Index), "TARGET_ADDR="+target.Addr)
}

// node is the node of a name that is known to be one.
func (n *Nemesis) node(name string) *node.Node {
	return n.o.Nodes[slices.Index(n.names, name)]
}
