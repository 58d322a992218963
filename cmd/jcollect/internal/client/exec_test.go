package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// roleVar tells this test's binary that it is to be a client, and of which kind.
const roleVar = "JCOLLECT_TEST_CLIENT"

// TestMain makes the binary a client if it is started as one.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVar); role != "" {
		os.Exit(play(role))
	}
	os.Exit(m.Run())
}

// play is a client that does something to each operation.
func play(role string) int {
	if role == "exits at once" {
		fmt.Fprintln(os.Stderr, "no such table")
		return 3
	}
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return 0
		}
		var m struct {
			ID    int64           `json:"id"`
			Type  string          `json:"type"`
			Value json.RawMessage `json:"value"`
		}
		if err := json.Unmarshal(line, &m); err != nil {
			return 4
		}
		switch {
		case m.Type == "close" && role == "ignores close":
			hang()
		case m.Type == "close":
			return 0
		case m.Type == "open" && role == "shows opening":
			fmt.Fprint(os.Stderr, string(line))
		case m.Type != "open":
			if code := answerAs(role, m.ID, m.Value, out); code >= 0 {
				return code
			}
			_ = out.Flush()
		}
	}
}

// plainAnswer is what a role says that only says something.
func plainAnswer(role string, id int64, okay string) (string, bool) {
	text, found := map[string]string{
		"garbage":     "<html>502</html>",
		"twice":       okay + "\n" + okay,
		"ahead":       okay + "\n" + fmt.Sprintf(`{"id":%d,"type":"ok","value":99}`, id+1),
		"unknown id":  fmt.Sprintf(`{"id":%d,"type":"ok"}`, id+5),
		"no id":       `{"type":"ok"}`,
		"odd id":      `{"id":"one","type":"ok"}`,
		"other f":     fmt.Sprintf(`{"id":%d,"type":"ok","f":"cas"}`, id),
		"odd type":    fmt.Sprintf(`{"id":%d,"type":"maybe"}`, id),
		"array":       `[1]`,
		"fails":       fmt.Sprintf(`{"id":%d,"type":"fail","error":["locked",1],"value":9}`, id),
		"more fields": fmt.Sprintf(`{"id":%d,"type":"ok","value":1,"position":7,"process":99,"link":"x"}`, id),
	}[role]
	return text + "\n", found
}

// hang never returns. It sleeps: a program that only waits, and has no C in it, ends itself as deadlocked.
func hang() {
	for {
		time.Sleep(time.Hour)
	}
}

// answerAs answers one operation as the role would; the result is an exit code, -1 to go on.
func answerAs(role string, id int64, value []byte, out *bufio.Writer) int {
	if value == nil {
		value = []byte("null")
	}
	okay := fmt.Sprintf(`{"id":%d,"type":"ok","value":%s}`, id, value)
	if text, found := plainAnswer(role, id, okay); found {
		_, _ = out.WriteString(text) // flushed later
		return -1
	}
	switch role {
	case "never":
		hang()
	case "dies":
		fmt.Fprintln(os.Stderr, "segmentation fault")
		return 5
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		hang()
	case "closes stdout":
		_ = os.Stdout.Close()
		time.Sleep(time.Hour)
	case "floods", "blank lines":
		text := map[string]string{"floods": strings.Repeat("x", 1<<16), "blank lines": "\n \n"}[role]
		for {
			if _, err := out.WriteString(text); err != nil {
				return 0
			}
		}
	case "loud":
		line := append(bytes.Repeat([]byte("noise "), 300), '\n')
		for range 12000 {
			_, _ = os.Stderr.Write(line)
		}
	case "forks":
		child := exec.Command("sleep", "3611")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if err := child.Start(); err != nil {
			return 6
		}
		okay = fmt.Sprintf(`{"id":%d,"type":"ok","value":%d}`, id, child.Process.Pid)
	}
	okay += "\n"
	if role == "dies in the middle" {
		okay = okay[:9]
	}
	_, _ = out.WriteString(okay)
	_ = out.Flush()
	switch role {
	case "stops reading":
		time.Sleep(time.Hour)
	case "quits after one", "dies in the middle":
		return 0
	}
	return -1
}

// safeBuffer is a log.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// execAs is a driver of clients of that role, and their log.
func execAs(t *testing.T, role string) (*execDriver, *safeBuffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := &safeBuffer{}
	d, err := newExec(execOptions{command: []string{self}, env: []string{roleVar + "=" + role}}, Use{Log: log, Dir: t.TempDir(), Concurrency: 5})
	if err != nil {
		t.Fatal(err)
	}
	return d, log
}

