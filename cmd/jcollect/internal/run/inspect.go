package run

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/remote"
)

// A Diagnosis is what a node is like, and what is to be mended before a test can use it.
type Diagnosis struct {
	Node   string
	User   string        // who logged in; "" if nobody could
	Root   bool          // commands can run as root
	System string        // "Debian GNU/Linux 12, amd64"
	Offset time.Duration // of its clock, beside ours; positive is ahead
	Ping   time.Duration // of a command
	Clock  bool          // Offset is known
	Mend   []string      // what to do, sentence by sentence; none if nothing is wrong
}

// inspectLimit bounds the diagnosis of a node.
const inspectLimit = time.Minute

// maxOffset is how far clocks may be apart without a remark.
const maxOffset = time.Second

// slowPing is how long a command may take without a remark.
const slowPing = 1500 * time.Millisecond

// tools are programs that nodes need, and what for.
var tools = []struct{ any, need string }{
	{"tar", "archives and logs"},
	{"nft iptables", "faults of the network (Debian: nftables or iptables)"},
	{"ip", "faults of the network (Debian: iproute2)"},
	{"tc", "delayed packets (Debian: iproute2)"},
	{"setsid", "daemons (Debian: util-linux)"},
	{"sha256sum", "sending the agent (Debian: coreutils)"},
}

// Inspect looks at one node, and changes nothing there.
func (t *Test) Inspect(ctx context.Context, name string) Diagnosis {
	ctx, cancel := context.WithTimeout(ctx, inspectLimit)
	defer cancel()
	d := Diagnosis{Node: name}
	asLogin := t.Remote
	no := false
	asLogin.Sudo = &no // who logs in is one question, whether he may be root the next
	r, err := asLogin.Connect(ctx, name)
	if err != nil {
		d.mend("%v%s", err, unreached(err))
		return d
	}
	defer r.Close() // only looked at
	if err := d.look(ctx, r); err != nil {
		d.mend("%v", err)
		return d
	}
	if kind := t.Remote.Kind; kind == remote.KindSSH || kind == "" { // others have no login shell
		d.slowShell(ctx, r)
	}
	if _, err := r.Exec(ctx, remote.Command{Args: []string{"true"}, User: "root", Timeout: inspectLimit}); err != nil {
		d.mend("commands can't run as root: %v", err)
	} else {
		d.Root = true
	}
	return d
}

// unreached is a hint on why a node can't be reached, where the error has none of its own.
func unreached(err error) string {
	text := err.Error()
	if strings.Contains(text, "(hint:") {
		return ""
	}
	for _, row := range []struct{ said, hint string }{
		{"connection refused", "is sshd running there, and on that port?"},
		{"no such host", "is the name right? put it into DNS or /etc/hosts, or give an address"},
		{"no route to host", "is the machine on, and does no firewall stand between?"},
		{"network is unreachable", "does this machine have a way to that network?"},
		{"timeout", "is the machine on, and does no firewall stand between?"},
		{"deadline exceeded", "is the machine on, and does no firewall stand between?"},
	} {
		if strings.Contains(text, row.said) {
			return " (hint: " + row.hint + ")"
		}
	}
	return ""
}

func (d *Diagnosis) mend(format string, args ...any) {
	d.Mend = append(d.Mend, strings.TrimPrefix(fmt.Sprintf(format, args...), d.Node+": "))
}

// lookScript prints what a node is like, a line for each fact. The date comes first: it is compared with ours.
const lookScript = `date +%s.%N
id -un
uname -s -m
(. /etc/os-release && echo "$PRETTY_NAME") 2>/dev/null || echo unknown
df -Pk / | awk 'END { print $4 }'
for t; do for p in $t; do command -v "$p" >/dev/null 2>&1 || [ -x "/sbin/$p" ] || [ -x "/usr/sbin/$p" ] && continue 2; done; echo "lacks $t"; done`

