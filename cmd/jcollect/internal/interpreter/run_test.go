package interpreter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/history"
	"jcheck/internal/edn"
)

// memory is a sink that keeps what it gets.
type memory struct {
	mu      sync.Mutex
	ops     []history.Op
	flushed []int         // how many there were at each flush
	slow    time.Duration // how long a write takes
	full    int           // after how many it fails; 0 never
}

func (m *memory) Write(op history.Op) error {
	time.Sleep(m.slow)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full > 0 && len(m.ops) == m.full {
		return errors.New("disk full")
	}
	m.ops = append(m.ops, op)
	return nil
}

func (m *memory) Flush() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flushed = append(m.flushed, len(m.ops))
	return nil
}

// lines are the operations, short: time in ms, process, type, f, value, extra fields.
func (m *memory) lines() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lines []string
	for _, op := range m.ops {
		line := fmt.Sprintf("%d %s %s %s %s", op.Time/1e6, op.Process, op.Type, op.F.Text, op.Value)
		for _, f := range op.Extra {
			line += fmt.Sprintf(" %s=%s", f.Name, f.Value)
		}
		lines = append(lines, line)
	}
	return lines
}

// scripted is a driver whose sessions do what a function says.
type scripted struct {
	open   func(p client.Process) error
	invoke func(ctx context.Context, s *script, c client.Call) client.Outcome
	close  func(s *script) error

	mu     sync.Mutex
	opened []int32
	closed []int32
}

// script is a session of it.
type script struct {
	driver *scripted
	p      client.Process
	calls  int
	closed chan struct{}
}

func (d *scripted) Setup(context.Context, client.Process) error    { return nil }
func (d *scripted) Teardown(context.Context, client.Process) error { return nil }
func (d *scripted) Open(_ context.Context, p client.Process) (client.Session, error) {
	if d.open != nil {
		if err := d.open(p); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = append(d.opened, p.Number)
	return &script{driver: d, p: p, closed: make(chan struct{})}, nil
}

func (s *script) Invoke(ctx context.Context, c client.Call) client.Outcome {
	s.calls++
	if s.driver.invoke == nil {
		return okay(c)
	}
	return s.driver.invoke(ctx, s, c)
}

func (s *script) Close() error {
	s.driver.mu.Lock()
	s.driver.closed = append(s.driver.closed, s.p.Number)
	s.driver.mu.Unlock()
	close(s.closed)
	if s.driver.close != nil {
		return s.driver.close(s)
	}
	return nil
}

func okay(c client.Call) client.Outcome { return client.Outcome{Type: history.OK, Value: c.Value} }

// after is ok after a time, or info if that is up before.
func after(ctx context.Context, d time.Duration, c client.Call) client.Outcome {
	select {
	case <-time.After(d):
		return okay(c)
	case <-ctx.Done():
		return client.Outcome{Type: history.Info}
	}
}

func do(f string, extra ...history.Field) generator.Generator {
	return generator.Do(generator.Template{F: f, Extra: extra})
}

// at emits operations at times of their own, in ms, each by the given process.
type at []struct {
	ms      int64
	process int32
	f       string
}

func (a at) Op(ctx generator.Context) (generator.Op, generator.Status, generator.Generator) {
	if len(a) == 0 {
		return generator.Op{}, generator.Done, nil
	}
	if p := ctx.Process(ctx.Thread(a[0].process)); p != a[0].process || !ctx.Free().Has(ctx.Thread(p)) {
		return generator.Op{}, generator.Pending, a
	}
	op := generator.Op{Template: generator.Template{F: a[0].f}, Process: a[0].process, TimeNS: max(ctx.TimeNS, a[0].ms*1e6)}
	if op.Process == generator.Nemesis {
		op.Type = history.Info
	}
	return op, generator.Ready, a[1:]
}

func (a at) Update(generator.Context, generator.Op) generator.Generator { return a }

// options are for n clients, with a fake clock.
func options(g generator.Generator, n int, d client.Driver) (Options, *memory) {
	m := &memory{}
	return Options{Generator: g, Driver: d, Sink: m, coarse: true, Use: client.Use{Concurrency: n, Nodes: []string{"n1", "n2"}}}, m
}

// play runs with a fake clock, wants that no goroutine is left, and returns the history.
func play(t *testing.T, g generator.Generator, n int, d client.Driver, change func(o *Options)) (lines []string, sum Summary, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { // fails if a goroutine of ours is left
		o, m := options(g, n, d)
		if change != nil {
			change(&o)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // a process that never comes
		defer cancel()
		sum, err = Run(ctx, o)
		lines = m.lines()
		if got := int64(len(m.ops)); err == nil && (got != sum.Ops || sum.Invoked != sum.OK+sum.Fail+sum.Info+sum.Open) {
			t.Errorf("the history has %d lines, and the summary is %+v", got, sum)
		}
		for i, op := range m.ops {
			if op.Index != int64(i) || i > 0 && op.Time <= m.ops[i-1].Time {
				t.Errorf("operation %d has index %d, and time %d", i, op.Index, op.Time)
			}
		}
	})
	return lines, sum, err
}

// wantLines wants this history.
func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("history (-got +want):\n%s", diff)
	}
}

