package remote

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// hostKeys is the check of a machine's key, and the kinds of keys to ask it for. The kinds that are known come first: a
// machine has several keys, and would else show one that nobody wrote down.
func (s *SSH) hostKeys(h Hop) (ssh.HostKeyCallback, []string, error) {
	var files []string
	for _, f := range s.o.KnownHosts {
		if _, err := os.Stat(f); err == nil {
			files = append(files, f)
		} else if !errors.Is(err, os.ErrNotExist) {
			return nil, nil, refuse("known hosts: %w", err)
		}
	}
	db, err := knownhosts.NewDB(files...)
	if err != nil {
		return nil, nil, refuse("known hosts: %w", err)
	}
	algorithms := db.HostKeyAlgorithms(h.addr())
	for _, a := range ssh.SupportedAlgorithms().HostKeys {
		// Certificates only where an authority is known: an unknown one could not be written down.
		if !slices.Contains(algorithms, a) && !strings.Contains(a, "-cert-") {
			algorithms = append(algorithms, a)
		}
	}
	known := db.HostKeyCallback()
	return func(name string, addr net.Addr, key ssh.PublicKey) error {
		return s.judge(name, key, known(name, addr, key))
	}, algorithms, nil
}

// judge says what a key that isn't the known one means, and what to do.
func (s *SSH) judge(name string, key ssh.PublicKey, err error) error {
	var revoked *xknownhosts.RevokedError
	var unknown *xknownhosts.KeyError
	host := xknownhosts.Normalize(name)
	mark := key.Type() + " " + ssh.FingerprintSHA256(key)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &revoked):
		return refuse("the key of %s (%s) is revoked by %s:%d", host, mark, revoked.Revoked.Filename, revoked.Revoked.Line)
	case !errors.As(err, &unknown):
		return refuse("the key of %s (%s): %w", host, mark, err)
	case len(unknown.Want) > 0:
		slices.SortFunc(unknown.Want, func(a, b xknownhosts.KnownKey) int { return a.Line - b.Line })
		w := unknown.Want[0]
		return refuse("the key of %s is %s, but %s:%d says %s %s: it is another machine, or was set up anew (hint: if that is so, ssh-keygen -f %s -R %s)",
			host, mark, w.Filename, w.Line, w.Key.Type(), ssh.FingerprintSHA256(w.Key), Quote(w.Filename), Quote(host))
	case !s.o.AcceptNew || len(s.o.KnownHosts) == 0:
		return refuse("%s is unknown; its key is %s (hint: compare it on the machine with ssh-keygen -l, then accept new hosts, or ssh-keyscan)", host, mark)
	}
	if err := remember(s.o.KnownHosts[0], host, key); err != nil {
		return refuse("remember the key of %s: %w", host, err)
	}
	return nil
}

// remember adds a line to a file of known hosts, in one write, so that nodes that are met at the same time don't mix. A
// last line without its end gets one.
func remember(file, host string, key ssh.PublicKey) (err error) {
	if strings.ContainsAny(host, " \t\n,*?!|#") {
		return fmt.Errorf("%q can't be written to a file of known hosts", host)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	line := knownhosts.Line([]string{host}, key) + "\n"
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		line = "\n" + line
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}
