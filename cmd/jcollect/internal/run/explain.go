package run

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/db"
	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/internal/amount"
)

// An explainer writes down what a test would do. Nothing is done: the nodes are those of a rehearsal.
type explainer struct {
	t      *Test
	w      io.Writer
	stage  int
	reh    *rehearsal
	db     *db.DB
	failed error
}

// Explain says what the test would do, stage by stage, node by node, command by command.
func (t *Test) Explain(ctx context.Context, w io.Writer) error {
	x := &explainer{t: t, w: w, reh: newRehearsal(t)}
	x.summary()
	x.connect(ctx)
	x.database(ctx)
	x.clients()
	x.operations(ctx)
	x.faults(ctx)
	x.end(ctx)
	return x.failed
}

// say writes one line, or several.
func (x *explainer) say(format string, args ...any) {
	if x.failed == nil {
		_, x.failed = fmt.Fprintf(x.w, format+"\n", args...)
	}
}

// head begins a stage.
func (x *explainer) head(format string, args ...any) {
	x.stage++
	x.say("\n%d. %s", x.stage, fmt.Sprintf(format, args...))
}

// did writes what the nodes were told in a stage, and what went wrong even in a rehearsal.
func (x *explainer) did(err error) {
	if text := strings.TrimRight(x.reh.taken(), "\n"); text != "" {
		x.say("%s", text)
	}
	if err != nil {
		x.say("  a rehearsal gets no further here, for want of true answers: %v", err)
	}
}

// summary is the test in a few lines.
func (x *explainer) summary() {
	t := x.t
	x.say("%s: %s on %s", t.Name, amount.Of(t.Concurrency, "client"), amount.Of(len(t.Nodes), "node"))
	x.say("  nodes: %s", strings.Join(t.Nodes, ", "))
	switch {
	case !t.touchesNodes():
		x.say("  nobody logs in on the nodes: only the clients reach them")
	case t.Disposable:
		x.say("  the plan says that they may be damaged (disposable: true)")
	default:
		x.say("  run refuses this plan as it is, since nobody said that they may be damaged (hint: disposable: true)")
	}
	if t.Seeded {
		x.say("  seed: %d", t.Seed)
	} else {
		x.say("  seed: drawn by each run, and kept with it")
	}
	if t.TestCount > 1 {
		x.say("  up to %d runs; the first that isn't valid is the last", t.TestCount)
	}
	x.say("Addresses are not known before the run; they stand here as <address of n1>. Scripts and daemons")
	x.say("have NODE, NODES, NODE_INDEX, NODE_ADDR, PRIMARY and the like in their environment.")
}

// connect is how nodes are reached, and the agent's installation.
func (x *explainer) connect(ctx context.Context) {
	if !x.t.touchesNodes() {
		return
	}
	x.head("connect to all nodes at the same time")
	for _, line := range reach(x.t.Remote) {
		x.say("  %s", line)
	}
	x.say("  no other run may work there; who does is written down in the agent's folder, and that it has ended in the end")
	if x.t.Remote.Kind == remote.KindLocal {
		x.head("look after what an earlier run left")
	} else {
		x.head("send jcollect itself to each node, to work there as its agent")
		x.say("  to %s, unless it lies there; no compiler and no download is needed there", node.AgentPath)
	}
	x.did(perNode(x.reh.nodes, node.Each(ctx, x.reh.nodes, func(ctx context.Context, n *node.Node) error {
		_, err := n.HealAll(ctx) // what an earlier run left
		return err
	})))
}

// reach is the section remote in words.
func reach(r remote.Plan) []string {
	var lines []string
	add := func(given bool, format string, args ...any) {
		if given {
			lines = append(lines, fmt.Sprintf(format, args...))
		}
	}
	switch r.Kind {
	case remote.KindLocal:
		return append(lines, "commands run as processes of this machine")
	case remote.KindDocker, remote.KindPodman:
		add(true, "by %s exec, in the containers of these names", r.Kind)
		add(r.User != "", "user: %s", r.User)
	default:
		add(true, "by ssh, as ~/.ssh/config has it")
		add(r.User != "", "user: %s", r.User)
		add(r.Port != 0, "port: %d", r.Port)
		add(len(r.Keys) > 0, "keys: %s", strings.Join(r.Keys, ", "))
		add(r.Passphrase.String() != "", "passphrase of the keys: %s", r.Passphrase)
		add(r.Password.String() != "", "password: %s", r.Password)
		add(len(r.KnownHosts) > 0, "known hosts: %s", strings.Join(r.KnownHosts, ", "))
		add(r.AcceptNew, "hosts that are seen for the first time are trusted")
		add(!r.AcceptNew, "a host whose key isn't known is refused")
	}
	container := r.Kind == remote.KindDocker || r.Kind == remote.KindPodman
	add(r.Sudo != nil && *r.Sudo && !container, "commands run as root, by sudo")
	add(r.Sudo != nil && *r.Sudo && container, "commands run as root")
	add(r.SudoPassword.String() != "", "password of sudo: %s", r.SudoPassword)
	for _, name := range sortedHosts(r.Hosts) {
		add(true, "%s is reached as %s", name, r.Hosts[name])
	}
	return lines
}

