package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
)

// Limits of downloads.
const (
	downloadLimit = 20 * time.Minute
	downloadTries = 3
)

// writeScript writes its input to $1 with mode $2 and owner $3 under another name first.
const writeScript = `mkdir -p -- "$(dirname -- "$1")" || exit 1
part="$1.$$.part"; trap 'rm -f -- "$part"' EXIT
(umask 077 && cat >"$part") && chmod -- "$2" "$part" || exit 1
if [ -n "$3" ]; then chown -- "$3" "$part" || exit 1; fi
mv -f -- "$part" "$1"`

// write writes one file on a node.
func (d *DB) write(ctx context.Context, n *node.Node, f File) error {
	text, err := f.text()
	if err == nil && f.Template {
		text, err = fill(f.To, text, d.vars(n))
	}
	if err != nil {
		return fmt.Errorf("%s: files: %s: %w", n.Name, f.To, err)
	}
	c := f.command(n)
	c.Stdin, c.Timeout = strings.NewReader(text), d.plan.Timeout
	if _, err := n.Remote.Exec(ctx, c); err != nil {
		return fmt.Errorf("%s: files: %s: %w", n.Name, f.To, err)
	}
	return nil
}

// command writes what comes by its input to the file's place.
func (f File) command(n *node.Node) remote.Command {
	return remote.Command{Script: writeScript, Args: []string{f.To, fmt.Sprintf("%04o", f.Mode), f.Owner}, User: n.User}
}

// unpack puts an archive on a node, unless it lies there, and unpacks it. A download that can't be unpacked is got once
// more: it may be cut off, or an error page.
func (d *DB) unpack(ctx context.Context, n *node.Node, a Archive) error {
	sum, err := d.unpackOnce(ctx, n, a)
	if a.URL == "" || !agent.Is(err, agent.Failed) {
		return err
	}
	if gone := d.forget(a, sum); gone != nil {
		return errors.Join(err, gone)
	}
	_, err = d.unpackOnce(ctx, n, a)
	return err
}

// unpackOnce is one try. It tells the checksum of what it tried.
func (d *DB) unpackOnce(ctx context.Context, n *node.Node, a Archive) (sum string, err error) {
	place := a.Path
	if place == "" {
		file := ""
		if file, sum, err = d.fetch(ctx, a); err != nil {
			return sum, err
		}
		place = path.Join(n.StateDir(), "archives", sum)
		there, err := n.Remote.Exec(ctx, remote.Command{Script: `mkdir -p -- "$(dirname -- "$1")" && [ -f "$1" ] && sha256sum <"$1" || true`,
			Args: []string{place}, User: n.User, Timeout: d.plan.Timeout})
		if err != nil {
			return sum, fmt.Errorf("archive: %w", err)
		}
		if !strings.HasPrefix(string(there.Stdout), sum) {
			if err := n.Remote.Upload(ctx, remote.File{Local: file, Remote: place, Mode: 0o644, User: n.User}); err != nil {
				return sum, fmt.Errorf("archive: %w", err)
			}
		}
	}
	_, err = n.Unpack(ctx, agent.Unpack{Archive: place, To: a.To, Owner: a.Owner, SHA256: strings.ToLower(a.SHA256)})
	return sum, err
}

// cached is where a download is kept.
func (d *DB) cached(a Archive) (string, error) {
	dir := d.cache
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("archive %s: no place to keep it: %w", a.URL, err)
		}
		dir = filepath.Join(user, "jcollect")
	}
	return filepath.Join(dir, agent.SafeName(a.URL)), os.MkdirAll(dir, 0o700)
}

// forget drops a download, unless another node has got a new one meanwhile.
func (d *DB) forget(a Archive, sum string) error {
	d.downloads.Lock()
	defer d.downloads.Unlock()
	file, err := d.cached(a)
	if err != nil {
		return err
	}
	if now, err := node.Checksum(file); err != nil || now != sum {
		return nil // it isn't there, or isn't the same
	}
	return os.Remove(file)
}

// fetch is the archive as a file of this machine, and its checksum. A download is kept, by its address.
func (d *DB) fetch(ctx context.Context, a Archive) (file, sum string, err error) {
	d.downloads.Lock()
	defer d.downloads.Unlock()
	file = a.From
	if a.URL != "" {
		if file, err = d.cached(a); err != nil {
			return "", "", err
		}
		if _, err := os.Stat(file); err != nil {
			if err := download(ctx, a.URL, file); err != nil {
				return "", "", fmt.Errorf("archive %s: %w", a.URL, err)
			}
		}
	}
	if sum, err = node.Checksum(file); err != nil {
		return "", "", fmt.Errorf("archive: %w", err)
	}
	if a.SHA256 != "" && !strings.EqualFold(sum, a.SHA256) {
		err := fmt.Errorf("archive %s has the checksum %s, want %s", file, sum, a.SHA256)
		if a.URL != "" { // it may have been a bad download: the next try gets another
			err = errors.Join(err, os.Remove(file))
		}
		return "", "", err
	}
	return file, sum, nil
}

// download gets a file whole, or not at all.
func download(ctx context.Context, url, file string) error {
	ctx, cancel := context.WithTimeout(ctx, downloadLimit)
	defer cancel()
	var err error
	for try := range downloadTries {
		if try > 0 {
			select {
			case <-ctx.Done():
				return errors.Join(ctx.Err(), err)
			case <-time.After(time.Duration(try) * time.Second):
			}
		}
		if err = downloadOnce(ctx, url, file); err == nil {
			return nil
		}
	}
	return err
}

// downloadOnce is one try. A server that closes early is found by the length that it announced.
func downloadOnce(ctx context.Context, url, file string) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", answer.Status)
	}
	part, err := os.CreateTemp(filepath.Dir(file), ".part-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(part, answer.Body)
	if err = errors.Join(err, part.Close()); err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return nil
}
