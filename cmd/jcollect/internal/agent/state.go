package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxName is how long a file name may get before its end is replaced by a checksum.
const maxName = 120

// SafeName makes one file name of any text: different texts give different names, and none of them leads elsewhere or is
// hidden.
func SafeName(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' && i > 0 || c == '.' && i > 0
		if plain {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	name := b.String()
	if name == "" {
		return "%"
	}
	if len(name) > maxName {
		sum := sha256.Sum256([]byte(s))
		name = name[:maxName-33] + "%" + hex.EncodeToString(sum[:16])
	}
	return name
}

// path is a file in one of the agent's folders, which is made if need be.
func (a *agent) path(folder, name, suffix string) (string, error) {
	dir := filepath.Join(a.state, folder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return filepath.Join(dir, SafeName(name)+suffix), nil
}

// reserve is a file that is given up when the disk is full, so that the agent can still write its few lines: filling the
// disk is one of its faults.
const (
	reserve      = "reserve"
	reserveBytes = 256 << 10
)

// keepReserve makes the reserve unless it is there. Nothing but a later write depends on it, which says so if it fails.
func (a *agent) keepReserve() {
	path := filepath.Join(a.state, reserve)
	if _, err := os.Stat(path); err == nil {
		return
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("reserved", reserveBytes/8)), 0o600); err != nil {
		_ = os.Remove(path)
	}
}

// writeJSON replaces a file in one of the agent's folders: whoever reads it sees the old or the new one, whole.
func writeJSON(path string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	err = replace(path, text)
	if errors.Is(err, syscall.ENOSPC) {
		if err := os.Remove(filepath.Join(filepath.Dir(filepath.Dir(path)), reserve)); err != nil {
			return fmt.Errorf("write %s: the disk is full", path)
		}
		err = replace(path, text)
	}
	return err
}

// replace writes a file under another name first.
func replace(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		if gone := os.Remove(f.Name()); gone != nil {
			return fmt.Errorf("%w; and %w", err, gone)
		}
	}
	return err
}

// readJSON reads a file that writeJSON wrote.
func readJSON(path string, v any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
