package elle

import (
	"slices"
	"sort"

	"jcheck/history"
)

// access is one read or write of a key by a client op: all writes, but of reads only those by ok ops, since only they
// are known to have happened.
type access struct {
	at    int32 // the op's position in the view
	touch int32 // the touch that an external access is about, or none
	val   history.Sym
	mop   uint32 // place in the txn, shifted over the flags
}

const (
	isRead       uint32 = 1 << iota // a read, else a write
	isFail                          // its op failed
	overwritten                     // an intermediate write: the same txn writes the key again
	lostIfShared                    // the first read of a key that the txn then writes (lost update)
	visible                         // an external write that others may see: its op didn't fail, as far as we know
	isEcho                          // of an invocation whose completion tells it again

	mopShift = 6
)

func (a *access) is(flag uint32) bool { return a.mop&flag != 0 }
func (a *access) mopAt() int32        { return int32(a.mop >> mopShift) }

// internalRead is a read that contradicts what its own txn read or wrote before.
type internalRead struct {
	at   int32
	mop  int32
	want history.Sym
}

// registerScan is what one walk over the micro-ops yields, for a block of operations or for all.
type registerScan struct {
	touchLen []uint32 // by node
	touches  []touch  // read and write are set by numberVersions
	touchKey []history.KeyID
	accesses []access
	keys     []history.KeyID // of accesses
	internal []internalRead
	foreign  []history.ID
}

// scan walks over all micro-ops of clients once, in parallel blocks of operations.
func (r *register) scan() *registerScan {
	parts := make([]registerScan, numBlocks(r.h.Size()))
	blocks(r.h.Size(), r.workers, func(piece, lo, hi int) {
		s := registerScanner{h: r.h, out: &parts[piece]}
		s.reserve(lo, hi)
		for i := lo; i < hi; i++ {
			if id := r.h.At(i); r.h.Client(id) {
				s.op(int32(i), id)
			}
		}
	})
	all := &registerScan{}
	if len(parts) == 1 {
		return &parts[0]
	}
	all.grow(parts)
	for i := range parts {
		all.add(&parts[i])
		parts[i] = registerScan{}
	}
	return all
}

// grow makes room for all parts at once.
func (s *registerScan) grow(parts []registerScan) {
	var nodes, touches, accesses int
	for i := range parts {
		nodes += len(parts[i].touchLen)
		touches += len(parts[i].touches)
		accesses += len(parts[i].accesses)
	}
	s.touchLen = make([]uint32, 0, nodes)
	s.touches = make([]touch, 0, touches)
	s.touchKey = make([]history.KeyID, 0, touches)
	s.accesses = make([]access, 0, accesses)
	s.keys = make([]history.KeyID, 0, accesses)
}

// add appends the scan of the block that follows.
func (s *registerScan) add(p *registerScan) {
	base, from := int32(len(s.touches)), len(s.accesses)
	s.touchLen = append(s.touchLen, p.touchLen...)
	s.touches = append(s.touches, p.touches...)
	s.touchKey = append(s.touchKey, p.touchKey...)
	s.accesses = append(s.accesses, p.accesses...)
	s.keys = append(s.keys, p.keys...)
	for i := from; i < len(s.accesses); i++ {
		if s.accesses[i].touch != none {
			s.accesses[i].touch += base
		}
	}
	s.internal = append(s.internal, p.internal...)
	s.foreign = append(s.foreign, p.foreign...)
}

// registerScanner walks over transactions one by one.
type registerScanner struct {
	h     *history.History
	out   *registerScan
	slots keySlots
	// completed says that the invocation at hand has a completion.
	completed bool
}

