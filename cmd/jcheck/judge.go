package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"jcheck/check"
	"jcheck/history"
	"jcheck/render"
)

// job is how to judge histories, whatever the checker.
type job struct {
	read     history.Options
	limits   limits
	check    func(context.Context, *history.History) (check.Result, error) // an error: the history is none for this checker
	show     func(judged) error                                            // writes the result to stdout
	out      string                                                        // directory for files; empty for none
	maxGraph int                                                           // bytes of a graph in out; 0 for no limit
	drawTime time.Duration                                                 // for one drawing; 0 for the usual limit
	ci       *ci                                                           // nil for none
}

// judged is one file's outcome. The history is nil if a limit ended its reading.
type judged struct {
	path   string
	h      *history.History
	result check.Result
}

// judgeAll judges each file by itself; a bad one doesn't keep the others from their verdicts.
func (e *env) judgeAll(ctx context.Context, j job, paths []string) {
	if err := errors.Join(j.ci.checkFile(paths, j.out), checkDir(j.out)); err != nil {
		e.complain("", err)
		e.raise(exitUsage)
		return
	}
	ctx, stop := untilInterrupt(ctx)
	defer stop()
	defer func() {
		if err := j.ci.write(); err != nil {
			e.complain("", err)
			e.raise(exitUsage)
		}
	}()
	dirs := outDirs(j.out, paths)
	for i, path := range paths {
		if i > 0 && ctx.Err() != nil {
			fmt.Fprintf(e.stderr, "jcheck: interrupted: %d of %d histories were not looked at\n", len(paths)-i, len(paths))
			e.raise(exitUnknown)
			return
		}
		if err := e.judge(ctx, j, path, dirs[i]); err != nil {
			j.ci.fail(path, err)
			e.complain(shownName(path), err)
			e.raise(exitUsage)
		}
	}
}

// judge opens a history, checks it, shows the result, and raises the exit code that its verdict has.
func (e *env) judge(whole context.Context, j job, path, out string) error {
	ctx, stop := j.limits.start(whole)
	defer stop()
	p := newProgress(e.stderr)
	defer p.clear()
	d, err := e.result(ctx, j, p, path)
	p.clear()
	if err != nil {
		return err
	}
	if d.h != nil {
		defer d.h.Close() // only read from: nothing can be lost
	}
	e.raise(j.ci.code(d.result.Verdict))
	j.ci.add(d)
	if err := j.show(d); err != nil || out == "" || d.h == nil {
		return err
	}
	// Drawing takes longer than checking: nobody should wait for a verdict because of it.
	return e.writeFiles(whole, j, d, out)
}

// writeFiles writes the proofs of a result, and draws them. It isn't under the limits of the check, which may have used
// them up: drawing has its own.
func (e *env) writeFiles(ctx context.Context, j job, d judged, out string) error {
	drawer := newDrawer()
	if j.drawTime > 0 {
		drawer.limits.draw = j.drawTime
	}
	omitted, err := render.Files(ctx, out, d.h, d.result, render.FileOptions{
		Name: d.path, MaxGraph: j.maxGraph, Drawer: drawer,
		Page: render.HTMLOptions{File: shownName(d.path), Checked: checkedAs(d.result), Lattice: latticeModels()},
	})
	for _, what := range omitted {
		fmt.Fprintf(e.stderr, "jcheck: %s: %s\n", shownName(d.path), what)
	}
	if err := drawer.Close(); err != nil { // a matter of tidiness: no reason to withhold a verdict
		fmt.Fprintf(e.stderr, "jcheck: %v\n", err)
	}
	return err
}

// result is the outcome of one file, or why it has none.
func (e *env) result(ctx context.Context, j job, p *progress, path string) (judged, error) {
	d := judged{path: path}
	if j.limits.tooBig(path) {
		d.result.Reasons = []check.Reason{{Code: "memory", Text: fmt.Sprintf(
			"the packed file alone is larger than %s (--max-memory)", sizeText(j.limits.memory))}}
		return d, nil
	}
	j.read.Progress = p.reading(shownName(path))
	h, err := e.open(ctx, path, j.read)
	if err != nil {
		if why, ok := j.limits.stopped(ctx); ok && !isReadError(err) {
			d.result.Reasons = []check.Reason{why}
			return d, nil
		}
		return d, err
	}
	d.h = h
	if path != "-" {
		d.path = h.Name() // of a folder the file in it that was read
	}
	p.say("checking "+shownName(path), true)
	d.result, err = j.check(ctx, h)
	if err != nil {
		return d, errors.Join(err, h.Close())
	}
	if why, ok := j.limits.stopped(ctx); ok {
		nameCause(&d.result, why)
	}
	for _, w := range h.Warnings() {
		d.result.Notes = append(d.result.Notes, check.Note{Code: w.Code, Text: w.String()})
	}
	return d, nil
}

// nameCause says by which limit a check was ended: the checker itself knows only that it was stopped.
func nameCause(r *check.Result, why check.Reason) {
	for i := range r.Reasons {
		if c := r.Reasons[i].Code; c == "interrupted" || c == "timeout" {
			named := why
			if _, far, ok := strings.Cut(r.Reasons[i].Text, "; "); ok { // how far it got
				named.Text, named.Ops = named.Text+"; "+far, r.Reasons[i].Ops
			}
			r.Reasons[i] = named
		}
	}
	for i := range r.Parts {
		nameCause(&r.Parts[i].Result, why)
	}
}

// open reads a history from a file, a folder or standard input.
func (e *env) open(ctx context.Context, path string, o history.Options) (*history.History, error) {
	if path != "-" {
		return history.Open(ctx, path, o)
	}
	text, err := readAll(ctx, e.stdin)
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	return history.Read(ctx, path, text, o)
}

// openToLook opens a history for a verb that judges nothing. It is nil if it can't be read; that was told.
func (e *env) openToLook(ctx context.Context, path string, o history.Options) *history.History {
	h, err := e.open(ctx, path, o)
	if err != nil {
		e.complain(shownName(path), err)
		e.raise(exitUsage)
		return nil
	}
	return h
}

// readAll reads to the end unless ctx ends first: a stream may wait for ever, or never end.
func readAll(ctx context.Context, r io.Reader) ([]byte, error) {
	type read struct {
		text []byte
		err  error
	}
	done := make(chan read, 1)
	go func() {
		text, err := io.ReadAll(stoppable{ctx, r})
		done <- read{text, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case d := <-done:
		return d.text, d.err
	}
}

// stoppable is a reader that ends with its context.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s stoppable) Read(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(b)
}

// isReadError tells an input that is no history.
func isReadError(err error) bool {
	var read *history.ReadError
	return errors.As(err, &read)
}

// shownName is how messages call a file.
func shownName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// outDirs are the directories for the files of each result: dir itself for a single history, else one below it per
// history, named after its file.
func outDirs(dir string, paths []string) []string {
	dirs := make([]string, len(paths))
	if dir == "" {
		return dirs
	}
	if len(paths) == 1 {
		dirs[0] = dir
		return dirs
	}
	used := map[string]bool{}
	for i, path := range paths {
		name := filepath.Base(path)
		if path == "-" {
			name = "stdin"
		}
		name = strings.TrimSuffix(name, filepath.Ext(name))
		if strings.Trim(name, ".") == "" {
			name = "history" // of "..", "...json" and the like nothing is left that stays below dir
		}
		own := name
		for n := 2; used[own]; n++ {
			own = fmt.Sprintf("%s-%d", name, n)
		}
		used[own] = true
		dirs[i] = filepath.Join(dir, own)
	}
	return dirs
}
