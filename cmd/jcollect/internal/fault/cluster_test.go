package fault

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/db"
	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/lab/labtest"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/history"
	"jcheck/internal/edn"
)

// TestMain lets this program be the agent that the tests send to nodes.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "agent" {
		os.Exit(agent.Main(context.Background(), os.Args[2:], os.Stdin, os.Stdout))
	}
	if len(os.Args) > 1 && os.Args[1] == "control" {
		if err := control(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A cluster is a lab with the agent on its nodes.
type cluster struct {
	*testing.T
	lab   *lab.Lab
	nodes []*node.Node
}

// onLab makes a cluster of namespaces that goes with the test, beside those of other tests.
func onLab(t *testing.T, count int) *cluster {
	t.Helper()
	labtest.Need(t)
	t.Parallel()
	return clusterOf(t, labtest.Up(t, count))
}

// clusterOf sends the agent to the nodes of a lab.
func clusterOf(t *testing.T, l *lab.Lab) *cluster {
	t.Helper()
	c := &cluster{T: t, lab: l}
	for i, name := range c.lab.Names() {
		c.nodes = append(c.nodes, &node.Node{Name: name, Index: i, Addr: c.lab.Address(name), Remote: labtest.Remote(t, c.lab, name)})
	}
	for name, err := range node.Each(t.Context(), c.nodes, func(ctx context.Context, n *node.Node) error {
		return n.Install(ctx, node.Agents{})
	}) {
		t.Fatalf("%s: %v", name, err)
	}
	return c
}

// say runs a script on the i-th node and returns what it printed.
func (c *cluster) say(i int, text string, args ...string) string {
	c.Helper()
	out, err := runScript(c.Context(), c.nodes[i], script{text: text, args: args}, 30*time.Second)
	if err != nil {
		c.Errorf("%s: %v", c.nodes[i].Name, err)
	}
	return out
}

// nemesis is one that is set up, and torn down with the test.
func (c *cluster) nemesis(text string, o Options) *Nemesis {
	c.Helper()
	o.Nodes, o.Seed = c.nodes, 1
	n, err := New(planOf(c.T, text), o)
	if err != nil {
		c.Fatal(err)
	}
	if err := n.Setup(c.Context()); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		if err := n.Teardown(context.Background()); err != nil {
			c.Error(err)
		}
	})
	return n
}

// do plays an operation, which must go well.
func (c *cluster) do(n *Nemesis, f string, v history.Value) history.Value {
	c.Helper()
	out := invoke(n, f, v)
	if !out.Error.IsNil() {
		c.Errorf("%s %s: %s", f, v, out.Error)
	}
	return out.Value
}

// pings are, for each node, the addresses of others whose answers come back to it. A ping needs both ways.
func (c *cluster) pings() map[string][]string {
	c.Helper()
	text := `for n; do ( ping -c2 -i0.3 -W1 $n >/dev/null 2>&1 && echo $n ) & done; wait`
	heard := map[string][]string{}
	var mu sync.Mutex
	for name, err := range node.Each(c.Context(), c.nodes, func(ctx context.Context, on *node.Node) error {
		var targets []string
		for _, other := range c.nodes {
			if other != on {
				targets = append(targets, c.address(other, false), c.address(other, true))
			}
		}
		out, err := runScript(ctx, on, script{text: text, args: targets}, 20*time.Second)
		mu.Lock()
		defer mu.Unlock()
		heard[on.Name] = strings.Fields(out)
		slices.Sort(heard[on.Name])
		return err
	}) {
		c.Errorf("%s: %v", name, err)
	}
	return heard
}

// address is a node's of one family.
func (c *cluster) address(n *node.Node, six bool) string {
	if !six {
		return n.Addr
	}
	return "fd99::" + n.Addr[strings.LastIndexByte(n.Addr, '.')+1:]
}