// reserve makes room for what the operations at [lo, hi) hold at most, but for the invocations that share their
// micro-ops with their completions. Growing step by step would take twice as much.
func (s *registerScanner) reserve(lo, hi int) {
	nodes, mops := 0, 0
	for i := lo; i < hi; i++ {
		id := s.h.At(i)
		switch s.h.Type(id) {
		case history.OK, history.Info:
			nodes++
			fallthrough
		case history.Fail:
			mops += len(s.h.Mops(id))
		}
	}
	s.out.touchLen = make([]uint32, 0, nodes)
	s.out.accesses, s.out.keys = make([]access, 0, mops), make([]history.KeyID, 0, mops)
	s.out.touches, s.out.touchKey = make([]touch, 0, mops), make([]history.KeyID, 0, mops)
}

// op takes in one client operation.
func (s *registerScanner) op(at int32, id history.ID) {
	typ := s.h.Type(id)
	s.completed = typ == history.Invoke && s.h.Pair(id) != history.None
	foreign := false
	switch s.h.Kind(id) {
	case history.KindTxn:
		foreign = s.txn(at, id, typ)
	case history.KindNil:
	case history.KindList:
		foreign = len(s.h.Elems(id)) > 0
	default:
		foreign = true
	}
	if foreign {
		s.out.foreign = append(s.out.foreign, id)
	}
	switch {
	case typ == history.OK || typ == history.Info:
		s.out.touchLen = append(s.out.touchLen, s.touch())
	case typ == history.Invoke && !s.completed:
		s.show() // nobody knows what became of it
	}
	s.slots.clear()
}

// txn takes in the micro-ops of one operation, and tells whether some aren't of this workload.
func (s *registerScanner) txn(at int32, id history.ID, typ history.Type) (foreign bool) {
	mops := s.h.Mops(id)
	if typ == history.Invoke && s.told(id, mops) {
		return false
	}
	s.slots.expect(len(mops))
	broken := false // one internal anomaly an operation is enough
	for i := range mops {
		m := &mops[i]
		switch {
		case m.Shape == history.Odd || m.F != history.MopR && m.F != history.MopW:
			foreign = true
		case m.F == history.MopW:
			s.write(at, typ, int32(i), m)
		case typ == history.OK:
			slot, val := s.slots.of(m.Key), s.val(m)
			if slot.known && slot.val != val && !broken {
				broken = true
				s.out.internal = append(s.out.internal, internalRead{at, int32(i), slot.val})
			}
			s.read(at, int32(i), slot, val)
		}
	}
	return foreign
}

// told says that an invocation shares its micro-ops with its completion, which tells all that it could.
func (s *registerScanner) told(id history.ID, mops []history.Mop) bool {
	if !s.completed {
		return false
	}
	cm := s.h.Mops(s.h.Pair(id))
	return len(cm) == len(mops) && (len(mops) == 0 || &cm[0] == &mops[0])
}

// val is the value that a micro-op read or wrote.
func (s *registerScanner) val(m *history.Mop) history.Sym {
	if m.Shape == history.List {
		return s.h.Val(m)
	}
	return m.Val()
}

func (s *registerScanner) read(at, mop int32, slot *keySlot, val history.Sym) {
	place := int32(len(s.out.accesses))
	s.out.accesses = append(s.out.accesses, access{at, none, val, uint32(mop)<<mopShift | isRead})
	s.out.keys = append(s.out.keys, slot.key)
	if slot.firstRead == none {
		slot.firstRead = place
		slot.external = slot.lastWrite == none
	}
	if !slot.known {
		slot.val, slot.known = val, true
	}
}

func (s *registerScanner) write(at int32, typ history.Type, mop int32, m *history.Mop) {
	slot, place := s.slots.of(m.Key), int32(len(s.out.accesses))
	a := access{at, none, s.val(m), uint32(mop) << mopShift}
	switch {
	case typ == history.Fail:
		a.mop |= isFail
	case typ == history.Invoke && s.completed:
		a.mop |= isEcho
	}
	if slot.lastWrite != none {
		s.out.accesses[slot.lastWrite].mop |= overwritten
	}
	if slot.firstRead != none { // set for ok ops only
		s.out.accesses[slot.firstRead].mop |= lostIfShared
	}
	slot.lastWrite = place
	slot.val, slot.known = a.val, true
	s.out.accesses = append(s.out.accesses, a)
	s.out.keys = append(s.out.keys, slot.key)
}

