package history

import (
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// merge joins the chunks of one input, in file order, into a History. Everything is renumbered in order of chunks, so the
// outcome depends on where chunks end and begin but not on how many goroutines read them. A chunk's problems, and those
// that only the whole history shows (pairs, indices), come back as a *ReadError.
func merge(name string, src []byte, chunks []*chunk, o Options) (*History, error) {
	c := &core{name: name, src: src, files: o.files, parse: parseEDN}
	var bad problemList
	ops := 0
	for _, ch := range chunks {
		bad.addAll(ch.problems)
		ops += len(ch.flags)
	}
	if ops > math.MaxInt32 {
		bad.add(0, "too-long", fmt.Sprintf("%d operations", ops), "at most 2^31-1", "split the history")
	}
	if err := c.readError(bad); err != nil && !(o.Tolerant && 0 < ops && ops <= math.MaxInt32) {
		return nil, err
	}
	if len(chunks) > 0 && chunks[0].parse != nil {
		c.parse = chunks[0].parse
	}
	c.fill(c.renumber(chunks), o.workers())
	h := &History{core: c}
	late := h.settle(o)
	if !o.Tolerant {
		if err := c.readError(late); err != nil {
			return nil, err
		}
		return h, nil
	}
	bad.addAll(late)
	h.faults = c.faultsOf(bad)
	return h, nil
}

// piece is a chunk with what its numbers are in the whole, and the places of its columns there.
type piece struct {
	*chunk
	syms               []Sym
	keys, procs, names []int32
	ends               []ListID // by list: the list of the whole that owns its end

	firstOp, firstMop, firstElem, firstExtra int
}

// renumber decides the numbers of the whole, one chunk after the other. It touches what is distinct in each chunk, not
// every operation.
func (c *core) renumber(chunks []*chunk) []piece {
	c.syms = newSymbols()
	keys, procs, names := newSymIndex(), newSymIndex(), newSymIndex()
	var all spines
	pieces := make([]piece, len(chunks))
	for i, ch := range chunks {
		p := &pieces[i]
		p.chunk = ch
		p.syms = c.syms.absorb(ch.syms)
		p.keys = renumberIndex(&keys, ch.keys.syms, p.syms)
		p.procs = renumberIndex(&procs, ch.procs.syms, p.syms)
		p.names = renumberIndex(&names, ch.names.syms, p.syms)
		p.ends = all.absorb(ch.spines.lists, p.keys, p.syms)
		// What was absorbed can go: the tables of all chunks together may be as large as the columns.
		ch.syms, ch.spines, ch.keys, ch.procs, ch.names = nil, spines{}, symIndex{}, symIndex{}, symIndex{}
		if i > 0 {
			q := &pieces[i-1]
			p.firstOp = q.firstOp + len(q.flags)
			p.firstMop = q.firstMop + len(q.mops)
			p.firstElem = q.firstElem + len(q.elems)
			p.firstExtra = q.firstExtra + len(q.extras)
		}
	}
	c.keySyms, c.procSyms, c.nameSyms, c.lists = keys.syms, procs.syms, names.syms, all.lists
	c.procClient = make([]bool, len(c.procSyms))
	for i, s := range c.procSyms {
		c.procClient[i] = c.isInteger(s)
	}
	return pieces
}

func renumberIndex(x *symIndex, syms []Sym, to []Sym) []int32 {
	ids := make([]int32, len(syms))
	for i, s := range syms {
		ids[i] = x.id(renumber(to, s))
	}
	return ids
}

// fill makes the columns at their full size, one after another, and copies every piece's part to its place, renumbered.
// The pieces' own columns can go one by one, so that there are never two copies of all.
func (c *core) fill(pieces []piece, workers int) {
	if len(pieces) == 0 {
		return
	}
	last := &pieces[len(pieces)-1]
	n := last.firstOp + len(last.flags)
	each := func(f func(*piece)) { parallel(len(pieces), workers, func(i int) { f(&pieces[i]) }) }

	c.mops = make([]Mop, last.firstMop+len(last.mops))
	each(c.copyMops)
	c.val = make([]uint64, n)
	each(c.copyVals)
	c.off = make([]int64, n)
	each(func(p *piece) { p.off = place(c.off, p.firstOp, p.off) })
	if has(pieces, func(p *piece) bool { return slices.ContainsFunc(p.time, func(t int64) bool { return t != NoTime }) }) {
		c.time = make([]int64, n)
	}
	each(func(p *piece) { p.time = place(c.time, p.firstOp, p.time) })
	if has(pieces, func(p *piece) bool {
		return slices.ContainsFunc(p.flags, func(f uint8) bool { return f&indexFlag != 0 })
	}) {
		c.index = make([]int64, n)
	}
	each(func(p *piece) { p.index = place(c.index, p.firstOp, p.index) })
	c.fillRest(pieces, each)
}

// fillRest fills the columns that are small, or rarely there.
func (c *core) fillRest(pieces []piece, each func(func(*piece))) {
	last := &pieces[len(pieces)-1]
	n := last.firstOp + len(last.flags)
	c.flags, c.proc, c.f = make([]uint8, n), make([]ProcID, n), make([]Sym, n)
	c.elems = make([]Sym, last.firstElem+len(last.elems))
	c.extras = make([]extra, last.firstExtra+len(last.extras))
	if has(pieces, func(p *piece) bool { return p.key != nil }) {
		c.key = make([]Sym, n)
	}
	each(func(p *piece) {
		c.copyRest(p)
		*p.chunk = chunk{} // so that its memory can go, whoever holds the chunk
	})
}

func has(pieces []piece, f func(*piece) bool) bool {
	for i := range pieces {
		if f(&pieces[i]) {
			return true
		}
	}
	return false
}

// place copies a piece's part of a column, if there is the column, and returns what is left to keep of the part: nothing.
func place(column []int64, at int, part []int64) []int64 {
	if column != nil {
		copy(column[at:], part)
	}
	return nil
}

// parallel calls f(0) ... f(n-1), in any order, on so many goroutines.
func parallel(n, workers int, f func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	var broken atomic.Pointer[string]
	for range min(n, workers) {
		wg.Go(func() {
			defer relay(&broken)
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
	if text := broken.Load(); text != nil {
		panic(*text)
	}
}

// relay keeps a panic for the goroutine that waits, where it is the caller's; see internal/graph.
func relay(broken *atomic.Pointer[string]) {
	if p := recover(); p != nil {
		text := fmt.Sprintf("%v\n%s", p, debug.Stack())
		broken.CompareAndSwap(nil, &text)
	}
}

// copyVals renumbers what the values of a piece's operations are or point to.
func (c *core) copyVals(p *piece) {
	to := c.val[p.firstOp:]
	for i, v := range p.val {
		switch Kind(p.flags[i] >> kindShift & 7) {
		case KindScalar:
			v = uint64(renumber(p.syms, Sym(v)))
		case KindTxn:
			v += span(p.firstMop, 0)
		case KindList, KindSet, KindMap:
			v += span(p.firstElem, 0)
		}
		to[i] = v
	}
	p.val = nil
}

// copyRest copies the columns of fillRest.
func (c *core) copyRest(p *piece) {
	at := p.firstOp
	copy(c.flags[at:], p.flags)
	for i, x := range p.proc {
		c.proc[at+i] = ProcID(p.procs[x])
	}
	for i, s := range p.f {
		c.f[at+i] = renumber(p.syms, s)
	}
	for i, s := range p.key {
		c.key[at+i] = renumber(p.syms, s)
	}
	for i, s := range p.elems {
		c.elems[p.firstElem+i] = renumber(p.syms, s)
	}
	for i, x := range p.extras {
		x.op += ID(at)
		x.name = renumber(p.syms, x.name)
		c.extras[p.firstExtra+i] = x
	}
}

func (c *core) copyMops(p *piece) {
	to := c.mops[p.firstMop:]
	for i, m := range p.mops {
		if m.Key >= 0 {
			m.Key = KeyID(p.keys[m.Key])
		}
		if m.F >= MopOther {
			m.F = MopOther + MopF(p.names[m.F-MopOther])
		}
		switch {
		case m.Shape != List:
			m.arg = uint32(renumber(p.syms, Sym(m.arg)))
		case m.Len > 0:
			m.arg = uint32(owner(c.lists, p.ends[m.arg], int(m.Len)))
		}
		to[i] = m
	}
	p.mops = nil
}

// settle does what takes the whole history: independent keys, indices, pairs. It returns what is wrong with them.
func (h *History) settle(o Options) problemList {
	bad := h.settleKeys(o.Independent)
	bad.addAll(h.checkIndices())
	bad.addAll(h.pairUp())
	return bad
}
