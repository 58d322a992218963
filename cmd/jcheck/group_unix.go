//go:build unix

package main

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup gives a child a process group of its own, so that its children can be killed with it.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill kills a child that was started with ownGroup, and its children.
func kill(cmd *exec.Cmd) {
	// An error means that nobody is left to be killed.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}

// private tells whether nobody but us can write to a directory.
func private(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == os.Getuid()
}
