package main

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Without this a diff by order could lose an operation, tell one twice, or call two the same that aren't.
func TestAlignByOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		a, b := make([]uint64, r.IntN(9)), make([]uint64, r.IntN(9))
		for _, side := range [][]uint64{a, b} {
			for i := range side {
				side[i] = uint64(r.IntN(6))
			}
		}
		var gotA, gotB []uint64
		for _, p := range alignByOrder(a, b) {
			if p.a >= 0 {
				gotA = append(gotA, a[p.a])
			}
			if p.b >= 0 {
				gotB = append(gotB, b[p.b])
			}
			if p.a >= 0 && p.b >= 0 && a[p.a] != b[p.b] {
				t.Fatalf("%v and %v: %d and %d are put together", a, b, p.a, p.b)
			}
		}
		if !slices.Equal(gotA, a) || !slices.Equal(gotB, b) {
			t.Fatalf("%v and %v became %v and %v", a, b, gotA, gotB)
		}
	}
}

// Without this a diff could call everything changed after the first operation that was left out.
func TestAlignByOrderFindsTheRest(t *testing.T) {
	a := []uint64{1, 2, 3, 4, 5, 6, 7, 8}
	b := []uint64{2, 3, 9, 4, 5, 7, 8, 10}
	same := 0
	for _, p := range alignByOrder(a, b) {
		if p.a >= 0 && p.b >= 0 {
			same++
		}
	}
	if same != 6 {
		t.Errorf("%d are found in both, want 6", same)
	}
}
