package client

import (
	"strconv"
	"testing"
	"time"

	"jcheck/history"
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
