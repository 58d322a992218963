package elle

import (
	"cmp"
	"slices"

	"jcheck/history"
)

// keyFindings is what is wrong with one key, apart from cycles.
type keyFindings struct {
	g1a, g1b, twice, garbage, order, dirty, appendedTwice evidence
}

// none tells whether nothing is.
func (f *keyFindings) none() bool {
	return f.g1a.total+f.g1b.total+f.twice.total+f.garbage.total+f.order.total+f.dirty.total+f.appendedTwice.total == 0
}

// judgeKey looks at the appends and reads of key number k. Work is linear in them and in the length of the key's lists,
// not in what all reads showed: a read is compared by its length with what is known of its list.
func judgeKey(p *premises, g *byKey, v *versions, k int, s *scratch) *keyFindings {
	kv, limit := &v.keys[k], p.o.MaxAnomalies
	f := &s.found
	*f = keyFindings{}
	markAppends(p, g.appendsOf(k), kv, &s.marks, &f.appendedTwice)
	s.uses = usesOf(s.uses[:0], g.readsOf(k))
	for i := range s.uses {
		s.uses[i].inspect(p.h, kv, &s.marks, int32(i))
	}
	for _, r := range g.readsOf(k) {
		if r.n > 0 && p.nodeAt[r.at] >= 0 {
			judgeRead(p, kv, r, s, f)
		}
	}
	if len(s.uses) > 1 {
		findFork(p, g.readsOf(k), kv.key, &f.order, limit)
	}
	if kv.all.n > 0 {
		findDirtyUpdates(p, kv, s, &f.dirty)
	}
	if f.none() {
		return nil
	}
	found := *f
	return &found
}

// markAppends notes who appended each element of a key. The appends of one operation are neighbours, so an intermediate
// one (Adya's G1b) is followed by another of the same operation.
func markAppends(p *premises, appends []appendRef, kv *keyVersions, m *marks, twice *evidence) {
	m.reset(int(kv.size))
	for i, a := range appends {
		slot := kv.slot(a.el) - kv.base
		m.known[slot] = true
		switch p.h.Type(p.h.At(int(a.at))) {
		case history.Invoke:
			if m.invoked[slot] >= 0 {
				twice.add(flaw{at: a.at, other: m.invoked[slot], key: kv.key, el: a.el}, 1)
			}
			m.invoked[slot] = a.at
		case history.Fail:
			m.failed[slot], m.decided[slot] = a.at, a.at
		default:
			m.decided[slot] = a.at
		}
		// Like the original we take no note of nil and false: they serve as "nothing" there.
		if i+1 < len(appends) && appends[i+1].at == a.at && a.el != history.Nil && a.el != history.False {
			m.midway[slot] = a.at
		}
	}
}

// inspect finds what is wrong with the elements of a list, in one pass.
func (u *listUse) inspect(h *history.History, kv *keyVersions, m *marks, stamp int32) {
	u.twiceAt = u.n + 1
	for i, e := range h.List(u.id)[:u.n] {
		slot := kv.slot(e) - kv.base
		if m.failed[slot] >= 0 {
			u.failed = append(u.failed, int32(i))
		}
		if !m.known[slot] {
			u.garbage = append(u.garbage, int32(i))
		}
		if m.stamp[slot] == stamp {
			u.twiceAt = min(u.twiceAt, int32(i)+1)
		}
		m.stamp[slot] = stamp
	}
}

// judgeRead looks at a read of one element or more by a possible operation.
func judgeRead(p *premises, kv *keyVersions, r readRef, s *scratch, f *keyFindings) {
	limit, u := p.o.MaxAnomalies, findUse(s.uses, r.list)
	list := p.h.List(r.list)
	at := flaw{at: r.at, mop: r.mop, key: kv.key}
	if r.n >= u.twiceAt {
		f.twice.add(at, limit)
	}
	for u.told < len(u.garbage) && u.garbage[u.told] < r.n {
		at := at
		at.el = list[u.garbage[u.told]]
		u.told++
		if slot := kv.slot(at.el) - kv.base; !s.marks.known[slot] {
			s.marks.known[slot] = true // tell of each element once
			f.garbage.add(at, limit)
		}
	}
	if p.h.Type(p.h.At(int(r.at))) != history.OK {
		return
	}
	failed, _ := slices.BinarySearch(u.failed, r.n) // how many of them the read shows
	for i, pos := range u.failed[:failed] {
		if f.g1a.full(limit) {
			f.g1a.total += failed - i
			break
		}
		at := at
		at.elem, at.el = pos, list[pos]
		at.other = s.marks.failed[kv.slot(at.el)-kv.base]
		f.g1a.add(at, limit)
	}
	last := kv.last(p.h, r.list, r.n) - kv.base
	if w := s.marks.midway[last]; w >= 0 && w != r.at {
		at.el, at.other = list[r.n-1], w
		f.g1b.add(at, limit)
	}
}

// findFork looks for two reads of a key neither of which continues the other. All distinct reads by possible operations
// are lined up by length; if each is a prefix of the next, the key has one order. At most one fork is told for a key.
func findFork(p *premises, reads []readRef, key history.KeyID, e *evidence, limit int) {
	var line []span
	for _, r := range reads {
		if r.n > 0 && p.nodeAt[r.at] >= 0 {
			line = append(line, span{r.list, r.n, r.at})
		}
	}
	slices.SortFunc(line, func(x, y span) int {
		return cmp.Or(cmp.Compare(x.n, y.n), cmp.Compare(x.list, y.list), cmp.Compare(x.at, y.at))
	})
	line = slices.CompactFunc(line, func(x, y span) bool { return x.n == y.n && x.list == y.list })
	for i := 1; i < len(line); i++ {
		if a, b := line[i-1], line[i]; !isPrefix(p.h, a, b) {
			e.add(flaw{key: key, a: a, b: b}, limit)
			return
		}
	}
}

// isPrefix tells whether read b, of one key with a and no shorter, begins with read a. Reads are in canonical form, so
// that the list of b, followed towards the root, must come to the list of a before a's end.
func isPrefix(h *history.History, a, b span) bool {
	list := b.list
	for list != a.list {
		parent, at := h.Branch(list)
		if parent < 0 || a.n > at {
			return false
		}
		list = parent
	}
	return true
}

// findDirtyUpdates walks a key's versions, in the order in which any client saw them, for an aborted one that was
// followed by a committed one: work was done on state that should never have been (Adya calls it a dirty write that
// was built upon). Indeterminate writers, and elements whose writer is unknown, decide nothing.
func findDirtyUpdates(p *premises, kv *keyVersions, s *scratch, e *evidence) {
	s.order = s.order[:0]
	const seen = -2 // no list has this stamp
	from, aborted, pending := 0, int32(-1), false
	for _, el := range p.h.List(kv.all.list)[:kv.all.n] {
		slot := kv.slot(el) - kv.base
		if s.marks.stamp[slot] == seen {
			continue
		}
		s.marks.stamp[slot] = seen
		s.order = append(s.order, el)
		w := s.marks.decided[slot]
		if w < 0 {
			continue
		}
		switch p.h.Type(p.h.At(int(w))) {
		case history.OK:
			if pending {
				e.add(flaw{key: kv.key, other: aborted, at: w, list: slices.Clone(s.order[from:])}, p.o.MaxAnomalies)
			}
			from, pending = len(s.order)-1, false
		case history.Fail:
			if !pending {
				from, aborted, pending = len(s.order)-1, w, true
			}
		}
	}
}
