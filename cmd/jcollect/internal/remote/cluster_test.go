package remote_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/lab/labtest"
	"jcheck/cmd/jcollect/internal/remote"
)

// cluster is a lab whose n1 has all kinds of sshd.
type cluster struct {
	*testing.T
	lab *lab.Lab
	n1  remote.Remote
}

// Without this our SSH would be known to work with our own server only, not with OpenSSH and the ways in which it refuses,
// forgets and dies.
func TestOpenSSH(t *testing.T) {
	l := labtest.Up(t, 3)
	c := &cluster{t, l, labtest.Remote(t, l, "n1")}
	for _, part := range []struct {
		name string
		run  func(*cluster)
	}{
		{"logins", (*cluster).logins}, {"asked", (*cluster).asked}, {"known hosts", (*cluster).knownHosts}, {"jump", (*cluster).jump},
		{"sudo", (*cluster).sudo}, {"files", (*cluster).files}, {"other files", (*cluster).otherFiles}, {"streams", (*cluster).streams},
		{"hostile", (*cluster).hostile}, {"few sessions", (*cluster).fewSessions}, {"no sftp", (*cluster).noSFTP},
		{"talking shell", (*cluster).talkingShell}, {"stubborn", (*cluster).stubborn}, {"restart", (*cluster).restart},
		{"cut off", (*cluster).cutOff}, {"power", (*cluster).power},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(&cluster{t, l, c.n1}) })
	}
}

// on runs a script on a remote, and returns what it printed.
func (c *cluster) on(r remote.Remote, script string, args ...string) string {
	c.Helper()
	res, err := r.Exec(c.Context(), remote.Command{Script: script, Args: args, Timeout: 20 * time.Second})
	if err != nil {
		c.Errorf("%s: %v", script, err)
	}
	return strings.TrimSpace(string(res.Stdout))
}

// sshd starts another sshd on n1, with the lab's keys and other settings.
func (c *cluster) sshd(port int, settings string) remote.SSHOptions {
	c.Helper()
	c.on(c.n1, `set -e
f=/etc/ssh/sshd_$1
{ printf '%s\n' "$2"; grep -v -e ^Port -e ^PidFile -e ^UsePAM -e ^Subsystem /etc/ssh/jcollect_lab/sshd_config; echo "Port $1"; echo "PidFile /run/sshd_$1.pid"; } >$f
/usr/sbin/sshd -f $f
until [ -e /run/sshd_$1.pid ]; do sleep 0.05; done`, fmt.Sprint(port), settings)
	o := c.lab.SSH("n1")
	o.Port = port
	// The key is that of n1, but known_hosts knows only its port 22.
	known, err := os.ReadFile(o.KnownHosts[0])
	if err != nil {
		c.Fatal(err)
	}
	line, _, _ := strings.Cut(string(known), "\n")
	_, key, _ := strings.Cut(line, " ")
	o.KnownHosts = []string{c.write("known_hosts", fmt.Sprintf("[n1]:%d %s\n", port, key))}
	return o
}

// write makes a file.
func (c *cluster) write(name, text string) string {
	c.Helper()
	path := filepath.Join(c.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
	return path
}

// open is a remote that is closed with the test.
func (c *cluster) open(o remote.SSHOptions) remote.Remote {
	r := remote.NewSSH(o)
	c.Cleanup(func() {
		if err := r.Close(); err != nil {
			c.Error(err)
		}
	})
	return r
}

// try logs in, and wants no error, or one with these words.
func (c *cluster) try(what string, o remote.SSHOptions, words ...string) error {
	c.Helper()
	_, err := c.open(o).Exec(c.Context(), remote.Command{Args: []string{"true"}, Timeout: 20 * time.Second})
	if len(words) == 0 && err != nil {
		c.Errorf("%s: %v", what, err)
	}
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) {
			c.Errorf("%s gave %v, want %q", what, err, w)
		}
	}
	return err
}

// here runs a program of this machine.
func (c *cluster) here(name string, args ...string) string {
	c.Helper()
	out, err := exec.CommandContext(c.Context(), name, args...).CombinedOutput()
	if err != nil {
		c.Fatalf("%s %q: %v: %s", name, args, err, out)
	}
	return string(out)
}

