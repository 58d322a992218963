package all

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jcheck/history"
	"jcheck/internal/corpus"
)

// recognised are the checkers that a history of one of the MANIFEST's models is for. The first word of the model counts.
var recognised = map[string][]string{
	"list-append": {"elle"}, "rw-register": {"elle"},
	"cas-register": {"linearizable"}, "mutex": {"linearizable"}, "multi-register": {"linearizable"},
	"counter": {"counter"}, "bank": {"bank"}, "long-fork": {"long-fork"}, "set": {"set", "set-full"}, "set-full": {"set", "set-full"},
}

// unrecognised are the histories that Judge has no checker for, and the reason that it gives.
var unrecognised = map[string]string{
	"histories/elle-cli/jepsen/long-fork.edn":                                   "no-processes",
	"histories/elle/paper-example.edn":                                          "no-processes",
	"histories/elle-cli/custom/comments.edn":                                    "no-processes",
	"histories/knossos/cas-register/good/mongodb-v0-ack-rollback-.edn":          "empty-history",
	"histories/grail/rw-register-test/dirty-read.edn":                           "no-processes",
	"histories/grail/rw-register-test/g0.edn":                                   "no-processes",
	"histories/grail/rw-register-test/g1a.edn":                                  "no-processes",
	"histories/grail/rw-register-test/g1b-1.edn":                                "no-processes",
	"histories/grail/rw-register-test/g1c.edn":                                  "no-processes",
	"histories/grail/rw-register-test/non-repeatable-read.edn":                  "no-processes",
	"histories/elle-cli/knossos/cas-register/good/mongodb-v0-ack-rollback-.edn": "empty-history",
}

// noHistories are the files of that form that hold something else: tables of cases, and another project's logs.
var noHistories = []string{"elle-cases.jsonl", "elle-fuzz.jsonl", "elle-unit-cases.jsonl", "histories/timekiller/format-kv.json"}

func TestRecogniseCorpus(t *testing.T) {
	// Without this, histories that people have recorded could get no checker, or the wrong one, and nobody would notice.
	root := corpus.Dir(t)
	models := manifest(t, root)
	seen := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".edn", ".json", ".jsonl"}, filepath.Ext(path)) || d.Name() == "checkers.jsonl" {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		h, err := history.Open(t.Context(), path, history.Options{})
		var read *history.ReadError
		if errors.As(err, &read) && slices.Contains(noHistories, rel) {
			return nil
		}
		if err != nil {
			return err
		}
		seen++
		recogniseOne(t, rel, models[rel], h)
		return h.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 150 {
		t.Errorf("only %d histories were seen", seen)
	}
}

// recogniseOne checks what is recognised in one history.
func recogniseOne(t *testing.T, rel, model string, h *history.History) {
	t.Helper()
	var got []string
	for _, p := range Recognise(h) {
		got = append(got, p.Checker.Name)
		if p.Why == "" {
			t.Errorf("%s: recognised as %s without a reason", rel, p.Checker.Name)
		}
	}
	if len(got) == 0 {
		if code := notRecognised(ShapeOf(h)).Code; code != unrecognised[rel] {
			t.Errorf("%s: not recognised: %s, want %q", rel, code, unrecognised[rel])
		}
		return
	}
	if want := recognised[model]; want != nil && !slices.Equal(got, want) {
		t.Errorf("%s (%s): recognised as %v, want %v", rel, model, got, want)
	}
}

// manifest gives the models of the corpus's histories, in one word.
func manifest(t *testing.T, root string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	models := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "\t")
		if len(cells) < 3 {
			continue
		}
		word, _, _ := strings.Cut(cells[2], " ")
		models[cells[0]] = word
	}
	return models
}

func TestRecogniseWorkloads(t *testing.T) {
	// Without this, a workload's own checker could lose to one that knows some of its functions, too.
	records := readRecords(t)
	seen := 0
	for _, c := range slices.Concat(movingConformances(), orderConformances(), logConformances()) {
		if strings.HasSuffix(c.checker, "queue") {
			continue // total-queue needs a drain, and the other is a part of it
		}
		for _, r := range records {
			if r.Checker != c.checker || len(r.History) < 12 || r.tagged("odd-") || r.tagged("malformed") {
				continue
			}
			h, err := c.history(t, r)
			if err != nil {
				t.Fatalf("line %d: %v", r.Line, err)
			}
			if s := ShapeOf(h); s.Of("read").OK == 0 && c.checker == "causal-reverse" {
				continue // writes alone are those of a register, too
			}
			seen++
			if got := Recognise(h); len(got) != 1 || got[0].Checker.Name != c.checker {
				t.Errorf("line %d: got %d checkers, want %s alone", r.Line, len(got), c.checker)
			}
		}
	}
	if seen < 500 {
		t.Errorf("only %d histories were seen", seen)
	}
}
