//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// ownGroup gives a program a process group of its own, before it starts.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