// Without this an operation could begin before or after its time, or wait for one that it has nothing to do with.
func TestTimes(t *testing.T) {
	d := &scripted{invoke: func(ctx context.Context, _ *script, c client.Call) client.Outcome {
		return after(ctx, map[string]time.Duration{"slow": 100 * time.Millisecond, "quick": 10 * time.Millisecond}[c.F], c)
	}}
	g := at{{5, 0, "slow"}, {20, 1, "quick"}, {40, 1, "quick"}, {60, 0, "quick"}}
	lines, sum, err := play(t, g, 2, d, nil)
	if err != nil || sum.Took != 115*time.Millisecond || sum.OK != 4 {
		t.Errorf("got %+v, %v", sum, err)
	}
	wantLines(t, lines, "5 0 invoke slow nil", "20 1 invoke quick nil", "30 1 ok quick nil", "40 1 invoke quick nil", "50 1 ok quick nil",
		"105 0 ok slow nil", "105 0 invoke quick nil", "115 0 ok quick nil")
}

// Without this a crashed process could go on, its successor be of another thread or node, or use the crashed one's client.
func TestCrash(t *testing.T) {
	nodes := make(map[int32]string)
	d := &scripted{open: func(p client.Process) error {
		nodes[p.Number] = p.Node
		return nil
	}, invoke: func(_ context.Context, s *script, c client.Call) client.Outcome {
		switch {
		case s.p.Number == 1:
			return client.Outcome{Type: history.Info, Error: edn.NewKeyword("gone")}
		case s.p.Number == 4:
			return client.Outcome{Type: history.OK, Value: edn.NewInt(int64(s.calls)), EndProcess: true}
		}
		return client.Outcome{Type: history.OK, Value: edn.NewInt(int64(s.calls))}
	}}
	g := at{{0, 1, "a"}, {10, 4, "b"}, {20, 7, "c"}, {30, 7, "d"}, {40, 0, "e"}}
	lines, _, err := play(t, g, 3, d, nil)
	if err != nil {
		t.Error(err)
	}
	wantLines(t, lines, "0 1 invoke a nil", "0 1 info a nil error=:gone", "10 4 invoke b nil", "10 4 ok b 1 end-process?=true",
		"20 7 invoke c nil", "20 7 ok c 1", "30 7 invoke d nil", "30 7 ok d 2", "40 0 invoke e nil", "40 0 ok e 1")
	if diff := cmp.Diff(nodes, map[int32]string{0: "n1", 1: "n2", 4: "n2", 7: "n2"}); diff != "" {
		t.Errorf("nodes:\n%s", diff)
	}
	if diff := cmp.Diff([][]int32{d.opened, d.closed[:2]}, [][]int32{{1, 4, 7, 0}, {1, 4}}); diff != "" || len(d.closed) != 4 {
		t.Errorf("opened and closed:\n%s\n%v", diff, d.closed)
	}
}