func sortedHosts(hosts map[string]string) []string {
	var names []string
	for name := range hosts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// database is the set-up of packages and of the database.
func (x *explainer) database(ctx context.Context) {
	if x.t.Root.Get("db") == nil {
		return
	}
	p := x.t.DB
	p.Archives = slices.Clone(p.Archives)
	for i, a := range p.Archives {
		if a.URL != "" { // a rehearsal downloads nothing
			p.Archives[i] = db.Archive{Path: "/<download of " + a.URL + ">", To: a.To, SHA256: a.SHA256, Owner: a.Owner}
		}
	}
	x.db = db.New(p, db.Options{Nodes: x.reh.nodes, OS: x.t.system()})
	if system := x.t.system(); len(p.Packages) > 0 && system != "none" {
		x.head("install packages")
		if system == "" {
			x.say("  each node is asked what system it is; on Debian:")
		}
		x.did(x.db.SetupOS(ctx))
	}
	x.head("set up the database, each step on all nodes before the next (%s)", amount.Of(p.Tries, "try"))
	x.did(x.db.Setup(ctx))
}

// clients is who speaks to the database.
func (x *explainer) clients() {
	c := x.t.Client
	if c.Kind == "" {
		return
	}
	x.head("make what the clients need through a first client, and remove what an earlier run left")
	doc := ""
	for _, k := range client.Kinds() {
		if k.Name == c.Kind {
			doc = ": " + k.Doc
		}
	}
	x.say("  client %s%s", c.Kind, doc)
	for _, line := range clientKeys(x.t.Root.Get("client")) {
		x.say("  %s", line)
	}
	x.say("  an operation without an answer after %s counts as unknown", c.Timeout)
}

// private are keys of clients whose values may hold what isn't for everybody who reads over somebody's shoulder.
var private = []string{"env", "headers"}

// clientKeys are the keys of the section client as the plan has them, with the command line's changes. What the section
// leaves out goes without saying, as docs/plan.md has it.
func clientKeys(section *plan.Node) (lines []string) {
	if section == nil {
		return nil
	}
	for _, pair := range section.Pairs {
		if pair.Key == "kind" || pair.Key == "timeout" {
			continue // told by themselves
		}
		one := &plan.Node{Kind: plan.Map, Pairs: []plan.Pair{{Key: pair.Key, Pos: pair.Pos, Value: withoutPrivate(pair)}}}
		text, err := one.YAML()
		if err != nil {
			return append(lines, fmt.Sprintf("%s: %v", pair.Key, err))
		}
		lines = append(lines, strings.Split(strings.TrimRight(string(text), "\n"), "\n")...)
	}
	return lines
}

// withoutPrivate is the value of a key, without what is inside of keys that may hold secrets, at any depth.
func withoutPrivate(pair plan.Pair) *plan.Node {
	if slices.Contains(private, pair.Key) {
		var names []string
		for _, p := range pair.Value.Pairs {
			names = append(names, p.Key)
		}
		return plan.Text("", "<"+strings.Join(names, ", ")+">")
	}
	n := *pair.Value
	n.Items, n.Pairs = nil, nil
	for _, item := range pair.Value.Items {
		n.Items = append(n.Items, withoutPrivate(plan.Pair{Value: item}))
	}
	for _, p := range pair.Value.Pairs {
		p.Value = withoutPrivate(p)
		n.Pairs = append(n.Pairs, p)
	}
	return &n
}

// maxShownOps is how many operations are shown.
const maxShownOps = 12

// operations are the first ones of the generator.
func (x *explainer) operations(ctx context.Context) {
	limit := "until the generator ends"
	if x.t.TimeLimit > 0 {
		limit = "for " + x.t.TimeLimit.String()
	}
	rate := ""
	if x.t.Rate > 0 {
		rate = fmt.Sprintf(", %g per second on average", x.t.Rate)
	}
	x.head("clients do operations %s%s", limit, rate)
	x.say("  the first, as a perfect database would answer (jcollect simulate shows all):")
	ops, err := x.t.Simulate(ctx, Simulation{Mode: "quick", MaxOps: maxShownOps, NoFaults: true})
	for _, op := range ops[:min(len(ops), maxShownOps)] {
		x.say("    %s", strings.TrimRight(string(lineOf(op)), "\n"))
	}
	if err != nil && len(ops) < maxShownOps {
		x.say("  %v", err)
	}
}

// faults are an example of each operation of the nemesis.
func (x *explainer) faults(ctx context.Context) {
	ops := x.t.examples(ctx)
	if len(ops) == 0 {
		return
	}
	x.head("meanwhile faults are injected and healed")
	x.say("  one example of each operation; nodes are asked first what they can do")
	o := fault.Options{Nodes: x.reh.nodes, Seed: x.t.Seed, SkipImpossible: true}
	if x.db != nil {
		o.DB = x.db
	}
	n, err := fault.New(x.t.Nemesis, o)
	if err == nil {
		err = n.Setup(ctx)
	}
	if err != nil {
		x.did(err)
		return
	}
	x.reh.forget()
	session := n.Session()
	for _, op := range ops {
		value := ""
		if !op.Value.IsNil() {
			value = " " + op.Value.String()
		}
		x.say("\n  %s%s", op.F, value)
		out := session.Invoke(ctx, client.Call{F: op.F, Value: op.Value, Extra: op.Extra})
		var failed error
		if !out.Error.IsNil() {
			failed = fmt.Errorf("%s", out.Error)
		}
		x.did(failed)
	}
	for _, skipped := range n.Skipped() {
		x.say("  %s", skipped)
	}
	x.say("\n  A fault has a lease of %s on its node: if this machine dies, the node heals itself.", x.t.Nemesis.Lease)
	if err := n.Teardown(ctx); err != nil {
		x.say("  a rehearsal gets no further here, for want of true answers: %v", err)
	}
	x.reh.forget()
}

// maxExampleOps is how many operations are played to find examples of faults.
const maxExampleOps = 20_000

// examples are the first operation of each kind that the nemesis does, be it by its section or by the plan's generator.
func (t *Test) examples(ctx context.Context) []generator.Op {
	long := *t
	if t.own == nil {
		long.TimeLimit = max(t.TimeLimit, time.Hour) // rare faults come, too
	}
	clients := generator.ForClients(generator.SleepFor(long.TimeLimit))
	if t.own != nil {
		clients = t.own
	}
	n, err := fault.New(t.Nemesis, fault.Options{Nodes: t.bareNodes(), Seed: t.Seed})
	if err != nil {
		return nil // whoever reads the plan was told
	}
	// An error says that there was no end of it; the operations up to there will do.
	ops, _ := generator.Simulation{Concurrency: t.Concurrency, Nemesis: true, Seed: t.Seed, MaxOps: maxExampleOps}.
		Run(ctx, long.whole(clients, nil, n))
	var first []generator.Op
	seen := make(map[string]bool)
	for _, op := range ops {
		if op.Act == generator.Perform && op.Process == generator.Nemesis && !seen[op.F] {
			seen[op.F] = true
			first = append(first, op)
		}
	}
	// Whoever joins has left before.
	added := slices.IndexFunc(first, func(op generator.Op) bool { return op.F == "add-node" })
	removed := slices.IndexFunc(first, func(op generator.Op) bool { return op.F == "remove-node" })
	if 0 <= added && added < removed {
		first[added], first[removed] = first[removed], first[added]
	}
	return first
}

// end is what comes after the operations.
func (x *explainer) end(ctx context.Context) {
	t := x.t
	work, err := t.work()
	switch {
	case err != nil || work.Final == nil && len(t.Nemesis.Faults) == 0:
	case len(t.Nemesis.Faults) == 0:
		x.head("do the final operations")
	case work.Final == nil:
		x.head("heal everything")
	default:
		x.head("heal everything, wait %s, do the final operations", t.Recovery)
	}
	if x.db != nil {
		x.teardown(ctx)
	}
	x.head("judge the history, which is in store/%s/TIME/", t.Name)
	x.say("  checks: %s", strings.Join(t.checkNames(), ", "))
}

// teardown is the end of the database.
func (x *explainer) teardown(ctx context.Context) {
	if x.t.LeaveDBRunning {
		x.head("download logs, and leave the database running")
	} else {
		x.head("download logs, and tear the database down")
	}
	for _, n := range x.reh.nodes {
		// Which logs there are isn't known; what is asked for is.
		_, _, err := x.db.Logs(ctx, n)
		x.failed = firstOf(x.failed, err)
	}
	var err error
	if !x.t.LeaveDBRunning {
		err = x.db.Teardown(ctx)
	}
	x.did(err)
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// checkNames are the checks of the workload, and those of the plan.
func (t *Test) checkNames() []string {
	var names []string
	if work, err := t.work(); err == nil {
		for _, c := range work.Checks {
			names = append(names, c.Name)
		}
	}
	for _, c := range t.Checks {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return []string{"whatever the history is recognised as"}
	}
	return names
}
