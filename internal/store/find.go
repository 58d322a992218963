package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Runs are all runs of a store, oldest first.
func Runs(root string) ([]*Run, error) {
	names, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("list the runs in %s: %w", root, err)
	}
	var runs []*Run
	for _, name := range names {
		if !name.IsDir() {
			continue
		}
		stamps, err := os.ReadDir(filepath.Join(root, name.Name()))
		if err != nil {
			return nil, fmt.Errorf("list the runs in %s: %w", root, err)
		}
		for _, s := range stamps {
			if _, err := time.Parse(stampLayout, s.Name()); err == nil && s.IsDir() {
				runs = append(runs, &Run{Root: root, Name: name.Name(), Stamp: s.Name()})
			}
		}
	}
	slices.SortStableFunc(runs, func(a, b *Run) int {
		if a.Stamp != b.Stamp {
			return compare(a.Stamp, b.Stamp)
		}
		return compare(a.Name, b.Name)
	})
	return runs, nil
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// Find is the run that a user means: by its folder, by a link to it, or by its number: 0 is the first of the store, -1
// the last.
func Find(root, which string) (*Run, error) {
	if n, err := strconv.Atoi(which); err == nil {
		runs, err := Runs(root)
		if err != nil {
			return nil, err
		}
		if n < 0 {
			n += len(runs)
		}
		if n < 0 || n >= len(runs) {
			return nil, fmt.Errorf("no run %s in %s: there are %d", which, root, len(runs))
		}
		return runs[n], nil
	}
	dir, err := filepath.EvalSymlinks(which)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such run (hint: a folder such as %s, or a number: 0 is the first, -1 the last)", which, filepath.Join(root, Latest))
	}
	if err != nil {
		return nil, fmt.Errorf("find the run %s: %w", which, err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("find the run %s: %w", which, err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("find the run %s: %w", which, err)
	}
	if !info.IsDir() {
		dir = filepath.Dir(dir) // its history was named
	}
	up := filepath.Dir(dir)
	return &Run{Root: filepath.Dir(up), Name: filepath.Base(up), Stamp: filepath.Base(dir)}, nil
}
