package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jcheck/internal/corpus"
)

// shrunk is what shrinking made of one history.
type shrunk struct {
	kind          string
	before, after int // operations
}

// shrinkFile shrinks a history, and checks by a run of its own that the new one shows the same. ok is false if the history
// isn't invalid.
func shrinkFile(t *testing.T, path string, flags ...string) (s shrunk, ok bool) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "small"+filepath.Ext(path))
	var stdout, stderr bytes.Buffer
	code := run(append([]string{"shrink", path, "--to", to, "--max-checks", "300"}, flags...), nil, &stdout, &stderr)
	if code == exitUnknown || code == exitUsage && !strings.Contains(stderr.String(), "internal") {
		return s, false
	}
	kind, rest, _ := strings.Cut(stdout.String(), ": ")
	_, command, found := strings.Cut(stdout.String(), "To see it: jcheck ")
	var noun string // operation or operations
	if _, err := fmt.Sscanf(rest, "%d %s of %d left", &s.after, &noun, &s.before); code != exitValid || err != nil || !found {
		t.Errorf("%s: exit code %d, %v: %s%s", path, code, err, stdout.String(), stderr.String())
		return s, false
	}
	s.kind = kind
	stdout.Reset()
	words := append(strings.Fields(command), "--output", "json")
	if code := run(words, nil, &stdout, &stderr); code != exitInvalid || !strings.Contains(stdout.String(), `"`+kind+`"`) {
		t.Errorf("%s: jcheck %s: exit code %d, want 1 and %q in\n%s%s", path, command, code, kind, stdout.String(), stderr.String())
	}
	if s.after > s.before || s.after == 0 {
		t.Errorf("%s: %d operations of %d left", path, s.after, s.before)
	}
	return s, true
}

func TestShrinkCorpus(t *testing.T) {
	// Without this, shrinking could lose the anomalies of real histories, or leave them as large as they are.
	root := corpus.Dir(t)
	var all []shrunk
	for _, dir := range []string{"histories", "recorded", "generated"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains([]string{".edn", ".json", ".jsonl"}, filepath.Ext(path)) {
				return err
			}
			if s, ok := shrinkFile(t, path); ok {
				all = append(all, s)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	tellSizes(t, "files", all, 70, 10)
}

// tellSizes logs the mean sizes, and wants at least so many histories, of which no one is larger than that.
func tellSizes(t *testing.T, what string, all []shrunk, least, mean int) {
	before, after := 0, 0
	for _, s := range all {
		before += s.before
		after += s.after
	}
	if len(all) < least {
		t.Fatalf("%d invalid %s, want at least %d", len(all), what, least)
	}
	t.Logf("%d invalid %s: %.1f operations on average, %.1f once shrunk", len(all), what,
		float64(before)/float64(len(all)), float64(after)/float64(len(all)))
	if after > mean*len(all) {
		t.Errorf("%s: %.1f operations are left on average, want at most %d", what, float64(after)/float64(len(all)), mean)
	}
}

func TestShrinkElleCases(t *testing.T) {
	// Without this, shrinking could fail at one of the anomalies that files of recorded histories don't have.
	file, err := os.Open(filepath.Join(corpus.Dir(t), "elle-cases.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []shrunk
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var c struct {
			Name, Model string
			Valid       any
			Opts        map[string]any
			History     []json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Valid != false {
			continue
		}
		path := filepath.Join(t.TempDir(), "case.json")
		if err := os.WriteFile(path, bytes.Join(rawLines(c.History), []byte("\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		s, ok := shrinkFile(t, path, append(caseFlags(t, c.Opts), "--checker", "elle", "--workload", c.Model)...)
		if !ok {
			t.Errorf("%s can't be shrunk as a file", c.Name)
			continue
		}
		all = append(all, s)
	}
	tellSizes(t, "cases of elle", all, 80, 5)
}

func rawLines(raw []json.RawMessage) [][]byte {
	lines := make([][]byte, len(raw))
	for i, r := range raw {
		lines[i] = r
	}
	return lines
}

// caseFlags are the flags that say what a case's options say.
func caseFlags(t *testing.T, opts map[string]any) []string {
	var flags []string
	if order, ok := opts["transaction-order"]; ok {
		text, err := json.Marshal(order)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "order.json")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		flags = append(flags, "--transaction-order", path)
	}
	for _, name := range []string{"consistency-models", "anomalies"} {
		if list, ok := opts[name].([]any); ok {
			flags = append(flags, "--"+name, strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]"))
		}
	}
	for _, name := range []string{"wfr-keys", "sequential-keys", "linearizable-keys"} {
		if opts[name+"?"] == true {
			flags = append(flags, "--"+name)
		}
	}
	return flags
}
