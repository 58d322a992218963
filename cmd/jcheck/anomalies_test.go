package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"jcheck/internal/cycle"
)

func TestAnomaliesCoverTheTables(t *testing.T) {
	// Without this, an anomaly that internal/cycle gains could go unexplained, or two be explained under one name.
	byName := map[string]string{}
	for _, a := range allAnomalies() {
		for _, name := range append([]string{a.Name}, a.Also...) {
			if other, taken := byName[name]; taken && a.Group != groupTable {
				t.Errorf("%s names both %s and %s", name, other, a.Name)
			}
			byName[name] = a.Name
		}
		if a.Definition == "" || a.Source == "" || a.Group != groupTable && a.Meaning == "" {
			t.Errorf("%s: definition %q, source %q, meaning %q: want all three", a.Name, a.Definition, a.Source, a.Meaning)
		}
	}
	for _, name := range cycle.AnomalyNames() {
		if _, ok := byName[name]; !ok {
			t.Errorf("%s is not explained", name)
		}
	}
}

func TestFindAnomaly(t *testing.T) {
	// Without this, the names that people know anomalies by could lead to nothing, or to a name of the tables.
	for _, c := range []struct{ name, want string }{
		{"G0", "G0"},
		{"g-single-item", "G-single-item"},
		{":G1c", "G1c"},
		{"write skew", "G2-item"},
		{"long-fork", "G-nonadjacent-item"},
		{"dirty-read", "G1a"},
		{"stale-read", "G-single-item-realtime"},
		{"G1", "G1"},
	} {
		if got, err := findAnomaly(c.name); err != nil || got.Name != c.want {
			t.Errorf("findAnomaly(%q) = %s, %v, want %s", c.name, got.Name, err, c.want)
		}
	}
	if got, err := findAnomaly("no-such"); err == nil {
		t.Errorf("findAnomaly(no-such) = %s, want an error", got.Name)
	}
	if got, err := findAnomaly("Lost Updates"); err == nil || !strings.Contains(err.Error(), "did you mean lost-update") {
		t.Errorf("findAnomaly(Lost Updates) = %s, %v, want lost-update to be suggested", got.Name, err)
	}
}

func TestPrintAnomalies(t *testing.T) {
	// Without this, a page could run over its width, show no history where there is one, or print broken JSON.
	for _, a := range allAnomalies() {
		var b bytes.Buffer
		if err := printAnomaly(t.Context(), &b, a); err != nil {
			t.Errorf("anomalies %s: %v", a.Name, err)
		}
		text, _, _ := strings.Cut(b.String(), "The same as EDN")
		for line := range strings.Lines(text) {
			if n := len([]rune(line)); n > pageWidth+1 {
				t.Errorf("anomalies %s: a line of %d characters: %q", a.Name, n, line)
			}
		}
		if shown := strings.Contains(text, "T1  "); shown != (a.History != "") {
			t.Errorf("anomalies %s: a history is shown: %v, there is one: %v", a.Name, shown, a.History != "")
		}
		if a.History == "" {
			continue
		}
		b.Reset()
		if err := printHistory(t.Context(), &b, a, "json"); err != nil {
			t.Errorf("anomalies %s --history json: %v", a.Name, err)
		}
		for line := range strings.Lines(b.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("anomalies %s --history json: not JSON: %q", a.Name, line)
			}
		}
	}
	var list bytes.Buffer
	if err := printAnomalies(&list, "json"); err != nil || !json.Valid(list.Bytes()) {
		t.Errorf("anomalies --output json: %v\n%s", err, list.String())
	}
}

func TestSketch(t *testing.T) {
	// Without this, the drawing could show transactions as concurrent that weren't, or lose how one ended.
	a, err := findAnomaly("G1a")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := printAnomaly(t.Context(), &b, a); err != nil {
		t.Fatal(err)
	}
	want := `
  T1  ├─┤           process 0  append x 1
  T2      ├─┤       process 1  append x 2  (failed)
  T3          ├─┤   process 2  read x → [1 2]
`
	if !strings.Contains(b.String(), want) {
		t.Errorf("anomalies G1a prints\n%s\nwant it to contain%s", b.String(), want)
	}
}
