package linearizable

import "slices"

// The quick ways: each decides some histories of a datatype in O(n log n), where the search may take exponential time. Each
// tells whether it applies; where it doesn't, nothing is known and the search has to decide. None guesses.
//
//	register, cas-register, kv   each value is written once, no failed compare-and-set counts     fastregister.go
//	kv                           also with appends, each text once, and none that begins with another   fastappend.go
//	fifo-queue                   each element is put in once                                      fastqueue.go
//	unordered-queue              the same                                                         fastqueue.go
//	stack, priority-queue        the same, and no removal that crashed is needed                  faststack.go, fastpriority.go
//	set                          always                                                           fastset.go
//	list-append                  each element is appended once                                    fastlist.go
//	versioned-register           the versions of what was answered are known                      fastversioned.go
//	counter                      all amounts are the same; otherwise only some wrong reads        fastcounter.go
//
// The orders that they find are in fastorder.go, but for versioned registers and counters: of those, a search finds one.
//
// In all of them a call takes effect at a moment of its time, ends included: of two calls either the one returned before
// the other was invoked, and then it comes first, or they may take effect in either order.

// numbering numbers terms from 0 in order of arrival. Small integers, which most tests use, need no hashing.
type numbering struct {
	small []int32 // integer → number + 1
	other map[Term]int32
	n     int32
}

// newNumbering is for about so many terms.
func newNumbering(terms int) *numbering {
	return &numbering{small: make([]int32, 4*terms+64), other: make(map[Term]int32)}
}

// add is the number of t; fresh if it had none before.
func (m *numbering) add(t Term) (n int32, fresh bool) {
	if n, ok := m.find(t); ok {
		return n, false
	}
	if i, ok := t.Int(); ok && i >= 0 && i < int64(len(m.small)) {
		m.small[i] = m.n + 1
	} else {
		m.other[t] = m.n
	}
	m.n++
	return m.n - 1, true
}

func (m *numbering) find(t Term) (n int32, ok bool) {
	if i, ok := t.Int(); ok && i >= 0 && i < int64(len(m.small)) {
		n = m.small[i] - 1
		return n, n >= 0
	}
	n, ok = m.other[t]
	return n, ok
}

// none is a block without calls.
var none = block{ret: never, inv: -1, first: -1, last: -1}

// steps are blocks of calls in the only order that their answers allow. Calls of one block may come in any order.
type steps []block

// broken finds two blocks that time puts the other way round: some call of the later one returned before some call of the
// earlier one was invoked. If there are none, all calls can take effect in the order of their blocks, and inside a block
// in the order of invocation, each at the latest invocation up to it: none has returned by then.
func (s steps) broken() (earlier, later int, found bool) {
	latest := -1
	for i, b := range s {
		if latest >= 0 && b.before(s[latest]) {
			return latest, i, true
		}
		if latest < 0 || b.inv > s[latest].inv {
			latest = i
		}
	}
	return 0, 0, false
}

// firstThat is the first call that f holds for; -1 if there is none.
func (o *object) firstThat(f func(kind int32) bool) int32 {
	for x, c := range o.calls {
		if f(c.kind) {
			return int32(x)
		}
	}
	return -1
}

// moments are what happened at each moment from 0 on; call is -1 where nothing did. Unlike those of a search they need no
// sorting, and there may be as many as operations in the history.
func (o *object) moments() []moment {
	last := int32(-1)
	for _, c := range o.calls {
		if last = max(last, c.inv); c.ret != never {
			last = max(last, c.ret)
		}
	}
	all := slices.Repeat([]moment{{call: -1}}, int(last)+1)
	for x, c := range o.calls {
		all[c.inv] = moment{c.inv, int32(x), false}
		if c.ret != never {
			all[c.ret] = moment{c.ret, int32(x), true}
		}
	}
	return all
}

// called tells which kinds have calls: where an object is a part of another's history, some may have none.
func (o *object) called() []bool {
	called := make([]bool, len(o.kinds))
	for _, c := range o.calls {
		called[c.kind] = true
	}
	return called
}
