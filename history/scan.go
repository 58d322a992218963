package history

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

	"jcheck/internal/edn"
)

// fault is where and how the text of an operation is wrong.
type fault struct {
	off                     int
	code, found, want, hint string
}

// scanner reads one piece of the input straight into a chunk; the formats embed it. All offsets are those of the whole
// input, src; a piece says only where operations may begin, the last one may end beyond it.
type scanner struct {
	c      *chunk
	src    []byte
	pos    int
	closer byte   // the bracket that ends the list of operations; 0 where they stand one after another
	marks  []mark // how an operation may begin
	plain  bool   // every value goes by way of its tree: what tests compare the direct ways with

	// Scratch, reused from operation to operation.
	mops  []scratchMop
	elems []Sym
	text  []byte
	texts map[string]Sym // see known

	faults, lost int // see maxFaults, maxLost
}

// scratchMop is a micro-op that waits until it is certain that the whole value is a txn.
type scratchMop struct {
	f        Sym // its function's name
	key, arg Sym
	shape    Shape
	from, to int // of a read, its span in scratch elems
}

// format is a scanner of one format.
type format interface {
	// between skips what stands before an operation. more is false at the end of the input, or at the closing bracket.
	between(first bool) (more bool, f *fault)
	// op reads the operation that starts here. What is wrong with its meaning goes to the chunk; a fault means that the
	// text is broken and that it isn't known where the operation ends.
	op() *fault
	// tail says what is wrong with the text behind the closing bracket.
	tail() *fault
	base() *scanner
}

func (s *scanner) base() *scanner { return s }

// outcome is how the scan of a piece ended.
type outcome struct {
	end  int  // where the next operation starts, or the input ends
	last bool // nothing comes after this piece
	cut  bool // the input ends too early
}

// run reads the operations that start in [pos, to).
func run(f format, to int) outcome {
	s := f.base()
	first := true
	for {
		more, bad := f.between(first)
		if bad == nil && more && s.pos >= to {
			return outcome{end: s.pos}
		}
		if bad == nil && !more {
			return s.finish(f)
		}
		from := s.pos // where to look for the next operation if this one is broken
		if bad == nil {
			s.c.begin(int64(s.pos))
			from++
			bad = f.op()
		}
		if first = bad != nil; first && !s.recover(bad, from) {
			return outcome{end: len(s.src), last: true, cut: bad.code == codeTruncated}
		}
		if s.faults > maxFaults || s.lost > maxLost {
			return outcome{end: to, last: to == len(s.src)}
		}
	}
}

// finish is the outcome at the end of the input or at the closing bracket.
func (s *scanner) finish(f format) outcome {
	done := outcome{end: len(s.src), last: true}
	switch {
	case s.closer == 0:
	case s.pos >= len(s.src):
		s.c.problem(int64(len(s.src)), codeTruncated, "the end of the input within the list of operations", fmt.Sprintf("%q", s.closer), hintTruncated)
		done.cut = true
	default:
		s.pos++
		if bad := f.tail(); bad != nil {
			s.c.problem(int64(bad.off), bad.code, bad.found, bad.want, bad.hint)
		}
	}
	return done
}

// recover notes a fault and moves to where another operation begins, at from or later. It is false if there is none.
func (s *scanner) recover(bad *fault, from int) bool {
	inOp := from > 0 && (s.src[from-1] == '{' || s.src[from-1] == '#')
	if bad.code == codeSyntax && inOp && s.endsWithin(bad.off) {
		bad = s.truncated(from - 1)
	}
	at := max(from, bad.off)
	if bad.code == codeTruncated {
		at = from
	}
	next := nextOp(s.src, at, s.marks)
	s.faults++
	if bad.code == codeTruncated && next >= 0 {
		// Where operations follow, the text isn't cut off: rather a bracket or a quote is missing.
		bad.code, bad.hint = codeSyntax, "a bracket or a quote is missing in this operation"
	}
	if bad.code == codeTruncated {
		s.c.problems.dropFrom(int64(from) - 1) // :in is no type, but it would have become :invoke
	}
	s.c.problem(int64(bad.off), bad.code, bad.found, bad.want, bad.hint)
	s.pos = next
	return next >= 0
}

