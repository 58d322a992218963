//go:build !unix

package remote

import (
	"os"
	"os/exec"
)

// ownGroup does nothing where there are no process groups: the command alone is killed.
func ownGroup(*exec.Cmd) {}

// ending is how a process ended.
func ending(state *os.ProcessState) (exit int, signal string) { return state.ExitCode(), "" }
