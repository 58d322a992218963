package fault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/history"
)

// A Database is what faults ask of the database under test. Without names a method acts on all daemons of a node.
type Database interface {
	CanKill() bool
	Kill(ctx context.Context, n *node.Node, names ...string) error
	Start(ctx context.Context, n *node.Node, names ...string) error
	StartCommands(n *node.Node) []agent.Command // what starts them without the control node

	CanPause() bool
	Pause(ctx context.Context, n *node.Node, names ...string) error
	Resume(ctx context.Context, n *node.Node, names ...string) error
	ResumeCommands(n *node.Node) []agent.Command // what lets them go on without the control node

	HasPrimaries() bool
	// Primaries are the nodes that take themselves for a primary now.
	Primaries(ctx context.Context) ([]*node.Node, error)
}

// Options are what a nemesis works with.
type Options struct {
	Nodes          []*node.Node
	DB             Database // nil if the plan has none; faults of processes are impossible then
	Leases         Leases   // nil for those of the agents on the nodes
	Seed           uint64
	SkipImpossible bool         // leave faults out that a node can't do, instead of failing in Setup
	Log            *slog.Logger // nil is silent
}

// A Nemesis injects the faults of a plan and heals them. Its methods may be called at the same time.
type Nemesis struct {
	plan   Plan
	o      Options
	log    *slog.Logger
	names  []string
	facts  map[string]facts // of each node, after Setup
	scheme map[string]move  // what each f does

	busy map[string]chan struct{} // of each node: full while somebody injects or heals there

	mu      sync.Mutex
	over    bool // after Teardown nothing is injected
	rng     *rand.Rand
	on      map[string]map[string]bool // kind → nodes on which it may be on
	skipped []Impossible
	notes   []string
	kept    map[string]bool // nodes whose files have snapshots
	renewal *renewal        // nil while none is due
	members members
}

// New is the nemesis of a plan for the given nodes. It touches none of them; Setup does. The error tells of targets that
// these nodes can't have.
func New(p Plan, o Options) (*Nemesis, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Leases == nil {
		o.Leases = agentLeases{}
	}
	n := &Nemesis{plan: p, o: o, log: o.Log, facts: map[string]facts{}, scheme: map[string]move{},
		rng: dice(o.Seed, 0, 0, 1), on: map[string]map[string]bool{}, kept: map[string]bool{}}
	n.members = members{changing: make(chan struct{}, 1), gone: map[string]bool{}, fresh: map[string]bool{}}
	n.busy = map[string]chan struct{}{}
	for _, node := range o.Nodes {
		n.names = append(n.names, node.Name)
		n.busy[node.Name] = make(chan struct{}, 1)
	}
	var errs []error
	for _, k := range kinds(p) {
		for _, m := range k.moves {
			m.kind = k.name
			n.scheme[m.f] = m
		}
		for _, t := range p.Targets[k.name] {
			if err := t.fits(k, n.names); err != nil && slices.Contains(p.Faults, k.name) {
				errs = append(errs, fmt.Errorf("nemesis target of %s: %w", k.name, err))
			}
		}
	}
	return n, errors.Join(errs...)
}

// Any tells whether there is a fault to inject at all.
func (n *Nemesis) Any() bool { return len(n.plan.Faults) > 0 }

// Skipped are the faults that Setup left out.
func (n *Nemesis) Skipped() []Impossible {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.skipped)
}

// Notes are what a reader of the history should know that no operation of it says.
func (n *Nemesis) Notes() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.notes)
}

// Setup looks at what the nodes can do, and removes what an earlier run left. Faults that a node can't do are an
// *ImpossibleError, or are left out of the plan from now on with SkipImpossible: ask for Generator afterwards.
func (n *Nemesis) Setup(ctx context.Context) error {
	if errs := n.probeAll(ctx); len(errs) > 0 {
		return joinNodes("probe", errs)
	}
	if errs := Heal(ctx, n.o.Nodes); len(errs) > 0 {
		return joinNodes("heal what an earlier run left", errs)
	}
	n.mu.Lock()
	n.plan.netem, n.plan.queue = len(n.names) > 0, len(n.names) > 0
	for _, f := range n.facts {
		n.plan.netem, n.plan.queue = n.plan.netem && f.netem, n.plan.queue && f.queue.kind != ""
	}
	n.mu.Unlock()
	if lacks := n.lacks(); len(lacks) > 0 {
		if !n.o.SkipImpossible {
			return &ImpossibleError{lacks}
		}
		n.skip(lacks)
	}
	return n.everywhere(ctx, "prepare", func(k kind) func(context.Context, *Nemesis, *node.Node) error { return k.prepare })
}