// logins tries keys as ssh-keygen makes them, with and without a passphrase and an agent.
func (c *cluster) logins() {
	for _, kind := range []string{"ed25519", "rsa", "ecdsa"} {
		for _, passphrase := range []string{"", "open sesame"} {
			key := filepath.Join(c.TempDir(), "id key")
			c.here("ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", key)
			public, err := os.ReadFile(key + ".pub")
			if err != nil {
				c.Fatal(err)
			}
			c.on(c.n1, `mkdir -p /root/.ssh && printf '%s' "$1" >/root/.ssh/authorized_keys`, string(public))
			o := c.lab.SSH("n1")
			o.Keys, o.Passphrase = []string{key}, remote.Secret(passphrase)
			c.try(kind, o)
			if passphrase == "" {
				o.Keys, o.Agent = nil, c.agent(key)
				c.try(kind+" by agent", o)
				continue
			}
			o.Passphrase = ""
			c.try(kind+" without its passphrase", o, "is encrypted", "ssh-add")
		}
	}
	c.on(c.n1, "rm /root/.ssh/authorized_keys")
	o := c.lab.SSH("n1")
	o.Keys = nil
	c.try("nobody", o, "neither a key")
}

// agent starts the real one, with a key.
func (c *cluster) agent(key string) string {
	dir, err := os.MkdirTemp("", "agent") // a socket's path must be short
	if err != nil {
		c.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		_ = agent.Process.Kill() // it runs until then
		_ = agent.Wait()
		_ = os.RemoveAll(dir)
	})
	// The socket is there a moment before anybody listens to it.
	add := exec.CommandContext(c.Context(), "sh", "-c", `i=0; until ssh-add -q "$1" || [ $i = 100 ]; do sleep 0.05; i=$((i+1)); done; [ $i -lt 100 ]`, "sh", key)
	add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
	if out, err := add.CombinedOutput(); err != nil {
		c.Fatalf("ssh-add: %v: %s", err, out)
	}
	return socket
}

// asked tries passwords: sent as such, and as the answer to a question of PAM.
func (c *cluster) asked() {
	c.on(c.n1, `useradd -m -s /bin/sh "$1" && printf '%s:%s\n' "$1" "$2" | chpasswd`, "alice", `p'a "s$s`)
	plain := c.sshd(2201, "UsePAM no\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\nPubkeyAuthentication no")
	pam := c.sshd(2202, "UsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication yes\nPubkeyAuthentication no")
	for name, o := range map[string]remote.SSHOptions{"password": plain, "questions": pam} {
		o.User, o.Password = "alice", `p'a "s$s`
		c.try(name, o)
		o.Password = "wrong"
		c.try("a wrong "+name, o, "the login was refused", "tried")
	}
}