// session opens one, and wants that its program is gone at the end.
func session(t *testing.T, d *execDriver) *execSession {
	t.Helper()
	s, err := d.Open(t.Context(), Process{Node: "n1", Number: 3, Concurrency: 5, Nodes: []string{"n1", "n2"}})
	if err != nil {
		t.Fatal(err)
	}
	program := s.(*execSession).program
	t.Cleanup(func() {
		if !program.settle(5 * time.Second) {
			t.Error("the program still runs")
		}
	})
	return s.(*execSession)
}

// Without this an answer that a program gave too early would be taken for that of an operation that it hadn't heard of: ok,
// though nothing was done.
func TestAnswersAhead(t *testing.T) {
	d, log := execAs(t, "ahead")
	s := session(t, d)
	if out := s.Invoke(t.Context(), Call{F: "write", Value: num(1)}); out.Type != history.OK {
		t.Fatalf("got %v %v, want ok", out.Type, out.Error)
	}
	if out := s.Invoke(t.Context(), Call{F: "read"}); out.Type != history.Fail || !out.EndProcess || !strings.Contains(out.Error.String(), "before it was asked") {
		t.Errorf("got %v %v %v, want fail and the process's end", out.Type, out.Value, out.Error)
	}
	if !strings.Contains(log.String(), "before it was asked") {
		t.Errorf("the log has %q", log)
	}
}

