package elle

import (
	"cmp"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
)

// versions is what list-append concludes about the versions of every key: the order in which elements were appended,
// who appended them, and who read which. One slot stands for one version of one key (see elements).
type versions struct {
	no      []int32 // key → number in keys
	keys    []keyVersions
	writer  []int32  // slot → node of the last possible operation that appended it, or -1
	prev    []uint32 // slot → slot of the version right before; the initial one's is meaningless
	pos     []int32  // slot → place in the version order, or -1 if the longest read doesn't show it
	off     []uint32 // slot → its row in readers, which ends where the next slot's begins
	readers []uint32 // nodes, in file order within a row
	limited bool     // only the last readers of each version are linked (see limitEdges)
}

// keyVersions are the elements of one key and the reads that tell their order.
type keyVersions struct {
	elements
	key   history.KeyID
	order span   // longest read by a possible operation: the version order
	all   span   // longest read by any client operation: what dirty-update goes by
	rw    uint64 // rw edges that the key gives rise to
}

// span is the first n elements of a list, as some read showed them. n == 0: no read showed any.
type span struct {
	list history.ListID
	n    int32
	at   int32 // position of the operation that read it
}

// of is the key's versions of a micro-op.
func (v *versions) of(m *history.Mop) *keyVersions { return &v.keys[v.no[m.Key]] }

// readersOf are the nodes whose reads ended in the version at slot.
func (v *versions) readersOf(slot uint32) []uint32 { return v.readers[v.off[slot]:v.off[slot+1]] }

// last is the slot of the last element of a non-empty list read.
func (k *keyVersions) last(h *history.History, list history.ListID, n int32) uint32 {
	return k.slot(h.List(list)[n-1])
}

// agrees tells whether the first n elements of a list of the key are the beginning of its version order. (The order may
// hold fewer versions than the list from which it comes has elements, if some come twice. Places still agree up to the
// first repetition, and an element's place is that of its first occurrence.)
func (v *versions) agrees(h *history.History, kv *keyVersions, list history.ListID, n int32) bool {
	return n <= kv.order.n && isPrefix(h, span{list: list, n: n}, kv.order)
}

// longer takes the read r for the longest if it is; of several the one whose operation has the smallest index.
func (s *span) longer(h *history.History, r readRef) {
	if r.n < s.n {
		return
	}
	if r.n == s.n && (r.list == s.list || h.Index(h.At(int(r.at))) >= h.Index(h.At(int(s.at)))) {
		return
	}
	*s = span{r.list, r.n, r.at}
}

// listUse is a list of a key that reads of the view showed, and what is wrong with its elements. A read of n elements
// is concerned by what lies before position n: facts about reads are comparisons with n.
type listUse struct {
	id      history.ListID
	n       int32   // elements that the longest read showed
	twiceAt int32   // how long a read must be to show some element twice
	failed  []int32 // positions of elements that a failed operation appended
	garbage []int32 // positions of elements that nobody ever appended
	told    int     // how many of garbage have been reported
}

// usesOf lists the lists that reads show, by ID. Almost every key has just one.
func usesOf(uses []listUse, reads []readRef) []listUse {
	for _, r := range reads {
		switch last := len(uses) - 1; {
		case r.n <= 0:
		case last >= 0 && uses[last].id == r.list:
			uses[last].n = max(uses[last].n, r.n)
		default:
			uses = append(uses, listUse{id: r.list, n: r.n})
		}
	}
	if len(uses) <= 1 {
		return uses
	}
	slices.SortFunc(uses, func(x, y listUse) int { return cmp.Or(cmp.Compare(x.id, y.id), cmp.Compare(y.n, x.n)) })
	return slices.CompactFunc(uses, func(x, y listUse) bool { return x.id == y.id })
}

// findUse is the entry of a list that is in uses.
func findUse(uses []listUse, id history.ListID) *listUse {
	if len(uses) == 1 {
		return &uses[0]
	}
	i, _ := slices.BinarySearchFunc(uses, id, func(u listUse, id history.ListID) int { return cmp.Compare(u.id, id) })
	return &uses[i]
}

// keyPiece is how many keys a goroutine takes at a time: enough to reuse its scratch, few enough to share the work.
func keyPiece(keys, workers int) int { return max(1, min(64, keys/(8*max(workers, 1)))) }

// overKeys runs f for every key, with scratch space that f may leave in any state.
func overKeys(keys, workers int, f func(k int, s *scratch)) {
	piece := keyPiece(keys, workers)
	spread((keys+piece-1)/piece, workers, func(i int) {
		var s scratch
		for k := i * piece; k < min((i+1)*piece, keys); k++ {
			f(k, &s)
		}
	})
}

