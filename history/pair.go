package history

import (
	"fmt"
	"slices"
)

// checkIndices applies the rule that the first operation decides: if it has an index, all must have one and they are used
// as they stand; if it has none, operations are numbered by their places, and one that says otherwise is wrong.
func (h *History) checkIndices() problemList {
	if h.index == nil {
		return problemList{}
	}
	var bad problemList
	sparse := h.flags[0]&indexFlag != 0
	plain := true // all indices are places
	for i, f := range h.flags {
		has := f&indexFlag != 0
		switch {
		case sparse && !has:
			bad.add(h.off[i], "no-index", "operation without an integer index", "one, as the first operation has one",
				"give every operation an :index, or none")
		case !sparse && has && h.index[i] != int64(i):
			bad.add(h.off[i], "wrong-index", fmt.Sprintf("index %d on operation number %d", h.index[i], i),
				fmt.Sprintf("index %d or none, as the first operation has none", i), "give every operation an :index, or none")
		}
		plain = plain && h.index[i] == int64(i)
	}
	if !sparse || plain {
		h.index = nil
	} else if len(bad.list) == 0 {
		bad = h.sameIndices()
	}
	return bad
}

// sameIndices finds operations that share an index, which is to tell each from all others. Where indices grow, as in nearly
// every history, there are none, and nothing need be sorted.
func (h *History) sameIndices() problemList {
	var bad problemList
	grow := true
	for i := 1; i < len(h.index) && grow; i++ {
		grow = h.index[i-1] < h.index[i]
	}
	if grow {
		return bad
	}
	ids := h.orderByIndex()
	first := ids[0]
	for _, id := range ids[1:] {
		if h.index[id] != h.index[first] {
			first = id
			continue
		}
		bad.add(h.off[id], "same-index", fmt.Sprintf("index %d, which the operation at %s has too", h.index[id], h.Pos(first)),
			"an index of its own", "number the operations anew, or give none an :index: then their order counts")
	}
	return bad
}

// pairUp links invocations and completions. A client's invocation is completed by the next operation of its process that
// isn't an invocation, whatever its type; a completion without an invocation stays alone. Other processes' operations pair
// by turns.
func (h *History) pairUp() problemList {
	var bad problemList
	h.pair = make([]ID, len(h.flags))
	open := slices.Repeat([]ID{None}, len(h.procSyms))
	for i := range h.pair {
		id := ID(i)
		h.pair[id] = None
		p := h.proc[id]
		before := open[p]
		invoke := h.Type(id) == Invoke
		switch {
		case !h.procClient[p] && before == None || invoke && before == None:
			open[p] = id
		case !invoke || !h.procClient[p]:
			if before != None {
				h.pair[id], h.pair[before] = before, id
			}
			open[p] = None
		default:
			bad.add(h.off[id], "double-invoke",
				fmt.Sprintf("process %s invokes an operation while the one it invoked at %s is still open", h.ProcName(p), h.Pos(before)),
				"a completion (ok, fail or info) of the first", "a process does one thing at a time")
			open[p] = id
		}
	}
	return bad
}