// Without this what a client does wrong could be believed, hang the run, or pass for certain where nobody knows.
func TestHostilePrograms(t *testing.T) {
	for _, c := range []struct{ role, want, log string }{
		{"fine", "ok [1 nil] nil", ""},
		{"garbage", `info nil [:malformed-answer "\"<html>502</html>\" is no answer`, "stdout is for answers alone"},
		{"never", "info nil :timeout", ""},
		{"unknown id", `info nil [:malformed-answer "it answered operation 6, and was asked for 1"]`, "killed"},
		{"no id", `info nil [:malformed-answer "it answered operation 0`, ""},
		{"odd id", `info nil [:malformed-answer "the id \"one\" is no whole number"]`, ""},
		{"other f", `info nil [:malformed-answer "operation 1 is write, and was answered as \"cas\""]`, ""},
		{"odd type", `info nil [:malformed-answer "an answer of type \"maybe\", want ok, fail or info"]`, ""},
		{"array", `info nil [:malformed-answer "\"[1]\" is no answer: no object`, ""},
		{"dies", `info nil [:client-ended "exit status 5; it said segmentation fault"]`, "client 3 n1: segmentation fault"},
		{"dies in the middle", `info nil [:client-ended "exit status 0"]`, ""},
		{"killed", `info nil [:client-ended "signal: killed"]`, ""},
		{"closes stdout", `info nil [:client-ended "the program closed its output, and runs"]`, ""},
		{"floods", `info nil [:malformed-answer "more than 33554432 bytes`, ""},
		{"blank lines", `info nil [:malformed-answer "1000 lines that mean nothing"]`, ""},
		{"loud", "ok [1 nil] nil", "the rest isn't kept"},
		{"fails", `fail nil ["locked" 1]`, ""},
		{"more fields", "ok 1 nil", ""},
		{"ignores close", "ok [1 nil] nil", ""},
	} {
		t.Run(c.role, func(t *testing.T) {
			t.Parallel()
			d, log := execAs(t, c.role)
			s := session(t, d)
			limit := 10 * time.Second
			if c.role == "never" {
				limit = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			out := s.Invoke(ctx, Call{F: "write", Value: edn.NewVector([]history.Value{edn.NewInt(1), {}})})
			if got := fmt.Sprintf("%s %s %s", out.Type, out.Value, out.Error); !strings.HasPrefix(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if c.role == "more fields" && fmt.Sprint(out.Extra) != `[{position 7} {link "x"}]` {
				t.Errorf("got fields %v", out.Extra)
			}
			start := time.Now()
			if err := s.Close(); err != nil || time.Since(start) > 3*time.Second {
				t.Errorf("it closed after %v with %v", time.Since(start), err)
			}
			if !strings.Contains(log.String(), c.log) {
				t.Errorf("the log is\n%.500s\nwant %s", log.String(), c.log)
			}
			if len(log.String()) > maxLog+maxLog/10 {
				t.Errorf("the log has %d bytes", len(log.String()))
			}
		})
	}
}

// Without this a client that can't be started, or ends at once, could look like operations that may have happened, or be
// started as fast as the machine can.
func TestExitsAtOnce(t *testing.T) {
	d, log := execAs(t, "exits at once")
	start := time.Now()
	for i := range 8 {
		s, err := d.Open(t.Context(), Process{Number: int32(i)})
		if err != nil {
			continue // it was gone before it could be told for whom it is
		}
		s.(*execSession).program.settle(5 * time.Second)
		out := s.Invoke(t.Context(), Call{F: "read"})
		if out.Type != history.Fail || !out.EndProcess || !strings.Contains(out.Error.String(), "exit status 3; it said no such table") {
			t.Errorf("got %+v, want a fail: nobody can have seen it", out)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("8 of them took %v", took)
	}
	if !strings.Contains(log.String(), "no such table") {
		t.Errorf("the log is %s", log)
	}
}

// Without this a second answer to one operation could be taken for the answer to the next.
func TestAnswersTwice(t *testing.T) {
	d, log := execAs(t, "twice")
	s := session(t, d)
	for i := range 5 {
		out := s.Invoke(t.Context(), Call{F: "write", Value: edn.NewInt(int64(i))})
		if out.Type != history.OK || out.Value.Int() != int64(i) {
			t.Errorf("operation %d: got %+v", i, out)
		}
	}
	if err := s.Close(); err != nil || !strings.Contains(log.String(), "answered operation 1 again") {
		t.Errorf("got %v, log %s", err, log)
	}
}

// Without this children of a client could be left behind, or hold up the run by a pipe that they keep open.
func TestForks(t *testing.T) {
	d, _ := execAs(t, "forks")
	s := session(t, d)
	out := s.Invoke(t.Context(), Call{F: "read"})
	child := int(out.Value.Int())
	if out.Type != history.OK || child <= 0 {
		t.Fatalf("got %+v", out)
	}
	start := time.Now()
	if err := s.Close(); err != nil || time.Since(start) > 3*time.Second {
		t.Errorf("it closed after %v with %v", time.Since(start), err)
	}
	for range 200 {
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(child), "stat"))
		if errors.Is(err, os.ErrNotExist) && exists("/proc/self/stat") || err == nil && strings.Contains(string(text), ") Z ") {
			return
		}
		if syscall.Kill(child, 0) != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("the client's child %d still runs", child)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Without this large values could be cut, or block both sides for ever.
func TestLargeValues(t *testing.T) {
	d, _ := execAs(t, "fine")
	s := session(t, d)
	big := edn.NewString(strings.Repeat("0123456789abcdéf", 10<<20/16))
	out := s.Invoke(t.Context(), Call{F: "write", Value: big})
	if out.Type != history.OK || out.Value.Text != big.Text {
		t.Errorf("got %s of %d bytes", out.Type, len(out.Value.Text))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	d, _ = execAs(t, "stops reading")
	s = session(t, d)
	if out := s.Invoke(t.Context(), Call{F: "write"}); out.Type != history.OK {
		t.Errorf("got %+v", out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if out := s.Invoke(ctx, Call{F: "write", Value: big}); out.Type != history.Info || out.Error.Text != "timeout" {
		t.Errorf("a program that doesn't read: got %+v, want a timeout", out)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Without this an operation for a program that ended before could be unknown, or be repeated.
func TestEndsBetweenOperations(t *testing.T) {
	d, _ := execAs(t, "quits after one")
	s := session(t, d)
	if out := s.Invoke(t.Context(), Call{F: "read"}); out.Type != history.OK {
		t.Errorf("got %+v", out)
	}
	s.program.settle(5 * time.Second)
	if out := s.Invoke(t.Context(), Call{F: "read"}); out.Type != history.Fail || !out.EndProcess {
		t.Errorf("got %+v, want a fail: nobody was there to see it", out)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Without this a program could be told less than the protocol's page says, or in another form.
func TestMessages(t *testing.T) {
	d, log := execAs(t, "shows opening")
	d.o.options = edn.NewMap([]history.Value{edn.NewKeyword("port"), edn.NewInt(1)})
	d.use.Workload, d.use.Options = "bank", []history.Field{{Name: "total", Value: edn.NewInt(100)}}
	s := session(t, d)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s.program.settle(5 * time.Second)
	want := `{"type": "open", "node": "n1", "address": "", "process": 3, "concurrency": 5, "nodes": ["n1", "n2"], ` +
		`"addresses": ["n1", "n2"], "workload": "bank", "workload-options": {"total": 100}, "options": {"port": 1}}`
	if !strings.Contains(log.String(), want) {
		t.Errorf("got %s\nwant %s", log, want)
	}
	key := edn.NewInt(5)
	got := string(message{id: 7, kind: "invoke", call: Call{F: "cas", Key: &key, Value: edn.NewVector([]history.Value{{}, edn.NewKeyword("x")}),
		Extra: []history.Field{{Name: "final?", Value: edn.NewBool(true)}, {Name: "id", Value: edn.NewInt(9)}}}}.line())
	if want := `{"id":7,"type":"invoke","f":"cas","key":5,"value":[null, "x"],"final?":true}` + "\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Without this a value could lose digits or its meaning on its way through JSON.
func TestFit(t *testing.T) {
	for _, c := range []struct{ asked, answer, want string }{
		{"nil", `9007199254740993`, "9007199254740993"},
		{"nil", `123456789012345678901234567890`, "123456789012345678901234567890N"},
		{"nil", `null`, "nil"},
		{"nil", `"x"`, `"x"`},
		{":x", `"x"`, ":x"},
		{"[[:append :x 1] [:r :y nil]]", `[["append","x",1],["r","y",[1,2]]]`, "[[:append :x 1] [:r :y [1 2]]]"},
		{"[[:r 1 nil]]", `[["r",1,null],["more",2]]`, "[[:r 1 nil] [:more 2]]"},
		{"[[:poll]]", `[["poll",{"1":[[0,5]],"x":[]}]]`, "[[:poll {1 [[0 5]], :x []}]]"},
		{"nil", `{"0":10,"-1":1,"01":2,"a":{"b":[]}}`, `{0 10, -1 1, "01" 2, :a {:b []}}`},
		{"nil", `{"a b":1,"":2,"x}":{"1 2":3},"é":4,"ok?":5}`, `{"a b" 1, "" 2, "x}" {"1 2" 3}, "é" 4, :ok? 5}`},
		{"[[:r 1 nil]]", `[["r} {:type :ok",1,null],["",2]]`, `[["r} {:type :ok" 1 nil] ["" 2]]`},
		{"{:from 0, :to :a}", `{"from":0,"to":"a"}`, "{:from 0, :to :a}"},
		{"[1 2]", `[1,2]`, "[1 2]"},
		{"nil", `[["a",1]]`, `[["a" 1]]`},
	} {
		asked, _, err := edn.Parse([]byte(c.asked))
		if err != nil {
			t.Fatal(err)
		}
		v, err := history.ParseJSON([]byte(c.answer))
		if err != nil {
			t.Fatal(err)
		}
		if got := fit(asked, v).String(); got != c.want {
			t.Errorf("%s answered by %s: got %s, want %s", c.asked, c.answer, got, c.want)
		}
	}
}

// Without this a wrong section could be found out only when the cluster is up, or start something that nobody meant.
func TestExecSection(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"{kind: exec, command: [sh, -c, 'exit 0'], env: {A: 1}, options: {port: 1}, setup: true}", ""},
		{"{kind: exec}", "lacks the key command"},
		{"{kind: exec, command: []}", "no program"},
		{"{kind: exec, command: sh, env: [A]}", "env is a list, want a map"},
		{"{kind: exec, command: sh, env: {'A=B': 1}}", "can't be set"},
	} {
		if _, got := read(t, c.text); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
	dir := t.TempDir()
	name := "a client; $(touch x) 'it'"
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{"./" + name: "", "./nothing": "in the plan's folder", "python3 x.py": "[python3, x.py]"} {
		_, err := newExec(execOptions{command: []string{command}}, Use{Dir: dir})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %s", command, err, want)
		}
	}
	t.Setenv("PATH", dir)
	for program, want := range map[string]string{"python3": "apt-get install --no-install-recommends python3)", "nothing": "PATH)"} {
		if _, err := newExec(execOptions{command: []string{program}}, Use{Dir: dir}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", program, err, want)
		}
	}
}

// Without this a program could be asked to set up although it can't, or its answer go unheard.
func TestSetup(t *testing.T) {
	for role, want := range map[string]string{"fine": "", "fails": `the program answered fail ["locked" 1]`, "dies": "exit status 5"} {
		d, _ := execAs(t, role)
		if err := d.Setup(t.Context(), Process{}); err != nil {
			t.Errorf("not asked: %v", err)
		}
		d.o.setup = true
		for _, do := range []func(context.Context, Process) error{d.Setup, d.Teardown} {
			if err := do(t.Context(), Process{}); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: got %v, want %s", role, err, want)
			}
		}
	}
}

// Without this the page by which people write clients could tell of messages, kinds or limits that aren't so.
func TestClientsPage(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	d := &execDriver{o: execOptions{options: edn.NewMap([]history.Value{edn.NewKeyword("port"), edn.NewInt(6379)})},
		use: Use{Workload: "cas-register", Addrs: map[string]string{"n1": "10.1.0.2", "n2": "10.1.0.3"}}}
	key := edn.NewInt(5)
	wants := []string{
		string(d.opening(Process{Node: "n1", Addr: "10.1.0.2", Number: 3, Concurrency: 5, Nodes: []string{"n1", "n2"}})),
		string(message{id: 1, kind: "invoke", call: Call{F: "read", Key: &key}}.line()),
		string(message{id: 2, kind: "invoke", call: Call{F: "cas", Key: &key, Value: edn.NewVector([]history.Value{edn.NewInt(3), edn.NewInt(4)})}}.line()),
		string(message{id: 3, kind: "invoke", call: Call{F: "write", Key: &key, Value: edn.NewInt(1)}}.line()),
		fmt.Sprintf("%d MiB", maxLine>>20), "`" + string(message{id: 1, kind: "setup"}.line()[:23]) + "`", "(`timeout:`, 5 s)",
	}
	for _, k := range Kinds() {
		wants = append(wants, "\n| `"+k.Name+"` |")
	}
	for _, w := range wants {
		if !strings.Contains(string(text), w) {
			t.Errorf("docs/clients.md doesn't have %q", w)
		}
	}
	var asked history.Value
	for _, line := range strings.Split(string(text), "\n") {
		if q, found := strings.CutPrefix(line, "→ "); found {
			if v, err := history.ParseJSON([]byte(q)); err == nil {
				asked = v
			}
		}
		if a, found := strings.CutPrefix(line, "← "); found {
			f, _ := asked.Get(edn.NewKeyword("f"))
			id, _ := asked.Get(edn.NewKeyword("id"))
			parsed, err := parseAnswer([]byte(a))
			if err != nil || parsed.id != id.Int() || parsed.fits(message{id: id.Int(), kind: "invoke", call: Call{F: f.Text}}) != nil {
				t.Errorf("%s is no answer to %s: %v", a, asked, err)
			}
		}
	}
}

// FuzzAnswer would miss an answer of a program that panics, or whose record can't be read again.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"id":1,"type":"ok","value":[["r",1,null]]}`, `{"id":1,"type":"fail","error":["x",{"a b":1}]}`,
		`{"id":1,"type":"info","":{"1":"\u0000"},"x y":3,"f":"txn"}`, "[]", "\xff", `{"id":1e9,"type":"ok","value":{"}":"}"}}`} {
		f.Add([]byte(seed))
	}
	asked := edn.NewVector([]history.Value{edn.NewVector([]history.Value{edn.NewKeyword("r"), edn.NewInt(1), {}})})
	f.Fuzz(func(t *testing.T, line []byte) {
		a, err := parseAnswer(line)
		c := Call{F: "txn", Value: asked}
		if err != nil || a.fits(message{id: a.id, kind: "invoke", call: c}) != nil {
			return
		}
		out := a.outcome(c)
		op := history.Op{Type: out.Type, Process: edn.NewInt(0), F: edn.NewKeyword("txn"), Value: out.Value,
			Extra: append(out.Extra, history.Field{Name: "error", Value: out.Error})}
		var text bytes.Buffer
		w := history.NewWriter(&text, history.FormatEDN)
		if err := errors.Join(w.Write(op), w.Flush()); err != nil {
			t.Fatal(err)
		}
		v, rest, err := edn.Parse(text.Bytes())
		if err != nil || len(bytes.TrimSpace(text.Bytes()[rest:])) > 0 || v.Kind != edn.Map {
			t.Errorf("%q was recorded as %q, which reads as %s, %v", line, &text, v, err)
		}
	})
}