// knownHosts tries names that are hashed, keys that changed, and hosts that are new.
func (c *cluster) knownHosts() {
	o := c.lab.SSH("n2")
	text, err := os.ReadFile(o.KnownHosts[0])
	if err != nil {
		c.Fatal(err)
	}
	file := c.write("known hosts", string(text))
	c.here("ssh-keygen", "-q", "-H", "-f", file)
	if hashed, err := os.ReadFile(file); err != nil || bytes.Contains(hashed, []byte("n2,")) {
		c.Fatalf("the names aren't hashed: %s, %v", hashed, err)
	}
	o.KnownHosts = []string{file}
	c.try("hashed names", o)

	r := c.open(c.lab.SSH("n2"))
	c.on(r, `cp /etc/ssh/jcollect_lab/host_key /root/kept && rm /etc/ssh/jcollect_lab/host_key &&
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/jcollect_lab/host_key && kill -HUP $(cat /run/sshd.pid)`)
	defer c.on(r, `cp /root/kept /etc/ssh/jcollect_lab/host_key && kill -HUP $(cat /run/sshd.pid)`) // by the connection of before
	for range 50 {                                                                                  // until it has its new key
		_, err = c.open(o).Exec(c.Context(), remote.Command{Args: []string{"true"}})
		if err != nil && strings.Contains(err.Error(), "another machine") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	// n1's two names come before n2's: ssh-keygen -H gives each name a line.
	c.try("a changed key", o, file+"' -R n2", "known hosts:3 says", "another machine, or was set up anew")
	c.here("ssh-keygen", "-q", "-f", file, "-R", "n2")
	c.try("a host that was forgotten", o, "is unknown", "accept new hosts")
	o.AcceptNew = true
	c.try("a new host", o)
	o.AcceptNew = false
	c.try("a host that was accepted", o)
}

// jump goes through n1 to n2, where only n1 may come from.
func (c *cluster) jump() {
	o := c.lab.SSH("n2")
	o.Jump = []remote.Hop{{Host: "n1"}}
	r := c.open(o)
	if got := c.on(r, `hostname; echo "${SSH_CONNECTION%% *}"`); got != "n2\n"+c.lab.Address("n1") {
		c.Errorf("the jump led to %q", got)
	}
	o.Jump = []remote.Hop{{Host: "n1"}, {Host: "n3"}}
	if got := c.on(c.open(o), `echo "${SSH_CONNECTION%% *}"`); got != c.lab.Address("n3") {
		c.Errorf("two jumps came from %q", got)
	}
	o.Jump = []remote.Hop{{Host: "n1", Port: 2}}
	if err := c.try("a jump host that doesn't listen", o, "refused"); errors.Is(err, context.DeadlineExceeded) {
		c.Errorf("a jump host that doesn't listen was noticed too late: %v", err)
	}
}

// sudo becomes root with a password, without one, and with a wrong one.
func (c *cluster) sudo() {
	if _, err := exec.LookPath("sudo"); err != nil {
		c.Skip("needs sudo (hint: apt-get install sudo)")
	}
	const password = `s "e'c$ret`
	c.on(c.n1, `useradd -m -s /bin/bash bob && printf 'bob:%s\n' "$1" | chpasswd && echo 'bob ALL=(ALL) ALL' >/etc/sudoers.d/bob &&
useradd -m -s /bin/sh carol && printf 'carol:%s\n' "$1" | chpasswd && echo 'carol ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/carol && chmod 440 /etc/sudoers.d/*`, password)
	for _, user := range []string{"bob", "carol"} {
		o := c.lab.SSH("n1")
		o.User = user
		if user == "bob" {
			o.SudoPassword = password
		}
		r := c.open(o)
		res, err := r.Exec(c.Context(), remote.Command{Script: `id -un; pwd; cat; tr '\0' ' ' </proc/$PPID/cmdline`, User: "root", Dir: "/var/tmp",
			Stdin: strings.NewReader("line 1\nline 2\n")})
		if err != nil || !strings.HasPrefix(string(res.Stdout), "root\n/var/tmp\nline 1\nline 2\n") || strings.Contains(string(res.Stdout), "ret") {
			c.Errorf("%s as root gave %q, %v", user, res.Stdout, err)
		}
		from := c.write("from", "text")
		if err := r.Upload(c.Context(), remote.File{Local: from, Remote: "/etc/" + user + " file", User: "root", Mode: 0o640}); err != nil {
			c.Error(err)
		}
		if got := c.on(c.n1, `stat -c '%U %a' "$1"`, "/etc/"+user+" file"); got != "root 640" {
			c.Errorf("%s's file is %q", user, got)
		}
		if err := r.Download(c.Context(), remote.File{Local: filepath.Join(c.TempDir(), "back"), Remote: "/etc/shadow", User: "root"}); err != nil {
			c.Error(err)
		}
	}
	o := c.lab.SSH("n1")
	o.User = "bob"
	for _, wrong := range []remote.Secret{"", "wrong"} {
		o.SudoPassword = wrong
		_, err := c.open(o).Exec(c.Context(), remote.Command{Args: []string{"id"}, User: "root", Timeout: 20 * time.Second})
		var exit *remote.ExitError
		if !errors.As(err, &exit) || !strings.Contains(err.Error(), "hint") {
			c.Errorf("sudo with the password %q gave %v", string(wrong), err)
		}
	}
}

// files copies a big one there and back.
func (c *cluster) files() {
	big := make([]byte, 80<<20)
	if _, err := io.ReadFull(rand.Reader, big); err != nil {
		c.Fatal(err)
	}
	from, back, there := filepath.Join(c.TempDir(), "from"), filepath.Join(c.TempDir(), "back"), "/var/tmp/a 'big' $(one)\nhere"
	if err := os.WriteFile(from, big, 0o640); err != nil {
		c.Fatal(err)
	}
	start := time.Now()
	if err := c.n1.Upload(c.Context(), remote.File{Local: from, Remote: there}); err != nil {
		c.Fatal(err)
	}
	up := time.Since(start)
	sum := fmt.Sprintf("%x", sha256.Sum256(big))
	if got := c.on(c.n1, `sha256sum <"$1" | cut -d' ' -f1; stat -c %a "$1"; ls /var/tmp | grep -c part`+" || true", there); got != sum+"\n640\n0" {
		c.Errorf("the copy there is %q, want %s", got, sum)
	}
	start = time.Now()
	if err := c.n1.Download(c.Context(), remote.File{Local: back, Remote: there}); err != nil {
		c.Fatal(err)
	}
	c.Logf("80 MB: up %v, down %v", up.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
	if text, err := os.ReadFile(back); err != nil || !bytes.Equal(text, big) {
		c.Errorf("%d bytes came back, %v", len(text), err)
	}
	c.on(c.n1, `rm "$1"`, there)
}

// otherFiles tries what can't be copied.
func (c *cluster) otherFiles() {
	from := c.write("from", "text")
	for _, there := range []string{"/", "/root", "/no/such/folder/x", "/dev/null/x"} {
		if err := c.n1.Upload(c.Context(), remote.File{Local: from, Remote: there}); err == nil {
			c.Errorf("a file was written to %s", there)
		}
	}
	for _, there := range []string{"/", "/missing", "/root"} {
		back := filepath.Join(c.TempDir(), "back")
		if err := c.n1.Download(c.Context(), remote.File{Local: back, Remote: there}); err == nil {
			c.Errorf("%s was downloaded", there)
		}
		if _, err := os.Stat(back); err == nil {
			c.Errorf("%s left a file", there)
		}
	}
	// A disk that is full: what was there stays, and nothing of the rest.
	c.on(c.n1, `mkdir -p /mnt/small && mount -t tmpfs -o size=1m tmpfs /mnt/small && echo old >/mnt/small/f`)
	full := c.write("full", strings.Repeat("x", 4<<20))
	if err := c.n1.Upload(c.Context(), remote.File{Local: full, Remote: "/mnt/small/f"}); err == nil {
		c.Error("4 MB fit on a disk of 1 MB")
	}
	if got := c.on(c.n1, `cat /mnt/small/f; ls -A /mnt/small; umount /mnt/small`); got != "old\nf" {
		c.Errorf("the full disk holds %q", got)
	}
}

// streams sends 10 MB through a command and back, many at the same time.
func (c *cluster) streams() {
	big := strings.Repeat("0123456789abcdef", 10<<16)
	res, err := c.n1.Exec(c.Context(), remote.Command{Args: []string{"cat"}, Stdin: strings.NewReader(big)})
	if err != nil || string(res.Stdout) != big {
		c.Errorf("10 MB came back as %d bytes, %v", len(res.Stdout), err)
	}
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			if got := c.on(c.n1, `echo "$1"`, fmt.Sprint(i)); got != fmt.Sprint(i) {
				c.Errorf("command %d printed %q", i, got)
			}
		})
	}
	wg.Wait()
}

