package linearizable

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// byValues decides whether each key by itself is sequentially consistent, in about linear time, where each of its values is
// written once: if some key isn't, nor is the whole. Where there is one key, decided tells that it is, and order how.
func (s *sessions) byValues() (why *proof, order []int32, decided bool) {
	if s.d.access == nil || len(s.calls) == 0 {
		return nil, nil, false
	}
	keys := make(map[Term]*sessionKey)
	var all []*sessionKey
	for x, c := range s.calls {
		key, a, plain := s.d.access(s.kinds[c.kind])
		k := keys[key]
		if k == nil {
			k = &sessionKey{sessions: s, plain: true}
			k.add(-1, s.d.value(s.init, key))
			keys[key], all = k, append(all, k)
		}
		k.plain = k.plain && plain && (!a.write || k.add(int32(x), a.to))
		k.calls = append(k.calls, sessionCall{x: int32(x), access: a})
	}
	for _, k := range all {
		if !k.plain {
			continue
		}
		if why, order = k.decide(); why != nil || len(all) == 1 {
			return why, order, why == nil
		}
	}
	return nil, nil, false
}

// sessionKey is what is done to a register, or to one key of a map, each of whose values is written once. All calls about
// one value then lie together in an order, its writer first; where a compare-and-set took a value, what it wrote follows
// at once. Such a chain of values is a block. The orders of the processes say which block comes before which; there is an
// order of all calls just when that isn't circular, within each block nor among them.
type sessionKey struct {
	*sessions
	plain  bool
	calls  []sessionCall
	number map[Term]int32
	values []sessionValue // the first is the initial one
	blocks int32
}

type sessionCall struct {
	x int32
	access
}

type sessionValue struct {
	text   Term
	writer int32 // -1 for the initial value
	from   Term  // what a compare-and-set took; "" if none did
	there  bool  // it was in the register: its writer returned, or somebody found it
	next   int32 // by compare-and-set, or -1
	block  int32
	depth  int32 // its place in the block
}

// add notes a value and its writer; false if it is written twice.
func (k *sessionKey) add(writer int32, value Term) bool {
	if value == "" {
		value = nilTerm()
	}
	if k.number == nil {
		k.number = make(map[Term]int32)
	}
	if _, twice := k.number[value]; twice {
		return false
	}
	k.number[value] = int32(len(k.values))
	k.values = append(k.values, sessionValue{text: value, writer: writer, next: -1, block: -1,
		there: writer < 0 || k.sessions.calls[writer].ret != never})
	return true
}

func (k *sessionKey) find(value Term) (int32, bool) {
	if value == "" {
		value = nilTerm()
	}
	n, ok := k.number[value]
	return n, ok
}

// decide finds a proof that there is no order, or an order.
func (k *sessionKey) decide() (why *proof, order []int32) {
	for _, rule := range []func() *proof{k.findReads, k.chain, k.split} {
		if why := rule(); why != nil {
			return why, nil
		}
	}
	return k.sort()
}

// findReads looks for the values that were read.
func (k *sessionKey) findReads() *proof {
	for _, c := range k.calls {
		if c.cas {
			n, _ := k.find(c.to)
			k.values[n].from = c.from
		}
		if !c.read {
			continue
		}
		n, ok := k.find(c.to)
		if !ok {
			return &proof{[]int32{c.x}, "T1 read " + c.to.String() + ", which nobody wrote."}
		}
		k.values[n].there = true
	}
	return nil
}

// chain links what compare-and-sets took to what they wrote.
func (k *sessionKey) chain() *proof {
	var todo []int32
	for n, v := range k.values {
		if v.there {
			todo = append(todo, int32(n))
		}
	}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		v := k.values[n]
		if v.from == "" {
			continue
		}
		p, ok := k.find(v.from)
		if !ok {
			return &proof{[]int32{v.writer}, "T1 took " + v.from.String() + ", which nobody wrote."}
		}
		source := &k.values[p]
		if source.next >= 0 {
			return &proof{[]int32{v.writer, k.values[source.next].writer}, "T1 and T2 both took " + v.from.String() + ", which was there once."}
		}
		source.next = n
		if !source.there {
			source.there = true
			todo = append(todo, p)
		}
	}
	return nil
}

// split makes blocks of the chains.
func (k *sessionKey) split() *proof {
	for n := range k.values {
		v := &k.values[n]
		if !v.there || v.from != "" {
			continue
		}
		depth := int32(0)
		for m := int32(n); m >= 0; m = k.values[m].next {
			k.values[m].block, k.values[m].depth = k.blocks, depth
			depth++
		}
		k.blocks++
	}
	for _, v := range k.values {
		if v.there && v.block < 0 {
			return &proof{[]int32{v.writer}, "T1 took a value that goes back, by compare-and-sets alone, to the one that T1 wrote."}
		}
	}
	return nil
}

// placed is a call of a block.
type placed struct {
	x, block, depth int32
	reads           bool
}

// before tells whether a call must come before another of the same block.
func (p placed) before(q placed) bool {
	return p.depth < q.depth || p.depth == q.depth && !p.reads && q.reads
}

// place tells where a call belongs; ok is false for a crashed call that nobody saw, and one of which nothing is known.
func (k *sessionKey) place(c sessionCall) (p placed, ok bool) {
	if !c.read && !c.write {
		return placed{}, false
	}
	n, _ := k.find(c.to)
	v := k.values[n]
	return placed{c.x, v.block, v.depth, c.read}, v.there
}

// link is an order of two calls of one process that are about different blocks.
type link struct{ from, to placed }

