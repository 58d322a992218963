package elle

import (
	"cmp"
	"slices"

	"jcheck/history"
)

// flaw is an anomaly of a read or an append before anyone has asked to see it: enough to tell it later. Positions
// are those of operations in the view.
type flaw struct {
	at    int32 // the operation that the anomaly is told of
	mop   int32 // its micro-op
	elem  int32 // position of the element in that read, for G1a
	other int32 // the other operation, if there is one
	key   history.KeyID
	el    history.Sym
	a, b  span          // incompatible-order: the two reads
	list  []history.Sym // dirty-update: the values from the aborted to the committed one
}

// evidence collects the findings of one kind: the first few, and how many there are.
type evidence struct {
	list  []flaw
	total int
}

// add keeps f if the limit allows. Findings must come in the order in which they are to be told.
func (e *evidence) add(f flaw, limit int) {
	if e.total++; !e.full(limit) {
		e.list = append(e.list, f)
	}
}

// full tells whether further findings are only counted.
func (e *evidence) full(limit int) bool { return limit > 0 && len(e.list) >= limit }

// gatherEvidence puts pieces of evidence together in order of their places in the history.
func gatherEvidence(limit int, pieces ...*evidence) evidence {
	var all evidence
	for _, e := range pieces {
		all.total += e.total
		all.list = append(all.list, e.list...)
	}
	slices.SortStableFunc(all.list, func(x, y flaw) int {
		return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.mop, y.mop), cmp.Compare(x.elem, y.elem))
	})
	if limit > 0 && len(all.list) > limit {
		all.list = all.list[:limit]
	}
	return all
}
