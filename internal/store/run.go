package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files of a run.
const (
	PlanFile    = "plan.yaml"
	TestFile    = "test.json"
	LogFile     = "jcollect.log"
	ResultsEDN  = "results.edn"
	ResultsJSON = "results.json"
	CheckDir    = "check"
)

// The links to runs.
const (
	Latest  = "latest"
	Current = "current"
)

// stampLayout is the form of a run's folder: UTC, to the millisecond, so that names sort by time.
const stampLayout = "20060102T150405.000Z"

// maxTries is how many folders of the same moment are tried: each is a millisecond later.
const maxTries = 10_000

// A Run is the folder of one run.
type Run struct {
	Root  string // the store
	Name  string // the name of its folder in the store
	Stamp string // the name of its folder in that
}

// Dir is the run's folder.
func (r *Run) Dir() string { return filepath.Join(r.Root, r.Name, r.Stamp) }

// Path is a place in the run's folder. Each part becomes one safe name, whatever it holds.
func (r *Run) Path(parts ...string) string {
	path := r.Dir()
	for _, p := range parts {
		path = filepath.Join(path, SafeName(p))
	}
	return path
}

// Create makes the folder of a run that starts now. Two runs never share one: who comes second at the same millisecond
// gets the next. The link current points to it.
func Create(root, name string, start time.Time) (*Run, error) {
	r := &Run{Root: root, Name: SafeName(name)}
	if r.Name == Latest || r.Name == Current {
		r.Name += "_" // the store's own links have these names
	}
	if err := os.MkdirAll(filepath.Join(root, r.Name), 0o755); err != nil {
		return nil, fmt.Errorf("make a folder for the run: %w (hint: --store DIR says where runs are kept)", err)
	}
	for range maxTries {
		r.Stamp = start.UTC().Format(stampLayout)
		err := os.Mkdir(r.Dir(), 0o755)
		if err == nil {
			return r, link(filepath.Join(root, Current), filepath.Join(r.Name, r.Stamp))
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("make a folder for the run: %w", err)
		}
		start = start.Add(time.Millisecond)
	}
	return nil, fmt.Errorf("make a folder for the run: %s and the %d after it exist already", r.Dir(), maxTries)
}

// Saved lets the links latest point to the run.
func (r *Run) Saved() error {
	return errors.Join(
		link(filepath.Join(r.Root, r.Name, Latest), r.Stamp),
		link(filepath.Join(r.Root, Latest), filepath.Join(r.Name, r.Stamp)))
}

// link makes or replaces a symbolic link in one step: a reader finds the old or the new one.
func link(path, target string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink == 0 {
		return fmt.Errorf("link %s: something else has that name (hint: move it away)", path)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".link-")
	if err != nil {
		return fmt.Errorf("link %s: %w", path, err)
	}
	fresh := filepath.Join(dir, "link")
	err = os.Symlink(target, fresh)
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if gone := os.RemoveAll(dir); err == nil {
		err = gone
	}
	if err != nil {
		return fmt.Errorf("link %s: %w", path, err)
	}
	return nil
}

// Write writes a file of the run: whole or not at all, so that a full disk leaves what was there before. The parts of
// its name become safe ones.
func (r *Run) Write(write func(w io.Writer) error, parts ...string) error {
	path := r.Path(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".part-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = errors.Join(write(f), f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// Append opens a file of the run for lines that are added to it.
func (r *Run) Append(name string) (*os.File, error) {
	return os.OpenFile(r.Path(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// maxName is how long the name of a file gets, in bytes.
const maxName = 120

// SafeName is a text as the name of one file, on any system: letters, digits and a few signs stay, every other character
// becomes "_". No name begins with a dot or a dash, and none is empty.
func SafeName(s string) string {
	var b strings.Builder
	for _, r := range s {
		ok := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.+@=,", r)
		if !ok {
			r = '_'
		}
		b.WriteRune(r)
	}
	name := b.String()
	if len(name) > maxName {
		name = name[:maxName]
	}
	if name == "" || name[0] == '.' || name[0] == '-' {
		name = "_" + name
	}
	return name
}
