package linearizable

import (
	"cmp"
	"context"
	"slices"
)

// shrinker looks for few operations that prove by themselves that a part isn't linearizable: even if every other one could
// have happened at any time after its invocation, or never, there is no order that explains these.
//
// Only steps are taken that keep "the smaller history is wrong, so the larger one is": what was invoked after the failure
// is forgotten, read-only calls are dropped, and other calls become optional: they may have happened at any time, or never;
// but if they did, with the answer that they gave. An optional call is never dropped, since it may be what others have to
// thank for their answers; but it proves nothing, so it isn't one of the few.
//
// Each step asks for less. So a call that can't be spared now can't be later either, and one attempt for each is enough to
// make the proof minimal: without any one of its calls it is none.
type shrinker struct {
	obj      *object
	fate     []fate    // of each call
	kept     int       // calls whose fate that is
	live     []int32   // calls that were not dropped at first
	from     *boundary // where the smaller history begins; nil for the beginning of the history
	starts   []start   // in what configurations: the history is wrong if it is from each of them
	perGap   []int32   // kind → how many optional calls of it can matter before each kept one; 0 if any number
	maxBytes int64
	work     int64 // moments and configurations looked at
}

// fate is what becomes of a call in the smaller history.
type fate uint8

const (
	kept fate = iota
	optional
	dropped
)

// The bounds of shrinking: from how many calls at most a proof is made; how many optional calls there may be, and of how
// many kinds, each of which is a way to go on in every configuration; how many configurations a single search may take, and
// all of them together.
const (
	maxShrunk              = 2000
	maxOptional            = 4096
	maxOptionalKinds       = 256
	shrinkTried            = 20_000
	shrinkWork       int64 = 1_000_000
	shrinkBytes      int64 = 64 << 20
)

// windows are of how many calls, the last ones before the failure, a proof is looked for first: in a long history the
// distant past seldom matters but for the state that it left.
var windows = [...]int{24, 160, maxShrunk}

// essential lists the calls, but for x, that prove together with x that the part isn't linearizable. If found is false,
// that would have taken too much work, or more than maxBytes, or ctx ended first; then the calls, if there are any, are a
// proof too, but perhaps not a minimal one.
func (o *object) essential(ctx context.Context, x int32, maxBytes int64) (calls []int32, found bool) {
	s := &shrinker{obj: o, fate: make([]fate, len(o.calls)), starts: []start{{state: o.init, states: newStates(o)}}, maxBytes: min(maxBytes, shrinkBytes)}
	s.perGap = s.useful(s.starts[0].states)
	return s.essential(ctx, x)
}

// essentialSince is essential for what came after a boundary.
func (o *object) essentialSince(ctx context.Context, x int32, maxBytes int64, b *boundary) (calls []int32, found bool) {
	s := &shrinker{obj: o, fate: make([]fate, len(o.calls)), from: b, starts: b.starts, perGap: make([]int32, len(o.kinds)), maxBytes: min(maxBytes, shrinkBytes)}
	return s.essential(ctx, x)
}

func (s *shrinker) essential(ctx context.Context, x int32) (calls []int32, found bool) {
	before := s.cut(x)
	for _, n := range windows {
		recent := before[max(0, len(before)-n):]
		s.weaken(before)
		for _, y := range recent {
			s.set(y, kept)
		}
		if s.wrong(ctx) {
			return s.minimal(ctx, slices.Clone(recent))
		}
		if len(recent) == len(before) {
			break
		}
	}
	return nil, false
}

// cut forgets what doesn't bear on the return of x, and lists the calls that returned before it, in that order.
func (s *shrinker) cut(x int32) (before []int32) {
	end := s.obj.calls[x].ret
	for i, c := range s.obj.calls {
		switch {
		case int32(i) == x:
			s.kept++
		case s.from != nil && c.ret <= s.from.at:
			s.fate[i] = dropped
		case c.inv > end || c.ret > end && s.reads(int32(i)):
			s.fate[i] = dropped
		case c.ret > end:
			s.fate[i] = optional
		default:
			s.kept++
			before = append(before, int32(i))
		}
	}
	for i := range s.obj.calls {
		if s.fate[i] != dropped {
			s.live = append(s.live, int32(i))
		}
	}
	s.inOrder(before)
	return before
}

// inOrder sorts calls by when they returned.
func (s *shrinker) inOrder(calls []int32) {
	slices.SortFunc(calls, func(a, b int32) int { return cmp.Compare(s.obj.calls[a].ret, s.obj.calls[b].ret) })
}

func (s *shrinker) reads(x int32) bool { return s.obj.d.readOnly(s.obj.kinds[s.obj.calls[x].kind]) }

// weaken makes calls prove nothing.
func (s *shrinker) weaken(calls []int32) {
	for _, x := range calls {
		if s.reads(x) {
			s.set(x, dropped)
		} else {
			s.set(x, optional)
		}
	}
}

