package linearizable

import (
	"context"
	"slices"
)

// pass is one run through the moments of a history, with the set of all configurations that are still possible.
//
// Calls take effect as late as they can: at the return of call x, each configuration in which x is still owed tries the
// sequences of open and crashed calls that end with x (Lowe, "Testing for linearizability", 2017). Five reductions keep
// the sets small; each leaves at least one way to complete the history if there was one.
//
//  1. A read-only call takes effect as soon as it can: no other call sees the difference.
//  2. Of open calls of the same kind the one that returns first goes first, and crashed ones go last: if another order
//     works, so does the one with the two swapped.
//  3. When an overwriting call takes effect, all open blind calls may have done so just before, unseen. So they are no
//     longer owed; but they may still take effect visibly later.
//  4. Dominated configurations are dropped (see level).
//  5. A crashed call takes effect only if the next call, which isn't an overwriting one, or a read that is owed can tell:
//     otherwise it may as well never have happened, or happen later. In particular no call is hidden behind it unless
//     something follows: that call could take effect visibly, and the crashed one behind it.
type pass struct {
	*search
	beam       int
	cut        bool // some configuration was cut off
	full       bool // one was left out for want of memory
	end        ending
	nextReader int // of the foresight's
	at         int // moments done
	cur        *level
	found      *level    // configurations after the return at hand
	seen       [2]*level // configurations tried on the way, by mode
	work       []item

	open    [][]int32 // kind → open calls that aren't read-only, the first to return first
	active  []int32   // kinds with such calls, in order of arrival
	readers []int32   // open read-only calls
	holder  []int32   // slot → call
	invoked []int32   // group → how many of its calls have been invoked
	hidable []uint64  // slots of open blind calls
	keyed   []uint64  // the other slots

	from, to []uint64 // scratch for two configurations
	trails   []step   // nil unless they are kept
	keep     bool
	mark     int32 // trails from here on were made for the return at hand
}

// step is one call of a trail, and the step before; the first step is none.
type step struct{ call, before int32 }

// item is a configuration of seen that is to be tried on.
type item struct {
	mode  mode
	index int32
}

// mode is what a sequence must still do for the call that returns.
type mode uint8

const (
	owing   mode = iota // it must take effect, or be hidden
	visible             // it is hidden, but may take effect visibly as well: this is its last chance
)

func newPass(s *search, beam int, trails bool) *pass {
	p := &pass{search: s, beam: beam, keep: trails, trails: []step{{-1, -1}}, open: make([][]int32, len(s.obj.kinds)),
		holder: make([]int32, 64*s.width), invoked: make([]int32, len(s.groups)), hidable: make([]uint64, s.width),
		keyed: slices.Repeat([]uint64{^uint64(0)}, s.width), from: make([]uint64, s.stride), to: make([]uint64, s.stride)}
	for _, l := range []**level{&p.cur, &p.found, &p.seen[owing], &p.seen[visible]} {
		*l = newLevel(s.stride, s.width)
	}
	p.cur.reset()
	p.cur.add(config{words: p.from}, p.keyed)
	return p
}

// bitOf is the word and bit of a call's slot.
func (p *pass) bitOf(x int32) (word int, bit uint64) {
	return int(p.slot[x] >> 6), 1 << (p.slot[x] & 63)
}

// invoke opens call x.
func (p *pass) invoke(x int32) {
	kind := p.obj.calls[x].kind
	if p.slot[x] < 0 {
		p.invoked[p.groupOf[kind]]++
		return
	}
	w, bit := p.bitOf(x)
	p.holder[p.slot[x]] = x
	if p.readOnly[kind] {
		p.readers = append(p.readers, x)
	} else {
		same := p.open[kind]
		if len(same) == 0 {
			p.active = append(p.active, kind)
		}
		at, _ := slices.BinarySearchFunc(same, p.obj.calls[x].ret, func(y, ret int32) int { return int(p.obj.calls[y].ret - ret) })
		p.open[kind] = slices.Insert(same, at, x)
		if p.blind[kind] {
			p.hidable[w] |= bit
			p.keyed[w] &^= bit
		}
	}
	for i := range p.cur.of {
		if p.readOnly[kind] && p.states.step(p.cur.of[i].state, kind) == p.cur.of[i].state {
			p.cur.of[i].trail = p.note(x, p.cur.of[i].trail)
			continue
		}
		p.cur.words[i*p.stride+p.width+w] |= bit
	}
}

