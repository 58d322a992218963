package fault

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/lab/labtest"
	"jcheck/history"
	"jcheck/internal/edn"
)

// offsets are by how many seconds the nodes' clocks are off, as the nemesis recorded it with an operation.
func (c *cluster) offsets(n *Nemesis, f string, v history.Value) []float64 {
	c.Helper()
	out := invoke(n, f, v)
	if !out.Error.IsNil() || len(out.Extra) != 1 {
		c.Fatalf("%s: %s, %v", f, out.Error, out.Extra)
	}
	c.Logf("%s %s: %s, offsets %s", f, v, out.Value, out.Extra[0].Value)
	var list []float64
	for _, on := range c.nodes {
		offset, _ := out.Extra[0].Value.Get(edn.NewString(on.Name))
		list = append(list, offset.Float())
	}
	return list
}

// near compares seconds with what they should be, within a few: a busy machine takes that long to ask a node.
func near(got, want float64) bool { return math.Abs(got-want) < 5 }

// Without this what namespaces can't do would never have been done: clocks that jump, flip and are set right, also by the
// node itself; netem; the older tables of iptables; writes that are lost because nobody synced them.
func TestFaultsOnUML(t *testing.T) {
	c := clusterOf(t, labtest.UpUML(t, 2))
	t.Run("clock", func(t *testing.T) { c.with(t).clocks() })
	t.Run("packet", func(t *testing.T) { c.with(t).netem() })
	t.Run("lost-writes", func(t *testing.T) { c.with(t).losesWrites() })
	c.clean()
}

// with is the cluster in a part of its test.
func (c *cluster) with(t *testing.T) *cluster { return &cluster{T: t, lab: c.lab, nodes: c.nodes} }

func (c *cluster) clocks() {
	n := c.nemesis("{faults: [clock], lease: 6s, timeout: 30s}", Options{})
	at := func(ms int64) history.Value {
		return edn.NewMap([]history.Value{edn.NewString("n1"), edn.NewInt(ms)})
	}
	here := time.Now()
	base := c.offsets(n, "check-clock-offsets", history.Value{})
	if got := c.offsets(n, "bump-clock", at(60_000)); !near(got[0]-base[0], 60) || !near(got[1], base[1]) {
		c.Errorf("bump by 60 s: got %v after %v", got, base)
	}
	if got := c.offsets(n, "bump-clock", at(-90_000)); !near(got[0]-base[0], -30) {
		c.Errorf("bump by -90 s: got %v after %v", got, base)
	}
	if got := c.offsets(n, "reset-clock", history.Value{}); !near(got[0], base[0]) {
		c.Errorf("reset: got %v, want %v", got, base)
	}
	strobe := edn.NewMap([]history.Value{edn.NewString("n2"), edn.NewMap([]history.Value{edn.NewKeyword("delta"), edn.NewInt(200_000),
		edn.NewKeyword("period"), edn.NewInt(20), edn.NewKeyword("duration"), edn.NewInt(4)})})
	done := make(chan []float64)
	go func() { done <- c.offsets(n, "strobe-clock", strobe) }()
	time.Sleep(1500 * time.Millisecond)
	seen := c.say(1, `for i in 1 2 3 4 5 6 7 8 9 10 11 12; do date +%s; sleep 0.1; done`)
	if got := <-done; !near(got[1], base[1]) {
		c.Errorf("after a strobe: got %v, want %v", got, base)
	}
	low, high := math.MaxInt, 0
	for second := range strings.FieldsSeq(seen) {
		if s, err := strconv.Atoi(second); err == nil {
			low, high = min(low, s), max(high, s)
		}
	}
	if high-low < 190 {
		c.Errorf("during a strobe by 200 s the clock showed %d to %d", low, high)
	}
	if got := c.offsets(n, "scramble-clock", edn.NewKeyword("all")); math.Abs(got[0]-base[0]) > 65 {
		c.Errorf("scrambled: got %v", got)
	}
	c.offsets(n, "bump-clock", at(500_000))
	n.stopRenewing()
	time.Sleep(8 * time.Second)
	if got := c.offsets(n, "check-clock-offsets", history.Value{}); !near(got[0], base[0]) || !near(got[1], base[1]) {
		c.Errorf("after the leases: got %v, want %v", got, base)
	}
	if wall := time.Since(here); wall > 2*time.Minute || wall < 0 || time.Now().Round(0).Sub(here.Round(0)) > 2*time.Minute {
		c.Errorf("this machine's clock was touched: %v", time.Since(here))
	}
}

