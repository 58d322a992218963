package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"jcheck/render"
)

// What drawing may take. Drawings are a courtesy: whatever a drawer does, a verdict is neither changed nor held up for long.
const (
	maxDrawTime   = 10 * time.Second // for one graph, then its drawer is killed
	maxStartTime  = 10 * time.Second // until a drawer greets: it may have to compile Graphviz first
	maxDrawMemory = 512 << 20        // bytes that a drawer may hold of the machine's memory
	maxDrawn      = 8 << 20          // bytes of one drawing
	maxDrawers    = 8                // processes at a time, and no more than the machine has processors
	maxPerDrawer  = 200              // graphs for one process: each leaves some 0.3 MB behind
	maxFailures   = 3                // in a row, then nothing more is drawn
)

// drawLimits are those of the limits above that tests make smaller.
type drawLimits struct {
	start, draw time.Duration
	memory      int64
}

// drawer draws graphs in child processes that can be killed: jcheck-draw, which draws many, or else the system's
// Graphviz, which draws one each. It's a render.Drawer. Close ends the children.
type drawer struct {
	path   string // of the program; empty if there is none
	server bool   // it's jcheck-draw
	limits drawLimits
	slots  chan struct{} // one for each process that may run

	mu       sync.Mutex
	idle     []*drawProcess
	failures int    // in a row
	scratch  string // directory to remove at the end; empty if there is none
}

// errNoDrawer says how to get pictures.
var errNoDrawer = errors.New("neither jcheck-draw nor dot was found (hint: put jcheck-draw beside jcheck, or install Graphviz)")

// newDrawer finds a program that draws: jcheck-draw beside jcheck itself or on the PATH, else Graphviz's dot.
func newDrawer() *drawer {
	d := &drawer{
		limits: drawLimits{start: maxStartTime, draw: maxDrawTime, memory: maxDrawMemory},
		slots:  make(chan struct{}, min(runtime.GOMAXPROCS(0), maxDrawers)),
	}
	if d.path = findDrawServer(); d.path != "" {
		d.server = true
	} else if path, err := exec.LookPath("dot"); err == nil {
		d.path = path
	}
	return d
}

// findDrawServer is the path of jcheck-draw, or empty.
func findDrawServer() string {
	const name = "jcheck-draw"
	if self, err := os.Executable(); err == nil {
		places := []string{filepath.Dir(self)}
		if real, err := filepath.EvalSymlinks(self); err == nil {
			places = append(places, filepath.Dir(real))
		}
		for _, dir := range places {
			// LookPath also tells whether it can be run, and knows the suffixes that systems want.
			if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path
			}
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "" // also where it's only in the current directory, which nobody asked to be searched
	}
	return path
}

// Draw lays out one graph. It may be called by several goroutines.
func (d *drawer) Draw(ctx context.Context, dot []byte) ([]byte, error) {
	if d.path == "" {
		return nil, errNoDrawer
	}
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("not drawn: %w", context.Cause(ctx))
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	}
	if d.gaveUp() {
		return nil, fmt.Errorf("%s failed %d times in a row and was not asked again", filepath.Base(d.path), maxFailures)
	}
	svg, err := d.once(ctx, dot)
	d.count(err)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(d.path), err)
	}
	return svg, nil
}

// once asks one process for one drawing.
func (d *drawer) once(ctx context.Context, dot []byte) ([]byte, error) {
	if !d.server {
		return d.drawAlone(ctx, dot)
	}
	p, err := d.take(ctx)
	if err != nil {
		return nil, err
	}
	svg, err := p.draw(ctx, dot, d.limits)
	if err != nil || p.drawn >= maxPerDrawer {
		p.end()
		return svg, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = append(d.idle, p)
	return svg, nil
}

// take is an idle process, or a new one.
func (d *drawer) take(ctx context.Context) (*drawProcess, error) {
	d.mu.Lock()
	if n := len(d.idle); n > 0 {
		p := d.idle[n-1]
		d.idle = d.idle[:n-1]
		d.mu.Unlock()
		return p, nil
	}
	dir, err := d.cache()
	d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return startDrawProcess(ctx, d.path, dir, d.limits)
}

// cache is the directory in which jcheck-draw keeps what it compiled: it runs what it finds there, so nobody else may
// write to it. Where the user has no such directory, one is made for this time.
func (d *drawer) cache() (string, error) {
	if d.scratch != "" {
		return d.scratch, nil
	}
	if base, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(base, "jcheck", "draw")
		if os.MkdirAll(dir, 0o700) == nil && private(dir) {
			return dir, nil
		}
	}
	dir, err := os.MkdirTemp("", "jcheck-draw-")
	if err != nil {
		return "", fmt.Errorf("make a private directory: %w", err)
	}
	d.scratch = dir
	return dir, nil
}

// gaveUp tells whether there is no more hope in this drawer.
func (d *drawer) gaveUp() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failures >= maxFailures
}

// count keeps the number of failures in a row. That a graph is beyond the drawer isn't one: others may not be.
func (d *drawer) count(err error) {
	var graph *render.GraphError
	if errors.As(err, &graph) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failures++; err == nil {
		d.failures = 0
	}
}

// Close ends the processes and removes what they needed.
func (d *drawer) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.idle {
		p.end()
	}
	d.idle = nil
	if d.scratch == "" {
		return nil
	}
	dir := d.scratch
	d.scratch = ""
	return os.RemoveAll(dir)
}
