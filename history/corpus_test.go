package history

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"jcheck/internal/corpus"
)

// corpusHistories are the corpus's files that hold a history in a format that we read.
func corpusHistories(t *testing.T) []string {
	var paths []string
	root := corpus.Dir(t)
	for _, dir := range []string{"histories", "generated", "recorded"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			// timekiller's own format is no Jepsen operation.
			if ext := filepath.Ext(path); (ext == ".edn" || ext == ".json" || ext == ".jsonl") && !strings.Contains(path, "timekiller") {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(paths) < 100 {
		t.Fatalf("found %d histories, want the whole corpus", len(paths))
	}
	return paths
}

func writeAll(t *testing.T, h *History, f Format) []byte {
	var b bytes.Buffer
	w := NewWriter(&b, f)
	for id := range h.All() {
		if err := w.Write(h.Op(id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Without this a form that real histories hold could be lost between reading and writing: what is read, written and read
// again is written the same.
func TestCorpusRoundTrip(t *testing.T) {
	for _, path := range corpusHistories(t) {
		h, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		text := writeAll(t, h, FormatEDN)
		// Only the recorded registers of etcd are kept by key.
		if got, want := h.Keyed(), strings.Contains(path, "etcd3.4-register"); got != want {
			t.Errorf("%s: got keyed %v, want %v", path, got, want)
		}
		again, err := Read(t.Context(), path, text, Options{})
		if err != nil {
			t.Errorf("written again: %v", err)
			continue
		}
		if got := writeAll(t, again, FormatEDN); !bytes.Equal(got, text) {
			t.Errorf("%s: written again, it differs", path)
		}
		fromJSON, err := Read(t.Context(), path, writeAll(t, h, FormatJSON), Options{})
		if err != nil || fromJSON.Len() != h.Len() {
			t.Errorf("%s: as JSON, got %v, want %d operations", path, err, h.Len())
		} else {
			for id := range h.All() {
				if h.Pair(id) != fromJSON.Pair(id) || h.Kind(id) == KindTxn != (fromJSON.Kind(id) == KindTxn) {
					t.Errorf("%s: as JSON, op %d is %v", path, id, fromJSON.Op(id))
					break
				}
			}
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}