// Without this a client that breaks the rules could end or hang a run, spoil its history, or be believed.
func TestHostileClients(t *testing.T) {
	deep := edn.Value{}
	for range 600 {
		deep = edn.NewVector([]history.Value{deep})
	}
	for _, c := range []struct {
		name   string
		invoke func(ctx context.Context, s *script, c client.Call) client.Outcome
		want   string // the completion of the first operation
		next   int32  // and the process of the operation after it
	}{
		{"no type", func(context.Context, *script, client.Call) client.Outcome { return client.Outcome{} }, "0 0 info a nil error=[:malformed-completion", 2},
		{"odd type", func(context.Context, *script, client.Call) client.Outcome { return client.Outcome{Type: 9} }, "0 0 info a nil error=[:malformed-completion", 2},
		{"deep value", func(context.Context, *script, client.Call) client.Outcome {
			return client.Outcome{Type: history.OK, Value: deep}
		}, "0 0 info a nil error=[:malformed-completion", 2},
		{"time is up", func(ctx context.Context, _ *script, c client.Call) client.Outcome { return after(ctx, time.Hour, c) },
			"3000 0 info a nil error=:timeout", 2},
		{"answers at the last moment", func(_ context.Context, _ *script, c client.Call) client.Outcome {
			time.Sleep(3500 * time.Millisecond)
			return okay(c)
		}, "3500 0 ok a nil", 0},
		{"answers too late", func(_ context.Context, _ *script, c client.Call) client.Outcome {
			time.Sleep(5 * time.Second)
			return okay(c)
		}, `4000 0 info a nil error=[:timeout "and the client went on"]`, 2},
		{"never answers", func(_ context.Context, s *script, c client.Call) client.Outcome {
			<-s.closed // nothing but Close helps
			return okay(c)
		}, `4000 0 info a nil error=[:timeout`, 2},
		{"fails", func(context.Context, *script, client.Call) client.Outcome {
			return client.Outcome{Type: history.Fail, Value: edn.NewInt(7), Error: edn.NewString("no")}
		}, `0 0 fail a nil error="no"`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &scripted{invoke: func(ctx context.Context, s *script, call client.Call) client.Outcome {
				if call.F == "a" {
					return c.invoke(ctx, s, call)
				}
				return okay(call)
			}}
			g := at{{0, 0, "a"}, {9000, c.next, "b"}}
			lines, sum, err := play(t, g, 2, d, func(o *Options) { o.Timeout = 3 * time.Second })
			if err != nil || len(lines) != 4 || !strings.HasPrefix(lines[1], c.want) || sum.Open != 0 {
				t.Errorf("got %+v, %v\n%s\nwant a line %s", sum, err, strings.Join(lines, "\n"), c.want)
			}
		})
	}
}

// panicking is a generator with a bug.
type panicking struct{}

func (panicking) Op(generator.Context) (generator.Op, generator.Status, generator.Generator) {
	panic("oops")
}
func (p panicking) Update(generator.Context, generator.Op) generator.Generator { return p }

// Without this a bug of ours in a client or generator could take the history with it, or pass for the database's fault.
func TestPanics(t *testing.T) {
	d := &scripted{invoke: func(ctx context.Context, s *script, c client.Call) client.Outcome {
		if c.F == "bad" {
			panic("oops")
		}
		return after(ctx, 30*time.Millisecond, c)
	}}
	var bug *InternalError
	lines, _, err := play(t, at{{0, 0, "a"}, {10, 1, "bad"}, {500, 1, "b"}}, 2, d, nil)
	if !errors.As(err, &bug) || !strings.Contains(err.Error(), "oops") || !strings.Contains(string(bug.Stack), "run_test.go") {
		t.Errorf("got %v, want an internal error with its stack", err)
	}
	wantLines(t, lines, "0 0 invoke a nil", "10 1 invoke bad nil", `10 1 info bad nil error=[:panic "oops"]`, "30 0 ok a nil")

	lines, _, err = play(t, generator.Concat(do("a"), panicking{}), 1, &scripted{}, nil)
	if !errors.As(err, &bug) {
		t.Errorf("got %v, want an internal error", err)
	}
	wantLines(t, lines, "0 0 invoke a nil", "0 0 ok a nil")

	d = &scripted{close: func(*script) error { panic("oops") }}
	if _, _, err = play(t, do("a"), 1, d, nil); err != nil {
		t.Errorf("a panic in Close: got %v, want none", err)
	}
}

