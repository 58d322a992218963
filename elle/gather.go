package elle

import (
	"slices"

	"jcheck/history"
)

// appendRef is one append of a client operation of any type.
type appendRef struct {
	at int32 // the operation's position in the view
	el history.Sym
}

// readRef is one read that can matter: by a possible operation, or of a non-empty list by any other.
type readRef struct {
	at   int32
	mop  int32
	list history.ListID
	n    int32 // elements shown; 0 for [], nilRead for nil
}

const nilRead int32 = -1

// byKey holds the micro-ops of a history grouped by key, in file order within a key. Keys are numbered within the view,
// so that the parts of a keyed history don't pay for each other's.
type byKey struct {
	keys      []history.KeyID // number → key
	no        []int32         // key → number; entries of keys that the view lacks are meaningless
	appendOff []uint32
	appends   []appendRef
	readOff   []uint32
	reads     []readRef
}

func (g *byKey) appendsOf(k int) []appendRef { return g.appends[g.appendOff[k]:g.appendOff[k+1]] }
func (g *byKey) readsOf(k int) []readRef     { return g.reads[g.readOff[k]:g.readOff[k+1]] }

// readLen is how many elements a read shows, or nilRead. ok is false if what it shows is no list at all.
func readLen(m *history.Mop, blank bool) (n int32, ok bool) {
	switch {
	case blank || m.Shape == history.NoArg:
		return nilRead, true
	case m.Shape == history.List:
		return m.Len, true
	case m.Shape == history.Scalar && m.Val() == history.Nil:
		return nilRead, true
	}
	return 0, false
}

// wellFormed tells whether a micro-op is one of list-append's: an append, or a read of a list or nil.
func wellFormed(m *history.Mop) bool {
	if m.Shape == history.Odd {
		return false
	}
	if m.F == history.MopR {
		_, ok := readLen(m, false)
		return ok
	}
	return m.F == history.MopAppend
}

// maxExamples is how many foreign operations a Reason lists.
const maxExamples = 8

// foreignOps lists the first client operations with a micro-op that isn't list-append's, and counts them all.
func foreignOps(p *premises) (examples []history.ID, total int) {
	n := p.h.Size()
	found := make([][]history.ID, numBlocks(n))
	totals := make([]int, numBlocks(n))
	blocks(n, p.workers, func(piece, lo, hi int) {
		for i := lo; i < hi; i++ {
			id := p.h.At(i)
			if !p.h.Client(id) || !isForeign(p.h, id) {
				continue
			}
			totals[piece]++
			if len(found[piece]) < maxExamples {
				found[piece] = append(found[piece], id)
			}
		}
	})
	for i := range found {
		examples = append(examples, found[i]...)
		total += totals[i]
	}
	return examples[:min(len(examples), maxExamples)], total
}

// isForeign tells whether an operation isn't a transaction of list-append. No value, and an empty list, is an empty
// transaction.
func isForeign(h *history.History, id history.ID) bool {
	switch h.Kind(id) {
	case history.KindNil:
		return false
	case history.KindList:
		return len(h.Elems(id)) > 0
	case history.KindTxn:
		mops, blank := h.Mops(id), h.Blank(id)
		for i := range mops {
			if !wellFormed(&mops[i]) && !(blank && mops[i].F == history.MopR) {
				return true
			}
		}
		return false
	}
	return true
}

// tally counts, for one stretch of operations, the micro-ops of each key.
type tally struct{ appends, reads []uint32 }

// gather groups the micro-ops by key, by counting first and filling then: no slice grows, and the result is in file
// order however the work was cut. The number of stretches follows the workers, since each needs a tally of all keys.
func gather(p *premises, no []int32) *byKey {
	g := &byKey{no: no}
	g.numberKeys(p)
	n, cuts := p.h.Size(), max(p.workers, 1)
	bound := func(c int) int { return n * c / cuts }
	tallies := make([]tally, cuts)
	spread(cuts, p.workers, func(c int) {
		t := tally{make([]uint32, len(g.keys)), make([]uint32, len(g.keys))}
		g.visit(p, bound(c), bound(c+1),
			func(k int32, _ appendRef) { t.appends[k]++ },
			func(k int32, _ readRef) { t.reads[k]++ })
		tallies[c] = t
	})
	g.layOut(tallies)
	spread(cuts, p.workers, func(c int) {
		t := tallies[c] // where this stretch's entries of each key go
		g.visit(p, bound(c), bound(c+1),
			func(k int32, a appendRef) { g.appends[t.appends[k]] = a; t.appends[k]++ },
			func(k int32, r readRef) { g.reads[t.reads[k]] = r; t.reads[k]++ })
	})
	return g
}

// numberKeys numbers the keys of the view: as the history does if the view is all of it.
func (g *byKey) numberKeys(p *premises) {
	h := p.h
	if h.Size() == h.Len() {
		g.keys = make([]history.KeyID, h.NumKeys())
		for k := range g.keys {
			g.keys[k], g.no[k] = history.KeyID(k), int32(k)
		}
		return
	}
	for i := range h.Size() {
		if id := h.At(i); h.Client(id) {
			for _, m := range h.Mops(id) {
				g.keys = append(g.keys, m.Key)
			}
		}
	}
	slices.Sort(g.keys)
	g.keys = slices.Compact(g.keys)
	for i, k := range g.keys {
		g.no[k] = int32(i)
	}
}

// layOut turns counts into places: rows of keys one after another, stretches in file order within a row.
func (g *byKey) layOut(tallies []tally) {
	g.appendOff, g.readOff = make([]uint32, len(g.keys)+1), make([]uint32, len(g.keys)+1)
	var appends, reads uint32
	for k := range g.keys {
		g.appendOff[k], g.readOff[k] = appends, reads
		for _, t := range tallies {
			appends, t.appends[k] = appends+t.appends[k], appends
			reads, t.reads[k] = reads+t.reads[k], reads
		}
	}
	g.appendOff[len(g.keys)], g.readOff[len(g.keys)] = appends, reads
	g.appends, g.reads = make([]appendRef, appends), make([]readRef, reads)
}

// visit calls back for every append and every read that can matter among the operations at [lo, hi).
func (g *byKey) visit(p *premises, lo, hi int, onAppend func(int32, appendRef), onRead func(int32, readRef)) {
	for i := lo; i < hi; i++ {
		id := p.h.At(i)
		if !p.h.Client(id) {
			continue
		}
		mops, blank := p.h.Mops(id), p.h.Blank(id)
		for j := range mops {
			m := &mops[j]
			k := g.no[m.Key]
			if m.F == history.MopAppend {
				onAppend(k, appendRef{int32(i), m.Val()})
				continue
			}
			n, _ := readLen(m, blank)
			if n > 0 || (p.nodeAt[i] >= 0 && (n == 0 || p.h.Type(id) == history.OK)) {
				r := readRef{at: int32(i), mop: int32(j), n: n}
				if n > 0 {
					r.list = m.List()
				}
				onRead(k, r)
			}
		}
	}
}
