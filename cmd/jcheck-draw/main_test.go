package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServe comes first: once a graph was bad, the library may be in any state.
//
// It checks the protocol that jcheck speaks: many graphs for one process, and an end after a bad one, since the
// library may be in any state then. Without it, jcheck and jcheck-draw could misunderstand each other.
func TestServe(t *testing.T) {
	var stdout, stderr bytes.Buffer
	for _, in := range [...]string{"", "14\ndigraph {a->b}"} {
		if code := run([]string{"-serve"}, strings.NewReader(in), &stdout, &stderr); code != exitDrawn {
			t.Errorf("%q: exit %d at the end of requests, want %d", in, code, exitDrawn)
		}
	}
	stdout.Reset()
	code := run([]string{"-serve"}, strings.NewReader("14\ndigraph {a->b}14\ndigraph {c->d}3\nbad14\ndigraph {e->f}"), &stdout, &stderr)
	text := stdout.String()
	if !strings.HasPrefix(text, greeting+"svg ") || strings.Count(text, "</svg>") != 2 || !strings.Contains(text, "\nerror ") {
		t.Errorf("answered %.200q", text)
	}
	if code != exitUndrawn {
		t.Errorf("exit %d after a bad graph, want %d", code, exitUndrawn)
	}
	for _, in := range [...]string{"x\n", "-1\n", "99999999999\n", "14\ndigraph", "14"} {
		if code := run([]string{"-serve"}, strings.NewReader(in), &stdout, &stderr); code == exitDrawn {
			t.Errorf("%q passes for a request", in)
		}
	}
}

// TestRun checks what comes of good and bad graphs, by exit code and in one clear line. Without it, a bad graph could end
// in a stack trace, or an empty file pass for a drawing.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.dot")
	if err := os.WriteFile(good, []byte(`digraph { a [shape=record, label="<f0> x|y"]; a:f0 -> b }`), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range [...]struct {
		args []string
		in   string
		code int
		err  string
	}{
		{nil, "digraph { a -> b }", exitDrawn, ""},
		{[]string{good}, "", exitDrawn, ""},
		{[]string{"-o", filepath.Join(dir, "x.svg"), good}, "", exitDrawn, ""},
		{nil, "", exitUndrawn, "no graph in the DOT language"},
		{nil, "digraph { a -> ", exitUndrawn, "not in the DOT language"},
		{nil, "/* { */", exitUndrawn, "jcheck-draw: "},
		{nil, `digraph { a [shape=record, label="{{{"] }`, exitUndrawn, "can't be drawn"},
		{nil, "digraph {" + strings.Repeat(" ", maxInput) + "}", exitUndrawn, "more than"},
		{[]string{"no such file"}, "", exitUsage, "no such file"},
		{[]string{"a", "b"}, "", exitUsage, "one graph at a time"},
		{[]string{"-x"}, "", exitUsage, "not defined"},
		{[]string{"-h"}, "", exitDrawn, "Usage"},
	} {
		var stdout, stderr bytes.Buffer
		if got := run(c.args, strings.NewReader(c.in), &stdout, &stderr); got != c.code {
			t.Errorf("%q %.20q: exit %d, want %d", c.args, c.in, got, c.code)
		}
		if !strings.Contains(stderr.String(), c.err) || c.err == "" && stderr.Len() > 0 || strings.Contains(stderr.String(), "goroutine") {
			t.Errorf("%q %.20q: stderr %q, want %q", c.args, c.in, stderr.String(), c.err)
		}
		if drawn := strings.Contains(stdout.String(), "</svg>"); drawn != (c.code == exitDrawn && c.err == "" && !strings.HasPrefix(strings.Join(c.args, ""), "-o")) {
			t.Errorf("%q %.20q: printed %.60q", c.args, c.in, stdout.String())
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "x.svg")); err != nil || !bytes.Contains(text, []byte("</svg>")) {
		t.Errorf("-o wrote %.60q, %v", text, err)
	}
}
