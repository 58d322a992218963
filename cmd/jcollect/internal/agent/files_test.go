//go:build linux

package agent

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Without this a log that is a link to the file that is written to now, as many databases have it, would not be
// downloaded, and nobody would be told.
func TestListFollowsLinksThatAreNamed(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.MkdirAll(at("logs/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"logs/db.1", "logs/deep/x", "secret"} {
		if err := os.WriteFile(at(name), []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"logs/db.log": "db.1", "logs/deep/out": at("secret"), "logs/gone.log": "nowhere", "now": "logs"} {
		if err := os.Symlink(target, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string][]string{
		"logs/*.log": {"logs/db.log"},
		"logs":       {"logs/db.1", "logs/deep/x"},
		"now":        {"logs/db.1", "logs/deep/x"},
		"none*":      nil,
	} {
		found, err := new(agent).list(t.Context(), Paths{[]string{at(pattern)}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found.Files {
			name, err := filepath.Rel(dir, f.Path)
			if err != nil || f.Size != 4 {
				t.Errorf("%s: %v, size %d", pattern, err, f.Size)
			}
			got = append(got, name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: listed are %q, want %q", pattern, got, want)
		}
	}
}
