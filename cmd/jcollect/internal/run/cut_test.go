package run

import (
	"testing"

	"jcheck/internal/edn"
)

// Without this the report could call a ring of majorities two groups, or show who drops whom as a puzzle.
func TestCutText(t *testing.T) {
	for text, want := range map[string]string{
		`[:isolated {"n1" #{"n2" "n3"}, "n2" #{"n1"}, "n3" #{"n1"}}]`:                                                 "n1 | n2 n3",
		`[:isolated {"n1" #{"n2"}, "n2" #{"n1" "n3"}, "n3" #{"n2"}}]`:                                                 "n2 | n1 n3",
		`[:isolated {"n1" #{"n2"}, "n2" #{"n1"}}]`:                                                                    "n1 | n2",
		`[:isolated {"n1" #{"n2" "n3"}}]`:                                                                             "n1 doesn't hear n2 n3",
		`[:isolated {"n1" #{"n3" "n4"}, "n2" #{"n4" "n5"}, "n3" #{"n5" "n1"}, "n4" #{"n1" "n2"}, "n5" #{"n2" "n3"}}]`: "n1 doesn't hear n3 n4, n2 doesn't hear n4 n5, n3 doesn't hear n5 n1, n4 doesn't hear n1 n2, n5 doesn't hear n2 n3",
		`[:isolated {"n1" #{"n2"}, "n2" #{"n3"}, "n3" #{"n1"}}]`:                                                      "n1 doesn't hear n2, n2 doesn't hear n3, n3 doesn't hear n1",
		`[:isolated {}]`:    "",
		`[:isolated]`:       "",
		`[:isolated 1]`:     "",
		`{"n1" :killed}`:    "",
		`[:isolated {1 2}]`: "",
		`nil`:               "",
	} {
		v, _, err := edn.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := cutText(v); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
