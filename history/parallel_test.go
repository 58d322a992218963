package history

import (
	"strings"
	"testing"
)

// TestParallelPanic checks that a panic of a reader becomes the caller's. Without it, a bug would end the program with
// Go's exit code 2 in place of 255.
func TestParallelPanic(t *testing.T) {
	defer func() {
		if p := recover(); p == nil || !strings.HasPrefix(p.(string), "broken") {
			t.Errorf("got the panic %v, want one that begins with broken", p)
		}
	}()
	parallel(100, 4, func(i int) {
		if i == 42 {
			panic("broken")
		}
	})
}
