package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Limits of healing.
const (
	healLimit   = 60 * time.Second       // of one command
	healTries   = 3                      // of a command that fails
	healBackOff = 500 * time.Millisecond // between them
	keeperPoll  = 200 * time.Millisecond // how often a keeper looks whether its lease was renewed or released
	maxTTL      = 24 * time.Hour
)

// lease is what lies on the disk about one. Its deadline counts on the clock since boot, which clock faults don't touch.
type lease struct {
	Lease
	Boot        string        `json:"boot"`     // the boot that Deadline belongs to
	Deadline    time.Duration `json:"deadline"` // since boot
	Keeper      int           `json:"keeper"`
	KeeperStart uint64        `json:"keeper_start"`
	Failed      string        `json:"failed,omitempty"`
}

// sinceBoot is the clock since boot, sleep included.
func sinceBoot() (time.Duration, error) {
	var ts unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts)
	return time.Duration(ts.Nano()), err
}

// boot names this run of the kernel.
func boot() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text)), err
}

// withLease runs f on a lease, with its lock held.
func (a *agent) withLease(ctx context.Context, id string, f func(path string, le lease, found bool) error) (err error) {
	if id == "" {
		return errorf(Usage, "a lease needs an id")
	}
	path, err := a.path("leases", id, ".json")
	if err != nil {
		return err
	}
	l, err := acquire(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.release()) }()
	var le lease
	err = readJSON(path, &le)
	found := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f(path, le, found)
}

// kept tells whether the lease's keeper lives.
func (le lease) kept() (bool, error) {
	now, err := boot()
	if err != nil || now != le.Boot {
		return false, err
	}
	return same(le.Keeper, le.KeeperStart)
}

// arm makes a lease, or replaces what one does and when.
func (a *agent) arm(ctx context.Context, in Lease) (None, error) {
	if in.TTL <= 0 || time.Duration(in.TTL)*time.Millisecond > maxTTL || len(in.Heal) == 0 {
		return None{}, errorf(Usage, "lease %s: want commands that heal, and a time up to %v", in.ID, maxTTL)
	}
	for _, c := range in.Heal {
		if c.Script == "" && len(c.Args) == 0 {
			return None{}, errorf(Usage, "lease %s: a command to heal is empty", in.ID)
		}
	}
	return None{}, a.withLease(ctx, in.ID, func(path string, le lease, found bool) error {
		if !found {
			le = lease{}
		}
		le.Lease, le.Failed = in, ""
		return a.extend(path, le)
	})
}

// renew puts off the end of a lease. One that has ended is not there any more: what it stood for was healed.
func (a *agent) renew(ctx context.Context, in Named) (None, error) {
	return None{}, a.withLease(ctx, in.Name, func(path string, le lease, found bool) error {
		if !found {
			return hinted(NotFound, "its time was up and the node healed itself, or it was released", "no lease %s", in.Name)
		}
		return a.extend(path, le)
	})
}

// extend writes a lease down with a new deadline, and sees to it that it has a keeper.
func (a *agent) extend(path string, le lease) error {
	kept, err := le.kept()
	if err != nil {
		return err
	}
	if le.Boot, err = boot(); err != nil {
		return err
	}
	now, err := sinceBoot()
	if err != nil {
		return err
	}
	le.Deadline = now + time.Duration(le.TTL)*time.Millisecond
	if err := writeJSON(path, le); err != nil || kept {
		return err
	}
	self, err := spawn[identity](a.state, "keeper", Named{le.ID})
	if err != nil {
		return err
	}
	le.Keeper, le.KeeperStart = self.PID, self.Start
	return writeJSON(path, le)
}

// identity is how a keeper says who it is.
type identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"`
}

// keeper is the verb that waits for the end of one lease, in a process of its own that the end of a connection doesn't
// touch.
func (a *agent) keeper(ctx context.Context, in Named) (None, error) {
	report, err := reporting()
	if err != nil {
		return None{}, err
	}
	drop := make(chan os.Signal, 1)
	signal.Notify(drop, syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE)
	path, err := a.path("leases", in.Name, ".json")
	self, _, err2 := readProcess(os.Getpid())
	err = errors.Join(err, err2)
	if err := errors.Join(err, tell(report, identity{self.pid, self.start}, err)); err != nil {
		return None{}, err
	}
	for {
		var le lease
		err := readJSON(path, &le)
		if errors.Is(err, fs.ErrNotExist) {
			return None{}, nil // released
		}
		now, err2 := sinceBoot()
		if err := errors.Join(err, err2); err != nil {
			return None{}, err
		}
		if left := le.Deadline - now; left > 0 {
			time.Sleep(min(left, keeperPoll))
			continue
		}
		ended, err := a.expire(context.WithoutCancel(ctx), in.Name, self)
		if err != nil || ended {
			return None{}, err
		}
	}
}

