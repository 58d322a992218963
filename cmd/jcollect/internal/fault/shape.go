package fault

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// A Shape is what is done to packets. Shares are percent; the zero of a field leaves packets alone in that respect.
type Shape struct {
	Delay, Jitter                     time.Duration
	Distribution                      string // of the jitter: normal, pareto, paretonormal; "" is uniform
	Loss, Corrupt, Duplicate, Reorder float64
	Correlation                       float64
	Rate                              string // as tc writes it: 1mbit
	pos                               plan.Pos
}

// The usual magnitudes (Jepsen's net/all-packet-behaviors).
const (
	usualDelay       = 50 * time.Millisecond
	usualJitter      = 10 * time.Millisecond
	usualShare       = 20
	usualCorrelation = 75
	usualRate        = "1mbit"
)

// usualShapes are what a plan without shapes chooses from: of Jepsen's, those that all nodes can do.
func (p Plan) usualShapes() []Shape {
	all := []Shape{
		{Loss: usualShare, Correlation: usualCorrelation},
		{Delay: usualDelay, Jitter: usualJitter, Distribution: "normal", Correlation: 25},
		{Corrupt: usualShare, Correlation: usualCorrelation},
		{Duplicate: usualShare, Correlation: usualCorrelation},
		{Reorder: usualShare, Correlation: usualCorrelation, Delay: usualDelay},
		{Rate: usualRate},
	}
	able := slices.DeleteFunc(all, func(s Shape) bool { return !p.netem && !(p.queue && s.holdable()) })
	if len(able) == 0 {
		return []Shape{{Loss: usualShare}}
	}
	return able
}

// shapes are what a plan chooses from.
func (p Plan) shapes() []Shape {
	if len(p.Packet) > 0 {
		return p.Packet
	}
	return p.usualShapes()
}

// lossOnly tells whether a firewall can do it.
func (s Shape) lossOnly() bool {
	return s.Loss > 0 && s.Delay == 0 && s.Corrupt == 0 && s.Duplicate == 0 && s.Reorder == 0 && s.Rate == ""
}

// holdable tells whether the agent can do it by holding packets back.
func (s Shape) holdable() bool {
	return s.Corrupt == 0 && s.Duplicate == 0 && (s.Distribution == "" || s.Distribution == "normal")
}

// readShape reads one of the things that may be done to packets.
func (f *Plan) readShape(n *plan.Node, p *plan.Problems) {
	s := Shape{pos: n.Pos}
	share := func(to *float64) func(*plan.Node, *plan.Problems) { return plan.Float(to, 0, 100) }
	n.Fields(p, "packet",
		plan.Field{Key: "delay", Doc: "how late packets are", Read: plan.Duration(&s.Delay)},
		plan.Field{Key: "jitter", Doc: "by how much the delay varies", Read: plan.Duration(&s.Jitter)},
		plan.Field{Key: "distribution", Doc: "of the delay", Read: plan.OneOf(&s.Distribution, "uniform", "normal", "pareto", "paretonormal")},
		plan.Field{Key: "loss", Doc: "percent of packets that are lost", Read: share(&s.Loss)},
		plan.Field{Key: "corrupt", Doc: "percent of packets with a wrong bit", Read: share(&s.Corrupt)},
		plan.Field{Key: "duplicate", Doc: "percent of packets that come twice", Read: share(&s.Duplicate)},
		plan.Field{Key: "reorder", Doc: "percent of packets that overtake others", Read: share(&s.Reorder)},
		plan.Field{Key: "correlation", Doc: "percent to which the fate of a packet is that of the one before", Read: share(&s.Correlation)},
		plan.Field{Key: "rate", Doc: "the most that passes: 1mbit", Read: plan.Str(&s.Rate)})
	if s.Distribution == "uniform" {
		s.Distribution = ""
	}
	switch {
	case s.Delay == 0 && s.Loss == 0 && s.Corrupt == 0 && s.Duplicate == 0 && s.Reorder == 0 && s.Rate == "" && n.Kind == plan.Map:
		p.Add(n.Pos, "delay, loss, corrupt, duplicate, reorder or rate", "this does nothing to packets")
	case s.Jitter > 0 && s.Delay == 0:
		p.Add(n.Pos, "delay: 50ms", "a jitter without a delay")
	case s.Distribution != "" && s.Jitter == 0:
		p.Add(n.Pos, "jitter: 10ms", "a distribution without a jitter")
	case s.Rate != "" && !rateText(s.Rate):
		p.Add(n.Pos, "a number with its unit: 500kbit, 1mbit", "%q is no rate of packets", s.Rate)
	}
	if s.Reorder > 0 && s.Delay == 0 {
		s.Delay = usualDelay // only what waits can be overtaken
	}
	f.Packet = append(f.Packet, s)
}

