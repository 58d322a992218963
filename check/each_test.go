package check

import (
	"context"
	"testing"

	"jcheck/history"
	"jcheck/internal/edn"
)

func TestEach(t *testing.T) {
	// Without this, a check could go on after the user had stopped it, or leave out operations of a view.
	var ops []history.Op
	for range 5 {
		ops = append(ops, history.Op{Type: history.OK, Process: edn.NewInt(1), F: edn.NewKeyword("read"), Time: history.NoTime})
	}
	h, err := history.FromOps(ops)
	if err != nil {
		t.Fatal(err)
	}
	var seen Tally
	if !Each(t.Context(), h.Select([]history.ID{1, 3, 4}), seen.Add) || seen.Count != 3 || seen.Ops()[0] != 1 {
		t.Errorf("got %d operations, the first %v; want 3 from 1 on", seen.Count, seen.Ops())
	}
	if n := seen.ReadsWithoutValue(); len(n) != 1 || n[0].Ops[0] != 1 {
		t.Errorf("got the notes %v, want one on operation 1", n)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var none Tally
	if Each(ctx, h, none.Add) || none.Count != 0 || none.Ops() != nil || none.ReadsWithoutValue() != nil {
		t.Errorf("got %d operations after the end, want none", none.Count)
	}
}
