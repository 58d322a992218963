package client

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// need skips a test whose database isn't installed here.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("no %s on this machine", p)
		}
	}
}

// freePort is a port of the loopback device that nobody listens on, outside the range from which the system takes ports for
// others, who might be faster.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10000 + rand.IntN(22000)
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no free port in 100 tries")
	return 0
}

// A server is a database that a test started, and can start again.
type server struct {
	port int
	end  syscall.Signal // ends it at once; children of their own session go with it
	argv []string
	cmd  *exec.Cmd
	done chan struct{}
	out  bytes.Buffer
}

// start runs a database until the test ends, and waits for its port.
func start(t *testing.T, port int, argv ...string) *server {
	t.Helper()
	s := &server{port: port, end: syscall.SIGKILL, argv: argv}
	s.start(t)
	t.Cleanup(func() {
		s.stop()
		if text := s.out.String(); t.Failed() && text != "" {
			t.Logf("%s said at last: %s", argv[0], text[max(0, len(text)-1000):])
		}
	})
	return s
}

// mortal has a program die with the test, even if that is killed, where the system can do so.
func mortal(argv []string) []string {
	if _, err := exec.LookPath("setpriv"); err != nil {
		return argv
	}
	if argv[0] == "setpriv" { // a change of user would undo what an outer one sets
		argv = argv[1:]
	}
	return append([]string{"setpriv", "--pdeathsig", "KILL"}, argv...)
}

// start begins it, for the first time or again.
func (s *server) start(t *testing.T) {
	t.Helper()
	argv := mortal(s.argv)
	s.cmd = exec.Command(argv[0], argv[1:]...)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done, cmd := make(chan struct{}), s.cmd
	s.done = done
	go func() { _ = cmd.Wait(); close(done) }() // how it ended is told by its output
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(s.port))
		if err == nil {
			_ = c.Close() // it was only to see whether somebody listens
			return
		}
		select {
		case <-done:
			t.Fatalf("%s ended: %s", s.argv[0], s.out.String())
		default:
		}
	}
	t.Fatalf("%s doesn't listen", s.argv[0])
}

// stop ends it.
func (s *server) stop() {
	_ = syscall.Kill(-s.cmd.Process.Pid, s.end) // it may have ended by itself
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.done
	}
}

// made is the driver of a section.
func made(t *testing.T, u Use, format string, args ...any) Driver {
	t.Helper()
	var p plan.Problems
	text := fmt.Sprintf(format, args...)
	c := Read(plan.Parse("p.yaml", []byte(text), &p), &p)
	if list, _ := p.Sorted(); len(list) > 0 {
		t.Fatalf("%s: %v", text, list)
	}
	u.Nodes, u.Addrs = []string{"n1"}, map[string]string{"n1": "127.0.0.1"}
	d, err := c.Driver(u)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// answers waits until a database that listens already takes clients, too.
func answers(t *testing.T, d Driver) {
	t.Helper()
	var err error
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		var s Session
		if s, err = d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"}); err == nil {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			return
		}
	}
	t.Fatal(err)
}

// A trial drives a database directly.
type trial struct {
	driver   Driver
	sessions int
	span     time.Duration
	next     func(r *rand.Rand) Call // called under a lock
	last     func() Call             // for each session in the end; nil if there is none
	midway   func()                  // in the middle; nil for nothing
}

// run records what the sessions do.
func (tr trial) run(t *testing.T) *history.History {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), tr.span+time.Minute)
	defer cancel()
	first := Process{Node: "n1", Addr: "127.0.0.1", Concurrency: tr.sessions, Nodes: []string{"n1"}}
	if err := tr.driver.Teardown(ctx, first); err != nil {
		t.Fatalf("teardown: %v", err)
	}
	if err := tr.driver.Setup(ctx, first); err != nil {
		t.Fatalf("setup: %v", err)
	}
	r := &recording{began: time.Now(), rand: rand.New(rand.NewPCG(1, 2))}
	var all, busy sync.WaitGroup
	busy.Add(tr.sessions)
	for i := range tr.sessions {
		all.Go(func() {
			p := first
			p.Number = int32(i)
			w := &worker{trial: tr, rec: r, proc: p}
			for time.Since(r.began) < tr.span || r.short() {
				w.one(ctx, t, tr.next)
			}
			busy.Done()
			busy.Wait() // last operations begin when all others are done
			if tr.last != nil {
				w.one(ctx, t, func(*rand.Rand) Call { return tr.last() })
			}
			w.close(t)
		})
	}
	if tr.midway != nil {
		time.Sleep(tr.span / 2)
		tr.midway()
	}
	all.Wait()
	if err := tr.driver.Teardown(ctx, first); err != nil {
		t.Errorf("teardown: %v", err)
	}
	h, err := history.FromOps(r.ops)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries: %s", len(r.ops), r.summary())
	return h
}

