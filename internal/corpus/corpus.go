// Package corpus tells tests where the conformance corpus lies, which is not part of the repository.
package corpus

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir is the folder of the corpus: $JCHECK_CORPUS, or ../shared/corpus beside the repository. Where it's absent, the
// test is skipped with a message.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("JCHECK_CORPUS")
	if dir == "" {
		dir = filepath.Join(root(tb), "..", "shared", "corpus")
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		tb.Skipf("no corpus at %s (set JCHECK_CORPUS)", dir)
	}
	return dir
}

// root is the folder of go.mod at or above the working directory, which for a test is its package's.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("no go.mod at or above the test")
		}
		dir = up
	}
}
