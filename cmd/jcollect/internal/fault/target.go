package fault

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/amount"
	"jcheck/internal/edn"
)

// A Target says whom a fault strikes: by a word, as a list of nodes, or, for partitions, as a grudge. The zero Target is
// a random choice of at least one node.
type Target struct {
	Word   string
	Nodes  []string
	Grudge Grudge
	pos    plan.Pos
}

// nodeWords are the choices of nodes that a plan may name.
var nodeWords = [...]string{"some", "one", "minority", "majority", "minority-third", "primaries", "all"}

// readTarget reads a target of a fault. Whether its nodes exist is known only when there are nodes.
func readTarget(words []string, grudges bool, t *Target, n *plan.Node, p *plan.Problems) {
	switch {
	case n.Kind == plan.List && len(n.Items) == 0:
		p.Add(n.Pos, "one of "+strings.Join(words, ", ")+", or a list of nodes", "an empty list strikes nobody")
	case n.Kind == plan.List:
		plan.Strs(&t.Nodes)(n, p)
	case n.Kind == plan.Map && grudges:
		t.Grudge = Grudge{}
		for _, pair := range n.Pairs {
			var drops []string
			plan.Strs(&drops)(pair.Value, p)
			t.Grudge.drop(pair.Key, drops...)
		}
	default:
		plan.OneOf(&t.Word, words...)(n, p)
	}
}

// fits is an error if the nodes can't be the target's, as far as that is known before they are asked.
func (t Target) fits(k kind, nodes []string) error {
	if t.Word == "primaries" {
		return nil
	}
	never := func() ([]string, error) { return nil, nil }
	rng := dice()
	var err error
	if k.name == "partition" {
		_, err = t.grudge(nodes, never, rng)
	} else {
		_, err = t.names(nodes, never, rng)
	}
	return err
}

// value is the target as an operation's value.
func (t Target) value() history.Value {
	switch {
	case t.Grudge != nil:
		return t.Grudge.value()
	case t.Nodes != nil:
		return texts(edn.Vector, t.Nodes)
	case t.Word != "":
		return edn.NewKeyword(t.Word)
	}
	return history.Value{}
}

// targetOf reads an operation's value back: nothing, a word, a node, a list of nodes, or a grudge.
func targetOf(v history.Value) (Target, error) {
	switch v.Kind {
	case edn.Nil:
		return Target{}, nil
	case edn.Keyword, edn.Symbol:
		return Target{Word: v.Text}, nil
	case edn.String:
		if slices.Contains(nodeWords[:], v.Text) || slices.Contains(partitionWords[:], v.Text) {
			return Target{Word: v.Text}, nil
		}
		return Target{Nodes: []string{v.Text}}, nil
	case edn.Vector, edn.List, edn.Set:
		nodes, err := textsOf(v)
		return Target{Nodes: nodes}, err
	case edn.Map:
		g := Grudge{}
		for i := 0; i+1 < len(v.Items); i += 2 {
			drops, err := textsOf(v.Items[i+1])
			if err != nil {
				return Target{}, err
			}
			g.drop(v.Items[i].Text, drops...)
		}
		return Target{Grudge: g}, nil
	}
	return Target{}, fmt.Errorf("%s is no target (hint: a word, a list of nodes, or a map of node to the nodes that it drops)", v)
}

// names are the nodes that the target means. Primaries are asked for only where they are meant.
func (t Target) names(nodes []string, primaries func() ([]string, error), rng *rand.Rand) ([]string, error) {
	if t.Grudge != nil {
		return nil, errors.New("who drops whom is for partitions (hint: a word, or a list of nodes)")
	}
	if t.Nodes != nil {
		return t.Nodes, known(t.Nodes, nodes)
	}
	if least := leastNodes(t.Word); t.Word != "one" && t.Word != "primaries" && t.Word != "majority" && len(nodes) < least {
		return nil, fmt.Errorf("%s needs %s, there %s %d", t.Word, amount.Of(least, "node"), amount.Word(len(nodes), "is", "are"), len(nodes))
	}
	mixed := shuffled(nodes, rng)
	count := 0
	switch t.Word {
	case "", "some":
		count = 1 + rng.IntN(len(nodes))
	case "one":
		count = 1
	case "minority":
		count = (len(nodes) - 1) / 2
	case "majority":
		count = majority(len(nodes))
	case "minority-third":
		count = minorityThird(len(nodes))
	case "all":
		count = len(nodes)
	case "primaries":
		return primaries()
	default:
		return nil, fmt.Errorf("%q names no nodes (hint: one of %s)", t.Word, strings.Join(nodeWords[:], ", "))
	}
	slices.Sort(mixed[:count])
	return mixed[:count], nil
}

// grudge is the grudge that the target means, and the word for it.
func (t Target) grudge(nodes []string, primaries func() ([]string, error), rng *rand.Rand) (Grudge, error) {
	switch {
	case t.Grudge != nil:
		for n, drops := range t.Grudge {
			if err := known(append([]string{n}, drops...), nodes); err != nil {
				return nil, err
			}
		}
		return t.Grudge, nil
	case t.Nodes != nil:
		if err := known(t.Nodes, nodes); err != nil {
			return nil, err
		}
		rest := slices.DeleteFunc(slices.Clone(nodes), func(n string) bool { return slices.Contains(t.Nodes, n) })
		return complete([][]string{t.Nodes, rest}), nil
	case t.Word == "":
		return partition("random-halves", nodes, primaries, rng)
	}
	return partition(t.Word, nodes, primaries, rng)
}

// known is an error if a name is none of the nodes.
func known(names, nodes []string) error {
	for _, n := range names {
		if !slices.Contains(nodes, n) {
			return fmt.Errorf("%q is no node (hint: one of %s)", n, strings.Join(nodes, ", "))
		}
	}
	return nil
}

// value is the grudge as a map of node to the set of nodes that it drops.
func (g Grudge) value() history.Value {
	var pairs []history.Value
	for _, n := range slices.Sorted(maps.Keys(g)) {
		if len(g[n]) > 0 {
			pairs = append(pairs, edn.NewString(n), texts(edn.Set, g[n]))
		}
	}
	return edn.NewMap(pairs)
}

// texts are strings in a vector or a set.
func texts(kind edn.Kind, list []string) history.Value {
	items := make([]history.Value, len(list))
	for i, s := range list {
		items[i] = edn.NewString(s)
	}
	return edn.Value{Kind: kind, Items: items}
}

// textsOf are the texts of a collection, or the one text.
func textsOf(v history.Value) ([]string, error) {
	if v.Kind == edn.String {
		return []string{v.Text}, nil
	}
	list := []string{}
	for _, item := range v.Items {
		if item.Kind != edn.String && item.Kind != edn.Keyword {
			return nil, fmt.Errorf("%s is no name of a node", item)
		}
		list = append(list, item.Text)
	}
	return list, nil
}
