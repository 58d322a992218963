package linearizable

import (
	"cmp"
	"slices"
	"sort"
)

// The orders of what the quick ways found to be linearizable. Each follows the argument that stands with its rule.

// timed is when a call takes effect, and where it stands among those of the same moment.
type timed struct {
	at   int32
	rank int64
	call int32
}

// listed sorts calls by when they take effect.
func listed(all []timed) []int32 {
	slices.SortFunc(all, func(a, b timed) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank), cmp.Compare(a.call, b.call))
	})
	calls := make([]int32, len(all))
	for i, p := range all {
		calls[i] = p.call
	}
	return calls
}

// orderBag puts each element in at once, and takes it as soon as it is there.
func orderBag(o *object) []int32 {
	e, why, applies := gatherElements(o)
	if why != nil || !applies {
		return nil
	}
	var all []timed
	for _, x := range e.all {
		all = e.place(all, x, x.putInv, max(x.putInv, x.takeInv), 0, 1)
	}
	return listed(all)
}

// place places the calls of an element.
func (e *elements) place(all []timed, x element, put, take int32, putRank, takeRank int64) []timed {
	if x.put >= 0 {
		all = append(all, timed{put, putRank, x.put})
	}
	if x.take >= 0 {
		all = append(all, timed{take, takeRank, x.take})
	}
	return all
}

// orderStack pushes the bottom of each stretch at its beginning and pops it at its end, those left out first around those
// left out later; all elements without a stay are popped as they are pushed.
func orderStack(o *object) []int32 {
	e, why, applies := gatherElements(o)
	if why != nil || !applies {
		return nil
	}
	s := newStretches(e)
	if s.clear() != nil {
		return nil
	}
	var all []timed
	stays := make([]bool, len(e.all))
	for i, n := range s.stay {
		stays[n] = true
		all = e.place(all, e.all[n], s.begin[i], s.end[i], int64(s.turn[i]), -int64(s.turn[i]))
	}
	for n, x := range e.all {
		if !stays[n] {
			at, rank := max(x.putInv, x.takeInv), int64(len(e.all)+2*n)
			all = e.place(all, x, at, at, rank, rank+1)
		}
	}
	return listed(all)
}

// orderPriorityQueue removes each element as soon as it can be, and inserts it as late as it can be before that. At one
// moment come the removals, the elements that are inserted and removed at once, the insertions.
func orderPriorityQueue(o *object) []int32 {
	busy, order, why, applies := placeByPriority(o)
	if why != nil || !applies {
		return nil
	}
	var all []timed
	size := int64(len(order))
	for i, r := range order {
		x, at, rank := busy.all[r.n], busy.until[r.n], int64(i)
		if x.putRet >= at {
			all = busy.place(all, x, at, at, size+2*rank, size+2*rank+1)
		} else {
			all = busy.place(all, x, x.putRet, at, 4*size, rank)
		}
	}
	return listed(all)
}

// orderQueue puts elements in and takes them out in an order that neither puts nor takes contradict: the next is always one
// whose put and whose take began before those of all others ended.
func orderQueue(o *object) []int32 {
	e, why, applies := gatherElements(o)
	if why != nil || !applies {
		return nil
	}
	for n := range e.all {
		x := &e.all[n]
		x.putRet, x.takeInv = min(x.putRet, x.takeRet), max(x.takeInv, x.putInv)
	}
	if !e.takeLost() {
		return nil
	}
	var all []timed
	put, take := int32(-1), int32(-1)
	for i, n := range e.inTurn() {
		x := e.all[n]
		put = max(put, x.putInv)
		if x.take >= 0 {
			take = max(take, put, x.takeInv)
		}
		all = e.place(all, x, put, take, 2*int64(i), 2*int64(i)+1)
	}
	return listed(all)
}

// takeLost lets takes that crashed have taken what must have been taken by somebody; the calls that were invoked first
// take what was due first.
func (e *elements) takeLost() bool {
	put, done := e.timeline(), e.timeline()
	for n, x := range e.all {
		put.set(x.putInv, n)
		done.set(x.putRet, n)
	}
	type debt struct{ due, n int32 }
	var debts []debt
	first := int32(never)
	for i := len(put.at) - 1; i >= 0; i-- {
		if a := done.at[i] - 1; a >= 0 && e.all[a].take < 0 && first != never {
			debts = append(debts, debt{first, a})
		}
		if b := put.at[i] - 1; b >= 0 {
			first = min(first, e.all[b].takeRet)
		}
	}
	slices.SortFunc(debts, func(a, b debt) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.n, b.n)) })
	if len(debts) > len(e.lost) {
		return false
	}
	for i, d := range debts {
		x := &e.all[d.n]
		x.take = e.lost[i]
		x.takeInv = max(e.calls[x.take].inv, x.putInv)
	}
	return true
}