// A recording is what happened so far.
type recording struct {
	mu    sync.Mutex
	began time.Time
	rand  *rand.Rand
	ops   []history.Op
}

// short tells whether too little happened by now to judge a database by: this machine may have other things to do.
func (r *recording) short() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.ops) < 200 && time.Since(r.began) < 10*time.Second
}

// write adds an entry.
func (r *recording) write(op history.Op) {
	op.ID, op.Index, op.Time = history.ID(len(r.ops)), int64(len(r.ops)), int64(time.Since(r.began))
	r.ops = append(r.ops, op)
}

// summary counts the entries by type, and the errors.
func (r *recording) summary() string {
	counts := make(map[string]int)
	for _, op := range r.ops {
		word := op.Type.String()
		if len(op.Extra) > 0 {
			word += " " + op.Extra[0].Value.String()
		}
		counts[word]++
	}
	var lines []string
	for word, n := range counts {
		lines = append(lines, fmt.Sprintf("%d %.120s", n, word))
	}
	slices.Sort(lines)
	return strings.Join(lines[:min(12, len(lines))], "; ")
}

// A worker is one session after another.
type worker struct {
	trial   trial
	rec     *recording
	proc    Process
	session Session
}

// one performs an operation.
func (w *worker) one(ctx context.Context, t *testing.T, next func(*rand.Rand) Call) {
	if w.session == nil {
		s, err := w.trial.driver.Open(ctx, w.proc)
		if err != nil {
			if w.trial.midway == nil {
				t.Errorf("open: %v", err)
			}
			time.Sleep(50 * time.Millisecond)
			return
		}
		w.session = s
	}
	op := history.Op{Type: history.Invoke, Process: edn.NewInt(int64(w.proc.Number))}
	w.rec.mu.Lock()
	c := next(w.rec.rand)
	c.Process, op.F, op.Value, op.Key = w.proc.Number, edn.NewKeyword(c.F), c.Value, c.Key
	w.rec.write(op)
	w.rec.mu.Unlock()
	limit, cancel := context.WithTimeout(ctx, 5*time.Second)
	out := w.session.Invoke(limit, c)
	cancel()
	op.Type = out.Type
	if out.Type == history.OK {
		op.Value = out.Value
	} else {
		op.Extra = []history.Field{{Name: "error", Value: out.Error}}
	}
	w.rec.mu.Lock()
	w.rec.write(op)
	w.rec.mu.Unlock()
	if out.Type == history.Info {
		w.close(t)
		w.proc.Number += int32(w.proc.Concurrency)
	}
}

// close ends the session.
func (w *worker) close(t *testing.T) {
	if w.session == nil {
		return
	}
	if err := w.session.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	w.session = nil
}

// judged gives a history to a checker.
func judged(t *testing.T, h *history.History, checker string, v all.Values) check.Result {
	t.Helper()
	c, ok := all.Find(checker)
	if !ok {
		t.Fatalf("no checker %s", checker)
	}
	r, err := c.Run(t.Context(), h, v)
	if err != nil {
		t.Fatalf("%s: %v", checker, err)
	}
	return r
}

// wantValid fails unless the verdict is that the history is valid. What is wrong with it is printed.
func wantValid(t *testing.T, r check.Result) {
	t.Helper()
	if r.Verdict != check.Valid {
		t.Errorf("%s: %v, want valid: %v %v%s", r.Checker, r.Verdict, kindsOf(r), r.Reasons, proofs(r))
	}
}

// wantOnly fails if there is no verdict, or an anomaly of another kind.
func wantOnly(t *testing.T, r check.Result, kinds []string) {
	t.Helper()
	other := slices.DeleteFunc(kindsOf(r), func(k string) bool { return slices.Contains(kinds, k) })
	if r.Verdict == check.Unknown || len(other) > 0 {
		t.Errorf("%s: %v %v %v, want %v at most%s", r.Checker, r.Verdict, other, r.Reasons, kinds, proofs(r))
	}
}

// proofs are the explanations of a few anomalies.
func proofs(r check.Result) string {
	var b strings.Builder
	for _, a := range r.Anomalies[:min(3, len(r.Anomalies))] {
		fmt.Fprintf(&b, "\n%s of %v: %s", a.Kind, a.Ops, a.Text)
	}
	return b.String()
}

// kindsOf are the kinds of anomalies found.
func kindsOf(r check.Result) []string {
	var kinds []string
	for _, a := range r.Anomalies {
		kinds = append(kinds, a.Kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// lasting is how long a database is driven: longer where there is time for it.
func lasting() time.Duration {
	if os.Getenv("JCOLLECT_CLUSTER") != "" {
		return time.Second
	}
	return 60 * time.Millisecond
}