// sort puts the blocks in order, or finds a circle.
func (k *sessionKey) sort() (why *proof, order []int32) {
	last := make([]placed, len(k.lines)) // of each process
	for i := range last {
		last[i].x = -1
	}
	var all []placed
	links := make([][]link, k.blocks) // by the block that comes first
	waits := make([]int32, k.blocks)
	for _, c := range k.calls {
		p, ok := k.place(c)
		if !ok {
			continue
		}
		all = append(all, p)
		line := k.lineOf(c.x)
		q := last[line]
		if k.sessions.calls[c.x].ret != never {
			last[line] = p
		}
		switch {
		case q.x < 0:
		case q.block == p.block && p.before(q):
			return &proof{[]int32{q.x, p.x}, "T1 came before T2 in its process; but T1 found what T2 made, or what was made of that."}, nil
		case q.block != p.block && p.block == 0:
			return &proof{[]int32{p.x, q.x}, "T1 found the initial value, or what was made of it; but T2, which its process did before, found or left another."}, nil
		case q.block != p.block && q.block != 0: // the initial value comes first anyway
			links[q.block] = append(links[q.block], link{q, p})
			waits[p.block]++
		}
	}
	rank, left := k.rank(links, waits)
	if left {
		return k.circle(links, waits), nil
	}
	slices.SortStableFunc(all, func(a, b placed) int {
		switch {
		case a.block != b.block:
			return cmp.Compare(rank[a.block], rank[b.block])
		case a.before(b):
			return -1
		case b.before(a):
			return 1
		}
		return 0
	})
	for _, p := range all {
		order = append(order, p.x)
	}
	return nil, k.withUnknown(order)
}

// lineOf is the line of a call, be it crashed or not.
func (s *sessions) lineOf(x int32) int32 {
	if i := int(s.line[x]) - len(s.lines); i >= 0 {
		return s.free[i].line
	}
	return s.line[x]
}

// rank numbers the blocks in an order that the links allow, the initial one first; left tells that some lie on a circle.
func (k *sessionKey) rank(links [][]link, waits []int32) (rank []int32, left bool) {
	rank = make([]int32, k.blocks)
	var todo []int32
	for b := range k.blocks {
		if waits[b] == 0 {
			todo = append(todo, b) // block 0 first: nothing comes before it
		}
	}
	for i := 0; i < len(todo); i++ {
		rank[todo[i]] = int32(i)
		for _, l := range links[todo[i]] {
			if waits[l.to.block]--; waits[l.to.block] == 0 {
				todo = append(todo, l.to.block)
			}
		}
	}
	return rank, len(todo) < int(k.blocks)
}

// circle tells of blocks each of which must come before the next: of what still waits, one goes back to what it waits for
// until a block comes up again.
func (k *sessionKey) circle(links [][]link, waits []int32) *proof {
	into := make([]link, k.blocks) // a link from a block that still waits
	start := int32(-1)
	for b := range links {
		for _, l := range links[b] {
			if waits[b] > 0 && waits[l.to.block] > 0 && into[l.to.block].from == into[l.to.block].to {
				into[l.to.block] = l
				start = l.to.block
			}
		}
	}
	met := make([]bool, k.blocks)
	for !met[start] {
		met[start] = true
		start = into[start].from.block
	}
	var round []link
	for b, first := start, true; first || b != start; first = false {
		round = append(round, into[b])
		b = into[b].from.block
	}
	slices.Reverse(round)
	return circleProof(round, slices.ContainsFunc(k.values, func(v sessionValue) bool { return v.from != "" }))
}

// circleProof tells of links, each of which leads to the block where the next begins.
func circleProof(round []link, compareAndSets bool) *proof {
	chain := ""
	if compareAndSets {
		chain = ", or what compare-and-sets made of it"
	}
	var calls []int32
	name := func(p placed) string {
		at := slices.Index(calls, p.x)
		if at < 0 {
			at, calls = len(calls), append(calls, p.x)
		}
		return fmt.Sprintf("T%d", at+1)
	}
	var came, same []string
	for i, l := range round {
		before, after := name(l.from), name(l.to)
		if i == 0 {
			before += " came"
		}
		came = append(came, before+" before "+after)
		if next := round[(i+1)%len(round)].from; next.x != l.to.x {
			same = append(same, after+" and "+name(next))
		}
	}
	text := "By the order of their processes, " + strings.Join(came, ", and ") + "."
	for i, pair := range same {
		text += [...]string{" " + pair + " are about one value" + chain, ", and so are " + pair}[min(i, 1)]
	}
	if len(same) > 0 {
		text += "."
	}
	return &proof{calls, text + " Each value was written once, so each would have to be gone before the next was there, in a circle."}
}

// withUnknown puts calls in of which nothing is known but what they keep: each where its process has come to it.
func (k *sessionKey) withUnknown(order []int32) []int32 {
	if len(order) == len(k.calls) {
		return order
	}
	in := make([]bool, len(k.sessions.calls))
	for _, x := range order {
		in[x] = true
	}
	at := make([]int, len(k.lines))
	var all []int32
	catchUp := func(line int32) {
		for ; at[line] < len(k.lines[line]) && !in[k.lines[line][at[line]]]; at[line]++ {
			all = append(all, k.lines[line][at[line]])
		}
	}
	for line := range int32(len(k.lines)) {
		catchUp(line)
	}
	for _, x := range order {
		all = append(all, x)
		if k.sessions.calls[x].ret != never {
			at[k.line[x]]++
			catchUp(k.line[x])
		}
	}
	return all
}
