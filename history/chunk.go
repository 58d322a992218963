package history

import (
	"slices"

	"jcheck/internal/edn"
)

// chunk collects the operations of one piece of the input into columns of its own; merge joins them in file order. Its
// Syms, keys, lists and processes are numbered by itself.
//
// A reader calls begin, then what the operation holds in any order, then end. The value is given by exactly one of
// valueNil, valueScalar, valueElems, or beginTxn ... endTxn (and keyed, if it was a tuple); given none, it is nil.
type chunk struct {
	src   []byte
	base  int64
	parse func(raw []byte) (Value, error) // reads the span of an extra field; nil means EDN

	syms   *symbols
	keys   symIndex
	procs  symIndex
	names  symIndex // of micro-op functions beyond the fixed ones
	spines spines
	open   []int32 // by process: its open invocation in this chunk, or -1

	columns
	room int // operations that the columns have room for
	cur  pending

	problems problemList
	warnings problemList // of what is passed over
}

// columns hold the operations: one entry each, or nil where no operation has the field.
type columns struct {
	flags []uint8
	proc  []ProcID
	f     []Sym
	time  []int64
	index []int64
	val   []uint64 // a Sym, or a span of mops or elems
	off   []int64  // where the operation starts in the input
	key   []Sym    // independent keys

	mops   []Mop
	elems  []Sym
	extras []extra // in order of op
}

// Flags: type (2 bits), kind of value (3 bits), and:
const (
	kindShift = 2
	blankFlag = 1 << 5
	indexFlag = 1 << 6 // the operation has an index
	keyFlag   = 1 << 7 // the operation has an independent key
)

// A span is start<<spanBits | length.
const (
	spanBits = 26
	maxSpan  = 1<<spanBits - 1
)

func span(start, n int) uint64 { return uint64(start)<<spanBits | uint64(n) }

func spanBounds(v uint64) (from, to int) {
	from = int(v >> spanBits)
	return from, from + int(v&maxSpan)
}

// extra is a field that no column is for: the bytes [from, to) of the input, parsed when somebody asks.
type extra struct {
	from, to int64
	op       ID
	name     Sym
}

// pending is the operation that is being built.
type pending struct {
	off         int64
	time, index int64
	val         uint64
	process, f  Sym
	key         Sym
	firstMop    int
	flags       uint8
}

func newChunk(src []byte, base int64) *chunk {
	return &chunk{src: src, base: base, syms: newSymbols(), keys: newSymIndex(), procs: newSymIndex(), names: newSymIndex()}
}

func (c *chunk) symInt(n int64) Sym                     { return c.syms.integer(n) }
func (c *chunk) symToken(kind edn.Kind, tok []byte) Sym { return c.syms.token(kind, tok) }
func (c *chunk) symValue(v edn.Value) Sym               { return c.syms.value(v) }

// begin starts an operation at this absolute offset; one that was begun but not ended is forgotten.
func (c *chunk) begin(off int64) {
	c.cur = pending{off: off, time: NoTime, process: Nil, f: Nil, key: Nil, firstMop: len(c.mops)}
	for len(c.extras) > 0 && int(c.extras[len(c.extras)-1].op) >= len(c.flags) {
		c.extras = c.extras[:len(c.extras)-1]
	}
}

func (c *chunk) setType(t Type)   { c.cur.flags = c.cur.flags&^3 | uint8(t) }
func (c *chunk) setTime(n int64)  { c.cur.time = n }
func (c *chunk) setProcess(s Sym) { c.cur.process = s }
func (c *chunk) setF(s Sym)       { c.cur.f = s }
func (c *chunk) setIndex(n int64) {
	c.cur.index = n
	c.cur.flags |= indexFlag
}

// extra keeps the raw bytes [from, to) (absolute offsets) of another field's value.
func (c *chunk) extra(name Sym, from, to int64) {
	c.extras = append(c.extras, extra{from: from, to: to, op: ID(len(c.flags)), name: name})
}

func (c *chunk) setKind(k Kind) { c.cur.flags = c.cur.flags&^(7<<kindShift) | uint8(k)<<kindShift }

func (c *chunk) valueNil() {
	c.setKind(KindNil)
	c.cur.val = 0
}

// valueScalar is for a value that is one Sym; nil is KindNil.
func (c *chunk) valueScalar(s Sym) {
	if s == Nil {
		c.valueNil()
		return
	}
	c.setKind(KindScalar)
	c.cur.val = uint64(s)
}

// valueElems is for a list, a set or a map (key, value, key, value, ...). elems is copied.
func (c *chunk) valueElems(k Kind, elems []Sym) {
	if len(elems) > maxSpan {
		c.tooLong()
		return
	}
	c.setKind(k)
	c.cur.val = span(len(c.elems), len(elems))
	c.elems = append(c.elems, elems...)
}

func (c *chunk) tooLong() {
	c.problem(c.cur.off, "too-long", "a value of more than 67 million elements", "a shorter one", "split the history")
	c.valueNil()
}

// mopF is the code of a micro-op's function, given its first element. Only keywords have fixed codes.
func (c *chunk) mopF(s Sym) MopF {
	if s >= symTable|firstMopName && s < symTable|firstMopName+Sym(MopOther) {
		return MopF(s - (symTable | firstMopName))
	}
	const most = 1<<16 - 1 - int(MopOther)
	n := c.names.id(s)
	if int(n) > most {
		c.problem(c.cur.off, "too-many-functions", "more than 65,000 different micro-op functions", "a handful", "")
		return MopOther
	}
	return MopOther + MopF(n)
}

func (c *chunk) beginTxn() { c.cur.firstMop = len(c.mops) }

