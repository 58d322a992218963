package fault

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/history"
	"jcheck/internal/edn"
)

// partitionKind cuts the network between nodes.
func partitionKind() kind {
	return kind{
		name:  "partition",
		doc:   "nodes drop each other's packets: iptables or nftables",
		words: partitionWords[:],
		needs: needsWall("partition"),
		begin: strike("partition", "start-partition"),
		end:   undo("stop-partition"),
		final: finally("stop-partition"),
		heal:  func(*Nemesis, *node.Node) []script { return []script{raze("partition")} },
		moves: []move{
			{f: "start-partition", do: startPartition},
			{f: "stop-partition", do: stopNetwork("partition", "network-healed")},
		},
	}
}

// needsWall are what keeps a node from dropping packets of others.
func needsWall(fault string) func(n *Nemesis, name string) []Impossible {
	return func(n *Nemesis, name string) []Impossible {
		list := append(n.sharesNetwork(name), n.needsPrimaries(fault)...)
		if !n.facts[name].root {
			list = append(list, needsRoot())
		} else if n.facts[name].wall.kind == "" {
			list = append(list, Impossible{Why: "no firewall works there", Mend: "install iptables or nftables, and let the node change its rules (in a container: --cap-add NET_ADMIN)"})
		} else if w := n.facts[name].wall; w.kind == "iptables" && w.v6 == "" && n.anyIPv6() {
			list = append(list, Impossible{Why: "nodes have addresses of IPv6, which no firewall there can drop", Mend: "install nftables or ip6tables, or switch IPv6 off"})
		}
		return list
	}
}

// anyIPv6 tells whether a node has an address of IPv6 by which others may reach it: what is cut off must be so by all ways.
func (n *Nemesis) anyIPv6() bool {
	for _, f := range n.facts {
		if slices.ContainsFunc(f.addrs, netip.Addr.Is6) {
			return true
		}
	}
	return false
}

// needsRoot is what a node lacks on which we are not root.
func needsRoot() Impossible {
	return Impossible{Why: "it takes root", Mend: "log in as root, or as a user that sudo makes root"}
}

// sharesNetwork tells of nodes between which there is no network to break, and of those that are no other machine than
// the control node, whose own address must stay reachable.
func (n *Nemesis) sharesNetwork(name string) []Impossible {
	var list []Impossible
	one := func(f facts) string { return f.boot + f.net }
	if other := n.alike(name, one); other != "" {
		list = append(list, Impossible{Why: "it shares one network with " + other,
			Mend: "nodes with a network of their own: machines, containers, or jcollect lab"})
	}
	f := n.facts[name]
	for _, other := range n.names {
		if f.control.IsValid() && slices.Contains(n.facts[other].addrs, f.control) {
			list = append(list, Impossible{Why: fmt.Sprintf("the control node's address %s is that of %s too, and is never cut off", f.control, other),
				Mend: "run jcollect, and jump hosts, on a machine that is no node"})
			break
		}
	}
	return list
}

// startPartition cuts the network as the target says, in the place of the partition that may be on.
func startPartition(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
	t, err := targetOf(c.Value)
	if err != nil {
		return history.Value{}, err
	}
	g, err := t.grudge(n.names, func() ([]string, error) { return n.primaries(ctx) }, n.chance())
	if err != nil {
		return history.Value{}, err
	}
	// Nodes that drop nobody now may have done so before.
	errs := n.inject(ctx, "partition", n.names, func(ctx context.Context, on *node.Node) error {
		w := wall{fault: "partition", exempt: n.exempt(on.Name), drop: n.peers(on.Name, g[on.Name])}
		for _, other := range g[on.Name] { // else the history would have nodes cut off that hear each other
			if len(n.peers(on.Name, []string{other})) == 0 {
				return fmt.Errorf("no address is known of %s that is its alone", other)
			}
		}
		if len(w.drop) == 0 {
			_, err := n.run(ctx, on, raze("partition"))
			return err
		}
		_, err := n.run(ctx, on, script{text: n.fact(on.Name).wall.raise(w)})
		return err
	})
	return edn.NewVector([]history.Value{edn.NewKeyword("isolated"), g.value()}), joinNodes("partition", errs)
}

// stopNetwork heals a fault of the network everywhere.
func stopNetwork(kind, word string) func(context.Context, *Nemesis, client.Call) (history.Value, error) {
	return stopNetworkAnd(kind, word, nil)
}

// stopNetworkAnd is stopNetwork with something to be done on each node besides.
func stopNetworkAnd(kind, word string, also func(context.Context, *node.Node) error) func(context.Context, *Nemesis, client.Call) (history.Value, error) {
	return func(ctx context.Context, n *Nemesis, _ client.Call) (history.Value, error) {
		errs := n.mend(ctx, kind, n.names, also)
		if len(errs) == 0 {
			return edn.NewKeyword(word), nil
		}
		return outcomes(n.names, word, errs), joinNodes("heal "+kind, errs)
	}
}
