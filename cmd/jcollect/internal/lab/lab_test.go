package lab_test

import (
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/lab/labtest"
	"jcheck/cmd/jcollect/internal/remote"
)

// say runs a script on a node and returns what it printed.
func say(t *testing.T, r remote.Remote, script string, args ...string) string {
	t.Helper()
	res, err := r.Exec(t.Context(), remote.Command{Script: script, Args: args, Timeout: 20 * time.Second})
	if err != nil {
		t.Errorf("%s: %v", script, err)
	}
	return strings.TrimSpace(string(res.Stdout))
}

// Without this a lab could lack what its nodes promise: names, their own processes and files, rights and their limits.
func TestLab(t *testing.T) {
	labtest.Need(t)
	start := time.Now()
	l := labtest.Up(t, 5)
	t.Logf("5 nodes took %v", time.Since(start))
	for _, name := range l.Names() {
		r := labtest.Remote(t, l, name)
		for script, want := range map[string]string{
			"hostname":                                                        name,
			"cat /etc/hostname":                                               name,
			"ping -c1 -W2 n1 >/dev/null && echo y":                            "y",
			"ping -c1 -W2 control >/dev/null && echo y":                       "y",
			"ps -e | grep -c ssh[d] >/dev/null && echo y":                     "y",
			"cat /proc/1/comm":                                                "sh",
			"ping -6 -c1 -W2 fd99::11 >/dev/null && echo y":                   "y",
			"iptables -A INPUT -s 192.0.2.1 -j DROP && iptables -F && echo y": "y",
			"nft add table inet x && nft delete table inet x && echo y":       "y",
			"mkdir -p /mnt/x && mount -t tmpfs -o size=1m tmpfs /mnt/x && umount /mnt/x && echo y":                    "y",
			"echo x >/dev/null; head -c 3 /dev/zero | wc -c":                                                          "3",
			"ls /tmp /var/lib/jcollect-labs | wc -l":                                                                  "3",
			"for d in /run /tmp /dev/shm /dev; do df -Pk $d; done | awk '$2 > 512 * 1024 && $2 ~ /^[0-9]+$/' | wc -l": "0", // memory that they may fill
			"date -s @0 >/dev/null 2>&1 || echo refused":                                                              "refused",
			"echo 1 2>/dev/null >/proc/sys/kernel/sysrq || echo refused":                                              "refused",
			"ping -c1 -W1 192.0.2.2 >/dev/null 2>&1 || echo refused":                                                  "refused",
			"ulimit -n": say(t, r, "ulimit -n"),
		} {
			if got := say(t, r, script); got != want {
				t.Errorf("%s: %s gave %q, want %q", name, script, got, want)
			}
		}
	}
}

// Without this programs in the room could miss the nodes' names, or one outside reach what is inside by chance.
func TestRoom(t *testing.T) {
	l := labtest.Up(t, 2)
	out := new(strings.Builder)
	cmd := exec.Command("/bin/sh", "-c", "getent hosts n2; pwd; echo $"+lab.Variable)
	cmd.Dir, cmd.Stdout = t.TempDir(), out
	if err := l.Run(cmd); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(strings.Fields(out.String()), " "), l.Address("n2")+" n2 "+cmd.Dir+" "+l.Dir(); got != want {
		t.Errorf("the room says %q, want %q", got, want)
	}
	addrs, err := net.InterfaceAddrs()
	for _, a := range addrs {
		if strings.HasPrefix(a.String(), l.Control()) {
			t.Errorf("this machine's own network has the room's address %v", a)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// Without this labs at the same time could meet, or the end of one harm another.
func TestTwoLabs(t *testing.T) {
	a, b := labtest.Up(t, 2), labtest.Up(t, 2)
	say(t, labtest.Remote(t, a, "n1"), "echo a >/var/tmp/which")
	say(t, labtest.Remote(t, b, "n1"), "echo b >/var/tmp/which")
	trace := a.Trace()
	if err := a.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := trace.Leftovers(); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if got := say(t, labtest.Remote(t, b, "n1"), "cat /var/tmp/which; ping -c1 -W2 n2 >/dev/null && echo y"); got != "b\ny" {
		t.Errorf("the other lab says %q", got)
	}
}
