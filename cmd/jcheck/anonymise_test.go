package main

import (
	"bytes"
	"path/filepath"
	"testing"
)

func TestAnonymiseFixtures(t *testing.T) {
	// Without this, histories of some workload could be refused, since what their checker knows by name is renamed.
	for _, path := range histories(t) {
		to := filepath.Join(t.TempDir(), "public"+filepath.Ext(path))
		var stdout, stderr bytes.Buffer
		if code := run([]string{"anonymise", path, "--to", to}, nil, &stdout, &stderr); code != exitValid {
			t.Errorf("%s: exit code %d, want 0: %s", path, code, stderr.String())
			continue
		}
		_, before := capture(t, "check", "-q", path)
		if _, after := capture(t, "check", "-q", to); after != before {
			t.Errorf("%s: exit code %d with other names, want %d", path, after, before)
		}
	}
}
