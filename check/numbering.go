package check

import (
	"jcheck/history"
	"jcheck/internal/edn"
)

// Numbering gives the values of a history numbers from 0 on, in the order in which they are asked for, so that a checker
// can keep what it knows of each in slices. A value that was asked for before costs an array access. Equal values have
// equal numbers, whether they are an operation's value or an element of one.
type Numbering struct {
	h           *history.History
	spare       int                   // how much longer the slices may be than the numbers that were given would need
	ints, table []int32               // number+1 by integer, and by place in the history's table; 0 if there is none
	rare        map[history.Sym]int32 // values beyond the slices
	composite   map[string]int32      // lists, sets and maps, by canonical text
	values      []numbered
}

// numbered is a value that has a number: a Sym, or a composite value.
type numbered struct {
	sym   history.Sym
	value *history.Value
}

// NewNumbering makes an empty Numbering of values of h. Its slices stay small if h is: there may be one for each of many
// independent keys.
func NewNumbering(h *history.History) *Numbering {
	return &Numbering{h: h, spare: min(4*h.Size()+256, 1<<16)}
}

// Len is how many values have numbers.
func (n *Numbering) Len() int { return len(n.values) }

// Of is the number of s; it gets one if it has none.
func (n *Numbering) Of(s history.Sym) int32 {
	if i, ok := n.Find(s); ok {
		return i
	}
	var i int32
	if _, isInt := s.Int(); isInt || !isComposite(n.h.Value(s)) {
		i = n.give(numbered{sym: s})
	} else {
		i = n.ofComposite(n.h.Value(s))
	}
	n.keep(s, i)
	return i
}

// Find is the number of s if it was asked for before.
func (n *Numbering) Find(s history.Sym) (number int32, found bool) {
	slice, at := n.slot(s)
	if at < len(*slice) && (*slice)[at] > 0 {
		return (*slice)[at] - 1, true
	}
	number, found = n.rare[s]
	return number, found
}

// slot is where the number of s is kept, if it is kept in a slice.
func (n *Numbering) slot(s history.Sym) (slice *[]int32, at int) {
	if i, ok := s.Int(); ok {
		return &n.ints, int(i)
	}
	return &n.table, int(s - history.Nil) // Nil is the table's first place
}

// keep remembers the number of s. The slices grow with what is in them, so that one great integer doesn't take gigabytes.
func (n *Numbering) keep(s history.Sym, number int32) {
	slice, at := n.slot(s)
	limit := 8*len(n.values) + n.spare
	if at >= limit {
		if n.rare == nil {
			n.rare = make(map[history.Sym]int32)
		}
		n.rare[s] = number
		return
	}
	if at >= len(*slice) {
		grown := make([]int32, min(limit, max(2*at, 256)))
		copy(grown, *slice)
		*slice = grown
	}
	(*slice)[at] = number + 1
}

func (n *Numbering) give(v numbered) int32 {
	n.values = append(n.values, v)
	return int32(len(n.values) - 1)
}

// ofComposite is the number of a list, set, map or tagged value.
func (n *Numbering) ofComposite(v history.Value) int32 {
	text := string(edn.AppendCanonical(nil, v))
	i, ok := n.composite[text]
	if !ok {
		if n.composite == nil {
			n.composite = make(map[string]int32)
		}
		i = n.give(numbered{value: &v})
		n.composite[text] = i
	}
	return i
}

func isComposite(v history.Value) bool { return v.Kind >= edn.List }

// OfOp is the number of an operation's value as a whole, whatever its kind.
func (n *Numbering) OfOp(id history.ID) int32 {
	switch n.h.Kind(id) {
	case history.KindScalar:
		return n.Of(n.h.Scalar(id))
	case history.KindNil:
		return n.Of(history.Nil)
	}
	return n.ofComposite(n.h.Op(id).Value)
}

// Value is the value that has a number.
func (n *Numbering) Value(number int32) history.Value {
	if v := n.values[number]; v.value == nil {
		return n.h.Value(v.sym)
	}
	return *n.values[number].value
}

// Elements appends to dst the numbers of the elements of an operation's list or set; false if its value is something
// else. nil is no list: nobody knows what such a read would have shown.
func (n *Numbering) Elements(dst []int32, id history.ID) (numbers []int32, ok bool) {
	switch n.h.Kind(id) {
	case history.KindList, history.KindSet:
		for _, s := range n.h.Elems(id) {
			dst = append(dst, n.Of(s))
		}
		return dst, true
	case history.KindTxn: // elements that look like micro-ops
		for _, v := range n.h.Op(id).Value.Items {
			if isComposite(v) {
				dst = append(dst, n.ofComposite(v))
			} else if s, ok := n.h.Lookup(v); ok {
				dst = append(dst, n.Of(s))
			}
		}
		return dst, true
	}
	return dst, false
}
