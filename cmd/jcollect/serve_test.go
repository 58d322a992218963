package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Without this the verb could listen where nobody asked it to, show another store, or not end with Ctrl-C.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "mytest", "20261123T010000.000Z"), 0o755); err != nil {
		t.Fatal(err)
	}
	soft, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, in := io.Pipe()
	var said strings.Builder
	e := &env{stdout: in, stderr: &said, soft: soft, hard: t.Context()}
	ended := make(chan int, 1)
	go func() {
		code := e.run([]string{"serve", "--store", dir, "-p", "0"})
		_ = in.Close() // it never fails
		ended <- code
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://127.0.0.1:") {
		t.Fatalf("it says %q (%v) %s", line, err, said.String())
	}
	client := &http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get(strings.TrimSpace(line) + "/")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(text), ">mytest<") {
		t.Errorf("status %d, %v:\n%s", resp.StatusCode, err, text)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
	client.CloseIdleConnections()
	interrupt()
	if code := <-ended; code != exitValid {
		t.Errorf("exit code %d, %s", code, said.String())
	}
	for _, args := range [][]string{{"--store", filepath.Join(dir, "none")}, {"-p", "70000"}, {"-b", "192.0.2.1"}, {"x"}} {
		e := &env{stdout: io.Discard, stderr: &said, soft: t.Context(), hard: t.Context()}
		said.Reset()
		if code := e.run(append([]string{"serve", "--store", dir, "-p", "0"}, args...)); code != exitUsage || !strings.HasPrefix(said.String(), "jcollect: ") {
			t.Errorf("%v: exit code %d, %q", args, code, said.String())
		}
	}
}