// rateText tells whether tc reads a text as a rate.
func rateText(s string) bool {
	digits := strings.TrimLeft(s, "0123456789")
	return len(digits) < len(s) && strings.Trim(s[:len(s)-len(digits)], "0") != "" &&
		slices.Contains([]string{"bit", "kbit", "mbit", "gbit", "bps", "kbps", "mbps", "gbps"}, digits)
}

// netem is the shape as tc's netem has it. A shape is read from a plan or an operation, and every word of it is a number
// or one of a few words, so that none can be anything else to a shell.
func (s Shape) netem() string {
	var words []string
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	correlated := func(name string, share float64) {
		if share == 0 {
			return
		}
		add("%s %s%%", name, number(share))
		if s.Correlation > 0 {
			add("%s%%", number(s.Correlation))
		}
	}
	if s.Delay > 0 {
		add("delay %dus", s.Delay.Microseconds())
		if s.Jitter > 0 {
			add("%dus", s.Jitter.Microseconds())
			if s.Correlation > 0 && s.Reorder == 0 {
				add("%s%%", number(s.Correlation))
			}
			if s.Distribution != "" {
				add("distribution %s", s.Distribution)
			}
		}
	}
	correlated("loss", s.Loss)
	correlated("corrupt", s.Corrupt)
	correlated("duplicate", s.Duplicate)
	correlated("reorder", s.Reorder)
	if s.Rate != "" {
		add("rate %s", s.Rate)
	}
	return strings.Join(words, " ")
}

// number writes a share without an exponent, which tc doesn't read.
func number(f float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.4f", f), "0"), ".")
}

// value is the shape as a map of what it does.
func (s Shape) value() history.Value {
	var pairs []history.Value
	add := func(key string, v history.Value) { pairs = append(pairs, edn.NewKeyword(key), v) }
	if s.Delay > 0 {
		add("delay", edn.NewString(s.Delay.String()))
	}
	if s.Jitter > 0 {
		add("jitter", edn.NewString(s.Jitter.String()))
	}
	if s.Distribution != "" {
		add("distribution", edn.NewString(s.Distribution))
	}
	for _, share := range []struct {
		key string
		v   float64
	}{{"loss", s.Loss}, {"corrupt", s.Corrupt}, {"duplicate", s.Duplicate}, {"reorder", s.Reorder}, {"correlation", s.Correlation}} {
		if share.v > 0 {
			add(share.key, edn.NewFloat(share.v))
		}
	}
	if s.Rate != "" {
		add("rate", edn.NewString(s.Rate))
	}
	return edn.NewMap(pairs)
}

