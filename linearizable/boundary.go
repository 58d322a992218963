package linearizable

import "maps"

// boundary is a moment, that after a return, with all configurations that were possible then. In a long history, where each
// value was written a thousand times, no few operations prove anything if all others may have happened at any time; but
// together with what is known of a moment, a few after it do.
type boundary struct {
	at     int32 // the place of the return
	call   int32 // that returned
	starts []start
}

// start is a configuration to go on from; the calls that haven't returned must still take effect, but for those that have.
// Of a hidden call there are two starts: it is done, or it takes effect visibly before it returns.
type start struct {
	state  any
	states *states        // of searches that begin there
	gone   map[int32]bool // calls that have taken effect, among those that hadn't returned
}

// maxStarts is how many configurations a boundary has at most.
const maxStarts = 24

// boundaryReturns are how many returns before the failure a boundary is sought at most: far ones let more be told, near ones
// prove more by less.
var boundaryReturns = [...]int{64, 16, 4}

// boundaryFinder watches a pass, and for each of boundaryReturns finds the boundary with the fewest configurations, the
// earliest of them.
type boundaryFinder struct {
	from [len(boundaryReturns)]int // moments before this are too early
	best [len(boundaryReturns)]*boundary
}

// newBoundaryFinder makes one for the last returns before moment end.
func newBoundaryFinder(moments []moment, end int) *boundaryFinder {
	f := &boundaryFinder{}
	for i, most := range boundaryReturns {
		f.from[i] = end
		for n := 0; f.from[i] > 0 && n < most; {
			f.from[i]--
			if moments[f.from[i]].ret {
				n++
			}
		}
	}
	return f
}

// look is called after each moment of the pass.
func (f *boundaryFinder) look(p *pass) {
	m := p.moments[p.at]
	if p.at < f.from[0] || !m.ret || len(p.cur.of) > maxStarts {
		return
	}
	b := &boundary{at: m.at, call: m.call}
	for i := range p.cur.of {
		if b.starts = append(b.starts, p.startsFrom(p.cur.at(i))...); len(b.starts) > maxStarts {
			return
		}
	}
	for i, from := range f.from {
		if p.at >= from && (f.best[i] == nil || len(b.starts) < len(f.best[i].starts)) {
			f.best[i] = b
		}
	}
}

// startsFrom is a configuration by itself; the first maxStarts+1 ways to take it if there are more.
func (p *pass) startsFrom(c config) []start {
	first := start{state: p.states.all[c.state], gone: make(map[int32]bool)}
	first.states = newStates(&object{d: p.obj.d, kinds: p.obj.kinds, init: first.state})
	var hidden []int32
	for _, x := range p.readers {
		if w, bit := p.bitOf(x); c.words[p.width+w]&bit == 0 {
			first.gone[x] = true
		}
	}
	for _, kind := range p.active {
		for _, x := range p.open[kind] {
			switch w, bit := p.bitOf(x); {
			case c.words[w]&bit != 0:
				first.gone[x] = true
			case c.words[p.width+w]&bit == 0:
				hidden = append(hidden, x)
			}
		}
	}
	for g := range p.groups {
		for _, x := range p.groups[g].calls[:p.crashedUsed(g, c)] {
			first.gone[x] = true
		}
	}
	starts := []start{first}
	for _, x := range hidden {
		for _, s := range starts {
			s.gone = maps.Clone(s.gone)
			s.gone[x] = true
			if starts = append(starts, s); len(starts) > maxStarts {
				return starts
			}
		}
	}
	return starts
}