// newVersions lays out the slots of all keys and finds their longest reads.
func newVersions(p *premises, g *byKey) *versions {
	v := &versions{no: g.no, keys: make([]keyVersions, len(g.keys))}
	overKeys(len(g.keys), p.workers, func(k int, s *scratch) {
		s.uses = usesOf(s.uses[:0], g.readsOf(k))
		s.lists = s.lists[:0]
		for _, u := range s.uses {
			s.lists = append(s.lists, p.h.List(u.id)[:u.n])
		}
		kv := keyVersions{key: g.keys[k], elements: newElements(g.appendsOf(k), s.lists)}
		for _, r := range g.readsOf(k) {
			if r.n <= 0 {
				continue
			}
			kv.all.longer(p.h, r)
			if p.nodeAt[r.at] >= 0 {
				kv.order.longer(p.h, r)
			}
		}
		v.keys[k] = kv
	})
	slots := uint32(0)
	for k := range v.keys {
		v.keys[k].base = slots
		slots += v.keys[k].size
	}
	v.writer, v.pos = make([]int32, slots), make([]int32, slots)
	v.prev, v.off = make([]uint32, slots), make([]uint32, slots)
	v.readers = make([]uint32, len(g.reads))
	return v
}

// settle fills in what the slots of key number k are about: order, writers and readers.
func (v *versions) settle(p *premises, g *byKey, k int, s *scratch) {
	kv := &v.keys[k]
	lo, hi := kv.base, kv.base+kv.size
	for slot := lo; slot < hi; slot++ {
		v.writer[slot], v.pos[slot], v.prev[slot] = -1, -1, noSlot
	}
	tail := lo
	if kv.order.n > 0 {
		for i, e := range p.h.List(kv.order.list)[:kv.order.n] {
			if slot := kv.slot(e); v.prev[slot] == noSlot { // else it's a duplicate: the first occurrence counts
				v.pos[slot], v.prev[slot], tail = int32(i), tail, slot
			}
		}
	}
	for slot := lo; slot < hi; slot++ {
		if v.prev[slot] == noSlot {
			v.prev[slot] = tail // an append that the longest read doesn't show came after all that it does
		}
	}
	for _, a := range g.appendsOf(k) {
		if node := p.nodeAt[a.at]; node >= 0 {
			v.writer[kv.slot(a.el)] = node
		}
	}
	v.sortReaders(p, g, k, s)
	for _, a := range g.appendsOf(k) {
		if p.nodeAt[a.at] >= 0 {
			kv.rw += uint64(len(v.readersOf(v.prev[kv.slot(a.el)])))
		}
	}
}

// maxReaders is how many readers of a version are linked to each writer of the next one in a history that would have
// too many edges otherwise.
const maxReaders = 32

// limitEdges bounds the graph. A database whose reads show nothing of what was appended gives every reader of a key an
// rw edge to every appender, which is quadratic. Then only the last readers of each version are linked: those are the
// likeliest to have begun after the append, and any cycle that they close is as good a proof. But no cycle is no proof.
func (v *versions) limitEdges(most uint64) []check.Reason {
	total := uint64(0)
	for k := range v.keys {
		total += v.keys[k].rw
	}
	if total <= most {
		return nil
	}
	v.limited = true
	return []check.Reason{{
		Code: "too-many-dependencies",
		Text: fmt.Sprintf("The history has %d anti-dependencies, for instance because its reads never show what was appended; "+
			"only those of the last %d readers of each version were searched", total, maxReaders),
	}}
}

// linked are the readers of a version that edges are drawn from.
func (v *versions) linked(slot uint32) []uint32 {
	all := v.readersOf(slot)
	if v.limited && len(all) > maxReaders {
		return all[len(all)-maxReaders:]
	}
	return all
}

// sortReaders fills the key's rows of readers by counting.
func (v *versions) sortReaders(p *premises, g *byKey, k int, s *scratch) {
	kv := &v.keys[k]
	row := v.off[kv.base : kv.base+kv.size]
	clear(row)
	s.slots = s.slots[:0]
	for _, r := range g.readsOf(k) {
		slot := noSlot
		if p.nodeAt[r.at] >= 0 {
			if slot = 0; r.n > 0 {
				slot = kv.last(p.h, r.list, r.n) - kv.base
			}
			row[slot]++
		}
		s.slots = append(s.slots, slot)
	}
	end := g.readOff[k]
	for i, count := range row {
		row[i], end = end, end+count
	}
	s.next = append(s.next[:0], row...)
	for i, r := range g.readsOf(k) {
		if slot := s.slots[i]; slot != noSlot {
			v.readers[s.next[slot]] = uint32(p.nodeAt[r.at])
			s.next[slot]++
		}
	}
}

// scratch is what one goroutine reuses from key to key.
type scratch struct {
	uses  []listUse
	lists [][]history.Sym
	slots []uint32
	next  []uint32
	marks marks
	found keyFindings
	order []history.Sym
}

// marks is what the appends of one key say about its slots, counted from the key's first slot.
type marks struct {
	failed  []int32 // position of the last failed operation that appended it, or -1
	decided []int32 // position of the last completion that appended it, or -1
	midway  []int32 // position of the last operation that appended it and then appended to the key again, or -1
	invoked []int32 // position of the last invocation that appended it, or -1
	known   []bool  // some operation appended it
	stamp   []int32 // last list in which it was seen
}

// reset makes room for n slots of which nothing is known.
func (m *marks) reset(n int) {
	for _, col := range []*[]int32{&m.failed, &m.decided, &m.midway, &m.invoked, &m.stamp} {
		*col = slices.Grow((*col)[:0], n)[:n]
		for i := range *col {
			(*col)[i] = -1
		}
	}
	m.known = slices.Grow(m.known[:0], n)[:n]
	clear(m.known)
}
