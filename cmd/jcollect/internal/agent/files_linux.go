package agent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// maxListed is how many files are listed.
const maxListed = 1000

// list finds files.
func (a *agent) list(_ context.Context, in Paths) (Listed, error) {
	found := Listed{Files: []ListedFile{}}
	seen := make(map[string]bool)
	for _, pattern := range in.Paths {
		if !filepath.IsAbs(pattern) {
			return found, errorf(Usage, "list: %q is no path from the root", pattern)
		}
		matches, err := filepath.Glob(pattern)
		if err != nil {
			return found, errorf(Usage, "list: %q: %v", pattern, err)
		}
		if len(matches) == 0 {
			found.Missing = append(found.Missing, pattern)
		}
		for _, m := range matches {
			if err := found.add(named(m), seen); err != nil {
				return found, err
			}
		}
	}
	sort.Slice(found.Files, func(i, j int) bool { return found.Files[i].Path < found.Files[j].Path })
	return found, nil
}

// named is a path that a plan's pattern fits, or the folder that it is a link to. Links deeper in a folder are not followed.
func named(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real
		}
	}
	return path
}

// add adds a file, or what lies below a folder. What vanishes meanwhile, as logs do when they are rotated, is left out.
func (l *Listed) add(root string, seen map[string]bool) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if path == root { // a log may be a link to the file that is written to now
			info, err = os.Stat(path)
		}
		if err != nil || !info.Mode().IsRegular() || seen[path] {
			return nil
		}
		seen[path] = true
		if len(l.Files) == maxListed {
			l.More++
			return nil
		}
		l.Files = append(l.Files, ListedFile{path, info.Size()})
		return nil
	})
}
