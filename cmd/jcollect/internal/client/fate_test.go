package client

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jcheck/history"
)

var rewrite = flag.Bool("rewrite", false, "write the tables into docs/errors.md")

// A fakeDatabase is a client and the fake that it talks to.
type fakeDatabase struct {
	name, section string // the section wants the port
	serve         func(c net.Conn, script fakeScript) error
	key           func() *history.Value
}

// fakeDatabases are one of each.
func fakeDatabases() []fakeDatabase {
	none := func() *history.Value { return nil }
	one := func() *history.Value { v := num(1); return &v }
	return []fakeDatabase{
		{"redis", "{kind: redis, port: %d}", fakeRedis, none},
		{"postgresql", "{kind: sql, dialect: postgresql, port: %d}", fakePostgres, none},
		{"mysql", "{kind: sql, dialect: mysql, port: %d}", fakeMySQL, none},
		{"etcd", "{kind: etcd, port: %d}", fakeHTTP, none},
		{"http", `{kind: http, port: %d, operations: {read: {path: "/{{key}}", value: .}, write: {method: PUT, path: "/{{key}}"}}}`, fakeHTTP, one},
	}
}

// session opens one that talks to a fake.
func (f fakeDatabase) session(t *testing.T, workload string, script fakeScript) Session {
	t.Helper()
	port, _ := fakeServer(t, f.serve, script)
	d := made(t, Use{Workload: workload}, f.section, port)
	s, err := d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"})
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("%s: close: %v", f.name, err)
		}
	})
	return s
}

// Without this what the page of errors promises could be something else than what is recorded.
func TestFates(t *testing.T) {
	t.Parallel()
	for _, f := range fakeDatabases() {
		for _, table := range fateTables() {
			if table.name != f.name {
				continue
			}
			for _, row := range table.rows {
				f.judge(t, row, f.saying(row.code))
			}
		}
	}
}

// saying is an answer that the row is for.
func (f fakeDatabase) saying(code string) fakeReply {
	reply := fakeReply{code: code, text: "said the fake"}
	prefix, wild := strings.CutSuffix(code, "*")
	switch {
	case code == inScript:
		return fakeReply{code: "ERR", text: "x script: abc, on @user_script:1."}
	case code == inExec:
		return fakeReply{raw: []byte("*2\r\n-WRONGTYPE no\r\n+OK\r\n")}
	case f.name == "etcd":
		return etcdSaying(code)
	case f.name == "http" && wild:
		reply.code = prefix + "77"
	case f.name == "postgresql" && wild:
		reply.code = (prefix + "999")[:5]
	}
	return reply
}

// etcdSaying is an answer of etcd with a text, a code or a status.
func etcdSaying(code string) fakeReply {
	if status, ok := strings.CutPrefix(code, "HTTP "); ok {
		return fakeReply{code: (strings.TrimSuffix(status, "*") + "77")[:3], text: "no JSON"}
	}
	if strings.HasPrefix(code, "etcdserver:") {
		return fakeReply{code: "503", text: fmt.Sprintf(`{"error":%q,"message":%q,"code":14}`, code, code)}
	}
	return fakeReply{code: "500", text: fmt.Sprintf(`{"error":"some","code":%s}`, code)}
}

// judge has a fake give the answer to a write and to a read.
func (f fakeDatabase) judge(t *testing.T, row fate, reply fakeReply) {
	t.Helper()
	s := f.session(t, "register", func(string) fakeReply { return reply })
	want := map[class]history.Type{maybe: history.Info, never: history.Fail}[row.class]
	out := s.Invoke(t.Context(), Call{F: "write", Value: num(1), Key: f.key()})
	if out.Type != want {
		t.Errorf("%s %s: write: got %v %v, want %v", f.name, row.code, out.Type, out.Error, want)
	}
	if words := out.Error.Items; len(words) < 2 || words[0].Text != f.name {
		t.Errorf("%s %s: write: the error is %v", f.name, row.code, out.Error)
	}
	if out := s.Invoke(t.Context(), Call{F: "read", Key: f.key()}); out.Type != history.Fail {
		t.Errorf("%s %s: read: got %v %v, want fail", f.name, row.code, out.Type, out.Error)
	}
}

