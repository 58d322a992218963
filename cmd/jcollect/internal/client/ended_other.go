//go:build !unix

package client

import (
	"os"
	"syscall"
)

// readable can't be told on this system.
func readable(*os.File) bool { return false }

// peeked can't be told on this system.
func peeked(syscall.RawConn) (something, end bool) { return false, false }