// look asks the node what it is like.
func (d *Diagnosis) look(ctx context.Context, r remote.Remote) error {
	var args []string
	for _, t := range tools {
		args = append(args, t.any)
	}
	// The first command paid for the connection; this one is timed.
	before := time.Now()
	res, err := r.Exec(ctx, remote.Command{Script: lookScript, Args: args, Timeout: inspectLimit})
	if err != nil {
		return err
	}
	d.Ping = time.Since(before)
	d.zombies(ctx, r)
	lines := strings.Split(strings.TrimSpace(string(res.Stdout)), "\n")
	if len(lines) < 5 {
		return errors.New("it answers, but not as a Linux machine does")
	}
	d.User = lines[1]
	system, arch, _ := strings.Cut(lines[2], " ")
	d.System = lines[3] + ", " + arch
	if system != "Linux" {
		d.mend("it runs %s: nodes must run Linux", system)
	}
	if kb, err := strconv.ParseInt(lines[4], 10, 64); err == nil && kb < 200<<10 {
		d.mend("only %d MB are free on /: the agent and the database need room", kb>>10)
	}
	d.clock(lines[0], before)
	for _, line := range lines[5:] {
		for _, t := range tools {
			if line == "lacks "+t.any {
				d.mend("no %s: needed for %s", strings.ReplaceAll(t.any, " ", " or "), t.need)
			}
		}
	}
	return nil
}

// slowShell tells of a login shell that does much before each command: sshd starts it, and bash reads its .bashrc even
// then, so that whoever runs commands can't keep it from that.
func (d *Diagnosis) slowShell(ctx context.Context, r remote.Remote) {
	if d.Ping < slowPing {
		return
	}
	if _, err := r.Exec(ctx, remote.Command{Script: "[ -e ~/.bashrc ]", Timeout: inspectLimit}); err == nil {
		d.mend("a command takes %s: is ~/.bashrc slow? let it return at once unless the shell is interactive (its first line: case $- in *i*) ;; *) return;; esac)",
			d.Ping.Round(100*time.Millisecond))
	}
}

// orphanScript leaves a process without its parent, and says if nobody takes note of its end within some seconds.
const orphanScript = `p=$(sh -c 'sleep 0 >/dev/null 2>&1 & echo $!'); for i in 1 2 3 4 5 6 7 8 9 10; do
  s=$(cat "/proc/$p/stat" 2>/dev/null) || exit 0; sleep 0.3 2>/dev/null || sleep 1
done; case $s in *') Z '*) echo zombie;; esac`

// zombies tells of a first process that doesn't reap, as that of many a container: each fault and daemon leaves it one.
func (d *Diagnosis) zombies(ctx context.Context, r remote.Remote) {
	res, err := r.Exec(ctx, remote.Command{Script: orphanScript, Timeout: inspectLimit})
	if err == nil && strings.TrimSpace(string(res.Stdout)) == "zombie" {
		d.mend("its first process doesn't reap, so that ended processes stay as zombies, and in long runs fill the table of processes " +
			"(hint: a container with --init, or whose command is sh -c 'while :; do sleep 60; done')")
	}
}

// clock compares the node's clock with ours. The node read it soon after it was asked, within the time of the command.
func (d *Diagnosis) clock(text string, before time.Time) {
	whole, part, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return
	}
	earliest := time.Unix(seconds, 0)
	latest := earliest.Add(time.Second)
	if nanos, err := strconv.ParseInt(part, 10, 64); err == nil { // else a date without %N: any time of that second
		earliest = time.Unix(seconds, nanos)
		latest = earliest
	}
	d.Clock = true
	// Where both times may be the same, this is as exact as it can be.
	if ahead := earliest.Sub(before.Add(d.Ping)); ahead > 0 {
		d.Offset = ahead
	} else if behind := latest.Sub(before); behind < 0 {
		d.Offset = behind
	}
	if d.Offset.Abs() > maxOffset {
		d.mend("its clock is %s off: let it keep time (Debian: apt install chrony), or times in its logs mislead", d.Offset.Round(time.Millisecond))
	}
}

// OK tells whether the node can be used.
func (d Diagnosis) OK() bool { return len(d.Mend) == 0 }