// expire heals a lease whose time is up. Somebody may have renewed it until its lock was had, or given it to another
// keeper.
func (a *agent) expire(ctx context.Context, id string, self process) (ended bool, err error) {
	err = a.withLease(ctx, id, func(path string, le lease, found bool) error {
		now, err := sinceBoot()
		if err != nil || found && le.Deadline > now {
			return err
		}
		ended = true
		// 0: whoever armed it was killed before he could write down who keeps it.
		if !found || le.Keeper != 0 && (le.Keeper != self.pid || le.KeeperStart != self.start) {
			return nil
		}
		return a.cure(ctx, path, le)
	})
	return ended, err
}

// cure runs what heals, and forgets the lease if all of it went well. The lock is held.
func (a *agent) cure(ctx context.Context, path string, le lease) error {
	var failed []string
	for _, c := range le.Heal {
		if err := c.run(ctx); err != nil {
			failed = append(failed, err.Error())
		}
	}
	if len(failed) == 0 {
		return os.Remove(path)
	}
	le.Failed, le.Keeper = strings.Join(failed, "; "), 0
	return errors.Join(errorf(Failed, "lease %s: %s", le.ID, le.Failed), writeJSON(path, le))
}

// run runs the command, several times if it fails: a lock of the firewall may be held for a moment.
func (c Command) run(ctx context.Context) error {
	args := c.Args
	if c.Script != "" {
		args = append([]string{"/bin/sh", "-c", c.Script, "sh"}, c.Args...)
	}
	var err error
	for try := range healTries {
		if try > 0 {
			time.Sleep(healBackOff)
		}
		if err = runOnce(ctx, args); err == nil {
			return nil
		}
	}
	return err
}

// runOnce runs a command with a limit, and has what it said in its error.
func runOnce(ctx context.Context, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, healLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), startPath)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, lastLine(said))
	}
	return nil
}

// lastLine is the last line of an output, shortened.
func lastLine(said []byte) string {
	text := strings.TrimSpace(string(said))
	text = text[strings.LastIndexByte(text, '\n')+1:]
	if len(text) > 200 {
		text = text[:200] + "..."
	}
	return text
}

// releaseLease forgets a lease without healing. Its keeper is gone when this returns.
func (a *agent) releaseLease(ctx context.Context, in Named) (None, error) {
	return None{}, a.withLease(ctx, in.Name, func(path string, le lease, found bool) error {
		if !found {
			return nil
		}
		return errors.Join(os.Remove(path), dismiss(ctx, le))
	})
}

// dismiss ends the keeper of a lease.
func dismiss(ctx context.Context, le lease) error {
	for deadline := time.Now().Add(killWait); ; {
		kept, err := le.kept()
		if err != nil || !kept {
			return err
		}
		if err := syscall.Kill(le.Keeper, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
		if err := pause(ctx, deadline); err != nil {
			return err
		}
	}
}

// heal runs what a lease heals now, and forgets it.
func (a *agent) heal(ctx context.Context, in Named) (Healed, error) {
	healed := Healed{IDs: []string{}}
	err := a.withLease(ctx, in.Name, func(path string, le lease, found bool) error {
		if !found {
			return nil
		}
		// First the keeper: it would wait for the lock, and look again.
		if err := dismiss(ctx, le); err != nil {
			return err
		}
		if err := a.cure(ctx, path, le); err != nil {
			return err
		}
		healed.IDs = append(healed.IDs, in.Name)
		return nil
	})
	return healed, err
}

// healAll heals all leases, the youngest faults too, and those that a reboot or a failure left.
func (a *agent) healAll(ctx context.Context, _ None) (Healed, error) {
	all, err := a.leases(ctx, None{})
	healed := Healed{IDs: []string{}}
	errs := []error{err}
	for _, s := range all {
		h, err := a.heal(ctx, Named{s.ID})
		healed.IDs = append(healed.IDs, h.IDs...)
		errs = append(errs, err)
	}
	return healed, errors.Join(errs...)
}

// leases are all that there are, by id.
func (a *agent) leases(context.Context, None) ([]LeaseStatus, error) {
	list := []LeaseStatus{}
	files, err := filepath.Glob(filepath.Join(a.state, "leases", "*.json"))
	if err != nil {
		return list, err
	}
	now, err := sinceBoot()
	if err != nil {
		return list, err
	}
	for _, f := range files {
		var le lease
		err := readJSON(f, &le)
		if errors.Is(err, fs.ErrNotExist) {
			continue // released meanwhile
		}
		if err != nil {
			return list, err
		}
		kept, err := le.kept()
		if err != nil {
			return list, err
		}
		s := LeaseStatus{ID: le.ID, State: LeaseOrphaned, Error: le.Failed}
		switch {
		case kept:
			s.State, s.Left = LeaseArmed, le.Deadline-now
		case le.Failed != "":
			s.State = LeaseFailed
		}
		list = append(list, s)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list, nil
}
