//go:build linux

package db

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// TestMain lets this very program be the agent, as jcollect is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "agent" {
		os.Exit(agent.Main(context.Background(), os.Args[2:], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// locals are nodes of this machine, with folders of the test.
func locals(t *testing.T, names ...string) []*node.Node {
	t.Helper()
	state := t.TempDir()
	var nodes []*node.Node
	for i, name := range names {
		n := &node.Node{Name: name, Index: i, Remote: &remote.Local{Node: name}, State: filepath.Join(state, agent.SafeName(name))}
		if err := n.Install(t.Context(), node.Agents{}); err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// database is a section on local nodes, torn down with the test.
func database(t *testing.T, section string, names ...string) (*DB, []*node.Node) {
	t.Helper()
	p, said := read(t, section)
	if len(said) > 0 {
		t.Fatal(said)
	}
	nodes := locals(t, names...)
	d := New(p, Options{Nodes: nodes, OS: "none", Cache: t.TempDir()})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := d.Teardown(ctx); err != nil {
			t.Error(err)
		}
		for _, n := range nodes {
			if left, err := n.Daemons(ctx); err != nil || len(left) > 0 {
				t.Errorf("%s: left the daemons %q, %v", n.Name, left, err)
			}
		}
	})
	return d, nodes
}

// content is what a file has in it; "" if it isn't there.
func content(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

const lifeSection = `
env: {PASSWORD: {env: JCOLLECT_DB_TEST}, OUT: %q}
files: [{content: "{{.Node}} is {{.Number}} of {{len .Nodes}}, pw {{.Env.PASSWORD}}", to: "%s/f $(x) 'y'/conf", mode: 0600}]
setup: |
  [ "$(cat)" = "" ]
  mkdir -p "$OUT/data/$NODE"
  echo "setup $NODE $NODE_INDEX $NODE_NUMBER of $NODE_COUNT: $NODES, primary $PRIMARY, at $NODE_ADDR, pw <$PASSWORD>" >>"$OUT/data/log"
setup-primary: echo "primary $NODE" >>"$OUT/data/log"
daemons:
  - {name: one, run: 'echo "running {{quote .Node}} as $NODE with <$PASSWORD>, $MORE"; exec sleep 1000', env: {MORE: "m {{.Index}}"}}
  - {name: spare, args: [sleep, "1000"], spare: true, nodes: first}
ready: |
  echo "ready $NODE" >>"$OUT/data/log"
  [ "$(grep -c '^ready' "$OUT/data/log")" -ge 5 ] || { echo "not yet" >&2; exit 1; }
primaries: echo "$PRIMARY other"
teardown: echo "teardown $NODE" >>"$OUT/torn"
wipe: %q
logs: [%q, /no/such/log]
`

// status is how a daemon does.
func status(t *testing.T, n *node.Node, daemon string) agent.Running {
	t.Helper()
	r, err := n.Running(t.Context(), daemon)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Without this a stage could begin on one node before the one in front of it has ended on all, the environment could be
// cut at a quote, a daemon be left over, or a log be lost.
func TestLifeOfADatabase(t *testing.T) {
	t.Setenv("JCOLLECT_DB_TEST", "p'w $x\n")
	dir := t.TempDir()
	d, nodes := database(t, fmt.Sprintf(lifeSection, dir, dir, dir+"/data", dir+"/torn"), "n1", "n2")
	ctx := t.Context()
	if _, err := nodes[1].Start(ctx, agent.Daemon{Name: "of another plan", Args: []string{"sleep", "1000"}}); err != nil {
		t.Fatal(err)
	}
	if err := d.Setup(ctx); err != nil {
		t.Fatal(err)
	}
	if names, err := nodes[1].Daemons(ctx); err != nil || len(names) != 1 {
		t.Errorf("after set-up there are the daemons %q, %v", names, err)
	}
	log := content(t, dir+"/data/log")
	for _, want := range []string{"setup n2 1 2 of 2: n1 n2, primary n1, at 127.0.0.1, pw <p'w $x\n>\n", "primary n1\n"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log of set-up lacks %q:\n%s", want, log)
		}
	}
	if i, j := strings.LastIndex(log, "setup n"), strings.Index(log, "primary n1\nready"); i < 0 || j < i {
		t.Errorf("the primary's script did not run after set-up and before ready:\n%s", log)
	}
	if got := content(t, dir+"/f $(x) 'y'/conf"); !strings.HasSuffix(got, "of 2, pw p'w $x\n") {
		t.Errorf("the file is %q", got)
	}
	if got, err := d.Primaries(ctx); err != nil || len(got) != 1 || got[0] != nodes[0] {
		t.Errorf("primaries are %v, %v", got, err)
	}

	checkFaults(t, d, nodes)
	checkLogs(t, d, nodes[0])
	if err := d.Teardown(ctx); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir + "/data"); !os.IsNotExist(err) {
		t.Errorf("what was to be wiped is there: %v", err)
	}
}

// checkFaults kills one node, pauses the other, and undoes both.
func checkFaults(t *testing.T, d *DB, nodes []*node.Node) {
	t.Helper()
	ctx := t.Context()
	if err := errors.Join(d.Kill(ctx, nodes[0]), d.Pause(ctx, nodes[1])); err != nil {
		t.Fatal(err)
	}
	if a, b, c := status(t, nodes[0], "one"), status(t, nodes[1], "one"), status(t, nodes[0], "spare"); a.State != agent.StateEnded || !b.Paused || c.State != agent.StateRunning || c.Paused {
		t.Errorf("after a kill and a pause: %+v, %+v, spare %+v", a, b, c)
	}
	if err := errors.Join(d.Start(ctx, nodes[0]), d.Start(ctx, nodes[1]), d.Resume(ctx, nodes[1]), d.Resume(ctx, nodes[0])); err != nil {
		t.Fatal(err)
	}
	if a, b := status(t, nodes[0], "one"), status(t, nodes[1], "one"); a.State != agent.StateRunning || b.State != agent.StateRunning || b.Paused {
		t.Errorf("after start and resume: %+v, %+v", a, b)
	}

}

// checkLogs downloads a node's logs.
func checkLogs(t *testing.T, d *DB, n *node.Node) {
	t.Helper()
	logs := t.TempDir()
	if err := d.Download(t.Context(), n, logs, false); err != nil {
		t.Error(err)
	}
	if a := status(t, n, "spare"); a.State == agent.StateRunning {
		t.Errorf("the logs were downloaded from a running database: %+v", a)
	}
	files, err := filepath.Glob(logs + "/*")
	if err != nil || len(files) != 3 {
		t.Errorf("downloaded %q, %v", files, err)
	}
	got := ""
	for _, f := range files {
		got += content(t, f)
	}
	for _, want := range []string{"running n1 as n1 with <p'w $x\n>, m 0\n", "teardown n1\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("the logs lack %q:\n%s", want, got)
		}
	}
}

// Without this one failure in set-up would end a test, a lasting one would be tried for ever, or its reason be lost.
func TestSetupIsTriedAgain(t *testing.T) {
	dir := t.TempDir()
	d, _ := database(t, fmt.Sprintf("setup: 'echo x >>%s/tries; false; echo unreachable >>%s/tries'\ntries: 2", dir, dir), "n1")
	err := d.Setup(t.Context())
	if err == nil || !strings.Contains(err.Error(), "n1: the script setup: exit status 1") || !strings.Contains(err.Error(), "tried 2 times") {
		t.Errorf("set-up that always fails gave %v", err)
	}
	if got := content(t, dir+"/tries"); got != "x\nx\n" {
		t.Errorf("tried %q, want twice", got)
	}
	d, _ = database(t, fmt.Sprintf("setup: '[ -e %s/second ] || { touch %s/second; exit 1; }'", dir, dir), "n1")
	if err := d.Setup(t.Context()); err != nil {
		t.Errorf("set-up that fails once gave %v", err)
	}
	d, _ = database(t, "ready: 'echo waiting for a leader >&2; exit 4'\nready-timeout: 500ms\ntries: 1", "n1")
	if err := d.Setup(t.Context()); err == nil || !strings.Contains(err.Error(), "waiting for a leader") {
		t.Errorf("a cluster that never gets ready gave %v", err)
	}
	d, _ = database(t, "daemons: [{name: bad, run: 'echo no disk >&2; exit 3', await: {tcp: 1}}]\ntries: 1", "n1")
	if err := d.Setup(t.Context()); err == nil || !strings.Contains(err.Error(), "no disk") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a daemon that ends gave %v", err)
	}
	d, _ = database(t, "daemons: [{name: bad, run: no-such-program-here}, {name: done, run: 'true'}]\ntries: 1", "n1")
	if err := d.Setup(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such-program-here") || !strings.Contains(err.Error(), "exit status 127") {
		t.Errorf("a daemon that nothing is awaited of gave %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	d, _ = database(t, "setup: sleep 100\ntries: 50", "n1")
	if err := d.Setup(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("set-up whose time is up gave %v", err)
	}
}

// Without this an archive could be downloaded anew for each node, or one with another checksum be unpacked.
func TestArchiveFromAServer(t *testing.T) {
	asked := 0
	file := filepath.Join("testdata", "tool.tar.gz")
	sum, err := node.Checksum(file)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.ServeFile(w, r, file)
	}))
	defer server.Close()
	dir := t.TempDir()
	section := "archive: {url: %q, to: %q, sha256: %q}\nwipe: %q\ntries: 1"
	d, nodes := database(t, fmt.Sprintf(section, server.URL+"/x y.tar.gz", dir+"/to", sum, dir+"/to"), "n1", "n2")
	for _, n := range nodes { // both are this machine, so one after the other
		if err := d.place(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if got := content(t, dir+"/to/hello"); got != "hello\n" || asked != 1 {
		t.Errorf("unpacked %q after %d downloads", got, asked)
	}
	d, nodes = database(t, fmt.Sprintf(section, server.URL+"/z", dir+"/other", strings.Repeat("0", 64), dir+"/other"), "n1")
	if err := d.place(t.Context(), nodes[0]); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("another checksum gave %v", err)
	}
	server.Close()
	d, nodes = database(t, fmt.Sprintf(section, server.URL+"/gone", dir+"/other", sum, dir+"/other"), "n1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := d.place(ctx, nodes[0]); err == nil {
		t.Error("a server that isn't there gave an archive")
	}
}

