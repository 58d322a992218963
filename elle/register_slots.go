package elle

import (
	"math/bits"

	"jcheck/history"
)

// keySlot is what a walk over one txn remembers of one key.
type keySlot struct {
	key       history.KeyID
	firstRead int32       // places in the list of accesses, or none
	lastWrite int32       //
	external  bool        // the first read came before any write
	known     bool        // val is what the next read must show
	val       history.Sym //
}

// keySlots finds the slot of a key: by looking through the few that most txns have, or by hashing if there are many.
type keySlots struct {
	slots []keySlot
	table []int32 // open addressing: slot+1, 0 if free; empty for short txns
}

// shortTxn is up to how many micro-ops looking through beats hashing.
const shortTxn = 12

// expect prepares for a txn of n micro-ops.
func (s *keySlots) expect(n int) {
	if n <= shortTxn {
		return
	}
	size := 1 << bits.Len(uint(2*n))
	if cap(s.table) < size {
		s.table = make([]int32, size)
	}
	s.table = s.table[:size]
	clear(s.table)
}

// clear forgets the txn.
func (s *keySlots) clear() { s.slots, s.table = s.slots[:0], s.table[:0] }

// of is the slot of key k. It's valid until the next call.
func (s *keySlots) of(k history.KeyID) *keySlot {
	if len(s.table) == 0 {
		for i := range s.slots {
			if s.slots[i].key == k {
				return &s.slots[i]
			}
		}
		return s.add(k)
	}
	at := hash32(uint32(k)) & uint32(len(s.table)-1)
	for s.table[at] != 0 {
		if slot := &s.slots[s.table[at]-1]; slot.key == k {
			return slot
		}
		at = (at + 1) & uint32(len(s.table)-1)
	}
	s.table[at] = int32(len(s.slots)) + 1
	return s.add(k)
}

func (s *keySlots) add(k history.KeyID) *keySlot {
	s.slots = append(s.slots, keySlot{key: k, firstRead: none, lastWrite: none})
	return &s.slots[len(s.slots)-1]
}

// hash32 spreads close numbers far apart (the finaliser of a multiplicative hash).
func hash32(x uint32) uint32 {
	x *= 0x9e3779b1
	return x ^ x>>15
}

// symTable numbers the values of one key in order of first appearance: an open-addressed table that is used again for
// the next key.
type symTable struct {
	keys []history.Sym
	vals []int32 // number+1, 0 if free
	n    int32
}

// reset empties the table and makes room for n values.
func (t *symTable) reset(n int) {
	size := 1 << bits.Len(uint(2*n+2))
	if cap(t.keys) < size {
		t.keys, t.vals = make([]history.Sym, size), make([]int32, size)
	}
	t.keys, t.vals = t.keys[:size], t.vals[:size]
	clear(t.vals)
	t.n = 0
}

// number is the number of s, a new one if it has none yet.
func (t *symTable) number(s history.Sym) (n int32, fresh bool) {
	mask := uint32(len(t.keys) - 1)
	at := hash32(uint32(s)) & mask
	for t.vals[at] != 0 {
		if t.keys[at] == s {
			return t.vals[at] - 1, false
		}
		at = (at + 1) & mask
	}
	t.keys[at], t.vals[at] = s, t.n+1
	t.n++
	return t.n - 1, true
}
