package history

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// DefaultMaxBytes bounds what is held in memory of an input that can't be mapped: standard input, and compressed files,
// which may unpack to a thousand times their size.
const DefaultMaxBytes int64 = 4 << 30

// input is the bytes of a history and what gives them back. Without release they are on the heap, and so is what is
// unpacked from them.
type input struct {
	data    []byte
	release func() error
	mapped  bool // data is a file's, and comes back if its pages are dropped
}

func (in input) close() error {
	if in.release == nil {
		return nil
	}
	return in.release()
}

// fail gives the input back and is the error that says why.
func (in input) fail(err error) error {
	if bad := in.close(); bad != nil {
		return errors.Join(err, bad)
	}
	return err
}

// Open reads the history in a file, in standard input ("-"), or in a folder, as Jepsen writes it. It may be EDN or JSON,
// plain or compressed by gzip or zstd; which of them is told from the content. An input that isn't a history is a
// *ReadError. The history holds on to the file until it is closed; nobody may shorten the file before that.
func Open(ctx context.Context, path string, o Options) (*History, error) {
	if path == "-" {
		in, err := readAll(ctx, os.Stdin, o, true)
		if err != nil {
			return nil, in.fail(unreadable("standard input", err))
		}
		return read(ctx, "standard input", in, o)
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		if files := reportFiles(path); len(files) > 0 {
			return openReport(ctx, path, files, o)
		}
		path, err = findHistory(path)
	}
	if err == nil {
		err = loneClient(path)
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	in, err := load(ctx, path, o)
	if err != nil {
		return nil, in.fail(unreadable(path, err))
	}
	return read(ctx, path, in, o)
}

// Read reads the history in data, which may be compressed. The name is for messages. The history keeps data.
func Read(ctx context.Context, name string, data []byte, o Options) (*History, error) {
	return read(ctx, name, input{data: data}, o)
}

// read gives the input back where it fails, and otherwise leaves that to the history.
func read(ctx context.Context, name string, in input, o Options) (*History, error) {
	text, cut, err := unpack(ctx, in, o)
	if err != nil {
		return nil, text.fail(unreadable(name, err))
	}
	h, err := readText(ctx, name, text, cut, o)
	if err != nil {
		return nil, text.fail(err)
	}
	h.close = text.release
	return h, nil
}

// readText reads what was unpacked; cut is the problem if that ended too early.
func readText(ctx context.Context, name string, in input, cut *fault, o Options) (*History, error) {
	text := in.data
	l, bad := sniff(text, o.Format)
	if bad != nil && cut != nil && bad.code == "empty" {
		bad = cut
	}
	if bad != nil {
		c := &core{name: name, src: text, files: o.files}
		return nil, c.readError(problemList{list: []rawProblem{{int64(bad.off), bad.code, bad.found, bad.want, bad.hint}}})
	}
	l.mapped = in.mapped
	chunks, short, err := l.scan(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	last := chunks[len(chunks)-1]
	if cut != nil && !short {
		last.problem(int64(cut.off), cut.code, cut.found, cut.want, cut.hint)
	}
	var passed problemList
	if o.Lenient {
		passed = last.passTruncated()
	}
	for _, c := range chunks {
		passed.addAll(c.warnings)
	}
	h, err := merge(name, text, chunks, o)
	if err != nil {
		return nil, err
	}
	for _, p := range passed.list {
		h.warnings = append(h.warnings, Problem{h.position(p.off), p.code, p.found, p.want, p.hint})
	}
	return h, nil
}

// passTruncated takes the problem of a truncated tail off the chunk's list: what comes before the tail is used.
func (c *chunk) passTruncated() problemList {
	var passed problemList
	var kept []rawProblem
	for _, p := range c.problems.list {
		if p.code == codeTruncated {
			p.hint = hintCutOff // nobody needs an option that is on
			passed.list = append(passed.list, p)
		} else {
			kept = append(kept, p)
		}
	}
	c.problems.list = kept
	return passed
}

// historyNames are the files that hold the history of a run, best first.
func historyNames() []string {
	var names []string
	for _, packed := range []string{"", ".gz", ".zst"} {
		for _, name := range []string{"history.edn", "history.json", "history.jsonl"} {
			names = append(names, name+packed)
		}
	}
	return names
}

// findHistory is the file in a folder that holds its history.
func findHistory(dir string) (string, error) {
	for _, name := range historyNames() {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() {
			return path, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return path, err
		}
	}
	names := historyNames()
	bad := &Problem{Pos: Pos{File: dir}, Code: "no-history", Found: "a folder without a history", Want: "one of " + strings.Join(names[:3], ", ") + ", or those with .gz or .zst"}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return dir, err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".jepsen") {
			bad.Hint = e.Name() + " isn't read yet"
		}
	}
	return dir, problemError{*bad}
}

