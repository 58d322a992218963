package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"jcheck/internal/cycle"
)

func TestModelsCoverTheLattice(t *testing.T) {
	// Without this, a model that internal/cycle gains could be missing from the page, or stand before what it implies.
	seen := map[string]bool{}
	for _, m := range allModels() {
		for _, weaker := range m.Implies {
			if !seen[weaker] {
				t.Errorf("%s stands before %s, which it implies", m.Name, weaker)
			}
		}
		seen[m.Name] = true
		for _, a := range m.Aliases {
			seen[a] = true
		}
	}
	for _, name := range cycle.ModelNames() {
		if !seen[name] {
			t.Errorf("%s is not among the models", name)
		}
	}
	for _, m := range modelMeanings {
		if canonical, _ := cycle.Canonical(m.canonical); canonical != m.canonical {
			t.Errorf("the meaning of %s belongs to no canonical model", m.canonical)
		}
	}
}

func TestLevelsNameModels(t *testing.T) {
	// Without this, the table could tell users to ask for a model that -c does not know, or give no source.
	var databases []string
	for i, l := range levels {
		if _, ok := cycle.Canonical(l.Model); !ok {
			t.Errorf("%s, %s: %q is no model", l.Database, l.Level, l.Model)
		}
		if len(l.Sources) == 0 || slices.Contains(l.Sources, "") {
			t.Errorf("%s, %s has no source", l.Database, l.Level)
		}
		if i == 0 || levels[i-1].Database != l.Database {
			databases = append(databases, l.Database)
		}
	}
	slices.Sort(databases)
	if d := slices.Compact(slices.Clone(databases)); len(d) != len(databases) {
		t.Errorf("the rows of a database stand apart: %v", databases)
	}
}

func TestPrintModels(t *testing.T) {
	// Without this, a name that users know (friendly, canonical, alias, database) could stop being found.
	for _, c := range []struct{ name, want string }{
		{"", "\n  strong-serializable = strict-serializable = PL-SS\n"},
		{"", "\n  REPEATABLE READ                                snapshot-isolation   [1]\n"},
		{"strict-serializable", "strong-serializable = strict-serializable = PL-SS\n"},
		{"PL-2.99", "repeatable-read = PL-2.99\n"},
		{"postgresql", "SERIALIZABLE                                   serializable         [1][2]\n"},
		{"linearizable", "  forbids      –\n"},
		{"linearizable", "  Of single objects, such as registers, queues and locks, jcheck linearizable\n  checks it."},
		{"causal", "  Nothing that is checked can rule this model out"},
	} {
		var b bytes.Buffer
		if err := printModels(&b, c.name, "text"); err != nil || !strings.Contains(b.String(), c.want) {
			t.Errorf("models %q: %v\n%s\nwant it to contain %q", c.name, err, b.String(), c.want)
		}
		for line := range strings.Lines(b.String()) {
			if n := len([]rune(line)); n > pageWidth+1 {
				t.Errorf("models %q: a line of %d characters: %q", c.name, n, line)
			}
		}
		b.Reset()
		if err := printModels(&b, c.name, "json"); err != nil || !json.Valid(b.Bytes()) {
			t.Errorf("models %q as JSON: %v\n%s", c.name, err, b.String())
		}
	}
	err := printModels(&bytes.Buffer{}, "serialisable", "text")
	if err == nil || !strings.Contains(err.Error(), "did you mean serializable") {
		t.Errorf("models serialisable: %v, want a hint at serializable", err)
	}
}

func TestParagraph(t *testing.T) {
	// Without this, texts could run over the width of a page, or lose the blank after a head as wide as the indent.
	for _, c := range []struct{ head, text, want string }{
		{"", "a b", "    a b\n"},
		{"ab", "c", "ab  c\n"},
		{"abcd", "e", "abcd e\n"},
		{"", strings.Repeat("x", 100) + " y", "    " + strings.Repeat("x", 100) + "\n    y\n"},
		{"", strings.Repeat("ab ", 26), "    " + strings.Repeat("ab ", 24) + "ab\n    ab\n"},
	} {
		if got := paragraph(c.head, 4, c.text); got != c.want {
			t.Errorf("paragraph(%q, %q) = %q, want %q", c.head, c.text, got, c.want)
		}
	}
}