// hears compares pings with a grudge: an answer comes back if neither drops the other's packets.
func (c *cluster) hears(g Grudge, what string) {
	c.Helper()
	heard := c.pings()
	for _, a := range c.nodes {
		for _, b := range c.nodes {
			want := a != b && !slices.Contains(g[a.Name], b.Name) && !slices.Contains(g[b.Name], a.Name)
			for _, six := range []bool{false, true} {
				if got := slices.Contains(heard[a.Name], c.address(b, six)); got != want {
					c.Errorf("%s, IPv6 %v: %s gets an answer of %s: %v, want %v (%v)", what, six, a.Name, b.Name, got, want, g)
				}
			}
		}
	}
}

// eventually waits until something is so, at most a while: a lease ends when it ends, and a busy machine may be late.
func (c *cluster) eventually(what string, so func() bool) {
	c.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.Errorf("%s: it isn't so after 20 s", what)
			return
		}
	}
}

// whole tells whether each node gets an answer of each other, in both families.
func (c *cluster) whole() bool {
	c.Helper()
	for _, heard := range c.pings() {
		if len(heard) != 2*(len(c.nodes)-1) {
			return false
		}
	}
	return true
}

// Without this a partition could exist in the history only: each ordered pair of nodes is asked, in both families, and
// after each heal.
func TestPartitionsOnLab(t *testing.T) {
	c := onLab(t, 5)
	for _, wall := range []string{"nft", "iptables"} {
		n := c.nemesis("{faults: [partition], firewall: "+wall+"}", Options{DB: &fakeDB{primaries: []string{"n2", "n4"}}})
		for _, word := range partitionWords {
			v := c.do(n, "start-partition", edn.NewKeyword(word))
			target, err := targetOf(v.Items[1])
			if err != nil {
				t.Fatal(err)
			}
			c.hears(target.Grudge, wall+" "+word)
			if word == "one" {
				c.do(n, "stop-partition", history.Value{})
				c.hears(Grudge{}, wall+" healed")
			}
		}
		c.do(n, "stop-partition", history.Value{})
		c.hears(Grudge{}, wall+" healed")
		c.clean()
	}
}

// clean looks whether any of our rules is left.
func (c *cluster) clean() {
	c.Helper()
	for i := range c.nodes {
		if left := c.left(i); left != "" {
			c.Errorf("%s: left: %s", c.nodes[i].Name, left)
		}
	}
}

// left is what is left of our rules on a node.
func (c *cluster) left(i int) string {
	c.Helper()
	return c.say(i, `nft list ruleset | grep JCOLLECT; iptables-save | grep JCOLLECT; ip6tables-save | grep JCOLLECT; tc qdisc show | grep 7c0c; true`)
}

// Without this a one-way partition could be two ways, which pings can't tell: packets are counted where they arrive.
func TestOneWayOnLab(t *testing.T) {
	c := onLab(t, 3)
	n := c.nemesis("faults: [partition]", Options{})
	c.do(n, "start-partition", Grudge{"n1": {"n2"}}.value())
	count := func(on, from int) int {
		rule := `nft add table inet count; nft add chain inet count in '{ type filter hook input priority 10; }'
nft add rule inet count in ip saddr $1 icmp type echo-request counter`
		c.say(on, rule, c.nodes[from].Addr)
		c.say(from, `ping -c3 -i0.2 -W1 $1 >/dev/null; true`, c.nodes[on].Addr)
		out := c.say(on, `nft list table inet count | sed -n 's/.*packets \([0-9]*\) .*/\1/p'; nft delete table inet count`)
		arrived, err := strconv.Atoi(out)
		if err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		return arrived
	}
	for _, pair := range []struct{ on, from, want int }{{0, 1, 0}, {1, 0, 3}, {0, 2, 3}} {
		if got := count(pair.on, pair.from); got != pair.want {
			t.Errorf("n%d got %d requests of n%d, want %d", pair.on+1, got, pair.from+1, pair.want)
		}
	}
}

