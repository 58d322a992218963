package history

import (
	"sync"

	"jcheck/internal/edn"
)

// lateSyms are the values that got a Sym after the history was read: lists that reads showed, when somebody asks for one
// as a value. Their numbers depend on who asked first, so they serve for equality only.
type lateSyms struct {
	mu   sync.RWMutex
	syms *symbols          // nil until the first; its entries follow those of the main table
	list map[uint64]uint32 // list<<32 | length → Sym
}

// Value is what s stands for.
func (h *History) Value(s Sym) Value {
	main := symTable | Sym(len(h.syms.entries))
	if s < main {
		return h.syms.readable(s)
	}
	h.late.mu.RLock()
	defer h.late.mu.RUnlock()
	return h.late.syms.readable(symTable | (s - main))
}

// Lookup is the Sym of a value that the history holds; the constants, the known micro-op functions and the integers in
// [0, 2^31) have one whether it holds them or not. A list that occurs only as what a read showed counts once Val
// was asked for it.
func (h *History) Lookup(v Value) (Sym, bool) {
	if s, ok := h.syms.find(v); ok {
		return s, true
	}
	h.late.mu.RLock()
	defer h.late.mu.RUnlock()
	if h.late.syms == nil {
		return Nil, false
	}
	s, ok := h.late.syms.find(v)
	if !ok {
		return Nil, false
	}
	return h.lateSym(s), true
}

// lateSym is the history's Sym for one of the late table. The late table repeats the constants, which are never asked
// for: the main table has them.
func (h *History) lateSym(s Sym) Sym { return s + Sym(len(h.syms.entries)) }

// Val is the micro-op's argument as a Sym whatever its shape: Nil for NoArg, the whole list for a list read. Equal
// arguments have equal Syms.
func (h *History) Val(m *Mop) Sym {
	if m.Shape != List {
		return m.Val()
	}
	place := uint64(m.arg)<<32 | uint64(m.Len)
	h.late.mu.RLock()
	s, ok := h.late.list[place]
	h.late.mu.RUnlock()
	if ok {
		return Sym(s)
	}
	v := h.listValue(m)
	sym, ok := h.syms.find(v)
	h.late.mu.Lock()
	defer h.late.mu.Unlock()
	if !ok {
		if h.late.syms == nil {
			h.late.syms = newSymbols()
		}
		sym = h.lateSym(h.late.syms.value(v))
	}
	if h.late.list == nil {
		h.late.list = make(map[uint64]uint32)
	}
	h.late.list[place] = uint32(sym)
	return sym
}

func (h *History) listValue(m *Mop) Value {
	items := make([]Value, m.Len)
	if m.Len > 0 {
		for i, s := range h.List(m.List())[:m.Len] {
			items[i] = h.Value(s)
		}
	}
	return edn.NewVector(items)
}

// MopName is the name of a micro-op's function as recorded.
func (h *History) MopName(f MopF) Value {
	if f < MopOther {
		return h.syms.readable(symTable | (firstMopName + Sym(f)))
	}
	return h.Value(h.nameSyms[f-MopOther])
}

// MopValue is the micro-op as recorded, [f k v]. blank is what Blank says of its operation.
func (h *History) MopValue(m *Mop, blank bool) Value {
	if m.Shape == Odd {
		return h.Value(m.Val())
	}
	items := []Value{h.MopName(m.F), h.Value(h.keySyms[m.Key])}
	switch {
	case m.Shape == NoArg:
	case blank && m.F == MopR:
		items = append(items, Value{})
	case m.Shape == List:
		items = append(items, h.listValue(m))
	default:
		items = append(items, h.Value(m.Val()))
	}
	return edn.NewVector(items)
}

// values makes each Sym readable.
func (h *History) values(syms []Sym) []Value {
	vs := make([]Value, len(syms))
	for i, s := range syms {
		vs[i] = h.Value(s)
	}
	return vs
}

// opValue is the operation's value made readable, without its independent key.
func (h *History) opValue(id ID) Value {
	switch h.Kind(id) {
	case KindScalar:
		return h.Value(h.Scalar(id))
	case KindTxn:
		mops, blank := h.Mops(id), h.Blank(id)
		vs := make([]Value, len(mops))
		for i := range mops {
			vs[i] = h.MopValue(&mops[i], blank)
		}
		return edn.NewVector(vs)
	case KindList:
		return edn.NewVector(h.values(h.Elems(id)))
	case KindSet:
		return edn.NewSet(h.values(h.Elems(id)))
	case KindMap:
		return edn.NewMap(h.values(h.Elems(id)))
	default:
		return Value{}
	}
}

// Op is the operation made readable.
func (h *History) Op(id ID) Op {
	op := Op{
		ID:      id,
		Index:   h.Index(id),
		Time:    h.Time(id),
		Type:    h.Type(id),
		Process: h.ProcName(h.Proc(id)),
		F:       h.Value(h.F(id)),
		Value:   h.opValue(id),
		Extra:   h.extraFields(id),
	}
	if k, ok := h.Key(id); ok {
		v := h.Value(k)
		op.Key = &v
	}
	return op
}
