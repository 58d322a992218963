package elle

import (
	"cmp"
	"slices"

	"jcheck/history"
)

// txnFindings is what is wrong with single transactions, and the read-then-append pairs that lost-update goes by.
type txnFindings struct {
	internal, future evidence
	updates          []update
}

// judgeTxns looks into each ok transaction for itself.
func judgeTxns(p *premises, v *versions) (internal, future evidence, updates []update) {
	pieces := make([]txnFindings, numBlocks(len(p.nodeAt)))
	blocks(len(p.nodeAt), p.workers, func(piece, lo, hi int) {
		f, t := &pieces[piece], txnReader{h: p.h, v: v}
		for i := lo; i < hi; i++ {
			if p.nodeAt[i] >= 0 && p.h.Type(p.h.At(i)) == history.OK {
				t.judge(int32(i), p.h.At(i), p.o.MaxAnomalies, f)
			}
		}
	})
	for i := range pieces {
		f := &pieces[i]
		internal = gatherEvidence(p.o.MaxAnomalies, &internal, &f.internal)
		future = gatherEvidence(p.o.MaxAnomalies, &future, &f.future)
		updates = append(updates, f.updates...)
	}
	return internal, future, updates
}

// txnReader goes through transactions, key by key.
type txnReader struct {
	h     *history.History
	v     *versions
	order []int32 // micro-ops by key, then by place
	// Of the key in hand, reads before the micro-op in hand: those that agree with the version order and showed more than
	// any before; and the elements of those that don't agree, each with the first such read that showed it.
	longer []int32
	odd    map[history.Sym]int32
}

// judge looks at one transaction: micro-ops of the same key, in their order. Transactions that touch every key once,
// as most do, have nothing to compare.
func (t *txnReader) judge(at int32, id history.ID, limit int, f *txnFindings) {
	mops := t.h.Mops(id)
	t.order = t.order[:0]
	for i := range mops {
		t.order = append(t.order, int32(i))
	}
	slices.SortFunc(t.order, func(x, y int32) int {
		return cmp.Or(cmp.Compare(mops[x].Key, mops[y].Key), cmp.Compare(x, y))
	})
	internal, future := int32(-1), flaw{mop: -1}
	for lo := 0; lo < len(t.order); {
		hi := lo + 1
		for hi < len(t.order) && mops[t.order[hi]].Key == mops[t.order[lo]].Key {
			hi++
		}
		if row := t.order[lo:hi]; len(row) > 1 {
			if i := t.firstInternal(mops, row); i >= 0 && (internal < 0 || i < internal) {
				internal = i
			}
			if g := t.firstFuture(mops, row); g.other >= 0 && (future.mop < 0 || g.other < future.other) {
				future = g
			}
			if u, ok := firstUpdate(mops, row); ok {
				u.at = at
				f.updates = append(f.updates, u)
			}
		}
		lo = hi
	}
	if internal >= 0 {
		f.internal.add(flaw{at: at, mop: internal, key: mops[internal].Key}, limit)
	}
	if future.mop >= 0 {
		future.at = at
		f.future.add(future, limit)
	}
}

// expectation is what a transaction must see of a key, from what it did before: the value of the read at base (-1: it
// hasn't read the key), and behind it the elements that it has appended since.
type expectation struct {
	base    int32
	appends []int32 // micro-ops
}

// expected is the expectation of the micro-op at place i of row. known is false if nothing is expected.
func expected(mops []history.Mop, row []int32, i int) (e expectation, known bool) {
	e.base = -1
	for j := i - 1; j >= 0; j-- {
		if mops[row[j]].F == history.MopR {
			e.base = row[j]
			e.appends = row[j+1 : i]
			return e, true
		}
	}
	e.appends = row[:i]
	return e, i > 0
}

// firstInternal is the first read of one key that contradicts what the transaction itself did before, or -1. A read
// that agrees is the next one's base. An appending transaction knows the end of the list only; after a read it knows
// all of it, and a nil read is knowledge too.
func (t *txnReader) firstInternal(mops []history.Mop, row []int32) int32 {
	for i, place := range row {
		if mops[place].F != history.MopR {
			continue
		}
		if e, known := expected(mops, row, i); known && !t.agrees(mops, e, &mops[place]) {
			return place
		}
	}
	return -1
}

// agrees tells whether a read shows what is expected.
func (t *txnReader) agrees(mops []history.Mop, e expectation, read *history.Mop) bool {
	n, _ := readLen(read, false)
	if e.base >= 0 {
		base := &mops[e.base]
		baseN, _ := readLen(base, false)
		if len(e.appends) == 0 {
			return n == baseN && (n <= 0 || read.List() == base.List())
		}
		if n != max(baseN, 0)+int32(len(e.appends)) {
			return false
		}
		if baseN > 0 && !isPrefix(t.h, span{list: base.List(), n: baseN}, span{list: read.List(), n: n}) {
			return false
		}
	}
	if n < int32(len(e.appends)) {
		return false
	}
	if len(e.appends) == 0 {
		return true
	}
	end := t.h.List(read.List())[n-int32(len(e.appends)) : n]
	for i, place := range e.appends {
		if mops[place].Val() != end[i] {
			return false
		}
	}
	return true
}

// firstFuture is the first append of one key whose element the transaction had already read before it, with the first
// read that showed it; other is the append. mop is -1 if there is none. Of the reads so far that agree with the version
// order, it's enough to know those that showed more than any before.
func (t *txnReader) firstFuture(mops []history.Mop, row []int32) flaw {
	t.longer, t.odd = t.longer[:0], nil
	for _, place := range row {
		m := &mops[place]
		kv := t.v.of(m)
		switch {
		case m.F == history.MopAppend:
			if read := t.firstToShow(mops, kv, kv.slot(m.Val())); read >= 0 {
				return flaw{mop: read, other: place, key: m.Key, el: m.Val()}
			}
		case m.Len == 0:
		case !t.v.agrees(t.h, kv, m.List(), m.Len):
			t.noteOdd(place, t.h.List(m.List())[:m.Len])
		case len(t.longer) == 0 || mops[t.longer[len(t.longer)-1]].Len < m.Len:
			t.longer = append(t.longer, place)
		}
	}
	return flaw{mop: -1, other: -1}
}

// firstToShow is the first of the noted reads that showed the element at slot, or -1.
func (t *txnReader) firstToShow(mops []history.Mop, kv *keyVersions, slot uint32) int32 {
	first := int32(-1)
	if pos := t.v.pos[slot]; pos >= 0 {
		i, _ := slices.BinarySearchFunc(t.longer, pos, func(place, pos int32) int { return cmp.Compare(mops[place].Len-1, pos) })
		if i < len(t.longer) {
			first = t.longer[i]
		}
	}
	if place, ok := t.odd[kv.elements.at(slot)]; ok && (first < 0 || place < first) {
		return place
	}
	return first
}

// noteOdd takes note of the elements of a read that doesn't agree with the version order.
func (t *txnReader) noteOdd(place int32, shown []history.Sym) {
	if t.odd == nil {
		t.odd = make(map[history.Sym]int32)
	}
	for _, el := range shown {
		if _, ok := t.odd[el]; !ok {
			t.odd[el] = place
		}
	}
}
