package agent

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Limits of archives: what unpacks to more is refused before it fills the disk.
const (
	maxArchiveFiles = 1 << 20
	maxArchiveBytes = 64 << 30
)

// ourMark is a file that tells a folder that unpack made from one of somebody else's.
const ourMark = ".jcollect-unpacked"

// unpack unpacks an archive into a folder beside its place, and moves that to its place when it is whole.
func (a *agent) unpack(ctx context.Context, in Unpack) (done Unpacked, err error) {
	to := filepath.Clean(in.To)
	if !filepath.IsAbs(to) || to == "/" {
		return done, errorf(Usage, "unpack: %q is no folder that can be replaced", in.To)
	}
	if err := matchesSum(in); err != nil {
		return done, err
	}
	if err := replaceable(to); err != nil {
		return done, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return done, err
	}
	part, err := os.MkdirTemp(filepath.Dir(to), ".unpack-*")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(part)) }()
	// All writing goes through a root that no name and no link in the archive leads out of.
	root, err := os.OpenRoot(part)
	if err != nil {
		return done, err
	}
	u := &unpacker{root: root, context: ctx}
	if err := errors.Join(u.archive(in.Archive), root.Close()); err != nil {
		return done, hinted(Failed, "a damaged download? give its sha256", "unpack %s: %v", in.Archive, err)
	}
	top, err := single(part)
	if err != nil {
		return done, err
	}
	if err := closed(top); err != nil {
		return done, err
	}
	if err := os.WriteFile(filepath.Join(top, ourMark), []byte(in.Archive+"\n"), 0o644); err != nil {
		return done, err
	}
	if in.Owner != "" {
		if err := give(top, in.Owner); err != nil {
			return done, err
		}
	}
	if err := errors.Join(os.Chmod(top, 0o755), os.RemoveAll(to), os.Rename(top, to)); err != nil {
		return done, err
	}
	return u.done, nil
}

// matchesSum refuses an archive with another checksum.
func matchesSum(in Unpack) error {
	if in.SHA256 == "" {
		return nil
	}
	f, err := os.Open(in.Archive)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != in.SHA256 {
		return errorf(Refused, "%s has the checksum %s, want %s", in.Archive, sum, in.SHA256)
	}
	return nil
}

// replaceable tells whether a folder may be wiped: it isn't there, is empty, or came from an archive of ours.
func replaceable(dir string) error {
	names, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(names) == 0 {
		return nil
	}
	if errors.Is(err, syscall.ENOTDIR) {
		return errorf(Refused, "%s is a file, and not ours", dir)
	}
	if err != nil {
		return err
	}
	if _, err := os.Lstat(filepath.Join(dir, ourMark)); err != nil {
		return hinted(Refused, "unpack to a folder of its own, or wipe this one first", "%s has files that no archive of ours brought", dir)
	}
	return nil
}

// single is the only folder at the top, or the top itself.
func single(top string) (string, error) {
	names, err := os.ReadDir(top)
	if err != nil || len(names) != 1 || !names[0].IsDir() {
		return top, err
	}
	return filepath.Join(top, names[0].Name()), nil
}

// closed refuses links that lead out of the folder. Each may look harmless by itself: a chain of them need not be.
func closed(top string) (err error) {
	root, err := os.OpenRoot(top)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink == 0 {
			return err
		}
		name, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		if _, err := root.Stat(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errorf(Refused, "the link %q leads out of the folder that it is unpacked to", name)
		}
		return nil
	})
}

// give makes a user the owner of all files below a folder.
func give(top, name string) error {
	credential, _, err := who(name)
	if err != nil || credential == nil {
		return err
	}
	return filepath.WalkDir(top, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(credential.Uid), int(credential.Gid))
	})
}

// An unpacker writes what an archive holds.
type unpacker struct {
	root    *os.Root
	context context.Context
	links   []link // made last: through them no file can be written elsewhere
	done    Unpacked
}

// A link is a symbolic or a hard one.
type link struct {
	name, target string
	hard         bool
}

// archive finds out what the file is, and unpacks it.
func (u *unpacker) archive(path string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := bufio.NewReaderSize(f, 1<<16)
	start, err := r.Peek(6)
	if err != nil && err != io.EOF {
		return err
	}
	switch {
	case bytes.HasPrefix(start, []byte("PK\x03\x04")) || bytes.HasPrefix(start, []byte("PK\x05\x06")):
		err = u.zip(f)
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		var z *gzip.Reader
		if z, err = gzip.NewReader(r); err == nil {
			err = u.tar(z)
		}
	case bytes.HasPrefix(start, []byte("BZh")):
		err = u.tar(bzip2.NewReader(r))
	case bytes.HasPrefix(start, []byte("\xfd7zXZ\x00")):
		err = u.xz(f)
	default:
		err = u.tar(r)
	}
	if err != nil {
		return err
	}
	return u.link()
}

