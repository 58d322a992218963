package remote

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// killWait is how long after its end a local command's outputs may stay open, by a child that it left behind.
const killWait = 2 * time.Second

// Local is this machine as a node: commands are local processes.
type Local struct {
	Node         string // its name in messages
	SudoPassword Secret
}

// Exec runs a command as a process group of its own. When its time is up it is killed, with all that it started.
func (l *Local) Exec(ctx context.Context, c Command) (Result, error) {
	return c.process(ctx, l, launcher{node: l.Node, program: "/bin/sh", args: []string{"-c"}, sudoPassword: l.SudoPassword})
}

// Upload copies a file to another place.
func (l *Local) Upload(ctx context.Context, f File) error { return uploadByExec(ctx, l, f) }

// Download copies a file from another place.
func (l *Local) Download(ctx context.Context, f File) error { return downloadByExec(ctx, l, f) }

// Close has nothing to free.
func (l *Local) Close() error { return nil }

// A launcher is a program of this machine that takes a line for a shell as its last argument.
type launcher struct {
	node         string // in messages
	program      string
	args         []string
	sudoPassword Secret
	seal         seal                              // "" if the program's end is the command's
	refused      func(exit int, said string) error // why the program ended without the seal
}

// process runs a command by a program of this machine. by is the remote that it is for.
func (c Command) process(ctx context.Context, by Remote, l launcher) (Result, error) {
	if !c.killing {
		c.mark = newMark()
	}
	line, stdin, err := c.shell(l.sudoPassword)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", l.node, err)
	}
	if l.seal != "" {
		line = l.seal.line(line)
	}
	ctx, cancel := context.WithTimeout(ctx, c.limit())
	defer cancel()
	cmd := exec.CommandContext(ctx, l.program, slices.Concat(l.args, []string{line})...)
	stdout, kept, stderr := c.outputs()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.WaitDelay = killWait
	ownGroup(cmd)
	killed := false
	endGroup := cmd.Cancel
	cmd.Cancel = func() error {
		err := endGroup()
		_, here := by.(*Local)
		killed = c.kill(by) || here && err == nil // the first finds what has left the group
		return err
	}
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			err = fmt.Errorf("%w (hint: install %s, or another kind of remote)", err, l.program)
		}
		return Result{}, &LostError{Node: l.node, Command: c.String(), Err: err}
	}
	err = cmd.Wait()
	began, sealed, status := true, false, 0
	if l.seal != "" {
		began, sealed, status = l.seal.open(stderr)
	}
	if ctx.Err() != nil {
		lost := &LostError{Node: l.node, Command: c.String(), Started: true, Killed: killed, Err: ctx.Err()}
		return Result{Stdout: kept.kept, Stderr: stderr.kept}, lost
	}
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) && !errors.Is(err, exec.ErrWaitDelay) {
		return Result{}, fmt.Errorf("%s: %s: %w", l.node, c, err)
	}
	exit, signal := ending(cmd.ProcessState)
	switch {
	case sealed:
		exit, signal = status, ""
	case l.seal != "":
		said := lastLine(stderr.kept)
		if said == "" && !began {
			said = lastLine(kept.kept) // Docker's client prints there what the runtime says
		}
		lost := &LostError{Node: l.node, Command: c.String(), Started: began, Err: l.refused(exit, said)}
		return Result{Stdout: kept.kept, Stderr: stderr.kept}, lost
	}
	return c.ended(l.node, exit, signal, kept, stderr)
}

// kill kills what a command started, and tells whether there was something.
func (c Command) kill(by Remote) bool {
	if c.killing {
		return false
	}
	r, err := by.Exec(context.Background(), c.killer())
	return err == nil && killedSome(r)
}

// IsLocal tells whether a remote is this machine, as whoever its commands run.
func IsLocal(r Remote) bool {
	if other, ok := r.(*as); ok {
		return IsLocal(other.Remote)
	}
	_, ok := r.(*Local)
	return ok
}