func (c *cluster) netem() {
	n := c.nemesis("{faults: [packet, partition]}", Options{})
	mean := func() float64 {
		got, _ := strconv.ParseFloat(c.say(0, `ping -U -q -c 8 -i 0.3 -W 3 $1 | sed -n 's#.* = [0-9.]*/\([0-9.]*\)/.*#\1#p'`, c.nodes[1].Addr), 64)
		return got
	}
	start := func(s Shape) {
		c.do(n, "start-packet", edn.NewVector([]history.Value{texts(edn.Vector, []string{"n1"}), s.value()}))
	}
	start(Shape{Delay: 150 * time.Millisecond, Jitter: 10 * time.Millisecond, Distribution: "normal", Correlation: 25})
	if got := mean(); got < 270 || got > 500 {
		c.Errorf("an answer takes %.0f ms, want about 300", got)
	}
	for _, s := range usual() {
		start(s)
	}
	start(Shape{Delay: 100 * time.Millisecond, Reorder: 50})
	if c.overtaken(0, 1) == 0 {
		c.Error("no answer was overtaken")
	}
	answers := func(pattern string) int {
		got, _ := strconv.Atoi(c.say(0, `ping -c 10 -i 0.2 -W 1 $1 | grep -c "$2"; true`, c.nodes[1].Addr, pattern))
		return got
	}
	start(Shape{Duplicate: 100})
	if got := answers("DUP!"); got < 5 {
		c.Errorf("%d answers of 10 came twice", got)
	}
	// One bit of each packet is wrong, which its checksums tell, unless it was the sender's hardware address.
	start(Shape{Corrupt: 100})
	if got := answers("bytes from"); got > 5 {
		c.Errorf("%d of 10 packets arrived as they were", got)
	}
	start(Shape{Loss: 100})
	c.hears(Grudge{"n1": {"n2"}}, "netem loses all")
	c.do(n, "stop-packet", history.Value{})
	if got := mean(); got > 100 {
		c.Errorf("healed: an answer takes %.0f ms", got)
	}
	c.do(n, "start-partition", edn.NewKeyword("one"))
	c.hears(Grudge{"n1": {"n2"}}, "partition")
	c.do(n, "stop-partition", history.Value{})
	c.hears(Grudge{}, "healed")
}

// usual are the shapes that go without saying where there is netem.
func usual() []Shape { return Plan{netem: true}.usualShapes() }

func (c *cluster) losesWrites() {
	for i := range c.nodes {
		c.say(i, `set -e
truncate -s 32M /var/tmp/disk.img
mknod /dev/loop-control c 10 237 2>/dev/null || true
modprobe loop 2>/dev/null || true
modprobe dm-flakey
dev=$(losetup -f --show /var/tmp/disk.img)
dmsetup create data --table "0 65536 linear $dev 0"
[ -e /dev/mapper/data ] || { mkdir -p /dev/mapper; dmsetup mknodes; }
mkfs.ext4 -q /dev/mapper/data
mkdir -p /var/tmp/data && mount /dev/mapper/data /var/tmp/data`)
	}
	base := &fakeDB{}
	n := c.nemesis("{faults: [lost-writes], lost-writes: {device: data, mount: /var/tmp/data}}", Options{DB: base})
	c.say(0, `echo kept >/var/tmp/data/kept; sync; echo lost >/var/tmp/data/lost; echo lost >>/var/tmp/data/kept; cat /var/tmp/data/lost`)
	c.do(n, "lose-unfsynced-writes", texts(edn.Vector, []string{"n1"}))
	if got := c.say(0, `cat /var/tmp/data/kept; cat /var/tmp/data/lost 2>/dev/null || true`); got != "kept" {
		c.Errorf("after the power came back: got %q, want what was synced alone", got)
	}
	if got := strings.Join(base.did, ", "); got != "kill n1, start n1" {
		c.Errorf("the database: got %s", got)
	}
	c.say(0, `echo again >/var/tmp/data/again; sync; dmsetup table data | grep -q linear`)
	for i := range c.nodes {
		c.say(i, "umount /var/tmp/data; dmsetup remove data; losetup -D; rm -f /var/tmp/disk.img")
	}
}
