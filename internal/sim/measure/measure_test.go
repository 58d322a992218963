//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"jcheck/history"
)

// Without this, a shape could be measured that isn't a history at all, or one of the wrong length: a checker is quick to
// refuse.
func TestShapesAreHistories(t *testing.T) {
	for _, g := range groups() {
		if g.make == nil {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			var b bytes.Buffer
			w := bufio.NewWriter(&b)
			const n = 1000
			if err := g.make(w, edn, n); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			h, err := history.Read(context.Background(), g.name, b.Bytes(), history.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if h.Len() < 2*n {
				t.Errorf("got %d operations, want at least %d", h.Len(), 2*n)
			}
			small := slices.ContainsFunc(checkers(), func(c group) bool { return c.name == g.name })
			for id := range h.All() {
				if !small && h.Kind(id) != history.KindTxn {
					t.Fatalf("operation %d is no transaction", id)
				}
			}
		})
	}
}

// Without this, the table could show a run's memory as nothing, or a command's exit code as success.
func TestMeasure(t *testing.T) {
	c, err := measure([]string{"CODE=3"}, os.Stderr, "sh", "-c", "sleep 0.1; exit $CODE")
	if err != nil {
		t.Fatal(err)
	}
	if c.exit != 3 || c.wall < 100*ms || c.peak == 0 {
		t.Errorf("got exit code %d, wall %v, peak %d, want 3, at least 100ms, more than 0", c.exit, c.wall, c.peak)
	}
	if _, err := os.Stat("/proc/self/status"); err == nil && c.anon == 0 {
		t.Error("got no memory, want some")
	}
	if _, err := measure(nil, os.Stderr, "./no-such-command"); err == nil {
		t.Error("got no error for a command that doesn't exist")
	}
}

// Without this, memory could be read from the wrong line, or a lucky run be shown as the usual one.
func TestStatusAndMedian(t *testing.T) {
	text := []byte("Name:\tx\nVmRSS:\t  12 kB\nRssAnon:\t  7 kB\nRssFile:\t 5 kB\n")
	if n, ok := statusField(text, "RssAnon:"); n != 7<<10 || !ok {
		t.Errorf("got %d, %v, want %d, true", n, ok, 7<<10)
	}
	if _, ok := statusField(text, "RssShmem:"); ok {
		t.Error("got a field that isn't there")
	}
	got := median([]cost{{cpu: 3 * time.Second, anon: 1}, {cpu: time.Second, anon: 9}, {cpu: 2 * time.Second, anon: 2}})
	if got.cpu != 2*time.Second || got.anon != 9 {
		t.Errorf("got %v, %d bytes, want 2s and 9, the most of all runs", got.cpu, got.anon)
	}
}
