package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// How long a run may take to end once its maker is dead: it puts things in order and judges what it recorded; or, if its
// user asked for the end twice, it only heals.
const (
	endTime     = time.Minute
	hurriedTime = 15 * time.Second
)

// A Keeper is a process that takes a lab down when its maker ends without having done so, killed as it may be: the
// kernel then closes the maker's end of a pipe, whatever else happened. The signal that the kernel can send at a
// parent's death would not do: it means the thread, and Go's come and go.
type Keeper struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

// StartKeeper starts a program that calls Keep with its input, for a lab that may not be there yet.
func StartKeeper(cmd *exec.Cmd) (*Keeper, error) {
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no Ctrl-C is meant for it
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("lab: start its keeper: %w", errors.Join(err, in.Close()))
	}
	return &Keeper{cmd, in}, nil
}

// Runs says which process works in the lab: it is asked to end, and waited for, before the lab goes.
func (k *Keeper) Runs(pid int) error {
	p, err := find(pid)
	if err != nil {
		return nil // it has ended already
	}
	_, err = fmt.Fprintf(k.in, "run %d %d\n", p.PID, p.Start)
	return err
}

// Asked says that the process was asked to end: nobody should ask it once more, which would mean more.
func (k *Keeper) Asked() error {
	_, err := io.WriteString(k.in, "asked\n")
	return err
}

// Close ends the keeper. If the lab is still there, it is taken down first.
func (k *Keeper) Close() error { return errors.Join(k.in.Close(), k.cmd.Wait()) }

// Keep is what a keeper does: it waits for the end of its input, and then for the process that works in the lab, within
// bounds, and takes the lab down if it is still there.
func Keep(in io.Reader, dir, name string) error {
	var run Process
	asked := 0
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if lines.Text() == "asked" {
			asked++
			continue
		}
		if _, err := fmt.Sscanf(lines.Text(), "run %d %d", &run.PID, &run.Start); err != nil {
			return fmt.Errorf("lab: its keeper was told %q: %w", strings.ToValidUTF8(lines.Text(), "?"), err)
		}
	}
	if dir == "" {
		dir = DefaultDir
	}
	if _, err := os.Lstat(filepath.Join(dir, name)); errors.Is(err, os.ErrNotExist) {
		return nil // as it should be
	}
	limit := endTime
	if asked > 1 {
		limit = hurriedTime
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if asked == 0 && run.alive() {
		if err := syscall.Kill(run.PID, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("lab: interrupt the run: %w", err)
		}
	}
	_ = run.gone(ctx) // what doesn't end by itself goes with the lab
	l, err := Open(dir, name)
	if err != nil {
		return err
	}
	return l.Down(context.Background())
}
