package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// find is the process that has a number now.
func find(pid int) (Process, error) {
	start, _, err := statOf(pid)
	return Process{pid, start}, err
}

// statOf reads when a process started, and its state: Z is one that ended and whose parent didn't ask yet.
func statOf(pid int) (start uint64, state byte, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	// The second field is the program's name in parentheses, with anything in it.
	rest := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(rest) < 20 {
		return 0, 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(rest)+2)
	}
	start, err = strconv.ParseUint(string(rest[19]), 10, 64)
	return start, rest[0][0], err
}

// alive tells whether the process runs.
func (p Process) alive() bool {
	if p.PID == 0 {
		return false
	}
	start, state, err := statOf(p.PID)
	return err == nil && start == p.Start && state != 'Z' && state != 'X'
}

// kill ends the process, and with it all of its namespace, if it is still the same.
func (p Process) kill() error {
	if !p.alive() {
		return nil
	}
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill process %d: %w", p.PID, err)
	}
	return nil
}

// gone waits until the process has ended. The first of a namespace ends last.
func (p Process) gone(ctx context.Context) error {
	for p.alive() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d doesn't die: %w", p.PID, ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}