// close takes call x, which has returned, off the books.
func (p *pass) close(x int32) {
	w, bit := p.bitOf(x)
	kind := p.obj.calls[x].kind
	if p.readOnly[kind] {
		p.readers = slices.DeleteFunc(p.readers, func(y int32) bool { return y == x })
		return
	}
	p.hidable[w] &^= bit
	p.keyed[w] |= bit
	p.open[kind] = slices.DeleteFunc(p.open[kind], func(y int32) bool { return y == x })
	if len(p.open[kind]) == 0 {
		p.active = slices.DeleteFunc(p.active, func(k int32) bool { return k == kind })
	}
}

// note adds a step to a trail.
func (p *pass) note(x, trail int32) int32 {
	if !p.keep {
		return 0
	}
	p.trails = append(p.trails, step{x, trail})
	return int32(len(p.trails) - 1)
}

// giveBack makes the configurations those in which call x, which returns now, has taken effect.
func (p *pass) giveBack(ctx context.Context, x int32) ending {
	w, bit := p.bitOf(x)
	if p.settled(x) {
		for i := range p.cur.of {
			p.cur.words[i*p.stride+w] &^= bit
		}
		return reached
	}
	p.start(x)
	looked := 0 // at the budgets, with so much work
	for head := 0; head < len(p.work); head++ {
		if p.overfull(head) {
			p.cut = true
			break
		}
		if head&255 == 255 || len(p.work)-looked > 1024 { // one step leads to as many as there are kinds of calls
			looked = len(p.work)
			if end := p.mayGoOn(ctx); end != reached {
				return end
			}
		}
		if it := p.work[head]; !p.seen[it.mode].dead[it.index] {
			p.tried++
			p.tryOn(x, it)
		}
	}
	switch {
	case p.tried > p.maxTried:
		return exhausted
	case p.full:
		return tooLarge
	}
	if p.found.live == 0 {
		if p.cut {
			return cutShort
		}
		return stuck
	}
	if p.cur.replace(p.found, p.beam, p.keyed) {
		p.cut = true
	}
	return reached
}

// mayGoOn tells whether a budget is used up.
func (p *pass) mayGoOn(ctx context.Context) ending {
	bytes := p.states.bytes + p.cur.bytes() + p.found.bytes() + p.seen[0].bytes() + p.seen[1].bytes() +
		8*int64(cap(p.work)) + 8*int64(cap(p.trails))
	switch {
	case ctx.Err() != nil:
		return cancelled
	case p.tried > p.maxTried:
		return exhausted
	case bytes > p.maxBytes || p.full:
		return tooLarge
	}
	return reached
}

// overfull tells whether enough was tried for a level of this beam.
func (p *pass) overfull(head int) bool {
	n := len(p.work)
	return p.beam > 0 && head > 0 && (n > 4*p.beam && p.found.live > 0 || n > 64*p.beam || p.found.live > p.beam)
}

// settled tells whether x has visibly taken effect in every configuration: the usual case, and a cheap one.
func (p *pass) settled(x int32) bool {
	w, bit := p.bitOf(x)
	reader := p.readOnly[p.obj.calls[x].kind]
	for i := range p.cur.of {
		words := p.cur.words[i*p.stride:]
		if words[p.width+w]&bit != 0 || !reader && words[w]&bit == 0 {
			return false
		}
	}
	return true
}

// start sorts the present configurations: those that are done with x, and those that must be tried on.
func (p *pass) start(x int32) {
	p.found.reset()
	p.seen[owing].reset()
	p.seen[visible].reset()
	p.work = p.work[:0]
	p.mark = int32(len(p.trails))
	w, bit := p.bitOf(x)
	reader := p.readOnly[p.obj.calls[x].kind]
	for i := range p.cur.of {
		c := p.cur.at(i)
		c.unseen = false // reads may have been invoked since
		owed := c.words[p.width+w]&bit != 0
		switch {
		case owed:
			p.push(owing, c)
		case reader || c.words[w]&bit != 0:
			p.finish(x, c)
		default:
			p.push(visible, c)
			p.finish(x, c)
		}
	}
}

// push puts a configuration among those to be tried on.
func (p *pass) push(m mode, c config) {
	if p.full = p.full || 8*int64(cap(p.seen[m].words)) > p.maxBytes; p.full {
		return
	}
	if p.seen[m].add(c, p.keyed) {
		p.work = append(p.work, item{m, int32(len(p.seen[m].of) - 1)})
	}
}