// Without this faults at the same time could heal each other, or a heal take rules of the user's with it; and the share of
// lost packets could be any.
func TestLossBesidePartitionOnLab(t *testing.T) {
	c := onLab(t, 3)
	foreign := `iptables -A INPUT -s 192.0.2.7 -j DROP; ip6tables -A INPUT -s 2001:db8::7 -j DROP
nft add table inet users; nft add chain inet users in '{ type filter hook input priority 0; }'; nft add rule inet users in ip saddr 192.0.2.8 drop`
	for i := range c.nodes {
		c.say(i, foreign)
	}
	for _, wall := range []string{"nft", "iptables"} {
		n := c.nemesis("{faults: [partition, packet], firewall: "+wall+", packet: [{loss: 30}]}", Options{})
		c.do(n, "start-packet", edn.NewVector([]history.Value{texts(edn.Vector, []string{"n1"}), Shape{Loss: 30}.value()}))
		c.do(n, "start-partition", Grudge{"n1": {"n3"}, "n3": {"n1"}}.value())
		c.do(n, "stop-partition", history.Value{})
		// Both ends lose 30 %: an answer comes back with 0.7 × 0.7 = 49 %.
		got, _ := strconv.Atoi(c.say(0, `ping -q -c 400 -i 0.005 -W 1 $1 | sed -n 's/.* \([0-9]*\) received.*/\1/p'`, c.nodes[2].Addr))
		if got < 150 || got > 245 {
			t.Errorf("%s: %d of 400 answers came back, want about 196", wall, got)
		}
		if got := c.say(1, `ping -q -c 100 -i 0.005 -W 1 $1 | sed -n 's/.* \([0-9]*\) received.*/\1/p'`, c.nodes[2].Addr); got != "100" {
			t.Errorf("%s: between two nodes that were not chosen %s of 100 answers came back", wall, got)
		}
		c.do(n, "start-partition", Grudge{"n1": {"n3"}, "n3": {"n1"}}.value())
		c.do(n, "stop-packet", history.Value{})
		c.hears(Grudge{"n1": {"n3"}}, wall+" loss healed")
		c.do(n, "stop-partition", history.Value{})
		c.hears(Grudge{}, wall+" healed")
		c.clean()
	}
	for i := range c.nodes {
		rules := c.say(i, `iptables-save; ip6tables-save; nft list table inet users`)
		for _, want := range []string{"192.0.2.7", "2001:db8::7", "192.0.2.8"} {
			if !strings.Contains(rules, want) {
				t.Errorf("n%d lost the user's rule about %s: %s", i+1, want, rules)
			}
		}
	}
}

// Without this a fault could stay for ever on a node whose control node died: another process injects, and is killed.
func TestLeaseOnLab(t *testing.T) {
	c := onLab(t, 3)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	control := exec.Command(self, "control")
	control.Stderr = os.Stderr
	says, err := control.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.lab.Start(control); err != nil {
		t.Fatal(err)
	}
	said, err := bufio.NewReader(says).ReadString('\n')
	if err != nil || !strings.Contains(said, "isolated") {
		t.Errorf("the control process said %q, %v", said, err)
	}
	before := fmt.Sprint(c.pings())
	if strings.Count(before, "10.99.") == 6 {
		t.Errorf("nothing is cut: %s", before)
	}
	time.Sleep(5 * time.Second)
	if after := fmt.Sprint(c.pings()); after != before {
		t.Errorf("a lease that is renewed has healed: got %s, want %s", after, before)
	}
	if err := control.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := control.Wait(); err == nil {
		t.Error("the control process ended by itself")
	}
	c.eventually("the network is whole after the lease", c.whole)
	c.eventually("no rule is left after the lease", func() bool { return c.left(0)+c.left(1)+c.left(2) == "" })
}

// control is another process's part: it injects a fault, says so, and holds it until it is killed.
func control() error {
	ctx := context.Background()
	l, err := lab.Current()
	if err != nil {
		return err
	}
	var nodes []*node.Node
	for i, name := range l.Names() {
		nodes = append(nodes, &node.Node{Name: name, Index: i, Addr: l.Address(name), Remote: remote.NewSSH(l.SSH(name))})
	}
	n, err := New(Plan{Faults: []string{"partition"}, Lease: 3 * time.Second}, Options{Nodes: nodes})
	if err != nil {
		return err
	}
	if err := n.Setup(ctx); err != nil {
		return err
	}
	fmt.Println(invoke(n, "start-partition", edn.NewKeyword("one")).Value)
	time.Sleep(time.Minute)
	return errors.New("nobody killed the control process")
}

