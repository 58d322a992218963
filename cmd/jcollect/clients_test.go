package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/interpreter"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/workload"
	"jcheck/history"
)

// registers is as much of Redis as the clients under examples use. Now and then it ends a connection: before it did what
// was asked, or after.
type registers struct {
	mu    sync.Mutex
	cells map[string]string
	calls int
}

// serveRegisters answers on a port of its own until the test ends.
func serveRegisters(t *testing.T) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &registers{cells: make(map[string]string)}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			open.Go(func() { r.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		open.Wait()
	})
	return l.Addr().(*net.TCPAddr).Port
}

// serve answers one connection.
func (r *registers) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		words, err := command(in)
		if err != nil {
			return
		}
		reply, ok := r.answer(words)
		if !ok {
			return
		}
		if _, err := io.WriteString(conn, reply); err != nil {
			return
		}
	}
}

// command reads *N and N texts.
func command(in *bufio.Reader) (words []string, err error) {
	number := func() (n int) {
		line, readErr := in.ReadString('\n')
		if readErr != nil || len(line) < 3 {
			err = io.ErrUnexpectedEOF
			return 0
		}
		n, err = strconv.Atoi(line[1 : len(line)-2])
		return n
	}
	n := number()
	for range n {
		size := number()
		if err != nil {
			return nil, err
		}
		text := make([]byte, size+2)
		if _, err := io.ReadFull(in, text); err != nil {
			return nil, err
		}
		words = append(words, string(text[:size]))
	}
	return words, err
}

// answer does what a command says; ok is false if the connection is to end instead of an answer.
func (r *registers) answer(words []string) (reply string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.calls%50 == 0 {
		return "", false
	}
	reply = r.perform(words)
	return reply, r.calls%50 != 25
}

// perform is one command, done.
func (r *registers) perform(words []string) string {
	switch {
	case len(words) == 2 && words[0] == "GET":
		text, found := r.cells[words[1]]
		if !found {
			return "$-1\r\n"
		}
		return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text)
	case len(words) == 3 && words[0] == "SET":
		r.cells[words[1]] = words[2]
		return "+OK\r\n"
	case len(words) == 6 && words[0] == "EVAL" && words[2] == "1":
		if r.cells[words[3]] != words[4] {
			return ":0\r\n"
		}
		r.cells[words[3]] = words[5]
		return ":1\r\n"
	}
	return "-ERR unknown command\r\n"
}

// exampleClients are the clients under examples: the words that start each, once its language is there.
func exampleClients(t *testing.T, dir string) map[string]func(t *testing.T) string {
	t.Helper()
	needs := func(t *testing.T, program string) {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed here", program)
		}
	}
	return map[string]func(t *testing.T) string{
		"Python":     func(t *testing.T) string { needs(t, "python3"); return "[python3, register.py]" },
		"JavaScript": func(t *testing.T) string { needs(t, "node"); return "[node, register.js]" },
		"Go": func(t *testing.T) string {
			needs(t, "go")
			program := filepath.Join(t.TempDir(), "register")
			if out, err := exec.Command("go", "build", "-o", program, filepath.Join(dir, "register", "main.go")).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			return "['" + program + "']"
		},
	}
}

// Without this the clients that users copy could be wrong: take a lost connection for a failure, or break the protocol.
func TestExampleClients(t *testing.T) {
	if testing.Short() {
		t.Skip("starts interpreters of three languages")
	}
	dir, err := filepath.Abs("../../examples/clients")
	if err != nil {
		t.Fatal(err)
	}
	for language, command := range exampleClients(t, dir) {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			words := command(t)
			ended, r := drive(t, dir, words, serveRegisters(t))
			if r.Verdict != check.Valid {
				t.Errorf("got %v, want valid", r)
			}
			if ended[history.OK] < 50 || ended[history.Fail] == 0 || ended[history.Info] == 0 {
				t.Errorf("operations ended as %v, want some of each", ended)
			}
		})
	}
}

// drive has clients do what the plan says, for 200 operations, and judges what they said.
func drive(t *testing.T, dir, words string, port int) (ended map[history.Type]int, r check.Result) {
	t.Helper()
	var p plan.Problems
	section := fmt.Sprintf("{kind: exec, command: %s, timeout: 30s, options: {port: %d}}", words, port)
	clients := client.Read(plan.Parse("client", []byte(section), &p), &p)
	kind := workload.Read(plan.Parse("workload", []byte("cas-register"), &p), &p)
	if list, _ := p.Sorted(); len(list) > 0 {
		t.Fatal(list)
	}
	const concurrency = 5
	work, err := kind.Work(workload.Setting{Concurrency: concurrency, Rate: 200})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	use := client.Use{Dir: dir, Nodes: []string{"127.0.0.1"}, Concurrency: concurrency, Workload: kind.Kind, Options: kind.Options, Log: &log}
	driver, err := clients.Driver(use)
	if err != nil {
		t.Fatal(err)
	}
	var ops kept
	if _, err := interpreter.Run(t.Context(), interpreter.Options{Generator: generator.Limit(200, work.Generator), Driver: driver, Use: use,
		Timeout: clients.Timeout, Sink: &ops, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	h, err := history.FromOps(ops)
	if err != nil {
		t.Fatal(err)
	}
	ended = make(map[history.Type]int)
	for id := range h.All() {
		ended[h.Type(id)]++
	}
	row, found := all.Find("linearizable")
	if !found {
		t.Fatal("there is no checker linearizable")
	}
	if r, err = row.Run(t.Context(), h, all.Values{"model": "cas-register"}); err != nil {
		t.Fatal(err)
	}
	if log.Len() > 0 {
		t.Logf("the clients said:\n%s", &log)
	}
	return ended, r
}

// kept is a history in memory.
type kept []history.Op

// Write keeps an operation.
func (k *kept) Write(op history.Op) error {
	*k = append(*k, op)
	return nil
}

// Flush has nothing to do.
func (k *kept) Flush() error { return nil }