// inTurn orders the elements.
func (e *elements) inTurn() []int32 {
	byPut, byTake := newTurns(e, func(x element) (int32, int32) { return x.putInv, x.putRet }),
		newTurns(e, func(x element) (int32, int32) { return x.takeInv, x.takeRet })
	order := make([]int32, 0, len(e.all))
	may := make([]uint8, len(e.all))
	gone := make([]bool, len(e.all))
	var ready []int32
	for len(order) < len(e.all) {
		for i, t := range []*turns{byPut, byTake} {
			for _, n := range t.open(gone) {
				if may[n] |= 1 << i; may[n] == 3 {
					ready = append(ready, n)
				}
			}
		}
		if len(ready) == 0 {
			panic("linearizable: internal error: the elements of a queue have no order")
		}
		n := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		gone[n] = true
		order = append(order, n)
	}
	return order
}

// turns are intervals of which those come next that begin before all others have ended.
type turns struct {
	begin, end     []int32 // by element
	byBegin, byEnd []int32 // elements
	opened         int
}

func newTurns(e *elements, interval func(element) (begin, end int32)) *turns {
	t := &turns{begin: make([]int32, len(e.all)), end: make([]int32, len(e.all)), byBegin: make([]int32, len(e.all))}
	for n, x := range e.all {
		t.begin[n], t.end[n] = interval(x)
		t.byBegin[n] = int32(n)
	}
	t.byEnd = slices.Clone(t.byBegin)
	slices.SortFunc(t.byBegin, func(a, b int32) int { return cmp.Compare(t.begin[a], t.begin[b]) })
	slices.SortFunc(t.byEnd, func(a, b int32) int { return cmp.Compare(t.end[a], t.end[b]) })
	return t
}

// open are the elements that may come next now and could not before.
func (t *turns) open(gone []bool) []int32 {
	for len(t.byEnd) > 0 && gone[t.byEnd[0]] {
		t.byEnd = t.byEnd[1:]
	}
	from := t.opened
	for t.opened < len(t.byBegin) && len(t.byEnd) > 0 && t.begin[t.byBegin[t.opened]] <= t.end[t.byEnd[0]] {
		t.opened++
	}
	return t.byBegin[from:t.opened]
}

// noStep is the step of a call that belongs to none.
const noStep = -1

// inSteps places calls in the order of their steps, each at the latest invocation so far; at is when, by call.
func (o *object) inSteps(step []int32) (all []timed, at []int32) {
	var calls []int32
	for x := range o.calls {
		if step[x] != noStep {
			calls = append(calls, int32(x))
		}
	}
	slices.SortFunc(calls, func(a, b int32) int { return cmp.Or(cmp.Compare(step[a], step[b]), cmp.Compare(a, b)) })
	at = make([]int32, len(o.calls))
	latest := int32(-1)
	for i, x := range calls {
		latest = max(latest, o.calls[x].inv)
		at[x] = latest
		all = append(all, timed{latest, int64(i), x})
	}
	return all, at
}

// orderRegister puts the blocks of values where nothing forbids them: one that had to be there for some time at the
// beginning of that time, any other where its last call was invoked, or after the block that had to be there then.
func orderRegister(o *object, initial Term, of func(Call) (access, bool)) []int32 {
	r := &uniqueRegister{object: o, of: of}
	if !r.findValues(initial) {
		return nil
	}
	for _, rule := range []func() *proof{r.reads, r.sources, r.chains} {
		if rule() != nil {
			return nil
		}
	}
	forward := r.forward()
	type start struct{ at, block int32 }
	starts := make([]start, len(r.blocks))
	for n, b := range r.blocks {
		starts[n] = start{b.inv, int32(n)}
		if b.ret < b.inv {
			starts[n].at = b.ret
		} else if i := sort.Search(len(forward), func(i int) bool { return forward[i].ret >= b.inv }) - 1; i >= 0 {
			starts[n].at = max(b.inv, forward[i].inv)
		}
	}
	slices.SortStableFunc(starts, func(a, b start) int { return cmp.Compare(a.at, b.at) })
	turn, number := make([]int32, len(r.values)), int32(0)
	for _, s := range starts {
		for m := r.heads[s.block]; m >= 0; m = r.values[m].next {
			turn[m] = number
			number++
		}
	}
	step := make([]int32, len(o.calls))
	for x, c := range o.calls {
		switch d := r.does[c.kind]; {
		case d.write && r.values[d.to].there:
			step[x] = 2 * turn[d.to]
		case d.read:
			step[x] = 2*turn[d.to] + 1
		default:
			step[x] = noStep
		}
	}
	all, _ := o.inSteps(step)
	for x, c := range o.calls {
		if step[x] == noStep && c.ret != never { // a read of no known answer
			all = append(all, timed{c.inv, int64(len(o.calls)), int32(x)})
		}
	}
	return listed(all)
}
