package generator

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Without this a set of many threads could lose one, or two equal ones seem to differ: a phase would wait for ever.
func TestThreads(t *testing.T) {
	thread := rapid.OneOf(rapid.IntRange(0, 70), rapid.IntRange(200, 700))
	rapid.Check(t, func(t *rapid.T) {
		var set, other Threads
		want, otherWant := make(map[int]bool), make(map[int]bool)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			n := thread.Draw(t, "thread")
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				set, want[n] = set.with(n), true
			case 1:
				set = set.without(n)
				delete(want, n)
			case 2:
				other, otherWant[n] = other.with(n), true
			case 3:
				set, other, want, otherWant = other, set, otherWant, want
			}
		}
		both := maps.Clone(want)
		maps.DeleteFunc(both, func(n int, _ bool) bool { return !otherWant[n] })
		for name, c := range map[string]struct {
			got  Threads
			want map[int]bool
		}{"set": {set, want}, "other": {other, otherWant}, "and": {set.and(other), both}} {
			list := slices.Sorted(maps.Keys(c.want))
			if got := slices.Collect(c.got.All()); !slices.Equal(got, list) {
				t.Fatalf("%s: got %v, want %v", name, got, list)
			}
			var again Threads
			for i, n := range list {
				again = again.with(n)
				if c.got.at(i) != n || !c.got.Has(n) {
					t.Fatalf("%s: the %d-th is %d, want %d", name, i, c.got.at(i), n)
				}
			}
			if !c.got.Equal(again) || c.got.Len() != len(list) || c.got.Empty() != (len(list) == 0) {
				t.Fatalf("%s: %v isn't the same made anew, has length %d", name, list, c.got.Len())
			}
		}
	})
}
