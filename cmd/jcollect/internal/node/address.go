package node

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"jcheck/cmd/jcollect/internal/remote"
)

// addressScript prints what each name that it gets means here, a line per address, and then the node's own addresses: small
// systems have no getent, and a hostname that knows no -I.
const addressScript = `for n; do getent ahosts "$n" | while read -r a kind rest; do [ "$kind" = STREAM ] && echo "name $n $a"; done; done
own=$(hostname -I 2>/dev/null) || own=$(ip -o addr show scope global 2>/dev/null | while read -r i dev family a rest; do echo "${a%%/*}"; done)
for a in ${own:-$(hostname -i 2>/dev/null)}; do echo "own $a"; done; true`

// LookUp finds the address by which the other nodes reach each node that has none yet: what a peer takes its name for,
// or else what the node calls its own. An address of the loopback is what distributions write for a machine's own name
// into its /etc/hosts; nobody else reaches it.
func LookUp(ctx context.Context, nodes []*Node) error {
	var names []string
	for _, n := range nodes {
		if n.Addr == "" && remote.IsLocal(n.Remote) {
			n.Addr = "127.0.0.1"
		}
		if a, err := netip.ParseAddr(n.Name); n.Addr == "" && err == nil {
			n.Addr = a.String()
		}
		if n.Addr == "" {
			names = append(names, n.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	views := make([]view, len(nodes))
	failed := Each(ctx, nodes, func(ctx context.Context, n *Node) error {
		res, err := n.Remote.Exec(ctx, remote.Command{Script: addressScript, Args: names, Timeout: callLimit})
		views[slices.Index(nodes, n)] = read(string(res.Stdout))
		return err
	})
	if err := Failed(failed); err != nil {
		return fmt.Errorf("look up addresses: %w", err)
	}
	for i, n := range nodes {
		if n.Addr != "" {
			continue
		}
		n.Addr = address(n.Name, i, views)
		if n.Addr == "" {
			return fmt.Errorf("%s: no other node knows its address, nor does it (hint: a line in /etc/hosts of the nodes, or an address as its name)", n.Name)
		}
	}
	return nil
}

// A view is what one node says of addresses.
type view struct {
	names map[string][]netip.Addr
	own   []netip.Addr
}

// read reads what addressScript printed, without loopback and link-local addresses.
func read(text string) view {
	v := view{names: make(map[string][]netip.Addr)}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		a, err := netip.ParseAddr(f[len(f)-1])
		if err != nil || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() {
			continue
		}
		if f[0] == "name" && len(f) == 3 {
			v.names[f[1]] = append(v.names[f[1]], a)
		} else {
			v.own = append(v.own, a)
		}
	}
	return v
}

// address chooses: the next node's view first, the node's own last; IPv4 where there is both, on which more databases
// listen.
func address(name string, i int, views []view) string {
	lists := [][]netip.Addr{}
	for k := 1; k <= len(views); k++ {
		lists = append(lists, views[(i+k)%len(views)].names[name])
	}
	for _, list := range append(lists, views[i].own) {
		if len(list) == 0 {
			continue
		}
		if v4 := slices.IndexFunc(list, netip.Addr.Is4); v4 >= 0 {
			return list[v4].String()
		}
		return list[0].String()
	}
	return ""
}
