//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"jcheck/internal/sim/objects"
)

// contest is a history that both checkers of linearizability are given.
type contest struct {
	name string
	objects.Options
}

// contests are the rows of the table, in its order.
func contests() []contest {
	cas := func(clients, ops int) objects.Options {
		return objects.Options{Kind: objects.CASRegister, Clients: clients, Ops: ops, Seed: 1}
	}
	few := func(crashed int) objects.Options {
		return objects.Options{Kind: objects.CASRegister, Clients: 10, Ops: 1000, Values: 8, Crashed: crashed, Seed: 1, Invalid: true}
	}
	wrong := func(o objects.Options, values int) objects.Options {
		o.Values, o.Invalid = values, true
		return o
	}
	foreign := func(o objects.Options) objects.Options {
		o.Foreign = true
		return o
	}
	rows := []contest{
		{"cas-register, 5 clients", cas(5, 1*k)}, {"cas-register, 5 clients", cas(5, 10*k)},
		{"cas-register, 5 clients", cas(5, 100*k)}, {"cas-register, 5 clients", cas(5, 1*m)},
		{"cas-register, 5 clients", wrong(cas(5, 100*k), 8)},
		{"cas-register, 10 clients", cas(10, 2*k)}, {"cas-register, 10 clients", wrong(cas(10, 2*k), 8)},
		{"cas-register, 20 clients", cas(20, 2*k)}, {"cas-register, 20 clients", wrong(cas(20, 2*k), 8)},
		{"cas-register, 40 clients", cas(40, 2*k)}, {"cas-register, 40 clients", wrong(cas(40, 2*k), 8)},
		{"cas-register, 100 clients", cas(100, 2*k)}, {"cas-register, 100 clients, a value that nobody wrote", foreign(cas(100, 2*k))},
	}
	for _, crashed := range []int{0, 5, 10, 20} {
		rows = append(rows, contest{fmt.Sprintf("cas-register, 10 clients, %d crashed", crashed), few(crashed)})
	}
	hard, wide := few(50), few(50)
	hard.Values, wide.Values, wide.Seed = 12, 32, 2
	rows = append(rows, contest{"cas-register, 10 clients, 50 crashed, 32 values", wide}, contest{"cas-register, 10 clients, 50 crashed, 12 values", hard})
	for _, n := range []int{1 * k, 10 * k, 100 * k, 1 * m} {
		rows = append(rows, contest{"register, each value written once, 20 clients", objects.Options{Kind: objects.UniqueRegister, Clients: 20, Ops: n, Seed: 1}})
	}
	for _, row := range []struct {
		name    string
		kind    objects.Kind
		clients int
	}{{"fifo queue, 3 clients", objects.Queue, 3}, {"stack, 3 clients", objects.Stack, 3}, {"stack, 5 clients", objects.Stack, 5}, {"priority queue, 20 clients", objects.PriorityQueue, 20}} {
		o := objects.Options{Kind: row.kind, Clients: row.clients, Ops: 500, Seed: 1}
		large := o
		large.Ops, large.Clients = 1*m, 20
		rows = append(rows, contest{row.name, o}, contest{row.name, wrong(o, 0)})
		if row.clients != 5 {
			name, _, _ := strings.Cut(row.name, ",")
			rows = append(rows, contest{name + ", 20 clients", large})
		}
	}
	return append(rows,
		contest{"kv of 16 keys, 20 clients", objects.Options{Kind: objects.KV, Clients: 20, Ops: 10 * k, Seed: 1}},
		contest{"kv of 16 keys, 20 clients", objects.Options{Kind: objects.KV, Clients: 20, Ops: 1 * m, Seed: 1}},
		contest{"grow-only set, 10 clients", objects.Options{Kind: objects.Set, Clients: 10, Ops: 500, Seed: 1}},
		contest{"grow-only set, 20 clients", objects.Options{Kind: objects.Set, Clients: 20, Ops: 20 * k, Reads: 20, Seed: 1}},
	)
}

// want is the verdict that is known by construction.
func (c contest) want() string {
	if c.Invalid || c.Foreign {
		return "invalid"
	}
	return "valid"
}

