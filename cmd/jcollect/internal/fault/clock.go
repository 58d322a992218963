package fault

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// ClockFaults say what is done to clocks.
type ClockFaults struct {
	How      []string      // of clockHow; none is Jepsen's mixture
	Scramble time.Duration // a clock is set at random within this
}

// clockHow are the things that may be done to clocks.
var clockHow = [...]string{"bump", "strobe", "scramble", "reset", "check-offsets"}

// defaultScramble is how far scrambled clocks are off at most.
const defaultScramble = time.Minute

// readClock reads what is done to clocks.
func (f *Plan) readClock(n *plan.Node, p *plan.Problems) {
	c := &f.Clock
	c.Scramble = defaultScramble
	n.Fields(p, "clock",
		plan.Field{Key: "how", Doc: "a list of " + strings.Join(clockHow[:], ", "), Read: plan.Each(func(item *plan.Node, p *plan.Problems) {
			var how string
			plan.OneOf(&how, clockHow[:]...)(item, p)
			c.How = append(c.How, how)
		})},
		plan.Field{Key: "scramble", Doc: "how far scrambled clocks are off at most (1m)", Read: func(n *plan.Node, p *plan.Problems) {
			plan.Duration(&c.Scramble)(n, p)
			if c.Scramble < time.Millisecond {
				p.Add(n.Pos, "1ms or more", "scrambling by nothing")
			}
		}})
}

// clockKind sets clocks wrong, and right again without asking anybody: the right time was noted at set-up.
func clockKind() kind {
	return kind{
		name: "clock", doc: "clocks jump, flip to and fro, and are reset", words: nodeWords[:],
		needs: needsClock,
		begin: func(p Plan, rng *rand.Rand) (generator.Template, string) {
			how := p.Clock.How
			if len(how) == 0 {
				how = []string{"reset", "bump", "strobe"}
			}
			word := how[rng.IntN(len(how))]
			if word == "check-offsets" {
				return generator.Template{F: "check-clock-offsets"}, ""
			}
			// A clock that is off may be moved again: no turn has to heal the one before.
			return generator.Template{F: word + "-clock", Value: p.target("clock", rng).value()}, ""
		},
		final: finally("reset-clock"),
		alone: func(n *Nemesis, on *node.Node) []agent.Command {
			return []agent.Command{on.AgentCommand("clock-reset", agent.None{})}
		},
		revive: func(ctx context.Context, n *Nemesis, on *node.Node) error {
			if !n.isOn("clock", on.Name) {
				return nil
			}
			_, err := on.ResetClock(ctx)
			return err
		},
		prepare: func(ctx context.Context, n *Nemesis, on *node.Node) error {
			if _, err := n.run(ctx, on, hush()); err != nil {
				return err
			}
			_, err := on.SaveClock(ctx)
			return err
		},
		restore: func(ctx context.Context, n *Nemesis, on *node.Node) error {
			_, err := n.run(ctx, on, wake())
			return err
		},
		moves: []move{
			{f: "bump-clock", do: moveClocks(bump), extra: clockOffsets},
			{f: "strobe-clock", do: moveClocks(strobe), extra: clockOffsets},
			{f: "scramble-clock", do: moveClocks(scramble), extra: clockOffsets},
			{f: "reset-clock", do: resetClocks, extra: clockOffsets},
			{f: "check-clock-offsets", do: func(context.Context, *Nemesis, client.Call) (history.Value, error) {
				return history.Value{}, nil
			}, extra: clockOffsets},
		},
	}
}

// needsClock: a clock of its own, that is nobody else's, and least of all the control node's.
func needsClock(n *Nemesis, name string) []Impossible {
	mend := "machines of their own; on one machine: jcollect run --lab-kind uml, or libfaketime in the plan"
	f := n.facts[name]
	list := n.needsPrimaries("clock")
	if f.boot == "" || f.boot == ownBoot() {
		return append(list, Impossible{Why: "its clock is that of the control node", Mend: mend})
	}
	if other := n.alike(name, func(f facts) string { return f.boot }); other != "" {
		list = append(list, Impossible{Why: "it shares its clock with " + other, Mend: mend})
	}
	if f.clock != "" {
		list = append(list, Impossible{Why: f.clock, Mend: mend})
	}
	return list
}

