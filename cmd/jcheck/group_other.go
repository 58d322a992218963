//go:build !unix

package main

import (
	"os"
	"os/exec"
)

// ownGroup does nothing here: a child that starts others must end them itself.
func ownGroup(*exec.Cmd) {}

// kill kills a child.
func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // an error means that it's gone already
}

// private tells whether a directory is there: in the user's own folders, others have no business on these systems.
func private(dir string) bool {
	info, err := os.Lstat(dir)
	return err == nil && info.IsDir()
}
