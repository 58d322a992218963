package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// A ledger notes what nodes are asked for, in order.
type ledger struct {
	mu   sync.Mutex
	said []string
}

// A fake is a node that notes commands, and does well in all.
type fake struct {
	*ledger
	node string
}

func (f *fake) Exec(_ context.Context, c remote.Command) (remote.Result, error) {
	stdin := ""
	if c.Stdin != nil {
		text, err := io.ReadAll(c.Stdin)
		if err != nil {
			return remote.Result{}, err
		}
		stdin = string(text)
	}
	line, out := "", `{"ok":{}}`
	switch {
	case c.Script == "":
		line = c.Args[len(c.Args)-1] + " " + stdin
	case c.Script == planScript:
		line = "script " + remote.Join(c.Args) + " with PLAIN " + fmt.Sprint(strings.Contains(stdin, "export PLAIN='a b'\n"))
	default:
		line = strings.Fields(c.Script)[0] + "... " + remote.Join(c.Args)
		if stdin != "" {
			line += ": " + stdin
		}
	}
	if strings.Contains(c.Script+strings.Join(c.Args, " ")+strings.Join(c.Env, " "), "s3cret") {
		line = "A SECRET IS TO BE SEEN: " + line
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, f.node+" "+line)
	return remote.Result{Stdout: []byte(out)}, nil
}

func (f *fake) Upload(_ context.Context, u remote.File) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, fmt.Sprintf("%s upload %s", f.node, u.Remote))
	return nil
}

func (f *fake) Download(context.Context, remote.File) error { return errors.New("unexpected") }
func (f *fake) Close() error                                { return nil }

// fakes are two nodes that note what they are asked for.
func fakes() ([]*node.Node, *ledger) {
	l := &ledger{}
	var nodes []*node.Node
	for i, name := range []string{"n1", "n2"} {
		nodes = append(nodes, &node.Node{Name: name, Index: i, Addr: "10.0.0." + fmt.Sprint(i+1), Remote: &fake{ledger: l, node: name}})
	}
	return nodes, l
}

