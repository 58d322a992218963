package node

import (
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// builds are the agents that a release brings along: see builds/README.md.
//
//go:embed builds
var builds embed.FS

// embedded is the agent for a kind of node that this program brings along, as a file; "" if it brings none.
func embedded(files fs.FS, kind string) (path string, err error) {
	packed, err := fs.ReadFile(files, "builds/"+kind+".gz")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	dir = filepath.Join(dir, "jcollect", "agents")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("no place for the agent for %s: %w", kind, err)
	}
	sum := sha256.Sum256(packed)
	path = filepath.Join(dir, kind+"-"+hex.EncodeToString(sum[:8]))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return path, expand(files, kind, path)
}

// expand writes an agent down, whole or not at all.
func expand(files fs.FS, kind, path string) (err error) {
	f, err := files.Open("builds/" + kind + ".gz")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(part, z)
	err = errors.Join(err, part.Chmod(0o755), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return nil
}
