package history

import "jcheck/internal/edn"

// settleKeys decides whether clients' values are [key value] tuples of independent keys, and takes the tuples apart if so.
//
// On and Off decide it by word. Automatically, it is so
//   - if every client's value that isn't nil is [key txn] (or [key nil], [key []]), or in JSON marked as {"key", "value"}, or
//   - if every client's value that isn't nil is a pair whose first half is a number, string, keyword or symbol, every f is
//     one that registers and sets have (tupleFs), and some pair is [key nil] or [key [a b]]. A history of plain pairs has
//     neither: a read of no value yet, or a compare-and-set, shows that the key is beside the value.
//
// Whatever doesn't fit the decision is put back to what it was: a list of two values.
//
// Where nothing fits although the user said On, the history isn't what they think, and that is a problem: with no key
// there is nothing to judge, and nothing would be found wrong.
func (h *History) settleKeys(o Independent) problemList {
	switch o {
	case IndependentOn:
		h.isKeyed = true
	case IndependentAuto:
		h.isKeyed = h.looksKeyed()
	}
	if h.key == nil && !h.isKeyed {
		return problemList{}
	}
	for id := range ID(h.Len()) {
		client := h.Client(id)
		switch {
		case h.flags[id]&keyFlag != 0 && !(h.isKeyed && client):
			h.joinTuple(id)
		case h.isKeyed && client && h.flags[id]&keyFlag == 0 && h.isPair(id):
			h.splitTuple(id)
		}
	}
	if !h.isKeyed {
		h.key = nil
	}
	if h.isKeyed {
		return h.keysMissing()
	}
	return problemList{}
}

// keysMissing tells of the first value of a client, if there are such and none has a key.
func (h *History) keysMissing() problemList {
	var bad problemList
	for id := range ID(h.Len()) {
		switch {
		case !h.Client(id):
		case h.flags[id]&keyFlag != 0:
			return problemList{}
		case h.Kind(id) != KindNil && len(bad.list) == 0:
			bad.add(h.off[id], "no-keys", "a value that isn't [key value], and nor is any other", "independent keys",
				"--independent on is for histories of [key value]")
		}
	}
	return bad
}

func (h *History) isPair(id ID) bool { return h.Kind(id) == KindList && h.val[id]&maxSpan == 2 }

// looksKeyed tells whether tuples are the only plausible reading.
func (h *History) looksKeyed() bool {
	fs := h.tupleFs()
	txns, full, telling, odd := 0, 0, 0, 0
	for id := range ID(h.Len()) {
		switch {
		case h.Client(id) && h.flags[id]&keyFlag != 0:
			txns++
			continue
		case !h.Client(id) || h.Kind(id) == KindNil:
			continue
		case !h.isPair(id):
			return false
		}
		pair := h.Elems(id)
		value := h.Value(pair[1])
		if value.Kind != edn.Nil && !(value.Sequential() && len(value.Items) == 0) {
			full++
		}
		if value.Kind == edn.Nil || value.Sequential() && len(value.Items) == 2 {
			telling++
		}
		if !h.isName(pair[0]) || !fs[h.F(id)] {
			odd++
		}
		if txns > 0 && full > 0 || odd > 0 && full > 0 {
			return false
		}
	}
	if txns > 0 {
		return full == 0
	}
	return telling > 0 && odd == 0
}

// isName tells whether s can be the key of a tuple that nobody announced.
func (h *History) isName(s Sym) bool {
	switch h.syms.kind(s) {
	case edn.Int, edn.BigInt, edn.String, edn.Keyword, edn.Symbol:
		return true
	default:
		return false
	}
}

// tupleFs are the functions of objects that tests keep by the key.
func (h *History) tupleFs() map[Sym]bool {
	fs := make(map[Sym]bool)
	for _, name := range []string{"read", "write", "cas", "add", "r", "w", "inc", "dec", "acquire", "release", "enqueue", "dequeue",
		"drain", "read-init", "increment", "decrement"} {
		if s, ok := h.syms.find(edn.NewKeyword(name)); ok {
			fs[s] = true
		}
	}
	return fs
}

// joinTuple makes a keyed txn a list of two values again, and any other keyed value the map that marked it.
func (h *History) joinTuple(id ID) {
	k, kind := h.key[id], h.Kind(id)
	v := h.syms.value(h.opValue(id))
	h.flags[id] &^= keyFlag
	if kind == KindTxn {
		h.setElems(id, KindList, []Sym{k, v})
		return
	}
	h.setElems(id, KindMap, []Sym{h.syms.value(edn.NewKeyword(markKey)), k, h.syms.value(edn.NewKeyword(markValue)), v})
}

// splitTuple makes the pair [key value] a value with an independent key.
func (h *History) splitTuple(id ID) {
	if h.key == nil {
		h.key = make([]Sym, h.Len())
	}
	pair := h.Elems(id)
	k, s := pair[0], pair[1]
	h.key[id] = k
	h.flags[id] |= keyFlag
	switch v := h.Value(s); {
	case v.Kind == edn.Nil:
		h.setVal(id, KindNil, 0)
	case v.Sequential():
		h.setElems(id, KindList, h.intern(v.Items))
	case v.Kind == edn.Set:
		h.setElems(id, KindSet, h.intern(v.Items))
	case v.Kind == edn.Map:
		h.setElems(id, KindMap, h.intern(v.Items))
	default:
		h.setVal(id, KindScalar, uint64(s))
	}
}

// intern is for the time before the history is finished.
func (h *History) intern(vs []Value) []Sym {
	out := make([]Sym, len(vs))
	for i, v := range vs {
		out[i] = h.syms.value(v)
	}
	return out
}

func (h *History) setVal(id ID, k Kind, v uint64) {
	h.flags[id] = h.flags[id]&^(7<<kindShift|blankFlag) | uint8(k)<<kindShift
	h.val[id] = v
}

func (h *History) setElems(id ID, k Kind, elems []Sym) {
	h.setVal(id, k, span(len(h.elems), len(elems)))
	h.elems = append(h.elems, elems...)
}

// OpsByKey lists the operations of each key, in file order; keys are numbered as by Keys. An operation without a key goes
// where its other half is, as the completion of a crash often has no value. Those of clients that belong nowhere are lone.
func (h *History) OpsByKey() (ids [][]ID, lone []ID) {
	number := make(map[Sym]int)
	for i, k := range h.Keys() {
		number[k] = i
	}
	ids = make([][]ID, len(number))
	for id := range h.All() {
		k, ok := h.Key(id)
		if pair := h.Pair(id); !ok && pair != None {
			k, ok = h.Key(pair)
		}
		switch {
		case ok:
			ids[number[k]] = append(ids[number[k]], id)
		case h.Client(id):
			lone = append(lone, id)
		}
	}
	return ids, lone
}
