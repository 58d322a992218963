package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A Trace is what a lab that is up can be recognised by later.
type Trace struct {
	dir    string
	spaces []string // its namespaces, as /proc/PID/ns names them
	since  uint64   // ticks: processes that started later are another lab's, for the kernel uses names of namespaces again
}

// Trace takes down what the lab consists of, to be asked after Down for Leftovers.
func (l *Lab) Trace() Trace {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Trace{dir: l.dir, since: ticksNow()}
	processes := []Process{l.state.Room}
	for _, n := range l.state.Nodes {
		processes = append(processes, n.Process)
	}
	mine := namespaces(os.Getpid())
	for _, p := range processes {
		for _, space := range namespaces(p.PID) {
			if !slices.Contains(mine, space) && !slices.Contains(t.spaces, space) {
				t.spaces = append(t.spaces, space)
			}
		}
	}
	return t
}

// Leftovers is what is still there of a lab that should be gone: processes, mounts, files, loop devices.
func (t Trace) Leftovers() []string {
	var left []string
	if _, err := os.Lstat(t.dir); err == nil {
		left = append(left, "the folder "+t.dir)
	}
	if text, err := os.ReadFile("/proc/self/mountinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, " "+t.dir+"/") {
				left = append(left, "the mount "+strings.TrimSpace(line))
			}
		}
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return append(left, err.Error())
	}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && t.has(pid) {
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // gone by now: then it has no name
			left = append(left, fmt.Sprintf("the process %d: %s", pid, strings.ReplaceAll(string(line), "\x00", " ")))
		}
	}
	loops, _ := filepath.Glob("/sys/block/loop*/loop/backing_file") // the pattern is good
	for _, loop := range loops {
		if text, err := os.ReadFile(loop); err == nil && strings.HasPrefix(string(text), t.dir+"/") {
			left = append(left, "the loop device "+loop)
		}
	}
	return left
}

// has tells whether a process belongs to the lab.
func (t Trace) has(pid int) bool {
	start, state, err := statOf(pid)
	if err != nil || state == 'Z' || start > t.since {
		return false
	}
	return slices.ContainsFunc(namespaces(pid), func(s string) bool { return slices.Contains(t.spaces, s) })
}

// namespaces are those of a process that a lab makes; none if it has ended.
func namespaces(pid int) []string {
	var names []string
	for _, kind := range []string{"net", "mnt", "pid", "uts", "ipc"} {
		if name, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, kind)); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// ticksNow is the time as /proc counts the start of processes: hundredths of a second, as everywhere on Linux.
func ticksNow() uint64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return uint64(now.Nano() / 1e7)
}
