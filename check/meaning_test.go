package check

import (
	"strings"
	"testing"
)

func TestMeaning(t *testing.T) {
	// Without this, a row could be lost or run over a line of a terminal, and nobody would see it in the reports.
	seen := map[string]bool{}
	for _, m := range meanings {
		if seen[m.kind] {
			t.Errorf("%s has two rows", m.kind)
		}
		seen[m.kind] = true
		if got := Meaning(m.kind); got != m.text || got == "" || len(got) > 100 || strings.HasSuffix(got, ".") {
			t.Errorf("Meaning(%s) = %q: want one line of at most 100 bytes without a full stop", m.kind, got)
		}
	}
	if got := Meaning("PL-1-cycle-exists"); !strings.Contains(got, "PL-1 forbids") {
		t.Errorf("Meaning(PL-1-cycle-exists) = %q, want the model's name in it", got)
	}
	if got := Meaning("no-such-kind"); got != "" {
		t.Errorf("Meaning of an unknown kind = %q, want nothing", got)
	}
}
