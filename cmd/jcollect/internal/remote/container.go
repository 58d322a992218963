package remote

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
)

// Container is a node that is a container, reached by docker exec or podman exec.
type Container struct {
	Program      string // docker or podman
	Node         string // its name in messages
	Name         string // the container
	User         string // who runs commands there; "" is as the container has it
	SudoPassword Secret
}

// Exec runs a command in the container. When its time is up, the program here is killed; what it started there is looked
// for and killed too.
func (k *Container) Exec(ctx context.Context, c Command) (Result, error) {
	line, stdin, err := c.shell(k.SudoPassword)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", k.Node, err)
	}
	args := []string{"exec", "-i"}
	if k.User != "" {
		args = append(args, "-u", k.User)
	}
	args = append(args, k.Name, "/bin/sh", "-c", line)
	ctx, cancel := context.WithTimeout(ctx, c.limit())
	defer cancel()
	cmd := exec.CommandContext(ctx, k.Program, args...)
	stdout, kept, stderr := c.outputs()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.WaitDelay = killWait
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			err = fmt.Errorf("%w (hint: install %s, or another kind of remote)", err, k.Program)
		}
		return Result{}, &LostError{Node: k.Node, Command: c.String(), Err: err}
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return Result{Stdout: kept.kept, Stderr: stderr.kept}, &LostError{Node: k.Node, Command: c.String(), Started: true, Err: ctx.Err()}
	}
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) && !errors.Is(err, exec.ErrWaitDelay) {
		return Result{}, fmt.Errorf("%s: %s: %w", k.Node, c, err)
	}
	exit, signal := ending(cmd.ProcessState)
	return c.ended(k.Node, exit, signal, kept, stderr)
}

// Upload sends a file through the input of a command.
func (k *Container) Upload(ctx context.Context, f File) error { return uploadByExec(ctx, k, f) }

// Download gets a file through the output of a command.
func (k *Container) Download(ctx context.Context, f File) error { return downloadByExec(ctx, k, f) }

// Close has nothing to free: each command has a program of its own.
func (k *Container) Close() error { return nil }
