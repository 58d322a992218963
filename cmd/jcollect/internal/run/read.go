package run

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"jcheck/check/all"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/db"
	"jcheck/cmd/jcollect/internal/fault"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/cmd/jcollect/internal/workload"
	"jcheck/internal/amount"
)

// What goes without saying, as in Jepsen where it has an opinion.
const (
	defaultTimeLimit = time.Minute
	defaultRecovery  = 10 * time.Second
	maxClients       = 10_000
	maxNodes         = 1000
)

// defaultNodes are the names that Jepsen's guides give to machines.
var defaultNodes = []string{"n1", "n2", "n3", "n4", "n5"}

// faultsOfDatabases are done to what the section db starts.
var faultsOfDatabases = []string{"kill", "pause", "restart"}

// Load reads the plan in a file, with the command line's changes. The test is nil if there is no plan at all.
func Load(file string, changes []plan.Change, p *plan.Problems) *Test {
	root := plan.Open(file, p)
	if root == nil {
		return nil
	}
	if len(changes) > 0 {
		root = spelledOut(root)
	}
	return Read(root.Apply(changes, p), filepath.Dir(file), p)
}

// spelledOut is the plan with workload: {kind: set} for workload: set, so that a change finds the key kind.
func spelledOut(root *plan.Node) *plan.Node {
	short := root.Get("workload")
	if short == nil || short.Kind != plan.Scalar {
		return root
	}
	long := &plan.Node{Pos: short.Pos, Kind: plan.Map, Pairs: []plan.Pair{{Key: "kind", Pos: short.Pos, Value: short}}}
	return root.Apply([]plan.Change{{Flag: "workload", Path: []string{"workload"}, Value: long}}, new(plan.Problems))
}

// sections are the parts of a plan that other rooms read.
type sections struct{ remote, ssh, db, client, workload, nemesis, checks *plan.Node }

// Read reads a whole plan. dir is where it lies. Each mistake of it is added to p.
func Read(root *plan.Node, dir string, p *plan.Problems) *Test {
	t := &Test{Dir: dir, Root: root, OS: "none", TimeLimit: -1, Recovery: defaultRecovery, TestCount: 1}
	var s sections
	concurrency := plan.Text("concurrency", "1n")
	root.Fields(p, "the plan", t.fields(&s, &concurrency)...)
	t.defaults(root)
	t.Concurrency = clients(concurrency, len(t.Nodes), p)
	t.Remote = remote.Read(joined(s.remote, s.ssh, p), p)
	t.DB = db.Read(s.db, p)
	t.Client = client.Read(s.client, p)
	t.Workload = workload.Read(s.workload, p)
	t.readChecks(s.checks, p)
	var said []generator.Said
	t.own, said = generator.ReadSaid(t.Generator, p)
	t.known(said, p)
	t.Nemesis = fault.Read(s.nemesis, p)
	if root.Get("db") == nil {
		t.Nemesis.Without(faultsOfDatabases...)
	}
	t.Nemesis.Check(t.Nodes, p)
	t.together(root, p)
	if root.Kind == plan.Map && root.Get("workload") == nil && root.Get("generator") == nil {
		p.Add(root.Pos, "workload: {kind: register}, say", "the plan has neither a workload nor a generator")
	}
	return t
}

// known adds operations of the nemesis that no fault has. Names that a generator changes by itself are left to the run.
func (t *Test) known(said []generator.Said, p *plan.Problems) {
	if generator.Mentions(t.Generator, "f-map") {
		return
	}
	names := t.Nemesis.Operations()
	for _, s := range said {
		if s.Nemesis && s.F != "" && !slices.Contains(names, s.F) {
			p.Add(s.At, plan.Suggest(s.F, names, "one of"), "no fault has the operation %s", s.F)
		}
	}
}