// redis is a real daemon to be killed and paused.
const redis = `
daemons:
  - {name: redis, run: "exec redis-server --port 6379 --save '' --dir /tmp", await: {tcp: 6379}}
`

// database brings a database up on the nodes, and down with the test.
func (c *cluster) database(text string) *db.DB {
	c.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		c.Skip("redis-server isn't here (hint: apt-get install redis-server)")
	}
	var p plan.Problems
	section := db.Read(plan.Parse("plan.yaml", []byte(text), &p), &p)
	if list, _ := p.Sorted(); len(list) > 0 {
		c.Fatal(list)
	}
	d := db.New(section, db.Options{Nodes: c.nodes, OS: "none"})
	if err := d.Setup(c.Context()); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		if err := d.Teardown(context.Background()); err != nil {
			c.Error(err)
		}
	})
	return d
}

// answers are what redis says on each node: PONG, silent for a paused one, down for none.
func (c *cluster) answers() string {
	c.Helper()
	var list []string
	for i := range c.nodes {
		list = append(list, c.say(i, `a=$(timeout 1 redis-cli ping 2>&1); s=$?; [ $s = 124 ] && a=silent; case $a in *refused*) a=down;; esac; echo "$a"`))
	}
	return strings.Join(list, " ")
}

// becomes waits until redis answers so: a daemon that was started needs a moment.
func (c *cluster) becomes(want, what string) {
	c.Helper()
	got := c.answers()
	for deadline := time.Now().Add(20 * time.Second); got != want && time.Now().Before(deadline); got = c.answers() {
		time.Sleep(100 * time.Millisecond)
	}
	if got != want {
		c.Errorf("%s: redis is %s, want %s", what, got, want)
	}
}

// Without this kills and pauses could miss the daemon's processes, or leave it so when the control node dies.
func TestProcessesOnLab(t *testing.T) {
	c := onLab(t, 3)
	base := c.database(redis)
	n := c.nemesis("{faults: [kill, pause, restart], lease: 4s}", Options{DB: base})
	nodes := func(names ...string) history.Value { return texts(edn.Vector, names) }
	c.becomes("PONG PONG PONG", "set-up")
	c.do(n, "kill", nodes("n1"))
	c.do(n, "pause", nodes("n3"))
	c.becomes("down PONG silent", "kill and pause")
	time.Sleep(5 * time.Second)
	c.becomes("down PONG silent", "renewed leases")
	c.do(n, "resume", history.Value{})
	c.becomes("down PONG PONG", "resume")
	c.do(n, "start", history.Value{})
	c.becomes("PONG PONG PONG", "start")
	before := c.say(1, "redis-cli info server | grep run_id")
	c.do(n, "restart", nodes("n2"))
	c.becomes("PONG PONG PONG", "restart")
	if after := c.say(1, "redis-cli info server | grep run_id"); after == before {
		t.Errorf("restart: redis is the same as before: %s", after)
	}
	c.do(n, "kill", nodes("n2"))
	c.do(n, "pause", nodes("n1", "n3"))
	n.stopRenewing()
	c.becomes("PONG PONG PONG", "after the leases")
}