// shapeOf reads an operation's value: a shape as value writes it, or as a plan does.
func shapeOf(v history.Value) (Shape, error) {
	text := func(v history.Value) string {
		if v.Kind == edn.String {
			return v.Text
		}
		return v.String()
	}
	n := &plan.Node{Kind: plan.Map}
	for i := 0; i+1 < len(v.Items); i += 2 {
		n.Pairs = append(n.Pairs, plan.Pair{Key: v.Items[i].Text, Value: &plan.Node{Kind: plan.Scalar, Text: text(v.Items[i+1])}})
	}
	var f Plan
	var problems plan.Problems
	if v.Kind == edn.Map {
		f.readShape(n, &problems)
	}
	if list, _ := problems.Sorted(); len(list) > 0 || len(f.Packet) == 0 {
		return Shape{}, fmt.Errorf("%s says nothing to do to packets (hint: {delay: 50ms, loss: 20})", v)
	}
	return f.Packet[0], nil
}

// packetKind delays, loses, doubles, reorders, corrupts and slows packets between nodes.
func packetKind() kind {
	return kind{
		name: "packet", doc: "packets are delayed, lost, doubled, reordered, corrupted or slowed: tc netem; loss: the firewall",
		words: nodeWords[:],
		needs: needsPacket,
		begin: func(p Plan, rng *rand.Rand) (generator.Template, string) {
			shapes := p.shapes()
			target := p.target("packet", rng).value()
			shape := shapes[rng.IntN(len(shapes))]
			return generator.Template{F: "start-packet", Value: edn.NewVector([]history.Value{target, shape.value()})}, "start-packet"
		},
		end:   undo("stop-packet"),
		final: finally("stop-packet"),
		heal:  func(*Nemesis, *node.Node) []script { return []script{raze("packet"), straighten()} },
		alone: func(n *Nemesis, on *node.Node) []agent.Command {
			return []agent.Command{on.AgentCommand("stop", agent.Stop{Name: holdName})}
		},
		revive: letGo,
		moves: []move{
			{f: "start-packet", do: startPacket},
			{f: "stop-packet", do: stopPacket},
		},
	}
}

// needsPacket: every node must do every shape of the plan. Loss alone a firewall can do as well.
func needsPacket(n *Nemesis, name string) []Impossible {
	list := append(n.sharesNetwork(name), n.needsPrimaries("packet")...)
	f := n.facts[name]
	if !f.root {
		return append(list, needsRoot())
	}
	for _, s := range n.plan.Packet {
		if !f.netem && !s.lossOnly() && !(f.queue.kind != "" && s.holdable()) {
			list = append(list, Impossible{Why: "its kernel has no netem, or tc is not there, for " + s.netem(),
				Mend: "install iproute2 and the kernel's module sch_netem; for delay, loss, reorder and rate iptables and the module nfnetlink_queue will do"})
		}
	}
	if f.wall.kind == "" && !f.netem {
		list = append(list, Impossible{Why: "neither netem nor a firewall works there", Mend: "install iproute2, iptables or nftables"})
	}
	return list
}

// startPacket shapes what the chosen nodes and all others send each other. Each node shapes what it sends, or, where a
// firewall does it, loses what it gets: in both directions either way.
func startPacket(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
	target, shape, err := n.packetOf(c.Value)
	if err != nil {
		return history.Value{}, err
	}
	chosen, err := n.choose(ctx, target)
	if err != nil {
		return history.Value{}, err
	}
	errs := n.inject(ctx, "packet", n.names, func(ctx context.Context, on *node.Node) error {
		others := chosen
		if slices.Contains(chosen, on.Name) {
			others = without(n.names, on.Name)
		}
		peers := n.peers(on.Name, others)
		if len(peers) == 0 {
			return errors.New("no address is known of any other node")
		}
		return n.shape(ctx, on, shape, peers)
	})
	value := edn.NewVector([]history.Value{edn.NewKeyword("shaped"), outcomes(chosen, "shaped", errs), shape.value()})
	return value, joinNodes("packet", errs)
}

