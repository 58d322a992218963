//go:build linux

package db

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/lab/labtest"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

const redisSection = `
files:
  - {content: "port 6379\nbind 0.0.0.0\nprotected-mode no\ndir /var/lib/jc\nsave ''\n{{if ne .Node .Primary}}replicaof {{.PrimaryAddr}} 6379\n{{end}}", to: /etc/jcollect/redis.conf}
setup: install -d -o redis /var/lib/jc
daemons: [{name: redis, run: exec redis-server /etc/jcollect/redis.conf, user: redis, await: {tcp: "{{.Addr}}:6379"}, log: /var/log/jc/redis.log}]
ready: redis-cli info replication | grep -q -e connected_slaves:2 -e master_link_status:up
primaries: redis-cli info replication | grep -q role:master && echo "$NODE_ADDR:6379"
wipe: [/var/lib/jc, /etc/jcollect]
logs: /etc/jcollect
primary-first: true
tries: 1
`

// Without this nobody would know whether a real database goes through its life on nodes, and what of it stays there.
func TestRedisOnNodes(t *testing.T) {
	p, said := read(t, redisSection)
	if len(said) > 0 {
		t.Fatal(said)
	}
	l := labtest.Up(t, 3)
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skipf("%v (hint: apt-get install redis-server)", err)
	}
	var nodes []*node.Node
	for i, name := range l.Names() {
		nodes = append(nodes, &node.Node{Name: name, Index: i, Remote: labtest.Remote(t, l, name)})
	}
	if err := node.Failed(node.Each(t.Context(), nodes, func(ctx context.Context, n *node.Node) error { return n.Install(ctx, node.Agents{}) })); err != nil {
		t.Fatal(err)
	}
	d := New(p, Options{Nodes: nodes, OS: "debian"})
	ctx := t.Context()
	for range 2 { // the second begins on what the first left
		if err := d.Setup(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := d.Primaries(ctx); err != nil || len(got) != 1 || got[0] != nodes[0] {
		t.Errorf("primaries are %v, %v", got, err)
	}
	checkRedisFaults(t, d, nodes)
	dir := t.TempDir()
	if err := d.Download(ctx, nodes[1], dir, false); err != nil {
		t.Error(err)
	}
	if files, err := filepath.Glob(dir + "/*"); err != nil || len(files) != 2 || !strings.Contains(content(t, dir+"/var_log_jc_redis.log"), "Ready to accept connections") {
		t.Errorf("downloaded %q, %v", files, err)
	}
	if err := d.Teardown(ctx); err != nil {
		t.Error(err)
	}
	for _, n := range nodes {
		if left := on(t, n, `ps -eo args | grep -e '[r]edis' -e '[j]collect agent'; ls -d /var/lib/jc /etc/jcollect 2>/dev/null; ls /var/lib/jcollect/daemons`); left != "" {
			t.Errorf("%s: left %q", n.Name, left)
		}
	}
	if err := d.Teardown(ctx); err != nil {
		t.Errorf("teardown of nothing: %v", err)
	}
}

// on runs a script on a node.
func on(t *testing.T, n *node.Node, script string) string {
	t.Helper()
	res, err := n.Remote.Exec(t.Context(), remote.Command{Script: script + "; true", Timeout: 20 * time.Second})
	if err != nil {
		t.Error(err)
	}
	return strings.TrimSpace(string(res.Stdout))
}

// checkRedisFaults kills one, pauses another, and sees it by their ports.
func checkRedisFaults(t *testing.T, d *DB, nodes []*node.Node) {
	t.Helper()
	ctx := t.Context()
	ping := func(i int) string {
		return on(t, nodes[0], fmt.Sprintf("timeout 1 redis-cli -h %s ping 2>&1", nodes[i].Addr))
	}
	if err := errors.Join(d.Kill(ctx, nodes[1]), d.Pause(ctx, nodes[2])); err != nil {
		t.Fatal(err)
	}
	if a, b, c := ping(0), ping(1), ping(2); a != "PONG" || !strings.Contains(b, "refused") || c != "" {
		t.Errorf("after a kill and a pause they answer %q, %q, %q", a, b, c)
	}
	// What a lease would do, if we were gone.
	run := func(n *node.Node, list []agent.Command) {
		t.Helper()
		if err := n.Arm(ctx, "undo", 500*time.Millisecond, list); err != nil {
			t.Error(err)
		}
	}
	run(nodes[1], d.StartCommands(nodes[1]))
	run(nodes[2], d.ResumeCommands(nodes[2]))
	for deadline := time.Now().Add(20 * time.Second); ping(1)+ping(2) != "PONGPONG"; {
		if time.Now().After(deadline) {
			t.Fatalf("the leases did not undo it: %q, %q", ping(1), ping(2))
		}
		time.Sleep(100 * time.Millisecond)
	}
	if who := on(t, nodes[1], `stat -c %U /proc/"$(pgrep -f '^redis-server')"`); who != "redis" {
		t.Errorf("started by a lease, it runs as %q", who)
	}
}
