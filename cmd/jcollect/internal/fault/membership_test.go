package fault

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/history"
	"jcheck/internal/edn"
)

// fakeCluster is a database with members, on fake nodes, whose scripts are the words of a plan. It can be told what goes
// wrong.
type fakeCluster struct {
	fakeDB
	mu      sync.Mutex
	members []string
	down    map[string]bool             // nodes whose database doesn't run
	stale   map[string]string           // what a node says that is cut off
	broken  func(word, on string) error // of a script, instead of its work
	after   func(word, on string) error // of a script, after its work
	did     []string                    // the scripts that ran, and starts and kills
	wants   map[string]string           // node → what it found in ADDED
}

// clusterOn is a nemesis over the cluster.
func clusterOn(t *testing.T, count int, more string) (*Nemesis, *fakeCluster) {
	t.Helper()
	c := &fakeCluster{down: map[string]bool{}, stale: map[string]string{}, wants: map[string]string{}}
	nodes, remotes := fakeNodes(count)
	for i, on := range nodes {
		c.members = append(c.members, on.Name)
		usual := remotes[i].answer
		remotes[i].answer = func(r remote.Command) (string, error) {
			if out, err, ok := c.script(on.Name, r.Script); ok {
				return out, err
			}
			return usual(r)
		}
	}
	text := "{faults: [membership, kill, restart], membership: {view: VIEW, remove: REMOVE, removed: WIPE, add: ADD, added: JOIN, wait: 20s" + more + "}}"
	n, err := New(planOf(t, text), Options{Nodes: nodes, DB: c, Leases: &fakeLeases{}, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	return n, c
}

// script does what a script of the plan says; false for any other.
func (c *fakeCluster) script(on, text string) (out string, err error, known bool) {
	word := text[strings.LastIndexByte(text, '\n')+1:]
	if !slices.Contains([]string{"VIEW", "REMOVE", "WIPE", "ADD", "JOIN"}, word) {
		return "", nil, false
	}
	c.mu.Lock()
	defer func() {
		after := c.after
		c.mu.Unlock() // it may wait, and others mustn't
		if err == nil && after != nil {
			err = after(word, on)
		}
	}()
	_, target, _ := strings.Cut(text, "TARGET=")
	target, _, _ = strings.Cut(target, ";")
	if word != "VIEW" {
		c.did = append(c.did, word+" "+target)
	}
	if (word == "VIEW" || word == "ADD" || word == "REMOVE") && c.down[on] {
		return "", errors.New("connection refused"), true
	}
	if c.broken != nil {
		if err := c.broken(word, on); err != nil {
			return "", err, true
		}
	}
	switch word {
	case "VIEW":
		if said, ok := c.stale[on]; ok {
			return said, nil, true
		}
		return strings.Join(c.members, "\n"), nil, true
	case "REMOVE":
		c.members = slices.DeleteFunc(c.members, func(name string) bool { return name == target })
	case "ADD":
		if !slices.Contains(c.members, target) {
			c.members = append(c.members, target)
		}
		out = "join " + strings.Join(c.members, "+")
	case "JOIN":
		_, c.wants[on], _ = strings.Cut(text, "ADDED=")
		c.wants[on], _, _ = strings.Cut(c.wants[on], ";")
	}
	return out, err, true
}

// Kill and Start are those of a database that has a process on each node.
func (c *fakeCluster) Kill(_ context.Context, on *node.Node, _ ...string) error {
	return c.set("kill", on, true)
}
func (c *fakeCluster) Start(_ context.Context, on *node.Node, _ ...string) error {
	return c.set("start", on, false)
}

func (c *fakeCluster) set(what string, on *node.Node, down bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down[on.Name] = down
	c.did = append(c.did, what+" "+on.Name)
	return nil
}

// take is what was done since the last time.
func (c *fakeCluster) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	did := strings.Join(c.did, ", ")
	c.did = nil
	return did
}

// does plays operations, and compares what they say and what was done on the nodes.
func (c *fakeCluster) does(t *testing.T, n *Nemesis, steps [][4]string) {
	t.Helper()
	for _, s := range steps {
		f, v, _ := strings.Cut(s[0], " ")
		value, _, err := edn.Parse([]byte(v))
		if err != nil {
			t.Fatal(err)
		}
		out := invoke(n, f, value)
		if got := out.Value.String(); got != s[1] {
			t.Errorf("%s: got %s, want %s", s[0], got, s[1])
		}
		got := c.take()
		if words := strings.Split(got, ", "); f == "start" || f == "kill" { // nodes at the same time
			slices.Sort(words)
			got = strings.Join(words, ", ")
		}
		if got != s[2] {
			t.Errorf("%s: was done: got %s, want %s", s[0], got, s[2])
		}
		if got := out.Error.String(); (s[3] == "") != out.Error.IsNil() || !strings.Contains(got, s[3]) {
			t.Errorf("%s: got the error %s, want %q", s[0], got, s[3])
		}
	}
}

// Without it a membership could shrink below what may stay, a node that was removed be started as a cluster of its own,
// or one that joins find what it knew before.
func TestMembership(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := clusterOn(t, 3, "")
		defer n.stopRenewing()
		c.does(t, n, [][4]string{
			{`kill ["n3"]`, `{"n3" :killed}`, "kill n3", ""},
			{`remove-node ["n1"]`, `[:none-removed #{"n1" "n2" "n3"}]`, "", ""}, // n2 alone would answer
			{`remove-node ["n3"]`, `[:removed "n3"]`, "REMOVE n3, kill n3, WIPE n3", ""},
			{`remove-node ["n2"]`, `[:none-removed #{"n1" "n2"}]`, "", ""},
			{`start nil`, `{"n1" :started, "n2" :started}`, "start n1, start n2", ""},
			{`restart ["n3"]`, `{}`, "", ""},
			{`check-members nil`, `{"n1" #{"n1" "n2"}, "n2" #{"n1" "n2"}, "n3" :no-member}`, "", ""},
			{`add-node ["n2"]`, `{}`, "", ""},
			{`add-node nil`, `{"n3" :added}`, "kill n3, WIPE n3, ADD n3, JOIN n3, start n3", ""},
			{`add-node :all`, `{}`, "", ""},
			{`add-node ["n9"]`, `["n9"]`, "", `"n9\" is no node`},
		})
		if got, want := c.wants["n3"], "'join n1+n2+n3'"; !strings.HasPrefix(got, want) {
			t.Errorf("ADDED: got %s, want %s", got, want)
		}
		if out := invoke(n, "add-node", history.Value{}); len(out.Extra) != 1 || out.Extra[0].Name != "members" || out.Extra[0].Value.String() != `["n1" "n2" "n3"]` {
			t.Errorf("members: got %v", out.Extra)
		}
		c.take()
		if errs := n.Heal(t.Context()); len(errs) > 0 || strings.Contains(c.take(), "ADD") {
			t.Errorf("a heal of nothing: got %v", errs)
		}
	})
}

