package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"jcheck/fixtures"
	"jcheck/internal/edn"
)

// histories are all our own small histories.
func histories(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(filepath.Join("..", "..", "fixtures"), func(path string, d fs.DirEntry, err error) error {
		if ext := filepath.Ext(path); err == nil && (ext == ".edn" || ext == ".json" || ext == ".jsonl") && d.Name() != "expected.json" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("only %d fixtures found", len(files))
	}
	return files
}

// verbOf is the command that checks one of our own histories.
func verbOf(file string) string {
	for _, c := range fixtures.Cases() {
		if strings.HasSuffix(filepath.ToSlash(file), "fixtures/"+c.File) {
			return c.Verb
		}
	}
	return fixtures.Elle
}

// TestOutputsAgree runs every fixture through every form of output: they must agree on the verdict, the text must keep
// to its page, JSON and EDN must be readable. Without it, one kind of anomaly could break one form unnoticed.
func TestOutputsAgree(t *testing.T) {
	valid := map[string]string{"true": "VALID", "false": "INVALID", "unknown": "UNKNOWN"}
	for _, file := range histories(t) {
		verb := verbOf(file)
		text, code := capture(t, verb, file)
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if utf8.RuneCountInString(line) > 80 && !strings.Contains(line, file) {
				t.Errorf("%s: a line is wider than the page: %q", file, line)
			}
		}
		verbose, verboseCode := capture(t, append(map[string][]string{"elle": {"--max-anomalies", "0"}}[verb], verb, "-v", file)...)
		asJSON, jsonCode := capture(t, verb, "--output", "json", file)
		asEDN, ednCode := capture(t, verb, "--output", "edn", file)
		if code != verboseCode || code != jsonCode || code != ednCode {
			t.Errorf("%s: exit codes differ: %d, -v %d, json %d, edn %d", file, code, verboseCode, jsonCode, ednCode)
		}
		var result struct {
			Valid any `json:"valid?"`
		}
		if err := json.Unmarshal([]byte(asJSON), &result); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		word := valid[strings.Trim(string(mustJSON(t, result.Valid)), `"`)]
		if !strings.HasPrefix(text, word+"  ") || !strings.HasPrefix(verbose, word+"  ") {
			t.Errorf("%s: JSON says %v, the text %q", file, result.Valid, firstLine(text))
		}
		v, _, err := edn.Parse([]byte(asEDN))
		if got, ok := v.Get(edn.NewKeyword("valid?")); err != nil || !ok || strings.TrimPrefix(got.String(), ":") != strings.Trim(string(mustJSON(t, result.Valid)), `"`) {
			t.Errorf("%s: EDN says %v, %v; JSON %v", file, got, err, result.Valid)
		}
	}
}

// TestOutIsWhole writes the proofs of every fixture. Without it, a kind of cycle could fail to be drawn.
func TestOutIsWhole(t *testing.T) {
	t.Setenv("PATH", buildDrawer(t)+string(os.PathListSeparator)+os.Getenv("PATH")) // Graphviz may be there, or not
	for i, file := range histories(t) {
		dir := filepath.Join(t.TempDir(), "out")
		capture(t, verbOf(file), "-q", "--out", dir, file)
		text, err := os.ReadFile(filepath.Join(dir, "results.edn"))
		if err != nil {
			t.Errorf("%d %s: %v", i, file, err)
			continue
		}
		shown, _ := capture(t, verbOf(file), "--output", "edn", file)
		if string(text) != shown {
			t.Errorf("%s: results.edn differs from --output edn", file)
		}
	}
}

// capture runs the command and gives its stdout and exit code.
func capture(t *testing.T, args ...string) (stdout string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(""), &out, &errs)
	if errs.Len() > 0 {
		t.Errorf("%q: stderr %s", args, errs.String())
	}
	return out.String(), code
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
