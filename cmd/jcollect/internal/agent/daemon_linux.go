package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"jcheck/internal/amount"
)

// Limits of what is waited for.
const (
	startWait = 20 * time.Second // until a runner says how its program started
	killWait  = 30 * time.Second // until what was killed is gone
	noteWait  = time.Second      // until a runner has noted an end
	pollEvery = 5 * time.Millisecond
)

// signals are those that a request may name.
var signals = map[string]syscall.Signal{
	"KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT, "HUP": syscall.SIGHUP,
	"INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2,
}

// deadly are those after which a daemon is to stay dead.
var deadly = []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT}

// signalNamed finds a signal, with or without SIG in front.
func signalNamed(name string) (syscall.Signal, error) {
	s, ok := signals[strings.TrimPrefix(strings.ToUpper(name), "SIG")]
	if !ok {
		return 0, hinted(Usage, "KILL, TERM, STOP, CONT, HUP, INT, QUIT, USR1, USR2", "no signal %q", name)
	}
	return s, nil
}

// record is what lies on the disk about a daemon: its pid file.
type record struct {
	Name        string `json:"name"`
	Runner      int    `json:"runner"`
	RunnerStart uint64 `json:"runner_start"`
	PID         int    `json:"pid"`
	Start       uint64 `json:"start"`
	Ended       bool   `json:"ended,omitempty"`
	Exit        string `json:"exit,omitempty"`
	Well        bool   `json:"well,omitempty"` // it ended with status 0
	Log         string `json:"log"`
	Boot        string `json:"boot"`   // of another one, none of these processes is ours
	Daemon      Daemon `json:"daemon"` // as it was started, to start it again
}

// load reads the record of a daemon; false if there is none.
func (a *agent) load(name string) (rec record, path string, found bool, err error) {
	if name == "" {
		return record{}, "", false, errorf(Usage, "a daemon needs a name")
	}
	path, err = a.path("daemons", name, ".json")
	if err != nil {
		return record{}, "", false, err
	}
	err = readJSON(path, &rec)
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, path, false, nil
	}
	return rec, path, err == nil, err
}

// members are the daemon's processes that run: what is below its runner, or the program alone if something killed the
// runner.
func (r record) members() ([]process, error) {
	if now, err := boot(); err != nil || now != r.Boot {
		return nil, err
	}
	if alive, err := same(r.Runner, r.RunnerStart); err != nil || alive {
		if err != nil {
			return nil, err
		}
		return descendants(r.Runner)
	}
	alive, err := same(r.PID, r.Start)
	if err != nil || !alive {
		return nil, err
	}
	below, err := descendants(r.PID)
	return append([]process{{pid: r.PID, start: r.Start}}, below...), err
}

// running tells whether the daemon does its work: the program runs, or it went into the background in good order and
// left processes there. What a crash left behind is no running daemon.
func (r record) running() (bool, []process, error) {
	list, err := r.members()
	if err != nil || len(list) == 0 {
		return false, nil, err
	}
	return !r.Ended || r.Well, list, nil
}

// start starts a daemon unless it runs.
func (a *agent) start(ctx context.Context, d Daemon) (started Started, err error) {
	if (len(d.Args) == 0) == (d.Run == "") {
		return Started{}, errorf(Usage, "daemon %s: want either args or run", d.Name)
	}
	err = a.withDaemon(ctx, d.Name, func(path string, rec record, found bool) error {
		if found {
			on, _, err := rec.running()
			if err != nil {
				return err
			}
			if on {
				started = Started{StateAlready, rec.PID, rec.Log}
				return os.RemoveAll(held(path))
			}
			if err := a.retire(ctx, path, rec); err != nil {
				return err
			}
		}
		if d.Log == "" {
			d.Log = LogPath(a.state, d.Name)
		}
		if err := os.MkdirAll(filepath.Dir(d.Log), 0o755); err != nil {
			return fmt.Errorf("daemon %s: %w", d.Name, err)
		}
		rec, err := spawn[record](a.state, "runner", d)
		started = Started{StateStarted, rec.PID, d.Log}
		return err
	})
	return started, err
}

