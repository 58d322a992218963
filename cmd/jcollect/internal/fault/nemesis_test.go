package fault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/db"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/history"
	"jcheck/internal/edn"
)

// The database of a plan must be what faults ask for.
var _ Database = (*db.DB)(nil)

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
iptables-legacy -w 10 -t filter -C INPUT -j JCOLLECT-packet 2>/dev/null || iptables-legacy -w 10 -t filter -I INPUT 1 -j JCOLLECT-packet
ip6tables-legacy-restore -w 10 --noflush <<'RULES'
*filter
:JCOLLECT-packet - [0:0]
-A JCOLLECT-packet -s fd00::2 -m statistic --mode random --probability 0.200000 -j DROP
COMMIT
RULES
ip6tables-legacy -w 10 -t filter -C INPUT -j JCOLLECT-packet 2>/dev/null || ip6tables-legacy -w 10 -t filter -I INPUT 1 -j JCOLLECT-packet
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
		for range 100 {
			op, status, next := g.Op(ctx)
			if status != generator.Ready || op.Process != generator.Nemesis {
				t.Fatalf("got %v by %d", status, op.Process)
			}
			if again, _, _ := g.Op(ctx); again.F != op.F || again.TimeNS != op.TimeNS {
				t.Fatalf("asked twice: %v, then %v", op, again)
			}
			if op.Act == generator.Sleep { // it only fixes when the schedule began
				g = next
				continue
			}
			fault, ends := "partition", op.F == "stop-partition"
			if op.F == "pause" || op.F == "resume" {
				fault, ends = "pause", op.F == "resume"
			}
			if on[fault] != ends || op.TimeNS < 5e9 {
				t.Fatalf("%s at %d: out of turn after\n%s", op.F, op.TimeNS, b.String())
			}
			on[fault] = !ends
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
	// Beside clients, whose operations come first: what lies in the future is asked for again and again.
	n, _ := ready(t, "{faults: [pause], intervals: {pause: {on: 2s, off: 3s}}, start-after: 5s}", 3, &fakeDB{})
	both := generator.TimeLimit(30*time.Second, generator.Any(
		generator.ForClients(generator.Delay(100*time.Millisecond, generator.Repeat(generator.Do(generator.Template{F: "read"})))), generator.ForNemesis(n.Generator())))
	ctx, faults := generator.NewContext(2, true, 7), 0
	for range 1000 {
		op, status, next := both.Op(ctx)
		if status != generator.Ready {
			break
		}
		if op.F == "pause" || op.F == "resume" {
			faults++
		}
		ctx = ctx.Begin(op)
		both = next.Update(ctx, op)
		ctx = ctx.End(op)
		both = both.Update(ctx, op)
	}
	if faults < 8 {
		t.Errorf("beside clients the nemesis did %d operations in 30 s, want 10 or so", faults)
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

// Without it a node that is lost right after it was restarted would end the run by a panic.
func TestRestartedAndLost(t *testing.T) {
	nodes, _ := fakeNodes(3)
	leases := &fakeLeases{keep: errors.New("lost")}
	n, err := New(planOf(t, "faults: [restart]"), Options{Nodes: nodes, DB: &fakeDB{}, Seed: 1, Leases: leases})
	if err != nil {
		t.Fatal(err)
	}
	out := invoke(n, "restart", texts(edn.Vector, []string{"n3"}))
	if got := out.Value.String(); !strings.Contains(got, `"n3" "release the lease of restart: lost"`) || out.Error.IsNil() {
		t.Errorf("got %s, error %v", got, out.Error)
	}
}

// Without it a kill could miss a node, an outcome hide who failed, or a lease stay armed after the heal or be released
// though the heal went wrong.
func TestProcesses(t *testing.T) {
	nodes, _ := fakeNodes(3)
	base, leases := &fakeDB{primaries: []string{"n2"}}, &fakeLeases{}
	n, err := New(planOf(t, "faults: [kill, pause, restart]"), Options{Nodes: nodes, DB: base, Seed: 1, Leases: leases})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Teardown(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	for _, step := range []struct {
		f      string
		value  history.Value
		fail   error
		want   string
		leases string
	}{
		{"kill", edn.NewKeyword("all"), nil, `{"n1" :killed, "n2" :killed, "n3" :killed}`, "n1 fault-kill n2 fault-kill n3 fault-kill"},
		{"start", history.Value{}, nil, `{"n1" :started, "n2" :started, "n3" :started}`, ""},
		{"pause", edn.NewKeyword("primaries"), nil, `{"n2" :paused}`, "n2 fault-pause"},
		{"resume", history.Value{}, errors.New("gone"), `{"n1" "gone", "n2" "gone", "n3" "gone"}`, "n2 fault-pause"},
		{"resume", history.Value{}, nil, `{"n1" :resumed, "n2" :resumed, "n3" :resumed}`, ""},
		{"restart", texts(edn.Vector, []string{"n3"}), nil, `{"n3" :restarted}`, ""},
		{"kill", texts(edn.Vector, []string{"n9"}), nil, `["n9"]`, ""},
		{"explode", history.Value{}, nil, `nil`, ""},
	} {
		base.err = step.fail
		out := invoke(n, step.f, step.value)
		wantError := step.fail != nil || strings.Contains(step.want, "n9") || step.want == "nil"
		if got := out.Value.String(); got != step.want || out.Error.IsNil() == wantError {
			t.Errorf("%s: got %s, error %v, want %s", step.f, got, out.Error, step.want)
		}
		if got := strings.Join(sortedKeys(leases.armed), " "); got != step.leases {
			t.Errorf("%s: leases: got %s, want %s", step.f, got, step.leases)
		}
	}
	base.err = nil
	if got := strings.Join(base.did[len(base.did)-2:], ", "); got != "kill n3, start n3" {
		t.Errorf("restart: got %s", got)
	}
}

// Without it heal could start a database that nobody killed, leave one dead that was, or give up at the first failure.
func TestHealAll(t *testing.T) {
	base := &fakeDB{}
	n, remotes := ready(t, "faults: [kill, pause, partition]", 2, base)
	if errs := n.Heal(t.Context()); len(errs) > 0 {
		t.Fatal(errs)
	}
	if got := strings.Join(slices.Sorted(slices.Values(base.did)), ", "); got != "resume n1, resume n2" {
		t.Errorf("nobody was killed: got %s", got)
	}
	invoke(n, "kill", texts(edn.Vector, []string{"n1"}))
	base.did = nil
	usual, failures := remotes[0].answer, 1
	remotes[0].answer = func(c remote.Command) (string, error) {
		if failures--; failures >= 0 {
			return "", errors.New("no route")
		}
		return usual(c)
	}
	if errs := n.Heal(t.Context()); len(errs) > 0 {
		t.Error(errs)
	}
	if got := strings.Join(base.did, ", "); !strings.Contains(got, "start n1") || strings.Contains(got, "start n2") {
		t.Errorf("n1 was killed: got %s", got)
	}
}

// Without it impossible faults could fail in the middle of a run, or be skipped without a word.
func TestImpossible(t *testing.T) {
	nodes, remotes := fakeNodes(2)
	for i := range remotes {
		usual := remotes[i].answer
		remotes[i].answer = func(c remote.Command) (string, error) {
			out, err := usual(c)
			return strings.NewReplacer("nft yes", "", "iptables iptables", "", "netem yes", "", "boot b2", "boot b1", "net:[2]", "net:[1]").Replace(out), err
		}
	}
	p := planOf(t, "{faults: [partition, pause], packet: [{delay: 3ms}]}")
	n, err := New(p, Options{Nodes: nodes, Leases: &fakeLeases{}})
	if err != nil {
		t.Fatal(err)
	}
	err = n.Setup(t.Context())
	var impossible *ImpossibleError
	if !errors.As(err, &impossible) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"partition is impossible on n1: it shares one network with n2", "no firewall works there", "pause is impossible on n1, n2: ", "--skip-impossible"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	n, err = New(p, Options{Nodes: nodes, Leases: &fakeLeases{}, SkipImpossible: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Setup(t.Context()); err != nil || n.Any() || len(n.Skipped()) == 0 {
		t.Errorf("skipping: got %v, %v left", err, n.plan.Faults)
	}
	if out := invoke(n, "start-partition", history.Value{}); !strings.Contains(out.Error.String(), "skipped") {
		t.Errorf("a skipped fault: got %v", out)
	}
}

// Without it nodes could be cut off by IPv4 alone and go on by IPv6, or be told cut off although nobody knows where they
// are, and a database be praised for a partition that wasn't.
func TestPartitionsAreWhole(t *testing.T) {
	for _, row := range []struct{ name, from, to, want string }{
		{"no ip6tables", "ip6tables ip6tables", "", "partition is impossible on n1, n2, n3: nodes have addresses of IPv6, which no firewall there can drop"},
		{"no IPv6", "ip6tables ip6tables\n", "no fd00", ""},
		{"one address for two", "addr 10.0.0.3\naddr fd00::3", "addr 10.0.0.2\naddr fd00::2", "no address is known of n2 that is its alone"},
	} {
		nodes, remotes := fakeNodes(3)
		for i := range remotes {
			usual := remotes[i].answer
			remotes[i].answer = func(c remote.Command) (string, error) {
				out, err := usual(c)
				out = strings.ReplaceAll(out, "nft yes\n", "")
				if row.to == "no fd00" {
					return strings.ReplaceAll(strings.ReplaceAll(out, row.from, ""), "addr fd00", "addr none"), err
				}
				return strings.ReplaceAll(out, row.from, row.to), err
			}
		}
		if row.from[:4] == "addr" {
			nodes[2].Addr = "10.0.0.2"
		}
		n, err := New(planOf(t, "faults: [partition]"), Options{Nodes: nodes, Leases: &fakeLeases{}})
		if err != nil {
			t.Fatal(err)
		}
		if err = n.Setup(t.Context()); err == nil {
			if out := invoke(n, "start-partition", Grudge{"n1": {"n2"}}.value()); !out.Error.IsNil() {
				err = errors.New(out.Error.String())
			}
		}
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
}

// Without it a lease could go unrenewed, or a node's healing of itself pass without a note.
func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, _ := fakeNodes(1)
		leases := &fakeLeases{}
		n, err := New(planOf(t, "{faults: [pause], lease: 9s}"), Options{Nodes: nodes, DB: &fakeDB{}, Leases: leases})
		if err != nil {
			t.Fatal(err)
		}
		invoke(n, "pause", edn.NewKeyword("all"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		leases.mu.Lock()
		if leases.count != 3 {
			t.Errorf("renewals in 10s: got %d, want 3", leases.count)
		}
		leases.renew = &agent.Error{Code: agent.NotFound, Text: "no lease"}
		leases.mu.Unlock()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if notes := n.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "n1 healed the fault pause by itself") {
			t.Errorf("notes: got %q", notes)
		}
		if err := n.Teardown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// farLeases are leases on nodes that are far away: an order takes a second to get there, and the answer one to come back.
type farLeases struct {
	mu    sync.Mutex
	armed map[string]bool
}

func (l *farLeases) order(id string, f func() error) error {
	time.Sleep(time.Second)
	l.mu.Lock()
	err := f()
	l.mu.Unlock()
	time.Sleep(time.Second)
	return err
}

func (l *farLeases) Arm(_ context.Context, _ *node.Node, id string, _ time.Duration, _ []agent.Command) error {
	return l.order(id, func() error { l.armed[id] = true; return nil })
}

func (l *farLeases) Renew(_ context.Context, _ *node.Node, id string) error {
	return l.order(id, func() error {
		if !l.armed[id] {
			return &agent.Error{Code: agent.NotFound, Text: "no lease"}
		}
		return nil
	})
}

func (l *farLeases) Release(_ context.Context, _ *node.Node, id string) error {
	return l.order(id, func() error { delete(l.armed, id); return nil })
}

// Without it a renewal that comes while a fault is injected or healed could take its lease for one that ran out: the run
// would tell of a healing that never was, and forget that the fault is on.
func TestRenewalBesideInjections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, _ := fakeNodes(1)
		leases := &farLeases{armed: map[string]bool{}}
		n, err := New(planOf(t, "{faults: [pause], lease: 21s}"), Options{Nodes: nodes, DB: &fakeDB{}, Leases: leases})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			invoke(n, "pause", edn.NewKeyword("all"))
			time.Sleep(time.Duration(i%10) * 700 * time.Millisecond)
			if !n.isOn("pause", "n1") || !leases.armed["fault-pause"] {
				t.Fatalf("after pause %d: the fault is forgotten, or has no lease", i)
			}
			invoke(n, "resume", history.Value{})
			if n.isOn("pause", "n1") || leases.armed["fault-pause"] {
				t.Fatalf("after resume %d: the fault is still on, or has a lease", i)
			}
		}
		if notes := n.Notes(); len(notes) > 0 {
			t.Errorf("notes: got %q, want none", notes)
		}
		if err := n.Teardown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// stuckLeases can't be released.
type stuckLeases struct{ fakeLeases }

func (*stuckLeases) Release(context.Context, *node.Node, string) error {
	return errors.New("no space left")
}

// Without it a restart that went well, but for its lease, could be told as done; and once it was a panic.
func TestRestartWithStuckLease(t *testing.T) {
	nodes, _ := fakeNodes(2)
	n, err := New(planOf(t, "faults: [restart]"), Options{Nodes: nodes, DB: &fakeDB{}, Leases: &stuckLeases{}})
	if err != nil {
		t.Fatal(err)
	}
	defer n.stopRenewing()
	out := invoke(n, "restart", edn.NewKeyword("all"))
	if got := out.Value.String(); strings.Count(got, "no space left") != 2 || out.Error.IsNil() {
		t.Errorf("got %s, %s", got, out.Error)
	}
}

// Without it a heal could pass an injection that goes on, which would then stay for ever.
func TestHealWaitsForInjection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, remotes := ready(t, "faults: [partition]", 2, nil)
		usual := remotes[0].answer
		remotes[0].answer = func(c remote.Command) (string, error) {
			if strings.Contains(c.Script, "saddr") {
				time.Sleep(5 * time.Second)
			}
			return usual(c)
		}
		go invoke(n, "start-partition", edn.NewKeyword("one"))
		time.Sleep(time.Second)
		if err := n.Teardown(t.Context()); err != nil {
			t.Error(err)
		}
		ran := remotes[0].take()
		if last := ran[len(ran)-1]; strings.Contains(last, "saddr") {
			t.Errorf("the injection came last: %s", last)
		}
		if out := invoke(n, "start-partition", edn.NewKeyword("one")); !strings.Contains(out.Error.String(), "the faults have ended") {
			t.Errorf("after the teardown: got %v", out)
		}
	})
}

// Without it a value that makes no sense could be a panic, or be taken for a target that nobody named.
func TestHostileValues(t *testing.T) {
	n, _ := ready(t, `{faults: [partition], disk-full: {path: /x}, file-corruption: {path: /x}, scripts: [{name: own, inject: x, heal: y}],
  membership: {view: "true", remove: "true", add: "true", wait: 1ms}, lost-writes: {lazyfs: /x}}`, 3, &fakeDB{})
	for _, f := range sortedKeys(n.scheme) {
		for _, text := range []string{`5`, `:nobody`, `"n9"`, `["n1" 5]`, `{"n1" 5}`, `{"n1" #{5}}`, `{5 6}`, `{nil nil}`, `[[]]`, `[nil {}]`,
			`[:one {:delay "x"}]`, `[:one {:rate "1; reboot"}]`, `{:loss -5}`, `[{:node 5}]`, `[{:node "n9" :file 7}]`, `#{}`, `[]`, `{}`, `"$(reboot)"`, `##NaN`} {
			v, _, err := edn.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			before := len(n.on["kill"])
			out := invoke(n, f, v)
			if out.Type != history.Info {
				t.Errorf("%s %s: got %v", f, text, out)
			}
			if strings.Contains(text, "nobody") && out.Error.IsNil() && strings.HasPrefix(f, "kill") {
				t.Errorf("%s %s: got %s", f, text, out.Value)
			}
			if f == "kill" && len(n.on["kill"]) != before && !strings.Contains(text, "nil") {
				t.Errorf("%s %s struck somebody: %s", f, text, out.Value)
			}
		}
	}
}

// Without it what lazyfs is told could be anything but its own word, or a FIFO that isn't there be taken for one: the
// script runs as it would on a node, with this test in the place of lazyfs.
func TestClearCacheScript(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "a b'$(reboot).fifo")
	run := func() (string, error) {
		s := LostWrites{LazyFS: fifo}.script()
		out, err := exec.CommandContext(t.Context(), "sh", append([]string{"-c", s.sh(), "sh"}, s.args...)...).CombinedOutput()
		return string(out), err
	}
	if out, err := run(); err == nil || !strings.Contains(out, "is no FIFO: is lazyfs mounted?") {
		t.Errorf("without a FIFO: got %q, %v", out, err)
	}
	if out, err := exec.CommandContext(t.Context(), "mkfifo", fifo).CombinedOutput(); err != nil {
		t.Skipf("mkfifo: %v %s", err, out)
	}
	told := make(chan string, 1)
	go func() {
		text, err := os.ReadFile(fifo)
		told <- fmt.Sprint(string(text), err)
	}()
	if out, err := run(); err != nil {
		t.Fatalf("got %q, %v", out, err) // the reader waits for a writer, and ends with the test's process
	}
	if got, want := <-told, "lazyfs::clear-cache\n<nil>"; got != want {
		t.Errorf("lazyfs was told %q, want %q", got, want)
	}
}