// Without this set-up could do something else, or in another order, than the plan says, where no test has the right to
// look; or show a secret in a list of processes.
func TestSetupAsCommands(t *testing.T) {
	t.Setenv("JCOLLECT_DB_TEST", "s3cret")
	p, said := read(t, `
env: {PLAIN: a b, PW: {env: JCOLLECT_DB_TEST}}
files: [{from: redis.conf, to: "/etc/x y/redis.conf", mode: 0600, owner: "redis:redis"}]
archive: {path: /opt/a.tar, to: /opt/a}
setup: init 'x'
setup-primary: first
daemons:
  - {name: one, run: "serve --id {{quote .Node}}", await: {tcp: "{{.Addr}}:1", timeout: 5s}, user: redis}
  - {name: two, args: [x, "--peer={{addr \"n1\"}}"], nodes: others, grace: 1s}
ready: ask
teardown: "down"
wipe: [/data, "/a b"]
primary-first: true
tcpdump: {ports: [1, 2], filter: "not host x"}
`)
	if len(said) > 0 {
		t.Fatal(said)
	}
	nodes, l := fakes()
	if err := New(p, Options{Nodes: nodes}).Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	env := func(i string, more string) string {
		return `"env":["NODE=n` + i + `","NODES=n1 n2","NODE_INDEX=` + map[string]string{"1": "0", "2": "1"}[i] + `","NODE_NUMBER=` + i +
			`","NODE_COUNT=2","NODE_ADDR=10.0.0.` + i + `","NODE_ADDRS=10.0.0.1 10.0.0.2","PRIMARY=n1","PRIMARY_ADDR=10.0.0.1","PLAIN=a b","PW=s3cret"` + more + `]`
	}
	const dump = `{"name":"tcpdump","run":"mkdir -p /var/log/jcollect \u0026\u0026 exec tcpdump -n -i any -U -Z root -w /var/log/jcollect/tcpdump.pcap '(port 1 or port 2) and (not host x)'",`
	want := map[string][]string{
		"n1": {`stop-others {"keep":["tcpdump","one"]}`, `stop {"name":"one","grace_ms":5000}`, `stop {"name":"tcpdump","grace_ms":5000}`, `script down with PLAIN true`, `for... /data '/a b'`,
			`unpack {"archive":"/opt/a.tar","to":"/opt/a"}`, `mkdir... '/etc/x y/redis.conf' 0600 redis:redis: bind 10.0.0.1` + "\n",
			`script 'init '\''x'\''' with PLAIN true`,
			`start ` + dump + env("1", "") + `,"log":"/var/log/jcollect/tcpdump.log"}`, `await {"timeout_ms":200,"daemon":"tcpdump"}`,
			`start {"name":"one","run":"serve --id n1","user":"redis",` + env("1", "") + `}`,
			`await {"addr":"10.0.0.1:1","timeout_ms":5000,"daemon":"one"}`, `script first with PLAIN true`, `script ask with PLAIN true`},
		"n2": {`stop-others {"keep":["tcpdump","one","two"]}`, `stop {"name":"two","grace_ms":1000}`, `stop {"name":"one","grace_ms":5000}`, `stop {"name":"tcpdump","grace_ms":5000}`,
			`script down with PLAIN true`, `for... /data '/a b'`,
			`unpack {"archive":"/opt/a.tar","to":"/opt/a"}`, `mkdir... '/etc/x y/redis.conf' 0600 redis:redis: bind 10.0.0.2` + "\n",
			`script 'init '\''x'\''' with PLAIN true`,
			`start ` + dump + env("2", "") + `,"log":"/var/log/jcollect/tcpdump.log"}`, `await {"timeout_ms":200,"daemon":"tcpdump"}`,
			`start {"name":"one","run":"serve --id n2","user":"redis",` + env("2", "") + `}`,
			`await {"addr":"10.0.0.2:1","timeout_ms":5000,"daemon":"one"}`, `start {"name":"two","args":["x","--peer=10.0.0.1"],` + env("2", "") + `}`,
			`await {"timeout_ms":200,"daemon":"two"}`,
			`script ask with PLAIN true`},
	}
	for name, lines := range want {
		var got []string
		for _, s := range l.said {
			if line, ours := strings.CutPrefix(s, name+" "); ours {
				got = append(got, line)
			}
		}
		for i := range max(len(got), len(lines)) {
			if i >= len(got) || i >= len(lines) || got[i] != lines[i] {
				t.Fatalf("%s: command %d differs; got\n%s\nwant\n%s", name, i, strings.Join(got, "\n"), strings.Join(lines, "\n"))
			}
		}
	}
	at := func(line string) int { return strings.Index(strings.Join(l.said, "\n"), line) }
	if at(`n1 await {"addr`) > at("n2 script 'init") || at("n1 script first") < at(`n2 start {"name":"two"`) {
		t.Errorf("the primary was not first, or its script not last:\n%s", strings.Join(l.said, "\n"))
	}
}

// A deadNode is a node that dies while a script runs on it.
type deadNode struct {
	*fake
	dead bool
}

func (f *deadNode) Exec(ctx context.Context, c remote.Command) (remote.Result, error) {
	if f.dead {
		return remote.Result{}, &remote.LostError{Node: f.node, Command: "x", Err: errors.New("no route to host")}
	}
	if c.Script == planScript && c.Args[0] == "init" {
		f.dead = true
		return remote.Result{}, &remote.LostError{Node: f.node, Command: "init", Started: true, Err: errors.New("the connection broke")}
	}
	return f.fake.Exec(ctx, c)
}

