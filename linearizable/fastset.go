package linearizable

import (
	"cmp"
	"slices"

	"jcheck/internal/edn"
)

// fastSet decides in linear time, but for sorting the reads by size, whether a grow-only set is linearizable.
//
// What two reads saw must be the same, or the one a part of the other; so reads fall into classes of growing size. The
// elements that a class saw first were added after the reads of all smaller classes, and before its own; all acknowledged
// elements that nobody saw, after all reads. That is an order of steps, and the only one (see steps). Of several calls
// that add one element, the first to be invoked is the one that counts for what comes after: it may always be the one
// that did it, and the others can come later, where they change nothing. But none may come before its step.
func fastSet(o *object) (*proof, bool) {
	s, why := newSetClasses(o)
	if why != nil {
		return why, true
	}
	return s.contradiction(), true
}

// newSetClasses finds the classes, or why there are none.
func newSetClasses(o *object) (*setClasses, *proof) {
	initial, _ := split(o.init.(string), -1)
	s := &setClasses{object: o, number: newNumbering(len(o.kinds) + len(initial)), of: make([]int32, len(o.kinds)), initial: len(initial)}
	for _, t := range initial {
		s.number.add(t)
	}
	called := o.called()
	for i, c := range o.kinds {
		if called[i] && c.F == "add" {
			s.of[i], _ = s.number.add(c.Value)
		}
	}
	return s, s.classify(called)
}

// setClasses are the reads of a set, and its elements, by class. Class 0 is that of what was there from the start.
type setClasses struct {
	*object
	number  *numbering
	initial int
	of      []int32 // kind → the element that it adds, or the class of a read; unseen where its answer isn't known
	class   []int32 // element → class
	last    int32   // the largest class
}

// unseen is the class of elements that no read saw.
const unseen = -1

// setRead is a kind of reads.
type setRead struct {
	kind  int32
	size  int    // different elements
	items string // one after another
}

// reads lists the kinds of reads by size.
func (s *setClasses) reads(called []bool) []setRead {
	var reads []setRead
	marks := make([]int32, s.number.n)
	for i, c := range s.kinds {
		if c.F != "read" {
			continue
		}
		s.of[i] = unseen
		n, items, known := c.Value.inside()
		if !called[i] || !known || c.Outcome != OK {
			continue
		}
		if edn.Kind(c.Value[0]) != edn.Set { // an element may occur twice
			n = 0
			for rest := items; rest != ""; {
				var t Term
				t, rest = cutTerm(rest)
				if e, there := s.number.find(t); there && marks[e] != int32(i)+1 {
					marks[e] = int32(i) + 1
					n++
				}
			}
		}
		reads = append(reads, setRead{int32(i), n, items})
	}
	slices.SortStableFunc(reads, func(a, b setRead) int { return cmp.Compare(a.size, b.size) })
	return reads
}

// classify finds the classes, unless reads saw what nobody added, or two saw each something that the other didn't.
func (s *setClasses) classify(called []bool) *proof {
	reads := s.reads(called)
	s.class = make([]int32, s.number.n)
	for e := s.initial; e < len(s.class); e++ {
		s.class[e] = unseen
	}
	seen := s.initial // elements of all classes so far
	marks := make([]int32, s.number.n)
	for at, r := range reads {
		old, fresh := 0, 0
		for rest := r.items; rest != ""; {
			var t Term
			t, rest = cutTerm(rest)
			e, there := s.number.find(t)
			switch {
			case !there:
				return &proof{s.reader(r.kind), "T1 read " + t.String() + ", which nobody added."}
			case marks[e] == int32(at)+1:
				continue
			case s.class[e] == unseen:
				s.class[e] = s.last + 1
				fresh++
			default:
				old++
			}
			marks[e] = int32(at) + 1
		}
		if old < seen {
			return s.incomparable(reads[:at+1])
		}
		if fresh > 0 {
			s.last++
			seen += fresh
		}
		s.of[r.kind] = s.last
	}
	return nil
}

func (s *setClasses) reader(kind int32) []int32 {
	return []int32{s.firstThat(func(k int32) bool { return k == kind })}
}

// incomparable tells of the last of some reads, which missed what one before it saw.
func (s *setClasses) incomparable(reads []setRead) *proof {
	last := reads[len(reads)-1]
	if len(reads) == 1 {
		return &proof{s.reader(last.kind), "T1 did not see all that was there from the start."}
	}
	saw := make([]bool, s.number.n)
	for rest := last.items; rest != ""; {
		var t Term
		t, rest = cutTerm(rest)
		if e, there := s.number.find(t); there {
			saw[e] = true
		}
	}
	before := reads[len(reads)-2] // which saw all that those before it did
	for rest := before.items; rest != ""; {
		var t Term
		t, rest = cutTerm(rest)
		if e, _ := s.number.find(t); !saw[e] {
			return &proof{append(s.reader(before.kind), s.reader(last.kind)...), "T1 saw " + t.String() + ", which T2 did not; but T2 saw as many elements, so it saw another that T1 did not. One of them must have come first, and nothing is ever removed."}
		}
	}
	panic("linearizable: internal error: a read of a set missed nothing")
}

// step is the place of a call's step; noStep if it changes nothing, need not have happened, or if nobody knows its answer.
func (s *setClasses) step(c call) int32 {
	n := s.of[c.kind]
	if s.kinds[c.kind].F == "read" {
		if n == unseen {
			return noStep
		}
		return 2 * n
	}
	switch class := s.class[n]; {
	case class > 0:
		return 2*class - 1
	case class == unseen && c.ret != never:
		return 2*s.last + 1
	}
	return noStep
}

// contradiction finds calls that time puts in another order than the classes.
func (s *setClasses) contradiction() *proof {
	all := slices.Repeat(steps{none}, 2*int(s.last)+2) // reads, adds, reads, ..., adds of what nobody saw
	added := make([]bool, s.number.n)
	for x, c := range s.calls {
		at := s.step(c)
		if at == noStep {
			continue
		}
		if at%2 == 1 {
			if n := s.of[c.kind]; added[n] {
				c.inv = -1 // what comes after need not wait for it
			} else {
				added[n] = true
			}
		}
		all[at].see(int32(x), c)
	}
	earlier, later, found := all.broken()
	if !found {
		return nil
	}
	calls := []int32{all[later].first, all[earlier].last}
	if earlier%2 == 1 { // an add: some read shows that it came before
		calls = append(calls, all[earlier+1].first)
	}
	return &proof{calls, "T1 must come after T2, by what reads saw and did not see; but it returned before T2 was invoked."}
}

// orderSet puts the calls in the order of their steps, and those that add what is there already as soon as it is.
func orderSet(o *object) []int32 {
	s, why := newSetClasses(o)
	if why != nil {
		return nil
	}
	first := make([]int32, s.number.n) // element → the call that counts, plus one
	step := make([]int32, len(o.calls))
	for x, c := range o.calls {
		n := s.of[c.kind]
		if step[x] = s.step(c); step[x] != noStep && step[x]%2 == 1 {
			if first[n] == 0 {
				first[n] = int32(x) + 1
			} else {
				step[x] = noStep
			}
		}
	}
	all, at := o.inSteps(step)
	for x, c := range o.calls {
		n := s.of[c.kind]
		if step[x] != noStep || c.ret == never {
			continue
		}
		when := c.inv
		if o.kinds[c.kind].F == "add" && first[n] > 0 {
			when = max(when, at[first[n]-1])
		}
		all = append(all, timed{when, int64(len(o.calls)), int32(x)})
	}
	return listed(all)
}