// endsWithin tells whether the input ends within the token at off, which might have been in order had it gone on: \newl,
// ##N, a colon, half of an escape.
func (s *scanner) endsWithin(off int) bool {
	const longest = 64 // much longer tokens than the last one of a file that was cut off needn't be looked at
	rest := s.src[min(off, len(s.src)):]
	if len(rest) == 0 || len(rest) > longest {
		return false
	}
	for i, c := range rest {
		if edn.IsDelimiter(c) && (i > 0 || c != '\\') {
			return false
		}
	}
	return true
}

// A bracket that is missing makes a value of all that follows. So that one slip doesn't cost a tree of the whole file, nor
// many slips one each, values are read in a window that grows, and a piece of the input is given up beyond these limits.
const (
	firstWindow = 64 << 10
	lastWindow  = 1 << 20 // where operations seem to begin within the value, it isn't followed further
	cutMargin   = 8 << 10 // a fault this close to the window's end may come of the cut
	maxFaults   = 1000
	maxLost     = 4 << 20 // bytes looked at in vain
)

// inWindow reads the value that starts here by a function of the text, which tells where the value ended or, from the
// start of the text, what is wrong.
func (s *scanner) inWindow(read func(text []byte) (Value, int, *fault)) (Value, *fault) {
	const growth = lastWindow / firstWindow
	for size := firstWindow; ; size *= growth {
		text := s.src[s.pos:]
		whole := len(text)/growth <= size/growth // so that size can't overflow
		if !whole {
			text = text[:size]
		}
		v, n, bad := read(text)
		switch {
		case bad == nil && (whole || n < size):
			s.pos += n
			return v, nil
		case bad != nil && (whole || bad.code == codeSyntax && bad.off+cutMargin < size):
			s.lost += bad.off
			if bad.code == codeTruncated {
				s.lost += len(text) - bad.off
			}
			bad.off += s.pos
			return v, bad
		case size >= lastWindow && nextOp(s.src[:s.pos+size], s.pos+1, s.marks) >= 0:
			s.lost += size
			return v, &fault{s.pos, codeTruncated, "a value that isn't closed before other operations begin", "", hintTruncated}
		}
	}
}

// Codes of problems, and hints that several places give.
const (
	codeSyntax    = "syntax"
	codeTruncated = "truncated"
	codeNotOp     = "not-an-operation"

	hintTruncated = "the file was cut short; --lenient uses what comes before"
	hintCutOff    = "the file was cut short; what comes before is used"
)

// mark is a text that follows the opening brace of an operation: its first key.
type mark string

// opMarks are the fields with which operations usually begin, in this format.
func opMarks(json bool) []mark {
	names := []string{"index", "type", "process", "time", "f", "value"}
	marks := make([]mark, len(names))
	for i, n := range names {
		marks[i] = mark(":" + n)
		if json {
			marks[i] = mark(`"` + n + `"`)
		}
	}
	return marks
}

// nextOp is the first place at or after from that looks like the start of an operation, or -1: a brace (with its tag, if
// any) with a usual first key, at the start of a line or behind a closing brace. It only guesses: a brace within a string
// or a nested map can look the same.
func nextOp(src []byte, from int, marks []mark) int {
	for i := from; i < len(src); i++ {
		n := bytes.IndexByte(src[i:], '{')
		if n < 0 {
			return -1
		}
		i += n
		if !marked(src[i+1:], marks) {
			continue
		}
		start := tagStart(src, from, i)
		if opensLine(src, start) {
			return start
		}
	}
	return -1
}

