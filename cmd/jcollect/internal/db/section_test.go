package db

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jcheck/cmd/jcollect/internal/plan"
)

// read reads a section, with two files beside the plan.
func read(t *testing.T, text string) (Plan, []string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"redis.conf": "bind {{.Addr}}\n", "secret": "s3cret\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var p plan.Problems
	root := plan.Parse(filepath.Join(dir, "plan.yaml"), []byte(text), &p)
	d := Read(root, &p)
	list, _ := p.Sorted()
	var said []string
	for _, x := range list {
		said = append(said, strings.TrimPrefix(x.String(), dir+"/"))
	}
	return d, said
}

// Without this a path that was cut short could take the node's system with it, or what the agent must remember.
func TestWipeSparesTheSystem(t *testing.T) {
	for _, name := range []string{"/etc", "/var/", "/var/./lib", "/usr", "/home", "/var/lib/jcollect", "/opt/jcollect/"} {
		if _, said := read(t, "wipe: ["+name+"]"); len(said) != 1 || !strings.Contains(said[0], "holds more than the database") {
			t.Errorf("wiping %s: got %q", name, said)
		}
	}
	if _, said := read(t, "wipe: [/data, /var/lib/redis, /etc/redis, /srv]"); len(said) > 0 {
		t.Errorf("got %q", said)
	}
}

const whole = `
packages: [redis-server, "etcd=3.4.23-4+b4"]
archive: {url: "https://example.com/x.tar.gz", to: /opt/x, sha256: "0000000000000000000000000000000000000000000000000000000000000000"}
files:
  - {from: redis.conf, to: /etc/jcollect/redis.conf, mode: 0600, owner: "redis:redis"}
  - {content: "id {{.Number}} of {{len .Nodes}} {{join .OtherAddrs \",\"}}", to: /etc/id, template: true}
env: {PLAIN: "a b", PASSWORD: {env: JCOLLECT_DB_TEST}, OTHER: {file: secret}}
setup: mkdir -p /data
setup-primary: init
daemons:
  - {name: redis, run: "redis-server --port 6379 --id {{quote .Node}}", await: {tcp: 6379}, user: redis, log: /var/log/redis.log, dir: /data}
  - {name: sentinel, args: [redis-server, "--x={{addr \"n2\"}}"], await: {tcp: "{{.Addr}}:26379", timeout: 5s}, nodes: others, spare: true, grace: 1s, restart: 2s, env: {A: "{{.Index}}"}}
ready: redis-cli ping
ready-timeout: 20s
primaries: redis-cli role
teardown: "true"
wipe: [/data, "/var/lib/a b"]
logs: /var/log/redis/*.log
primary-first: true
tries: 2
timeout: 1m
tcpdump: {ports: [6379, 26379], filter: tcp}
`

// Without this a key could be read into another field, or not at all.
func TestReadWholeSection(t *testing.T) {
	t.Setenv("JCOLLECT_DB_TEST", "p'w")
	got, said := read(t, whole)
	if len(said) > 0 {
		t.Fatalf("mistakes: %q", said)
	}
	want := Plan{
		Packages: []string{"redis-server", "etcd=3.4.23-4+b4"},
		Archives: []Archive{{URL: "https://example.com/x.tar.gz", To: "/opt/x", SHA256: strings.Repeat("0", 64)}},
		Files: []File{{From: got.Files[0].From, To: "/etc/jcollect/redis.conf", Mode: 0o600, Owner: "redis:redis", Template: true},
			{Content: `id {{.Number}} of {{len .Nodes}} {{join .OtherAddrs ","}}`, To: "/etc/id", Mode: 0o644, Template: true}},
		Env:   []Variable{{"PLAIN", "a b", ""}, {"PASSWORD", "p'w", "environment JCOLLECT_DB_TEST"}, {"OTHER", "s3cret", got.Env[2].Source}},
		Setup: "mkdir -p /data", SetupPrimary: "init", Ready: "redis-cli ping", Primaries: "redis-cli role", Teardown: "true",
		Daemons: []Daemon{
			{Name: "redis", Run: "redis-server --port 6379 --id {{quote .Node}}", Await: "127.0.0.1:6379", User: "redis", Log: "/var/log/redis.log",
				Dir: "/data", Limit: 30 * time.Second, Grace: 5 * time.Second, Nodes: "all"},
			{Name: "sentinel", Args: []string{"redis-server", `--x={{addr "n2"}}`}, Await: "{{.Addr}}:26379", Limit: 5 * time.Second, Grace: time.Second,
				Nodes: "others", Spare: true, Restart: 2 * time.Second, Env: []Variable{{"A", "{{.Index}}", ""}}}},
		Logs: []string{"/var/log/redis/*.log"}, Wipe: []string{"/data", "/var/lib/a b"}, PrimaryFirst: true, Tries: 2,
		Capture: Capture{true, []int{6379, 26379}, "tcp"}, Timeout: time.Minute, ReadyTimeout: 20 * time.Second,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(File{}, Daemon{})); diff != "" {
		t.Errorf("read otherwise than written (-want +got):\n%s", diff)
	}
	if !strings.HasSuffix(got.Files[0].From, "/redis.conf") || !strings.HasSuffix(got.Env[2].Source, "/secret") {
		t.Errorf("files beside the plan are %q, %q", got.Files[0].From, got.Env[2].Source)
	}
}