// known is the verdict, unless no checker came to one: an invalid history is only meant to be so.
func (c contest) known(all ...ended) string {
	if c.Invalid && !slices.ContainsFunc(all, ended.decided) {
		return "not decided"
	}
	return c.want()
}

// ended is how one checker fared.
type ended struct {
	verdict string // or "time", "memory": the limit that it ran into
	calls   int
	cpu     time.Duration
	memory  int64
}

func (e ended) decided() bool { return e.verdict == "valid" || e.verdict == "invalid" }

// String is the two cells of the table.
func (e ended) String() string {
	switch e.verdict {
	case "time", "memory":
		return fmt.Sprintf("**out of %s** | %s", e.verdict, size(e.memory))
	case "unknown":
		return fmt.Sprintf("unknown, %s | %s", duration(e.cpu), size(e.memory))
	}
	return fmt.Sprintf("%s | %s", duration(e.cpu), size(e.memory))
}

// arena runs contests.
type arena struct {
	only   string
	limits limits
	wrong  []string
}

// limits end a checker.
type limits struct {
	cpu    time.Duration
	memory int64
}

// run prints the table.
func (a *arena) run() (int, error) {
	fmt.Printf("Each checker in a process of its own, up to %s of CPU and %s. CPU is that of checking alone: user and system time of all threads.\n",
		duration(a.limits.cpu), size(a.limits.memory))
	fmt.Println("Memory is what was resident at most meanwhile, the history included, but no mapped file.")
	fmt.Printf("\n| history | calls | verdict | jcheck | memory | with a counterexample | Porcupine | memory |\n|---|---|---|---|---|---|---|---|\n")
	for i, c := range contests() {
		if !strings.Contains(c.name, a.only) {
			continue
		}
		ours, err := a.best(i, "jcheck")
		if err != nil {
			return 254, err
		}
		story := blank
		if ours.verdict == "invalid" {
			whole, err := a.best(i, "story")
			if err != nil {
				return 254, err
			}
			story, _, _ = strings.Cut(whole.String(), " |")
		}
		theirs, err := a.best(i, "porcupine")
		if err != nil {
			return 254, err
		}
		fmt.Printf("| %s | %d | %s | %s | %s | %s |\n", c.name, ours.calls, c.known(ours, theirs), ours, story, theirs)
		a.compare(c, "jcheck", ours)
		a.compare(c, "Porcupine", theirs)
	}
	for _, text := range a.wrong {
		fmt.Println("wrong:", text)
	}
	return min(len(a.wrong), 1), nil
}

// compare notes a verdict that isn't what it should be.
func (a *arena) compare(c contest, who string, e ended) {
	if e.decided() && e.verdict != c.want() {
		a.wrong = append(a.wrong, fmt.Sprintf("%s says that %s of %d calls is %s", who, c.name, e.calls, e.verdict))
	}
}

// best is the median by CPU of three runs, or the only one if it takes long.
func (a *arena) best(i int, who string) (ended, error) {
	var runs []ended
	for range 3 {
		e, err := a.child(i, who)
		if err != nil {
			return e, err
		}
		if runs = append(runs, e); e.cpu > time.Second {
			return e, nil
		}
	}
	slices.SortFunc(runs, func(a, b ended) int { return int(a.cpu - b.cpu) })
	return runs[1], nil
}

// child runs a checker in a process of its own, which keeps the limits by itself.
func (a *arena) child(i int, who string) (ended, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*a.limits.cpu)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "contest", strconv.Itoa(i), who, a.limits.cpu.String(), strconv.FormatInt(a.limits.memory, 10))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return ended{}, fmt.Errorf("contest %d by %s: %w", i, who, err)
	}
	var e ended
	var cpu int64
	if _, err := fmt.Fscan(bytes.NewReader(out), &e.verdict, &e.calls, &cpu, &e.memory); err != nil {
		return e, fmt.Errorf("contest %d by %s answers %q: %w", i, who, out, err)
	}
	e.cpu = time.Duration(cpu)
	return e, nil
}
