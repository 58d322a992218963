package history

import (
	"cmp"
	"iter"
	"slices"
	"sort"
	"sync"

	"jcheck/internal/edn"
)

// History is a recorded history, or a view of some of its operations (see Select). It doesn't change once read, and may
// be used by many goroutines at once. Slices that its methods return are the history's own: not to be written to.
type History struct {
	*core
	ids  []ID // the view's operations, if it is one
	view bool
}

// core is what all views of a history share.
type core struct {
	name  string
	src   []byte // the input, for lines and extra fields
	files []part // that it was put together of; nil if it is one
	parse func(raw []byte) (Value, error)
	close func() error

	columns
	pair []ID

	syms       *symbols
	procSyms   []Sym
	procClient []bool
	keySyms    []Sym
	nameSyms   []Sym // of micro-op functions from MopOther on
	lists      []spine
	isKeyed    bool
	warnings   []Problem
	faults     *ReadError // of Options.Tolerant

	late    lateSyms
	lines   lineTable
	byIndex struct {
		once sync.Once
		ids  []ID // by index
	}
}

// Close gives back the input; the history and its views may not be used any more.
func (h *History) Close() error {
	if h.view || h.close == nil {
		return nil
	}
	f := h.close
	h.close = nil
	return f()
}

// Name is the file's name, as it is used in messages.
func (h *History) Name() string { return h.name }

// Warnings are problems that were passed over because Options said so.
func (h *History) Warnings() []Problem { return h.warnings }

// Faults are the problems of an input that was read only because Options.Tolerant said so; nil if there were none. What a
// checker makes of the rest means nothing.
func (h *History) Faults() *ReadError { return h.faults }

// Len is the number of operations in the whole file, whatever the view: IDs are in [0, Len).
func (h *History) Len() int { return len(h.flags) }

// Size is the number of operations in this view.
func (h *History) Size() int {
	if h.view {
		return len(h.ids)
	}
	return len(h.flags)
}

// At is the i-th operation of this view.
func (h *History) At(i int) ID {
	if h.view {
		return h.ids[i]
	}
	return ID(i)
}

// All yields the operations of this view in order.
func (h *History) All() iter.Seq[ID] {
	return func(yield func(ID) bool) {
		for i := range h.Size() {
			if !yield(h.At(i)) {
				return
			}
		}
	}
}

// Select is a view of the given operations, in this order. IDs stay what they are, so that what is found in the view
// holds in the whole. ids is kept, not copied.
func (h *History) Select(ids []ID) *History { return &History{core: h.core, ids: ids, view: true} }

// Type is what the operation says happened.
func (h *History) Type(id ID) Type { return Type(h.flags[id] & 3) }

// Client tells whether the operation's process is an integer, and so a client's.
func (h *History) Client(id ID) bool { return h.procClient[h.proc[id]] }

// Proc is the operation's process.
func (h *History) Proc(id ID) ProcID { return h.proc[id] }

// NumProcs is the number of different processes; an absent process counts as one.
func (h *History) NumProcs() int { return len(h.procSyms) }

// ProcName is the process as recorded, nil if absent.
func (h *History) ProcName(p ProcID) Value { return h.Value(h.procSyms[p]) }

// F is the operation's function, Nil if absent.
func (h *History) F(id ID) Sym { return h.f[id] }

// Time is in ns since the start of the run, or NoTime if unrecorded.
func (h *History) Time(id ID) int64 {
	if h.time == nil {
		return NoTime
	}
	return h.time[id]
}

// Index is the operation's index as recorded, or its place in the file if indices weren't recorded.
func (h *History) Index(id ID) int64 {
	if h.index == nil {
		return int64(id)
	}
	return h.index[id]
}

