package history

import "math/rand/v2"

// Spines compress list reads. All reads of a key form a trie; a list is a path in it, and owns the nodes at depths
// (at, len(elems)]: those up to at belong to its parent or that one's ancestors. A non-empty read is the node where it
// ends, named by the node's owner and its depth, so that equal reads have equal names. While a key's reads are prefixes of
// one another, as they should be, it has one list; a divergent read opens another and so is the witness itself.
type spines struct {
	lists    []spine
	root     []ListID // by KeyID: the key's first list, or -1
	last     []ListID // by KeyID: where the key's last read ended
	branches branchIndex
}

type spine struct {
	elems  []Sym // the whole list, the part that is shared with the parent included
	key    KeyID
	parent ListID // -1 for a key's first list
	at     int32  // how many elements are the parent's
}

// insert finds or makes room for a read of at least one element and returns its name. It takes O(len(elems)) steps; a
// read that diverges pays a hash look-up per list on its path.
func (t *spines) insert(key KeyID, elems []Sym) (ListID, int32) {
	for int(key) >= len(t.root) {
		t.root = append(t.root, -1)
		t.last = append(t.last, -1)
	}
	if t.root[key] < 0 {
		l := t.add(spine{key: key, parent: -1, elems: append([]Sym(nil), elems...)})
		t.root[key], t.last[key] = l, l
		return l, int32(len(elems))
	}
	// Start where the last read ended: usually this one is equal to it or goes on from there.
	l := t.last[key]
	depth := sharedPrefix(t.lists[l].elems, elems, 0)
	l = t.owner(l, depth)
	for depth < len(elems) {
		depth = sharedPrefix(t.lists[l].elems, elems, depth)
		if depth == len(elems) {
			break
		}
		// A list that ends here has no branches here: what goes on beyond its end lengthens it.
		if s := &t.lists[l]; depth == len(s.elems) {
			s.elems = append(s.elems, elems[depth:]...)
			depth = len(elems)
			break
		}
		b, found := t.branches.find(t.lists, l, int32(depth), elems[depth])
		if !found {
			b = t.add(spine{key: key, parent: l, at: int32(depth), elems: append([]Sym(nil), elems...)})
			t.branches.add(t.lists, b)
		}
		l = b
	}
	l = t.owner(l, depth)
	t.last[key] = l
	return l, int32(depth)
}

func (t *spines) add(s spine) ListID {
	t.lists = append(t.lists, s)
	return ListID(len(t.lists) - 1)
}

// owner is the list that owns the node at this depth of l's path.
func (t *spines) owner(l ListID, depth int) ListID { return owner(t.lists, l, depth) }

func owner(lists []spine, l ListID, depth int) ListID {
	for lists[l].parent >= 0 && depth <= int(lists[l].at) {
		l = lists[l].parent
	}
	return l
}

// sharedPrefix is the number of leading elements that a and b share, given that they share the first n.
func sharedPrefix(a, b []Sym, n int) int {
	m := min(len(a), len(b))
	a, b = a[:m], b[:m]
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return n
}

// branchIndex finds the list that branches off (list, depth) with a given element: open addressing over list ids.
type branchIndex struct {
	seed  uint64
	slots []ListID // +1; 0 is free
	n     int
}

func (x *branchIndex) hash(l ListID, at int32, elem Sym) uint64 {
	return mix(mix(x.seed^uint64(l)) ^ uint64(at)<<32 ^ uint64(elem))
}

func (x *branchIndex) find(lists []spine, parent ListID, at int32, elem Sym) (ListID, bool) {
	if x.n == 0 {
		return 0, false
	}
	mask := uint64(len(x.slots) - 1)
	for i := x.hash(parent, at, elem) & mask; x.slots[i] != 0; i = (i + 1) & mask {
		l := x.slots[i] - 1
		if s := &lists[l]; s.parent == parent && s.at == at && s.elems[at] == elem {
			return l, true
		}
	}
	return 0, false
}

func (x *branchIndex) add(lists []spine, l ListID) {
	if x.slots == nil {
		x.seed = rand.Uint64() // against crafted collisions; the lists' numbers don't depend on it
	}
	if 2*x.n >= len(x.slots) {
		old := x.slots
		x.slots = make([]ListID, max(16, 2*len(old)))
		for _, o := range old {
			if o != 0 {
				x.put(lists, o-1)
			}
		}
	}
	x.put(lists, l)
	x.n++
}

func (x *branchIndex) put(lists []spine, l ListID) {
	s := &lists[l]
	mask := uint64(len(x.slots) - 1)
	i := x.hash(s.parent, s.at, s.elems[s.at]) & mask
	for x.slots[i] != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = l + 1
}

// absorb inserts another trie's lists, in their order, and returns for each the list here that owns its end. Keys and
// elements are renumbered on the way.
func (t *spines) absorb(u []spine, key []int32, to []Sym) []ListID {
	ends := make([]ListID, len(u))
	var scratch []Sym
	for i := range u {
		scratch = scratch[:0]
		for _, s := range u[i].elems {
			scratch = append(scratch, renumber(to, s))
		}
		ends[i], _ = t.insert(KeyID(key[u[i].key]), scratch)
	}
	return ends
}