// Without this a node that is down would end clients, fill the history at full speed, or the log with one line each.
func TestRefusedClients(t *testing.T) {
	tries := 0
	d := &scripted{open: func(p client.Process) error {
		if tries++; tries < 4 {
			return errors.New("connection refused")
		}
		return nil
	}}
	var log strings.Builder
	lines, sum, err := play(t, generator.Limit(4, generator.Repeat(do("a"))), 1, d, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	if err != nil || sum.Fail != 3 {
		t.Errorf("got %+v, %v", sum, err)
	}
	refused := ` error=[:no-client "connection refused"]`
	wantLines(t, lines, "0 0 invoke a nil", "0 0 fail a nil"+refused, "0 0 invoke a nil", "1 0 fail a nil"+refused, "1 0 invoke a nil",
		"3 0 fail a nil"+refused, "3 0 invoke a nil", "7 0 ok a nil")
	if n := strings.Count(log.String(), "connection refused"); n != 1 {
		t.Errorf("it was logged %d times:\n%s", n, log.String())
	}
}

// distant is a database that takes 60 ms to connect to, and can't be reached in the first two minutes.
type distant struct {
	*scripted
	begun time.Time
}

func (d distant) Open(ctx context.Context, p client.Process) (client.Session, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(60 * time.Millisecond):
	}
	if time.Since(d.begun) < 2*time.Minute {
		return nil, errors.New("connection refused")
	}
	return d.scripted.Open(ctx, p)
}

// Without this a client that was refused for a while would be so for ever, where its operations have little time: what
// it has to wait before it tries again would leave none to connect in. The final reads of such a run would all fail.
func TestRefusalsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, _ := options(generator.TimeLimit(3*time.Minute, generator.Repeat(do("a"))), 1, distant{&scripted{invoke: func(ctx context.Context, s *script, c client.Call) client.Outcome {
			return after(ctx, 40*time.Millisecond, c)
		}}, time.Now()})
		o.Timeout = 100 * time.Millisecond
		sum, err := Run(t.Context(), o)
		if err != nil || sum.OK < 1000 || sum.Abandoned > 0 {
			t.Errorf("got %+v, %v, want every operation of the last minute to succeed", sum, err)
		}
	})
}

// Without this the end of a run from outside could cut operations off that would have ended, wait for those that
// don't, or begin new ones.
func TestStop(t *testing.T) {
	d := &scripted{invoke: func(ctx context.Context, s *script, c client.Call) client.Outcome {
		switch c.F {
		case "short":
			return after(ctx, time.Second, c)
		case "long":
			return after(ctx, 20*time.Second, c)
		default: // deaf until it is closed
			<-s.closed
			return okay(c)
		}
	}}
	g := at{{0, 0, "short"}, {1, 1, "long"}, {2, 2, "deaf"}, {400, 3, "never"}}
	synctest.Test(t, func(t *testing.T) {
		o, m := options(g, 4, d)
		o.Timeout = time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		sum, err := Run(ctx, o)
		if err != nil || !sum.Stopped || sum.Open != 1 {
			t.Errorf("got %+v, %v", sum, err)
		}
		wantLines(t, m.lines(), "0 0 invoke short nil", "1 1 invoke long nil", "2 2 invoke deaf nil", "1000 0 ok short nil", "5300 1 info long nil error=:timeout")
	})
}

