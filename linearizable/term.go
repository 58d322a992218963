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

// text is what Value().Text would be.
func (t Term) text() string {
	if t != "" && edn.Kind(t[0]) == edn.String {
		n, size := readUvarint(string(t[1:]))
		return string(t[1+size : 1+size+int(n)])
	}
	return t.Value().Text
}

// textTerm is the term of a string.
func textTerm(text string) Term {
	b := append(make([]byte, 0, len(text)+6), byte(edn.String))
	return Term(append(binary.AppendUvarint(b, uint64(len(text))), text...))
}

// IsNil tells whether the term is nil, or no value at all.
func (t Term) IsNil() bool { return t == "" || edn.Kind(t[0]) == edn.Nil }

// Items are the elements of a list, vector or set, sets in a fixed order; ok is false for anything else.
func (t Term) Items() (items []Term, ok bool) {
	n, inside, ok := t.inside()
	if !ok {
		return nil, false
	}
	items, _ = split(inside, n)
	return items, true
}

// inside is what Items takes apart: so many terms, one after another.
func (t Term) inside() (n int, items string, ok bool) {
	if t == "" || edn.Kind(t[0]) != edn.Vector && edn.Kind(t[0]) != edn.Set {
		return 0, "", false
	}
	count, size := readUvarint(string(t[1:]))
	return int(count), string(t[1+size:]), true
}

// Pairs are the keys and values of a map, one after another; ok is false for anything else.
func (t Term) Pairs() (pairs []Term, ok bool) {
	if t == "" || edn.Kind(t[0]) != edn.Map {
		return nil, false
	}
	n, size := readUvarint(string(t[1:]))
	pairs, _ = split(string(t[1+size:]), 2*int(n))
	return pairs, true
}

// Int is the integer that the term is, if it is one.
func (t Term) Int() (n int64, ok bool) {
	if t == "" || edn.Kind(t[0]) != edn.Int {
		return 0, false
	}
	n, _ = readVarint(string(t[1:]))
	return n, true
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
		var t Term
		t, s = cutTerm(s)
		terms = append(terms, t)
	}
	return terms, s
}

// cutTerm takes the first term off s.
func cutTerm(s string) (t Term, rest string) {
	at := 0
	for left := 1; left > 0; left-- { // terms still to pass over
		k := edn.Kind(s[at])
		at++
		switch k {
		case edn.Bool, edn.Int, edn.Char:
			_, size := readVarint(s[at:])
			at += size
		case edn.Float:
			at += 8
		case edn.Decimal:
			at += textSize(s[at:])
			_, size := readVarint(s[at:])
			at += size
		case edn.BigInt, edn.Ratio, edn.String, edn.Keyword, edn.Symbol:
			at += textSize(s[at:])
		case edn.Tagged, edn.Vector, edn.Set, edn.Map:
			if k == edn.Tagged {
				at += textSize(s[at:])
			}
			n, size := readUvarint(s[at:])
			at += size
			if left += int(n); k == edn.Map {
				left += int(n)
			}
		}
	}
	return Term(s[:at]), s[at:]
}

// textSize is how many bytes a text and its length take at the start of s.
func textSize(s string) int {
	n, digits := readUvarint(s)
	return digits + int(n)
}

// readUvarint is binary.Uvarint of a string, which then need not be copied.
func readUvarint(s string) (n uint64, size int) {
	for shift := 0; size < len(s) && size < binary.MaxVarintLen64; shift += 7 {
		b := s[size]
		size++
		if n |= uint64(b&0x7f) << shift; b < 0x80 {
			break
		}
	}
	return n, size
}

// readVarint is binary.Varint of a string.
func readVarint(s string) (n int64, size int) {
	u, size := readUvarint(s)
	return int64(u>>1) ^ -int64(u&1), size
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
		n, size := readVarint(s)
		return number(k, n), s[size:]
	case edn.Float:
		return edn.NewFloat(math.Float64frombits(binary.BigEndian.Uint64([]byte(s[:8])))), s[8:]
	case edn.Decimal:
		digits, s := readText(s)
		exponent, size := readVarint(s)
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
	n, size := readUvarint(s)
	end := size + int(n)
	return s[size:end], s[end:]
}

// readItems reads a count and that many groups of values.
func readItems(s string, group int) (items []history.Value, rest string) {
	n, size := readUvarint(s)
	s = s[size:]
	for range int(n) * group {
		var v history.Value
		v, s = readTerm(s)
		items = append(items, v)
	}
	return items, s
}
