package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockWait is how long one request waits for another that is about the same thing.
const lockWait = 90 * time.Second

// A lock keeps requests about the same thing apart. The kernel frees it when its holder dies.
type lock struct{ file *os.File }

// acquire takes the lock of a path. Its file goes when it is released, so whoever waited must look whether what he has
// is still what lies at the path.
func acquire(ctx context.Context, path string) (*lock, error) {
	path += ".lock"
	deadline := time.Now().Add(lockWait)
	for {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && samePlace(f, path) {
			return &lock{f}, nil
		}
		if closed := f.Close(); closed != nil {
			return nil, closed
		}
		if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if time.Now().After(deadline) {
			return nil, errorf(Timeout, "another request holds %s for more than %v", path, lockWait)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// samePlace tells whether the open file is the one at the path.
func samePlace(f *os.File, path string) bool {
	here, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(here, there)
}

// release gives the lock back and leaves no file.
func (l *lock) release() error {
	return errors.Join(os.Remove(l.file.Name()), l.file.Close())
}
