package client

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"jcheck/history"
)

// etcdServer starts a cluster of one.
func etcdServer(t *testing.T, args ...string) *server {
	t.Helper()
	need(t, "etcd")
	port, peer := freePort(t), freePort(t)
	own, peers := fmt.Sprintf("http://127.0.0.1:%d", port), fmt.Sprintf("http://127.0.0.1:%d", peer)
	return start(t, port, append([]string{"etcd", "--name", "n1", "--data-dir", t.TempDir(), "--listen-client-urls", own, "--advertise-client-urls", own,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "n1=" + peers, "--unsafe-no-fsync"}, args...)...)
}

// mutexes are acquires and releases.
func mutexes() (func(r *rand.Rand) Call, func() Call) {
	return func(r *rand.Rand) Call { return Call{F: []string{"acquire", "release"}[r.IntN(2)]} }, nil
}

// Without this an operation could do something else than it says, which a checker would blame on etcd.
func TestEtcdWorkloads(t *testing.T) {
	t.Parallel()
	port := etcdServer(t).port
	for _, row := range []struct {
		workload, options, checker string
		load                       loadMaker
	}{
		{"cas-register", "", "linearizable", registers},
		{"cas-register", ", serializable: true", "linearizable", registers}, // a single node has nothing stale
		{"set", "", "set-full", sets},
		{"counter", "", "counter", counters},
		{"queue", "", "total-queue", queues},
		{"unique-ids", "", "unique-ids", ids},
		{"append", "", "elle", txns("append")},
		{"rw-register", "", "elle", txns("w")},
		{"bank", "", "bank", banks},
		{"mutex", "", "linearizable", mutexes},
		{"long-fork", "", "long-fork", forks},
		{"monotonic", "", "monotonic", monotonics},
	} {
		t.Run(row.workload+row.options, func(t *testing.T) {
			d := made(t, Use{Workload: row.workload}, "{kind: etcd, port: %d%s}", port, row.options)
			next, last := row.load()
			h := trial{driver: d, sessions: 8, span: lasting(), next: next, last: last}.run(t)
			wantValid(t, judged(t, h, row.checker, nil))
		})
	}
	t.Run("values", func(t *testing.T) {
		hostileValues(t, made(t, Use{Workload: "register"}, "{kind: etcd, port: %d}", port))
	})
}

// Without this a key that is the beginning of another could show what is the other's.
func TestBehind(t *testing.T) {
	a, b := num(1), num(12)
	first, second := etcdKey("set", &a)+"//", etcdKey("set", &b)+"//5"
	if second >= first && second < string(behind(first)) {
		t.Errorf("%s lies in the range of %s", second, first)
	}
	var none *history.Value
	if got := etcdKey("set", none); got != "jcollect/set" {
		t.Errorf("got %s", got)
	}
}
