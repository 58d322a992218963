package elle

import (
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/internal/graph"
)

// finding is a read that shows something wrong.
type finding struct {
	at     int32 // the reader's position in the view
	mop    int32
	writer int32 // position of who wrote what it shows; none if nobody
}

// unclearVersion is a value whose reads can't be attributed to one writer.
type unclearVersion struct {
	key  int32
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
	found     registerFindings
	values    []history.Sym
	ambiguous []int32 // keys whose initial value is also written
}

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
	ambiguous := map[int32]bool{}
	r.values = make([]history.Sym, 0, r.versionOff[keys])
	for i := range parts {
		found.add(&parts[i].found)
		r.values = append(r.values, parts[i].values...)
		for _, k := range parts[i].ambiguous {
			ambiguous[k] = true
		}
	}
	r.accesses, r.accessOff = nil, nil
	r.rebase(ambiguous)
	return found
}

// rebase turns the versions of touches from numbers within their keys to numbers within the view. Where somebody wrote
// the initial value, no write or read of it tells which version it was: such touches know no version.
func (r *register) rebase(ambiguous map[int32]bool) {
	blocks(len(r.touches), r.workers, func(_, lo, hi int) {
		for i := lo; i < hi; i++ {
			t := &r.touches[i]
			base := int32(r.versionOff[t.key])
			vague := len(ambiguous) > 0 && ambiguous[t.key]
			for _, v := range [...]*int32{&t.read, &t.write} {
				switch {
				case *v == 0 && vague:
					*v = none
				case *v != none:
					*v += base
				}
			}
		}
	})
}

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
	written      bool
	aborted      int32 // position of the last failed op that wrote it, or none
	intermediate int32 // position of the last op that wrote it and then something else, or none
	filed        int32 // how many txns read it and then wrote the key
}

// key does all for one key.
func (s *keyScratch) key(k int32) {
	r := s.r
	acc := r.accesses[r.accessOff[k]:r.accessOff[k+1]]
	s.numbers.reset(len(acc) + 1)
	s.facts = append(s.facts[:0], versionFacts{val: r.initialSym, aborted: none, intermediate: none})
	if r.initialSeen {
		s.numbers.number(r.initialSym)
	} else {
		s.numbers.n = 1 // no access can show the initial value: the history doesn't mention it
	}
	initialWriter := int32(none)
	for i := range acc {
		a := &acc[i]
		v := s.version(a.val)
		s.wrote(a, v)
		a.val = history.Sym(v) // from here on, the version
		if a.touch == none {
			continue
		}
		if a.is(isRead) {
			r.touches[a.touch].read = v
			continue
		}
		r.touches[a.touch].write = v
		if v == 0 && initialWriter == none {
			initialWriter = a.at
		}
	}
	s.judge(k, acc)
	if initialWriter != none {
		s.initialAgain(k, acc, initialWriter)
	}
	r.versionOff[k+1] = uint32(len(s.facts))
	for i := range s.facts {
		s.out.values = append(s.out.values, s.facts[i].val)
	}
}

func (s *keyScratch) version(val history.Sym) int32 {
	v, fresh := s.numbers.number(val)
	if fresh {
		s.facts = append(s.facts, versionFacts{val: val, aborted: none, intermediate: none})
	}
	return v
}

// wrote notes who wrote version v. Of several the last counts, so that a completion goes before its invocation. The
// initial version is no evidence of anything: it was there before.
func (s *keyScratch) wrote(a *access, v int32) {
	f := &s.facts[v]
	if a.is(isRead) {
		if a.is(lostIfShared) {
			f.filed++
		}
		return
	}
	f.written = true
	if a.is(overwritten) && v != 0 {
		f.intermediate = a.at
	}
	if a.is(isFail) {
		f.aborted = a.at
	}
}

// judge looks at every read of a committed txn, internal ones included.
func (s *keyScratch) judge(k int32, acc []access) {
	out := &s.out.found
	for i := range acc {
		a := &acc[i]
		if !a.is(isRead) {
			continue
		}
		v := int32(a.val)
		f := &s.facts[v]
		if f.aborted != none {
			out.aborted = append(out.aborted, finding{a.at, a.mopAt(), f.aborted})
		}
		if f.intermediate != none && f.intermediate != a.at {
			out.intermediate = append(out.intermediate, finding{a.at, a.mopAt(), f.intermediate})
		}
		if v != 0 && !f.written {
			out.garbage = append(out.garbage, finding{a.at, a.mopAt(), none})
		}
	}
	for i := range acc {
		a := &acc[i]
		if a.is(lostIfShared) && s.facts[a.val].filed >= 2 {
			out.lost = append(out.lost, update{key: s.r.keyID(k), at: a.at, mop: a.mopAt(), read: uint64(a.val)})
		}
	}
}

// initialAgain deals with a key whose initial value somebody wrote: nobody can tell the two versions apart. That
// matters if somebody read it.
func (s *keyScratch) initialAgain(k int32, acc []access, writer int32) {
	s.out.ambiguous = append(s.out.ambiguous, k)
	for i := range acc {
		if a := &acc[i]; a.is(isRead) && a.touch != none && a.val == 0 {
			s.out.found.unclear = append(s.out.found.unclear, unclearVersion{
				key: k,
				text: fmt.Sprintf("value %s of key %s is the initial one and was also written by an operation, "+
					"so that reads of it don't tell which", edn.Value(s.r.initial), s.r.keyValue(k)),
				ops: []history.ID{s.r.h.At(int(writer)), s.r.h.At(int(a.at))},
			})
			return
		}
	}
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

// maxUnclear is how many unclear versions are told.
const maxUnclear = 8

// ambiguous lists the values that committed txns read but that have several possible writers.
func (r *register) ambiguous(unclear []unclearVersion) []check.Reason {
	for k := range int32(r.numKeys()) {
		for v := int32(r.versionOff[k]); v < int32(r.versionOff[k+1]) && len(unclear) < maxUnclear; v++ {
			writers, readers := r.writers.of(v), r.readers.of(v)
			if len(writers) < 2 || len(readers) == 0 {
				continue
			}
			u := unclearVersion{key: k, text: fmt.Sprintf("value %s of key %s was written by %d operations, so that "+
				"reads of it don't tell whose write they saw", r.versionValue(k, v), r.keyValue(k), len(writers))}
			for _, w := range writers[:min(len(writers), maxExamples)] {
				u.ops = append(u.ops, r.nodes[w])
			}
			u.ops = append(u.ops, r.nodes[readers[0]])
			unclear = append(unclear, u)
		}
	}
	var reasons []check.Reason
	for _, u := range unclear[:min(len(unclear), maxUnclear)] {
		reasons = append(reasons, check.Reason{Code: "multiple-writers", Text: u.text, Ops: u.ops})
	}
	return reasons
}