// skip leaves impossible faults out of the plan.
func (n *Nemesis) skip(lacks []Impossible) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.skipped = lacks
	n.plan.Faults = slices.DeleteFunc(slices.Clone(n.plan.Faults), func(f string) bool {
		return slices.ContainsFunc(lacks, func(l Impossible) bool { return l.Fault == f })
	})
}

// everywhere does a step of every fault of the plan that has it on every node.
func (n *Nemesis) everywhere(ctx context.Context, what string, step func(kind) func(context.Context, *Nemesis, *node.Node) error) error {
	var errs []error
	for _, k := range kinds(n.plan) {
		do := step(k)
		if do == nil || !n.plan.has(k.name) {
			continue
		}
		failed := n.each(ctx, n.names, func(ctx context.Context, on *node.Node) error { return do(ctx, n, on) })
		errs = append(errs, joinNodes(what+" for the fault "+k.name, failed))
	}
	return errors.Join(errs...)
}

// A script is sh for a node, with what it finds as $1, $2, ... and in its environment.
type script struct {
	text string
	args []string
	env  []string // NAME=value
}

// sh is the text with its environment, and with the folders of a system's programs in the path, which who logs in
// needn't have there.
func (s script) sh() string {
	var b strings.Builder
	b.WriteString("PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH\n")
	for _, e := range s.env {
		name, value, _ := strings.Cut(e, "=")
		b.WriteString(name + "=" + remote.Quote(value) + "; export " + name + "\n")
	}
	b.WriteString(s.text)
	return b.String()
}

// command is the script for a lease to keep.
func (s script) command() agent.Command { return agent.Command{Script: s.sh(), Args: s.args} }

// run runs a script on a node as root and returns what it said, within the plan's time for one.
func (n *Nemesis) run(ctx context.Context, on *node.Node, s script) (string, error) {
	return runScript(ctx, on, s, n.plan.timeout())
}

func runScript(ctx context.Context, on *node.Node, s script, limit time.Duration) (string, error) {
	r, err := on.Remote.Exec(ctx, remote.Command{Script: s.sh(), Args: s.args, User: on.User, Timeout: limit})
	var exit *remote.ExitError
	if errors.As(err, &exit) {
		err = &failure{exit}
	}
	return strings.TrimSpace(string(r.Stdout)), err
}

// A failure is the error of a script that ended badly, without its text: whoever reads a history knows which fault it
// was, and wants to know why it failed.
type failure struct{ exit *remote.ExitError }

func (f *failure) Error() string {
	said := strings.TrimSpace(string(f.exit.Result.Stderr))
	if said == "" {
		return fmt.Sprintf("exit status %d, and no word why", f.exit.Result.Exit)
	}
	lines := strings.Split(said, "\n")
	return fmt.Sprintf("exit status %d: %s", f.exit.Result.Exit, strings.Join(lines[max(0, len(lines)-3):], "; "))
}

func (f *failure) Unwrap() error { return f.exit }

// each runs f at the same time on the named nodes.
func (n *Nemesis) each(ctx context.Context, names []string, f func(ctx context.Context, on *node.Node) error) map[string]error {
	var nodes []*node.Node
	for _, on := range n.o.Nodes {
		if slices.Contains(names, on.Name) {
			nodes = append(nodes, on)
		}
	}
	return node.Each(ctx, nodes, f)
}

