package run

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// logTime is how the log writes a time, as Jepsen's does.
const logTime = "2006-01-02 15:04:05,000"

// newLog is the log of a run: lines of time, level, who speaks and what, with tabs between; or JSON.
func newLog(w io.Writer, asJSON bool) *slog.Logger {
	if asJSON {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(&lineLog{out: &lockedWriter{w: w}})
}

// lockedWriter lets several goroutines write whole lines.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// lineLog writes records as lines: "2020-10-22 11:37:55,738{GMT}\tINFO\t[main] jcollect: text key=value".
type lineLog struct {
	out   *lockedWriter
	attrs string
}

// Enabled says yes to everything but the chatter of debugging.
func (l *lineLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle writes one record. The attribute "who" names the speaker.
func (l *lineLog) Handle(_ context.Context, r slog.Record) error {
	who, attrs := "main", l.attrs
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "who" {
			who = a.Value.String()
		} else {
			attrs += attrText(a)
		}
		return true
	})
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	// A line stays a line whatever a node or a database said.
	text := strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(r.Message + attrs)
	_, err := fmt.Fprintf(l.out, "%s{GMT}\t%s\t[%s] jcollect: %s\n", at.UTC().Format(logTime), r.Level, who, text)
	return err
}

// attrText is an attribute behind the text of a line.
func attrText(a slog.Attr) string { return fmt.Sprintf(" %s=%q", a.Key, a.Value.String()) }

// WithAttrs is the log with attributes that all its lines have.
func (l *lineLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *l
	for _, a := range attrs {
		with.attrs += attrText(a)
	}
	return &with
}

// WithGroup changes nothing: our attributes need no groups.
func (l *lineLog) WithGroup(string) slog.Handler { return l }

// lineWriter turns what a program says, piece by piece, into lines of the log.
type lineWriter struct {
	mu   sync.Mutex
	log  *slog.Logger
	who  string
	rest []byte
}

// maxLogLine is how long a line of somebody else's gets before it is cut.
const maxLogLine = 8 << 10

// Write logs the lines that are complete.
func (w *lineWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(b)
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		end := i
		if i < 0 {
			end = len(b)
		}
		if room := maxLogLine - len(w.rest); room > 0 {
			w.rest = append(w.rest, b[:min(end, room)]...)
		}
		if i < 0 {
			return n, nil
		}
		w.log.Info(string(w.rest), "who", w.who)
		w.rest = w.rest[:0]
		b = b[i+1:]
	}
	return n, nil
}
