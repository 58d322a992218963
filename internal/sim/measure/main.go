//go:build unix

// Command measure runs another command and prints what it cost: processor time, wall time, and the most memory that it
// held. `make measure` uses it, since not every system has a time command that tells memory.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: measure COMMAND [ARG...]")
		os.Exit(254)
	}
	code, err := measure(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "measure: %v\n", err)
		os.Exit(254)
	}
	os.Exit(code)
}

// measure runs the command with our standard streams and reports on standard error. The exit code is the command's.
func measure(name string, args []string) (int, error) {
	cmd := exec.Command(name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	start := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("run %s: %w", name, err)
	}
	state := cmd.ProcessState
	fmt.Fprintf(os.Stderr, "exit %d, wall %.2f s, user %.2f s, sys %.2f s", state.ExitCode(), time.Since(start).Seconds(),
		state.UserTime().Seconds(), state.SystemTime().Seconds())
	if u, ok := state.SysUsage().(*syscall.Rusage); ok {
		fmt.Fprintf(os.Stderr, ", at most %d MB resident", u.Maxrss/1024) // Linux counts in KiB
	}
	fmt.Fprintln(os.Stderr)
	return state.ExitCode(), nil
}
