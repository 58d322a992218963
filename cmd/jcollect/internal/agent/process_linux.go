package agent

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// A process is a line of /proc: proc(5), stat.
type process struct {
	pid, parent int
	state       byte   // R, S, D, T (stopped), Z (zombie), ...
	start       uint64 // clock ticks since boot; with pid it tells a process from a later one with its number
}

// gone tells whether nothing of the process runs any more.
func (p process) gone() bool { return p.state == 'Z' || p.state == 'X' }

// readProcess finds a process by its number; false if there is none.
func readProcess(pid int) (process, bool, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return process{}, false, nil
	}
	if err != nil {
		return process{}, false, err
	}
	// The name in parentheses may hold blanks and parentheses itself.
	after := bytes.LastIndexByte(text, ')')
	fields := strings.Fields(string(text[after+1:]))
	const state, parent, start = 0, 1, 19 // fields 3, 4 and 22 of the line
	if after < 0 || len(fields) <= start {
		return process{}, false, fmt.Errorf("/proc/%d/stat has another form than expected", pid)
	}
	p := process{pid: pid, state: fields[state][0]}
	p.parent, err = strconv.Atoi(fields[parent])
	if err == nil {
		p.start, err = strconv.ParseUint(fields[start], 10, 64)
	}
	return p, err == nil, err
}

// processes are all that run here.
func processes() ([]process, error) {
	names, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, n := range names {
		pid, err := strconv.Atoi(n.Name())
		if err != nil {
			continue
		}
		p, found, err := readProcess(pid)
		if err != nil {
			return nil, err
		}
		if found {
			all = append(all, p)
		}
	}
	return all, nil
}

// descendants are the processes below one, zombies excepted.
func descendants(of int) ([]process, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	children := make(map[int][]process)
	for _, p := range all {
		children[p.parent] = append(children[p.parent], p)
	}
	var below []process
	for queue := []int{of}; len(queue) > 0; queue = queue[1:] {
		for _, c := range children[queue[0]] {
			queue = append(queue, c.pid)
			if !c.gone() {
				below = append(below, c)
			}
		}
	}
	return below, nil
}

// same tells whether a process with this number and start still runs.
func same(pid int, start uint64) (bool, error) {
	if pid <= 0 {
		return false, nil
	}
	p, found, err := readProcess(pid)
	return found && p.start == start && !p.gone(), err
}

// signalAll sends a signal to each of them. One that has ended meanwhile is as good as told.
func signalAll(list []process, s syscall.Signal) error {
	var errs []error
	for _, p := range list {
		if still, err := same(p.pid, p.start); err != nil || !still {
			errs = append(errs, err)
			continue
		}
		if err := syscall.Kill(p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, fmt.Errorf("signal %v to process %d: %w", s, p.pid, err))
		}
	}
	return errors.Join(errs...)
}
