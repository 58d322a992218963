package linearizable

import (
	"cmp"
	"slices"
	"sort"
)

// proof is why a part isn't linearizable, found without a search. The text calls the calls T1, T2, ...
type proof struct {
	calls []int32
	text  string
}

// access is what a call does to a register, whatever the datatype calls it. A nil value is that of a read or cas of
// nothing: no value.
type access struct {
	read, write bool
	cas         bool
	from, to    Term // to is what was read or written
}

// registerAccess tells what a call of a register does; plain is false if that is more than reading or writing one value.
func registerAccess(c Call) (a access, plain bool) {
	switch {
	case c.F == "read" && c.Value.IsNil():
		return access{}, true // nobody knows what it answered
	case c.F == "read":
		return access{read: true, to: c.Value}, true
	case c.F == "write":
		return access{write: true, to: c.Value}, true
	case c.F == "cas" && c.Outcome != Failed:
		from, to, ok := pair(c.Value)
		return access{write: true, cas: true, from: from, to: to}, ok
	}
	return access{}, false
}

// kvAccess is registerAccess for the calls of one key of a map.
func kvAccess(c Call) (a access, plain bool) {
	_, value, ok := pair(c.Value)
	switch {
	case c.F == "get":
		return access{read: true, to: value}, ok
	case c.F == "put" && !value.IsNil():
		return access{write: true, to: value}, ok
	case c.F == "cas" && c.Outcome != Failed:
		from, to, both := pair(value)
		return access{write: true, cas: true, from: from, to: to}, ok && both && !to.IsNil()
	}
	return access{}, false
}

// fastRegister decides in O(n log n) whether a register is linearizable if each value is written once (Gibbons and Korach
// 1997, "Testing shared memories", on clusters and zones; compare-and-set is ours). Unless applies is true, nothing is
// known; if why is nil then, the register is linearizable.
//
// All calls of a value lie together in a linearization, first the one that wrote it; and where a compare-and-set took a
// value, its own follows with nothing between. Such a chain is a block. Block A must come before B if some call of A
// returned before some call of B was invoked. If blocks can't be ordered, then already two of them contradict each other:
// in a longer circle, the block whose first return is earliest must come before its predecessor too, as that one's
// predecessor must.
func fastRegister(o *object, initial Term, of func(Call) (access, bool)) (why *proof, applies bool) {
	r := &uniqueRegister{object: o, of: of}
	if !r.findValues(initial) {
		return nil, false
	}
	for _, rule := range []func() *proof{r.reads, r.sources, r.chains, r.zones} {
		if why := rule(); why != nil {
			return why, true
		}
	}
	return nil, true
}

// uniqueRegister is a register each of whose values is written once.
type uniqueRegister struct {
	*object
	of     func(Call) (access, bool)
	does   []doing // by kind
	values []value // the first is the initial one
	blocks []block
	heads  []int32 // block → its first value
}

// value is one value of the register, with the call that wrote it and all that read it.
type value struct {
	writer     int32 // -1 for the initial value
	there      bool  // it was in the register at some time: acknowledged, read or taken
	next, prev int32 // by compare-and-set, or -1
	block
}

// block is what is known of when a value, or a chain of values, was in the register: it was when the first of its calls
// returned and when the last was invoked.
type block struct {
	ret, inv    int32
	first, last int32 // the calls that did
}

// before tells whether every order has a before b.
func (a block) before(b block) bool { return a.ret < b.inv }

func (v *block) see(x int32, c call) {
	if c.ret < v.ret {
		v.ret, v.first = c.ret, x
	}
	if c.inv > v.inv {
		v.inv, v.last = c.inv, x
	}
}

// doing is an access with the numbers of its values; -1 is that of a value that nobody wrote.
type doing struct {
	read, write, cas bool
	from, to         int32
}

// findValues numbers the values by the calls that write them; it fails if one is written twice.
func (r *uniqueRegister) findValues(initial Term) bool {
	number := newNumbering(len(r.kinds))
	number.add(initial)
	r.does = make([]doing, len(r.kinds))
	for i, c := range r.kinds {
		a, plain := r.of(c)
		if !plain {
			return false
		}
		r.does[i] = doing{read: a.read, write: a.write, cas: a.cas, from: -1, to: -1}
		if a.write {
			fresh := false
			if r.does[i].to, fresh = number.add(a.to); !fresh {
				return false
			}
		}
	}
	for i, c := range r.kinds {
		d := &r.does[i]
		if !d.read && !d.cas {
			continue
		}
		a, _ := r.of(c)
		if n, written := number.find(a.to); d.read && written {
			d.to = n
		}
		if n, written := number.find(a.from); d.cas && written {
			d.from = n
		}
	}
	if !r.findWriters(number.n) {
		return false
	}
	for i := range r.does { // there may be kinds without calls
		d := &r.does[i]
		d.from, d.to = r.written(d.from), r.written(d.to)
	}
	return true
}

func (r *uniqueRegister) written(n int32) int32 {
	if n > 0 && r.values[n].writer < 0 {
		return -1
	}
	return n
}

// findWriters finds out who wrote which value; it fails if two wrote the same.
func (r *uniqueRegister) findWriters(values int32) bool {
	r.values = make([]value, values)
	for n := range r.values {
		r.values[n] = value{writer: -1, next: -1, prev: -1, block: none}
	}
	r.values[0].there, r.values[0].block = true, block{-1, -1, -1, -1}
	for x, c := range r.calls {
		d := r.does[c.kind]
		if !d.write {
			continue
		}
		if r.values[d.to].writer >= 0 {
			return false
		}
		r.values[d.to] = value{writer: int32(x), there: c.ret != never, next: -1, prev: -1,
			block: block{c.ret, c.inv, int32(x), int32(x)}}
	}
	return true
}

