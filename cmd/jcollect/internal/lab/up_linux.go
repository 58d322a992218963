package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"jcheck/internal/amount"
)

// dropped are the rights that root of a node must not have: they would change the machine that all nodes share.
var dropped = []uintptr{unix.CAP_SYS_TIME, unix.CAP_SYS_BOOT, unix.CAP_SYS_MODULE, unix.CAP_SYS_RAWIO}

// Up makes a lab and waits until all nodes answer. On an error nothing of it is left.
func Up(ctx context.Context, o Options) (*Lab, error) {
	if o.Kind == "" {
		o.Kind = KindNamespace
	}
	if err := CheckKind(o.Kind); err != nil {
		return nil, err
	}
	if missing := o.missing(); len(missing) > 0 {
		return nil, &MissingError{missing}
	}
	l, err := prepare(o)
	if err != nil {
		return nil, err
	}
	err = l.build(ctx)
	if err != nil {
		err = fmt.Errorf("lab %s: %w", l.state.Name, err)
		// The caller's time may be up, and it must go all the same.
		return nil, errors.Join(err, l.Down(context.WithoutCancel(ctx)))
	}
	return l, nil
}

// prepare makes the folder of a lab.
func prepare(o Options) (*Lab, error) {
	if o.Nodes == 0 {
		o.Nodes = 5
	}
	if o.Nodes < 1 || o.Nodes > MaxNodes {
		return nil, fmt.Errorf("a lab can't have %s (hint: 1 to %d)", amount.Of(o.Nodes, "node"), MaxNodes)
	}
	if o.Name == "" {
		o.Name = NewName()
	}
	if o.Dir == "" {
		o.Dir = DefaultDir
	}
	if err := validName(o.Name); err != nil {
		return nil, err
	}
	base, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(base, ",:\\\"'\n ") {
		return nil, fmt.Errorf("labs can't lie in %q: the options of a mount can't name it (hint: another --dir)", base)
	}
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, err
	}
	dir := filepath.Join(base, o.Name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("there is a lab %s already (hint: jcollect lab down --name %s, or another --name)", o.Name, o.Name)
		}
		return nil, err
	}
	l := &Lab{dir: dir, state: state{Name: o.Name, Kind: o.Kind}}
	for i := range o.Nodes {
		l.state.Nodes = append(l.state.Nodes, Node{Name: fmt.Sprintf("n%d", i+1), Addr: fmt.Sprintf("%s%d", network, 11+i)})
	}
	return l, nil
}

// build makes the room, and the nodes in it.
func (l *Lab) build(ctx context.Context) error {
	if err := l.save(); err != nil {
		return err
	}
	if err := l.files(); err != nil {
		return err
	}
	self, err := find(os.Getpid())
	if err != nil {
		return err
	}
	p, begin, err := l.spawn(self, filepath.Join(l.dir, "room.log"), unix.CLONE_NEWNET|unix.CLONE_NEWNS, "room.sh", filepath.Join(l.dir, "hosts"), filepath.Join(l.dir, "room.ready"))
	if err != nil {
		return err
	}
	l.state.Room = p
	if err := errors.Join(l.save(), begin()); err != nil {
		return err
	}
	if err := l.roomReady(ctx); err != nil {
		return err
	}
	if err := l.links("link add br0 type bridge forward_delay 0 mcast_snooping 0",
		"addr add "+network+own+"/24 dev br0", "link set br0 up"); err != nil {
		return err
	}
	// A machine may have no IPv6.
	_ = l.links("-6 addr add " + network6 + own + "/64 dev br0 nodad")
	return l.boot(ctx, l.Names())
}