// show marks the writes that an operation which may have committed left behind.
func (s *registerScanner) show() {
	for i := range s.slots.slots {
		if w := s.slots.slots[i].lastWrite; w != none {
			s.out.accesses[w].mop |= visible
		}
	}
}

// touch concludes a possible operation: what it touched externally. It returns the number of keys.
func (s *registerScanner) touch() uint32 {
	s.show()
	n := uint32(0)
	for i := range s.slots.slots {
		slot := &s.slots.slots[i]
		if !slot.external && slot.lastWrite == none {
			continue
		}
		at := int32(len(s.out.touches))
		s.out.touches = append(s.out.touches, touch{read: none, write: none})
		s.out.touchKey = append(s.out.touchKey, slot.key)
		if slot.external {
			s.out.accesses[slot.firstRead].touch = at
		}
		if slot.lastWrite != none {
			s.out.accesses[slot.lastWrite].touch = at
		}
		n++
	}
	return n
}

// layOut groups accesses and touches by key, by counting: linear, and stable in file order.
func (r *register) layOut(s *registerScan) {
	number := r.numberKeys(s)
	n := len(r.keys)
	if r.keys == nil {
		n = r.h.NumKeys()
	}
	r.touchOff = make([]uint32, len(s.touchLen)+1)
	for i, l := range s.touchLen {
		r.touchOff[i+1] = r.touchOff[i] + l
		for j := r.touchOff[i]; j < r.touchOff[i+1]; j++ {
			s.touches[j].node = uint32(i)
		}
	}
	r.touches = s.touches
	r.keyOff = make([]uint32, n+2)
	for i, k := range s.touchKey {
		r.touches[i].key = number(k)
		r.keyOff[r.touches[i].key+2]++
	}
	r.byKey = make([]uint32, len(r.touches))
	r.keyOff = fillRows(r.keyOff, len(r.touches), func(i int) int32 { return r.touches[i].key },
		func(i int, at uint32) { r.byKey[at] = uint32(i) })

	r.accessOff = make([]uint32, n+2)
	for _, k := range s.keys {
		r.accessOff[number(k)+2]++
	}
	r.accesses = make([]access, len(s.accesses))
	r.accessOff = fillRows(r.accessOff, len(s.accesses), func(i int) int32 { return number(s.keys[i]) },
		func(i int, at uint32) { r.accesses[at] = s.accesses[i] })
}

// fillRows turns counts (row k's at off[k+2]) into offsets while it puts each of n entries in its place. The offset of
// row k serves as its fill pointer in off[k+1], which ends as the offset of row k+1.
func fillRows(off []uint32, n int, row func(i int) int32, put func(i int, at uint32)) []uint32 {
	for k := 2; k < len(off); k++ {
		off[k] += off[k-1]
	}
	for i := range n {
		k := row(i) + 1
		put(i, off[k])
		off[k]++
	}
	return off[:len(off)-1]
}

// numberKeys numbers the keys of the view. The whole history's numbers serve unless they are far too many: the parts of
// a keyed history shouldn't pay for each other's keys.
func (r *register) numberKeys(s *registerScan) func(history.KeyID) int32 {
	if r.h.Size() == r.h.Len() || r.h.NumKeys() <= len(s.keys) {
		return func(k history.KeyID) int32 { return int32(k) }
	}
	r.keys = slices.Clone(s.keys)
	slices.Sort(r.keys)
	r.keys = slices.Compact(r.keys)
	return func(k history.KeyID) int32 {
		return int32(sort.Search(len(r.keys), func(i int) bool { return r.keys[i] >= k }))
	}
}
