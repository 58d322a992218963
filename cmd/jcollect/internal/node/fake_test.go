package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/remote"
)

// A fake is a remote that notes what it is asked for, and answers by a function.
type fake struct {
	said   []string
	answer func(c remote.Command, stdin string) (string, error)
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
	f.said = append(f.said, fmt.Sprintf("%s %q as %q: %s", remote.Join(c.Args), c.Script, c.User, stdin))
	out, err := f.answer(c, stdin)
	return remote.Result{Stdout: []byte(out)}, err
}

func (f *fake) Upload(_ context.Context, u remote.File) error {
	f.said = append(f.said, fmt.Sprintf("upload to %s mode %v as %q", u.Remote, u.Mode, u.User))
	return nil
}

func (f *fake) Download(context.Context, remote.File) error { return errors.New("unexpected") }
func (f *fake) Close() error                                { return nil }

// Without this a request could be put together otherwise than the agent reads it, or a secret in it be shown in a list
// of processes.
func TestCallsAsCommands(t *testing.T) {
	f := &fake{answer: func(remote.Command, string) (string, error) { return `{"ok":{}}`, nil }}
	n := &Node{Name: "n1", Remote: f, User: "root"}
	ctx := t.Context()
	calls := []func() error{
		func() error {
			_, err := n.Start(ctx, agent.Daemon{Name: "a 'b'", Run: "x", Env: []string{"PW=secret"}})
			return err
		},
		func() error { _, err := n.Stop(ctx, "a", 1500*time.Millisecond); return err },
		func() error { _, err := n.Pause(ctx, "a"); return err },
		func() error { return n.Arm(ctx, "i", time.Second, []agent.Command{{Args: []string{"x"}}}) },
		func() error { return n.AwaitPort(ctx, "h:1", time.Second, "") },
		func() error {
			_, err := n.Fill(ctx, agent.Fill{ID: "i", Dir: "/d", Free: 5})
			return err
		},
	}
	for _, call := range calls {
		if err := call(); err != nil {
			t.Error(err)
		}
	}
	const at = `/opt/jcollect/jcollect agent --state /var/lib/jcollect `
	want := []string{
		at + `start "" as "root": {"name":"a 'b'","run":"x","env":["PW=secret"]}`,
		at + `stop "" as "root": {"name":"a","grace_ms":1500}`,
		at + `signal "" as "root": {"name":"a","signal":"STOP"}`,
		at + `arm "" as "root": {"id":"i","ttl_ms":1000,"heal":[{"args":["x"]}]}`,
		at + `await "" as "root": {"addr":"h:1","timeout_ms":1000}`,
		at + `fill "" as "root": {"id":"i","dir":"/d","free_bytes":5,"max_bytes":0}`,
	}
	if got := strings.Join(f.said, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("ran\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// Without this an agent that says nothing, or garbage, could pass for success, and its own words be lost.
func TestAnswersOfTheAgent(t *testing.T) {
	exit := &remote.ExitError{Node: "n1", Command: "agent", Result: remote.Result{Exit: 1}}
	for _, c := range []struct {
		out  string
		err  error
		want string
	}{
		{`{"error":{"code":"not-found","text":"no lease x","hint":"arm it"}}`, exit, "n1: no lease x (hint: arm it)"},
		{``, &remote.ExitError{Node: "n1", Command: "agent", Result: remote.Result{Exit: 127}}, "is the agent there"},
		{``, nil, "no answer that can be read"},
		{`{}`, nil, "no answer that can be read"},
		{"welcome to this machine\n" + `{"ok":{}}`, nil, "no answer that can be read"},
		{`{"ok":{}}`, &remote.LostError{Node: "n1", Command: "agent", Started: true, Err: context.DeadlineExceeded}, "may still run"},
	} {
		n := &Node{Name: "n1", Remote: &fake{answer: func(remote.Command, string) (string, error) { return c.out, c.err }}}
		err := n.Renew(t.Context(), "x")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q and %v: %v, want an error with %q", c.out, c.err, err, c.want)
		}
		if got := agent.Is(err, agent.NotFound); got != strings.Contains(c.out, "not-found") {
			t.Errorf("%v is told as missing: %v", err, got)
		}
	}
}

// Without this a node of another architecture would get a program that it can't run, or the agent be sent each time.
func TestInstallOnOtherNodes(t *testing.T) {
	for _, c := range []struct{ uname, there, want string }{
		{"Linux x86_64", "", "upload"},
		{"Linux sparc64", "", "no agent can be built"},
		{"Darwin arm64", "", "must run Linux"},
		{"", "", "must run Linux"},
		{"Linux riscv64", "", "--helper"},
	} {
		if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
			t.Skip("this table is for Linux on amd64")
		}
		f := &fake{answer: func(cmd remote.Command, _ string) (string, error) {
			if cmd.Script == "" {
				return c.uname + "\n", nil
			}
			return c.there, nil
		}}
		err := (&Node{Name: "n1", Remote: f}).Install(t.Context(), Agents{})
		got := strings.Join(f.said, "\n")
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("uname %q: %s, want %q", c.uname, got, c.want)
		}
	}
}

