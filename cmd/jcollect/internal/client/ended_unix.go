//go:build unix

package client

import "syscall"

// ended looks at what would be read next without reading it: the end, or an error, that is.
func ended(c syscall.RawConn) bool {
	end := false
	err := c.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		end = n == 0 && err == nil || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
		return true
	})
	return err != nil || end
}
