package main

import (
	"bytes"
	"testing"
	"time"
)

// TestProgress checks that a short check shows nothing, that a line replaces the one before, and that nothing is left
// behind. Without it, a report on a terminal could begin in the middle of a line.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	if p.reading("h.edn") != nil {
		t.Error("a buffer is no terminal, but it is to be told of progress")
	}
	p.on = true
	p.say("too early", false)
	p.say("urgent, but nothing was shown yet", true)
	p.clear()
	if got := out.String(); got != "" {
		t.Errorf("a short check wrote %q", got)
	}
	p.next = time.Time{}
	p.reading("h.edn")(1<<20, 4<<20)
	p.say("too soon", false)
	p.say("checking h.edn", true)
	p.clear()
	p.clear()
	want := "\r\x1b[Kreading h.edn: 25% of 4 MiB\r\x1b[Kchecking h.edn\r\x1b[K"
	if got := out.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
