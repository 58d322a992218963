package lab_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/lab/labtest"
)

// Without this a node with a kernel of its own could share this machine's clock, shape no packets, or keep on its disk
// what no real one would.
func TestUML(t *testing.T) {
	l := labtest.UpUML(t, 2)
	r := labtest.Remote(t, l, "n1")
	for script, want := range map[string]string{
		"hostname":                                  "n1",
		"ping -c1 -W5 n2 >/dev/null && echo y":      "y",
		"ping -c1 -W5 control >/dev/null && echo y": "y",
		"iptables -A INPUT -s 192.0.2.1 -m statistic --mode random --probability 0.5 -j DROP && iptables -F && echo y": "y",
		"ip6tables -A INPUT -s 2001:db8::1 -j DROP && ip6tables -F && echo y":                                          "y",
		"ls /var/lib/jcollect-labs | wc -l":                                                                            "0",
		"mount -t hostfs none /mnt -o / && touch /mnt/var/tmp/jcollect-escaped && echo y":                              "y", // to its own overlay
		"modprobe dm-flakey && dmsetup targets | grep -c flakey":                                                       "1",
	} {
		if got := say(t, r, script); got != want {
			t.Errorf("%s gave %q, want %q", script, got, want)
		}
	}
	if _, err := os.Stat("/var/tmp/jcollect-escaped"); err == nil {
		t.Error("a node wrote to this machine's files")
	}
	before := time.Now()
	say(t, r, "date -s @86400")
	year := strings.Fields(say(t, r, "date +%Y; uname -r"))[0]
	if now := time.Now(); year != "1970" || now.Sub(before) > time.Minute || now.Year() < 2000 {
		t.Errorf("the node is in %s, this machine in %d", year, now.Year())
	}
	if got := say(t, labtest.Remote(t, l, "n2"), "date +%Y"); got == "1970" {
		t.Error("n2 has the clock of n1")
	}
	say(t, r, "tc qdisc add dev eth0 root netem delay 200ms")
	average := say(t, labtest.Remote(t, l, "n2"), "ping -c3 -i0.3 -W5 n1 | sed -n 's|^rtt.*= [^/]*/\\([0-9]*\\).*|\\1|p'")
	if ms, err := strconv.Atoi(average); err != nil || ms < 190 || ms > 400 {
		t.Errorf("packets to n1 and back take %q ms, want about 200", average)
	}
	say(t, r, "tc qdisc del dev eth0 root")
	// As TestPower, but here the kernel dies with what it has not written yet.
	say(t, r, "echo kept >/var/lib/kept; sync; echo lost >/var/lib/lost; cat /var/lib/lost")
	if err := l.Stop(t.Context(), "n1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Restart(t.Context(), "n1"); err != nil {
		t.Fatal(err)
	}
	if got := say(t, labtest.Remote(t, l, "n1"), "cat /var/lib/kept; cat /var/lib/lost 2>/dev/null || true"); got != "kept" {
		t.Errorf("after the power came back the disk says %q, want what was synced alone", got)
	}
	if other, err := lab.Open("", l.Name()); err != nil || other.Kind() != lab.KindUML {
		t.Errorf("another process sees %+v, %v", other, err)
	}
}