// together adds what is wrong between sections that are right by themselves.
func (t *Test) together(root *plan.Node, p *plan.Problems) {
	if t.Workload.Kind != "" {
		at := root.Get("workload").Pos
		if err := t.Client.Fits(t.Workload.Kind); err != nil {
			p.Add(at, "", "%v", err)
		}
		if !p.Any() { // wrong keys make more errors than they are
			t.checkWork(root.Get("workload"), p)
		}
	}
	if t.own != nil && t.Rate > 0 {
		p.Add(root.Get("rate").Pos, "stagger: 5ms around its operations", "a rate is for workloads, not for a generator of the plan's own")
	}
	for _, name := range t.Nemesis.Faults {
		if slices.Contains(faultsOfDatabases, name) && root.Get("db") == nil {
			p.Add(root.Get("nemesis").Pos, "db: {daemons: [{name: redis, run: redis-server}]}, say", "the fault %s needs a database that the plan looks after", name)
		}
	}
}

// checkWork adds what is wrong with the operations of the workload, or with the options that its checks are to have: a
// model that nobody knows must not be found out after the run.
func (t *Test) checkWork(section *plan.Node, p *plan.Problems) {
	work, err := t.work()
	if err != nil {
		p.Add(section.Pos, "", "%v", err)
		return
	}
	for _, c := range work.Checks {
		row, ok := all.Find(c.Name)
		if !ok || row.Validate == nil {
			continue
		}
		if err := row.Validate(all.Values(c.Values)); err != nil {
			p.Add(quotedIn(section, err.Error()).Pos, "", "%s", strings.ReplaceAll(err.Error(), "--", ""))
		}
	}
}

// quotedIn is the value of a section that a message quotes, or else the section.
func quotedIn(section *plan.Node, message string) *plan.Node {
	for _, pair := range section.Pairs {
		for _, n := range append(pair.Value.Items, pair.Value) {
			if n.Kind == plan.Scalar && n.Text != "" && strings.Contains(message, strconv.Quote(n.Text)) {
				return n
			}
		}
	}
	return section
}

// fields are the keys of a plan in the order in which its guide tells of them.
func (t *Test) fields(s *sections, concurrency **plan.Node) []plan.Field {
	return []plan.Field{
		{Key: "name", Doc: "what the runs are called: the folder of the store", Required: true, Read: testName(&t.Name)},
		{Key: "nodes", Doc: "the machines, by the names that they are reached by (n1 to n5)", Read: nodeNames(&t.Nodes)},
		{Key: "disposable", Doc: "true: these machines may be damaged; nothing runs on them without it", Read: plan.Bool(&t.Disposable)},
		{Key: "remote", Doc: "how nodes are reached: ssh, local, docker, podman", Read: plan.Keep(&s.remote)},
		{Key: "ssh", Doc: "more keys of remote, for those who like them apart", Read: plan.Keep(&s.ssh)},
		{Key: "os", Doc: "how the packages of db are installed: debian, ubuntu, rhel (each node is asked); none: they are not", Read: plan.OneOf(&t.OS, "debian", "ubuntu", "rhel", "none")},
		{Key: "db", Doc: "how the database is set up, started, stopped", Read: plan.Keep(&s.db)},
		{Key: "client", Doc: "what speaks to the database", Read: plan.Keep(&s.client)},
		{Key: "workload", Doc: "a ready workload: operations, final reads, checks", Read: plan.Keep(&s.workload)},
		{Key: "generator", Doc: "operations of your own, instead of the workload's", Read: plan.Keep(&t.Generator)},
		{Key: "nemesis", Doc: "what is to break, how often", Read: plan.Keep(&s.nemesis)},
		{Key: "checks", Doc: "checks besides the workload's own: names, or {NAME: {OPTION: VALUE}}", Read: plan.Keep(&s.checks)},
		{Key: "draw", Doc: "pictures of the run: perf, timeline, clock-plot (these three); latency-graph and rate-graph are the halves of perf; none", Read: drawingList(&t.Draw)},
		{Key: "concurrency", Doc: "clients at work at the same time: 10, or 3n for three per node (1n)", Read: plan.Keep(concurrency)},
		{Key: "rate", Doc: "operations per second, all clients together: 200/s", Read: plan.Rate(&t.Rate)},
		{Key: "time-limit", Doc: "how long operations and faults go on, final ones apart (60s; with a generator: until it ends)", Read: plan.Duration(&t.TimeLimit)},
		{Key: "recovery-time", Doc: "the pause between the last heal and the final operations (10s)", Read: plan.Duration(&t.Recovery)},
		{Key: "seed", Doc: "the same seed, plan and answers give the same operations", Read: seed(t)},
		{Key: "test-count", Doc: "how often to run it; the first run that isn't valid is the last (1)", Read: plan.Int(&t.TestCount, 1, 1_000_000)},
		{Key: "leave-db-running", Doc: "true: the database is not torn down at the end", Read: plan.Bool(&t.LeaveDBRunning)},
		{Key: "skip-impossible", Doc: "true: faults that a node can't do are left out instead of failing", Read: plan.Bool(&t.SkipImpossible)},
		{Key: "logging-json", Doc: "true: jcollect.log is JSON lines", Read: plan.Bool(&t.LogJSON)},
	}
}

