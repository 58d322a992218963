package linearizable

import (
	"cmp"
	"context"
	"slices"
)

// search looks for a linearization of one part, moment by moment. What it holds here doesn't change while it runs.
type search struct {
	obj     *object
	states  *states
	moments []moment
	slot    []int32 // call → bit of the masks while it is open; -1 if crashed
	width   int     // words of a mask of open calls
	stride  int     // words of a configuration
	groups  []group // crashed calls by kind
	groupOf []int32 // kind → group, or -1

	readOnly, blind, overwrites []bool // by kind

	foresight *foresight // nil: none

	maxTried, maxBytes int64
	tried              int64 // configurations, in all passes
}

// moment is an invocation or a return.
type moment struct {
	at   int32
	call int32
	ret  bool
}

// group is the crashed calls of one kind. They are alike, so of n that have been invoked only how many took effect matters.
type group struct {
	kind  int32
	bit   int32   // of the first, counted from the start of the mask
	calls []int32 // in order of invocation
}

func newSearch(obj *object, o Options) *search {
	s := &search{obj: obj, states: newStates(obj), slot: make([]int32, len(obj.calls)),
		maxTried: o.maxConfigurations(), maxBytes: o.maxBytes()}
	for _, c := range obj.kinds {
		s.readOnly = append(s.readOnly, obj.d.readOnly(c))
		s.overwrites = append(s.overwrites, obj.d.overwrites(c))
		s.blind = append(s.blind, obj.d.blind(c) || obj.d.overwrites(c))
	}
	s.findMoments()
	s.findSlots()
	s.findGroups()
	return s
}

// findMoments puts invocations and returns in order.
func (s *search) findMoments() {
	s.moments = make([]moment, 0, 2*len(s.obj.calls))
	for i, c := range s.obj.calls {
		s.moments = append(s.moments, moment{c.inv, int32(i), false})
		if c.ret != never {
			s.moments = append(s.moments, moment{c.ret, int32(i), true})
		}
	}
	slices.SortFunc(s.moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
}

// findSlots gives each call that returns a bit for the time that it is open, and makes the masks wide enough.
func (s *search) findSlots() {
	var free []int32
	slots := int32(0)
	for _, m := range s.moments {
		switch {
		case s.obj.calls[m.call].ret == never:
			s.slot[m.call] = -1
		case m.ret:
			free = append(free, s.slot[m.call])
		case len(free) > 0:
			s.slot[m.call] = free[len(free)-1]
			free = free[:len(free)-1]
		default:
			s.slot[m.call] = slots
			slots++
		}
	}
	s.width = int(slots+63) / 64
}

// findGroups collects the crashed calls.
func (s *search) findGroups() {
	s.groupOf = slices.Repeat([]int32{-1}, len(s.obj.kinds))
	crashed := int32(0)
	for i, c := range s.obj.calls {
		if c.ret != never {
			continue
		}
		if s.groupOf[c.kind] < 0 {
			s.groupOf[c.kind] = int32(len(s.groups))
			s.groups = append(s.groups, group{kind: c.kind})
		}
		g := &s.groups[s.groupOf[c.kind]]
		g.calls = append(g.calls, int32(i))
	}
	for i := range s.groups {
		s.groups[i].bit = crashed
		crashed += int32(len(s.groups[i].calls))
	}
	s.stride = 2*s.width + int(crashed+63)/64
}

// ending is how a pass ended.
type ending uint8

const (
	reached   ending = iota // the end of the history: there is a linearization
	stuck                   // no configuration is left, and none had been cut off: there is no linearization
	cutShort                // no configuration is left, but some had been cut off
	exhausted               // more configurations than the bound
	tooLarge                // more memory than the bound
	cancelled               // the context ended
)

// beams are the widths of the levels in one pass after the other; the last has no limit but the budgets. Narrow levels
// find a linearization where there are many, wide ones prove that there is none.
var beams = [...]int{64, 512, 4096, 32768, 0}

// run makes one pass with levels of at most beam configurations.
func (s *search) run(ctx context.Context, beam int, trails bool) *pass {
	p := newPass(s, beam, trails)
	p.run(ctx, nil)
	return p
}

// run goes through all moments, and calls look after each, if it is given.
func (p *pass) run(ctx context.Context, look func(*pass)) {
	for i, m := range p.moments {
		p.at = i
		if i&255 == 0 {
			if p.end = p.mayGoOn(ctx); p.end != reached {
				return
			}
		}
		if !m.ret {
			p.invoke(m.call)
			continue
		}
		if p.end = p.giveBack(ctx, m.call); p.end != reached {
			return
		}
		p.close(m.call)
		if look != nil {
			look(p)
		}
	}
	p.at = len(p.moments)
}
