package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// startPath finds programs where a shell of root does.
const startPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// runner is the verb that keeps one daemon. It ends when the last of the daemon's processes has.
//
// A runner rather than a process group with a pid file: as their reaper it is told how they end, and has whatever they
// start below it, so that nothing escapes a kill by leaving the group, and no number of an unrelated process is hit.
func (a *agent) runner(ctx context.Context, d Daemon) (None, error) {
	report, err := reporting()
	if err != nil {
		return None{}, err
	}
	// Not ignored, which the daemon would inherit, but taken and dropped: who ends a runner ends its daemon's account.
	drop := make(chan os.Signal, 1)
	signal.Notify(drop, syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE)
	rec, log, err := a.launch(d)
	if err != nil {
		return None{}, tell(report, rec, fmt.Errorf("daemon %s: %w", d.Name, err))
	}
	if err := tell(report, rec, nil); err != nil {
		return None{}, err
	}
	for {
		if err := a.reap(rec, log); err != nil {
			return None{}, err
		}
		again, err := a.awaitRestart(d)
		if err != nil || !again {
			return None{}, errors.Join(err, log.Close())
		}
		if err := log.Close(); err != nil {
			return None{}, err
		}
		if rec, log, err = a.launch(d); err != nil {
			return None{}, err
		}
	}
}

// awaitRestart waits until a daemon that has ended is to be started again; false if it is to stay so.
func (a *agent) awaitRestart(d Daemon) (bool, error) {
	path, err := a.path("daemons", d.Name, ".json")
	if err != nil || d.Restart <= 0 {
		return false, err
	}
	const poll = 20 * time.Millisecond
	for deadline := time.Now().Add(time.Duration(d.Restart) * time.Millisecond); ; time.Sleep(poll) {
		if _, err := os.Stat(held(path)); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if time.Now().After(deadline) {
			return true, nil
		}
	}
}

// reporting is where a process that spawn started says how it began. No child of ours may hold it open.
func reporting() (*os.File, error) {
	const fd = 3
	var kind unix.Stat_t
	if err := unix.Fstat(fd, &kind); err != nil || kind.Mode&unix.S_IFMT != unix.S_IFIFO {
		return nil, errorf(Usage, "the agent starts this verb itself: nobody listens on descriptor %d", fd)
	}
	if _, err := unix.FcntlInt(fd, unix.F_SETFD, unix.FD_CLOEXEC); err != nil {
		return nil, err
	}
	return os.NewFile(fd, "report"), nil
}

// tell writes how it began to who started us, and closes.
func tell(report *os.File, began any, failed error) error {
	var answer Answer
	text, err := json.Marshal(began)
	if err != nil {
		return err
	}
	answer.OK = text
	if failed != nil {
		answer = Answer{}
		if !errors.As(failed, &answer.Error) {
			answer.Error = errorf(Failed, "%v", failed)
		}
	}
	if text, err = json.Marshal(answer); err != nil {
		return err
	}
	_, err = report.Write(append(text, '\n'))
	return errors.Join(err, report.Close())
}

