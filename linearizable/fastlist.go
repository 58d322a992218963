package linearizable

import "strings"

// fastListAppend decides in linear time whether the list of one key is linearizable, if each element is appended once.
// The longest read tells the order of its elements, as in Elle (Kingsbury and Alvaro 2020): every other read must be a
// prefix of it. So appends and reads have an order of steps: the reads of so many elements come after the append of the
// last of them and before that of the next (see steps); acknowledged appends that no read shows come after all reads.
func fastListAppend(o *object) (*proof, bool) {
	l, why, applies := newListOrder(o)
	if why != nil || !applies {
		return why, applies
	}
	return l.contradiction(), true
}

// newListOrder finds the places of the elements, or why there are none.
func newListOrder(o *object) (l *listOrder, why *proof, applies bool) {
	key := o.d.Keys(o.kinds[o.calls[0].kind])[0]
	initial, _ := pairsOf(o.init).get(key).Items()
	l = &listOrder{object: o, number: newNumbering(len(o.kinds) + len(initial)), of: make([]int32, len(o.kinds))}
	for _, t := range initial {
		if _, fresh := l.number.add(t); !fresh {
			return nil, nil, false
		}
	}
	l.called = o.called()
	for i, c := range o.kinds {
		of, element, _ := pair(c.Value)
		if l.called[i] && of != key {
			return nil, nil, false
		}
		if c.F != "append" || !l.called[i] {
			continue
		}
		n, fresh := l.number.add(element)
		if !fresh {
			return nil, nil, false
		}
		l.of[i] = n
	}
	l.appender = make([]int32, l.number.n)
	for n := range l.appender {
		l.appender[n] = -1
	}
	for x, c := range o.calls {
		if o.kinds[c.kind].F != "append" {
			continue
		}
		if n := l.of[c.kind]; l.appender[n] >= 0 {
			return nil, nil, false
		}
		l.appender[l.of[c.kind]] = int32(x)
	}
	return l, l.readInOrder(initial), true
}

// listOrder is one list.
type listOrder struct {
	*object
	number   *numbering
	called   []bool  // by kind
	of       []int32 // kind → the element that it appends, or how many a read saw; -1 where its answer isn't known
	appender []int32 // element → the call, -1 for what was there from the start
	place    []int32 // element → how many came before it; -1 if no read saw it
	start    int     // how many were there from the start
	longest  int
}

// readInOrder finds the places of the elements, unless reads disagree or saw what nobody appended.
func (l *listOrder) readInOrder(initial []Term) *proof {
	most, reader := join(initial), int32(-1)
	l.start, l.longest = len(initial), len(initial)
	for i, c := range l.kinds {
		if c.F != "read" || !l.called[i] {
			continue
		}
		_, value, _ := pair(c.Value)
		n, items, _ := value.inside()
		l.of[i] = int32(n)
		if n > l.longest || n == l.longest && reader < 0 && items != most {
			most, reader, l.longest = items, int32(i), n
		}
	}
	for i, c := range l.kinds {
		if c.F != "read" || !l.called[i] {
			continue
		}
		_, value, _ := pair(c.Value)
		_, items, _ := value.inside()
		switch {
		case !strings.HasPrefix(most, items):
			return &proof{[]int32{l.caller(int32(i)), l.caller(reader)}, "What T1 read is no beginning of what T2 read, nor the other way round."}
		case int(l.of[i]) < l.start:
			return &proof{[]int32{l.caller(int32(i))}, "T1 did not see all that was there from the start."}
		}
	}
	if reader < 0 {
		return l.places(most, reader)
	}
	if !strings.HasPrefix(most, join(initial)) {
		return &proof{[]int32{l.caller(reader)}, "What T1 read does not begin with what was there from the start."}
	}
	return l.places(most, reader)
}

// places notes the places of the elements that the longest read shows.
func (l *listOrder) places(most string, reader int32) *proof {
	l.place = make([]int32, l.number.n)
	for n := range l.place {
		l.place[n] = -1
	}
	for at := int32(0); most != ""; at++ {
		var t Term
		t, most = cutTerm(most)
		n, there := l.number.find(t)
		if !there {
			return &proof{[]int32{l.caller(reader)}, "T1 read " + t.String() + ", which nobody appended."}
		}
		if l.place[n] >= 0 {
			return &proof{[]int32{l.caller(reader)}, "T1 read " + t.String() + " twice, which was appended once."}
		}
		l.place[n] = at
	}
	return nil
}

func (l *listOrder) caller(kind int32) int32 {
	return l.firstThat(func(k int32) bool { return k == kind })
}

// step is the place of a call's step; noStep if it need not have happened.
func (l *listOrder) step(c call) int32 {
	n := l.of[c.kind]
	switch {
	case l.kinds[c.kind].F == "read":
		return 2 * (n - int32(l.start))
	case l.place[n] >= 0:
		return 2*(l.place[n]-int32(l.start)) + 1
	case c.ret != never:
		return 2*int32(l.longest-l.start) + 1
	}
	return noStep
}

// orderList puts the calls in the order of their steps.
func orderList(o *object) []int32 {
	l, why, applies := newListOrder(o)
	if why != nil || !applies {
		return nil
	}
	step := make([]int32, len(o.calls))
	for x, c := range o.calls {
		step[x] = l.step(c)
	}
	all, _ := o.inSteps(step)
	return listed(all)
}

// contradiction finds calls that time puts in another order than the list.
func (l *listOrder) contradiction() *proof {
	all := make(steps, 2*(l.longest-l.start)+2) // reads, append, reads, ..., appends that nobody saw
	for i := range all {
		all[i] = none
	}
	for x, c := range l.calls {
		if at := l.step(c); at != noStep {
			all[at].see(int32(x), c)
		}
	}
	earlier, later, found := all.broken()
	if !found {
		return nil
	}
	calls := []int32{all[later].first, all[earlier].last}
	for at := earlier + 1; at < len(all) && earlier%2 == 1; at += 2 { // an append: some read shows that it came before
		if at%2 == 0 && all[at].first >= 0 {
			calls = append(calls, all[at].first)
			break
		}
	}
	return &proof{calls, "T1 must come after T2, by what reads saw and did not see; but it returned before T2 was invoked."}
}
