//go:build !linux

package client

import "os/exec"

// awaitExit waits until the program ended. Other systems than Linux can't leave it to be reaped: in the moment until its
// children are killed, its number could in theory be another's.
func awaitExit(cmd *exec.Cmd) {
	_ = cmd.Wait() // its state says how it ended
}
