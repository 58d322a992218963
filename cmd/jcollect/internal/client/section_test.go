package client

import (
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/plan"
)

// read reads a section, with its mistakes a line each.
func read(t *testing.T, text string) (Plan, string) {
	t.Helper()
	var p plan.Problems
	n := plan.Parse("p.yaml", []byte(text), &p)
	c := Read(n, &p)
	list, _ := p.Sorted()
	var lines []string
	for _, problem := range list {
		lines = append(lines, problem.String())
	}
	return c, strings.Join(lines, "\n")
}

// Without this a mistake in the section could go unsaid, hide others, or be said of a key that is right.
func TestRead(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"{kind: mem, timeout: 2s, latency: 1ms, faults: {lose: 0.5}}", ""},
		{"{kind: noop}", ""},
		{"{timeout: 2s}", "lacks the key kind"},
		{"{kind: oracle, port: 1, timeout: never}", `p.yaml:1:8: "oracle"|p.yaml:1:34: "never" is no duration`},
		{"{kind: mem, timeout: 0s}", "p.yaml:1:22: a timeout of nothing"},
		{"{kind: mem, port: 1, faults: {lose: 2, eat: 1}}", `p.yaml:1:13: client has no key "port"|p.yaml:1:37: "2"|p.yaml:1:40: client faults has no key`},
		{"mem", `client is "mem", want a map`},
	} {
		_, got := read(t, test.text)
		if test.want == "" && got != "" {
			t.Errorf("%s: got %s, want no mistake", test.text, got)
		}
		for _, want := range strings.Split(test.want, "|") {
			if !strings.Contains(got, want) || test.want != "" && strings.Count(got, "\n") != strings.Count(test.want, "|") {
				t.Errorf("%s: got\n%s\nwant %s", test.text, got, want)
			}
		}
	}
}

// Without this a plan without a client could pass for one that does nothing, or a timeout be 0.
func TestDefaults(t *testing.T) {
	var p plan.Problems
	c := Read(nil, &p)
	if _, err := c.Driver(Use{}); err == nil || p.Any() {
		t.Errorf("without a section: error %v, mistakes %t, want an error at last", err, p.Any())
	}
	c, _ = read(t, "{kind: noop}")
	if c.Timeout != 5*time.Second {
		t.Errorf("the timeout is %v, want 5s", c.Timeout)
	}
	if _, err := c.Driver(Use{Workload: "anything"}); err != nil {
		t.Errorf("noop: %v", err)
	}
	c, _ = read(t, "{kind: mem}")
	if _, err := c.Driver(Use{Workload: "anything"}); err == nil || !strings.Contains(err.Error(), "anything") {
		t.Errorf("mem with an unknown workload: got %v, want an error", err)
	}
}

// Without this processes that took over from crashed ones would wander from node to node.
func TestNodeOfThread(t *testing.T) {
	u := Use{Nodes: []string{"a", "b", "c"}, Addrs: map[string]string{"b": "10.0.0.2"}, Concurrency: 5}
	for process, want := range map[int32]string{0: "a a", 1: "b 10.0.0.2", 4: "b 10.0.0.2", 5: "a a", 9: "b 10.0.0.2", 13: "a a"} {
		p := u.Process(process)
		if got := p.Node + " " + p.Addr; got != want {
			t.Errorf("process %d: got %s, want %s", process, got, want)
		}
	}
	if p := u.Process(-1); p.Node != "" {
		t.Errorf("the nemesis: got %q, want none", p.Node)
	}
	if p := (Use{}).Process(3); p.Node != "" {
		t.Errorf("without nodes: got %q, want none", p.Node)
	}
}