// Without this each step, and each try of set-up, would wait again for a node that is gone, and the reason be lost.
func TestNodeThatDiesInSetup(t *testing.T) {
	p, said := read(t, "setup: init\nteardown: down\nwipe: /data\ndaemons: [{name: a, run: x}, {name: b, run: y}]\nready: ask\ntries: 5")
	if len(said) > 0 {
		t.Fatal(said)
	}
	nodes, l := fakes()
	dying := &deadNode{fake: &fake{ledger: l, node: "n2"}}
	nodes[1].Remote = dying
	d := New(p, Options{Nodes: nodes})
	err := d.Setup(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no route to host") || !strings.Contains(err.Error(), "the script setup: lost") {
		t.Errorf("set-up gave %v, want that the node is gone, and when it went", err)
	}
	if got := strings.Count(strings.Join(l.said, "\n"), "n1 script init"); got != 1 {
		t.Errorf("the other node was set up %d times", got)
	}
	if err := d.Teardown(t.Context()); err == nil || strings.Count(err.Error(), "no route") != 1 {
		t.Errorf("teardown gave %v, want that one step was tried on the dead node", err)
	}
	if err := d.Ready(t.Context()); err == nil || strings.Contains(err.Error(), "not ready within") {
		t.Errorf("ready gave %v", err)
	}
}

// A fakeSystem puts programs first in PATH that note how they are called, and answer by a script.
func fakeSystem(t *testing.T, programs map[string]string) (calls func() string) {
	t.Helper()
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	for name, script := range programs {
		text := fmt.Sprintf("#!/bin/sh\necho \"%s $*\" >>%s\n%s\n", name, remote.Quote(log), script)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() string {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// Without this a package that is there could be installed again, which on a node without a way out fails, or one in
// another version be taken for the right one.
func TestPackagesThatAreMissing(t *testing.T) {
	// Only the choice is tried here: what it would install is printed.
	installs := func(t *testing.T, script string, packages ...string) string {
		t.Helper()
		shown := strings.NewReplacer("/usr/sbin/policy-rc.d", t.TempDir()+"/policy-rc.d", "/var/lib/apt/lists", t.TempDir()).Replace(script)
		cmd := exec.Command("/bin/sh", append([]string{"-c", shown, "sh"}, packages...)...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	installed := filepath.Join(t.TempDir(), "installed")
	calls := fakeSystem(t, map[string]string{
		"dpkg-query": `case "$*" in *Eflag*) exit 0;; esac; if [ -e ` + remote.Quote(installed) + ` ]; then printf 'installed 9'; exit 0; fi
			case "$4" in there) printf 'installed 1.2-3';; gone) printf 'config-files 1';; *) exit 1;; esac`,
		"apt-get": `case "$*" in *" install "*) echo "apt $*"; : >` + remote.Quote(installed) + `;; esac`,
		"rpm":     `case "$*" in "-q there"|"-q there-1.2"|"-q --whatprovides virtual") exit 0;; esac; [ -e ` + remote.Quote(installed) + ` ]`,
		"dnf":     `echo "dnf $*"; : >` + remote.Quote(installed),
	})
	if got := installs(t, aptScript, "there", "there=1.2-3"); got != "" {
		t.Errorf("apt installs %q, want nothing", got)
	}
	got := installs(t, aptScript, "there", "there=9", "gone", "new")
	if !strings.HasPrefix(got, "apt ") || !strings.HasSuffix(got, "install there=9 gone new") || strings.Contains(got, " there ") {
		t.Errorf("apt installs %q", got)
	}
	if !strings.Contains(calls(), "apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -qq update") {
		t.Errorf("lists that aren't there were not fetched: %s", calls())
	}
	if err := os.Remove(installed); err != nil {
		t.Fatal(err)
	}
	if got := installs(t, rpmScript, "there=1.2", "there", "new=2", "virtual"); got != "dnf -q -y --setopt=install_weak_deps=False install new-2" {
		t.Errorf("dnf installs %q", got)
	}
}
