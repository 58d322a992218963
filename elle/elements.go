package elle

import (
	"math/bits"

	"jcheck/history"
)

// elements finds the slot of an element of one key. Slots number everything that was ever appended to the key or read
// from it, from base+1 on; slot base is the key's initial state, and the last slot is never used (it ends the rows of
// the one before it). Elements are mostly the integers 1, 2, 3, ..., so the
// slot is usually a subtraction away; other elements are hashed into an open-addressed table whose places are the slots.
type elements struct {
	base uint32
	size uint32        // slots, the initial and the unused one included
	lo   history.Sym   // dense: slot of e is base + 1 + (e - lo)
	syms []history.Sym // hashed: the element at each place, or noSym; nil if dense
}

// noSym is no element: the last index that a table of values could have.
const noSym history.Sym = 1<<32 - 1

// noSlot is the slot of an element that the key doesn't have.
const noSlot uint32 = 1<<32 - 1

// maxSpread bounds how many slots a dense table spends on each element that it holds.
const maxSpread = 4

// newElements lays out the slots of a key with these elements (repetitions allowed), counted from 0 until base is set.
func newElements(appends []appendRef, lists [][]history.Sym) elements {
	total, most, lo, hi := len(appends), len(appends), noSym, history.Sym(0)
	for _, a := range appends {
		lo, hi = min(lo, a.el), max(hi, a.el)
	}
	for _, list := range lists {
		total, most = total+len(list), max(most, len(list))
		for _, e := range list {
			lo, hi = min(lo, e), max(hi, e)
		}
	}
	if total == 0 {
		return elements{size: 2}
	}
	if _, small := hi.Int(); small && int64(hi)-int64(lo) < int64(maxSpread*most+8) {
		return elements{size: uint32(hi-lo) + 3, lo: lo}
	}
	return hashElements(total, appends, lists)
}

// hashElements is newElements for elements that aren't small integers close to each other. Every place is a slot, which
// takes 16 bytes elsewhere: so where most elements came several times, as an append and its completion do, a smaller table
// follows the first.
func hashElements(total int, appends []appendRef, lists [][]history.Sym) elements {
	t, distinct := tableOf(total, appends, lists)
	if placesFor(distinct) < len(t.syms) {
		t, _ = tableOf(distinct, appends, lists)
	}
	return t
}

func placesFor(n int) int { return 1 << bits.Len(uint(2*n)) }

// tableOf is a table for n different elements, and tells how many there are.
func tableOf(n int, appends []appendRef, lists [][]history.Sym) (t elements, distinct int) {
	places := placesFor(n)
	t = elements{size: uint32(places) + 2, syms: make([]history.Sym, places)}
	for i := range t.syms {
		t.syms[i] = noSym
	}
	put := func(e history.Sym) {
		if at := t.place(e); t.syms[at] != e {
			t.syms[at] = e
			distinct++
		}
	}
	for _, a := range appends {
		put(a.el)
	}
	for _, list := range lists {
		for _, e := range list {
			put(e)
		}
	}
	return t, distinct
}

// place is where e is in a hashed table, or where it would go. There is always a free place: tables are half full.
func (t *elements) place(e history.Sym) uint32 {
	mask := uint32(len(t.syms) - 1)
	i := uint32(uint64(e)*0x9E3779B97F4A7C15>>32) & mask // Fibonacci hashing
	for t.syms[i] != e && t.syms[i] != noSym {
		i = (i + 1) & mask
	}
	return i
}

// slot is the slot of e. In a dense table an element that never occurred can have a slot too, one that nothing is
// recorded of; outside of the table it is noSlot.
func (t *elements) slot(e history.Sym) uint32 {
	if t.syms != nil {
		i := t.place(e)
		if t.syms[i] == noSym {
			return noSlot
		}
		return t.base + 1 + i
	}
	if e < t.lo || uint32(e-t.lo) >= t.size-2 {
		return noSlot
	}
	return t.base + 1 + uint32(e-t.lo)
}

// at is the element of a slot other than the initial one.
func (t *elements) at(slot uint32) history.Sym {
	if t.syms != nil {
		return t.syms[slot-t.base-1]
	}
	return t.lo + history.Sym(slot-t.base-1)
}