// Without this an error before COMMIT could cost processes for nothing, or one of COMMIT itself could be called definite.
func TestCommitFates(t *testing.T) {
	t.Parallel()
	txn := Call{F: "txn", Value: vec(vec(word("append"), num(1), num(1)))}
	for _, f := range fakeDatabases()[1:3] {
		table := postgresFates()
		if f.name == "mysql" {
			table = mysqlFates()
		}
		for _, row := range table.rows {
			code := strings.ReplaceAll(row.code, "*", "999")
			if f.name == "postgresql" {
				code = code[:5]
			}
			for _, at := range []string{"BEGIN", "INSERT", "COMMIT"} {
				s := f.session(t, "append", func(statement string) fakeReply {
					if strings.HasPrefix(statement, at) {
						return fakeReply{code: code, text: "said the fake"}
					}
					return fakeReply{}
				})
				want := history.Fail
				if at == "COMMIT" && row.class == maybe {
					want = history.Info
				}
				if out := s.Invoke(t.Context(), txn); out.Type != want {
					t.Errorf("%s %s at %s: got %v %v, want %v", f.name, row.code, at, out.Type, out.Error, want)
				}
			}
		}
		for at, want := range map[string]history.Type{"BEGIN": history.Fail, "INSERT": history.Fail, "COMMIT": history.Info} {
			s := f.session(t, "append", func(statement string) fakeReply { return fakeReply{end: strings.HasPrefix(statement, at)} })
			if out := s.Invoke(t.Context(), txn); out.Type != want {
				t.Errorf("%s: closed at %s: got %v %v, want %v", f.name, at, out.Type, out.Error, want)
			}
		}
	}
}

// misdeeds are what databases do that isn't an answer.
func misdeeds() map[string]fakeReply {
	return map[string]fakeReply{
		"closes":           {end: true},
		"never answers":    {hang: true},
		"half an answer":   {raw: []byte("$10\r\nab"), end: true},
		"garbage":          {raw: bytes.Repeat([]byte{0xfe, 0x00, '\n', 'x'}, 5000), end: true},
		"a flood":          {raw: bytes.Repeat([]byte("x"), 3<<20), end: true},
		"HTTP":             {raw: []byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nno\n"), end: true},
		"RESP":             {raw: []byte("+OK\r\n"), end: true},
		"TLS":              {raw: []byte{0x15, 3, 3, 0, 2, 2, 70}, end: true},
		"a long promise":   {raw: []byte("$9223372036854775807\r\nab"), hang: true},
		"an endless array": {raw: append([]byte("*60000000\r\n"), bytes.Repeat([]byte("*1\r\n"), 100)...), end: true},
		"a huge packet":    {raw: []byte{'D', 0x7f, 0xff, 0xff, 0xff, 1, 2, 3}, hang: true},
		"a huge body":      {raw: []byte("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nno"), hang: true},
		"endless headers":  {raw: append([]byte("HTTP/1.1 200 OK\r\n"), bytes.Repeat([]byte("A: b\r\n"), 1<<16)...), end: true},
		"nothing":          {raw: []byte{}, end: true},
		"zeroes":           {raw: make([]byte, 100), end: true},
	}
}

// Without this a broken or hostile database could hang us, end us, eat our memory, or have what it may have done called
// undone. The operation after it must be like any other.
func TestMisdeeds(t *testing.T) {
	t.Parallel()
	for _, f := range fakeDatabases() {
		for name, deed := range misdeeds() {
			if name == "HTTP" && (f.name == "etcd" || f.name == "http") || name == "RESP" && f.name == "redis" {
				continue // that is an answer
			}
			t.Run(f.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				var good atomic.Bool
				s := f.session(t, "register", func(string) fakeReply {
					if good.Load() {
						return fakeReply{}
					}
					return deed
				})
				for want, call := range map[history.Type]Call{history.Info: {F: "write", Value: num(1), Key: f.key()}, history.Fail: {F: "read", Key: f.key()}} {
					ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
					began := time.Now()
					out := s.Invoke(ctx, call)
					cancel()
					if took := time.Since(began); took > 5*time.Second {
						t.Errorf("%s took %v", call.F, took)
					}
					if out.Type != want {
						t.Errorf("%s: got %v %v, want %v", call.F, out.Type, out.Error, want)
					}
					if code := map[string]string{"closes": "lost", "never answers": "timeout"}[name]; code != "" && out.Error.Items[0].Text != code {
						t.Errorf("%s: got %v, want :%s", call.F, out.Error, code)
					}
				}
				good.Store(true)
				if out := s.Invoke(t.Context(), Call{F: "write", Value: num(1), Key: f.key()}); out.Type != history.OK {
					t.Errorf("afterwards: got %v %v, want ok", out.Type, out.Error)
				}
			})
		}
	}
}