// withDaemon runs f on a daemon's record with its lock held: what another request has begun is over.
func (a *agent) withDaemon(ctx context.Context, name string, f func(path string, rec record, found bool) error) (err error) {
	_, path, _, err := a.load(name)
	if err != nil {
		return err
	}
	l, err := acquire(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.release()) }()
	rec, path, found, err := a.load(name)
	if err != nil {
		return err
	}
	return f(path, rec, found)
}

// held is the file that keeps a runner from starting its daemon again.
func held(path string) string { return path + ".held" }

// hold makes that file.
func hold(path string) error { return os.WriteFile(held(path), nil, 0o600) }

// retire ends the runner of a daemon that has ended, and what a crash left behind, which holds ports and files.
func (a *agent) retire(ctx context.Context, path string, rec record) error {
	if err := hold(path); err != nil {
		return err
	}
	if _, err := a.signalUntil(ctx, rec, syscall.SIGKILL, killWait); err != nil {
		return err
	}
	return errors.Join(a.runnerGone(ctx, rec), os.RemoveAll(held(path)))
}

// again starts a daemon as it was started before, unless it runs: what a lease can do with a name alone.
func (a *agent) again(ctx context.Context, in Named) (Started, error) {
	rec, _, found, err := a.load(in.Name)
	if err != nil {
		return Started{}, err
	}
	if !found {
		return Started{}, errorf(NotFound, "daemon %s was stopped, or never started", in.Name)
	}
	return a.start(ctx, rec.Daemon)
}

// spawn starts this program again in a session of its own, for work that outlives the request. The child reads what to
// do from its input, where no list of processes shows it, and says on descriptor 3 how it began.
func spawn[Out any](state, name string, request any) (out Out, err error) {
	self, err := os.Executable()
	if err != nil {
		return out, err
	}
	text, err := json.Marshal(request)
	if err != nil {
		return out, err
	}
	said, says, err := os.Pipe()
	if err != nil {
		return out, err
	}
	cmd := exec.Command(self, "agent", "--state", state, name)
	cmd.Dir = "/"
	// Nothing of the request's own environment: by a mark in it, whoever gives the request up finds and kills what belongs
	// to it, and would do so just when a node is cut off.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LANG=C.UTF-8"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.ExtraFiles = []*os.File{says}
	in, err := cmd.StdinPipe()
	if err != nil {
		return out, err
	}
	err = errors.Join(cmd.Start(), says.Close())
	if err != nil {
		return out, fmt.Errorf("start %s: %w", name, err)
	}
	// A child that dies early doesn't read: its answer, or that there is none, says more than the broken pipe.
	_, _ = in.Write(text)
	_ = in.Close()
	if err := said.SetReadDeadline(time.Now().Add(startWait)); err != nil {
		return out, err
	}
	var answer Answer
	err = errors.Join(json.NewDecoder(said).Decode(&answer), said.Close())
	if err != nil {
		// It may be anywhere between here and its work; without it there is nothing to keep.
		return out, errors.Join(errorf(Failed, "%s didn't say how it began: %v", name, err), cmd.Process.Kill(), reaped(cmd))
	}
	if answer.Error != nil {
		return out, errors.Join(answer.Error, reaped(cmd))
	}
	return out, json.Unmarshal(answer.OK, &out)
}