// Without it a change that went wrong halfway could be told as done, never be ended, or cost a member what it has.
func TestMembershipGoneWrong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := clusterOn(t, 5, "")
		defer n.stopRenewing()
		c.broken = func(word, _ string) error {
			return map[string]error{"REMOVE": errors.New("unhealthy cluster")}[word]
		}
		c.does(t, n, [][4]string{{`remove-node ["n5"]`, `[:not-removed "n5"]`, "REMOVE n5, REMOVE n5", "unhealthy cluster"}})
		if errs := n.Heal(t.Context()); len(errs) > 0 || n.isOn("membership", "n5") {
			t.Errorf("heal: got %v", errs)
		}
		c.take()
		c.broken, c.after = nil, func(word, _ string) error {
			return map[string]error{"REMOVE": errors.New("timed out")}[word]
		}
		c.does(t, n, [][4]string{{`remove-node ["n5"]`, `[:removed "n5"]`, "REMOVE n5, kill n5, WIPE n5", ""}})
		c.does(t, n, [][4]string{{`kill ["n4"]`, `{"n4" :killed}`, "kill n4", ""}}) // with another fault on, one try is all
		c.after = func(word, _ string) error { return map[string]error{"JOIN": errors.New("no space left")}[word] }
		c.does(t, n, [][4]string{{`add-node nil`, `{"n5" "no member after 0s: added: no space left"}`, "kill n5, WIPE n5, ADD n5, JOIN n5", "no space left"}})
		c.after = nil
		// It is a member by now, though it never ran: it isn't wiped, and joins with what it is told anew.
		if errs := n.Heal(t.Context()); len(errs) > 0 {
			t.Errorf("heal: got %v", errs)
		}
		if got := c.take(); got != "start n4, ADD n5, JOIN n5, start n5" {
			t.Errorf("heal did %s", got)
		}
		c.stale = map[string]string{"n1": "n1 n2 n3 n4 n5", "n2": "n1 n2 n3 n4 n5"}
		c.members = []string{"n1", "n2", "n3", "n4"}
		c.does(t, n, [][4]string{{`remove-node ["n4"]`, `["n4"]`, "", "no majority agrees"}})
		delete(c.stale, "n2")
		c.does(t, n, [][4]string{{`remove-node ["n4"]`, `[:none-removed #{"n1" "n2" "n3" "n4"}]`, "", ""}})
	})
}

// Without it the end of a run could pass a removal that goes on, and leave the cluster without that member; or give up
// because the others are not up yet.
func TestMembershipIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := clusterOn(t, 5, "")
		defer n.stopRenewing()
		c.does(t, n, [][4]string{
			{`kill ["n1" "n2"]`, `{"n1" :killed, "n2" :killed}`, "kill n1, kill n2", ""},
		})
		c.after = func(word, _ string) error {
			if word == "REMOVE" {
				time.Sleep(5 * time.Second)
			}
			return nil
		}
		go invoke(n, "remove-node", texts(edn.Vector, []string{"n1"}))
		time.Sleep(time.Second)
		began := time.Now()
		c.mu.Lock()
		c.broken = func(word, _ string) error { // as etcd does it
			if word == "ADD" && time.Since(began) < 12*time.Second {
				return errors.New("unhealthy cluster")
			}
			return nil
		}
		c.mu.Unlock()
		if err := n.Teardown(t.Context()); err != nil {
			t.Error(err)
		}
		slices.Sort(c.members)
		if got := strings.Join(c.members, " "); got != "n1 n2 n3 n4 n5" || c.down["n1"] || c.down["n2"] {
			t.Errorf("in the end the members are %s, down %v", got, c.down)
		}
		if out := invoke(n, "remove-node", edn.NewKeyword("one")); !strings.Contains(out.Error.String(), "the faults have ended") {
			t.Errorf("after the end: got %v", out)
		}
	})
}

// Without it nobody could end what a control node that died had begun; and where there is no database, that would fail.
func TestRejoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := clusterOn(t, 3, "")
		c.members, c.down["n2"] = []string{"n1", "n3"}, true
		if added, err := n.Rejoin(t.Context()); err != nil || strings.Join(added, " ") != "n2" || c.down["n2"] {
			t.Errorf("got %v, %v", added, err)
		}
		c.down = map[string]bool{"n1": true, "n2": true, "n3": true}
		var nobody *NoMembersError
		if added, err := n.Rejoin(t.Context()); !errors.As(err, &nobody) || len(added) > 0 {
			t.Errorf("nobody there: got %v, %v", added, err)
		}
	})
}