// Without this an operation of a database that is down could count as one that may have happened.
func TestRefused(t *testing.T) {
	for _, f := range fakeDatabases() {
		d := made(t, Use{Workload: "register"}, f.section, freePort(t))
		if s, err := d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"}); err == nil {
			t.Errorf("%s: a session with nobody", f.name)
			_ = s.Close() // it shouldn't be there
		}
		port, stop := fakeServer(t, f.serve, func(string) fakeReply { return fakeReply{} })
		s, err := made(t, Use{Workload: "register"}, f.section, port).Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"})
		if err != nil {
			t.Fatal(err)
		}
		stop()
		if out := s.Invoke(t.Context(), Call{F: "write", Value: num(1), Key: f.key()}); out.Type != history.Fail {
			t.Errorf("%s: ended while nobody asked: got %v %v, want fail", f.name, out.Type, out.Error)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Without this an operation whose time is over before it begins could be sent, and be called unknown.
func TestExpired(t *testing.T) {
	for _, f := range fakeDatabases() {
		s := f.session(t, "register", func(string) fakeReply { return fakeReply{} })
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if out := s.Invoke(ctx, Call{F: "write", Value: num(1), Key: f.key()}); out.Type != history.Fail {
			t.Errorf("%s: got %v %v, want fail", f.name, out.Type, out.Error)
		}
	}
}

// errorsPage is docs/errors.md.
func errorsPage() string {
	var b strings.Builder
	b.WriteString(`# What an error means

An operation that a client couldn't complete is recorded as ` + "`fail`" + ` if it certainly did not happen and never will, and as
` + "`info`" + ` if nobody knows. A wrong ` + "`fail`" + ` makes a good database look bad, so whatever has no row here is ` + "`info`" + `.

Two rules come before the tables:

- **An operation that only reads is never ` + "`info`" + `.** It changed nothing, whatever went wrong.
- **A transaction whose COMMIT was never sent is ` + "`fail`" + `**, whatever went wrong before; what the COMMIT is answered is looked up.

Nothing is ever tried again. Each session is one connection, which is closed after anything but an answer, and when an operation's
time is over; the next operation opens another. The error is recorded as ` + "`[:database \"code\" \"text\"]`" + `.

These tables are those of the program; a test has a fake server give each of the errors, and compares.
`)
	for _, t := range fateTables() {
		fmt.Fprintf(&b, "\n## %s\n\n| error | is | why |\n|---|---|---|\n", t.doc)
		for _, row := range t.rows {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row.code, row.class, row.why)
		}
	}
	b.WriteString("\n## Which client knows which workload\n\n| workload |")
	kinds := []Kind{redisKind(), sqlKind(), etcdKind()}
	for _, k := range kinds {
		fmt.Fprintf(&b, " %s |", k.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(kinds)) + "\n")
	var names []string
	for _, list := range objectNames() {
		names = append(names, list...)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "| %s |", name)
		for _, k := range kinds {
			mark := " |"
			if slices.Contains(k.Workloads, name) {
				mark = " yes |"
			}
			b.WriteString(mark)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n`exec` and `http` know any: a program of yours, or the plan, says what an operation does.\n")
	return b.String()
}

// Without this the page could tell of other tables than the program's.
func TestErrorsPage(t *testing.T) {
	const name = "../../../../docs/errors.md"
	want := errorsPage()
	if *rewrite {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s isn't what the tables say (hint: go test ./cmd/jcollect/internal/client -run ErrorsPage -rewrite)", name)
	}
}

// Without this each operation whose time is over could leave a goroutine behind, or a connection.
func TestNothingLeft(t *testing.T) {
	for _, f := range fakeDatabases() {
		port, stop := fakeServer(t, f.serve, func(string) fakeReply { return fakeReply{hang: true} })
		d := made(t, Use{Workload: "register"}, f.section, port)
		before := runtime.NumGoroutine()
		for range 10 {
			s, err := d.Open(t.Context(), Process{Node: "n1", Addr: "127.0.0.1"})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			s.Invoke(ctx, Call{F: "write", Value: num(1), Key: f.key()})
			cancel()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		after := runtime.NumGoroutine() // the fake's are among them, and end when they notice
		for until := time.Now().Add(5 * time.Second); after > before && time.Now().Before(until); after = runtime.NumGoroutine() {
			time.Sleep(10 * time.Millisecond)
		}
		if after > before {
			var b bytes.Buffer
			if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
				t.Error(err)
			}
			t.Errorf("%s: %d goroutines before, %d after:\n%.3000s", f.name, before, after, b.String())
		}
		stop()
	}
}
