package linearizable

import (
	"cmp"
	"slices"
)

// fastPriorityQueue decides in O(n log n) whether a priority queue is linearizable, if no element is inserted twice; if
// removals crashed, only that it is one as if they never happened.
//
// Elements are placed from the least to the largest; what those before an element do depends on none after it. An element
// is removed at the first moment, from the beginning of its insertion and of its removal on, at which no lesser one is
// there, and inserted as late as can be before that. Any other choice has it there for all that time and longer, which
// can only be worse for larger ones. Where several calls take effect at one moment, removals come before insertions, the
// least first; an element that is inserted and removed at once comes between.
func fastPriorityQueue(o *object) (*proof, bool) {
	_, _, why, applies := placeByPriority(o)
	return why, applies
}

// ranked is an element by its priority.
type ranked struct {
	priority int64
	n        int32
}

// placeByPriority places all elements, in the order that it also tells.
func placeByPriority(o *object) (busy *covered, order []ranked, why *proof, applies bool) {
	e, why, applies := gatherElements(o)
	if why != nil || !applies {
		return nil, nil, why, applies
	}
	order = e.byPriority()
	busy = newCovered(e)
	for _, r := range order {
		x := &e.all[r.n]
		at := int32(never)
		if x.take >= 0 {
			if at = busy.free(max(x.putInv, x.takeInv)); at > x.takeRet {
				if len(e.lost) > 0 {
					return nil, nil, nil, false
				}
				return nil, nil, busy.proof(r.n), true
			}
		}
		busy.until[r.n] = at
		busy.add(x.putRet, at)
	}
	return busy, order, nil, true
}

// byPriority are the elements from the least to the largest.
func (e *elements) byPriority() []ranked {
	order := make([]ranked, len(e.all))
	initial, _ := split(e.init.(string), -1)
	for n, x := range e.all {
		var t Term
		if x.put >= 0 {
			t = e.kinds[e.calls[x.put].kind].Value
		} else {
			t = initial[n] // which come first
		}
		order[n].priority, _ = t.Int()
		order[n].n = int32(n)
	}
	slices.SortFunc(order, func(a, b ranked) int { return cmp.Compare(a.priority, b.priority) })
	return order
}

// covered are the moments at which some element placed so far is there.
type covered struct {
	*elements
	shift int32
	next  []int32 // moment + shift → itself if it is free, or a later moment before which none is (union-find)
	until []int32 // element placed so far → when it was removed; 0 for others
}

func newCovered(e *elements) *covered {
	c := &covered{elements: e, shift: e.timeline().shift}
	c.next, c.until = make([]int32, e.last+c.shift+2), make([]int32, len(e.all))
	for i := range c.next {
		c.next[i] = int32(i)
	}
	return c
}

// free is the first free moment from at on; one after the last if there is none.
func (c *covered) free(at int32) int32 {
	i := at + c.shift
	for c.next[i] != i {
		c.next[i] = c.next[c.next[i]]
		i = c.next[i]
	}
	return i - c.shift
}

// add covers the moments between two.
func (c *covered) add(from, to int32) {
	to = min(to, c.last+1)
	for at := c.free(min(from, c.last) + 1); at < to; at = c.free(at) {
		c.next[at+c.shift] = at + c.shift + 1
	}
}

// maxWitnesses is how many elements a proof lists.
const maxWitnesses = 50

// proof lists an element that was removed too early, and lesser ones of which one was there at any time that it could have
// been removed. Where such a one was there longer because of still lesser ones, those are listed too.
func (c *covered) proof(n int32) *proof {
	listed := []int32{n}
	for i := 0; i < len(listed) && len(listed) < maxWitnesses; i++ {
		x := c.all[listed[i]]
		from, to := max(x.putInv, x.takeInv), c.until[listed[i]]
		if i == 0 {
			to = x.takeRet + 1
		}
		for from < to {
			best := int32(-1)
			for m, y := range c.all {
				if c.until[m] > from && y.putRet < from && (best < 0 || c.until[m] > c.until[best]) {
					best = int32(m)
				}
			}
			if best < 0 {
				break // x was inserted at its removal
			}
			if from = c.until[best]; !slices.Contains(listed, best) {
				listed = append(listed, best)
			}
		}
	}
	taken := c.callsOf(n)
	calls := slices.DeleteFunc(c.callsOf(listed...), func(x int32) bool { return slices.Contains(taken, x) })
	slices.Reverse(taken)
	return &proof{append(taken, calls...), "T1 removed an element that was not the least: all the time that T1 ran and the element was there, one of the lesser ones listed here was there too."}
}
