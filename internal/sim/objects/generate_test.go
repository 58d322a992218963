package objects

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"jcheck/history"
)

func TestMake(t *testing.T) {
	// Without this, a history could have overlapping calls of one process, answers before they are known, or differ
	// from run to run.
	for k := Register; k <= PriorityQueue; k++ {
		o := Options{Kind: k, Clients: 7, Ops: 600, Crashed: 9, Seed: 3}
		calls := Make(o)
		crashed := 0
		last := make(map[int]int) // process → when its last call returned
		for _, c := range calls {
			if before, ok := last[c.Process]; ok && before > c.Inv {
				t.Errorf("%s: process %d calls at %d though its last call returns at %d", k.Datatype(), c.Process, c.Inv, before)
			}
			if last[c.Process] = c.Ret; c.Crashed {
				crashed++
			}
			if c.Ret <= c.Inv {
				t.Errorf("%s: a call from %d to %d", k.Datatype(), c.Inv, c.Ret)
			}
		}
		if len(calls) < 300 || crashed != o.Crashed {
			t.Errorf("%s: %d calls of which %d crashed, want at least 300 and %d", k.Datatype(), len(calls), crashed, o.Crashed)
		}
		again := Make(o)
		if !slices.EqualFunc(calls, again, func(a, b Call) bool { return a.Inv == b.Inv && a.Ret == b.Ret && a.Arg == b.Arg && a.Out == b.Out }) {
			t.Errorf("%s: a second run differs", k.Datatype())
		}
		o.Invalid = true
		spoiled := Make(o)
		if slices.EqualFunc(calls, spoiled, func(a, b Call) bool { return a.Out == b.Out && len(a.Elems) == len(b.Elems) }) {
			t.Errorf("%s: nothing is spoiled", k.Datatype())
		}
	}
}

func TestWriteEDN(t *testing.T) {
	// Without this, the written history could lack operations or not be one.
	for k := Register; k <= PriorityQueue; k++ {
		calls := Make(Options{Kind: k, Ops: 300, Crashed: 5, Seed: 4})
		var text bytes.Buffer
		if err := WriteEDN(&text, k, calls); err != nil {
			t.Fatal(err)
		}
		h, err := history.Read(context.Background(), "made", text.Bytes(), history.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := h.Size(), 2*len(calls)-5; got != want {
			t.Errorf("%s: %d operations, want %d", k.Datatype(), got, want)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}