// shape shapes a node's packets in the place of what was done to them before. All nodes do it in the same way: netem shapes
// what leaves, the others what arrives, and both at once would be twice.
func (n *Nemesis) shape(ctx context.Context, on *node.Node, s Shape, peers []netip.Addr) error {
	w := wall{fault: "packet", exempt: n.exempt(on.Name), drop: peers, loss: s.Loss / 100}
	f := n.fact(on.Name)
	if err := letGo(ctx, n, on); err != nil {
		return err
	}
	switch {
	case n.plan.netem || f.wall.kind == "":
		return n.runs(ctx, on, raze("packet"), bend(s, peers))
	case s.lossOnly() && (s.Correlation == 0 || !n.plan.queue):
		return n.runs(ctx, on, straighten(), script{text: f.wall.raise(w)})
	case n.plan.queue && s.holdable():
		return n.hold(ctx, on, s, w)
	}
	return fmt.Errorf("not all nodes can do that to packets: %s", s.netem())
}

// packetOf reads the value of start-packet: [target shape], one of the two, or nothing.
func (n *Nemesis) packetOf(v history.Value) (Target, Shape, error) {
	shapes := n.plan.shapes()
	shape := shapes[n.chance().IntN(len(shapes))]
	if v.Kind == edn.Vector && len(v.Items) == 2 && v.Items[1].Kind == edn.Map {
		target, err := targetOf(v.Items[0])
		if err != nil {
			return target, shape, err
		}
		shape, err := shapeOf(v.Items[1])
		return target, shape, err
	}
	if v.Kind == edn.Map {
		shape, err := shapeOf(v)
		return Target{}, shape, err
	}
	target, err := targetOf(v)
	return target, shape, err
}

// runs runs scripts one after the other, as long as they go well.
func (n *Nemesis) runs(ctx context.Context, on *node.Node, list ...script) error {
	for _, s := range list {
		if _, err := n.run(ctx, on, s); err != nil {
			return err
		}
	}
	return nil
}

// bendScript shapes what goes to the addresses after $1, netem's words. A device with a queueing discipline of the user's
// own is left alone; those that a kernel gives by itself have the handle 0.
const bendScript = `set -eu
netem=$1; shift
devs=
for a; do
  case $a in *:*) d=$(ip -6 -o route get "$a");; *) d=$(ip -4 -o route get "$a");; esac
  d=$(echo "$d" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
  [ -n "$d" ] || { echo "no way to $a" >&2; exit 1; }
  case " $devs " in *" $d "*) ;; *)
    case $(tc qdisc show dev "$d" | sed -n '/ root /{s/^qdisc [^ ]* \([^ ]*\) .*/\1/p;q;}') in
      0:|'') ;;
      7c0c:) tc qdisc del dev "$d" root;;
      *) echo "$d has traffic control of its own, which would be lost: tc qdisc show dev $d" >&2; exit 1;;
    esac
    tc qdisc add dev "$d" root handle 7c0c: prio bands 4 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1
    tc qdisc add dev "$d" parent 7c0c:4 handle 7c0d: netem $netem
    devs="$devs $d";;
  esac
  case $a in
    *:*) tc filter add dev "$d" parent 7c0c: protocol ipv6 prio 4 u32 match ip6 dst "$a/128" flowid 7c0c:4;;
    *) tc filter add dev "$d" parent 7c0c: protocol ip prio 3 u32 match ip dst "$a/32" flowid 7c0c:4;;
  esac
done
`

// bend is the command that shapes what a node sends to the addresses.
func bend(s Shape, to []netip.Addr) script {
	v4, v6 := split(to)
	args := []string{s.netem()}
	for _, a := range append(v4, v6...) {
		args = append(args, a.String())
	}
	return script{text: bendScript, args: args}
}

// straightenScript removes our queueing disciplines from every device, and no others.
const straightenScript = `command -v tc >/dev/null 2>&1 || exit 0
left=0
for d in $(tc qdisc show 2>/dev/null | sed -n 's/^qdisc prio 7c0c: dev \([^ ]*\) root .*/\1/p'); do
  tc qdisc del dev "$d" root || left=1
done
exit $left
`

// straighten is the command that removes what bend did.
func straighten() script { return script{text: straightenScript} }