// inject does something to nodes under the protection of a lease: it is armed before, so that there is no moment at which
// the node is broken and nobody is bound to heal it.
func (n *Nemesis) inject(ctx context.Context, kind string, names []string, do func(ctx context.Context, on *node.Node) error) map[string]error {
	return n.each(ctx, names, func(ctx context.Context, on *node.Node) error {
		leave, err := n.enter(ctx, on)
		if err != nil {
			return err
		}
		defer leave()
		if n.ended() {
			return errors.New("not injected: the faults have ended")
		}
		n.mark(kind, on.Name, true)
		if err := n.arm(ctx, kind, on); err != nil {
			return err
		}
		return do(ctx, on)
	})
}

// mend heals one kind of fault on nodes, whether or not it is known to be on there, and lets its leases go.
func (n *Nemesis) mend(ctx context.Context, kind string, names []string, also func(ctx context.Context, on *node.Node) error) map[string]error {
	return n.each(ctx, names, func(ctx context.Context, on *node.Node) error {
		leave, err := n.enter(ctx, on)
		if err != nil {
			return err
		}
		defer leave()
		var errs []error
		if also != nil {
			errs = append(errs, also(ctx, on))
		}
		for _, s := range n.healing(kind, on) {
			_, err := n.run(ctx, on, s)
			errs = append(errs, err)
		}
		if err := errors.Join(errs...); err != nil {
			return err // the lease stays: it is the node's own last chance
		}
		return n.release(ctx, kind, on)
	})
}

// enter waits until nobody else injects or heals on a node. An operation that was given up may go on there: a heal that
// passed it would leave its fault behind.
func (n *Nemesis) enter(ctx context.Context, on *node.Node) (leave func(), err error) {
	busy := n.busy[on.Name]
	select {
	case busy <- struct{}{}:
		return func() { <-busy }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("an earlier operation goes on there: %w", ctx.Err())
	}
}

// mark notes whether a kind of fault may be on at a node.
func (n *Nemesis) mark(kind, name string, on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.on[kind] == nil {
		n.on[kind] = map[string]bool{}
	}
	if on {
		n.on[kind][name] = true
	} else {
		delete(n.on[kind], name)
	}
}

// isOn tells whether a kind of fault may be on at a node.
func (n *Nemesis) isOn(kind, name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.on[kind][name]
}

// primaries asks the database for its primaries.
func (n *Nemesis) primaries(ctx context.Context) ([]string, error) {
	if n.o.DB == nil || !n.o.DB.HasPrimaries() {
		return nil, errors.New("the target primaries needs a database that tells them (hint: db: primaries: in the plan)")
	}
	list, err := n.o.DB.Primaries(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for primaries: %w", err)
	}
	if len(list) == 0 {
		return nil, errors.New("there is no primary now")
	}
	var names []string
	for _, on := range list {
		names = append(names, on.Name)
	}
	slices.Sort(names)
	return names, known(names, n.names)
}

// choose are the nodes that a target means now.
func (n *Nemesis) choose(ctx context.Context, t Target) ([]string, error) {
	return t.names(n.names, func() ([]string, error) { return n.primaries(ctx) }, n.chance())
}

// chosen are the nodes that an operation's value means now.
func (n *Nemesis) chosen(ctx context.Context, v history.Value) ([]string, error) {
	t, err := targetOf(v)
	if err != nil {
		return nil, err
	}
	return n.choose(ctx, t)
}

// chosenOrAll is chosen, where a value that says nothing means all nodes: healing does.
func (n *Nemesis) chosenOrAll(ctx context.Context, v history.Value) ([]string, error) {
	if v.IsNil() {
		return n.names, nil
	}
	return n.chosen(ctx, v)
}

// chance is a source of randomness of its own for one choice, so that choices at the same time don't share one.
func (n *Nemesis) chance() *rand.Rand {
	n.mu.Lock()
	defer n.mu.Unlock()
	return rand.New(rand.NewPCG(n.rng.Uint64(), n.rng.Uint64()))
}

// fact is what is known of a node.
func (n *Nemesis) fact(name string) facts {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.facts[name]
}

// joinNodes is one error of those of several nodes, in the order of their names; nil if there are none.
func joinNodes(what string, errs map[string]error) error {
	var list []error
	for _, name := range sortedKeys(errs) {
		list = append(list, fmt.Errorf("%s: %s: %w", what, name, errs[name]))
	}
	return errors.Join(list...)
}
