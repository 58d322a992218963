package client

import (
	"strconv"
	"testing"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// redisServer starts one that keeps nothing.
func redisServer(t *testing.T, args ...string) *server {
	t.Helper()
	need(t, "redis-server")
	port := freePort(t)
	return start(t, port, append([]string{"redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir()}, args...)...)
}

// Without this an operation could do something else than it says, which a checker would blame on Redis.
func TestRedisWorkloads(t *testing.T) {
	t.Parallel()
	port := redisServer(t).port
	for _, row := range []struct {
		workload, options, checker string
		load                       loadMaker
	}{
		{"register", "", "linearizable", registers},
		{"cas-register", ", txn: lua", "linearizable", registers},
		{"set-full", "", "set-full", sets},
		{"set", ", set: list", "set", sets},
		{"counter", "", "counter", counters},
		{"queue", "", "total-queue", queues},
		{"unique-ids", "", "unique-ids", ids},
		{"append", "", "elle", txns("append")},
		{"append", ", txn: lua", "elle", txns("append")},
		{"rw-register", "", "elle", txns("w")},
		{"rw-register", ", txn: lua", "elle", txns("w")},
		{"bank", "", "bank", banks},
		{"long-fork", "", "long-fork", forks},
		{"monotonic", "", "monotonic", monotonics},
		{"causal-reverse", "", "causal-reverse", reverses},
		{"mutex", "", "linearizable", mutexes},
		{"kafka", "", "kafka", logs},
	} {
		t.Run(row.workload+row.options, func(t *testing.T) {
			d := made(t, Use{Workload: row.workload}, "{kind: redis, port: %d%s}", port, row.options)
			next, last := row.load()
			h := trial{driver: d, sessions: 8, span: lasting(), next: next, last: last}.run(t)
			wantValid(t, judged(t, h, row.checker, nil))
		})
	}
	t.Run("values", func(t *testing.T) {
		hostileValues(t, made(t, Use{Workload: "register"}, "{kind: redis, port: %d}", port))
	})
}

// Without this a client could poll what it has polled before, or skip something, or call its place in a log another's.
func TestRedisLogs(t *testing.T) {
	d := made(t, Use{Workload: "kafka"}, "{kind: redis, port: %d}", redisServer(t).port)
	seek := []history.Field{{Name: "seek-to-beginning?", Value: edn.NewBool(true)}}
	var sessions [2]Session
	for i := range sessions {
		var err error
		if sessions[i], err = d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1", Number: int32(i)}); err != nil {
			t.Fatal(err)
		}
		defer sessions[i].Close()
	}
	for _, step := range []struct {
		session int
		f, v    string
		extra   []history.Field
		want    string
	}{
		{0, "poll", "[[:poll]]", nil, "[[:poll {}]]"},
		{0, "assign", "[0 1 0]", nil, "[0 1 0]"},
		{0, "poll", "[[:poll]]", nil, "[[:poll {}]]"},
		{0, "txn", "[[:send 0 10] [:poll] [:send 1 11] [:send 0 12]]", nil, "[[:send 0 [0 10]] [:poll {}] [:send 1 [0 11]] [:send 0 [1 12]]]"},
		{1, "subscribe", "[0]", nil, "[0]"},
		{1, "send", "[[:send 0 13]]", nil, "[[:send 0 [2 13]]]"},
		{0, "txn", "[[:poll] [:poll] [:send 1 14]]", nil, "[[:poll {0 [[0 10] [1 12] [2 13]], 1 [[0 11]]}] [:poll {}] [:send 1 [1 14]]]"},
		{0, "assign", "[1]", nil, "[1]"},
		{0, "poll", "[[:poll]]", nil, "[[:poll {1 [[1 14]]}]]"},
		{0, "assign", "[0 1]", nil, "[0 1]"},
		{0, "poll", "[[:poll]]", nil, "[[:poll {0 [[0 10] [1 12] [2 13]]}]]"},
		{0, "assign", "[1]", seek, "[1]"},
		{0, "poll", "[[:poll]]", nil, "[[:poll {1 [[0 11] [1 14]]}]]"},
		{1, "poll", "[[:poll]]", nil, "[[:poll {0 [[0 10] [1 12] [2 13]]}]]"},
		{1, "txn", "[[:append 1 2]]", nil, ""},
		{1, "txn", "[]", nil, ""},
		{1, "assign", "nil", nil, ""},
	} {
		out := sessions[step.session].Invoke(t.Context(), Call{F: step.f, Value: restored(step.v), Extra: step.extra})
		if step.want == "" {
			if out.Type != history.Fail {
				t.Errorf("%s %s: %v %s, want fail", step.f, step.v, out.Type, out.Value)
			}
			continue
		}
		if out.Type != history.OK || stored(out.Value) != stored(restored(step.want)) {
			t.Errorf("%s %s: %v %s %s, want %s", step.f, step.v, out.Type, out.Value, out.Error, step.want)
		}
	}
}

// Without this what a client does to a register could be judged as if nobody knew in which order it did that.
func TestCausalOrder(t *testing.T) {
	d := made(t, Use{Workload: "causal"}, "{kind: redis, port: %d}", redisServer(t).port)
	s, err := d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, step := range []struct {
		key  int64
		f    string
		v    history.Value
		want string
	}{
		{0, "read-init", history.Value{}, "ok 0 position 1 link :init"},
		{0, "write", num(1), "ok 1 position 2 link 1"},
		{1, "read-init", history.Value{}, "ok 0 position 1 link :init"},
		{0, "cas", vec(num(7), num(8)), "fail nil"},
		{0, "read", history.Value{}, "ok 1 position 3 link 2"},
		{1, "read", history.Value{}, "ok 0 position 2 link 1"},
	} {
		key := num(step.key)
		out := s.Invoke(t.Context(), Call{F: step.f, Value: step.v, Key: &key})
		got := out.Type.String() + " " + stored(out.Value)
		for _, f := range out.Extra {
			got += " " + f.Name + " " + stored(f.Value)
		}
		if out.Type == history.Fail {
			got = "fail nil"
		}
		if got != step.want {
			t.Errorf("%s of %d: got %s, want %s", step.f, step.key, got, step.want)
		}
	}
}

// Without this a write that too few replicas have could count as done, or as undone.
func TestRedisWait(t *testing.T) {
	s := redisServer(t, "--repl-diskless-sync-delay", "0")
	d := made(t, Use{Workload: "register"}, "{kind: redis, port: %d, wait: {replicas: 1, timeout: 50ms}}", s.port)
	session, err := d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if out := session.Invoke(t.Context(), Call{F: "write", Value: num(1)}); out.Type != history.Info {
		t.Errorf("without a replica: got %v %v, want info", out.Type, out.Error)
	}
	redisServer(t, "--replicaof", "127.0.0.1 "+strconv.Itoa(s.port))
	out := Outcome{}
	for until := time.Now().Add(20 * time.Second); out.Type != history.OK && time.Now().Before(until); {
		out = session.Invoke(t.Context(), Call{F: "write", Value: num(2)})
	}
	if out.Type != history.OK {
		t.Errorf("with a replica: got %v %v, want ok", out.Type, out.Error)
	}
}