// ByIndex is the operation with this index, or None.
func (h *History) ByIndex(index int64) ID {
	if h.index == nil {
		if index >= 0 && index < int64(h.Len()) {
			return ID(index)
		}
		return None
	}
	ids := h.orderByIndex()
	i := sort.Search(len(ids), func(i int) bool { return h.index[ids[i]] >= index })
	if i == len(ids) || h.index[ids[i]] != index {
		return None
	}
	return ids[i]
}

// orderByIndex is the operations by index, those of one index in file order. Only where indices were recorded.
func (h *History) orderByIndex() []ID {
	h.byIndex.once.Do(func() {
		ids := make([]ID, h.Len())
		for i := range ids {
			ids[i] = ID(i)
		}
		slices.SortStableFunc(ids, func(a, b ID) int { return cmp.Compare(h.index[a], h.index[b]) })
		h.byIndex.ids = ids
	})
	return h.byIndex.ids
}

// Pair is the operation's other half: an invocation's completion, a completion's invocation, or None.
func (h *History) Pair(id ID) ID { return h.pair[id] }

// Kind tells what the operation's value is.
func (h *History) Kind(id ID) Kind { return Kind(h.flags[id] >> kindShift & 7) }

// Scalar is the value of an operation of KindScalar; Nil for any other kind.
func (h *History) Scalar(id ID) Sym {
	if h.Kind(id) != KindScalar {
		return Nil
	}
	return Sym(h.val[id])
}

// Elems are the elements of a list or set, or a map's keys and values in turn; nil for any other kind.
func (h *History) Elems(id ID) []Sym {
	switch h.Kind(id) {
	case KindList, KindSet, KindMap:
		from, to := spanBounds(h.val[id])
		return h.elems[from:to:to]
	default:
		return nil
	}
}

// Mops are the micro-ops of a txn; nil for any other kind of value, nil and [] being empty txns. If Blank(id), its reads
// are to be taken as nil.
func (h *History) Mops(id ID) []Mop {
	if h.flags[id]&(7<<kindShift) != uint8(KindTxn)<<kindShift {
		return nil
	}
	from, to := spanBounds(h.val[id])
	return h.mops[from:to:to]
}

// Blank tells that the invocation shares the micro-ops of its completion, which filled in the values of its reads: every
// :r in Mops(id) is to be taken as a Scalar nil.
func (h *History) Blank(id ID) bool { return h.flags[id]&blankFlag != 0 }

// NumKeys is the number of different keys of micro-ops.
func (h *History) NumKeys() int { return len(h.keySyms) }

// KeySym is the key's value.
func (h *History) KeySym(k KeyID) Sym { return h.keySyms[k] }

// NumLists is the number of lists that reads showed (see spines).
func (h *History) NumLists() int { return len(h.lists) }

// List is the whole list, the part that it shares with its parent included.
func (h *History) List(l ListID) []Sym { return h.lists[l].elems }

// ListKey is the key of which the list was read.
func (h *History) ListKey(l ListID) KeyID { return h.lists[l].key }

// Branch is the list from which l diverges and the number of elements that they share, or (-1, 0) for a key's first list.
func (h *History) Branch(l ListID) (parent ListID, at int32) {
	s := &h.lists[l]
	return s.parent, s.at
}

// Keyed tells whether values are [key value] tuples of independent keys.
func (h *History) Keyed() bool { return h.isKeyed }

// Key is the operation's independent key.
func (h *History) Key(id ID) (Sym, bool) {
	if h.flags[id]&keyFlag == 0 {
		return Nil, false
	}
	return h.key[id], true
}

// Keys are the independent keys of this view's operations, in order of first appearance.
func (h *History) Keys() []Sym {
	if !h.isKeyed {
		return nil
	}
	seen := newSymIndex()
	for id := range h.All() {
		if k, ok := h.Key(id); ok {
			seen.id(k)
		}
	}
	return seen.syms
}

// isInteger tells whether s is an integer of any size.
func (c *core) isInteger(s Sym) bool {
	k := c.syms.kind(s)
	return k == edn.Int || k == edn.BigInt
}
