package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
)

// defaultTimeout is how long an operation may take if the plan doesn't say.
const defaultTimeout = 5 * time.Second

// A Plan is the section client of a plan.
type Plan struct {
	Kind    string
	Timeout time.Duration // of each operation; never 0
	Section *plan.Node    // nil if the plan has none
	make    Maker
}

// A Use is what a driver is for.
type Use struct {
	Dir         string            // where the plan lies; files that it names are looked for there
	Nodes       []string          // names, in the order of the plan
	Addrs       map[string]string // by node: where the control node reaches it; a name alone if it is missing
	Concurrency int
	Workload    string          // which kind; "" if the plan has a generator of its own
	Options     []history.Field // of the workload: accounts, total, ...
	Seed        uint64
	Log         io.Writer // what the clients have to say; nil drops it
}

// Option is an option of the workload.
func (u Use) Option(name string) (history.Value, bool) {
	for _, f := range u.Options {
		if f.Name == name {
			return f.Value, true
		}
	}
	return history.Value{}, false
}

// Addr is where the control node reaches a node.
func (u Use) Addr(node string) string {
	if a := u.Addrs[node]; a != "" {
		return a
	}
	return node
}

// Process says for whom a session is opened: thread t of a run talks to node t mod n. A negative number, the nemesis', is
// of no node.
func (u Use) Process(number int32) Process {
	p := Process{Number: number, Concurrency: u.Concurrency, Nodes: u.Nodes}
	if len(u.Nodes) > 0 && number >= 0 {
		thread := int(number)
		if u.Concurrency > 0 {
			thread %= u.Concurrency
		}
		p.Node = u.Nodes[thread%len(u.Nodes)]
		p.Addr = u.Addr(p.Node)
	}
	return p
}

// A Maker makes the driver, once the section was read without mistakes.
type Maker func(u Use) (Driver, error)

// A Kind is one sort of client: a row of the table.
type Kind struct {
	Name string
	Doc  string // one line
	// Workloads are the kinds of workload that it knows; nil if it knows nothing of workloads, and any will do.
	Workloads []string
	// Options are the keys that the section may have besides kind and timeout, and what makes the driver of them.
	Options func() ([]plan.Field, Maker)
}

// Kinds is the table of clients.
func Kinds() []Kind {
	return []Kind{
		execKind(),
		memKind(),
		noopKind(),
		redisKind(),
		sqlKind(),
		etcdKind(),
		httpKind(),
	}
}

// Read reads the section client as `client:` of a plan has it. A nil node gives a Plan without a driver.
func Read(n *plan.Node, p *plan.Problems) Plan {
	c := Plan{Timeout: defaultTimeout, Section: n}
	if n == nil {
		return c
	}
	kinds := Kinds()
	var names []string
	var own []plan.Field
	said := n.Get("kind")
	for _, k := range kinds {
		names = append(names, k.Name)
		if said != nil && said.Kind == plan.Scalar && said.Text == k.Name {
			own, c.make = k.Options()
		}
	}
	rows := append([]plan.Field{
		{Key: "kind", Doc: "which client: " + strings.Join(names, ", "), Required: true, Read: plan.OneOf(&c.Kind, names...)},
		{Key: "timeout", Doc: "how long an operation may take before it counts as unknown (5s)", Read: timeout(&c.Timeout)},
	}, own...)
	if c.make == nil && n.Kind == plan.Map { // which keys are right depends on the kind
		rows = append(rows, unread(n, rows)...)
	}
	n.Fields(p, "client", rows...)
	return c
}

// unread are rows for keys that nobody can judge.
func unread(n *plan.Node, known []plan.Field) (rows []plan.Field) {
	for _, pair := range n.Pairs {
		if pair.Key != known[0].Key && pair.Key != known[1].Key {
			rows = append(rows, plan.Field{Key: pair.Key, Read: func(*plan.Node, *plan.Problems) {}})
		}
	}
	return rows
}

// timeout reads a duration that is more than nothing.
func timeout(d *time.Duration) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		before := *d
		plan.Duration(d)(n, p)
		if *d == 0 {
			p.Add(n.Pos, "5s, say", "a timeout of nothing")
			*d = before
		}
	}
}

// errNoClient is a plan without the section.
var errNoClient = errors.New("the plan has no section client (hint: client: {kind: redis}, say)")

// Driver is the driver that the plan asks for.
func (c Plan) Driver(u Use) (Driver, error) {
	if c.make == nil {
		return nil, errNoClient
	}
	if err := c.Fits(u.Workload); err != nil {
		return nil, err
	}
	return c.make(u)
}

// Fits tells whether the client knows a kind of workload; "" is a generator of the plan's own, which fits all.
func (c Plan) Fits(workload string) error {
	for _, k := range Kinds() {
		if k.Name != c.Kind || k.Workloads == nil || workload == "" {
			continue
		}
		for _, w := range k.Workloads {
			if w == workload {
				return nil
			}
		}
		return fmt.Errorf("client %s doesn't know the workload %s (hint: it knows %s)", c.Kind, workload, strings.Join(k.Workloads, ", "))
	}
	return nil
}

// noopKind is the row of a client that does nothing.
func noopKind() Kind {
	return Kind{Name: "noop", Doc: "does nothing, and says ok: for measuring, and for trying a generator", Options: func() ([]plan.Field, Maker) {
		return nil, func(Use) (Driver, error) { return Noop{}, nil }
	}}
}

// Noop is a driver, and the session of each process, that does nothing and says ok.
type Noop struct{}

// Setup does nothing.
func (Noop) Setup(context.Context, Process) error { return nil }

// Open gives the driver itself.
func (n Noop) Open(context.Context, Process) (Session, error) { return n, nil }

// Teardown does nothing.
func (Noop) Teardown(context.Context, Process) error { return nil }

// Invoke says ok with the value that was asked for.
func (Noop) Invoke(_ context.Context, c Call) Outcome {
	return Outcome{Type: history.OK, Value: c.Value}
}

// Close does nothing.
func (Noop) Close() error { return nil }
