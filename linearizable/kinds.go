package linearizable

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// function is one function of the history's operations, with the kinds of its calls.
type function struct {
	name            string
	known, observed bool // the datatype has it; its failures count
	kinds           [3]kindTable
}

// kindTable numbers the calls of one function and outcome by their values. Usual values are found without hashing, or by
// hashing Syms alone: where values are unique, this is most of what a check costs that doesn't search.
type kindTable struct {
	none   int32   // the kind without a value, plus one
	scalar []int32 // Sym → kind plus one, where Syms are small
	pair   map[[2]history.Sym]int32
	term   map[Term]int32 // anything else
}

// function looks up the function of an operation.
func (g *gatherer) function(id history.ID) *function {
	s := g.h.F(id)
	f := g.functions[s]
	if f == nil {
		f = &function{name: g.h.Value(s).Text}
		f.known = slices.Contains(g.obj.d.Functions, f.name)
		f.observed = g.o.Failed == Observe && slices.Contains(g.obj.d.Observes, f.name)
		for i := range f.kinds {
			f.kinds[i].pair, f.kinds[i].term = make(map[[2]history.Sym]int32), make(map[Term]int32)
		}
		g.functions[s] = f
	}
	return f
}

// kind numbers the call by its function, value and outcome. Two that differ by the outcome alone are never the same: a
// crashed read isn't one that found nil.
func (g *gatherer) kind(id history.ID, f *function, outcome Outcome) (int32, error) {
	t := &f.kinds[outcome]
	switch g.h.Kind(id) {
	case history.KindNil:
		if t.none == 0 {
			n, err := g.newKind(f, outcome, nilTerm())
			t.none = n + 1
			return n, err
		}
		return t.none - 1, nil
	case history.KindScalar:
		if s := g.h.Scalar(id); g.small(s) {
			if int(s) >= len(t.scalar) {
				t.scalar = append(t.scalar, make([]int32, int(s)+1-len(t.scalar))...)
			}
			if t.scalar[s] == 0 {
				n, err := g.newKind(f, outcome, g.keep(g.term(id)))
				t.scalar[s] = n + 1
				return n, err
			}
			return t.scalar[s] - 1, nil
		}
	case history.KindList:
		if elems := g.h.Elems(id); len(elems) == 2 {
			n, ok := t.pair[[2]history.Sym(elems)]
			if !ok {
				var err error
				if n, err = g.newKind(f, outcome, g.keep(g.term(id))); err != nil {
					return n, err
				}
				t.pair[[2]history.Sym(elems)] = n
			}
			return n, nil
		}
	}
	return g.otherKind(id, f, outcome)
}

// otherKind is kind for values without a shorter way.
func (g *gatherer) otherKind(id history.ID, f *function, outcome Outcome) (int32, error) {
	t := &f.kinds[outcome]
	b := g.term(id)
	if n, ok := t.term[Term(b)]; ok {
		return n, nil
	}
	value := g.keep(b)
	n, err := g.newKind(f, outcome, value)
	if err == nil {
		t.term[value] = n
	}
	return n, err
}

// newKind adds a kind, or says what is wrong with it, and then gives -1.
func (g *gatherer) newKind(f *function, outcome Outcome, value Term) (int32, error) {
	c := Call{F: f.name, Value: value, Outcome: outcome}
	if g.obj.d.Accepts != nil {
		if err := g.obj.d.Accepts(c); err != nil {
			return -1, err
		}
	}
	g.obj.kinds = append(g.obj.kinds, c)
	return int32(len(g.obj.kinds)) - 1, nil
}

// small tells whether s is small enough to be a place in a slice.
func (g *gatherer) small(s history.Sym) bool { return int64(s) < 4*int64(g.h.Size())+1024 }

