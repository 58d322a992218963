package remote

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
)

// partName is the name under which a file is written before it has its own.
func partName(path string) string { return path + "." + rand.Text()[:8] + ".part" }

// mode is the copy's mode on the node.
func (f File) mode(source fs.FileMode) fs.FileMode {
	if f.Mode != 0 {
		return f.Mode.Perm()
	}
	return source.Perm()
}

// source opens the local file, and tells its size and the mode of its copy.
func (f File) source() (file *os.File, size int64, mode fs.FileMode, err error) {
	file, err = os.Open(f.Local)
	if err != nil {
		return nil, 0, 0, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a plain file (hint: tar for a folder)", f.Local)
	}
	if err != nil {
		return nil, 0, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), f.mode(info.Mode()), nil
}

// save writes a local file by a function, under another name until it is whole.
func (f File) save(write func(w io.Writer) error) (err error) {
	part := partName(f.Local)
	mode := f.mode(0o644)
	file, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(write(file), file.Close())
	if err == nil {
		err = os.Chmod(part, mode)
	}
	if err == nil {
		err = os.Rename(part, f.Local)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(part))
	}
	return err
}

// receive is what the node runs to be sent a file by its input: path, part, size, mode. A connection that breaks looks
// like the end of the input, hence the size. "mv -T" would be safer but isn't everywhere, so a folder is refused first.
const receive = `if [ -d "$1" ]; then echo "$1: is a folder" >&2; exit 1; fi
trap 'rm -f "$2"' EXIT
(umask 077 && cat >"$2") && n=$(wc -c <"$2") || exit 1
if [ "$n" -ne "$3" ]; then echo "$1: got $n of $3 bytes" >&2; exit 1; fi
chmod "$4" "$2" && mv -f "$2" "$1"`

// dashed keeps a path that starts with "-" from being taken for an option.
func dashed(path string) string {
	if path != "" && path[0] == '-' {
		return "./" + path
	}
	return path
}

// uploadByExec sends a file through a command's input: the way to write as another user, which SFTP has not.
func uploadByExec(ctx context.Context, r Remote, f File) (err error) {
	file, size, mode, err := f.source()
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	path := dashed(f.Remote)
	_, err = r.Exec(ctx, Command{Script: receive, said: "receive", User: f.User, Stdin: io.LimitReader(file, size),
		Args: []string{path, partName(path), strconv.FormatInt(size, 10), strconv.FormatUint(uint64(mode), 8)}})
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("upload %s to %s: %w", f.Local, f.Remote, err)
	}
	return nil
}

// downloadByExec gets a file through a command's output.
func downloadByExec(ctx context.Context, r Remote, f File) error {
	err := f.save(func(w io.Writer) error {
		_, err := r.Exec(ctx, Command{Args: []string{"cat", "--", f.Remote}, User: f.User, Stdout: w})
		return err
	})
	if err != nil {
		return fmt.Errorf("download %s to %s: %w", f.Remote, f.Local, err)
	}
	return nil
}
