package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// The files of a history: for programs, for programs that don't read EDN, and for people.
const (
	HistoryEDN  = "history.edn"
	HistoryJSON = "history.jsonl"
	HistoryText = "history.txt"
)

// flushEvery is how old a line may get before it is on disk. What a crash of this machine may lose is less than a second.
const flushEvery = 500 * time.Millisecond

// flushBytes is how much a file holds back at most.
const flushBytes = 256 << 10

// A Recorder writes the history of a run while it goes on, in all its forms. The first failure ends the recording: what
// is on disk by then stays, in whole lines, and every later call returns that failure.
type Recorder struct {
	mu    sync.Mutex
	files []*lines
	err   error
	keyed bool
	count int

	stop, stopped chan struct{}
}

// diskFile is what a history needs of a file.
type diskFile interface {
	io.WriteCloser
	Truncate(size int64) error
	Sync() error
}

// lines is a file that grows by whole lines.
type lines struct {
	f       diskFile
	size    int64 // of the lines that are in the file
	waiting bytes.Buffer
	write   func(op history.Op) error // adds an operation to those that wait
}

// Record begins the history of a run. The files are new ones: a history that is there isn't overwritten.
func (r *Run) Record() (*Recorder, error) {
	rec := &Recorder{stop: make(chan struct{}), stopped: make(chan struct{})}
	for _, form := range []struct {
		name   string
		format history.Format
	}{{HistoryEDN, history.FormatEDN}, {HistoryJSON, history.FormatJSON}, {HistoryText, history.FormatAuto}} {
		f, err := os.OpenFile(r.Path(form.name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("record the history: %w", err), rec.closeFiles())
		}
		l := &lines{f: f}
		l.write = func(op history.Op) error {
			l.waiting.Write(append(OpText(op), '\n'))
			return nil
		}
		if form.format != history.FormatAuto {
			w := history.NewWriter(&l.waiting, form.format)
			l.write = func(op history.Op) error { return errors.Join(w.Write(op), w.Flush()) }
		}
		rec.files = append(rec.files, l)
	}
	go rec.flushOften()
	return rec, nil
}

// OpText is an operation as a line for people, without its end: process, type, f and value, and the error if there is
// one, with tabs between.
func OpText(op history.Op) []byte {
	text := edn.Append(nil, op.Process)
	text = append(append(text, "\t:"...), op.Type.String()...)
	text = edn.Append(append(text, '\t'), op.F)
	value := op.Value
	if op.Key != nil {
		value = edn.NewVector([]edn.Value{*op.Key, value})
	}
	text = edn.Append(append(text, '\t'), value)
	for _, f := range op.Extra {
		if f.Name == "error" {
			text = edn.Append(append(text, '\t'), f.Value)
		}
	}
	return text
}

// Write records an operation. It may be called by several goroutines; the order of calls is that of the history.
func (rec *Recorder) Write(op history.Op) error {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.err != nil {
		return rec.err
	}
	for _, l := range rec.files {
		if err := l.write(op); err != nil {
			rec.err = err
			return err
		}
	}
	rec.count++
	rec.keyed = rec.keyed || op.Key != nil
	for _, l := range rec.files {
		if l.waiting.Len() >= flushBytes {
			rec.flush(l)
		}
	}
	return rec.err
}

// flush writes the lines that wait. If that fails, by a full disk say, the part of a line that may have been written is
// cut off again.
func (rec *Recorder) flush(l *lines) {
	if rec.err != nil || l.waiting.Len() == 0 {
		return
	}
	n, err := l.f.Write(l.waiting.Bytes())
	if err != nil {
		whole := bytes.LastIndexByte(l.waiting.Bytes()[:n], '\n') + 1
		l.size += int64(whole)
		rec.err = fmt.Errorf("record the history: %w", errors.Join(err, l.f.Truncate(l.size)))
		return
	}
	l.size += int64(n)
	l.waiting.Reset()
}

// Flush brings all that was recorded to disk.
func (rec *Recorder) Flush() error {
	rec.mu.Lock()
	for _, l := range rec.files {
		rec.flush(l)
	}
	err := rec.err
	rec.mu.Unlock()
	if err != nil {
		return err
	}
	// Outside of the lock: a slow disk must not hold up the operations.
	for _, l := range rec.files {
		if err := l.f.Sync(); err != nil {
			rec.mu.Lock()
			defer rec.mu.Unlock()
			if rec.err == nil {
				rec.err = fmt.Errorf("record the history: %w", err)
			}
			return rec.err
		}
	}
	return nil
}

// flushOften flushes until the recorder is closed, or can't. The failure is kept for the next call of Write.
func (rec *Recorder) flushOften() {
	defer close(rec.stopped)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-rec.stop:
			return
		case <-tick.C:
			if rec.Flush() != nil {
				return
			}
		}
	}
}

// Count is how many operations were recorded: invocations and completions each count.
func (rec *Recorder) Count() int {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return rec.count
}

// Keyed tells whether an operation had an independent key.
func (rec *Recorder) Keyed() bool {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return rec.keyed
}

// Close brings everything to disk and ends the recording. It returns the failure that ended it earlier, if there was one.
func (rec *Recorder) Close() error {
	close(rec.stop)
	<-rec.stopped
	err := rec.Flush()
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if rec.err == nil {
		rec.err = errors.New("record the history: it was closed")
	}
	return errors.Join(err, rec.closeFiles())
}

// closeFiles closes the files.
func (rec *Recorder) closeFiles() error {
	var errs []error
	for _, l := range rec.files {
		errs = append(errs, l.f.Close())
	}
	return errors.Join(errs...)
}