// Without this a disk could be full in the history only, stay full when the control node dies, or a file be damaged
// elsewhere than said; and a fault of the user's own could go without its environment.
func TestFilesOnLab(t *testing.T) {
	c := onLab(t, 3)
	for i := range c.nodes {
		c.say(i, "mkdir -p /var/tmp/disk && mount -t tmpfs -o size=8m tmpfs /var/tmp/disk && head -c 100000 /dev/zero >/var/tmp/file")
	}
	n := c.nemesis(`{faults: [disk-full, file-corruption, script], lease: 3s, disk-full: {path: /var/tmp/disk},
  file-corruption: {path: /var/tmp/file, chunk: 1kB, stripes: true},
  scripts: [{name: note, inject: 'echo "$NODE $NODE_INDEX of $NODES" >/var/tmp/note', heal: 'rm -f /var/tmp/note'}, {name: mark, inject: 'touch /var/tmp/mark'}]}`, Options{})
	nodes := func(names ...string) history.Value { return texts(edn.Vector, names) }
	room := func(i int) string {
		return c.say(i, `head -c 4096 /dev/zero 2>/dev/null >/var/tmp/disk/x && echo room || echo full; rm -f /var/tmp/disk/x`)
	}
	c.do(n, "fill-disk", nodes("n1", "n2"))
	if got := room(0) + " " + room(1) + " " + room(2); got != "full full room" {
		t.Errorf("fill-disk: got %s", got)
	}
	c.do(n, "free-disk", history.Value{})
	if got := room(0) + " " + room(1); got != "room room" {
		t.Errorf("free-disk: got %s", got)
	}
	c.chunks(n)
	for i := range c.nodes {
		c.do(n, "bitflip-file-chunks", flipping(c.nodes[i].Name, 1))
		c.do(n, "truncate", nodes(c.nodes[i].Name))
		// With probability 1 the chunks of the node's own stripe are all ones, and no others.
		got := c.say(i, `od -An -v -tx1 -w1000 /var/tmp/file | head -n 90 | awk '{print ($1=="ff")?"f":"0"}' | tr -d '\n'`)
		want := strings.Repeat("000"[:i]+"f"+"000"[:2-i], 30)
		if got != want {
			t.Errorf("n%d: stripes: got %s, want %s", i+1, got, want)
		}
		if size := c.say(i, "stat -c %s /var/tmp/file"); size == "100000" {
			t.Errorf("n%d: truncate cut nothing off", i+1)
		}
	}
	c.do(n, "start-note", nodes("n2"))
	if got := c.say(1, "cat /var/tmp/note"); got != "n2 1 of n1 n2 n3" {
		t.Errorf("start-note: got %q", got)
	}
	c.do(n, "stop-note", history.Value{})
	c.do(n, "mark", nodes("n3"))
	if got := c.say(1, "cat /var/tmp/note 2>/dev/null; true") + c.say(2, "echo /var/tmp/mark*"); got != "/var/tmp/mark" {
		t.Errorf("stop-note, and mark: got %q", got)
	}
	c.do(n, "start-note", nodes("n2"))
	c.do(n, "fill-disk", nodes("n3"))
	n.stopRenewing()
	c.eventually("room, and no note, after the leases", func() bool {
		return room(2)+c.say(1, "cat /var/tmp/note 2>/dev/null; true") == "room"
	})
	clock, err := New(planOf(t, "faults: [clock]"), Options{Nodes: c.nodes})
	if err != nil {
		t.Fatal(err)
	}
	if err := clock.Setup(t.Context()); err == nil || !strings.Contains(err.Error(), "its clock is that of the control node") {
		t.Errorf("nodes without a clock of their own: got %v", err)
	}
	for i := range c.nodes {
		c.say(i, "umount /var/tmp/disk")
	}
}

