package client

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

// What of the programs' stderr is kept in the log.
const (
	maxLogLine = 2000
	maxLog     = 16 << 20
)

// A lineLog writes what programs say to the log of a run, in whole lines, up to a limit.
type lineLog struct {
	mu sync.Mutex
	to io.Writer

	said map[string]bool
	used int
}

// line writes one line.
func (l *lineLog) line(from string, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used > maxLog {
		return
	}
	if l.used += len(text) + len(from); l.used > maxLog {
		from, text = "", []byte("clients say too much: the rest isn't kept")
	}
	_, _ = fmt.Fprintf(l.to, "%s%s\n", from, text) // a log that can't be written changes no outcome
}

// once writes a line that wasn't written before.
func (l *lineLog) once(text string) {
	l.mu.Lock()
	known := l.said[text] || len(l.said) > 100
	if !known {
		if l.said == nil {
			l.said = make(map[string]bool)
		}
		l.said[text] = true
	}
	l.mu.Unlock()
	if !known {
		l.line("client exec: ", []byte(text))
	}
}

// of is where the program of a process writes.
func (l *lineLog) of(p Process) *lineWriter {
	return &lineWriter{log: l, from: fmt.Sprintf("client %d %s: ", p.Number, p.Node)}
}

// A lineWriter cuts what it gets into lines.
type lineWriter struct {
	log     *lineLog
	from    string
	partial []byte
	skip    bool // the rest of a line that was too long
}

func (w *lineWriter) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		part, rest, whole := bytes.Cut(b, []byte("\n"))
		b = rest
		if !w.skip {
			w.partial = append(w.partial, part[:min(len(part), maxLogLine-len(w.partial))]...)
		}
		if whole || len(w.partial) == maxLogLine && !w.skip {
			if !w.skip {
				w.log.line(w.from, w.partial)
			}
			w.partial, w.skip = w.partial[:0], !whole
		}
	}
	return n, nil
}

// end writes a last line that has no end.
func (w *lineWriter) end() {
	if len(w.partial) > 0 {
		w.log.line(w.from, w.partial)
	}
}

// A tail keeps the last of what is written to it.
type tail struct {
	mu    sync.Mutex
	bytes []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes = append(t.bytes, b[max(0, len(b)-maxTail):]...)
	if extra := len(t.bytes) - maxTail; extra > 0 {
		t.bytes = append(t.bytes[:0], t.bytes[extra:]...)
	}
	return len(b), nil
}

// text is the last line.
func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(t.bytes), "?")), "\n")
	return lines[len(lines)-1]
}
