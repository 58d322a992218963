package linearizable

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// Term is a value that == compares: two terms are equal just when their values are. It holds the canonical bytes of the
// value, which say where they end; so a state can be terms one after another. The empty Term is no value at all.
type Term string

// TermOf makes a value comparable.
func TermOf(v history.Value) Term { return Term(edn.AppendCanonical(nil, v)) }

// nilTerm is the term of nil.
func nilTerm() Term { return TermOf(history.Value{}) }

// Value is what the term stands for, in a readable form.
func (t Term) Value() history.Value {
	v, _ := readTerm(string(t))
	return v
}

// String is the value as EDN.
func (t Term) String() string { return t.Value().String() }

// IsNil tells whether the term is nil, or no value at all.
func (t Term) IsNil() bool { return t == "" || edn.Kind(t[0]) == edn.Nil }

// Items are the elements of a list, vector or set, sets in a fixed order; ok is false for anything else.
func (t Term) Items() (items []Term, ok bool) {
	if t == "" || edn.Kind(t[0]) != edn.Vector && edn.Kind(t[0]) != edn.Set {
		return nil, false
	}
	n, size := binary.Uvarint([]byte(t[1:]))
	items, _ = split(string(t[1+size:]), int(n))
	return items, true
}

// Pairs are the keys and values of a map, one after another; ok is false for anything else.
func (t Term) Pairs() (pairs []Term, ok bool) {
	if t == "" || edn.Kind(t[0]) != edn.Map {
		return nil, false
	}
	n, size := binary.Uvarint([]byte(t[1:]))
	pairs, _ = split(string(t[1+size:]), 2*int(n))
	return pairs, true
}

// Int is the integer that the term is, if it is one.
func (t Term) Int() (n int64, ok bool) {
	if t == "" || edn.Kind(t[0]) != edn.Int {
		return 0, false
	}
	return t.Value().Int(), true
}

// join puts terms one after another.
func join(terms []Term) string {
	var b strings.Builder
	for _, t := range terms {
		b.WriteString(string(t))
	}
	return b.String()
}

// split takes the first n terms off s; a negative n means all.
func split(s string, n int) (terms []Term, rest string) {
	for s != "" && len(terms) != n {
		_, rest := readTerm(s)
		terms = append(terms, Term(s[:len(s)-len(rest)]))
		s = rest
	}
	return terms, s
}

// readTerm reads back what edn.AppendCanonical wrote at the start of s. It recurses as deep as the value nests, which
// the reader of histories bounds.
func readTerm(s string) (v history.Value, rest string) {
	if s == "" {
		return v, ""
	}
	k, s := edn.Kind(s[0]), s[1:]
	switch k {
	case edn.Bool, edn.Int, edn.Char:
		n, size := binary.Varint([]byte(s[:min(len(s), binary.MaxVarintLen64)]))
		return number(k, n), s[size:]
	case edn.Float:
		return edn.NewFloat(math.Float64frombits(binary.BigEndian.Uint64([]byte(s[:8])))), s[8:]
	case edn.Decimal:
		digits, s := readText(s)
		exponent, size := binary.Varint([]byte(s[:min(len(s), binary.MaxVarintLen64)]))
		return history.Value{Kind: k, Text: digits + "E" + strconv.FormatInt(exponent, 10)}, s[size:]
	case edn.BigInt, edn.Ratio, edn.String, edn.Keyword, edn.Symbol:
		text, rest := readText(s)
		return history.Value{Kind: k, Text: text}, rest
	case edn.Tagged:
		text, s := readText(s)
		items, rest := readItems(s, 1)
		return history.Value{Kind: k, Text: text, Items: items}, rest
	case edn.Map:
		items, rest := readItems(s, 2)
		return edn.NewMap(items), rest
	case edn.Vector, edn.Set:
		items, rest := readItems(s, 1)
		return history.Value{Kind: k, Items: items}, rest
	}
	return v, s
}

func number(k edn.Kind, n int64) history.Value {
	switch k {
	case edn.Bool:
		return edn.NewBool(n != 0)
	case edn.Char:
		return edn.NewChar(rune(n))
	}
	return edn.NewInt(n)
}

func readText(s string) (text, rest string) {
	n, size := binary.Uvarint([]byte(s[:min(len(s), binary.MaxVarintLen64)]))
	end := size + int(n)
	return s[size:end], s[end:]
}

// readItems reads a count and that many groups of values.
func readItems(s string, group int) (items []history.Value, rest string) {
	n, size := binary.Uvarint([]byte(s[:min(len(s), binary.MaxVarintLen64)]))
	s = s[size:]
	for range int(n) * group {
		var v history.Value
		v, s = readTerm(s)
		items = append(items, v)
	}
	return items, s
}
