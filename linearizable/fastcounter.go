package linearizable

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
)

// fastCounter decides in O(n log n) whether a counter is linearizable, if all that is added is the same amount; otherwise
// it only finds reads that are out of all bounds (as Jepsen's counter checker does).
//
// With one amount, the reads in the order of their values are steps, and between one value and the next a fixed number of
// additions took effect: they are interchangeable. Each addition must come after the reads that returned before it was
// invoked, and before those invoked after it returned: it fits a stretch of steps. So they are handed out step by step,
// to each the ones whose stretch ends first, those that crashed last. That finds an assignment if there is one. It may put
// two additions the other way round than time does, but then the two can be swapped: the stretch of the one that comes
// first in time begins and ends no later.
func fastCounter(o *object) (*proof, bool) {
	c := &counterSteps{object: o, start: o.init.(int64), amount: make([]int64, len(o.kinds))}
	for i, k := range o.kinds {
		n, known := k.Value.Int()
		if n > largeSum || n < -largeSum || c.start > largeSum || c.start < -largeSum {
			return nil, false
		}
		if k.F == "read" {
			continue
		}
		if !known {
			n = 1
		}
		if k.F == "dec" {
			n = -n
		}
		c.amount[i] = n
		if n != 0 && c.each == 0 {
			c.each = n
		}
		c.mixed = c.mixed || n != 0 && n != c.each
	}
	if why := c.bounds(); why != nil || c.mixed {
		return why, why != nil
	}
	return c.handOut(), true
}

// largeSum is what amounts and answers must not exceed, so that no sum overflows.
const largeSum = 1 << 31

// counterSteps are the reads and additions of a counter.
type counterSteps struct {
	*object
	start  int64
	amount []int64 // by kind
	each   int64   // the amount of all unless mixed; 0 if nothing was added
	mixed  bool
	values []int64 // that reads found, in the order in which they must have been there
	class  []int32 // read → place of its value there
}

// value is what a call read, if it is a read of a known answer.
func (c *counterSteps) value(x int32) (n int64, read bool) {
	k := c.kinds[c.calls[x].kind]
	n, known := k.Value.Int()
	return n, known && k.F == "read" && k.Outcome == OK
}

// bounds finds a read that found less than all that must have been there, or more than all that can have been.
func (c *counterSteps) bounds() *proof {
	type sums struct{ up, down int64 } // positive and negative amounts
	var begun, ended sums
	sure := make([]sums, len(c.calls)) // what had ended when a read was invoked
	for _, m := range c.object.moments() {
		if m.call < 0 {
			continue
		}
		n := c.amount[c.calls[m.call].kind]
		value, read := c.value(m.call)
		switch {
		case read && !m.ret:
			sure[m.call] = ended
		case read:
			low, high := c.start+sure[m.call].up+begun.down, c.start+begun.up+sure[m.call].down
			if value < low || value > high {
				return &proof{[]int32{m.call}, fmt.Sprintf("T1 read %d. All that was added before it began, and all that was before it returned, allow no less than %d and no more than %d.", value, low, high)}
			}
		case m.ret:
			ended.up, ended.down = ended.up+max(n, 0), ended.down+min(n, 0)
		default:
			begun.up, begun.down = begun.up+max(n, 0), begun.down+min(n, 0)
		}
	}
	return nil
}

// handOut hands the additions out to the steps, of which there is one before each value that was read, and one after all.
func (c *counterSteps) handOut() *proof {
	if why := c.classify(); why != nil {
		return why
	}
	byFirst, end := c.stretches()
	var ready additions
	count := int64(0)
	for step := range int32(len(byFirst)) {
		for _, x := range byFirst[step] {
			heap.Push(&ready, addition{end[x], x})
		}
		if len(ready) > 0 && ready[0].end < step {
			return c.tooMany(ready[0])
		}
		if int(step) == len(c.values) {
			break
		}
		for want := away(c.values[step], c.start) / max(1, away(c.each, 0)); count < want; count++ {
			if len(ready) == 0 {
				return &proof{[]int32{c.reader(step)}, fmt.Sprintf("T1 read %d, but too few of the additions can have come before it that reads of other values leave.", c.values[step])}
			}
			heap.Pop(&ready)
		}
		if len(ready) > 0 && ready[0].end <= step {
			return c.tooMany(ready[0])
		}
	}
	return nil
}

