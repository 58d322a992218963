package elle

import (
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/graph"
)

// finding is a read that shows something wrong.
type finding struct {
	at     int32 // the reader's position in the view
	mop    int32
	writer int32 // position of who wrote what it shows; none if nobody
}

// unclearVersion is a value that was read, but that several operations may have written.
type unclearVersion struct {
	text string
	ops  []history.ID // the writers, then a reader
}

// registerFindings is what the accesses of keys show without any order of versions.
type registerFindings struct {
	aborted      []finding
	intermediate []finding
	garbage      []finding
	lost         []update // txns that read a key and then wrote it, if others did so after the same read
	unclear      []unclearVersion
}

func (f *registerFindings) add(g *registerFindings) {
	f.aborted = append(f.aborted, g.aborted...)
	f.intermediate = append(f.intermediate, g.intermediate...)
	f.garbage = append(f.garbage, g.garbage...)
	f.lost = append(f.lost, g.lost...)
	f.unclear = append(f.unclear, g.unclear...)
}

// keysPerBlock is how many keys one piece of parallel work has.
const keysPerBlock = 512

// keyBlock is the result of one such piece.
type keyBlock struct {
	found  registerFindings
	values []history.Sym
	twice  []keyVersion // that two operations may have written
}

// keyVersion is a version by its number within the key.
type keyVersion struct{ key, version int32 }

// numberVersions numbers the values of each key, the initial one first, then in order of first appearance, and collects
// what the reads show. The accesses aren't needed afterwards.
func (r *register) numberVersions() *registerFindings {
	keys := len(r.accessOff) - 1
	r.versionOff = make([]uint32, keys+1)
	parts := make([]keyBlock, (keys+keysPerBlock-1)/keysPerBlock)
	graph.Parallel(len(parts), r.workers, func() func(int) {
		s := &keyScratch{r: r}
		return func(i int) {
			s.out = &parts[i]
			for k := i * keysPerBlock; k < min(keys, (i+1)*keysPerBlock); k++ {
				s.key(int32(k))
			}
		}
	})
	for k := range keys {
		r.versionOff[k+1] += r.versionOff[k]
	}
	found := &registerFindings{}
	r.values = make([]history.Sym, 0, r.versionOff[keys])
	for i := range parts {
		found.add(&parts[i].found)
		r.values = append(r.values, parts[i].values...)
		for _, t := range parts[i].twice {
			if r.twice == nil {
				r.twice = make(map[int32]bool)
			}
			r.twice[int32(r.versionOff[t.key])+t.version] = true
		}
	}
	r.accesses, r.accessOff = nil, nil
	r.rebase()
	return found
}

// rebase turns the versions of touches from numbers within their keys to numbers within the view. A write of the initial
// value isn't the initial version, and has no number of its own: nothing is known of it.
func (r *register) rebase() {
	blocks(len(r.touches), r.workers, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			t := &r.touches[i]
			base := int32(r.versionOff[t.key])
			if t.read != none {
				t.read += base
			}
			switch t.write {
			case none:
			case 0:
				t.write = none
			default:
				t.write += base
			}
		}
	})
}

// initially is where the initial version was written: before all operations.
const initially = -2

// keyScratch is a worker's memory for one key after another. Versions are numbered within the key here.
type keyScratch struct {
	r       *register
	out     *keyBlock
	numbers symTable
	facts   []versionFacts
}

// versionFacts is what is known of who wrote a version.
type versionFacts struct {
	val          history.Sym
	written      bool  // by any operation
	visible      int32 // operations that may have left it behind, the initial state included
	writer       int32 // position of an operation that wrote it and may have committed, or none
	shared       bool  // there is another one
	aborted      int32 // position of the last failed op that wrote it, or none
	intermediate int32 // position of the last op that wrote it and then something else, or none
	filed        int32 // txns that read it and then wrote the key
}

// key does all for one key.
func (s *keyScratch) key(k int32) {
	r := s.r
	acc := r.accesses[r.accessOff[k]:r.accessOff[k+1]]
	s.numbers.reset(len(acc) + 1)
	s.facts = append(s.facts[:0], versionFacts{val: r.initialSym, visible: 1, writer: initially, aborted: none, intermediate: none})
	if r.initialSeen {
		s.numbers.number(r.initialSym)
	} else {
		s.numbers.n = 1 // no access can show the initial value: the history doesn't mention it
	}
	for i := range acc {
		a := &acc[i]
		v := s.version(a.val)
		s.wrote(a, v)
		a.val = history.Sym(v) // from here on, the version
		switch {
		case a.touch == none:
		case a.is(isRead):
			r.touches[a.touch].read = v
		default:
			r.touches[a.touch].write = v
		}
	}
	s.judge(k, acc)
	for v := range int32(len(s.facts)) {
		if s.facts[v].visible > 1 {
			s.out.twice = append(s.out.twice, keyVersion{k, v})
			s.unclear(k, acc, v)
		}
	}
	r.versionOff[k+1] = uint32(len(s.facts))
	for i := range s.facts {
		s.out.values = append(s.out.values, s.facts[i].val)
	}
}

func (s *keyScratch) version(val history.Sym) int32 {
	v, fresh := s.numbers.number(val)
	if fresh {
		s.facts = append(s.facts, versionFacts{val: val, writer: none, aborted: none, intermediate: none})
	}
	return v
}

