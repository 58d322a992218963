package linearizable

import (
	"math/bits"
	"slices"
)

// config is a configuration: how far one way of ordering the calls has come.
//
// Its words are three masks, one behind the other: used, the open calls that have taken effect; owed, the open calls that
// must still do so before they return; crashed, the crashed calls that have taken effect, as a run of ones per kind. A
// call that is neither used nor owed is hidden: it took effect where an overwriting call came right after it, so that
// nobody could tell; it may still take effect visibly instead.
type config struct {
	words []uint64
	held
}

// held is what a level keeps of a configuration beside its words.
type held struct {
	state  int32
	trail  int32 // how it came about, if trails are kept
	unseen bool  // its last call was an overwriting or a crashed one, whose effect nobody has seen
}

// level is a set of configurations, in order of arrival, of which few dominate another: a dominates b if both have the
// same state and every mask of a is a part of b's. Whatever completes b then completes a. What is dominated by what came
// before it is never added; the other way around only near misses are noticed at once, and the rest by replace.
type level struct {
	stride, width int // words of a configuration, and of one mask of open calls
	words         []uint64
	of            []held // see at
	dead          []bool // dominated by a later one
	live          int

	// Hash table over state, the used calls that aren't blind, and the first two crashed calls that took effect.
	// Dominance can only hold where the former agree, and where the latter are among those of the dominated one: so
	// what dominates it is found in as many places as it has pairs of crashed calls, however many configurations there are.
	heads []int32
	stamp []uint32 // the generation that wrote heads; others count as empty, so that nothing needs clearing
	links []entry  // by configuration
	gen   uint32

	bits  []int32 // scratch: the crashed calls that took effect
	order []int32 // scratch of replace
}

// entry leads from a configuration to the next in its place of the table. It repeats what most often tells that a
// configuration doesn't dominate another.
type entry struct {
	crashed     uint64 // the first word of that mask
	state, next int32
}

func newLevel(stride, width int) *level {
	return &level{stride: stride, width: width, heads: make([]int32, 64), stamp: make([]uint32, 64)}
}

func (l *level) reset() {
	l.words, l.of, l.dead, l.links, l.live = l.words[:0], l.of[:0], l.dead[:0], l.links[:0], 0
	l.gen++
}

// at is a configuration; its words are those of the level.
func (l *level) at(i int) config {
	return config{l.words[i*l.stride : (i+1)*l.stride], l.of[i]}
}

// bytes is what the level takes.
func (l *level) bytes() int64 {
	return 8*int64(cap(l.words)) + 12*int64(cap(l.of)) + int64(cap(l.dead)) + 16*int64(cap(l.links)) + 4*int64(cap(l.order)) + 8*int64(len(l.heads))
}