// away is how far two numbers are from each other.
func away(a, b int64) int64 { return max(a-b, b-a) }

// tooMany tells of an addition that must be counted by a value and can't be.
func (c *counterSteps) tooMany(a addition) *proof {
	return &proof{[]int32{a.call, c.reader(a.end)}, fmt.Sprintf("T1 returned before a read of %d was invoked, as of T2 or a later one; but others account for that value already.", c.values[a.end])}
}

func (c *counterSteps) reader(class int32) int32 {
	return int32(slices.Index(c.class, class))
}

// classify orders the values that were read, unless one isn't a sum of additions, or time has another order.
func (c *counterSteps) classify() *proof {
	c.class = slices.Repeat([]int32{-1}, len(c.calls))
	for x := range int32(len(c.calls)) {
		value, read := c.value(x)
		if !read {
			continue
		}
		if d := value - c.start; d != 0 && (c.each == 0 || d%c.each != 0 || d/c.each < 0) {
			return &proof{[]int32{x}, fmt.Sprintf("T1 read %d, which no additions make of %d.", value, c.start)}
		}
		c.values = append(c.values, value)
	}
	slices.SortFunc(c.values, func(a, b int64) int { return cmp.Compare(away(a, c.start), away(b, c.start)) })
	c.values = slices.Compact(c.values)
	all := slices.Repeat(steps{none}, len(c.values))
	for x, k := range c.calls {
		if value, read := c.value(int32(x)); read {
			n, _ := slices.BinarySearchFunc(c.values, value, func(a, b int64) int { return cmp.Compare(away(a, c.start), away(b, c.start)) })
			c.class[x] = int32(n)
			all[n].see(int32(x), k)
		}
	}
	if earlier, later, found := all.broken(); found {
		return &proof{[]int32{all[later].first, all[earlier].last}, fmt.Sprintf("T1 read %d and returned before T2, which read %d, was invoked; but nothing leads back.", c.values[later], c.values[earlier])}
	}
	return nil
}

// stretches finds the steps that each addition may belong to: from the first, by which they are listed, to an end.
func (c *counterSteps) stretches() (byFirst [][]int32, end []int32) {
	n := int32(len(c.values))
	byFirst, end = make([][]int32, n+1), make([]int32, len(c.calls))
	moments := c.object.moments()
	first := int32(0)
	for _, m := range moments {
		switch {
		case m.call < 0:
		case m.ret && c.class[m.call] >= 0:
			first = max(first, c.class[m.call]+1)
		case !m.ret && c.amount[c.calls[m.call].kind] != 0:
			byFirst[first] = append(byFirst[first], m.call)
			end[m.call] = n + 1 // unless it returns
		}
	}
	last := n
	for _, m := range slices.Backward(moments) {
		switch {
		case m.call < 0:
		case !m.ret && c.class[m.call] >= 0:
			last = min(last, c.class[m.call])
		case m.ret && c.amount[c.calls[m.call].kind] != 0:
			end[m.call] = last
		}
	}
	return byFirst, end
}

// addition is a call that adds something, and the last step that it may belong to.
type addition struct{ end, call int32 }

// additions are a heap, the one whose stretch ends first on top.
type additions []addition

func (a additions) Len() int { return len(a) }
func (a additions) Less(i, j int) bool {
	return a[i].end < a[j].end || a[i].end == a[j].end && a[i].call < a[j].call
}
func (a additions) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *additions) Push(x any)   { *a = append(*a, x.(addition)) }
func (a *additions) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}