// reaped waits for a child that ends; how it ended was told otherwise.
func reaped(cmd *exec.Cmd) error {
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// signal sends a signal to all processes of a daemon.
func (a *agent) signal(ctx context.Context, in Signal) (told Signalled, err error) {
	s, err := signalNamed(in.Signal)
	if err != nil {
		return Signalled{}, err
	}
	told.State = StateNone
	err = a.withDaemon(ctx, in.Name, func(path string, rec record, found bool) (err error) {
		if !found {
			return nil
		}
		if rec.Daemon.Restart > 0 && slices.Contains(deadly, s) {
			if err := hold(path); err != nil {
				return err
			}
		}
		told, err = a.signalUntil(ctx, rec, s, killWait)
		return err
	})
	return told, err
}

// signalUntil sends a signal until it has had its effect on all: KILL until they are gone, STOP until they stand still.
// A process that forks while it is looked for would escape a single round.
func (a *agent) signalUntil(ctx context.Context, rec record, s syscall.Signal, limit time.Duration) (Signalled, error) {
	told := Signalled{State: StateEnded}
	deadline := time.Now().Add(limit)
	for {
		list, err := rec.members()
		if err != nil {
			return told, err
		}
		var left []process
		for _, p := range list {
			if s != syscall.SIGSTOP || !told.standing(p) {
				left = append(left, p)
			}
		}
		if len(left) == 0 {
			if s == syscall.SIGSTOP && len(list) > 0 {
				told.State = StateRunning
			}
			return told, nil
		}
		if err := signalAll(left, s); err != nil {
			return told, err
		}
		for _, p := range left {
			told.note(p.pid)
		}
		told.State = StateRunning
		switch {
		case s != syscall.SIGKILL && s != syscall.SIGSTOP:
			return told, nil
		case s == syscall.SIGKILL:
			told.State = StateStopped
		}
		if err := pause(ctx, deadline); err != nil {
			return told, fmt.Errorf("daemon %s: %s took no notice of %v: %w", rec.Name, amount.Of(len(left), "process"), s, err)
		}
	}
}

// standing tells whether a process runs no more code of its own. One that waits in the kernel stops before it comes back
// from there, and may wait for long: for its child that was stopped between vfork and exec.
func (s *Signalled) standing(p process) bool {
	return p.state == 'T' || p.state == 'D' && slices.Contains(s.PIDs, p.pid)
}

// note adds a process that was told.
func (s *Signalled) note(pid int) {
	if !slices.Contains(s.PIDs, pid) {
		s.PIDs = append(s.PIDs, pid)
	}
}

// pause waits for a moment, unless the time is up.
func pause(ctx context.Context, deadline time.Time) error {
	if time.Now().After(deadline) {
		return errorf(Timeout, "the time is up")
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pollEvery):
		return nil
	}
}

// stop ends a daemon and forgets it.
func (a *agent) stop(ctx context.Context, in Stop) (told Signalled, err error) {
	told.State = StateNone
	err = a.withDaemon(ctx, in.Name, func(path string, rec record, found bool) (err error) {
		if !found {
			return nil
		}
		if err := hold(path); err != nil {
			return err
		}
		if told, err = a.end(ctx, rec, time.Duration(in.Grace)*time.Millisecond); err != nil {
			return err
		}
		return errors.Join(os.Remove(path), os.RemoveAll(held(path)))
	})
	return told, err
}

// end asks all processes to end, kills those that are left after the grace, and waits for their runner.
func (a *agent) end(ctx context.Context, rec record, grace time.Duration) (told Signalled, err error) {
	if grace > 0 {
		if told, err = a.ask(ctx, rec, grace); err != nil {
			return told, err
		}
	}
	rest, err := a.signalUntil(ctx, rec, syscall.SIGKILL, killWait)
	if err != nil {
		return told, err
	}
	for _, pid := range rest.PIDs {
		told.note(pid)
	}
	told.State = StateEnded
	if len(told.PIDs) > 0 {
		told.State = StateStopped
	}
	return told, a.runnerGone(ctx, rec)
}

// ask sends TERM, and wakes what is paused so that it can obey, and waits.
func (a *agent) ask(ctx context.Context, rec record, grace time.Duration) (told Signalled, err error) {
	list, err := rec.members()
	if err != nil {
		return told, err
	}
	for _, p := range list {
		told.note(p.pid)
	}
	if err := errors.Join(signalAll(list, syscall.SIGTERM), signalAll(list, syscall.SIGCONT)); err != nil {
		return told, err
	}
	for deadline := time.Now().Add(grace); len(list) > 0; {
		if err := pause(ctx, deadline); err != nil {
			return told, ctx.Err() // a grace that is over is no failure
		}
		if list, err = rec.members(); err != nil {
			return told, err
		}
	}
	return told, nil
}

