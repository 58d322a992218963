package amount

import "testing"

// Without this a message could speak of "1 nodes" or "3 historys".
func TestOf(t *testing.T) {
	for _, c := range []struct {
		n    int
		noun string
		want string
	}{
		{0, "node", "0 nodes"}, {1, "node", "1 node"}, {2, "node", "2 nodes"}, {-1, "node", "-1 nodes"},
		{2, "class", "2 classes"}, {1, "class", "1 class"}, {2, "history", "2 histories"}, {2, "key", "2 keys"},
		{999, "key", "999 keys"}, {1000, "key", "1,000 keys"}, {-1234567, "key", "-1,234,567 keys"},
	} {
		if got := Of(c.n, c.noun); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := Word(1, "is", "are") + Word(2, "is", "are"); got != "isare" {
		t.Errorf("got %q, want isare", got)
	}
}
