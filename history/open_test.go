package history

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"jcheck/internal/corpus"
)

// Without it a history that others' tools wrote could be refused: all EDN and JSON of the corpus is read.
func TestOpenCorpus(t *testing.T) {
	dir := corpus.Dir(t)
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".edn") && !strings.HasSuffix(path, ".json") {
			return err
		}
		if strings.Contains(path, "timekiller") { // a format of its own
			return nil
		}
		h, err := Open(context.Background(), path, Options{})
		var bad *ReadError
		if errors.As(err, &bad) {
			t.Errorf("%v", bad.Problems[0])
			return nil
		}
		if err != nil {
			return err
		}
		if h.Len() == 0 {
			t.Errorf("%s: no operations", path)
		}
		n++
		return h.Close()
	})
	if err != nil || n < 100 {
		t.Errorf("read %d histories, %v", n, err)
	}
}
