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
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/history"
	"jcheck/internal/edn"
)

// viewEvery is how often members are asked that are waited for, and viewLimit how long one may take to answer: one that
// is paused answers nothing.
const (
	viewEvery = 500 * time.Millisecond
	viewLimit = 10 * time.Second
)

// A view is who the members are, as most of them see it.
type view struct {
	members  []string // in the order of their names
	answered []string // those of them who see it so
}

// A NoMembersError says that not one node told who the members are: the database may not be there at all.
type NoMembersError struct{}

func (*NoMembersError) Error() string { return "no node tells who the members are" }

// members are what is known of the database's cluster besides the marks of what is to be healed.
type members struct {
	changing chan struct{}   // full while somebody changes it
	gone     map[string]bool // nodes whose database we stopped, since they are no members
	fresh    map[string]bool // nodes that were added, and weren't seen to be members since
	last     []string        // as they were seen last; nil if nobody looked
}

// change waits until nobody else changes the cluster. A change that was given up may go on.
func (n *Nemesis) change(ctx context.Context) (leave func(), err error) {
	select {
	case n.members.changing <- struct{}{}:
		return func() { <-n.members.changing }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("an earlier change of the members goes on: %w", ctx.Err())
	}
}

// ended tells whether nothing is to be injected any more.
func (n *Nemesis) ended() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.over
}

// note puts a node into a set of those that are known of the cluster, or takes it out.
func (n *Nemesis) note(set map[string]bool, name string, in bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	set[name] = in
}

// noted tells whether a node is in such a set.
func (n *Nemesis) noted(set map[string]bool, name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return set[name]
}

// isGone tells whether the database of a node is to stay down.
func (n *Nemesis) isGone(name string) bool { return n.noted(n.members.gone, name) }

// runsDB tells whether there is a database that can be stopped and started.
func (n *Nemesis) runsDB() bool { return n.o.DB != nil && n.o.DB.CanKill() }

// staying are the nodes of a list that are not gone: faults of processes leave the others alone, since a database without
// a place in the cluster would make a cluster of its own when it is started.
func (n *Nemesis) staying(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), n.isGone)
}

// chosenStaying is chosen among the nodes that are not gone.
func (n *Nemesis) chosenStaying(ctx context.Context, v history.Value) ([]string, error) {
	t, err := targetOf(v)
	if err != nil {
		return nil, err
	}
	staying := n.staying(n.names)
	switch {
	case t.Nodes != nil:
		return n.staying(t.Nodes), known(t.Nodes, n.names)
	case len(staying) == 0:
		return nil, errors.New("every node was removed from the cluster")
	}
	names, err := t.names(staying, func() ([]string, error) { return n.primaries(ctx) }, n.chance())
	return n.staying(names), err
}

// says asks each node that isn't gone who the members are. Nodes of the cluster's that are none of ours are left out.
func (n *Nemesis) says(ctx context.Context) (said map[string][]string, errs map[string]error) {
	var mu sync.Mutex
	said = map[string][]string{}
	errs = n.each(ctx, n.staying(n.names), func(ctx context.Context, on *node.Node) error {
		out, err := runScript(ctx, on, script{text: n.plan.Membership.View, env: n.environ(on)}, min(n.plan.timeout(), viewLimit))
		if err != nil {
			return err
		}
		list := slices.DeleteFunc(strings.Fields(out), func(name string) bool { return !slices.Contains(n.names, name) })
		slices.Sort(list)
		mu.Lock()
		defer mu.Unlock()
		said[on.Name] = slices.Compact(list)
		return nil
	})
	return said, errs
}

// view is who the members are: what a majority of just these says. Any change takes one, so an older view, which nodes
// hold that were cut off or removed meanwhile, has none left; and nothing is to be changed where there is none.
func (n *Nemesis) view(ctx context.Context) (view, error) {
	said, errs := n.says(ctx)
	votes := map[string][]string{}
	for _, name := range sortedKeys(said) {
		if slices.Contains(said[name], name) { // who is no member has no say
			key := strings.Join(said[name], " ")
			votes[key] = append(votes[key], name)
		}
	}
	best, words := view{}, []string{}
	for _, key := range sortedKeys(votes) {
		v := view{members: strings.Fields(key), answered: votes[key]}
		words = append(words, fmt.Sprintf("by %s: %s", strings.Join(v.answered, ", "), strings.Join(v.members, ", ")))
		if len(v.answered) >= majority(len(v.members)) && len(v.answered) > len(best.answered) {
			best = v
		}
	}
	if len(best.members) == 0 {
		if len(words) > 0 {
			return view{}, fmt.Errorf("no majority agrees who the members are; %s", strings.Join(words, "; "))
		}
		return view{}, errors.Join(&NoMembersError{}, joinNodes("view", errs))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.members.last = best.members
	return best, nil
}

// viewSoon is a view that is waited for: members that were just started or healed need a moment.
func (n *Nemesis) viewSoon(ctx context.Context) (now view, err error) {
	err = n.await(ctx, func(v view) bool {
		now = v
		return true
	})
	return now, err
}

// await waits until the members see what it takes.
func (n *Nemesis) await(ctx context.Context, enough func(view) bool) error {
	ctx, cancel := context.WithTimeout(ctx, n.plan.Membership.Wait)
	defer cancel()
	for {
		now, err := n.view(ctx)
		if err == nil && enough(now) {
			return nil
		}
		if !sleep(ctx, viewEvery) {
			return errors.Join(fmt.Errorf("after %s the members are still %s", n.plan.Membership.Wait, strings.Join(now.members, ", ")), err)
		}
	}
}

// checkMembers is an operation that changes nothing: it says whom each node takes for a member.
func checkMembers(ctx context.Context, n *Nemesis, _ client.Call) (history.Value, error) {
	said, errs := n.says(ctx)
	var pairs []history.Value
	for _, name := range n.names {
		what := edn.NewKeyword("no-member")
		if list, ok := said[name]; ok {
			what = texts(edn.Set, list)
		} else if err := errs[name]; err != nil {
			what = edn.NewString(err.Error())
		}
		pairs = append(pairs, edn.NewString(name), what)
	}
	return edn.NewMap(pairs), nil
}

// lastMembers is the field :members of an operation, as they were seen last: after the change, if it went well.
func lastMembers(_ context.Context, n *Nemesis) []history.Field {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.members.last == nil {
		return nil
	}
	return []history.Field{{Name: "members", Value: texts(edn.Vector, n.members.last)}}
}