// xz unpacks by the node's own program: the standard library doesn't know the format.
func (u *unpacker) xz(f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	cmd := exec.CommandContext(u.context, "xz", "-dc")
	cmd.Stdin = f
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return hinted(Impossible, "packages: [xz-utils]", "%v", err)
	}
	if err := u.tar(out); err != nil {
		return errors.Join(err, cmd.Process.Kill(), reaped(cmd))
	}
	return cmd.Wait()
}

// tar unpacks a tar archive.
func (u *unpacker) tar(r io.Reader) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if err == io.EOF {
			if u.done.Files == 0 && len(u.links) == 0 {
				return errors.New("there is nothing in it")
			}
			_, err := io.Copy(io.Discard, r) // the checksum at the end of the packed stream
			return err
		}
		if err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeDir:
			err = u.folder(h.Name, fs.FileMode(h.Mode))
		case tar.TypeReg:
			err = u.file(h.Name, fs.FileMode(h.Mode), t)
		case tar.TypeSymlink, tar.TypeLink:
			u.links = append(u.links, link{h.Name, h.Linkname, h.Typeflag == tar.TypeLink})
			err = u.count(0)
		case tar.TypeXGlobalHeader:
		default:
			err = fmt.Errorf("%s is neither a file nor a folder nor a link", h.Name)
		}
		if err != nil {
			return err
		}
	}
}

// zip unpacks a zip archive.
func (u *unpacker) zip(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return err
	}
	for _, entry := range z.File {
		if err := u.zipped(entry); err != nil {
			return err
		}
	}
	return nil
}

// zipped unpacks one entry.
func (u *unpacker) zipped(entry *zip.File) (err error) {
	if entry.FileInfo().IsDir() {
		return u.folder(entry.Name, entry.Mode())
	}
	r, err := entry.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	switch {
	case entry.Mode()&fs.ModeSymlink != 0:
		const longest = 4096
		target, err := io.ReadAll(io.LimitReader(r, longest))
		u.links = append(u.links, link{entry.Name, string(target), false})
		return errors.Join(err, u.count(0))
	case entry.Mode().IsRegular():
		return u.file(entry.Name, entry.Mode(), r)
	}
	return fmt.Errorf("%s is neither a file nor a folder nor a link", entry.Name)
}

// local is a name in the archive as one below the root. The root refuses what leads out of it anyway; this says it first,
// with the name.
func local(name string) (string, error) {
	clean := filepath.Clean(name)
	if !filepath.IsLocal(clean) || strings.ContainsRune(name, 0) {
		return "", errorf(Refused, "%q leads out of the folder that it is unpacked to", name)
	}
	return clean, nil
}

// count keeps account of what was unpacked.
func (u *unpacker) count(n int64) error {
	u.done.Files++
	u.done.Bytes += n
	if u.done.Files > maxArchiveFiles || u.done.Bytes > maxArchiveBytes {
		return errorf(Refused, "it unpacks to more than %d files or %d bytes", maxArchiveFiles, int64(maxArchiveBytes))
	}
	return u.context.Err()
}

// folder makes a folder.
func (u *unpacker) folder(name string, mode fs.FileMode) error {
	clean, err := local(name)
	if err != nil {
		return err
	}
	if err := u.count(0); err != nil || clean == "." {
		return err
	}
	// Ours to write into while we unpack, whatever its mode.
	return u.root.MkdirAll(clean, mode.Perm()|0o700)
}

// file writes a file.
func (u *unpacker) file(name string, mode fs.FileMode, r io.Reader) error {
	clean, err := local(name)
	if err != nil {
		return err
	}
	if err := u.root.MkdirAll(filepath.Dir(clean), 0o755); err != nil {
		return err
	}
	f, err := u.root.OpenFile(clean, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, io.LimitReader(r, maxArchiveBytes-u.done.Bytes+1))
	return errors.Join(err, f.Chmod(mode.Perm()), f.Close(), u.count(n))
}

// link makes the links. A symbolic one may only point to what lies below the root, too.
func (u *unpacker) link() error {
	for _, l := range u.links {
		name, err := local(l.name)
		if err != nil {
			return err
		}
		if err := u.root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if l.hard {
			target, err := local(l.target)
			if err == nil {
				err = u.root.Link(target, name)
			}
			if err != nil {
				return err
			}
			continue
		}
		if filepath.IsAbs(l.target) || !filepath.IsLocal(filepath.Join(filepath.Dir(name), l.target)) {
			return errorf(Refused, "the link %q to %q leads out of the folder that it is unpacked to", l.name, l.target)
		}
		if err := u.root.Symlink(l.target, name); err != nil {
			return err
		}
	}
	return nil
}
