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

// guests are the processes that share the network of a room, but for this one and those that it descends from: a client
// that a killed run left behind, say.
func (p Process) guests() []Process {
	if !p.alive() {
		return nil
	}
	room, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", p.PID))
	if machine, errOwn := os.Readlink("/proc/1/ns/net"); err != nil || errOwn == nil && room == machine {
		return nil
	}
	family := map[int]bool{p.PID: true}
	for pid := os.Getpid(); pid > 0 && !family[pid]; pid = parent(pid) {
		family[pid] = true
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var guests []Process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || family[pid] {
			continue
		}
		guest, err := find(pid) // before the look at its network, so that it is that one
		if err != nil {
			continue
		}
		if net, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", pid)); err == nil && net == room {
			guests = append(guests, guest)
		}
	}
	return guests
}

// parent is the process that a process descends from; 0 if there is none.
func parent(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	number, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return 0
	}
	return number
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