// roomReady waits until the room has its own files.
func (l *Lab) roomReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, upTime)
	defer cancel()
	for {
		_, err := os.Stat(filepath.Join(l.dir, "room.ready"))
		if err == nil {
			return nil
		}
		if !l.state.Room.alive() {
			return fmt.Errorf("its room can't be made: %s", tail(filepath.Join(l.dir, "room.log")))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("its room isn't ready: %w: %s", ctx.Err(), tail(filepath.Join(l.dir, "room.log")))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// boot starts nodes that are off, and waits until they answer.
func (l *Lab) boot(ctx context.Context, names []string) error {
	limit := upTime
	if l.state.Kind == KindUML {
		limit = upTimeUML
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := l.launch(names); err != nil {
		return err
	}
	errs := make([]error, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { errs[i] = l.answers(ctx, name) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		note, err := os.ReadFile(filepath.Join(l.dir, name, "note"))
		if text := strings.TrimSpace(string(note)); err == nil && !slices.Contains(l.state.Notes, text) {
			l.state.Notes = append(l.state.Notes, text)
		}
	}
	return l.save()
}

// launch starts the processes of nodes, writes them down, connects them to the bridge, and lets them go.
func (l *Lab) launch(names []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var begins []func() error
	var cables []string
	for _, name := range names {
		n := l.node(name)
		if n.Process.alive() {
			continue
		}
		if err := os.Remove(filepath.Join(l.dir, name, "connected")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		p, begin, err := l.start(*n)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		n.Process = p
		begins = append(begins, begin)
		cables = append(cables, l.cable(*n)...)
	}
	if err := l.save(); err != nil || len(cables) == 0 {
		return err
	}
	if err := l.linksIn(l.state.Room, cables...); err != nil {
		return err
	}
	var errs []error
	for _, begin := range begins {
		errs = append(errs, begin())
	}
	return errors.Join(errs...)
}

// start starts process 1 of a node. It waits to be let go.
func (l *Lab) start(n Node) (p Process, begin func() error, err error) {
	const own = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC
	log := filepath.Join(l.dir, n.Name, "log")
	args := []string{n.Name, filepath.Join(l.dir, n.Name), filepath.Dir(l.dir), n.Addr, network6 + n.Addr[len(network):], sshdPath()}
	if l.state.Kind == KindUML {
		// The kernel's end of the cable is in the room; its own network is inside of it.
		return l.spawn(l.state.Room, log, own, "uml.sh", append(args, n.hardware(), umlPath())...)
	}
	self, err := find(os.Getpid())
	if err != nil {
		return p, nil, err
	}
	return l.spawn(self, log, own|unix.CLONE_NEWNET, "node.sh", append(args, volumes(l.dir)...)...)
}

// cable is what connects a node to the bridge, in the words of ip.
func (l *Lab) cable(n Node) []string {
	cable := fmt.Sprintf("tuntap add dev %s mode tap", n.Name)
	if l.state.Kind == KindNamespace {
		// A node keeps its hardware address as machines do, or others would look for it at its old one after a restart.
		cable = fmt.Sprintf("link add %s type veth peer name eth0 address %s netns %d", n.Name, n.hardware(), n.Process.PID)
	}
	return []string{cable, fmt.Sprintf("link set %s master br0 up", n.Name)}
}

// hardware is a node's address on the bridge.
func (n Node) hardware() string {
	ip := net.ParseIP(n.Addr).To4()
	return fmt.Sprintf("02:6a:%02x:%02x:%02x:%02x", ip[0], ip[1], ip[2], ip[3])
}

// spawn starts a script in namespaces of its own, the network being that of a process if it isn't among them. It waits until begin is called, and ends by itself if that never
// comes, so that no process is ever at work that isn't written down.
func (l *Lab) spawn(from Process, log string, spaces uintptr, script string, args ...string) (p Process, begin func() error, err error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return p, nil, err
	}
	defer func() { _ = out.Close() }()
	cmd := exec.Command("/bin/sh", append([]string{filepath.Join(l.dir, script)}, args...)...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: spaces, Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return p, nil, err
	}
	if err := startWithout(from, cmd, dropped); err != nil {
		_ = in.Close()
		return p, nil, fmt.Errorf("make namespaces: %w (hint: in a container, one that is privileged; else a kernel with namespaces)", err)
	}
	p, err = find(cmd.Process.Pid)
	go func() { _ = cmd.Wait() }() // so that it is no zombie of ours; how it ended says its log
	if err != nil {
		_ = in.Close()
		return p, nil, err
	}
	return p, func() error {
		_, err := io.WriteString(in, "go\n")
		return errors.Join(err, in.Close())
	}, nil
}

// startWithout starts a program that has lost rights for good, in the network of a process.
func startWithout(from Process, cmd *exec.Cmd, rights []uintptr) error {
	return from.inside(func() error {
		for _, r := range rights {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, r, 0, 0, 0); err != nil {
				return fmt.Errorf("drop right %d: %w", r, err)
			}
		}
		return cmd.Start()
	}, "net")
}

// links runs lines of ip in the room.
func (l *Lab) links(lines ...string) error { return l.linksIn(l.room(), lines...) }

// linksIn runs lines of ip in the network of a process.
func (l *Lab) linksIn(p Process, lines ...string) error {
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := p.inside(cmd.Start, "net"); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("ip: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

// answers waits until a node's sshd says what it is.
func (l *Lab) answers(ctx context.Context, name string) error {
	l.mu.Lock()
	n := *l.node(name)
	l.mu.Unlock()
	for {
		// Who asks for an address that isn't there yet asks again only after a second.
		err := errors.New("it sets itself up")
		if _, e := os.Stat(filepath.Join(l.dir, name, "connected")); e == nil {
			err = l.greeting(ctx, n.Addr)
		}
		if err == nil {
			return nil
		}
		if !n.Process.alive() {
			return fmt.Errorf("%s ended while it started: %s", name, tail(filepath.Join(l.dir, name, "log")))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s doesn't answer: %w (%v); its log ends: %s", name, ctx.Err(), err, tail(filepath.Join(l.dir, name, "log")))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// greeting reads the first bytes of a sshd.
func (l *Lab) greeting(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	conn, err := l.Dial(ctx, "tcp", net.JoinHostPort(addr, "22"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	first := make([]byte, 4)
	if _, err := io.ReadFull(conn, first); err != nil {
		return err
	}
	if string(first) != "SSH-" {
		return fmt.Errorf("it says %q", first)
	}
	return nil
}

// tail is how a log ends.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strconv.Quote(strings.Join(lines[max(0, len(lines)-3):], "; "))
}

// Stop takes a node's power away: all its processes die at once. What it wrote to its disk stays.
func (l *Lab) Stop(ctx context.Context, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.node(name)
	if n == nil {
		return fmt.Errorf("the lab %s has no node %s", l.state.Name, name)
	}
	ctx, cancel := context.WithTimeout(ctx, downTime)
	defer cancel()
	if err := errors.Join(n.Process.kill(), n.Process.gone(ctx)); err != nil {
		return err
	}
	n.Process = Process{}
	return l.save()
}

// Restart gives a node its power back, with the disk that it had, and waits until it answers.
func (l *Lab) Restart(ctx context.Context, name string) error {
	if !slices.Contains(l.Names(), name) {
		return fmt.Errorf("the lab %s has no node %s", l.Name(), name)
	}
	if l.state.Kind == KindUML {
		if err := l.links("link del " + name); err != nil {
			return err
		}
	}
	// The cable of a dead node goes a moment after it.
	deadline := time.Now().Add(downTime)
	for l.links("link show "+name) == nil && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	return l.boot(ctx, []string{name})
}