// hostile sends texts that a shell would read as something else.
func (c *cluster) hostile() {
	for _, s := range []string{"", " ", "'", `"`, `\`, "$(touch /no)", "`touch /no`", "a\nb", "\n", "-n", "*", "~", "; touch /no", "é\xff", "%s", "!x"} {
		res, err := c.n1.Exec(c.Context(), remote.Command{Script: `printf '%s|%s|' "$1" "$x"; cat`, Args: []string{s}, Env: []string{"x=" + s}, Stdin: strings.NewReader(s)})
		if err != nil || string(res.Stdout) != s+"|"+s+"|"+s {
			c.Errorf("%q came back as %q, %v", s, res.Stdout, err)
		}
		if s == "" || strings.Contains(s, "/") {
			continue
		}
		there := "/var/tmp/" + s
		from := c.write("from", "text of "+s)
		back := filepath.Join(c.TempDir(), "back")
		if err := errors.Join(c.n1.Upload(c.Context(), remote.File{Local: from, Remote: there}), c.n1.Download(c.Context(), remote.File{Local: back, Remote: there})); err != nil {
			c.Errorf("the file %q: %v", s, err)
		}
		if text, err := os.ReadFile(back); err != nil || string(text) != "text of "+s {
			c.Errorf("the file %q came back as %q, %v", s, text, err)
		}
	}
	if got := c.on(c.n1, "ls /no 2>/dev/null || echo none"); got != "none" {
		c.Error("a value ran as a command")
	}
}

// fewSessions runs more commands than sshd opens sessions for.
func (c *cluster) fewSessions() {
	r := c.open(c.sshd(2203, "MaxSessions 2\nSubsystem sftp internal-sftp"))
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() { c.on(r, "sleep 0.1") })
	}
	wg.Wait()
	none := c.sshd(2204, "MaxSessions 0")
	c.try("no sessions at all", none, "MaxSessions")
}

// noSFTP copies files where there is no subsystem, and where what answers is none.
func (c *cluster) noSFTP() {
	for port, settings := range map[int]string{2205: "", 2206: "Subsystem sftp /bin/false", 2207: "Subsystem sftp /bin/echo hello"} {
		r := c.open(c.sshd(port, settings))
		from, back := c.write("from", "text"), filepath.Join(c.TempDir(), "back")
		err := errors.Join(r.Upload(c.Context(), remote.File{Local: from, Remote: "/var/tmp/plain"}),
			r.Download(c.Context(), remote.File{Local: back, Remote: "/var/tmp/plain"}))
		if text, readErr := os.ReadFile(back); err != nil || readErr != nil || string(text) != "text" {
			c.Errorf("%q: %q, %v", settings, text, errors.Join(err, readErr))
		}
	}
}

// talkingShell tells of a .bashrc that prints, and makes sure that the lab has none that is slow.
func (c *cluster) talkingShell() {
	p := c.lab.Plan()
	c.on(c.n1, `echo 'echo Welcome' >/root/.bashrc`)
	shell := c.on(c.n1, `getent passwd root | cut -d: -f7`)
	_, err := p.Connect(c.Context(), "n1")
	if strings.HasSuffix(shell, "bash") && (err == nil || !strings.Contains(err.Error(), "Welcome") || !strings.Contains(err.Error(), ".bashrc")) {
		c.Errorf("a shell that talks gave %v", err)
	}
	if res, err := c.n1.Exec(c.Context(), remote.Command{Script: "rm /root/.bashrc"}); err != nil {
		c.Errorf("%q, %v", res.Stdout, err)
	}
	r, err := p.Connect(c.Context(), "n1")
	if err != nil {
		c.Fatal(err)
	}
	start := time.Now()
	for range 20 {
		c.on(r, "true")
	}
	c.Logf("a command takes %v", (time.Since(start) / 20).Round(100*time.Microsecond))
	if err := r.Close(); err != nil {
		c.Error(err)
	}
}

// stubborn ends a command that ignores signals, with a child in a session of its own, and leaves the others alone.
func (c *cluster) stubborn() {
	other := make(chan error, 1)
	go func() {
		_, err := c.n1.Exec(c.Context(), remote.Command{Args: []string{"sleep", "5"}})
		other <- err
	}()
	_, err := c.n1.Exec(c.Context(), remote.Command{Timeout: 3 * time.Second,
		Script: `trap '' TERM HUP INT; setsid sh -c 'trap "" TERM; while :; do sleep 0.05; done' stubborn & wait`})
	var lost *remote.LostError
	if !errors.As(err, &lost) || !lost.Killed {
		c.Errorf("it gave %v, want that it was killed", err)
	}
	if got := c.on(c.n1, `ps -eo args | grep -c '[s]tubborn$' || true`); got != "0" {
		c.Errorf("%s processes run on", got)
	}
	if err := <-other; err != nil {
		c.Errorf("another command: %v", err)
	}
}

// sleeping starts a command that takes longer than anybody waits, and returns when it runs, as another connection sees. The
// channel gives how it ended.
func (c *cluster) sleeping(r, other remote.Remote) <-chan error {
	c.Helper()
	ended := make(chan error, 1)
	go func() {
		_, err := r.Exec(c.Context(), remote.Command{Args: []string{"sleep", "61"}, Timeout: time.Minute})
		ended <- err
	}()
	c.on(other, `until pgrep -fx 'sleep 61'; do sleep 0.02; done`)
	return ended
}

// wasLost wants that a command was lost while it ran, and that this was noticed before its time was up.
func (c *cluster) wasLost(what string, err error) {
	c.Helper()
	var lost *remote.LostError
	if !errors.As(err, &lost) || !lost.Started || errors.Is(err, context.DeadlineExceeded) {
		c.Errorf("%s gave %v, want that it was noticed as lost", what, err)
	}
}

// killOthers kills every sshd, also the one that takes connections, but not that of its own connection.
const killOthers = `own= p=$$
while [ "$p" -gt 1 ]; do own="$own $p "; p=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$p/status"); done
listens=$(cat /run/sshd.pid)
for p in $(pgrep -x sshd); do
	case "$own" in *" $p "*) [ "$p" = "$listens" ] || continue ;; esac
	kill -9 "$p" # it may have ended with another
done
true`

// restart restarts sshd while a connection is idle, and kills the session that is in use.
func (c *cluster) restart() {
	r, other := c.open(c.lab.SSH("n3")), c.open(c.lab.SSH("n3"))
	for range 3 {
		c.on(r, "true")
		c.on(other, killOthers)
		c.on(r, "true")
	}
	_, err := r.Exec(c.Context(), remote.Command{Script: "kill -9 $(pgrep -x sshd); sleep 61", Timeout: time.Minute})
	c.wasLost("a command that killed its sshd", err)
	c.on(r, "true")
}

// cutOff drops all that a node says, for a while. The room does so, where healing needs no connection.
func (c *cluster) cutOff() {
	o := c.lab.SSH("n2")
	o.Alive, o.AliveTimeout = 200*time.Millisecond, 3*time.Second
	r := c.open(o)
	wall := func(verb string) {
		c.Helper()
		if err := c.lab.Run(exec.Command("iptables", "-w", verb, "INPUT", "-s", c.lab.Address("n2"), "-j", "DROP")); err != nil {
			c.Fatal(err)
		}
	}
	ended := c.sleeping(r, c.open(c.lab.SSH("n2")))
	wall("-I")
	c.wasLost("a command on a node that is cut off", <-ended)
	_, err := r.Exec(c.Context(), remote.Command{Args: []string{"true"}, Timeout: time.Second})
	var lost *remote.LostError
	if !errors.As(err, &lost) || lost.Started {
		c.Errorf("the next one gave %v", err)
	}
	wall("-D")
	c.on(r, "true")
}

// power kills a node in the middle of a command and of a file, and gives it back.
func (c *cluster) power() {
	o := c.lab.SSH("n3")
	o.Alive, o.AliveTimeout = 200*time.Millisecond, 3*time.Second
	r, other := c.open(o), c.open(c.lab.SSH("n3"))
	c.on(r, "echo kept >/root/kept")
	ended := c.sleeping(r, other)
	big := filepath.Join(c.TempDir(), "big")
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		c.Fatal(err)
	}
	if err := os.Truncate(big, 4<<30); err != nil {
		c.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() { sent <- r.Upload(c.Context(), remote.File{Local: big, Remote: "/dev/shm/big"}) }()
	c.on(other, `until ls -A /dev/shm | grep -q big; do sleep 0.02; done`)
	if err := c.lab.Stop(c.Context(), "n3"); err != nil {
		c.Fatal(err)
	}
	c.wasLost("a command on a node that died", <-ended)
	if err := <-sent; err == nil || errors.Is(err, context.DeadlineExceeded) {
		c.Errorf("a file that was sent to a node that died gave %v", err)
	}
	if err := c.lab.Restart(c.Context(), "n3"); err != nil {
		c.Fatal(err)
	}
	if got := c.on(r, "cat /root/kept; hostname"); got != "kept\nn3" {
		c.Errorf("after it came back: %q", got)
	}
}
