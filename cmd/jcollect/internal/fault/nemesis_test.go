package fault

import (
	"context"
	"strings"
	"testing"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// planOf reads a section from YAML; a mistake ends the test.
func planOf(t *testing.T, text string) Plan {
	t.Helper()
	var p plan.Problems
	f := Read(plan.Parse("plan.yaml", []byte(text), &p), &p)
	if list, _ := p.Sorted(); len(list) > 0 {
		t.Fatalf("plan: %v", list)
	}
	return f
}

// ready is a nemesis over fake nodes after its set-up.
func ready(t *testing.T, text string, n int, db Database) (*Nemesis, []*fakeRemote) {
	t.Helper()
	nodes, remotes := fakeNodes(n)
	nem, err := New(planOf(t, text), Options{Nodes: nodes, DB: db, Seed: 1, Leases: &fakeLeases{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := nem.Setup(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, r := range remotes {
		r.take()
	}
	return nem, remotes
}

// invoke plays one operation.
func invoke(n *Nemesis, f string, v history.Value) client.Outcome {
	return n.Session().Invoke(context.Background(), client.Call{F: f, Value: v})
}

// Without it the rules could name other addresses than those of the peers: the control node's first and never dropped,
// all of a node's own of both families, none that several nodes share.
func TestPartitionRules(t *testing.T) {
	n, remotes := ready(t, "faults: [partition]", 3, nil)
	g := Grudge{"n1": {"n2"}}
	out := invoke(n, "start-partition", g.value())
	if got, want := out.Value.String(), `[:isolated {"n1" #{"n2"}}]`; got != want || out.Type != history.Info || !out.Error.IsNil() {
		t.Errorf("outcome: got %s %v, want %s", got, out.Error, want)
	}
	ran := strings.Join(remotes[0].take(), "\n")
	want := "ip saddr 10.0.0.100 return\n  ip saddr { 10.0.0.2 } drop\n  ip6 saddr { fd00::2 } drop\n"
	if !strings.Contains(ran, want) {
		t.Errorf("n1: got %s\nwant %s", ran, want)
	}
	if other := strings.Join(remotes[1].take(), "\n"); strings.Contains(other, "drop") || !strings.Contains(other, "JCOLLECT-partition") {
		t.Errorf("n2 drops nobody, and forgets what it dropped: got %s", other)
	}
}

// Without it iptables could be fed rules that it can't read, or a chain be hooked in before it is filled.
func TestIptablesRules(t *testing.T) {
	f := firewall{kind: "iptables", v4: "iptables-legacy", v6: "ip6tables-legacy"}
	got := f.raise(wall{fault: "packet", exempt: addrs("10.0.0.9"), drop: addrs("10.0.0.2", "fd00::2", "10.0.0.2"), loss: 0.2})
	want := `set -e
iptables-legacy-restore -w 10 --noflush <<'RULES'
*filter
:JCOLLECT-packet - [0:0]
-A JCOLLECT-packet -s 10.0.0.9 -j RETURN
-A JCOLLECT-packet -s 10.0.0.2 -m statistic --mode random --probability 0.200000 -j DROP
COMMIT
RULES
iptables-legacy -w 10 -C INPUT -j JCOLLECT-packet 2>/dev/null || iptables-legacy -w 10 -I INPUT 1 -j JCOLLECT-packet
ip6tables-legacy-restore -w 10 --noflush <<'RULES'
*filter
:JCOLLECT-packet - [0:0]
-A JCOLLECT-packet -s fd00::2 -m statistic --mode random --probability 0.200000 -j DROP
COMMIT
RULES
ip6tables-legacy -w 10 -C INPUT -j JCOLLECT-packet 2>/dev/null || ip6tables-legacy -w 10 -I INPUT 1 -j JCOLLECT-packet
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Without it the same seed could give other faults, a fault could be injected twice without a heal between, or begin
// before its time.
func TestSchedule(t *testing.T) {
	list := func() string {
		n, _ := ready(t, "{faults: [partition, pause], interval: 10s, intervals: {pause: {on: 2s, off: 3s}}, start-after: 5s, targets: {partition: [one, halves], pause: [all]}}", 3, &fakeDB{})
		ctx := generator.NewContext(2, true, 7)
		var b strings.Builder
		g := n.Generator()
		on := map[string]bool{}
		for range 40 {
			op, status, next := g.Op(ctx)
			if status != generator.Ready || op.Process != generator.Nemesis {
				t.Fatalf("got %v by %d", status, op.Process)
			}
			if again, _, _ := g.Op(ctx); again.F != op.F || again.TimeNS != op.TimeNS {
				t.Fatalf("asked twice: %v, then %v", op, again)
			}
			fault, role := roleOf(op.F)
			if on[fault] != (role == ends) || op.TimeNS < 5e9 {
				t.Fatalf("%s at %d: out of turn after\n%s", op.F, op.TimeNS, b.String())
			}
			on[fault] = role == begins
			b.WriteString(op.F + " " + op.Value.String() + "\n")
			ctx = ctx.Begin(op)
			if _, status, _ := next.Op(ctx); status != generator.Pending {
				t.Fatalf("the nemesis is busy: got %v", status)
			}
			ctx = ctx.End(op)
			g = next.Update(ctx, op)
		}
		return b.String()
	}
	first := list()
	if again := list(); again != first {
		t.Errorf("the same seed: got\n%s\nwant\n%s", again, first)
	}
	for _, want := range []string{":one", ":halves", "pause :all", "resume nil"} {
		if !strings.Contains(first, want) {
			t.Errorf("no %s in\n%s", want, first)
		}
	}
}

// Without it windows could be closed by another fault's heal, or by one that went wrong.
func TestWindows(t *testing.T) {
	op := func(at int64, f, value string, extra ...history.Field) history.Op {
		v, _, err := edn.Parse([]byte(value))
		if err != nil {
			t.Fatal(err)
		}
		return history.Op{Time: at, Process: edn.NewKeyword("nemesis"), F: edn.NewKeyword(f), Value: v, Extra: extra}
	}
	failed := history.Field{Name: "error", Value: edn.NewString("lost")}
	got := Windows([]history.Op{
		op(1, "start-partition", ":one"), op(2, "start-partition", `[:isolated {"n1" #{"n2"}}]`),
		op(3, "kill", ":all"), op(4, "kill", `{"n1" :killed}`),
		op(5, "stop-partition", "nil"), op(6, "stop-partition", "nil", failed),
		op(7, "restart", ":one"), op(8, "restart", `{"n1" :restarted}`),
		op(9, "heal", "nil"), op(10, "heal", "nil"),
		op(11, "pause", ":one"),
	})
	want := []Window{
		{"partition", "start-partition", history.Value{}, 1, 2, 9, 10},
		{"kill", "kill", history.Value{}, 3, 4, 9, 10},
		{"restart", "restart", history.Value{}, 7, 8, 8, 8},
		{"pause", "pause", history.Value{}, 11, -1, -1, -1},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i, w := range want {
		w.Value = got[i].Value
		if got[i].Fault != w.Fault || got[i].F != w.F || got[i].StartNS != w.StartNS || got[i].OnNS != w.OnNS || got[i].HealNS != w.HealNS || got[i].EndNS != w.EndNS {
			t.Errorf("window %d: got %+v, want %+v", i, got[i], w)
		}
	}
	if v := got[0].Value.String(); v != `[:isolated {"n1" #{"n2"}}]` {
		t.Errorf("value: got %s", v)
	}
}
