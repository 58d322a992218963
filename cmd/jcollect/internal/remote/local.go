package remote

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// killWait is how long after its end a local command's outputs may stay open, by a child that it left behind.
const killWait = 2 * time.Second

// Local is this machine as a node: commands are local processes.
type Local struct {
	Node         string // its name in messages
	SudoPassword Secret
}

// Exec runs a command as a process group of its own, which is killed whole when its time is up.
func (l *Local) Exec(ctx context.Context, c Command) (Result, error) {
	line, stdin, err := c.shell(l.SudoPassword)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", l.Node, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit())
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	stdout, kept, stderr := c.outputs()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.WaitDelay = killWait
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return Result{}, &LostError{Node: l.Node, Command: c.String(), Err: err}
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return Result{Stdout: kept.kept, Stderr: stderr.kept}, &LostError{Node: l.Node, Command: c.String(), Started: true, Err: ctx.Err()}
	}
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) && !errors.Is(err, exec.ErrWaitDelay) {
		return Result{}, fmt.Errorf("%s: %s: %w", l.Node, c, err)
	}
	exit, signal := ending(cmd.ProcessState)
	return c.ended(l.Node, exit, signal, kept, stderr)
}

// Upload copies a file to another place.
func (l *Local) Upload(ctx context.Context, f File) error { return uploadByExec(ctx, l, f) }

// Download copies a file from another place.
func (l *Local) Download(ctx context.Context, f File) error { return downloadByExec(ctx, l, f) }

// Close has nothing to free.
func (l *Local) Close() error { return nil }