// Without this a download that was cut off would be tried again from the cache, for ever.
func TestDamagedDownloadIsFetchedAgain(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			_, _ = w.Write([]byte("an error page with the status 200"))
			return
		}
		http.ServeFile(w, r, filepath.Join("testdata", "tool.tar.gz"))
	}))
	defer server.Close()
	dir := t.TempDir()
	d, nodes := database(t, fmt.Sprintf("archive: {url: %q, to: %q}\ntries: 1", server.URL+"/x", dir+"/to"), "n1")
	if err := d.place(t.Context(), nodes[0]); err != nil {
		t.Fatal(err)
	}
	if got := content(t, dir+"/to/hello"); got != "hello\n" || asked != 2 {
		t.Errorf("unpacked %q after %d downloads", got, asked)
	}
}

// Without this two logs could overwrite each other, or one be written outside its folder.
func TestShortNames(t *testing.T) {
	for _, c := range []struct{ paths, want []string }{
		{[]string{"/var/log/redis.log", "/var/log/redis/s.log"}, []string{"redis.log", "redis_s.log"}},
		{[]string{"/var/log/x"}, []string{"x"}},
		{[]string{"/a/x", "/b/x", "/c"}, []string{"a_x", "b_x", "c"}},
		{[]string{"/l/a/b", "/l/a_b", "/l/.x y"}, []string{"a_b", "a_b.2", "%2Ex%20y"}},
	} {
		if got := shortNames(c.paths); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%q become %q, want %q", c.paths, got, c.want)
		}
	}
}
