package fault

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/history"
)

// holdName is the daemon on a node that holds packets back.
const holdName = "jcollect-hold"

// boundScript waits until somebody takes the packets of the queue $1: rules before that would let them pass.
const boundScript = `i=0
until grep -q "^ *$1 " /proc/net/netfilter/nfnetlink_queue 2>/dev/null; do
  i=$((i+1)); [ $i -lt 100 ] || { echo "nobody takes packets: see the log $2" >&2; exit 1; }
  sleep 0.05
done
`

// hold lets the agent on a node hold packets back, where the kernel has no netem.
func (n *Nemesis) hold(ctx context.Context, on *node.Node, s Shape, w wall) error {
	request, err := json.Marshal(s.held(n.chance().Uint64()))
	if err != nil {
		return err
	}
	// The request comes by a here document: the program reads it as if it were called by hand.
	run := "exec " + remote.Join(on.Command("hold").Args) + " <<'REQUEST'\n" + string(request) + "\nREQUEST\n"
	started, err := on.Start(ctx, agent.Daemon{Name: holdName, Run: run})
	if err != nil {
		return fmt.Errorf("hold packets: %w", err)
	}
	w.hold = true
	return n.runs(ctx, on, straighten(), script{text: boundScript, args: []string{strconv.Itoa(agent.HoldQueue), started.Log}},
		script{text: n.fact(on.Name).queue.raise(w)})
}

// held is the shape as the agent has it.
func (s Shape) held(seed uint64) agent.Hold {
	return agent.Hold{Delay: s.Delay.Microseconds(), Jitter: s.Jitter.Microseconds(), Normal: s.Distribution == "normal",
		Loss: s.Loss / 100, Reorder: s.Reorder / 100, Correlation: s.Correlation / 100, Rate: bits(s.Rate), Seed: seed}
}

// bits is a rate as tc writes it, in bits per second; 0 if there is none.
func bits(rate string) int64 {
	unit := strings.TrimLeft(rate, "0123456789")
	count, err := strconv.ParseInt(strings.TrimSuffix(rate, unit), 10, 32)
	if err != nil {
		return 0
	}
	return count * map[string]int64{"bit": 1, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9, "bps": 8, "kbps": 8e3, "mbps": 8e6, "gbps": 8e9}[unit]
}

// letGo ends the holding of packets on a node, if there is any.
func letGo(ctx context.Context, n *Nemesis, on *node.Node) error {
	if n.plan.netem || !n.plan.queue {
		return nil
	}
	_, err := on.Stop(ctx, holdName, 0)
	return err
}

// stopPacket heals packets everywhere. Who holds them ends before the rules: what nobody takes passes.
func stopPacket(ctx context.Context, n *Nemesis, c client.Call) (history.Value, error) {
	return stopNetworkAnd("packet", "reliable", func(ctx context.Context, on *node.Node) error { return letGo(ctx, n, on) })(ctx, n, c)
}