// Without this faults could be recorded as a client's operations, be renumbered, end at a client's timeout, or a nemesis
// that hangs be asked for two things at once.
func TestNemesis(t *testing.T) {
	d := &scripted{}
	nemesis := &script{driver: &scripted{invoke: func(ctx context.Context, s *script, c client.Call) client.Outcome {
		switch c.F {
		case "kill":
			time.Sleep(30 * time.Second)
			return client.Outcome{Type: history.OK, Value: edn.NewString("n1 killed")}
		case "hang", "stuck":
			time.Sleep(map[string]time.Duration{"hang": 90 * time.Second, "stuck": 160 * time.Second}[c.F])
			return client.Outcome{Type: history.Info, Error: edn.NewString("at last")}
		}
		return client.Outcome{Type: history.Info}
	}}, closed: make(chan struct{})}
	g := at{{0, -1, "kill"}, {31_000, -1, "hang"}, {93_000, -1, "start"}, {93_500, 0, "a"}, {130_000, -1, "stuck"}, {192_000, -1, "late"}, {300_000, -1, "start"}}
	lines, sum, err := play(t, g, 1, d, func(o *Options) {
		o.Nemesis, o.NemesisTimeout = nemesis, time.Minute
	})
	if err != nil || sum.Faults != 6 || sum.Invoked != 1 {
		t.Errorf("got %+v, %v", sum, err)
	}
	wantLines(t, lines, "0 :nemesis info kill nil", `30000 :nemesis info kill "n1 killed"`, "31000 :nemesis info hang nil",
		`92000 :nemesis info hang nil error=[:timeout "and the client went on"]`, "93000 :nemesis info start nil",
		"93500 0 invoke a nil", "93500 0 ok a nil", "121000 :nemesis info start nil",
		"130000 :nemesis info stuck nil", `191000 :nemesis info stuck nil error=[:timeout "and the client went on"]`, "192000 :nemesis info late nil",
		`253000 :nemesis info late nil error=[:busy "an earlier operation of the nemesis hangs still"]`,
		"300000 :nemesis info start nil", "300000 :nemesis info start nil")
	if nemesis.calls != 5 {
		t.Errorf("the nemesis was asked %d times, want 5", nemesis.calls)
	}
	if len(nemesis.driver.closed) != 0 {
		t.Error("the nemesis was closed, which is for whoever made it to do")
	}
}

// Without this a disk that is full could hang the run, or be noticed only at its end.
func TestSinkFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, m := options(generator.Repeat(do("a")), 2, &scripted{invoke: func(ctx context.Context, _ *script, c client.Call) client.Outcome {
			return after(ctx, time.Millisecond, c)
		}})
		m.full = 100
		sum, err := Run(t.Context(), o)
		if err == nil || err.Error() != "disk full" || len(m.ops) != 100 || sum.Ops > 200 {
			t.Errorf("got %v after %d of %d operations, want a full disk after 100", err, len(m.ops), sum.Ops)
		}
	})
}

// Without this a history could be flushed late, or its end not at all.
func TestFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, m := options(at{{0, 0, "a"}, {500, 0, "b"}, {3100, 0, "c"}}, 1, &scripted{})
		if _, err := Run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m.flushed, []int{4, 6}); diff != "" {
			t.Errorf("operations at each flush:\n%s", diff)
		}
	})
}

// Without this what waits for a slow disk could fill the memory.
func TestSlowSinkHoldsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		big := generator.Do(generator.Template{F: "a", Value: edn.NewString(strings.Repeat("x", 10<<20))})
		o, m := options(generator.Limit(100, generator.Repeat(big)), 1, &scripted{})
		m.slow = time.Second
		most, ended := 0, 0
		o.Live = func(generator.Op) {
			m.mu.Lock()
			defer m.mu.Unlock()
			ended++
			most = max(most, 2*ended-len(m.ops))
		}
		if _, err := Run(t.Context(), o); err != nil || len(m.ops) != 200 {
			t.Errorf("got %d operations, %v, want 200", len(m.ops), err)
		}
		if most == 0 || most > 15 {
			t.Errorf("%d values of 10 MB waited, want some and at most 15", most)
		}
	})
}

