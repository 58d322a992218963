package history

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Without this, giving back the pages of a mapped file could lose what is read from it later: further fields and lines.
func TestDroppedPagesComeBack(t *testing.T) {
	var text []byte
	const ops = 60_000 // several pieces
	for i := range ops {
		text = fmt.Appendf(text, "{:type :invoke, :process %d, :f :txn, :value [[:append %d \"element %d\"]], :node \"n%d\", :note %q}\n",
			i, i%7, i, i, "some text to make the operation longer, since pieces are cut by bytes")
	}
	path := filepath.Join(t.TempDir(), "history.edn")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	mapped, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer mapped.Close()
	whole, err := Read(context.Background(), path, text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if mapped.Len() != ops || len(text) < 2*pieceSize {
		t.Fatalf("got %d operations in %d bytes, want %d in several pieces", mapped.Len(), len(text), ops)
	}
	for id := ID(0); id < ops; id += 997 {
		if got, want := fmt.Sprint(mapped.Op(id)), fmt.Sprint(whole.Op(id)); got != want {
			t.Fatalf("operation %d is another once its page was dropped: got %s, want %s", id, got, want)
		}
		if got, want := mapped.Pos(id), whole.Pos(id); got != want {
			t.Fatalf("got place %v, want %v", got, want)
		}
	}
}