func marked(after []byte, marks []mark) bool {
	for len(after) > 0 && edn.IsSpace(after[0]) {
		after = after[1:]
	}
	for _, m := range marks {
		if len(after) > len(m) && string(after[:len(m)]) == string(m) && (edn.IsDelimiter(after[len(m)]) || after[len(m)] == ':') {
			return true
		}
	}
	return false
}

// tagStart is where the tag before the brace at i begins, or i if there is none.
func tagStart(src []byte, from, i int) int {
	for j := i - 1; j >= from && !edn.IsDelimiter(src[j]) && i-j < 100; j-- {
		if src[j] == '#' {
			return j
		}
	}
	return i
}

// opensLine tells whether only white space lies between i and the start of its line, or a closing brace.
func opensLine(src []byte, i int) bool {
	for i--; i >= 0; i-- {
		switch c := src[i]; {
		case c == '\n' || c == '}':
			return true
		case !edn.IsSpace(c):
			return false
		}
	}
	return true
}

// pieceSize is how many bytes of the input a chunk holds, roughly. It must not depend on the machine: the numbering of
// values, though not their order, follows the pieces.
const pieceSize = 4 << 20

// layout is what is known of an input before its operations are read.
type layout struct {
	src  []byte
	json bool
	dialect
	start  int // the first operation
	closer byte
	marks  []mark
	plain  bool // see scanner
	size   int  // of a piece, roughly; 0 means pieceSize
	mapped bool // src is a mapped file
}

// newFormat is a scanner of the layout's format, at pos, with a chunk of its own.
func (l *layout) newFormat(pos int) format {
	s := scanner{c: newChunk(l.src, int64(pos)), src: l.src, pos: pos, closer: l.closer, marks: l.marks, plain: l.plain}
	switch l.dialect {
	case porcupineLog:
		return &logScanner{scanner: s}
	case porcupineKV:
		return &kvScanner{ednScanner{s}}
	case etcdReport:
		s.c.src = nil // the order of time isn't that of the file, so nothing can be foretold of its length
		return &etcdScanner{jsonScanner: jsonScanner{s}}
	}
	if l.json {
		s.c.parse = parseJSON
		return &jsonScanner{s}
	}
	return &ednScanner{s}
}

// scan reads all operations. Pieces are read side by side from guessed places; then each is accepted only if the one before
// it ended just where it starts, or else read again from the right place. So the outcome is that of reading in one go.
func (l *layout) scan(ctx context.Context, o Options) (chunks []*chunk, cut bool, err error) {
	starts := l.guess()
	type result struct {
		chunk *chunk
		outcome
	}
	results := make([]result, len(starts))
	read := func(i, from int) {
		to := len(l.src)
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		f := l.newFormat(from)
		results[i] = result{outcome: run(f, to), chunk: f.base().c}
		if held, ok := f.(flusher); ok {
			held.flush()
		}
		results[i].chunk.seal()
		if l.mapped {
			dropPages(l.src, from, results[i].end)
		}
	}
	report := newReport(o.Progress, l.src, starts)
	parallel(len(starts), o.workers(), func(i int) {
		if ctx.Err() == nil {
			read(i, starts[i])
			report.done(i)
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	at := starts[0]
	for i := range starts {
		if i > 0 && i+1 < len(starts) && at >= starts[i+1] {
			continue // the piece before ran over all of this one
		}
		if at != starts[i] {
			read(i, at)
		}
		r := &results[i]
		chunks, at = append(chunks, r.chunk), r.end
		if r.last {
			return chunks, r.cut, ctx.Err()
		}
	}
	return chunks, false, ctx.Err()
}

// guess is where the pieces start: the first operation, then what looks like one after every pieceSize bytes.
func (l *layout) guess() []int {
	starts := []int{l.start}
	size := cmp.Or(l.size, pieceSize)
	for {
		from := starts[len(starts)-1] + size
		if from+size/2 > len(l.src) {
			return starts
		}
		next := nextOp(l.src, from, l.marks)
		if next < 0 {
			return starts
		}
		starts = append(starts, next)
	}
}
