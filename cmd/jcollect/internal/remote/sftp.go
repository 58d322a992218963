package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/pkg/sftp"
)

// sftpGreeting is how long a file server may take to say what it is: a login shell that talks first is never understood.
const sftpGreeting = 10 * time.Second

// errNoSFTP tells of a node without file transfer; commands do it there.
var errNoSFTP = errors.New("no sftp")

// Upload sends a file by SFTP. Where the node has none, or another user than the one who logged in is to write, it goes
// through the input of a command.
func (s *SSH) Upload(ctx context.Context, f File) error {
	if f.User != "" && f.User != s.o.user() {
		return uploadByExec(ctx, s, f)
	}
	err := s.transfer(ctx, func(c *sftp.Client) error { return f.upload(c) })
	if errors.Is(err, errNoSFTP) {
		return uploadByExec(ctx, s, f)
	}
	if err != nil {
		return fmt.Errorf("%s: upload %s to %s: %w", s.o.Node, f.Local, f.Remote, err)
	}
	return nil
}

// Download gets a file by SFTP, or through the output of a command.
func (s *SSH) Download(ctx context.Context, f File) error {
	if f.User != "" && f.User != s.o.user() {
		return downloadByExec(ctx, s, f)
	}
	err := s.transfer(ctx, func(c *sftp.Client) error { return f.download(c) })
	if errors.Is(err, errNoSFTP) {
		return downloadByExec(ctx, s, f)
	}
	if err != nil {
		return fmt.Errorf("%s: download %s to %s: %w", s.o.Node, f.Remote, f.Local, err)
	}
	return nil
}

// transfer runs f with a file server of its own. When the time is up the connection goes: nothing less ends it.
func (s *SSH) transfer(ctx context.Context, f func(*sftp.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, DefaultTimeout)
	defer cancel()
	l, session, free, err := s.session(ctx)
	if err != nil {
		return err
	}
	defer free()
	defer func() { _ = session.Close() }() // closed already if all went well
	stop := context.AfterFunc(ctx, l.close)
	defer stop()
	in, err := session.StdinPipe()
	if err != nil {
		return err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return err
	}
	if err := session.RequestSubsystem("sftp"); err != nil {
		return cause(ctx, errors.Join(errNoSFTP, err))
	}
	slow := time.AfterFunc(sftpGreeting, func() { _ = session.Close(); _ = in.Close() })
	c, err := sftp.NewClientPipe(out, in, sftp.UseConcurrentWrites(true))
	if !slow.Stop() || err != nil {
		return cause(ctx, errors.Join(errNoSFTP, err))
	}
	if err := f(c); err != nil {
		_ = c.Close() // the first error says it
		return cause(ctx, err)
	}
	return cause(ctx, c.Close())
}

// upload writes the file under another name, and renames it.
func (f File) upload(c *sftp.Client) (err error) {
	file, size, mode, err := f.source()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info, err := c.Stat(f.Remote); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder there", f.Remote)
	}
	if _, ok := c.HasExtension("posix-rename@openssh.com"); !ok {
		return errNoSFTP // a file that exists would be in the way
	}
	part := partName(f.Remote)
	err = sendPart(c, part, io.LimitReader(file, size), size, mode)
	if err == nil {
		err = c.PosixRename(part, f.Remote)
	}
	if errors.Is(err, sftp.ErrSSHFxConnectionLost) {
		return errors.New("the connection broke (hint: a part may be left there as " + part + ")")
	}
	if err != nil {
		return errors.Join(err, gone(c.Remove(part)))
	}
	return nil
}

// gone forgives a file that isn't there for not having been removed, and says nothing twice of a connection that broke.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, sftp.ErrSSHFxConnectionLost) {
		return nil
	}
	return err
}

// sendPart writes a file that nobody else can read until it is whole.
func sendPart(c *sftp.Client, part string, r io.Reader, size int64, mode fs.FileMode) error {
	to, err := c.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	err = to.Chmod(0o600)
	var n int64
	if err == nil {
		n, err = to.ReadFromWithConcurrency(r, 0)
	}
	if err == nil && n != size {
		err = fmt.Errorf("sent %d of %d bytes: the file became shorter", n, size)
	}
	if err == nil {
		err = to.Chmod(mode)
	}
	closed := to.Close()
	if err == nil {
		err = closed
	}
	return err
}

// download reads the file.
func (f File) download(c *sftp.Client) error {
	return f.save(func(w io.Writer) error {
		from, err := c.Open(f.Remote)
		if err != nil {
			return err
		}
		_, err = from.WriteTo(w)
		return errors.Join(err, from.Close())
	})
}
