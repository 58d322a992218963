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
	fate     []fate  // of each call
	kept     int     // calls whose fate that is
	states   *states // those of all searches: their kinds of calls are the same
	perGap   []int32 // kind → how many optional calls of it can matter before each kept one; 0 if any number
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

// The bounds of shrinking: from how many calls at most a proof is made, how many optional calls there may be, each of
// which is a way to go on in every configuration; how many configurations a single search may take, and all of them
// together.
const (
	maxShrunk         = 2000
	maxOptional       = 512
	shrinkTried       = 20_000
	shrinkWork  int64 = 1_000_000
	shrinkBytes int64 = 64 << 20
)

// windows are of how many calls, the last ones before the failure, a proof is looked for first: in a long history the
// distant past seldom matters but for the state that it left.
var windows = [...]int{24, 160, maxShrunk}

// essential lists the calls, but for x, that prove together with x that the part isn't linearizable. If found is false,
// that would have taken too much work, or more than maxBytes, or ctx ended first; then the calls, if there are any, are a
// proof too, but perhaps not a minimal one.
func (o *object) essential(ctx context.Context, x int32, maxBytes int64) (calls []int32, found bool) {
	s := &shrinker{obj: o, fate: make([]fate, len(o.calls)), states: newStates(o), maxBytes: min(maxBytes, shrinkBytes)}
	s.perGap = s.useful()
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
		case c.inv > end || c.ret > end && s.reads(int32(i)):
			s.fate[i] = dropped
		case c.ret > end:
			s.fate[i] = optional
		default:
			s.kept++
			before = append(before, int32(i))
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
	small, free := s.smaller()
	if free > maxOptional {
		s.work += int64(len(s.obj.calls))
		return false
	}
	search := newSearch(small, Options{MaxConfigurations: shrinkTried, MaxBytes: s.maxBytes})
	search.states = s.states
	made := s.states.bytes
	end := cutShort
	for i := 0; i < len(beams) && end == cutShort; i++ {
		end = search.run(ctx, beams[i], false).end
		s.work += int64(len(search.moments))
	}
	s.work += search.tried + (s.states.bytes-made)/32 // large states are dear to make
	return end == stuck
}

// smaller is the history with the present fates. Of the optional calls of a kind only as many are in it as can matter:
// the first ones, which can do whatever later ones can. The number tells how many there are.
func (s *shrinker) smaller() (small *object, free int) {
	small = &object{d: s.obj.d, init: s.obj.init, kinds: s.obj.kinds}
	taken := make([]int32, len(s.obj.kinds))
	for x, c := range s.obj.calls {
		if s.fate[x] == optional {
			taken[c.kind]++
			if n := s.perGap[c.kind]; n > 0 && int(taken[c.kind]) > int(n)*s.kept {
				continue
			}
			c.ret = never
			free++
		}
		if s.fate[x] != dropped {
			small.calls = append(small.calls, c)
		}
	}
	return small, free
}

// maxClosure is up to how many states the object may have for them to be counted, maxClosureKinds by how many kinds of calls.
const (
	maxClosure      = 64
	maxClosureKinds = 4096
)

// useful tells for each kind how many optional calls of it can matter between two kept ones (or before the first). Of the
// optional calls there, those that lead back to a state that was there already can be left out, so there are fewer than
// the object has states; and all before the last overwriting one can be, so there is at most one that overwrites.
func (s *shrinker) useful() []int32 {
	perGap := make([]int32, len(s.obj.kinds))
	several := int32(0)
	for at := 0; at <= maxClosure && len(s.obj.kinds) <= maxClosureKinds; at++ {
		if at == len(s.states.all) { // all steps lead to states that were there already
			several = max(1, int32(at)-1)
			break
		}
		for k := range s.obj.kinds {
			if s.states.step(int32(at), int32(k)); len(s.states.all) > maxClosure {
				break
			}
		}
	}
	for k, c := range s.obj.kinds {
		if perGap[k] = several; s.obj.d.overwrites(c) {
			perGap[k] = 1
		}
	}
	return perGap
}