// wrote notes who wrote version v. Of several the last counts, so that a completion goes before its invocation. The
// initial version is no evidence of anything: it was there before.
func (s *keyScratch) wrote(a *access, v int32) {
	f := &s.facts[v]
	if a.is(isRead) {
		return
	}
	f.written = true
	if !a.is(isFail | isEcho) {
		f.shared = f.shared || f.writer != none && f.writer != a.at
		f.writer = a.at
	}
	if a.is(visible) {
		f.visible++
	}
	if a.is(overwritten) && v != 0 {
		f.intermediate = a.at
	}
	if a.is(isFail) {
		f.aborted = a.at
	}
}

// judge looks at every read of a committed txn, internal ones included. A value that the reader may have from elsewhere
// proves nothing against a failed or an intermediate write of the same (a client that retries writes it again).
func (s *keyScratch) judge(k int32, acc []access) {
	out := &s.out.found
	for i := range acc {
		a := &acc[i]
		if !a.is(isRead) {
			continue
		}
		v := int32(a.val)
		f := &s.facts[v]
		if f.aborted != none && f.writer == none {
			out.aborted = append(out.aborted, finding{a.at, a.mopAt(), f.aborted})
		}
		if f.intermediate != none && f.intermediate != a.at && f.writer != a.at && f.visible == 0 && !f.shared {
			out.intermediate = append(out.intermediate, finding{a.at, a.mopAt(), f.intermediate})
		}
		if v != 0 && !f.written {
			out.garbage = append(out.garbage, finding{a.at, a.mopAt(), none})
		}
		if f.lostBy(a) {
			f.filed++
		}
	}
	for i := range acc {
		if a := &acc[i]; s.facts[a.val].filed >= 2 && s.facts[a.val].lostBy(a) {
			out.lost = append(out.lost, update{key: s.r.keyID(k), at: a.at, mop: a.mopAt(), read: uint64(a.val)})
		}
	}
}

// lostBy tells whether a read is the start of an update that is lost if there's another of the same version. If two
// operations wrote the value, or a txn wrote it, read it, and wrote it again, the reads may be of different versions.
func (f *versionFacts) lostBy(a *access) bool {
	again := a.touch == none && a.at == f.intermediate && f.visible > 0
	return a.is(lostIfShared) && !f.shared && !again
}

// maxUnclear is how many unclear versions are told.
const maxUnclear = 8

// unclear tells of version v, which several operations may have left behind, if a committed txn read it.
func (s *keyScratch) unclear(k int32, acc []access, v int32) {
	out := &s.out.found
	reader := slices.IndexFunc(acc, func(a access) bool { return a.is(isRead) && a.touch != none && int32(a.val) == v })
	if reader < 0 || len(out.unclear) >= maxUnclear {
		return
	}
	u := unclearVersion{}
	val := s.r.initial
	if v != 0 {
		val = s.r.h.Value(s.facts[v].val)
	}
	u.text = fmt.Sprintf("value %s of key %s was written by %d operations, so that reads of it don't tell whose write they saw",
		val, s.r.keyValue(k), s.facts[v].visible)
	if v == 0 {
		u.text = fmt.Sprintf("value %s of key %s was there from the start and was written again, so that reads of it don't "+
			"tell which they saw", val, s.r.keyValue(k))
	}
	for i := range acc {
		if a := &acc[i]; a.is(visible) && int32(a.val) == v && len(u.ops) < maxExamples {
			u.ops = append(u.ops, s.r.h.At(int(a.at)))
		}
	}
	u.ops = append(u.ops, s.r.h.At(int(acc[reader].at)))
	out.unclear = append(out.unclear, u)
}

// unclearReasons says why nothing can be concluded.
func unclearReasons(unclear []unclearVersion) []check.Reason {
	var reasons []check.Reason
	for _, u := range unclear[:min(len(unclear), maxUnclear)] {
		reasons = append(reasons, check.Reason{Code: "multiple-writers", Text: u.text, Ops: u.ops})
	}
	return reasons
}

// indexVersions lists for each version who left it and who found it, of committed txns only: what an indeterminate one
// wrote has no writer that edges could start from (the original's rule).
func (r *register) indexVersions() {
	n := int(r.versionOff[len(r.versionOff)-1])
	r.writers = r.indexTouches(n, func(t *touch) int32 { return t.write })
	r.readers = r.indexTouches(n, func(t *touch) int32 { return t.read })
}

func (r *register) indexTouches(n int, version func(*touch) int32) versionIndex {
	off := make([]uint32, n+2)
	each := func(do func(node uint32, v int32)) {
		for node := range uint32(len(r.nodes)) {
			if !r.ok(node) {
				continue
			}
			ts := r.touchesOf(node)
			for i := range ts {
				if v := version(&ts[i]); v != none {
					do(node, v)
				}
			}
		}
	}
	each(func(_ uint32, v int32) { off[v+2]++ })
	for v := 2; v < len(off); v++ {
		off[v] += off[v-1]
	}
	nodes := make([]uint32, off[n+1])
	each(func(node uint32, v int32) {
		nodes[off[v+1]] = node
		off[v+1]++
	})
	return versionIndex{off[:n+1], nodes}
}