// chunks lets chunks of the first node's stripe travel in time, and be copied over; in the end the file is as it was.
func (c *cluster) chunks(n *Nemesis) {
	c.Helper()
	first := texts(edn.Vector, []string{"n1"})
	is := func(what, stripe string) {
		c.Helper()
		got := c.say(0, `tr '\0' 0 </var/tmp/file | fold -w 1000 | cut -c1,1000 | head -n 90 | tr -d '\n'`)
		if want := strings.Repeat(stripe, 30); got != want {
			c.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	c.do(n, "snapshot-file-chunks", first)
	c.say(0, `head -c 100000 /dev/zero | tr '\0' x >/var/tmp/file`)
	c.do(n, "restore-file-chunks", history.Value{})
	is("restored", "00xxxx")
	c.do(n, "copy-file-chunks", first)
	is("copied over", "xxxxxx")
	c.say(0, `head -c 100000 /dev/zero >/var/tmp/file`)
	c.do(n, "bitflip", flipping("n1", 0.5))
	if got := c.say(0, `tr -d '\0' </var/tmp/file | wc -c`); got == "0" {
		c.Error("bitflip flipped nothing")
	}
	c.say(0, `head -c 100000 /dev/zero >/var/tmp/file`)
}

// overtaken counts the answers that came after later ones.
func (c *cluster) overtaken(from, to int) int {
	c.Helper()
	out := c.say(from, `ping -U -c 60 -i 0.01 -W 2 $1 | sed -n 's/.*icmp_seq=\([0-9]*\).*/\1/p'`, c.nodes[to].Addr)
	count, last := 0, 0
	for word := range strings.FieldsSeq(out) {
		seq, err := strconv.Atoi(word)
		if err != nil {
			c.Fatalf("%q: %v", word, err)
		}
		if seq < last {
			count++
		}
		last = max(last, seq)
	}
	return count
}

// flipping is a value that says to flip every bit that may be flipped on one node.
func flipping(name string, probability float64) history.Value {
	return edn.NewMap([]history.Value{edn.NewString(name), edn.NewMap([]history.Value{edn.NewKeyword("probability"), edn.NewFloat(probability)})})
}

// Without this packets could be late or slow in the history only: answers are timed. The lab's kernel has no netem, so
// the agent holds them; where it has, netem is what is tried here.
func TestShapesOnLab(t *testing.T) {
	c := onLab(t, 3)
	n := c.nemesis("{faults: [packet, partition], lease: 4s}", Options{})
	// -U: from program to program. The kernel's own time of an answer is before anybody held it.
	// A busy machine makes answers later, and some more than others: so the mean must not be too short, nor the least too long.
	times := func(from, to int, bytes ...string) (least, mean float64) {
		t.Helper()
		size := append(bytes, "56")[0]
		out := c.say(from, `ping -U -q -c 10 -i 0.2 -W 2 -s $2 $1 | sed -n 's#.* = \([0-9.]*\)/\([0-9.]*\)/.*#\1 \2#p'`, c.nodes[to].Addr, size)
		if _, err := fmt.Sscan(out, &least, &mean); err != nil {
			t.Errorf("no answers came back: %q, %v", out, err)
		}
		return least, mean
	}
	start := func(s Shape) {
		t.Helper()
		c.do(n, "start-packet", edn.NewVector([]history.Value{texts(edn.Vector, []string{"n1"}), s.value()}))
	}
	start(Shape{Delay: 40 * time.Millisecond, Jitter: 4 * time.Millisecond, Distribution: "normal"})
	if least, mean := times(0, 1); mean < 76 || least > 300 {
		t.Errorf("an answer of a shaped node takes %.1f ms, %.1f in the mean, want about 80", least, mean)
	}
	if least, _ := times(1, 2); least > 60 {
		t.Errorf("an answer between two others takes %.1f ms", least)
	}
	start(Shape{Delay: 100 * time.Millisecond, Reorder: 50})
	if shaped, others := c.overtaken(0, 1), c.overtaken(1, 2); shaped == 0 || others > 0 {
		t.Errorf("%d answers of a reordered node were overtaken, want some; and %d between two others", shaped, others)
	}
	c.do(n, "start-partition", Grudge{"n1": {"n3"}}.value())
	c.hears(Grudge{"n1": {"n3"}}, "late and cut")
	c.do(n, "stop-partition", history.Value{})
	start(Shape{Rate: "200kbit"})
	// 1428 bytes take 57 ms at 200 kbit/s, and there are two ways.
	if least, mean := times(0, 1, "1400"); mean < 100 || least > 350 {
		t.Errorf("an answer of 1.4 kB at 200 kbit/s takes %.1f ms, %.1f in the mean, want about 114", least, mean)
	}
	c.do(n, "stop-packet", history.Value{})
	if least, _ := times(0, 1); least > 60 {
		t.Errorf("healed: an answer takes %.1f ms", least)
	}
	c.clean()
	start(Shape{Delay: 200 * time.Millisecond})
	n.stopRenewing()
	c.eventually("answers come at once after the lease", func() bool {
		least, _ := times(0, 1)
		return least <= 60
	})
	for i := range c.nodes {
		c.eventually(fmt.Sprintf("nobody takes packets of n%d, and no rule is left", i+1), func() bool { return c.say(i, "cat /proc/net/netfilter/nfnetlink_queue")+c.left(i) == "" })
	}
}
