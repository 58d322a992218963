package workload

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
)

// read1 reads a section, which has no mistakes.
func read1(t *testing.T, text string) Plan {
	t.Helper()
	var p plan.Problems
	w := Read(plan.Parse("plan.yaml", []byte(text), &p), &p)
	if list, _ := p.Sorted(); len(list) > 0 {
		t.Fatalf("%s: %v", text, list)
	}
	return w
}

// answers is what a database says to operations.
type answers func(generator.Op, *generator.Dice) generator.Op

// object is a database in memory that keeps what the plan of a client promises.
func object(t *testing.T, w Plan, faults string) answers {
	t.Helper()
	var p plan.Problems
	c := client.Read(plan.Parse("client.yaml", []byte("{kind: mem"+faults+"}"), &p), &p)
	if p.Any() {
		t.Fatal(p.Sorted())
	}
	driver, err := c.Driver(client.Use{Concurrency: clients, Workload: w.Kind, Options: w.Options, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	sessions := make(map[int32]client.Session)
	return func(op generator.Op, _ *generator.Dice) generator.Op {
		s, ok := sessions[op.Process]
		if !ok {
			if s, err = driver.Open(t.Context(), client.Process{Number: op.Process}); err != nil {
				t.Fatal(err)
			}
			sessions[op.Process] = s
		}
		out := s.Invoke(t.Context(), client.Call{F: op.F, Value: op.Value, Key: op.Key, Extra: op.Extra, Process: op.Process})
		op.Type = out.Type
		if out.Type == history.OK {
			op.Value = out.Value
		}
		op.Extra = append(op.Extra[:len(op.Extra):len(op.Extra)], out.Extra...)
		return op
	}
}

// clients is how many there are in these tests.
const clients = 6

// simulated is the history of a workload against a database in memory.
func simulated(t *testing.T, w Plan, db answers, seed uint64) (*history.History, Work) {
	t.Helper()
	work, err := w.Work(Setting{Concurrency: clients})
	if err != nil {
		t.Fatal(err)
	}
	g := generator.ForClients(generator.Limit(1500, work.Generator))
	if work.Final != nil {
		g = generator.Phases(g, work.Final)
	}
	s := generator.Simulation{Concurrency: clients, Nemesis: true, Seed: seed, Complete: db,
		LatencyNS: func(_ generator.Op, d *generator.Dice) int64 { return 1_000_000 + d.Int64N(10_000_000) }}
	ops, err := s.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.FromOps(generator.History(ops))
	if err != nil {
		t.Fatal(err)
	}
	return h, work
}

// judged is the verdict of the workload's own checks.
func judged(t *testing.T, h *history.History, work Work) (verdict check.Verdict, told string) {
	t.Helper()
	verdict = check.Valid
	var lines []string
	for _, c := range work.Checks {
		row, ok := all.Find(c.Name)
		if !ok {
			t.Fatalf("there is no checker %s", c.Name)
		}
		r, err := row.Run(context.Background(), h, all.Values(c.Values))
		if err != nil {
			t.Fatal(err)
		}
		verdict = check.Worse(verdict, r.Verdict)
		lines = append(lines, fmt.Sprintf("%s: %s %v", c.Name, r.Verdict, r.Reasons))
	}
	return verdict, strings.Join(lines, "; ")
}

// Without this a workload could give operations that its checker doesn't read, call a good database bad, or find nothing
// in a bad one.
func TestVerdicts(t *testing.T) {
	for _, kind := range Kinds() {
		if kind.Name == "g2" {
			continue // the database in memory has no predicates; see TestOddObjects
		}
		w := read1(t, "{kind: "+kind.Name+"}")
		for _, seed := range []uint64{1, 2} {
			h, work := simulated(t, w, object(t, w, ""), seed)
			if got, told := judged(t, h, work); got != check.Valid {
				t.Errorf("%s against a correct database: %s", kind.Name, told)
			}
		}
		h, work := simulated(t, w, object(t, w, ", faults: {lose: 0.3}"), 3)
		if got, told := judged(t, h, work); got != check.Invalid && kind.Name != "long-fork" && kind.Name != "mutex" { // see TestOddObjects
			t.Errorf("%s against one that loses writes: %s", kind.Name, told)
		}
		h, work = simulated(t, w, object(t, w, ", faults: {crash: 0.05, fail: 0.05}"), 4)
		if got, told := judged(t, h, work); got == check.Invalid {
			t.Errorf("%s against one that crashes: %s", kind.Name, told)
		}
	}
}

// ok is an operation that succeeded.
func ok(op generator.Op, v history.Value) generator.Op {
	op.Type, op.Value = history.OK, v
	return op
}

// inserted has rows of a key; it lets a second one in if it is careless.
func inserted(careless bool) answers {
	has := make(map[string]bool)
	return func(op generator.Op, _ *generator.Dice) generator.Op {
		key := op.Key.String()
		if has[key] && !careless {
			op.Type = history.Fail
			return op
		}
		has[key] = true
		return ok(op, op.Value)
	}
}

// forked has a key as soon as it is written; if it is careless, every other process sees only those with an even number, the
// others those with an odd one, for a while.
func forked(careless bool) answers {
	next := 0
	written := make(map[string]bool)
	return func(op generator.Op, _ *generator.Dice) generator.Op {
		if op.F == "write" {
			next++
			written[op.Value.Items[0].Items[1].String()] = true
			return ok(op, op.Value)
		}
		var mops []history.Value
		for _, m := range op.Value.Items {
			hidden := careless && m.Items[1].Int()%2 == int64(op.Process%2) && m.Items[1].Int() > int64(next-6)
			var v history.Value
			if written[m.Items[1].String()] && !hidden {
				v = number(1)
			}
			mops = append(mops, vector(m.Items[0], m.Items[1], v))
		}
		return ok(op, vector(mops...))
	}
}

// locked is a lock; if it is careless, it gives itself to another now and then.
func locked(careless bool) answers {
	held := make(map[int32]bool)
	return func(op generator.Op, d *generator.Dice) generator.Op {
		switch {
		case op.F == "acquire" && (len(held) == 0 || careless && d.IntN(20) == 0):
			held[op.Process] = true
		case op.F == "release" && held[op.Process]:
			delete(held, op.Process)
		default:
			op.Type = history.Fail
			return op
		}
		return ok(op, op.Value)
	}
}

// Without this the workloads g2, long-fork and mutex could miss just what they are for.
func TestOddObjects(t *testing.T) {
	for kind, db := range map[string]func(bool) answers{"g2": inserted, "long-fork": forked, "mutex": locked} {
		for careless, want := range map[bool]check.Verdict{false: check.Valid, true: check.Invalid} {
			h, work := simulated(t, read1(t, "{kind: "+kind+"}"), db(careless), 1)
			if got, told := judged(t, h, work); got != want {
				t.Errorf("%s, careless %t: got %s, want %s", kind, careless, told, want)
			}
		}
	}
}
