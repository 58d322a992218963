//go:build !unix

package client

import "syscall"

// peeked can't be told on this system.
func peeked(syscall.RawConn) (something, end bool) { return false, false }