// ownBoot names the kernel that the control node runs on; "" where it isn't Linux, which no node shares.
func ownBoot() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "-"
	}
	return strings.TrimSpace(string(text))
}

// A jump is what is done to one clock, drawn by chance or read from an operation's value. It answers with what was done.
type jump func(ctx context.Context, on *node.Node, v history.Value, n *Nemesis, rng *rand.Rand) (history.Value, error)

// Magnitudes (Jepsen's combined nemesis): bumps of ±1.5^6 to 1.5^31 ms, strobes by 2^2 to 2^18 ms every 2^0 to 2^10 ms.
const (
	bumpBase, bumpLeast, bumpMost = 1.5, 6, 31
	strobeLeast, strobeMost       = 2, 18
	periodMost                    = 10
	strobeTime                    = 32 * time.Second
)

// bump moves the clock by the given ms, or by chance.
func bump(ctx context.Context, on *node.Node, v history.Value, _ *Nemesis, rng *rand.Rand) (history.Value, error) {
	ms := int64(math.Pow(bumpBase, bumpLeast+rng.Float64()*(bumpMost-bumpLeast)))
	if rng.IntN(2) == 0 {
		ms = -ms
	}
	if v.Kind == edn.Int {
		ms = v.Int()
	}
	_, err := on.BumpClock(ctx, time.Duration(ms)*time.Millisecond)
	return edn.NewInt(ms), err
}

// scramble sets the clock within the plan's span around the right time.
func scramble(ctx context.Context, on *node.Node, _ history.Value, n *Nemesis, rng *rand.Rand) (history.Value, error) {
	span := n.plan.Clock.Scramble
	if span <= 0 {
		span = defaultScramble
	}
	if _, err := on.ResetClock(ctx); err != nil {
		return history.Value{}, err
	}
	ms := rng.Int64N(2*span.Milliseconds()+1) - span.Milliseconds()
	_, err := on.BumpClock(ctx, time.Duration(ms)*time.Millisecond)
	return edn.NewInt(ms), err
}

// strobe flips the clock to and fro. The plan's time for one operation bounds how long.
func strobe(ctx context.Context, on *node.Node, v history.Value, n *Nemesis, rng *rand.Rand) (history.Value, error) {
	delta := time.Duration(math.Pow(2, strobeLeast+rng.Float64()*(strobeMost-strobeLeast))) * time.Millisecond
	period := time.Duration(math.Pow(2, rng.Float64()*periodMost)) * time.Millisecond
	lasts := time.Duration(rng.Float64() * float64(strobeTime))
	read := func(key string, unit time.Duration, to *time.Duration) {
		if got, ok := v.Get(edn.NewKeyword(key)); ok && got.Kind == edn.Int {
			*to = time.Duration(got.Int()) * unit
		}
	}
	read("delta", time.Millisecond, &delta)
	read("period", time.Millisecond, &period)
	read("duration", time.Second, &lasts)
	lasts = min(lasts, n.plan.timeout()/2).Round(time.Second / 10)
	_, err := on.StrobeClock(ctx, delta, period, lasts)
	return edn.NewMap([]history.Value{
		edn.NewKeyword("delta"), edn.NewInt(delta.Milliseconds()), edn.NewKeyword("period"), edn.NewInt(period.Milliseconds()),
		edn.NewKeyword("duration"), edn.NewFloat(lasts.Seconds()),
	}), err
}

