//go:build linux || darwin

package history

import (
	"os"
	"syscall"
)

// mapFile maps a file's bytes into memory, read-only.
func mapFile(f *os.File, size int64) (input, error) {
	in, err := mapped(int(f.Fd()), size, syscall.PROT_READ, syscall.MAP_PRIVATE)
	in.mapped = true
	return in, err
}

// reserve gives so many bytes that take memory only once they are written to.
func reserve(size int64) (input, error) {
	return mapped(-1, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
}

func mapped(fd int, size int64, protection, flags int) (input, error) {
	if size != int64(int(size)) {
		return input{}, syscall.EFBIG
	}
	data, err := syscall.Mmap(fd, 0, int(size), protection, flags)
	if err != nil {
		return input{}, os.NewSyscallError("mmap", err)
	}
	return input{data: data, release: func() error { return os.NewSyscallError("munmap", syscall.Munmap(data)) }}, nil
}
