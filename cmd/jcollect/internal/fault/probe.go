package fault

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// An Impossible is a fault that a node can't do, and what would change that.
type Impossible struct {
	Fault, Node string // Node may be several, n1, n2, with the same lack
	Why, Mend   string
}

func (i Impossible) String() string {
	where := ""
	if i.Node != "" {
		where = " on " + i.Node
	}
	return fmt.Sprintf("the fault %s is impossible%s: %s (hint: %s)", i.Fault, where, i.Why, i.Mend)
}

// An ImpossibleError tells of faults of the plan that the nodes can't do.
type ImpossibleError struct{ List []Impossible }

// Error lists them, one in a line.
func (e *ImpossibleError) Error() string {
	lines := make([]string, len(e.List))
	for i, l := range e.List {
		lines[i] = l.String()
	}
	return strings.Join(lines, "\n") + "\nwith --skip-impossible a run goes on without these"
}

// facts are what a node can do, as it says itself.
type facts struct {
	root    bool
	control netip.Addr   // where the control node's connection comes from; not valid if there is no network between them
	addrs   []netip.Addr // its own that others may know it by
	wall    firewall
	tc      bool
	netem   bool
	queue   firewall          // that can give packets to the agent; tried only where there is no netem
	boot    string            // of the kernel: equal where nodes share one, and with it the clock
	net     string            // of the network namespace: equal where nodes share one
	clock   string            // why its clock can't be set; "" if it can
	said    map[string]string // every line of the probe, for what a single fault wants to know
}

// probeScript says in lines of "key value" what a node can do, and leaves it as it was. Rules are tried in a transaction
// that takes them back, or on a chain that nothing leads to.
const probeScript = `set -u
want=$1 nft= netem=
say() { echo "$@"; }
say root "$(id -u)"
say boot "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
say net "$(readlink /proc/self/ns/net 2>/dev/null)"
if command -v ip >/dev/null 2>&1; then
  ip -o addr show up scope global 2>/dev/null | while read -r _ _ _ a _; do say addr "${a%%/*}"; done
else
  for a in $(hostname -I 2>/dev/null); do say addr "$a"; done
fi
if command -v nft >/dev/null 2>&1 && nft -f - >/dev/null 2>&1 <<'RULES'
add table inet JCOLLECT-probe
delete table inet JCOLLECT-probe
table inet JCOLLECT-probe {
 chain input {
  type filter hook input priority -10; policy accept;
  ip saddr 192.0.2.1 numgen random mod 10000 < 1 drop
 }
}
delete table inet JCOLLECT-probe
RULES
then nft=yes; say nft yes; fi
# A program and its -restore may be of different kinds: alternatives are set one by one.
[ -n "$nft" ] && [ "$want" != iptables ] || for six in '' 6; do
  a=192.0.2.1; [ -z "$six" ] || a=2001:db8::1
  for p in ip${six}tables ip${six}tables-nft ip${six}tables-legacy; do
    command -v $p-restore >/dev/null 2>&1 || continue
    ok=
    printf '*filter\n:JCOLLECT-probe - [0:0]\n-A JCOLLECT-probe -s %s -j DROP\nCOMMIT\n' $a | $p-restore -w 10 --noflush >/dev/null 2>&1 &&
      $p -w 10 -C JCOLLECT-probe -s $a -j DROP >/dev/null 2>&1 && ok=yes
    for q in $p ip${six}tables-nft ip${six}tables-legacy; do # wherever it went
      [ $q = $p ] || [ -z "$ok" ] || continue
      $q -w 10 -F JCOLLECT-probe 2>/dev/null && $q -w 10 -X JCOLLECT-probe
    done
    [ -n "$ok" ] && { say ip${six}tables $p; break; }
  done
done
if command -v tc >/dev/null 2>&1; then
  say tc yes
  if command -v unshare >/dev/null 2>&1; then
    if unshare -n tc qdisc add dev lo root netem delay 1ms 2>/dev/null; then say netem yes; netem=yes; fi
  elif ip link add jcprobe0 type dummy 2>/dev/null; then
    tc qdisc add dev jcprobe0 root netem delay 1ms 2>/dev/null && { say netem yes; netem=yes; }
    ip link del jcprobe0
  fi
fi
if [ -z "$netem" ] && command -v unshare >/dev/null 2>&1; then
  for six in '' 6; do for p in ip${six}tables ip${six}tables-nft ip${six}tables-legacy; do
    command -v $p >/dev/null 2>&1 || continue
    unshare -n $p -w 10 -t mangle -A INPUT -j NFQUEUE --queue-num 7012 --queue-bypass 2>/dev/null || continue
    say queue$six $p; break
  done; done
fi
if [ -e /dev/fuse ] && command -v fusermount3 >/dev/null 2>&1; then say fuse yes; fi
if command -v dmsetup >/dev/null 2>&1 && dmsetup targets 2>/dev/null | grep -q '^flakey'; then say flakey yes; fi
exit 0
`