// finish puts a configuration that is done with x among those after its return.
func (p *pass) finish(x int32, c config) {
	w, bit := p.bitOf(x)
	used, owed := c.words[w], c.words[p.width+w]
	c.words[w] &^= bit
	c.words[p.width+w] &^= bit
	p.found.add(c, p.keyed)
	c.words[w], c.words[p.width+w] = used, owed
}

// tryOn makes every call that may be next in a configuration take effect.
func (p *pass) tryOn(x int32, it item) {
	c := p.seen[it.mode].at(int(it.index))
	copy(p.from, c.words) // pushing may move the level's words
	c.words = p.from
	if !p.readOnly[p.obj.calls[x].kind] {
		p.take(x, it.mode, c, x)
	}
	for _, kind := range p.active {
		if y := p.unused(kind, c, x); y >= 0 {
			p.take(x, it.mode, c, y)
		}
	}
	for g := range p.groups {
		if n := p.crashedUsed(g, c); n < p.invoked[g] && p.unused(p.groups[g].kind, c, -1) < 0 {
			p.take(x, it.mode, c, p.groups[g].calls[n])
		}
	}
}

// unused is the open call of a kind that goes first (reduction 2), or -1. It isn't looked for beyond stop.
func (p *pass) unused(kind int32, c config, stop int32) int32 {
	for _, y := range p.open[kind] {
		if y == stop {
			return -1
		}
		if w, bit := p.bitOf(y); c.words[w]&bit == 0 {
			return y
		}
	}
	return -1
}

// crashedBit is where the masks of a configuration say whether the n-th crashed call of a group was used.
func (p *pass) crashedBit(g int, n int32) (word int, bit uint64) {
	b := p.groups[g].bit + n
	return 2*p.width + int(b>>6), 1 << (b & 63)
}

// crashedUsed is how many calls of a group have taken effect.
func (p *pass) crashedUsed(g int, c config) int32 {
	for n := range p.invoked[g] {
		if w, bit := p.crashedBit(g, n); c.words[w]&bit == 0 {
			return n
		}
	}
	return p.invoked[g]
}

// take makes call y take effect in configuration c, on the way to the return of x.
func (p *pass) take(x int32, m mode, c config, y int32) {
	kind := p.obj.calls[y].kind
	next := p.states.step(c.state, kind)
	over := p.overwrites[kind]
	if next < 0 || over && c.unseen { // what c came from could have hidden or left out c's last call
		return
	}
	d := config{p.to, held{state: next, trail: c.trail}}
	copy(d.words, c.words)
	if p.slot[y] >= 0 {
		w, bit := p.bitOf(y)
		d.words[w] |= bit
		d.words[p.width+w] &^= bit
	} else {
		g := p.groupOf[kind]
		w, bit := p.crashedBit(int(g), p.crashedUsed(int(g), c))
		d.words[w] |= bit
	}
	if over {
		p.hide(&d)
	}
	d.trail = p.note(y, d.trail)
	seen := next != c.state && p.readNow(&d)
	lone := p.slot[y] < 0 && !seen // y crashed, and so far nobody can tell that it took effect
	d.unseen = over && !seen || lone
	if p.hopeless(&d) {
		return
	}
	w, bit := p.bitOf(x)
	owed := d.words[p.width+w]&bit != 0
	switch {
	case y == x, !owed && p.readOnly[p.obj.calls[x].kind]:
		p.finish(x, d)
	case m == owing && !owed: // x was hidden before y
		if !lone {
			p.finish(x, d)
		}
		p.push(visible, d)
	default:
		p.push(m, d)
	}
}

// hide lets the open blind calls that are owed have taken effect just now (reduction 3).
func (p *pass) hide(d *config) {
	for w := range p.width {
		hidden := d.words[p.width+w] & p.hidable[w]
		d.words[p.width+w] &^= hidden
		for b := 0; p.keep && hidden != 0; b, hidden = b+1, hidden>>1 {
			if hidden&1 != 0 {
				d.trail = p.note(p.holder[64*w+b], d.trail)
			}
		}
	}
}

// readNow lets the owed read-only calls that fit the state take effect (reduction 1), and tells whether any did.
func (p *pass) readNow(d *config) bool {
	any := false
	for _, r := range p.readers {
		w, bit := p.bitOf(r)
		if d.words[p.width+w]&bit != 0 && p.states.step(d.state, p.obj.calls[r].kind) == d.state {
			d.words[p.width+w] &^= bit
			d.trail = p.note(r, d.trail)
			any = true
		}
	}
	return any
}