// reads checks each read against the call that wrote its value.
func (r *uniqueRegister) reads() *proof {
	for x, c := range r.calls {
		d := r.does[c.kind]
		if !d.read {
			continue
		}
		if d.to < 0 {
			return &proof{[]int32{int32(x)}, "T1 read " + r.shown(c.kind) + ", which nobody wrote."}
		}
		v := &r.values[d.to]
		if v.writer >= 0 && c.ret < r.calls[v.writer].inv {
			return &proof{[]int32{int32(x), v.writer}, "T1 read " + r.shown(c.kind) + " and returned before T2, which wrote it, was invoked."}
		}
		v.there = true
		v.see(int32(x), c)
	}
	return nil
}

// shown is the value that calls of a kind found: that a read answered, or a compare-and-set took.
func (r *uniqueRegister) shown(kind int32) string {
	a, _ := r.of(r.kinds[kind])
	if a.cas {
		return a.from.String()
	}
	return a.to.String()
}

// sources links each value that a compare-and-set wrote to the one it took, which must have been there then.
func (r *uniqueRegister) sources() *proof {
	var todo []int32
	for n := range r.values {
		if r.values[n].there {
			todo = append(todo, int32(n))
		}
	}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		v := &r.values[n]
		if v.writer < 0 {
			continue
		}
		kind := r.calls[v.writer].kind
		if !r.does[kind].cas {
			continue
		}
		p := r.does[kind].from
		if p < 0 {
			return &proof{[]int32{v.writer}, "T1 took " + r.shown(kind) + ", which nobody wrote."}
		}
		if other := r.values[p].next; other >= 0 {
			return &proof{[]int32{v.writer, r.values[other].writer}, "T1 and T2 both took " + r.shown(kind) + ", which was written once."}
		}
		r.values[p].next, v.prev = n, p
		if !r.values[p].there {
			r.values[p].there = true
			todo = append(todo, p)
		}
	}
	return nil
}

// chains makes blocks of the values that compare-and-sets link, and checks the order of time inside each.
func (r *uniqueRegister) chains() *proof {
	left := 0
	for n := range r.values {
		if r.values[n].there {
			left++
		}
	}
	for n := range r.values {
		if v := &r.values[n]; !v.there || v.prev >= 0 {
			continue
		}
		b := r.values[n].block
		left--
		for m := r.values[n].next; m >= 0; m = r.values[m].next {
			v := r.values[m].block
			if v.before(b) {
				return &proof{[]int32{v.first, b.last}, "T1 must come after T2, by the values that compare-and-sets took; but it returned before T2 was invoked."}
			}
			if v.ret < b.ret {
				b.ret, b.first = v.ret, v.first
			}
			if v.inv > b.inv {
				b.inv, b.last = v.inv, v.last
			}
			left--
		}
		r.blocks, r.heads = append(r.blocks, b), append(r.heads, int32(n))
	}
	if left == 0 {
		return nil
	}
	for n := range r.values { // what no chain reached lies on a circle
		if v := &r.values[n]; v.there && v.prev >= 0 && r.onCircle(int32(n)) {
			return &proof{[]int32{v.writer}, "T1 took a value that goes back, by compare-and-sets alone, to the one that T1 wrote."}
		}
	}
	panic("linearizable: internal error: values neither on a chain nor on a circle")
}

func (r *uniqueRegister) onCircle(n int32) bool {
	m := r.values[n].next
	for range r.values {
		if m == n {
			return true
		}
		if m < 0 {
			return false
		}
		m = r.values[m].next
	}
	return false
}

// zones finds two blocks each of which must come before the other. A block whose first return is before its last
// invocation was in the register from the one to the other at least (a forward zone): two such must not overlap. Any
// other block must not have both its ends inside the zone of such.
func (r *uniqueRegister) zones() *proof {
	forward := r.forward()
	for i := 1; i < len(forward); i++ {
		if forward[i].before(forward[i-1]) {
			return contradiction(forward[i-1], forward[i])
		}
	}
	for _, b := range r.blocks {
		if b.ret < b.inv {
			continue
		}
		i := sort.Search(len(forward), func(i int) bool { return forward[i].ret >= b.inv }) - 1
		if i >= 0 && b.before(forward[i]) {
			return contradiction(forward[i], b)
		}
	}
	return nil
}

// forward are the forward zones, in order.
func (r *uniqueRegister) forward() []block {
	var forward []block
	for _, b := range r.blocks {
		if b.ret < b.inv {
			forward = append(forward, b)
		}
	}
	slices.SortFunc(forward, func(a, b block) int { return cmp.Compare(a.ret, b.ret) })
	return forward
}

// contradiction tells of two blocks that must each come before the other.
func contradiction(a, b block) *proof {
	if a.first < 0 { // the initial value, of which nothing returned
		return &proof{[]int32{a.last, b.first}, "T1 found the initial value, or what was made of it; but T2, which had returned before, found or left another."}
	}
	return &proof{[]int32{a.first, b.last, b.first, a.last}, "T1 returned before T2 was invoked, and T3 before T4. T1 and T4 are about one value, which was written once, T2 and T3 about another: each would have to come before the other."}
}