// term is the value of an operation as TermOf makes it, in a buffer that the next call writes over.
func (g *gatherer) term(id history.ID) []byte {
	b := g.buf[:0]
	switch elems := g.h.Elems(id); g.h.Kind(id) {
	case history.KindScalar:
		b = g.appendSym(b, g.h.Scalar(id))
	case history.KindList:
		b = binary.AppendUvarint(append(b, byte(edn.Vector)), uint64(len(elems)))
		for _, s := range elems {
			b = g.appendSym(b, s)
		}
	case history.KindSet:
		b = g.appendSet(b, elems)
	default:
		b = append(b, TermOf(g.h.Op(id).Value)...)
	}
	g.buf = b
	return b
}

func (g *gatherer) appendSym(b []byte, s history.Sym) []byte {
	if s < 1<<31 { // the integer itself
		return binary.AppendVarint(append(b, byte(edn.Int)), int64(s))
	}
	return edn.AppendCanonical(b, g.h.Value(s))
}

// keep makes a term that stays. Many terms share one piece of memory.
func (g *gatherer) keep(b []byte) Term {
	const piece = 1 << 16
	if g.text.Cap()-g.text.Len() < len(b) {
		g.text = &strings.Builder{}
		g.text.Grow(max(piece, len(b)))
	}
	from := g.text.Len()
	g.text.Write(b)
	return Term(g.text.String()[from:])
}

// ranks order all elements of all sets of a history, so that the elements of one set need no sorting: sets that grow are
// read as a whole again and again.
type ranks struct {
	small []int32 // Sym → rank, plus one
	other map[history.Sym]int32
	texts [][]byte // by rank
	bits  []uint64 // scratch: the ranks in one set
}

// rank makes the ranks.
func (g *gatherer) rank() *ranks {
	r := &ranks{other: make(map[history.Sym]int32)}
	type member struct {
		s    history.Sym
		text []byte
	}
	var members []member
	for id := range g.h.All() {
		if !g.h.Client(id) || g.h.Kind(id) != history.KindSet {
			continue
		}
		for _, s := range g.h.Elems(id) {
			if g.rankOf(r, s) == 0 {
				g.setRank(r, s, 1)
				members = append(members, member{s, g.appendSym(nil, s)})
			}
		}
	}
	slices.SortFunc(members, func(a, b member) int { return bytes.Compare(a.text, b.text) })
	for i, m := range members {
		g.setRank(r, m.s, int32(i)+1)
		r.texts = append(r.texts, m.text)
	}
	r.bits = make([]uint64, len(members)/64+1)
	return r
}

func (g *gatherer) rankOf(r *ranks, s history.Sym) int32 {
	if int(s) < len(r.small) {
		return r.small[s]
	}
	if g.small(s) {
		return 0
	}
	return r.other[s]
}

func (g *gatherer) setRank(r *ranks, s history.Sym, rank int32) {
	if !g.small(s) {
		r.other[s] = rank
		return
	}
	if int(s) >= len(r.small) {
		r.small = append(r.small, make([]int32, int(s)+1-len(r.small))...)
	}
	r.small[s] = rank
}

// appendSet appends a set with its elements in the order of their bytes, each once.
func (g *gatherer) appendSet(b []byte, elems []history.Sym) []byte {
	if g.ranks == nil {
		g.ranks = g.rank()
	}
	r := g.ranks
	b = append(b, byte(edn.Set))
	if len(elems) < len(r.bits)/16 { // looking at all bits would take longer
		own := make([]int32, len(elems))
		for i, s := range elems {
			own[i] = g.rankOf(r, s)
		}
		slices.Sort(own)
		own = slices.Compact(own)
		b = binary.AppendUvarint(b, uint64(len(own)))
		for _, rank := range own {
			b = append(b, r.texts[rank-1]...)
		}
		return b
	}
	for _, s := range elems {
		rank := g.rankOf(r, s) - 1
		r.bits[rank>>6] |= 1 << (rank & 63)
	}
	n := 0
	for _, w := range r.bits {
		n += bits.OnesCount64(w)
	}
	b = binary.AppendUvarint(b, uint64(n))
	for i, w := range r.bits {
		for ; w != 0; w &= w - 1 {
			b = append(b, r.texts[64*i+bits.TrailingZeros64(w)]...)
		}
		r.bits[i] = 0
	}
	return b
}