// launch starts the program, and writes down that it runs.
func (a *agent) launch(d Daemon) (rec record, log *os.File, err error) {
	_, path, _, err := a.load(d.Name)
	if err != nil {
		return rec, nil, err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return rec, nil, fmt.Errorf("become the reaper: %w", err)
	}
	credential, env, err := who(d.User)
	if err != nil {
		return rec, nil, err
	}
	args := d.Args
	if d.Run != "" {
		args = []string{"/bin/sh", "-c", d.Run}
	}
	program, err := lookPath(args[0], append(env, d.Env...))
	if err != nil {
		return rec, nil, hinted(Failed, "setup must install it, or run say its path", "%v", err)
	}
	log, err = os.OpenFile(d.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return rec, nil, err
	}
	if credential != nil {
		if err := log.Chown(int(credential.Uid), int(credential.Gid)); err != nil {
			return rec, log, err
		}
	}
	if err := note(log, "starting %s: %s", d.Name, strings.Join(args, " ")); err != nil {
		return rec, log, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return rec, log, err
	}
	dir := d.Dir
	if dir == "" {
		dir = "/"
	}
	p, err := os.StartProcess(program, args, &os.ProcAttr{Dir: dir, Env: append(env, d.Env...), Files: []*os.File{null, log, log},
		Sys: &syscall.SysProcAttr{Setsid: true, Credential: credential}})
	if err != nil {
		return rec, log, errors.Join(err, note(log, "%s can't be started: %v", d.Name, err))
	}
	self, _, err := readProcess(os.Getpid())
	child, found, err2 := readProcess(p.Pid)
	if err := errors.Join(err, err2); err != nil || !found {
		return rec, log, errors.Join(err, p.Kill())
	}
	rec = record{Name: d.Name, Runner: self.pid, RunnerStart: self.start, PID: child.pid, Start: child.start, Log: d.Log, Daemon: d}
	if rec.Boot, err = boot(); err != nil {
		return rec, log, errors.Join(err, p.Kill())
	}
	if err := errors.Join(writeJSON(path, rec), null.Close()); err != nil {
		return rec, log, errors.Join(err, p.Kill())
	}
	return rec, log, nil
}

// lookPath finds a program where the environment says.
func lookPath(name string, env []string) (string, error) {
	for _, kv := range env {
		if value, ok := strings.CutPrefix(kv, "PATH="); ok {
			if err := os.Setenv("PATH", value); err != nil {
				return "", err
			}
		}
	}
	return exec.LookPath(name)
}

// reap waits for all processes of the daemon, and notes how the program itself ended.
func (a *agent) reap(rec record, log *os.File) error {
	began := time.Now()
	path, err := a.path("daemons", rec.Name, ".json")
	if err != nil {
		return err
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.ECHILD):
			return note(log, "%s: nothing of it runs any more", rec.Name)
		case err != nil:
			return err
		case pid != rec.PID:
			continue
		}
		rec.Ended, rec.Well, rec.Exit = true, status.Exited() && status.ExitStatus() == 0, ending(status)
		err = note(log, "%s ended after %v: %s", rec.Name, time.Since(began).Round(time.Millisecond), rec.Exit)
		if err := errors.Join(err, writeJSON(path, rec)); err != nil {
			return err
		}
	}
}

// ending says how a process ended.
func ending(s syscall.WaitStatus) string {
	if s.Signaled() {
		return "signal: " + s.Signal().String()
	}
	return "exit status " + strconv.Itoa(s.ExitStatus())
}

// note writes a line of ours into a log. It is for people: a disk that is full or broken, by a fault of ours perhaps, must
// neither keep a daemon from starting nor end its account, and with that lose the processes that it left.
func note(log *os.File, format string, args ...any) error {
	line := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " ")
	_, err := fmt.Fprintf(log, "%s jcollect: %s\n", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), line)
	for _, disk := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS} {
		if errors.Is(err, disk) {
			return nil
		}
	}
	return err
}

// who is a user, and the environment to begin with. The credential is nil for the agent's own user.
func who(name string) (*syscall.Credential, []string, error) {
	env := func(u *user.User) []string {
		return []string{startPath, "HOME=" + u.HomeDir, "USER=" + u.Username, "LOGNAME=" + u.Username, "LANG=C.UTF-8"}
	}
	if name == "" {
		u, err := user.Current()
		if err != nil { // a user without a line in passwd
			return nil, []string{startPath, "HOME=/", "LANG=C.UTF-8"}, nil
		}
		return nil, env(u), nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, nil, hinted(Failed, "setup must add the user", "%v", err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	ids, err3 := u.GroupIds()
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, nil, err
	}
	if int(uid) == os.Getuid() {
		return nil, env(u), nil
	}
	var groups []uint32
	for _, id := range ids {
		g, err := strconv.ParseUint(id, 10, 32)
		if err != nil {
			return nil, nil, err
		}
		groups = append(groups, uint32(g))
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: groups}, env(u), nil
}
