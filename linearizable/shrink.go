package linearizable

import (
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
type shrinker struct {
	obj  *object
	fate []fate // of each call
	work int64  // moments and configurations looked at
}

// fate is what becomes of a call in the smaller history.
type fate uint8

const (
	kept fate = iota
	optional
	dropped
)

// The bounds of shrinking: a part of more calls isn't shrunk, a single search is given up, and in the end all of it.
const (
	maxShrunk         = 2000
	shrinkTried       = 20_000
	shrinkWork  int64 = 1_000_000
)

// essential lists the calls, but for x, that prove together with x that the part isn't linearizable; ok is false if the
// part is too large to find out.
func (o *object) essential(ctx context.Context, x int32) (calls []int32, ok bool) {
	s := &shrinker{obj: o, fate: make([]fate, len(o.calls))}
	var readers, others []int32
	for i, c := range o.calls {
		readOnly := o.d.readOnly(o.kinds[c.kind])
		switch {
		case int32(i) == x:
		case c.inv > o.calls[x].ret:
			s.fate[i] = dropped
		case c.ret > o.calls[x].ret && readOnly:
			s.fate[i] = dropped
		case c.ret > o.calls[x].ret:
			s.fate[i] = optional
		case readOnly:
			readers = append(readers, int32(i))
		default:
			others = append(others, int32(i))
		}
	}
	if len(readers)+len(others) > maxShrunk || !s.wrong(ctx) {
		return nil, false
	}
	readers = s.reduce(ctx, readers, dropped)
	others = s.reduce(ctx, others, optional)
	readers = s.reduce(ctx, readers, dropped)
	calls = append(readers, others...)
	slices.Sort(calls)
	return calls, true
}

// reduce gives calls another fate, many at a time and then fewer, where the history stays wrong. It returns the others.
func (s *shrinker) reduce(ctx context.Context, calls []int32, to fate) []int32 {
	for size := len(calls); size >= 1; size /= 2 {
		for at := 0; at < len(calls) && s.work < shrinkWork; {
			end := min(at+size, len(calls))
			s.set(calls[at:end], to)
			if s.wrong(ctx) {
				calls = slices.Delete(calls, at, end)
				continue
			}
			s.set(calls[at:end], kept)
			at = end
		}
	}
	return calls
}

func (s *shrinker) set(calls []int32, to fate) {
	for _, x := range calls {
		s.fate[x] = to
	}
}

// wrong tells whether the smaller history is known not to be linearizable.
func (s *shrinker) wrong(ctx context.Context) bool {
	search := newSearch(s.smaller(), Options{MaxConfigurations: shrinkTried})
	end := cutShort
	for i := 0; i < len(beams) && end == cutShort; i++ {
		end = search.run(ctx, beams[i], false).end
		s.work += int64(len(search.moments))
	}
	s.work += search.tried + search.states.bytes/32 // large states are dear to make
	return end == stuck
}

// smaller is the history with the present fates.
func (s *shrinker) smaller() *object {
	small := &object{d: s.obj.d, init: s.obj.init, kinds: s.obj.kinds}
	for x, c := range s.obj.calls {
		if s.fate[x] == optional {
			c.ret = never
		}
		if s.fate[x] != dropped {
			small.calls = append(small.calls, c)
		}
	}
	return small
}
