package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Sizes of what is written to fill a disk.
const (
	fillStep = 1 << 20
	fillLast = 4096 // the last free bytes are filled in such pieces
)

// fillName is the file that fills a disk.
func fillName(in Fill) string { return filepath.Join(in.Dir, ".jcollect-fill-"+SafeName(in.ID)) }

// sharedDisks are file systems behind which lies a disk of somebody else, so that filling them may fill that.
var sharedDisks = map[string]bool{"overlay": true, "nfs": true, "fuse": true}

// fill fills a disk.
func (a *agent) fill(ctx context.Context, in Fill) (done Filled, err error) {
	if in.ID == "" || !filepath.IsAbs(in.Dir) || in.Free < 0 || in.Max < 0 {
		return done, errorf(Usage, "fill: want an id, a folder from the root, and how much is to be left")
	}
	done.File = fillName(in)
	limit := in.Max
	if limit == 0 {
		limit = DefaultMaxFill
	}
	free, kind, err := disk(in.Dir)
	if err != nil {
		return done, errorf(NotFound, "%v", err)
	}
	if sharedDisks[kind] && !in.Shared {
		return done, hinted(Refused, "mount a disk or a tmpfs of its own at "+in.Dir+", or say that it may be filled",
			"%s lies on a file system (%s) whose disk others may use, too", in.Dir, kind)
	}
	f, err := os.OpenFile(done.File, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return done, err
	}
	info, err := f.Stat()
	if err != nil {
		return done, errors.Join(err, f.Close())
	}
	done.Bytes = info.Size()
	if want := free - in.Free; want > 0 && done.Bytes+want > limit {
		return done, errors.Join(hinted(Refused, "a smaller disk at "+in.Dir+", or a higher limit",
			"filling %s takes %d bytes, more than %d", in.Dir, done.Bytes+want, limit), f.Close(), discardEmpty(done))
	}
	err = errors.Join(extend(ctx, f, &done, in), f.Sync(), f.Close())
	done.Free, _, _ = disk(in.Dir)
	return done, err
}

// discardEmpty removes a file that was made and not used.
func discardEmpty(d Filled) error {
	if d.Bytes > 0 {
		return nil
	}
	return os.Remove(d.File)
}

// extend makes the file longer until the disk is as full as it should be: first by allocation alone, which costs no
// time, then in small pieces. Where allocation isn't known, blocks are written.
func extend(ctx context.Context, f *os.File, done *Filled, in Fill) error {
	block := make([]byte, fillStep)
	for i := range block {
		block[i] = byte(i*131 + 7) // no file system saves space on it as on zeros
	}
	for step := int64(1) << 30; ctx.Err() == nil; {
		free, _, err := disk(in.Dir)
		if err != nil || free <= in.Free {
			return err
		}
		for step > fillLast && step > free-in.Free {
			step /= 2
		}
		if step < fillLast || free-in.Free < fillLast {
			return nil
		}
		err = unix.Fallocate(int(f.Fd()), 0, done.Bytes, step)
		if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
			step = min(step, fillStep)
			var n int
			n, err = f.WriteAt(block[:step], done.Bytes)
			done.Bytes += int64(n)
			if err == nil {
				continue
			}
		} else if err == nil {
			done.Bytes += step
			continue
		}
		if !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EDQUOT) && !errors.Is(err, unix.EINTR) {
			return err
		}
		if step /= 2; step < fillLast {
			return nil // not even so much: the disk is full
		}
	}
	return ctx.Err()
}

// unfill removes what fill made. Nothing there is no error.
func (a *agent) unfill(_ context.Context, in Fill) (done Filled, err error) {
	if in.ID == "" || !filepath.IsAbs(in.Dir) {
		return done, errorf(Usage, "unfill: want an id and a folder from the root")
	}
	done.File = fillName(in)
	if err := os.Remove(done.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return done, err
	}
	if free, _, err := disk(in.Dir); err == nil { // the folder itself may be gone
		done.Free = free
	}
	return done, nil
}
