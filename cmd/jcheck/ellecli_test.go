package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jcheck/internal/corpus"
)

func TestElleCLICorpus(t *testing.T) {
	// Without this, a script that calls elle-cli on the histories of its own tests could get another answer from us.
	root := corpus.Dir(t)
	text, err := os.ReadFile(filepath.Join(root, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "\t")
		if len(cells) < 5 || !strings.HasPrefix(cells[0], "histories/elle-cli/jepsen/") {
			continue
		}
		model, verdict := cells[2], cells[3]
		if m, ok := cliModelOf(model); !ok || !m.built() {
			t.Logf("%s: model %s is not built", cells[0], model)
			continue
		}
		seen++
		args := []string{"-m", model}
		if _, options, ok := strings.Cut(cells[4], "("); ok { // "invalid (--group-size 3)"
			args = append(args, strings.Fields(strings.TrimSuffix(options, ")"))...)
		}
		var stdout, stderr bytes.Buffer
		got := run(append(args, filepath.Join(root, cells[0])), nil, &stdout, &stderr)
		if want := map[string]int{"valid": exitValid, "invalid": exitInvalid}[verdict]; got != want {
			t.Errorf("%s %v: exit code %d, want %d (%s)\n%s%s", cells[0], args, got, want, verdict, &stdout, &stderr)
		}
	}
	if seen < 10 {
		t.Errorf("only %d histories were judged", seen)
	}
}

// cliModelOf is the model of that name.
func cliModelOf(name string) (cliModel, bool) {
	for _, m := range cliModels {
		if m.name == name {
			return m, true
		}
	}
	return cliModel{}, false
}
