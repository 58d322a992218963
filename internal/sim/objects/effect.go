package objects

import (
	"cmp"
	"container/heap"
	"slices"
)

// state is the object.
type state struct {
	kind  Kind
	value map[int64]int64 // by key; a register is key 0
	elems []int64         // of a set, queue or stack; never changed in place
	least minHeap
}

// take lets the calls take effect, in the order of their hidden moments, and gives them their answers.
func take(k Kind, all []simulated) {
	order := make([]int32, len(all))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(all[a].effect, all[b].effect) })
	st := state{kind: k, value: make(map[int64]int64)}
	for _, i := range order {
		s := &all[i]
		if s.left {
			s.left = false // crashed without an effect
			continue
		}
		s.left = !st.apply(&s.Call) && !s.Crashed
	}
}

// apply lets a call take effect; false if it fails.
func (st *state) apply(c *Call) bool {
	switch c.F {
	case Read, Get:
		c.Out = st.get(c.Key)
	case Write, Put:
		st.value[c.Key] = c.Arg
	case CAS:
		if st.get(0) != c.Arg {
			return false
		}
		st.value[0] = c.To
	case Add:
		st.elems = append(st.elems, c.Arg)
	case ReadAll:
		c.Elems = st.elems[:len(st.elems):len(st.elems)]
	case Insert:
		if st.kind == PriorityQueue {
			heap.Push(&st.least, c.Arg)
		} else {
			st.elems = append(st.elems, c.Arg)
		}
	case Take:
		var ok bool
		c.Out, ok = st.next()
		return ok
	}
	return true
}

func (st *state) get(key int64) int64 {
	if v, ok := st.value[key]; ok {
		return v
	}
	return None
}

// next takes out what comes next.
func (st *state) next() (elem int64, ok bool) {
	last := len(st.elems) - 1
	switch {
	case st.kind == PriorityQueue && len(st.least) > 0:
		return heap.Pop(&st.least).(int64), true
	case last < 0:
		return None, false
	case st.kind == Stack:
		elem, st.elems = st.elems[last], st.elems[:last]
	default:
		elem, st.elems = st.elems[0], st.elems[1:]
	}
	return elem, true
}

// minHeap is a heap of elements, the least first.
type minHeap []int64

func (h minHeap) Len() int           { return len(h) }
func (h minHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h minHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *minHeap) Push(x any)        { *h = append(*h, x.(int64)) }
func (h *minHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// spoil makes answers wrong: reads answer what was read long before, two elements are taken in each other's place, a set
// lacks an element that it had.
func spoil(calls []Call, clients int) {
	const most, back = 20, 4000
	done := 0
	for k := len(calls) * 9 / 10; k < len(calls) && done < most; k++ {
		c := &calls[k]
		switch {
		case c.Crashed || c.F.changes() && c.F != Take:
		case c.F == ReadAll:
			if len(c.Elems) > 0 {
				c.Elems = c.Elems[1:]
				done = most
			}
		case c.F == Take:
			for j := k + 1; j < min(len(calls), k+back); j++ {
				if d := &calls[j]; d.F == Take && d.Inv > c.Ret+clients {
					c.Out, d.Out = d.Out, c.Out
					done += most / 2
					break
				}
			}
		default:
			for j := k - 1; j >= max(0, k-back); j-- {
				if d := &calls[j]; d.F == c.F && d.Key == c.Key && d.Out != c.Out && !d.Crashed && d.Ret+3*clients < c.Inv {
					c.Out = d.Out
					done++
					break
				}
			}
		}
	}
}
