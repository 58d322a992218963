//go:build unix

package client

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// readable tells whether something can be read from a file at once, its end too.
func readable(f *os.File) bool {
	ready := false
	c, err := f.SyscallConn()
	if err == nil {
		err = c.Control(func(fd uintptr) {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
			ready = n > 0 && err == nil
		})
	}
	return err == nil && ready
}

// peeked looks at what would be read next without reading it, or waiting for it: whether there is something, and whether it
// is the end, or an error. Control and not Read, since a library may be reading in the background, and Read would wait for it.
func peeked(c syscall.RawConn) (something, end bool) {
	err := c.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		something = n > 0
		end = n == 0 && err == nil || err != nil && err != syscall.EAGAIN && err != syscall.EINTR
	})
	return something, err != nil || end
}
