package client

import (
	"strings"
	"sync"
	"testing"

	"jcheck/history"
)

// Without this a write that Redis performed could be called undone since another command of the same request was refused,
// or one that only waits for its EXEC be called done.
func TestRedisInPart(t *testing.T) {
	t.Parallel()
	txn := Call{F: "txn", Value: vec(vec(word("append"), num(1), num(1)))}
	write := Call{F: "write", Value: num(1)}
	for _, row := range []struct {
		name, workload, options string
		call                    Call
		answers                 map[string]string
		want                    history.Type
	}{
		{"a user without MULTI", "append", "", txn, map[string]string{"MULTI": "-NOPERM no", "RPUSH": ":1", "EXEC": "-ERR EXEC without MULTI"}, history.Info},
		{"a MULTI that means nothing", "append", "", txn, map[string]string{"MULTI": "+OK", "RPUSH": ":1", "EXEC": "-ERR unknown command"}, history.Info},
		{"a write refused inside MULTI", "append", "", txn, map[string]string{"MULTI": "+OK", "RPUSH": "-OOM no", "EXEC": "-EXECABORT no"}, history.Fail},
		{"everything refused", "append", "", txn, map[string]string{"MULTI": "-NOAUTH no", "RPUSH": "-NOAUTH no", "EXEC": "-NOAUTH no"}, history.Fail},
		{"no WAIT", "register", ", wait: {replicas: 1}", write, map[string]string{"SET": "+OK", "WAIT": "-ERR WAIT cannot be used with replica instances"}, history.Info},
		{"neither SET nor WAIT", "register", ", wait: {replicas: 1}", write, map[string]string{"SET": "-READONLY no", "WAIT": ":0"}, history.Fail},
		{"a write inside somebody's MULTI", "register", "", write, map[string]string{"SET": "+QUEUED"}, history.Info},
	} {
		f := fakeDatabases()[0]
		f.section = "{kind: redis, port: %d" + row.options + "}"
		s := f.session(t, row.workload, func(command string) fakeReply { return fakeReply{raw: []byte(row.answers[command] + "\r\n")} })
		if out := s.Invoke(t.Context(), row.call); out.Type != row.want {
			t.Errorf("%s: got %v %v, want %v", row.name, out.Type, out.Error, row.want)
		}
	}
}

// Without this a second answer to one request could be taken for the answer to the next one, and all that follow.
func TestUnaskedAnswers(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"redis": "+OK\r\n$1\r\n9\r\n",
		"etcd":  twice(`{"header":{"revision":"3"},"succeeded":true,"responses":[{"response_range":{"kvs":[{"key":"eA==","value":"OQ=="}]}}]}`),
		"http":  twice("9"),
	}
	for _, f := range fakeDatabases() {
		if answers[f.name] == "" {
			continue // the others' protocols say themselves which answer is whose
		}
		first := true
		var mu sync.Mutex
		s := f.session(t, "register", func(string) fakeReply {
			mu.Lock()
			defer mu.Unlock()
			if first {
				first = false
				return fakeReply{raw: []byte(answers[f.name])}
			}
			if f.name == "http" {
				return fakeReply{code: "200", text: "5"}
			}
			return fakeReply{}
		})
		if out := s.Invoke(t.Context(), Call{F: "write", Value: num(9), Key: f.key()}); out.Type != history.OK {
			t.Errorf("%s: write: got %v %v, want ok", f.name, out.Type, out.Error)
		}
		if out := s.Invoke(t.Context(), Call{F: "read", Key: f.key()}); out.Type == history.OK && out.Value.String() == "9" {
			t.Errorf("%s: the read got the write's second answer", f.name)
		}
	}
}

// twice is a body as two answers of HTTP.
func twice(body string) string {
	one := "HTTP/1.1 200 OK\r\nContent-Length: " + decimal(int64(len(body))) + "\r\n\r\n" + body
	return one + one
}

// Without this what stands before etcd, a proxy say, could have a cas called undone that was never answered by etcd.
func TestAnswerOfAnotherService(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `null`, `{"status":"ok"}`} {
		f := fakeDatabases()[3]
		s := f.session(t, "register", func(string) fakeReply { return fakeReply{code: "200", text: body} })
		if out := s.Invoke(t.Context(), Call{F: "cas", Value: vec(num(1), num(2))}); out.Type != history.Info {
			t.Errorf("%s: got %v %v, want info", body, out.Type, out.Error)
		}
	}
}

// Without this a transaction whose COMMIT was refused could stay open, and be committed by the next one's BEGIN after it
// was called undone.
func TestRefusedCommit(t *testing.T) {
	t.Parallel()
	refusal := map[string]string{"postgresql": "40001", "mysql": "1047"}
	txn := Call{F: "txn", Value: vec(vec(word("append"), num(1), num(1)))}
	for _, f := range fakeDatabases()[1:3] {
		for _, rollback := range []string{"", refusal[f.name]} {
			var mu sync.Mutex
			var said []string
			s := f.session(t, "append", func(statement string) fakeReply {
				mu.Lock()
				defer mu.Unlock()
				said = append(said, strings.Fields(statement)[0])
				switch said[len(said)-1] {
				case "COMMIT":
					return fakeReply{code: refusal[f.name], text: "no"}
				case "ROLLBACK":
					return fakeReply{code: rollback, text: "no"}
				}
				return fakeReply{}
			})
			if out := s.Invoke(t.Context(), txn); out.Type != history.Fail {
				t.Errorf("%s: got %v %v, want fail", f.name, out.Type, out.Error)
			}
			mu.Lock()
			if last := said[len(said)-1]; last != "ROLLBACK" {
				t.Errorf("%s: the last statement was %s, want ROLLBACK", f.name, last)
			}
			mu.Unlock()
			if left := s.(*linkSession[sqlCall]).opened; left != (rollback == "") {
				t.Errorf("%s: ROLLBACK answered %q: the connection is kept: %v", f.name, rollback, left)
			}
		}
	}
}