// probe asks a node what it can do.
func probe(ctx context.Context, on *node.Node, want string, n *Nemesis) (facts, error) {
	// sudo takes SSH_CONNECTION away, so who logged in is asked first.
	r, err := on.Remote.Exec(ctx, remote.Command{Script: `echo "${SSH_CONNECTION:-${SSH_CLIENT:-}}"`, Timeout: n.plan.timeout()})
	if err != nil {
		return facts{}, err
	}
	out, err := n.run(ctx, on, script{text: probeScript, args: []string{want}})
	if err != nil {
		return facts{}, err
	}
	f := parseFacts(out, want)
	if words := strings.Fields(string(r.Stdout)); len(words) > 0 {
		f.control = address(words[0])
	}
	if a := address(on.Addr); a.IsValid() {
		f.addrs = append(f.addrs, a)
	}
	if n.plan.has("clock") {
		if p, err := on.Probe(ctx); err != nil {
			f.clock = err.Error()
		} else {
			f.clock = p.Clock
		}
	}
	return f, nil
}

// parseFacts reads what probeScript said. The firewall is the wanted one if it works, or, with "auto", whichever does.
func parseFacts(out, want string) facts {
	f := facts{said: map[string]string{}}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if key == "addr" {
			if a := address(value); a.IsValid() {
				f.addrs = append(f.addrs, a)
			}
			continue
		}
		f.said[key] = value
	}
	f.root, f.boot, f.net = f.said["root"] == "0", f.said["boot"], f.said["net"]
	f.tc, f.netem = f.said["tc"] != "", f.said["netem"] != ""
	if f.said["queue"] != "" {
		f.queue = firewall{kind: "iptables", v4: f.said["queue"], v6: f.said["queue6"]}
	}
	switch {
	case want != "iptables" && f.said["nft"] != "":
		f.wall = firewall{kind: "nft"}
	case want != "nft" && f.said["iptables"] != "":
		f.wall = firewall{kind: "iptables", v4: f.said["iptables"], v6: f.said["ip6tables"]}
	}
	return f
}

// address reads an IP address; one of IPv4 written as IPv6 is one of IPv4, and a zone is left off.
func address(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// probeAll asks all nodes.
func (n *Nemesis) probeAll(ctx context.Context) map[string]error {
	return n.each(ctx, n.names, func(ctx context.Context, on *node.Node) error {
		f, err := probe(ctx, on, n.plan.Firewall, n)
		if err != nil {
			return err
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.facts[on.Name] = f
		return nil
	})
}

// lacks are the faults of the plan that some node can't do.
func (n *Nemesis) lacks() []Impossible {
	var list []Impossible
	for _, k := range kinds(n.plan) {
		if !n.plan.has(k.name) || k.needs == nil {
			continue
		}
		for _, name := range n.names {
			for _, l := range k.needs(n, name) {
				l.Fault, l.Node = k.name, name
				list = add(list, l)
			}
		}
	}
	return list
}

// add adds a lack, to another node's if that is the same.
func add(list []Impossible, l Impossible) []Impossible {
	for i, before := range list {
		if before.Fault == l.Fault && before.Why == l.Why && before.Mend == l.Mend {
			list[i].Node += ", " + l.Node
			return list
		}
	}
	return append(list, l)
}

// alike is another node for which the same fact holds, "" if there is none.
func (n *Nemesis) alike(name string, fact func(facts) string) string {
	for _, other := range n.names {
		if other != name && fact(n.facts[name]) != "" && fact(n.facts[other]) == fact(n.facts[name]) {
			return other
		}
	}
	return ""
}

// peers are the addresses of other nodes as a firewall of this one is to name them: all that a node has, except those
// that several nodes have, as bridges for containers do, and this one's own.
func (n *Nemesis) peers(name string, others []string) []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	owners := map[netip.Addr]map[string]bool{}
	for owner, f := range n.facts {
		for _, a := range f.addrs {
			if owners[a] == nil {
				owners[a] = map[string]bool{}
			}
			owners[a][owner] = true
		}
	}
	var list []netip.Addr
	for _, other := range others {
		for _, a := range n.facts[other].addrs {
			if len(owners[a]) == 1 && other != name {
				list = append(list, a)
			}
		}
	}
	return list
}

// exempt are the addresses that no fault of the network may cut off from the node.
func (n *Nemesis) exempt(name string) []netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []netip.Addr
	if c := n.facts[name].control; c.IsValid() {
		list = append(list, c)
	}
	return append(list, n.plan.Exempt...)
}
