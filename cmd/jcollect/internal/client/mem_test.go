package client

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// memFor is a database of client mem.
func memFor(t *testing.T, section, workload string, options ...history.Field) Driver {
	t.Helper()
	c, mistakes := read(t, section)
	if mistakes != "" {
		t.Fatal(mistakes)
	}
	d, err := c.Driver(Use{Workload: workload, Options: options, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// ask performs calls, written as f and value, and shows how they ended.
func ask(t *testing.T, d Driver, process int32, calls ...string) string {
	t.Helper()
	s, err := d.Open(t.Context(), Process{Number: process})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	var shown []string
	for _, c := range calls {
		f, text, _ := strings.Cut(c, " ")
		var v history.Value
		if text != "" {
			if v, _, err = edn.Parse([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		out := s.Invoke(t.Context(), Call{F: f, Process: process, Value: v})
		line := out.Type.String() + " " + out.Value.String()
		if !out.Error.IsNil() {
			line = out.Type.String() + " " + out.Error.Items[0].String()
		}
		for _, f := range out.Extra {
			line += fmt.Sprintf(" %s=%s", f.Name, f.Value)
		}
		shown = append(shown, line)
	}
	return strings.Join(shown, ", ")
}

// Without this the database that plans are tried on could have an anomaly that nobody asked for.
func TestMemObjects(t *testing.T) {
	for _, c := range []struct {
		workload string
		calls    []string
		want     string
	}{
		{"", []string{"read", "write 3", "cas [1 2]", "cas [3 4]", "read", "cas 1", "jump"},
			"ok nil, ok 3, fail :mismatch, ok [3 4], ok 4, fail :malformed, fail :unknown-f"},
		{"set-full", []string{"add 1", "add :x", "add 1", "read"}, "ok 1, ok :x, ok 1, ok #{1 :x}"},
		{"counter", []string{"add 5", "increment", "decrement 2", "read"}, "ok 5, ok nil, ok 2, ok 4"},
		{"queue", []string{"dequeue", "enqueue 1", "enqueue 2", "enqueue 3", "dequeue", "drain", "drain"},
			"fail :empty, ok 1, ok 2, ok 3, ok 1, ok [2 3], ok []"},
		{"bank", []string{"read", "transfer {:from 0 :to 1 :amount 3}", "transfer {:from 0 :to 1 :amount 30}", "transfer {:from 9 :to 1 :amount 1}", "read"},
			"ok {0 4, 1 3, 2 3}, ok {:from 0, :to 1, :amount 3}, fail :insufficient, fail :no-account, ok {0 1, 1 6, 2 3}"},
		{"append", []string{"txn [[:append 1 1] [:r 1 nil] [:r 2 nil]]", "txn [[:append 1 2] [:r 1 nil]]", "txn 5", "txn [[:r]]"},
			"ok [[:append 1 1] [:r 1 [1]] [:r 2 nil]], ok [[:append 1 2] [:r 1 [1 2]]], fail :malformed, fail :malformed"},
		{"rw-register", []string{"txn [[:w 1 1] [:r 1 nil]]", "txn [[:r 1 nil]]"}, "ok [[:w 1 1] [:r 1 1]], ok [[:r 1 1]]"},
		{"unique-ids", []string{"generate", "generate"}, "ok 0, ok 1"},
		{"mutex", []string{"release", "acquire", "acquire", "release", "acquire"}, "fail :not-held, ok nil, fail :held, ok nil, ok nil"},
		{"monotonic", []string{"inc 1", "inc 1", "inc 2", "read [1 2 3]", "read {1 nil}"}, "ok {1 1}, ok {1 2}, ok {2 1}, ok {1 2, 2 1, 3 0}, ok {1 2}"},
		{"causal", []string{"read-init", "write 1", "read"},
			"ok 0 position=1 link=:init, ok 1 position=2 link=1, ok 1 position=3 link=2"},
		{"kafka", []string{"send [[:send 1 5]]", "txn [[:send 1 6] [:poll] [:poll]]", "assign [1]", "poll [[:jump]]"},
			"ok [[:send 1 [0 5]]], ok [[:send 1 [1 6]] [:poll {1 [[0 5]]}] [:poll {}]], ok [1], fail :malformed"},
	} {
		d := memFor(t, "{kind: mem}", c.workload, history.Field{Name: "accounts", Value: edn.NewInt(3)}, history.Field{Name: "total", Value: edn.NewInt(10)})
		if got := ask(t, d, 0, c.calls...); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.workload, got, c.want)
		}
	}
}

// Without this a lost write could be kept, or what is read before it changed, or a crash always be one or the other.
func TestMemFaults(t *testing.T) {
	d := memFor(t, "{kind: mem, faults: {lose: 1}}", "append")
	if got, want := ask(t, d, 0, "txn [[:append 1 1] [:r 1 nil]]", "txn [[:r 1 nil]]"), "ok [[:append 1 1] [:r 1 [1]]], ok [[:r 1 nil]]"; got != want {
		t.Errorf("lose: got %s, want %s", got, want)
	}
	d = memFor(t, "{kind: mem, object: set, faults: {crash: 0.4, fail: 0.2}}", "")
	var adds []string
	for i := range 1000 {
		adds = append(adds, fmt.Sprintf("add %d", i))
	}
	text := ask(t, d, 0, adds...)
	crashed, failed := strings.Count(text, "info :crashed"), strings.Count(text, "fail :unlucky")
	d.(*mem).o = memOptions{}
	kept := strings.Count(ask(t, d, 0, "read"), " ")
	if crashed < 300 || crashed > 500 || failed < 120 || failed > 280 || kept < 1000-failed-crashed+100 || kept > 1000-failed-100 {
		t.Errorf("of 1000 adds %d crashed, %d failed, and %d are there", crashed, failed, kept)
	}
	again := memFor(t, "{kind: mem, object: set, faults: {crash: 0.4, fail: 0.2}}", "")
	if got := ask(t, again, 0, adds...); got != text {
		t.Error("the same seed gave another luck")
	}
	d = memFor(t, "{kind: mem, faults: {deny: 1}}", "")
	if _, err := d.Open(t.Context(), Process{}); err == nil {
		t.Error("deny: 1 let somebody in")
	}
}

// Without this keys could share an object, or a torn down database remember.
func TestMemKeys(t *testing.T) {
	d := memFor(t, "{kind: mem}", "cas-register")
	s, err := d.Open(t.Context(), Process{})
	if err != nil {
		t.Fatal(err)
	}
	one, two := edn.NewInt(1), edn.NewInt(2)
	s.Invoke(t.Context(), Call{F: "write", Key: &one, Value: edn.NewInt(7)})
	if a, b := s.Invoke(t.Context(), Call{F: "read", Key: &one}), s.Invoke(t.Context(), Call{F: "read", Key: &two}); a.Value.Int() != 7 || !b.Value.IsNil() {
		t.Errorf("got %v and %v, want 7 and nil", a, b)
	}
	if err := d.Teardown(t.Context(), Process{}); err != nil {
		t.Fatal(err)
	}
	if a := s.Invoke(t.Context(), Call{F: "read", Key: &one}); !a.Value.IsNil() {
		t.Errorf("after teardown: got %v, want nil", a)
	}
}

// Without this an operation could take no time, or go on after its own.
func TestMemLatency(t *testing.T) {
	d := memFor(t, "{kind: mem, latency: 40ms}", "")
	start := time.Now()
	if got := ask(t, d, 0, "write 1", "read", "read", "read"); !strings.HasSuffix(got, "ok 1") || time.Since(start) < 40*time.Millisecond {
		t.Errorf("4 operations gave %s after %v", got, time.Since(start))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := d.Open(t.Context(), Process{})
	if err != nil {
		t.Fatal(err)
	}
	if out := s.Invoke(ctx, Call{F: "read"}); out.Type != history.Fail {
		t.Errorf("before it began: got %v, want fail", out)
	}
}