// mop adds a micro-op that isn't a list read. key is ignored if the shape is Odd, where arg is the whole micro-op.
func (c *chunk) mop(f MopF, key Sym, shape Shape, arg Sym) {
	m := Mop{Key: -1, arg: uint32(arg), F: f, Shape: shape}
	if shape != Odd {
		m.Key = KeyID(c.keys.id(key))
	}
	if shape == NoArg {
		m.arg = uint32(Nil)
	}
	c.mops = append(c.mops, m)
}

// mopRead adds a list read. elems is copied or compared away at once.
func (c *chunk) mopRead(f MopF, key Sym, elems []Sym) {
	m := Mop{Key: KeyID(c.keys.id(key)), F: f, Shape: List}
	if len(elems) > 0 {
		l, n := c.spines.insert(m.Key, elems)
		m.arg, m.Len = uint32(l), n
	}
	c.mops = append(c.mops, m)
}

func (c *chunk) endTxn() {
	n := len(c.mops) - c.cur.firstMop
	if n > maxSpan {
		c.tooLong()
		return
	}
	c.setKind(KindTxn)
	c.cur.val = span(c.cur.firstMop, n)
}

// keyed says that the operation's value was the tuple [k txn].
func (c *chunk) keyed(k Sym) {
	c.cur.key = k
	c.cur.flags |= keyFlag
}

// end adds the operation to the columns.
func (c *chunk) end() {
	p := &c.cur
	proc := ProcID(c.procs.id(p.process))
	if int(proc) == len(c.open) {
		c.open = append(c.open, -1)
	}
	if p.flags&keyFlag != 0 && c.key == nil {
		c.key = slices.Repeat([]Sym{Nil}, len(c.flags))
	}
	if c.key != nil {
		c.key = append(c.key, p.key)
	}
	if Type(p.flags&3) == Invoke {
		c.open[proc] = int32(len(c.flags))
	} else {
		if inv := c.open[proc]; inv >= 0 {
			c.share(int(inv))
		}
		c.open[proc] = -1
	}
	c.flags = append(c.flags, p.flags)
	c.proc = append(c.proc, proc)
	c.f = append(c.f, p.f)
	c.time = append(c.time, p.time)
	c.index = append(c.index, p.index)
	c.val = append(c.val, p.val)
	c.off = append(c.off, p.off)
	if len(c.off) == max(c.room, sampleOps) {
		c.reserve()
	}
}

// sampleOps is how many operations say how long the others are likely to be: trustOps times as many, and of those that then
// were there far more, since the average is taken anew. A few long reads, later in the piece, may be most of its bytes.
const (
	sampleOps = 256
	trustOps  = 16
)

// reserve makes room for as many operations as the rest of a piece of the input is likely to hold, so that columns needn't
// grow step by step.
func (c *chunk) reserve() {
	have := len(c.off)
	last := c.off[have-1]
	each := max(1, (last-c.off[0])/int64(have-1))
	left := min(int64(len(c.src))-last, pieceSize-(last-c.off[0]))
	if left <= 0 {
		return
	}
	n := min(int(left/each)*17/16, trustOps*have*(have/sampleOps))
	c.room = have + n
	c.columns.grow(n, len(c.mops)*n/have)
}

func (c *columns) grow(ops, mops int) {
	c.flags, c.proc, c.f = slices.Grow(c.flags, ops), slices.Grow(c.proc, ops), slices.Grow(c.f, ops)
	c.time, c.index = slices.Grow(c.time, ops), slices.Grow(c.index, ops)
	c.val, c.off = slices.Grow(c.val, ops), slices.Grow(c.off, ops)
	c.mops = slices.Grow(c.mops, mops)
}

// share lets the pending completion and its invocation use the same mops where all that the completion says more is what
// its reads returned. They are kept in the invocation's place, and the completion's own are dropped.
func (c *chunk) share(inv int) {
	const txn = uint8(KindTxn) << kindShift
	const what = 7<<kindShift | keyFlag
	p := &c.cur
	if p.flags&what != c.flags[inv]&what || p.flags&(7<<kindShift) != txn {
		return
	}
	if p.flags&keyFlag != 0 && c.key[inv] != p.key {
		return
	}
	from, to := spanBounds(c.val[inv])
	own, last := spanBounds(p.val)
	if to-from != last-own || last != len(c.mops) {
		return
	}
	same, blank := fills(c.mops[from:to], c.mops[own:last])
	if !same {
		return
	}
	if blank {
		copy(c.mops[from:to], c.mops[own:last])
		c.flags[inv] |= blankFlag
	}
	c.mops = c.mops[:own]
	p.val = c.val[inv]
}

// fills tells whether the completion's mops are the invocation's, and if so, whether nil reads were filled in. An
// invocation that is to be blanked may hold no read but nil.
func fills(inv, comp []Mop) (same, blank bool) {
	known := false // a read of the invocation isn't nil
	for i := range inv {
		a, b := &inv[i], &comp[i]
		isNil := a.Shape == Scalar && a.Val() == Nil
		if *a == *b {
			known = known || a.F == MopR && !isNil
			continue
		}
		if a.F != MopR || b.F != MopR || a.Key != b.Key || !isNil || b.Shape == NoArg {
			return false, false
		}
		blank = true
	}
	return !(blank && known), blank
}

// seal drops what is only of use for adding operations. All pieces are kept until they are merged, and these tables may
// be a sixth of what they hold.
func (c *chunk) seal() {
	c.syms.slots, c.keys.slots, c.procs.slots, c.names.slots = nil, nil, nil, nil
	c.spines = spines{lists: c.spines.lists}
	c.open = nil
}

// problem notes that something at this absolute offset is wrong.
func (c *chunk) problem(off int64, code, found, want, hint string) {
	c.problems.add(off, code, found, want, hint)
}
