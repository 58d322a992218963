package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"jcheck/history"
)

// formatOf is the form in which a file of that name is written: JSON lines if the name ends so, else EDN.
func formatOf(name string) history.Format {
	if slices.Contains([]string{".json", ".jsonl", ".ndjson"}, strings.ToLower(filepath.Ext(name))) {
		return history.FormatJSON
	}
	return history.FormatEDN
}

// checkOutput refuses a flag's file that is missing, or that is the input.
func checkOutput(flag, name, input string) error {
	if name == "" {
		return fmt.Errorf("--%s is missing (hint: --%s FILE, where the new history is written, or -)", flag, flag)
	}
	if name == "-" {
		return nil
	}
	out, err := os.Stat(name)
	if err != nil { // to be created, or else creating it will tell
		return nil
	}
	if out.IsDir() {
		return fmt.Errorf("--%s %s is a folder", flag, name)
	}
	if in, err := os.Stat(input); err == nil && os.SameFile(in, out) {
		return fmt.Errorf("--%s %s is the history itself, which would be lost (hint: another name)", flag, name)
	}
	return nil
}

// checkDir tells whether a folder could be written to, before anything is read for it. It isn't made yet: nothing shall be
// left of a history that can't be read.
func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	there := dir
	for there != filepath.Dir(there) {
		if _, err := os.Lstat(there); err == nil || !errors.Is(err, fs.ErrNotExist) {
			break
		}
		there = filepath.Dir(there)
	}
	probe, err := os.CreateTemp(there, ".jcheck-*")
	if err != nil {
		return fmt.Errorf("--out %s can't be written: %w", dir, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// writeWhole writes a file so that nobody finds part of it under its name.
func writeWhole(name string, text []byte) error {
	part, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = part.Write(text)
	if err = errors.Join(err, part.Chmod(0o644), part.Close()); err == nil {
		err = os.Rename(part.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, errors.Join(err, os.Remove(part.Name())))
	}
	return nil
}

// writeHistoryTo writes the text of a history to a file, or to standard output ("-"), and reads it again from there.
func (e *env) writeHistoryTo(ctx context.Context, name string, text []byte, o history.Options) (*history.History, error) {
	if name != "-" {
		if err := writeWhole(name, text); err != nil {
			return nil, err
		}
		return history.Open(ctx, name, o)
	}
	if _, err := e.stdout.Write(text); err != nil {
		return nil, fmt.Errorf("write the history: %w", err)
	}
	return history.Read(ctx, shownOut(name), text, o)
}

// reportOf is where to say what was written to a file: what is beside it on standard output would spoil the history.
func (e *env) reportOf(name string) io.Writer {
	if name == "-" {
		return e.stderr
	}
	return e.stdout
}

// shownOut is how messages call a file that was written.
func shownOut(name string) string {
	if name == "-" {
		return "standard output"
	}
	return name
}
