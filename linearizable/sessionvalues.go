package linearizable

// valueCounts follows which values a register or the keys of a map hold during a search, and which are still looked for.
// Of a key that some call does more to than read or write one value, nothing is known and everything allowed.
type valueCounts struct {
	effects []effect // by kind
	now     []int32  // key → slot of its present value
	past    []int32  // what now was before each write, for undo
	pending []int32  // slot → calls that return, aren't done, and find that value
	wishing []int32  // the same, with crashed calls that would
	writers []int32  // slot → calls that aren't done and leave that value
}

// effect is what a kind of call does. A slot is a value of a key; -1 is none.
type effect struct {
	known   bool
	crashed bool
	key     int32
	finds   int32 // the slot that it reads or takes
	leaves  int32 // the slot that it writes
}

type slotName struct{ key, value Term }

func newValueCounts(o *object) *valueCounts {
	v := &valueCounts{effects: make([]effect, len(o.kinds))}
	if o.d.access == nil {
		return v
	}
	keys, slots := make(map[Term]int32), make(map[slotName]int32)
	var unknown []bool // keys
	slot := func(key, value Term) int32 {
		if value == "" {
			value = nilTerm()
		}
		n, ok := slots[slotName{key, value}]
		if !ok {
			n = int32(len(slots))
			slots[slotName{key, value}] = n
		}
		return n
	}
	for i, c := range o.kinds {
		key, a, plain := o.d.access(c)
		k, ok := keys[key]
		if !ok {
			k = int32(len(keys))
			keys[key] = k
			unknown = append(unknown, false)
			v.now = append(v.now, slot(key, o.d.value(o.init, key)))
		}
		unknown[k] = unknown[k] || !plain
		e := effect{crashed: c.Outcome == Crashed, key: k, finds: -1, leaves: -1}
		switch {
		case a.cas:
			e.finds, e.leaves = slot(key, a.from), slot(key, a.to)
		case a.read:
			e.finds = slot(key, a.to)
		case a.write:
			e.leaves = slot(key, a.to)
		}
		v.effects[i] = e
	}
	for i := range v.effects {
		v.effects[i].known = !unknown[v.effects[i].key]
	}
	v.pending, v.wishing, v.writers = make([]int32, len(slots)), make([]int32, len(slots)), make([]int32, len(slots))
	for _, c := range o.calls {
		v.count(v.effects[c.kind], 1)
	}
	return v
}

// count adds n calls that are to be done.
func (v *valueCounts) count(e effect, n int32) {
	if e.finds >= 0 && e.known {
		v.wishing[e.finds] += n
		if !e.crashed {
			v.pending[e.finds] += n
		}
	}
	if e.leaves >= 0 && e.known {
		v.writers[e.leaves] += n
	}
}

// do notes that a call of a kind took effect, and undo that the last one that did has not.
func (v *valueCounts) do(kind int32) {
	e := v.effects[kind]
	v.count(e, -1)
	if e.known && e.leaves >= 0 {
		v.past = append(v.past, v.now[e.key])
		v.now[e.key] = e.leaves
	}
}

func (v *valueCounts) undo(kind int32) {
	e := v.effects[kind]
	v.count(e, 1)
	if e.known && e.leaves >= 0 {
		v.now[e.key] = v.past[len(v.past)-1]
		v.past = v.past[:len(v.past)-1]
	}
}

// allow tells whether a call may replace what its key holds: not if others still have to find that, and nothing can bring
// it back.
func (v *valueCounts) allow(kind int32) bool {
	e := v.effects[kind]
	if !e.known || e.leaves < 0 {
		return true
	}
	now := v.now[e.key]
	others := v.pending[now]
	if e.finds == now && !e.crashed {
		others--
	}
	return now == e.leaves || others <= 0 || v.writers[now] > 0
}

// wanted tells whether somebody may find what a crashed call leaves. Without any, an order with it is one without it, too.
func (v *valueCounts) wanted(kind int32) bool {
	e := v.effects[kind]
	return !e.known || e.leaves < 0 || v.wishing[e.leaves] > 0
}
