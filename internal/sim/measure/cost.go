//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// cost is what one run of a command took.
type cost struct {
	exit     int
	wall     time.Duration
	cpu      time.Duration // user and system time of all threads
	peak     int64         // bytes resident, mapped files included, at most
	anon     int64         // bytes resident besides mapped files, at most; 0 where the system doesn't tell
	sampling bool          // anon comes from samples
}

func (c cost) String() string {
	text := fmt.Sprintf("exit %d, wall %.2f s, CPU %.2f s, at most %d MB resident", c.exit, c.wall.Seconds(), c.cpu.Seconds(), c.peak/mega)
	if c.sampling {
		text += fmt.Sprintf(", %d MB of it besides mapped files", c.anon/mega)
	}
	return text
}

// mega is what tables and the figures mean by MB.
const mega = 1_000_000

// sampleEvery is how often memory is looked at. A run may allocate a GB a second, so what a sample misses is some MB;
// looking takes about 20 microseconds.
const sampleEvery = 3 * time.Millisecond

// measure runs a command to its end.
func measure(env []string, stdout io.Writer, args ...string) (cost, error) {
	var c cost
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, os.Stderr
	cmd.Env = append(os.Environ(), env...)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return c, fmt.Errorf("start %s: %w", args[0], err)
	}
	done, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		c.anon, c.sampling = watch(cmd.Process.Pid, done)
	}()
	err := cmd.Wait()
	c.wall = time.Since(start)
	close(done)
	<-watched
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return c, fmt.Errorf("run %s: %w", args[0], err)
	}
	state := cmd.ProcessState
	c.exit, c.cpu = state.ExitCode(), state.UserTime()+state.SystemTime()
	if u, ok := state.SysUsage().(*syscall.Rusage); ok {
		c.peak = u.Maxrss << 10 // Linux counts in KiB
	}
	return c, nil
}

// watch samples the memory of a process that isn't backed by files until done is closed.
func watch(pid int, done <-chan struct{}) (most int64, ok bool) {
	path := fmt.Sprintf("/proc/%d/status", pid)
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		if text, err := os.ReadFile(path); err == nil { // else it has ended, or the system has no such file
			if n, found := statusField(text, "RssAnon:"); found {
				most, ok = max(most, n), true
			}
		}
		select {
		case <-done:
			return most, ok
		case <-tick.C:
		}
	}
}

// statusField is the number of bytes in a line like "RssAnon:  123 kB".
func statusField(text []byte, name string) (int64, bool) {
	_, rest, found := bytes.Cut(text, []byte("\n"+name))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	fields := bytes.Fields(line)
	if !found || len(fields) != 2 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(fields[0]), 10, 64)
	return n << 10, err == nil
}

// median is the run in the middle, by processor time, with the most memory that any run held.
func median(runs []cost) cost {
	slices.SortFunc(runs, func(a, b cost) int { return int(a.cpu - b.cpu) })
	c := runs[len(runs)/2]
	for _, r := range runs {
		c.peak, c.anon = max(c.peak, r.peak), max(c.anon, r.anon)
	}
	return c
}
