package linearizable

import "slices"

// config is a configuration: how far one way of ordering the calls has come.
//
// Its words are three masks, one behind the other: used, the open calls that have taken effect; owed, the open calls that
// must still do so before they return; crashed, the crashed calls that have taken effect, as a run of ones per kind. A
// call that is neither used nor owed is hidden: it took effect where an overwriting call came right after it, so that
// nobody could tell; it may still take effect visibly instead.
type config struct {
	words  []uint64
	state  int32
	trail  int32 // how it came about, if trails are kept
	unseen bool  // its last call was an overwriting one whose effect nobody has seen
}

// level is a set of configurations, in order of arrival, of which none dominates another: a dominates b if both have the
// same state and every mask of a is a part of b's. Whatever completes b then completes a.
type level struct {
	stride, width int // words of a configuration, and of one mask of open calls
	words         []uint64
	of            []config // their words are unset; see at
	dead          []bool   // dominated by a later one
	live          int

	// Hash table over state and the used calls that aren't blind: dominance can only hold where these agree.
	heads []int32
	stamp []uint32 // the generation that wrote heads; others count as empty, so that nothing needs clearing
	next  []int32
	gen   uint32
}

func newLevel(stride, width int) *level {
	return &level{stride: stride, width: width, heads: make([]int32, 64), stamp: make([]uint32, 64)}
}

func (l *level) reset() {
	l.words, l.of, l.dead, l.next, l.live = l.words[:0], l.of[:0], l.dead[:0], l.next[:0], 0
	l.gen++
}

// at is a configuration; its words are those of the level.
func (l *level) at(i int) config {
	c := l.of[i]
	c.words = l.words[i*l.stride : (i+1)*l.stride]
	return c
}

// bytes is what the level takes.
func (l *level) bytes() int64 {
	return 8*int64(cap(l.words)) + 40*int64(cap(l.of)) + int64(cap(l.dead)) + 4*int64(cap(l.next)) + 8*int64(len(l.heads))
}

func (l *level) bucket(c config, keyed []uint64) int {
	h := uint64(c.state)*0x9e3779b97f4a7c15 + 1
	for i := range l.width {
		h = (h ^ c.words[i]&keyed[i]) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return int(h & uint64(len(l.heads)-1))
}

func dominates(a, b []uint64) bool {
	for i, w := range a {
		if w&^b[i] != 0 {
			return false
		}
	}
	return true
}

// add puts a copy of c in unless one that dominates it is there; keyed masks the slots of calls that aren't blind.
func (l *level) add(c config, keyed []uint64) bool {
	if len(l.of) >= len(l.heads) {
		l.grow(keyed)
	}
	b := l.bucket(c, keyed)
	if l.stamp[b] != l.gen {
		l.stamp[b], l.heads[b] = l.gen, -1
	}
	for i := l.heads[b]; i >= 0; i = l.next[i] {
		if !l.dead[i] && l.of[i].state == c.state && dominates(l.at(int(i)).words, c.words) {
			return false
		}
	}
	for i := l.heads[b]; i >= 0; i = l.next[i] {
		if !l.dead[i] && l.of[i].state == c.state && dominates(c.words, l.at(int(i)).words) {
			l.dead[i] = true
			l.live--
		}
	}
	l.next = append(l.next, l.heads[b])
	l.heads[b] = int32(len(l.of))
	l.words = append(l.words, c.words...)
	c.words = nil
	l.of = append(l.of, c)
	l.dead = append(l.dead, false)
	l.live++
	return true
}

// grow doubles the hash table.
func (l *level) grow(keyed []uint64) {
	l.heads = make([]int32, 2*len(l.heads))
	l.stamp = make([]uint32, len(l.heads))
	l.gen = 1
	for i := range l.of {
		b := l.bucket(l.at(i), keyed)
		if l.stamp[b] != l.gen {
			l.stamp[b], l.heads[b] = l.gen, -1
		}
		l.next[i] = l.heads[b]
		l.heads[b] = int32(i)
	}
}

// replace makes l hold the first at most n live configurations of from (all if n is 0), without a hash table.
func (l *level) replace(from *level, n int) {
	l.words, l.of = l.words[:0], l.of[:0]
	for i := range from.of {
		if from.dead[i] {
			continue
		}
		if n > 0 && len(l.of) == n {
			break
		}
		c := from.at(i)
		l.words = append(l.words, c.words...)
		c.words = nil
		l.of = append(l.of, c)
	}
	l.live = len(l.of)
	l.dead = slices.Grow(l.dead[:0], l.live)[:l.live]
	clear(l.dead)
}
