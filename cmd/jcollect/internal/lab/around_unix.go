//go:build unix

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// Around makes a lab, runs a program in its room, and ends the lab, however the program ended; said is told how the lab
// fares. The exit code is the program's; 255 if a signal ended it. ctx bounds the making alone: once the program runs,
// signals that ask us to end are its to answer, and go on to it.
func Around(ctx context.Context, o Options, cmd *exec.Cmd, said func(string)) (exit int, err error) {
	begin := time.Now()
	l, err := Up(ctx, o)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, l.Down(context.WithoutCancel(ctx))) }()
	said(fmt.Sprintf("lab %s: %d nodes are up after %d ms", l.Name(), len(l.Nodes()), time.Since(begin).Milliseconds()))
	for _, note := range l.Notes() {
		said(fmt.Sprintf("lab %s: %s", l.Name(), note))
	}
	// A process group of its own: else Ctrl-C would reach it twice, from the terminal and from us.
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setpgid = true
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := ctx.Err(); err != nil {
		return 0, err // asked to end before signals were ours
	}
	if err := l.Start(cmd); err != nil {
		return 0, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			_ = cmd.Process.Signal(s) // it may have ended this moment
		case err := <-done:
			return exitCode(cmd, err)
		}
	}
}

// exitCode is how a program ended.
func exitCode(cmd *exec.Cmd, err error) (int, error) {
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		return 255, err
	}
	if code := cmd.ProcessState.ExitCode(); code >= 0 {
		return code, nil
	}
	return 255, fmt.Errorf("%s in the lab: %s", cmd.Path, cmd.ProcessState)
}