// runnerGone waits until the runner has noted the end, so that it doesn't write a record that was removed.
func (a *agent) runnerGone(ctx context.Context, rec record) error {
	for deadline := time.Now().Add(killWait); ; {
		alive, err := same(rec.Runner, rec.RunnerStart)
		if err != nil || !alive {
			return err
		}
		if err := pause(ctx, deadline); err != nil {
			return fmt.Errorf("daemon %s: its runner %d stays: %w", rec.Name, rec.Runner, err)
		}
	}
}

// status tells how a daemon does.
func (a *agent) status(ctx context.Context, in Named) (Running, error) {
	rec, _, found, err := a.load(in.Name)
	if err != nil || !found {
		return Running{State: StateNone}, err
	}
	var on bool
	var list []process
	// Between the program's end and the runner's note of it lies a moment. The runner is looked at before the record: when
	// it has gone, its note is there.
	for deadline := time.Now().Add(noteWait); ; {
		noting, err := same(rec.Runner, rec.RunnerStart)
		if err != nil {
			return Running{}, err
		}
		if rec, _, found, err = a.load(in.Name); err != nil || !found {
			return Running{State: StateNone}, err
		}
		if on, list, err = rec.running(); err != nil {
			return Running{}, err
		}
		if on || rec.Ended || !noting || pause(ctx, deadline) != nil {
			break
		}
	}
	r := Running{State: StateEnded, Exit: rec.Exit, Log: rec.Log}
	if on {
		r = Running{State: StateRunning, PID: rec.PID, Paused: true, Log: rec.Log}
	}
	for _, p := range list {
		r.PIDs = append(r.PIDs, p.pid)
		r.Paused = r.Paused && (p.state == 'T' || p.state == 'D' && len(list) > 1)
	}
	return r, err
}

// daemons are the names of all that have a record.
func (a *agent) daemons(_ context.Context, _ None) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(a.state, "daemons", "*.json"))
	names := []string{}
	for _, f := range files {
		var rec record
		if err := readJSON(f, &rec); err != nil {
			return nil, err
		}
		names = append(names, rec.Name)
	}
	return names, err
}

// stopOthers kills the daemons that aren't named.
func (a *agent) stopOthers(ctx context.Context, in Others) (told Signalled, err error) {
	names, err := a.daemons(ctx, None{})
	told.State = StateNone
	errs := []error{err}
	for _, name := range names {
		if slices.Contains(in.Keep, name) {
			continue
		}
		one, err := a.stop(ctx, Stop{Name: name})
		told.State = StateStopped
		told.PIDs = append(told.PIDs, one.PIDs...)
		errs = append(errs, err)
	}
	return told, errors.Join(errs...)
}

// matching signals processes by their command line.
func (a *agent) matching(ctx context.Context, in Matching) (told Signalled, err error) {
	s, err := signalNamed(in.Signal)
	if err != nil {
		return told, err
	}
	pattern, err := regexp.Compile(in.Pattern)
	if err != nil || pattern.MatchString("") {
		return told, hinted(Usage, "the program's path, say", "%q is no pattern for some processes", in.Pattern)
	}
	told.State = StateNone
	for deadline := time.Now().Add(killWait); ; {
		list, err := matches(pattern)
		if err != nil || len(list) == 0 {
			return told, err
		}
		if err := signalAll(list, s); err != nil {
			return told, err
		}
		told.State = StateRunning
		for _, p := range list {
			told.note(p.pid)
		}
		if s != syscall.SIGKILL {
			return told, nil
		}
		told.State = StateStopped
		if err := pause(ctx, deadline); err != nil {
			return told, err
		}
	}
}

// matches are the processes whose command line has a match, without those that lead to us.
func matches(pattern *regexp.Regexp) ([]process, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	parents := make(map[int]int)
	for _, p := range all {
		parents[p.pid] = p.parent
	}
	ours := map[int]bool{}
	for pid := os.Getpid(); pid > 0 && !ours[pid]; pid = parents[pid] {
		ours[pid] = true
	}
	var list []process
	for _, p := range all {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid))
		if err != nil || ours[p.pid] || p.gone() || len(line) == 0 {
			continue // it has ended meanwhile, or is the kernel's
		}
		if pattern.MatchString(strings.TrimRight(strings.ReplaceAll(string(line), "\x00", " "), " ")) {
			list = append(list, p)
		}
	}
	return list, nil
}
