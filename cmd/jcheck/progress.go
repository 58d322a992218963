package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress tells on a terminal what a long check is doing. Short ones never show it, and neither does a pipe.
type progress struct {
	w     io.Writer
	on    bool
	mu    sync.Mutex // readers report from several goroutines
	next  time.Time  // nothing is written before
	shown bool
}

// The pause before the first line, and between two.
const (
	progressAfter = 400 * time.Millisecond
	progressEvery = 100 * time.Millisecond
)

func newProgress(w io.Writer) *progress {
	return &progress{w: w, on: isTerminal(w), next: time.Now().Add(progressAfter)}
}

// reading gives the callback for a reader.
func (p *progress) reading(name string) func(done, total int64) {
	if !p.on {
		return nil
	}
	return func(done, total int64) {
		if total > 0 {
			p.say(fmt.Sprintf("reading %s: %d%% of %s", name, done*100/total, sizeText(total)), false)
		}
	}
}

// say shows a line in the place of the one before. Unless it is urgent, it may be left out.
func (p *progress) say(text string, urgent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !p.on || now.Before(p.next) && !(urgent && p.shown) {
		return
	}
	p.next = now.Add(progressEvery)
	p.shown = true
	fmt.Fprintf(p.w, "\r\x1b[K%s", text)
}

// clear takes the line away, before anything else is written.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// isTerminal tells whether w is one.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// terminalWidth is the width of the terminal to write for, within what reads well; 80 where there is none.
func terminalWidth(w any) int {
	f, ok := w.(*os.File)
	if !ok || !isTerminal(w) {
		return 80
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 40 {
		return 80
	}
	return min(width, 110)
}

// wantsColor tells whether to colour what is written to w: on a terminal, unless NO_COLOR is set (no-color.org).
func wantsColor(w any) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
