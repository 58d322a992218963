package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// memOptions are the keys of client mem.
type memOptions struct {
	object                  string
	latency                 time.Duration
	lose, crash, fail, deny float64
}

// memKind is the row of a database in the control process: correct, unless the plan asks it not to be.
func memKind() Kind {
	return Kind{
		Name: "mem", Doc: "a correct database inside jcollect itself, with faults on request: for trying plans and checkers",
		Options: func() ([]plan.Field, Maker) {
			var o memOptions
			var objects []string
			for _, row := range memObjects() {
				objects = append(objects, row.name)
			}
			faults := []plan.Field{
				{Key: "lose", Doc: "chance that a write is acknowledged and forgotten", Read: plan.Float(&o.lose, 0, 1)},
				{Key: "crash", Doc: "chance that the outcome is unknown; it happened or not", Read: plan.Float(&o.crash, 0, 1)},
				{Key: "fail", Doc: "chance that an operation fails without effect", Read: plan.Float(&o.fail, 0, 1)},
				{Key: "deny", Doc: "chance that a client can't connect", Read: plan.Float(&o.deny, 0, 1)},
			}
			rows := []plan.Field{
				{Key: "object", Doc: "what it holds, if the plan has no workload to tell (register)", Read: plan.OneOf(&o.object, objects...)},
				{Key: "latency", Doc: "how long an operation takes on average (no time at all)", Read: plan.Duration(&o.latency)},
				{Key: "faults", Doc: "how often it breaks its word: lose, crash, fail, deny", Read: func(n *plan.Node, p *plan.Problems) {
					n.Fields(p, "client faults", faults...)
				}},
			}
			return rows, func(u Use) (Driver, error) { return newMem(o, u) }
		},
	}
}

// A mem is a database in the memory of this process: one object, or one for each independent key.
type mem struct {
	o    memOptions
	seed uint64
	make func() object

	mu      sync.Mutex
	objects map[string]object // by the key's canonical form; "" without keys
}

// An object answers calls one after another. If lose, it acknowledges what the call writes, and forgets it.
type object func(c Call, lose bool) Outcome

// newMem makes the object that the workload needs.
func newMem(o memOptions, u Use) (*mem, error) {
	name := o.object
	if name == "" {
		name = u.Workload
	}
	if name == "" {
		name = "register"
	}
	var known []string
	for _, row := range memObjects() {
		known = append(known, row.name)
		if slices.Contains(append(row.workloads, row.name), name) {
			return &mem{o: o, seed: u.Seed, make: func() object { return row.make(u) }, objects: make(map[string]object)}, nil
		}
	}
	return nil, fmt.Errorf("client mem has no object for the workload %s (hint: object: one of %v)", name, known)
}

// Setup does nothing: objects are there when they are asked for.
func (m *mem) Setup(context.Context, Process) error { return nil }

// Teardown forgets everything.
func (m *mem) Teardown(context.Context, Process) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects = make(map[string]object)
	return nil
}

// Open begins a session, whose luck depends on the seed and the process alone.
func (m *mem) Open(_ context.Context, p Process) (Session, error) {
	s := &memSession{mem: m, rand: rand.New(rand.NewPCG(m.seed, uint64(p.Number)))}
	if s.rand.Float64() < m.o.deny {
		return nil, fmt.Errorf("mem denies process %d", p.Number)
	}
	return s, nil
}

// apply has the object of the call's key answer it.
func (m *mem) apply(c Call, lose bool) Outcome {
	key := ""
	if c.Key != nil {
		key = string(edn.AppendCanonical(nil, *c.Key))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		o = m.make()
		m.objects[key] = o
	}
	return o(c, lose)
}

// A memSession is one process's.
type memSession struct {
	mem  *mem
	rand *rand.Rand
}

// Invoke lets the call take effect at some moment between its beginning and its end.
func (s *memSession) Invoke(ctx context.Context, c Call) Outcome {
	o := s.mem.o
	if !s.pause(ctx, o.latency) {
		return Outcome{Type: history.Fail, Error: keyed("timeout", "before it began")}
	}
	luck := s.rand.Float64()
	switch {
	case luck < o.fail:
		return Outcome{Type: history.Fail, Error: keyed("unlucky")}
	case luck < o.fail+o.crash/2:
		return Outcome{Type: history.Info, Error: keyed("crashed")}
	}
	out := s.mem.apply(c, s.rand.Float64() < o.lose)
	if luck < o.fail+o.crash {
		return Outcome{Type: history.Info, Error: keyed("crashed")}
	}
	if !s.pause(ctx, o.latency) && out.Type == history.OK {
		return Outcome{Type: history.Info, Error: keyed("timeout")}
	}
	return out
}

// pause takes half of the latency on average; false if ctx ended first.
func (s *memSession) pause(ctx context.Context, latency time.Duration) bool {
	if latency <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(time.Duration(s.rand.Int64N(int64(latency) + 1)))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Close does nothing.
func (s *memSession) Close() error { return nil }

// keyed is an error as histories have it: a keyword, and texts that say more.
func keyed(code string, texts ...string) history.Value {
	items := []history.Value{edn.NewKeyword(code)}
	for _, t := range texts {
		items = append(items, edn.NewString(t))
	}
	return edn.NewVector(items)
}
