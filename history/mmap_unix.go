//go:build linux || darwin || freebsd || netbsd || openbsd

package history

import (
	"os"
	"syscall"
)

// mapFile maps a file's bytes into memory, read-only.
func mapFile(f *os.File, size int64) (data []byte, closer func() error, err error) {
	if size != int64(int(size)) {
		return nil, nil, syscall.EFBIG
	}
	data, err = syscall.Mmap(int(f.Fd()), 0, int(size), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, nil, os.NewSyscallError("mmap", err)
	}
	return data, func() error { return os.NewSyscallError("munmap", syscall.Munmap(data)) }, nil
}