// hash is of all that configurations must agree in for one to dominate the other.
func (l *level) hash(c config, keyed []uint64) uint64 {
	h := uint64(c.state)*0x9e3779b97f4a7c15 + 1
	for i := range l.width {
		h = (h ^ c.words[i]&keyed[i]) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return h
}

// place is where the table has the configurations of a hash whose first crashed calls are a and b; 0 is none.
func (l *level) place(h uint64, a, b int32) int {
	if a != noCrashed {
		h = (h ^ uint64(a)<<32 ^ uint64(b)) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return int(h & uint64(len(l.heads)-1))
}

// noCrashed stands for a crashed call that isn't there.
const noCrashed = 0

// ownPlace is that of c. It leaves the crashed calls of c, counted from 1, in bits.
func (l *level) ownPlace(c config, h uint64) int {
	l.bits = l.bits[:0]
	for i, w := range c.words[2*l.width:] {
		for ; w != 0; w &= w - 1 {
			l.bits = append(l.bits, int32(64*i+bits.TrailingZeros64(w)+1))
		}
	}
	var first [2]int32
	copy(first[:], l.bits)
	return l.place(h, first[0], first[1])
}

// crashed is the first word of the mask of crashed calls.
func (l *level) crashed(c config) uint64 {
	if l.crashless() {
		return 0
	}
	return c.words[2*l.width]
}

// contains tells whether every mask of a is a part of b's.
func contains(b, a []uint64) bool {
	for i, w := range a {
		if w&^b[i] != 0 {
			return false
		}
	}
	return true
}

// dominatedAt tells whether a configuration in a place of the table dominates c.
func (l *level) dominatedAt(place int, c config) bool {
	if l.stamp[place] != l.gen {
		return false
	}
	others := ^l.crashed(c)
	for i := l.heads[place]; i >= 0; {
		k := &l.links[i]
		if from := int(i) * l.stride; k.crashed&others == 0 && k.state == c.state && contains(c.words, l.words[from:from+l.stride]) {
			return true
		}
		i = k.next
	}
	return false
}

// dominated tells whether a configuration that is there dominates c, whose own place and crashed calls are known.
func (l *level) dominated(own int, h uint64, c config) bool {
	if l.dominatedAt(own, c) {
		return true
	}
	if len(l.bits) == 0 {
		return false
	}
	if l.dominatedAt(l.place(h, noCrashed, noCrashed), c) {
		return true
	}
	for i, x := range l.bits {
		if l.dominatedAt(l.place(h, x, noCrashed), c) {
			return true
		}
		for _, y := range l.bits[i+1:] {
			if l.dominatedAt(l.place(h, x, y), c) {
				return true
			}
		}
	}
	return false
}

// add puts a copy of c in unless one that dominates it is there; keyed masks the slots of calls that aren't blind.
func (l *level) add(c config, keyed []uint64) bool {
	if len(l.of) >= len(l.heads) {
		l.grow(keyed)
	}
	h := l.hash(c, keyed)
	b := l.ownPlace(c, h)
	if l.dominated(b, h, c) {
		return false
	}
	if l.stamp[b] != l.gen {
		l.stamp[b], l.heads[b] = l.gen, -1
	}
	crashed := l.crashed(c)
	before := &l.heads[b]
	for i := *before; i >= 0; i = *before {
		k := &l.links[i]
		if from := int(i) * l.stride; crashed&^k.crashed == 0 && k.state == c.state && contains(l.words[from:from+l.stride], c.words) {
			l.dead[i] = true
			l.live--
			*before = k.next
			continue
		}
		before = &k.next
	}
	l.links = append(l.links, entry{crashed, c.state, l.heads[b]})
	l.heads[b] = int32(len(l.of))
	l.append(c)
	return true
}

// append puts a copy of c behind the others.
func (l *level) append(c config) {
	l.words = append(l.words, c.words...)
	l.of = append(l.of, c.held)
	l.dead = append(l.dead, false)
	l.live++
}

// crashless tells whether no call crashed. Then add notices all dominance.
func (l *level) crashless() bool { return l.stride == 2*l.width }

// grow doubles the hash table.
func (l *level) grow(keyed []uint64) {
	l.heads = make([]int32, 2*len(l.heads))
	l.stamp = make([]uint32, len(l.heads))
	l.gen = 1
	for i := range l.of {
		if l.dead[i] {
			continue
		}
		c := l.at(i)
		b := l.ownPlace(c, l.hash(c, keyed))
		if l.stamp[b] != l.gen {
			l.stamp[b], l.heads[b] = l.gen, -1
		}
		l.links[i].next = l.heads[b]
		l.heads[b] = int32(i)
	}
}

// replace makes l hold the live configurations of from that none dominates, those with the fewest calls in their masks
// first, at most n of them (all if n is 0). It tells whether n cut some off.
func (l *level) replace(from *level, n int, keyed []uint64) (cut bool) {
	l.reset()
	for _, i := range from.lightest() {
		if n > 0 && len(l.of) == n {
			return true
		}
		if c := from.at(int(i)); l.crashless() {
			l.append(c)
		} else {
			l.add(c, keyed)
		}
	}
	return false
}

// lightest lists the live configurations by the number of calls in their masks: none dominates one before it.
func (l *level) lightest() []int32 {
	l.order = l.order[:0]
	for i := range l.of {
		if !l.dead[i] {
			l.order = append(l.order, int32(i))
		}
	}
	if l.crashless() {
		return l.order
	}
	weight := func(i int32) int {
		n := 0
		for _, w := range l.words[int(i)*l.stride : (int(i)+1)*l.stride] {
			n += bits.OnesCount64(w)
		}
		return n
	}
	slices.SortStableFunc(l.order, func(a, b int32) int { return weight(a) - weight(b) })
	return l.order
}