// A distribution writes a machine's own name beside 127.0.1.1; without this the others would be told to go there.
func TestAddressesAsPeersSeeThem(t *testing.T) {
	views := map[string]string{
		"a": "name a 127.0.1.1\nname b fd00::2\nname b 10.0.0.2\nown 10.0.0.1\nown fe80::1\n",
		"b": "name a 10.0.0.1\nname b 127.0.1.1\nown 10.0.0.2\n",
		"c": "name c ::1\nown 172.17.0.1\nown 10.0.0.3\n",
	}
	var nodes []*Node
	for i, name := range []string{"a", "b", "c", "10.0.0.9"} {
		nodes = append(nodes, &Node{Name: name, Index: i, Remote: &fake{answer: func(remote.Command, string) (string, error) { return views[name], nil }}})
	}
	if err := LookUp(t.Context(), nodes); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"10.0.0.1", "10.0.0.2", "172.17.0.1", "10.0.0.9"} {
		if nodes[i].Addr != want {
			t.Errorf("%s has the address %s, want %s", nodes[i].Name, nodes[i].Addr, want)
		}
	}
	lost := []*Node{{Name: "x", Remote: &fake{answer: func(remote.Command, string) (string, error) { return "", nil }}}}
	if err := LookUp(t.Context(), lost); err == nil || !strings.Contains(err.Error(), "/etc/hosts") {
		t.Errorf("a node that nobody knows gave %v", err)
	}
}

// Without this a fault of the clock could hit the machine that times the test: over SSH to itself, in a container with the
// host's processes, or as another user.
func TestOwnClockIsNeverSet(t *testing.T) {
	asked := []string{}
	f := &fake{answer: func(c remote.Command, _ string) (string, error) {
		asked = append(asked, c.Args[len(c.Args)-1])
		return `{"ok":{"boot":"` + ourBoot(t) + `"}}`, nil
	}}
	n := &Node{Name: "n1", Remote: f}
	_, err := n.BumpClock(t.Context(), time.Second)
	_, err2 := n.StrobeClock(t.Context(), time.Second, time.Second, time.Second)
	_, err3 := n.ResetClock(t.Context())
	for _, err := range []error{err, err2, err3} {
		if !agent.Is(err, agent.Impossible) {
			t.Errorf("setting our own clock gave %v", err)
		}
	}
	if got := strings.Join(asked, " "); got != "clock clock clock" {
		t.Errorf("the agent was asked for %s", got)
	}
	if p, err := n.Probe(t.Context()); err != nil || p.Clock == "" {
		t.Errorf("the probe says %+v, %v", p, err)
	}
}

// ourBoot names this machine's kernel.
func ourBoot(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Skip(err)
	}
	return strings.TrimSpace(string(text))
}