// defaults fills in what the plan leaves to us.
func (t *Test) defaults(root *plan.Node) {
	if root.Get("nodes") == nil {
		t.Nodes = slices.Clone(defaultNodes)
	}
	if t.TimeLimit < 0 {
		t.TimeLimit = defaultTimeLimit
		if t.Generator != nil {
			t.TimeLimit = 0
		}
	}
}

// system is whose packages are installed: "" if each node is to be asked, since the plan doesn't say.
func (t *Test) system() string {
	if t.Root.Get("os") == nil {
		return ""
	}
	return t.OS
}

// joined is the section remote with the keys of the section ssh.
func joined(remote, ssh *plan.Node, p *plan.Problems) *plan.Node {
	if ssh == nil || remote == nil {
		if ssh != nil {
			return ssh
		}
		return remote
	}
	if remote.Kind != plan.Map || ssh.Kind != plan.Map {
		p.Add(ssh.Pos, "", "remote and ssh are maps")
		return remote
	}
	both := *remote
	both.Pairs = slices.Clone(remote.Pairs)
	for _, pair := range ssh.Pairs {
		if remote.Get(pair.Key) != nil {
			p.Add(pair.Pos, "", "the key %q stands in remote as well", pair.Key)
			continue
		}
		both.Pairs = append(both.Pairs, pair)
	}
	return &both
}

// clients reads a number of clients: 10, or 3n for three per node.
func clients(n *plan.Node, nodes int, p *plan.Problems) int {
	text, perNode := strings.CutSuffix(n.Text, "n")
	count, err := strconv.Atoi(text)
	if n.Kind != plan.Scalar || err != nil || count < 1 || count > maxClients {
		p.Add(n.Pos, fmt.Sprintf("10, or 3n for three per node; %d at most", maxClients), "%q is no number of clients", n.Text)
		return 1
	}
	if perNode {
		count *= max(nodes, 1)
	}
	if count > maxClients {
		p.Add(n.Pos, fmt.Sprintf("at most %d", maxClients), "%s is %s on %s, which are too many", n.Text, amount.Of(count, "client"), amount.Of(nodes, "node"))
		return 1
	}
	return count
}

// seed reads the seed of all randomness.
func seed(t *Test) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		v, err := strconv.ParseUint(n.Text, 10, 64)
		if n.Kind != plan.Scalar || err != nil {
			p.Add(n.Pos, "0 to 18446744073709551615", "%q is no whole number that fits here", n.Text)
			return
		}
		t.Seed, t.Seeded = v, true
	}
}

// item is an item of a list, or the single value that stands for a list of one.
func item(n *plan.Node, i int) *plan.Node {
	if n.Kind == plan.List && i < len(n.Items) {
		return n.Items[i]
	}
	return n
}