func (s *shrinker) set(x int32, to fate) {
	if s.fate[x] == kept {
		s.kept--
	}
	if s.fate[x] = to; to == kept {
		s.kept++
	}
}

// minimal spares of the calls what can be spared: reads first, as a proof by writes alone is seldom one, and of each the
// oldest first, as what is near to the failure is easier to follow.
func (s *shrinker) minimal(ctx context.Context, calls []int32) ([]int32, bool) {
	var readers, others []int32
	for _, x := range calls {
		if s.reads(x) {
			readers = append(readers, x)
		} else {
			others = append(others, x)
		}
	}
	readers, all := s.reduce(ctx, readers)
	others, rest := s.reduce(ctx, others)
	calls = append(readers, others...)
	s.inOrder(calls)
	return calls, all && rest
}

// reduce weakens calls, many at a time and then fewer, where the history stays wrong. It returns the others, and whether
// each was tried by itself.
func (s *shrinker) reduce(ctx context.Context, calls []int32) (left []int32, complete bool) {
	for size := len(calls); size >= 1; size /= 2 {
		for at := 0; at < len(calls); {
			if s.work >= shrinkWork || ctx.Err() != nil {
				return calls, false
			}
			end := min(at+size, len(calls))
			s.weaken(calls[at:end])
			if s.wrong(ctx) {
				calls = slices.Delete(calls, at, end)
				continue
			}
			for _, x := range calls[at:end] {
				s.set(x, kept)
			}
			at = end
		}
	}
	return calls, true
}

// wrong tells whether the smaller history is known not to be linearizable.
func (s *shrinker) wrong(ctx context.Context) bool {
	for i := range s.starts {
		if !s.wrongFrom(ctx, &s.starts[i]) {
			return false
		}
	}
	return true
}

// wrongFrom tells whether the smaller history is known not to be linearizable from one start.
func (s *shrinker) wrongFrom(ctx context.Context, from *start) bool {
	s.work += int64(len(s.live) / 16)
	small := s.smaller(from)
	if small == nil {
		return false
	}
	if small.d.fast != nil && len(small.calls) > 0 {
		if why, applies := small.d.fast(small.ownKinds()); applies {
			s.work += int64(len(small.calls))
			return why != nil
		}
	}
	search := newSearch(small, Options{MaxConfigurations: shrinkTried, MaxBytes: s.maxBytes})
	search.states, search.foresight = from.states, small.foresee()
	made := search.states.bytes
	end := cutShort
	for i := 0; i < len(beams) && end == cutShort; i++ {
		end = search.run(ctx, beams[i], false).end
		s.work += 8 * int64(len(search.moments)) // levels may be as wide as the beam all the time
	}
	s.work += search.tried*int64(4+search.stride+len(search.groups))/4 + (search.states.bytes-made)/32 // large states are dear to make
	return end == stuck
}

// smaller is the history with the present fates, nil if there are too many optional calls in it. Of the optional calls of a kind only as many are in it as can matter:
// the first ones, which can do whatever later ones can.
func (s *shrinker) smaller(from *start) *object {
	small := &object{d: s.obj.d, init: from.state, kinds: s.obj.kinds}
	taken := make([]int32, len(s.obj.kinds))
	free, kinds := 0, 0
	for _, x := range s.live {
		c := s.obj.calls[x]
		if s.fate[x] == dropped || from.gone[x] {
			continue
		}
		if s.fate[x] == optional {
			if taken[c.kind]++; taken[c.kind] == 1 {
				kinds++
			}
			if n := s.perGap[c.kind]; n > 0 && int(taken[c.kind]) > int(n)*s.kept {
				continue
			}
			c.ret = never
			free++
		}
		small.calls = append(small.calls, c)
	}
	if free > maxOptional || kinds > maxOptionalKinds {
		return nil
	}
	return small
}

// maxClosure is up to how many states the object may have for them to be counted, maxClosureKinds by how many kinds of calls.
const (
	maxClosure      = 64
	maxClosureKinds = 4096
)

// useful tells for each kind how many optional calls of it can matter between two kept ones (or before the first). Of the
// optional calls there, those that lead back to a state that was there already can be left out, so there is at most one
// for each state that the kind changes; and all before the last overwriting one can be, so there is at most one that
// overwrites.
func (s *shrinker) useful(all *states) []int32 {
	perGap := make([]int32, len(s.obj.kinds))
	at := int32(0)
	for ; int(at) < len(all.all) && len(all.all) <= maxClosure && len(s.obj.kinds) <= maxClosureKinds; at++ {
		for k := range s.obj.kinds {
			if next := all.step(at, int32(k)); next >= 0 && next != at {
				perGap[k]++
			}
		}
	}
	closed := int(at) == len(all.all) // all steps lead to states that were there already
	for k, c := range s.obj.kinds {
		switch {
		case s.obj.d.overwrites(c):
			perGap[k] = 1
		case !closed:
			perGap[k] = 0
		default:
			perGap[k] = max(perGap[k], 1)
		}
	}
	return perGap
}
