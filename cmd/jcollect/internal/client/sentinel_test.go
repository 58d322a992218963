package client

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jcheck/history"
)

// Without this a session could go on asking a node that is no primary any more, or not ask the sentinel at all.
func TestSentinel(t *testing.T) {
	ports := make([]int, 2)
	for i := range ports {
		ports[i], _ = fakeServer(t, fakeRedis, func(command string) fakeReply {
			if i == 0 && command == "SET" {
				return fakeReply{code: "READONLY", text: "You can't write against a read only replica."}
			}
			return fakeReply{}
		})
	}
	var primary atomic.Int32
	sentinel, _ := fakeServer(t, fakeRedis, func(string) fakeReply {
		port := strconv.Itoa(ports[primary.Load()])
		return fakeReply{raw: fmt.Appendf(nil, "*2\r\n$9\r\n127.0.0.1\r\n$%d\r\n%s\r\n", len(port), port)}
	})
	d := made(t, Use{Workload: "register"}, "{kind: redis, port: %d, sentinel: {master: m, port: %d}}", freePort(t), sentinel)
	s, err := d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write := Call{F: "write", Value: num(1)}
	if out := s.Invoke(t.Context(), write); out.Type != history.Fail {
		t.Errorf("to a replica: got %v %v, want fail", out.Type, out.Error)
	}
	primary.Store(1)
	if out := s.Invoke(t.Context(), write); out.Type != history.OK {
		t.Errorf("to the new primary: got %v %v, want ok", out.Type, out.Error)
	}
	own := made(t, Use{Workload: "register"}, "{kind: redis, port: %d, sentinel: {master: m, port: %d}, via: node}", ports[0], sentinel)
	s, err = own.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if out := s.Invoke(t.Context(), write); out.Type != history.Fail {
		t.Errorf("via node: got %v %v, want fail", out.Type, out.Error)
	}
}

// Without this what the fakes above do could be something that no Sentinel does.
func TestSentinelFailover(t *testing.T) {
	if os.Getenv("JCOLLECT_CLUSTER") == "" {
		t.Skip("takes some seconds (hint: JCOLLECT_CLUSTER=1)")
	}
	t.Parallel()
	need(t, "redis-server")
	first, sentinel := redisServer(t, "--repl-diskless-sync-delay", "0").port, freePort(t)
	second := redisServer(t, "--replicaof", "127.0.0.1 "+strconv.Itoa(first)).port
	// Sentinel asks at once, and then every ten seconds: it should hear of the replica the first time.
	answersWith(t, first, "state=online", "INFO", "replication")
	conf := filepath.Join(t.TempDir(), "s.conf")
	text := fmt.Sprintf("port %d\nbind 127.0.0.1\nsentinel monitor m 127.0.0.1 %d 1\nsentinel down-after-milliseconds m 500\n", sentinel, first)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, sentinel, "redis-server", conf, "--sentinel")
	d := made(t, Use{Workload: "register"}, "{kind: redis, sentinel: {master: m, port: %d}}", sentinel)
	s, err := d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write := Call{F: "write", Value: num(1)}
	if out := s.Invoke(t.Context(), write); out.Type != history.OK {
		t.Fatalf("before: got %v %v, want ok", out.Type, out.Error)
	}
	answersWith(t, sentinel, strconv.Itoa(second), "SENTINEL", "REPLICAS", "m")
	c, err := openResp(t.Context(), "127.0.0.1:"+strconv.Itoa(first), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if _, err := c.one(t.Context(), "SHUTDOWN", "NOSAVE"); err == nil {
		t.Error("a server that ended answers")
	}
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		out := s.Invoke(t.Context(), write)
		if out.Type == history.OK {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("no write for 20s after the primary ended; the replica is at %d: %v", second, out.Error)
		}
	}
	if out := s.Invoke(t.Context(), Call{F: "read"}); out.Type != history.OK || out.Value.Int() != 1 {
		t.Errorf("afterwards: got %v %v %v, want 1", out.Type, out.Value, out.Error)
	}
}

// answersWith waits until the answer to a command has a text in it.
func answersWith(t *testing.T, port int, text string, command ...string) {
	t.Helper()
	c, err := openResp(t.Context(), "127.0.0.1:"+strconv.Itoa(port), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	var got string
	for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		r, err := c.one(t.Context(), command...)
		if err != nil {
			t.Fatalf("%v: %v", command, err)
		}
		if got = fmt.Sprint(r); strings.Contains(got, text) {
			return
		}
	}
	t.Fatalf("the answer to %v is still %s, want %q in it", command, got, text)
}

// FuzzReply looks for answers of a Redis that end us. What is read must be what was asked for, or an error.
func FuzzReply(f *testing.F) {
	for _, deed := range misdeeds() {
		f.Add(deed.raw[:min(len(deed.raw), 2000)])
	}
	f.Add([]byte("*2\r\n$1\r\na\r\n*1\r\n:5\r\n"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		r := respReader(bytes.NewReader(answer))
		r.left = 1 << 20
		reply, err := r.reply(maxReplyDepth)
		if err == nil && reply.kind == 0 {
			t.Errorf("%q: a reply of no kind", answer)
		}
		reply.failure()
		reply.texts()
	})
}
