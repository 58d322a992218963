package main

import (
	"strings"
	"sync"
	"unicode"
)

// said keeps the first bytes that a child says on its standard error, for a message: the writing goes on in a goroutine
// of its own.
type said struct {
	mu   sync.Mutex
	text []byte
}

// maxSaid is how much of what a child says is kept.
const maxSaid = 200

func (t *said) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if room := maxSaid - len(t.text); room > 0 {
		t.text = append(t.text, b[:min(len(b), room)]...)
	}
	return len(b), nil
}

// String is the first line that was said, fit for a terminal.
func (t *said) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return plainLine(string(t.text))
}

// plainLine is the first line of a stranger's text, without characters that a terminal may obey.
func plainLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}