// moveClocks does something to the clocks of the nodes that an operation names: as a target, or as a map from nodes to
// what is to be done to each.
func moveClocks(do jump) func(context.Context, *Nemesis, client.Call) (history.Value, error) {
	return func(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
		given, names, err := n.perNode(ctx, c.Value)
		if err != nil {
			return history.Value{}, err
		}
		chances := map[string]*rand.Rand{}
		for _, name := range names {
			chances[name] = n.chance()
		}
		var mu sync.Mutex
		done := map[string]history.Value{}
		errs := n.inject(ctx, "clock", names, func(ctx context.Context, on *node.Node) error {
			v, err := do(ctx, on, given[on.Name], n, chances[on.Name])
			mu.Lock()
			defer mu.Unlock()
			done[on.Name] = v
			return err
		})
		return perNodeValue(names, done, errs), joinNodes(c.F, errs)
	}
}

// perNode reads a value that is a target, or a map from nodes to something for each.
func (n *Nemesis) perNode(ctx context.Context, v history.Value) (given map[string]history.Value, names []string, err error) {
	if v.Kind != edn.Map {
		names, err = n.chosen(ctx, v)
		return nil, names, err
	}
	given = map[string]history.Value{}
	for i := 0; i+1 < len(v.Items); i += 2 {
		given[v.Items[i].Text] = v.Items[i+1]
	}
	names = sortedKeys(given)
	if len(names) == 0 {
		return nil, nil, errors.New("no node is named")
	}
	return given, names, known(names, n.names)
}

// perNodeValue is what was done to each node, or why not.
func perNodeValue(names []string, done map[string]history.Value, errs map[string]error) history.Value {
	var pairs []history.Value
	for _, name := range slices.Sorted(slices.Values(names)) {
		v := done[name]
		if err := errs[name]; err != nil {
			v = edn.NewString(err.Error())
		}
		pairs = append(pairs, edn.NewString(name), v)
	}
	return edn.NewMap(pairs)
}

// resetClocks brings the right time back, on all nodes unless the operation names some.
func resetClocks(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
	names, err := n.chosenOrAll(ctx, c.Value)
	if err != nil {
		return history.Value{}, err
	}
	errs := n.mend(ctx, "clock", names, func(ctx context.Context, on *node.Node) error {
		_, err := on.ResetClock(ctx)
		return err
	})
	return outcomes(names, "reset", errs), joinNodes("reset-clock", errs)
}

// clockOffsets are by how many seconds each node's clock is ahead of ours; nodes that don't answer are left out.
func clockOffsets(ctx context.Context, n *Nemesis) []history.Field {
	var mu sync.Mutex
	offsets := map[string]time.Duration{}
	failed := n.each(ctx, n.names, func(ctx context.Context, on *node.Node) error {
		_, offset, _, err := on.Clock(ctx)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		offsets[on.Name] = offset
		return nil
	})
	for name, err := range failed {
		n.log.Warn("a clock could not be read", "node", name, "error", err)
	}
	var pairs []history.Value
	for _, name := range sortedKeys(offsets) {
		pairs = append(pairs, edn.NewString(name), edn.NewFloat(offsets[name].Seconds()))
	}
	return []history.Field{{Name: "clock-offsets", Value: edn.NewMap(pairs)}}
}

// timeServices are the programs that set a clock right behind our back.
const timeServices = "chrony chronyd ntp ntpd ntpsec openntpd systemd-timesyncd"

// stoppedServices is where a node remembers which of them we stopped.
const stoppedServices = "/run/jcollect-time-services"

// hush is the command that stops whatever keeps the clock right, and remembers it.
func hush() script {
	return script{text: `command -v systemctl >/dev/null 2>&1 || exit 0
for s in ` + timeServices + `; do
  if systemctl is-active --quiet $s 2>/dev/null; then echo $s >> "$1" && systemctl stop $s || exit 1; fi
done
exit 0
`, args: []string{stoppedServices}}
}

// wake is the command that starts those again.
func wake() script {
	return script{text: `[ -f "$1" ] || exit 0
while read -r s; do systemctl start "$s" || exit 1; done < "$1"
rm -f "$1"
`, args: []string{stoppedServices}}
}

// errNoPath tells of a section that must say where.
func errNoPath(fault string) error {
	return fmt.Errorf("%s: the plan doesn't say where (hint: nemesis: %s: {path: ...})", fault, fault)
}
