//go:build unix

package client

import "syscall"

// ended looks at what would be read next without reading it, or waiting for it: the end, or an error, that is. Control and
// not Read, since a library may be reading in the background, and Read would wait for it.
func ended(c syscall.RawConn) bool {
	end := false
	err := c.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		end = n == 0 && err == nil || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
	})
	return err != nil || end
}
