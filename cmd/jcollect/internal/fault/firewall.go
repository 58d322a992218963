package fault

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"jcheck/cmd/jcollect/internal/agent"
)

// A wall is what one fault adds to a node's firewall: packets from these addresses are dropped on their way in, except
// those of the exempt, whatever else is said of them. Each fault has a table or chain of its own, so that faults that
// overlap don't heal each other, and neither touches a rule of the user's.
type wall struct {
	fault  string
	exempt []netip.Addr // the control node as this node sees it: never cut
	drop   []netip.Addr
	loss   float64 // the share of packets to drop, 0 to 1; 0 and 1 are all
	hold   bool    // give them to the agent instead of dropping them; iptables only, in its table mangle
}

// A firewall is a program that drops packets. The zero value is none.
type firewall struct {
	kind string // nft or iptables
	v4   string // the program for IPv4 that works: iptables, iptables-nft, iptables-legacy
	v6   string // the one for IPv6, "" if there is none
}

// chain is the name of a fault's chain or table. iptables takes up to 28 characters; the names of faults are ours.
func chain(fault string) string { return "JCOLLECT-" + fault }

// waitLock lets iptables wait for the lock that other programs may hold, in seconds.
const waitLock = "-w 10"

// raise is the script that puts the wall in force, in the place of what the fault had there. The rules of one family come
// into force in one transaction.
func (f firewall) raise(w wall) string {
	if f.kind == "nft" {
		return "nft -f - <<'RULES'\n" + nftRules(w) + "RULES\n"
	}
	v4, v6 := split(w.drop)
	var b strings.Builder
	b.WriteString("set -e\n")
	b.WriteString(f.family(f.v4, w, v4, false))
	if f.v6 != "" {
		b.WriteString(f.family(f.v6, w, v6, true))
	}
	return b.String()
}

// nftRules is the whole table of a fault. Adding it before its removal makes the removal safe where there is none, and
// the three are one transaction. Its chain runs before the usual filter chains; return and accept end only this table.
func nftRules(w wall) string {
	table := "inet " + chain(w.fault)
	var b strings.Builder
	fmt.Fprintf(&b, "add table %s\ndelete table %s\ntable %s {\n chain input {\n", table, table, table)
	b.WriteString("  type filter hook input priority -10; policy accept;\n")
	for _, a := range w.exempt {
		fmt.Fprintf(&b, "  %s saddr %s return\n", nftFamily(a), a)
	}
	verdict := "drop"
	if w.partial() {
		verdict = fmt.Sprintf("numgen random mod 10000 < %d drop", int(w.loss*10000+0.5))
	}
	v4, v6 := split(w.drop)
	for _, addrs := range [][]netip.Addr{v4, v6} {
		if len(addrs) > 0 {
			fmt.Fprintf(&b, "  %s saddr { %s } %s\n", nftFamily(addrs[0]), joined(addrs, ", "), verdict)
		}
	}
	b.WriteString(" }\n}\n")
	return b.String()
}

// nftFamily is the word for the family of an address.
func nftFamily(a netip.Addr) string {
	if a.Is4() {
		return "ip"
	}
	return "ip6"
}

// partial tells whether only a share of the packets is dropped.
func (w wall) partial() bool { return w.loss > 0 && w.loss < 1 }

// family is the part of raise for one family of addresses. The chain is filled at once, and only then hooked in, at the
// top of INPUT, unless it is there from before. Packets that the agent held go on with the next table, so those rules
// stand before the table that filters.
func (f firewall) family(tables string, w wall, drop []netip.Addr, six bool) string {
	name, table, verdict := chain(w.fault), "filter", "-j DROP"
	switch {
	case w.hold: // if nobody takes them, they pass
		table, verdict = "mangle", fmt.Sprintf("-j NFQUEUE --queue-num %d --queue-bypass", agent.HoldQueue)
	case w.partial():
		verdict = fmt.Sprintf("-m statistic --mode random --probability %.6f -j DROP", w.loss)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s-restore %s --noflush <<'RULES'\n*%s\n:%s - [0:0]\n", tables, waitLock, table, name)
	for _, a := range w.exempt {
		if a.Is6() == six {
			fmt.Fprintf(&b, "-A %s -s %s -j RETURN\n", name, a)
		}
	}
	for _, a := range drop {
		fmt.Fprintf(&b, "-A %s -s %s %s\n", name, a, verdict)
	}
	b.WriteString("COMMIT\nRULES\n")
	fmt.Fprintf(&b, "%[1]s %[2]s -t %[4]s -C INPUT -j %[3]s 2>/dev/null || %[1]s %[2]s -t %[4]s -I INPUT 1 -j %[3]s\n", tables, waitLock, name, table)
	return b.String()
}

// razeScript removes the tables and chains named in $1, or all of ours if that is empty, wherever they may be, and nothing
// else. It fails if one is left. The legacy tables are looked at only where the kernel has them already: asking for them
// would make them.
const razeScript = `set -u
want=${1:-}
ours() { case $1 in JCOLLECT-*) [ -z "$want" ] || [ "$1" = "$want" ];; *) false;; esac; }
left=0
if command -v nft >/dev/null 2>&1; then
  for t in $(nft list tables inet 2>/dev/null | while read -r _ _ n; do echo "$n"; done); do
    ours "$t" || continue
    nft delete table inet "$t" || left=1
  done
fi
for p in iptables ip6tables iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
  command -v $p >/dev/null 2>&1 || continue
  v=$($p --version 2>/dev/null) || continue
  six=; case $p in ip6*) six=6;; esac
  for t in filter mangle; do
    case $v in
      *nf_tables*) nft list table ip$six $t >/dev/null 2>&1 || ! command -v nft >/dev/null 2>&1 || continue;;
      *) grep -q "^$t\$" /proc/net/ip${six}_tables_names 2>/dev/null || continue;;
    esac
    for c in $($p -w 10 -t $t -S 2>/dev/null | while read -r a n _; do [ "$a" = -N ] && echo "$n"; done); do
      ours "$c" || continue
      i=0
      while [ $i -lt 100 ] && $p -w 10 -t $t -D INPUT -j "$c" 2>/dev/null; do i=$((i+1)); done
      $p -w 10 -t $t -F "$c" && $p -w 10 -t $t -X "$c" || left=1
    done
  done
done
exit $left
`

// raze is the command that removes what a fault added to the firewall, and all that was ever added if fault is "".
func raze(fault string) script {
	if fault != "" {
		fault = chain(fault)
	}
	return script{text: razeScript, args: []string{fault}}
}

// split parts addresses by family, sorted and without repetition, so that the same fault is the same text.
func split(addrs []netip.Addr) (v4, v6 []netip.Addr) {
	sorted := slices.Clone(addrs)
	slices.SortFunc(sorted, netip.Addr.Compare)
	for _, a := range slices.Compact(sorted) {
		if a.Is4() {
			v4 = append(v4, a)
		} else {
			v6 = append(v6, a)
		}
	}
	return v4, v6
}

// joined is the addresses as one text.
func joined(addrs []netip.Addr, between string) string {
	list := make([]string, len(addrs))
	for i, a := range addrs {
		list[i] = a.String()
	}
	return strings.Join(list, between)
}