// Without this a mistake could come out only when nodes are half set up, or hide others.
func TestMistakesOfTheSection(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"setup: ''", []string{"1:8: the script is empty"}},
		{"setpu: x", []string{"1:1: db has no key"}},
		{"packages: [\"a b\", ok, \"-x\", 'x;y']", []string{`"a b" is no name`, `"-x" is no name`, `"x;y" is no name`}},
		{"files: [{from: redis.conf}]", []string{"lacks the key to"}},
		{"files: [{to: /a}]", []string{"either from or content"}},
		{"files: [{to: a, content: x}, {to: /, content: x}, {to: /a/../b, content: x}]", []string{`"a" is no place`, `"/" is no place`, `"/a/../b" is no place`}},
		{"files: [{to: /a, from: missing}]", []string{"missing"}},
		{"files: [{to: /a, content: '{{.Nod}}'}]", []string{"Nod"}},
		{"files: [{to: /a, content: '{{.Env.NONE}}'}]", []string{"NONE"}},
		{"files: [{to: /a, content: '{{if}'}]", []string{"files: "}},
		{"files: [{to: /a, content: x, mode: 999}]", []string{`"999" is no mode`}},
		{"daemons: [{name: a}]", []string{"either run or args"}},
		{"daemons: [{run: a}]", []string{"lacks the key name"}},
		{"daemons: [{name: a, run: x}, {name: a, run: y}]", []string{"two daemons"}},
		{"daemons: [{name: tcpdump, run: x}]", []string{"can't be called so"}},
		{"daemons: [{name: a, run: 'x {{.Foo}}'}]", []string{"Foo"}},
		{"daemons: [{name: a, run: x, await: {tcp: 99999}}]", []string{`"99999" is no port`}},
		{"daemons: [{name: a, run: x, await: {tcp: x}}]", []string{`"x" is no port`}},
		{"daemons: [{name: a, run: x, await: {tcp: 1, timeout: 5}}]", []string{`duration`}},
		{"daemons: [{name: a, run: x, nodes: some}]", []string{"some"}},
		{"archive: {to: /x}", []string{"one of url, from, path"}},
		{"archive: [{url: 'ftp://x', to: /x}, {path: /a, url: 'http://x', to: /y}]", []string{"can't be downloaded", "there are 2"}},
		{"archive: {url: 'http://x', to: /x, sha256: zz}", []string{"no SHA-256"}},
		{"env: {A: {env: JCOLLECT_NO_SUCH}, 'a b': x, B: {}, C: [1]}", []string{"JCOLLECT_NO_SUCH isn't set", `"a b" is no name`, "B has no value", "a list"}},
		{"env: x", []string{"want a map"}},
		{"tries: 0", nil},
		{"tcpdump: {ports: [0]}", []string{`"0"`}},
		{"logs: [relative, /ok]", []string{`"relative" is no place`}},
		{"kill: killall x\nresume: x", []string{"1:7: db: kill needs start", "2:9: db: resume needs pause"}},
		{"wipe: /", []string{`"/" is no place`}},
	} {
		_, said := read(t, c.text)
		all := strings.Join(said, "\n")
		if len(said) < max(1, len(c.want)) {
			t.Errorf("%s: told %q, want %d mistakes", c.text, said, len(c.want))
		}
		for _, want := range c.want {
			if !strings.Contains(all, want) {
				t.Errorf("%s: told %q, want one with %q", c.text, all, want)
			}
		}
	}
}