// problemError is a Problem on its way to becoming a ReadError.
type problemError struct{ Problem }

func (e problemError) Error() string { return e.String() }

// unreadable makes a ReadError of whatever went wrong before there was text to point into; an end asked for by the context
// stays what it is.
func unreadable(name string, err error) error {
	var p problemError
	switch {
	case errors.As(err, &p):
		if p.Pos.File == "" {
			p.Pos.File = name
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("read %s: %w", name, err)
	case errors.Is(err, fs.ErrNotExist):
		p.Problem = Problem{Pos: Pos{File: name}, Code: "missing-file", Found: "no such file", Hint: "give a file, a folder that holds history.edn, or - for standard input"}
	default:
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		p.Problem = Problem{Pos: Pos{File: name}, Code: "unreadable", Found: err.Error()}
	}
	return &ReadError{Problems: []Problem{p.Problem}}
}

// mapFrom is the size from which files are mapped. Smaller ones are read: that is quicker, and nobody can shorten them
// under our feet.
const mapFrom = 1 << 20

// load gives a file's bytes.
func load(ctx context.Context, path string, o Options) (in input, err error) {
	f, err := os.Open(path)
	if err != nil {
		return input{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return input{}, err
	}
	if info.Mode().IsRegular() {
		if info.Size() >= mapFrom {
			if in, err := mapFile(f, info.Size()); err == nil {
				return in, nil
			}
		}
		o.MaxBytes = max(info.Size()+1, o.maxBytes())
	}
	// A pipe, a small file, or one that can't be mapped.
	return readAll(ctx, f, o, true)
}

func (o Options) maxBytes() int64 {
	if o.MaxBytes > 0 {
		return o.MaxBytes
	}
	return DefaultMaxBytes
}

// readAll reads up to the limit. What was read stays valid beside an error. Where it may, it reserves addresses for all
// that may come, of which only what is used takes memory: a growing buffer would be copied again and again, and take more
// than twice as much.
func readAll(ctx context.Context, r io.Reader, o Options, mayReserve bool) (in input, err error) {
	limit := o.maxBytes()
	buf := make([]byte, 0, 64<<10)
	defer func() { in.data = buf }()
	if mayReserve {
		in.release = func() error { return nil }
	}
	for {
		if err := ctx.Err(); err != nil {
			return in, err
		}
		if mayReserve && len(buf) >= mapFrom {
			mayReserve = false
			if big, err := reserve(limit + 2<<20); err == nil {
				in.release = big.release
				buf = append(big.data[:0], buf...)
			}
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):min(cap(buf), len(buf)+1<<20)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return in, problemError{Problem{Code: "too-large", Found: fmt.Sprintf("more than %d bytes of input once unpacked", limit),
				Want: "less", Hint: "unpack it into a file, which needs no memory of its own, or raise the limit"}}
		}
		if err == io.EOF {
			return in, nil
		}
		if err != nil {
			return in, err
		}
	}
}
