package graph

import (
	"strings"
	"testing"
)

// TestParallelPanic checks that a panic of a task becomes the caller's. Without it, a bug would end the program with
// Go's exit code 2 in place of 255.
func TestParallelPanic(t *testing.T) {
	for _, workers := range []int{1, 4} {
		func() {
			defer func() {
				if p := recover(); p == nil || !strings.HasPrefix(p.(string), "broken") {
					t.Errorf("%d workers: got the panic %v, want one that begins with broken", workers, p)
				}
			}()
			Parallel(100, workers, func() func(int) {
				return func(i int) {
					if i == 42 {
						panic("broken")
					}
				}
			})
		}()
	}
}