// Without this the same seed and the same answers could give another run.
func TestDeterminism(t *testing.T) {
	run := func(seed uint64) []string {
		d := &scripted{invoke: func(ctx context.Context, s *script, c client.Call) client.Outcome {
			if s.calls%7 == 6 {
				return client.Outcome{Type: history.Info}
			}
			return after(ctx, time.Duration(1e6+100_003*(int(s.p.Number)%5)+1009*s.calls), c) // no two end at once
		}}
		lines, _, err := play(t, generator.Limit(500, generator.Repeat(do("a"))), 5, d, func(o *Options) { o.Seed = seed })
		if err != nil {
			t.Error(err)
		}
		return lines
	}
	first := run(1)
	if diff := cmp.Diff(run(1), first); diff != "" {
		t.Errorf("the same seed gave another run:\n%s", diff)
	}
	if cmp.Equal(run(2), first) {
		t.Error("another seed gave the same run of 500 operations")
	}
}

// moody is a client that does anything at all, by a seed.
func moody(seed uint64) *scripted {
	luck := func(s *script) float64 {
		return rand.New(rand.NewPCG(seed, uint64(s.p.Number)<<32|uint64(s.calls))).Float64()
	}
	d := &scripted{}
	d.open = func(p client.Process) error {
		if rand.New(rand.NewPCG(seed, uint64(p.Number))).IntN(5) == 0 {
			return errors.New("refused")
		}
		return nil
	}
	d.close = func(s *script) error {
		time.Sleep(time.Duration(luck(s) * float64(3*time.Second))) // longer than anybody waits
		return nil
	}
	d.invoke = func(ctx context.Context, s *script, c client.Call) client.Outcome {
		x := luck(s)
		time.Sleep(time.Duration(x * float64(time.Second)))
		switch {
		case x < 0.1:
			return client.Outcome{Type: history.Info}
		case x < 0.2:
			return client.Outcome{Type: history.Fail, EndProcess: x < 0.15}
		case x < 0.25:
			return client.Outcome{Type: history.OK, EndProcess: true}
		case x < 0.3:
			return client.Outcome{}
		case x < 0.35: // ignores its time, and its end
			time.Sleep(20 * time.Second)
		case x < 0.4:
			<-ctx.Done()
		}
		return okay(c)
	}
	return d
}

// Without this some sequence of misfortunes could give a history that nobody can read, or a process that goes on after
// nobody knew what it did.
func TestWellFormed(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) {
			clients := generator.ForClients(generator.Stagger(20*time.Millisecond, generator.Repeat(do("a"))))
			faults := generator.ForNemesis(generator.Repeat(do("kill")))
			o, m := options(generator.TimeLimit(15*time.Second, generator.Any(clients, faults)), 5, moody(seed))
			o.Seed, o.Timeout = seed, 2*time.Second
			o.Nemesis = &script{driver: moody(seed + 100), closed: make(chan struct{})}
			o.NemesisTimeout = 5 * time.Second
			sum, err := Run(t.Context(), o)
			if err != nil || sum.Open != 0 {
				t.Errorf("seed %d: got %+v, %v", seed, sum, err)
			}
			if _, err := history.FromOps(m.ops); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
			over := make(map[string]bool)
			for _, op := range m.ops {
				p := op.Process.String()
				if over[p] {
					t.Errorf("seed %d: process %s goes on: %v", seed, p, op)
				}
				over[p] = op.Type == history.Info && op.Process.Kind == edn.Int
			}
			if sum.Info == 0 || sum.Fail == 0 || sum.OK == 0 || sum.Faults == 0 || sum.Abandoned == 0 {
				t.Errorf("seed %d: %+v: want some of each", seed, sum)
			}
			time.Sleep(time.Minute) // for those who hang still
		})
	}
}

