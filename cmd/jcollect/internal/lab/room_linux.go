package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// inside runs f on a thread of its own that has stepped into a process's namespaces. The thread ends with it: one that
// saw another network must not run anything else of this program.
func (p Process) inside(f func() error, spaces ...string) error {
	if !p.alive() {
		return fmt.Errorf("process %d of the lab has ended (hint: jcollect lab down, then up)", p.PID)
	}
	done := make(chan error, 1)
	go onOwnThread(done, func() error {
		if err := p.enter(spaces); err != nil {
			return err
		}
		return f()
	})
	return <-done
}

// onOwnThread runs f on a thread that ends with it. That may not be the process's first one, which can't end, and by whose
// namespaces /proc/self and everybody else tell those of the whole process.
func onOwnThread(done chan<- error, f func() error) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		done <- f() // never unlocked
		return
	}
	defer runtime.UnlockOSThread()
	held := make(chan error, 1)
	go onOwnThread(held, f) // elsewhere, for as long as this one is held
	done <- <-held
}

// enter changes the thread's namespaces.
func (p Process) enter(spaces []string) error {
	// Threads share their folder and root, and whoever shares them may not change the mounts they are in.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	for _, space := range spaces {
		f, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", p.PID, space))
		if err != nil {
			return fmt.Errorf("lab: %w", err)
		}
		err = unix.Setns(int(f.Fd()), 0)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("lab: enter the %s namespace of process %d: %w (hint: as root)", space, p.PID, err)
		}
	}
	return nil
}

// Dial connects to a node, by name or address, from outside of the room.
func (l *Lab) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	// An address dials on this thread; a name could be looked up on another, which is not in the room.
	ip := l.Address(host)
	if net.ParseIP(ip) == nil {
		return nil, fmt.Errorf("the lab %s has no node %s", l.Name(), host)
	}
	var conn net.Conn
	err = l.room().inside(func() (err error) {
		conn, err = new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(ip, port))
		return err
	}, "net")
	return conn, err
}

// room is the process that holds the room.
func (l *Lab) room() Process {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.Room
}

// Start starts a program in the room: it reaches the nodes by their names. Wait for it as for any other.
func (l *Lab) Start(cmd *exec.Cmd) error {
	cmd.Env = append(cmd.Environ(), Variable+"="+l.dir)
	dir, err := workingDir(cmd)
	if err != nil {
		return err
	}
	cmd.Dir = dir
	return l.room().inside(cmd.Start, "net", "mnt")
}

// workingDir is the folder that a program shall run in: who enters other mounts is at their root.
func workingDir(cmd *exec.Cmd) (string, error) {
	if cmd.Dir != "" {
		return cmd.Dir, nil
	}
	return os.Getwd()
}

// Run starts a program in the room and waits for it.
func (l *Lab) Run(cmd *exec.Cmd) error {
	if err := l.Start(cmd); err != nil {
		return err
	}
	return cmd.Wait()
}

// Exec replaces this process by a program in the room. It returns only if that can't be.
func (l *Lab) Exec(args, env []string) error {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	return l.room().inside(func() error {
		if err := unix.Chdir(dir); err != nil {
			return err
		}
		return syscall.Exec(path, args, append(env, Variable+"="+l.dir))
	}, "net", "mnt")
}
