package db

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/remote"
	"jcheck/internal/amount"
)

// maxLogBytes is how much of a node's logs is downloaded.
const maxLogBytes = 2 << 30

// A LogFile is a log on a node, and what it is called here: a file name, different from all others of that node.
type LogFile struct {
	Remote, Local string
	Size          int64
}

// Logs finds the logs of a node: those of the plan and of its daemons.
func (d *DB) Logs(ctx context.Context, n *node.Node) (list []LogFile, missing []string, err error) {
	var paths []string
	for _, x := range d.daemonsOn(n) {
		if x.Log != "" {
			paths = append(paths, x.Log)
		} else {
			paths = append(paths, agent.LogPath(n.StateDir(), x.Name))
		}
	}
	if d.plan.Capture.On {
		paths = append(paths, capturePath)
	}
	paths = append(paths, d.plan.Logs...)
	if len(paths) == 0 {
		return nil, nil, nil
	}
	found, err := n.List(ctx, paths)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, f := range found.Files {
		names = append(names, f.Path)
	}
	short := shortNames(names)
	for i, f := range found.Files {
		list = append(list, LogFile{f.Path, short[i], f.Size})
	}
	if found.More > 0 {
		err = fmt.Errorf("%s: logs: %d files are too many, the last %d %s left out", n.Name, len(list)+found.More, found.More, amount.Word(found.More, "is", "are"))
	}
	return list, found.Missing, err
}

// shortNames are file names for paths: what they have in shared in front is cut off, and folders become part of the
// name. They differ as the paths do.
func shortNames(paths []string) []string {
	shared := ""
	for i, p := range paths {
		dir := path.Dir(p) + "/"
		if i == 0 {
			shared = dir
		}
		for !strings.HasPrefix(dir, shared) {
			shared = shared[:strings.LastIndexByte(strings.TrimSuffix(shared, "/"), '/')+1]
		}
	}
	taken := make(map[string]bool)
	var names []string
	for _, p := range paths {
		base := strings.ReplaceAll(strings.TrimPrefix(p, shared), "/", "_")
		name := base
		for i := 2; taken[name]; i++ {
			name = fmt.Sprintf("%s.%d", base, i)
		}
		taken[name] = true
		names = append(names, agent.SafeName(name))
	}
	return names
}

// Download gets a node's logs into a folder, which is made. Unless leave is set, the database is killed first, so that
// the logs don't grow under our hands; what can't be got doesn't keep the rest from being so.
func (d *DB) Download(ctx context.Context, n *node.Node, dir string, leave bool) error {
	var errs []error
	if !leave {
		err := d.halt(ctx, n)
		if errs = append(errs, err); unreachable(err) {
			return err
		}
	}
	list, missing, err := d.Logs(ctx, n)
	errs = append(errs, err)
	if len(missing) > 0 {
		d.log.Info("logs that aren't there", "node", n.Name, "paths", strings.Join(missing, " "))
	}
	if len(list) > 0 {
		errs = append(errs, os.MkdirAll(dir, 0o755))
	}
	left := int64(maxLogBytes)
	for _, f := range list {
		if left -= f.Size; left < 0 {
			errs = append(errs, fmt.Errorf("%s: logs: more than %d bytes in all: %s and what follows are left out", n.Name, int64(maxLogBytes), f.Remote))
			break
		}
		errs = append(errs, n.Remote.Download(ctx, remote.File{Remote: f.Remote, Local: filepath.Join(dir, f.Local), User: n.User}))
	}
	return errors.Join(errs...)
}

// halt kills everything of the database on a node.
func (d *DB) halt(ctx context.Context, n *node.Node) error {
	var steps []func() error
	if d.plan.Kill != "" {
		steps = append(steps, func() error { return d.script(ctx, n, "kill", d.plan.Kill) })
	}
	for _, x := range d.daemonsOn(n) {
		steps = append(steps, func() (err error) {
			if x.Name == captureName { // it writes what it has when it is asked to end
				_, err = n.Stop(ctx, x.Name, x.Grace)
			} else {
				_, err = n.Kill(ctx, x.Name, "KILL")
			}
			return err
		})
	}
	return all(steps)
}