// Without this an operation that sleeps or logs could be recorded, hold up others, or last for ever.
func TestSleepAndLog(t *testing.T) {
	var log strings.Builder
	sleep := generator.Do(generator.Template{F: "sleep", Act: generator.Sleep, SleepNS: 2e9})
	say := generator.Do(generator.Template{F: "log", Act: generator.Log, Value: edn.NewString("half time")})
	lines, _, err := play(t, generator.Concat(sleep, do("a"), sleep, say, do("b")), 1, &scripted{}, func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	if err != nil || !strings.Contains(log.String(), "half time") {
		t.Errorf("got %v, log %s", err, log.String())
	}
	wantLines(t, lines, "2000 0 invoke a nil", "2000 0 ok a nil", "4000 0 invoke b nil", "4000 0 ok b nil")
}

// Without this the end of a run from outside could wait for whoever sleeps.
func TestStopWhileAsleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sleep := generator.Do(generator.Template{F: "sleep", Act: generator.Sleep, SleepNS: 1 << 62})
		o, m := options(generator.Concat(do("a"), generator.Repeat(sleep)), 2, &scripted{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if sum, err := Run(ctx, o); err != nil || !sum.Stopped || sum.Open != 0 || len(m.ops) != 2 {
			t.Errorf("got %+v, %v", sum, err)
		}
		if took := time.Since(start); took > 1100*time.Millisecond {
			t.Errorf("it took %v, want one second", took)
		}
	})
}

// Without this fields of a generator could be lost, or the completion not have them.
func TestExtraFields(t *testing.T) {
	final := history.Field{Name: "final?", Value: edn.NewBool(true)}
	d := &scripted{invoke: func(context.Context, *script, client.Call) client.Outcome {
		return client.Outcome{Type: history.OK, Value: edn.NewInt(1), Extra: []history.Field{{Name: "node", Value: edn.NewString("n1")}}}
	}}
	lines, _, err := play(t, do("read", final), 1, d, nil)
	if err != nil {
		t.Error(err)
	}
	wantLines(t, lines, "0 0 invoke read nil final?=true", `0 0 ok read 1 final?=true node="n1"`)
}

// Without this a client that sends back what it was sent could have a history with a field twice, which other readers
// refuse, and could say which operations are final ones.
func TestEchoedFields(t *testing.T) {
	field := func(name string, v history.Value) history.Field { return history.Field{Name: name, Value: v} }
	d := &scripted{invoke: func(context.Context, *script, client.Call) client.Outcome {
		return client.Outcome{Type: history.Fail, Error: edn.NewString("own"), EndProcess: true, Extra: []history.Field{
			field("final?", edn.NewBool(false)), field("node", edn.NewString("n1")), field("node", edn.NewString("n2")),
			field("error", edn.NewString("other")), field("end-process?", edn.NewBool(false)),
		}}
	}}
	lines, _, err := play(t, do("read", field("final?", edn.NewBool(true))), 1, d, nil)
	if err != nil {
		t.Error(err)
	}
	wantLines(t, lines, "0 0 invoke read nil final?=true", `0 0 fail read nil final?=true node="n2" error="own" end-process?=true`)
}

// Without this clients that hang by the hundreds could use up the memory.
func TestTooManyHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		o, m := options(generator.Repeat(do("a")), 20, &scripted{invoke: func(_ context.Context, _ *script, c client.Call) client.Outcome {
			<-release
			return okay(c)
		}})
		sum, err := Run(t.Context(), o)
		if !errors.Is(err, errStuck) || sum.Abandoned <= maxStuck || sum.Abandoned > maxStuck+40 || len(m.ops) == 0 {
			t.Errorf("got %v after %d sessions were abandoned", err, sum.Abandoned)
		}
		close(release)
		synctest.Wait()
	})
}

// Without this the alarm of this system could ring early, never, or not twice.
func TestAlarm(t *testing.T) {
	for name, a := range map[string]alarm{"plain": newPlainAlarm(), "best": newAlarm()} {
		for _, d := range []time.Duration{0, 50 * time.Microsecond, 3 * time.Millisecond, -time.Second} {
			start := time.Now()
			a.set(time.Hour)
			a.set(d)
			select {
			case <-a.rings():
				if took := time.Since(start); took < d {
					t.Errorf("%s: rang after %v, want %v", name, took, d)
				}
			case <-time.After(5 * time.Second):
				t.Errorf("%s: didn't ring after %v", name, d)
			}
		}
		a.close()
	}
}
