package node

import (
	"errors"
	"fmt"
	"testing"
)

// Without this the same complaint could come once for each node of a large cluster, or hide what kind of error it was.
func TestTogether(t *testing.T) {
	cut := errors.New("cut off")
	failed := map[string]error{
		"n10": errors.New("full"),
		"n2":  fmt.Errorf("n2: %w", cut), // some name their node themselves
		"n1":  cut,
		"n3":  errors.New("full"),
	}
	err := Together([]string{"n1", "n2", "n3", "n4", "n10"}, failed)
	if want := "n1, n2: cut off\nn3, n10: full"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if !errors.Is(err, cut) {
		t.Errorf("%v is no %v", err, cut)
	}
	if err := Together([]string{"n1"}, nil); err != nil {
		t.Errorf("nothing went wrong, and it says %v", err)
	}
}
