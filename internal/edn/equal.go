package edn

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

// Equal tells whether a and b are the same value: 1, 1.0, "1" and :1 differ, 1 = 1N, (1 2) = [1 2], sets and maps are
// equal regardless of order, nil is not [], NaN equals itself, 0.0 = -0.0.
func Equal(a, b Value) bool {
	if a.Sequential() && b.Sequential() {
		return equalItems(a.Items, b.Items)
	}
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case Nil:
		return true
	case Bool, Int, Char:
		return a.num == b.num
	case BigInt, Ratio, String, Keyword, Symbol:
		return a.Text == b.Text
	case Tagged:
		return a.Text == b.Text && equalItems(a.Items, b.Items)
	}
	// Floats, decimals, sets and maps have several spellings: compare what is canonical.
	return bytes.Equal(AppendCanonical(nil, a), AppendCanonical(nil, b))
}

func equalItems(a, b []Value) bool {
	return slices.EqualFunc(a, b, Equal)
}

// AppendCanonical appends bytes that are equal for two values just when the values are (see Equal). They are not for
// people, and not kept in files.
func AppendCanonical(dst []byte, v Value) []byte {
	k := v.Kind
	if k == List {
		k = Vector
	}
	dst = append(dst, byte(k))
	switch k {
	case Bool, Int, Char:
		return binary.AppendVarint(dst, v.num)
	case Float:
		return binary.BigEndian.AppendUint64(dst, floatKey(v.Float()))
	case Decimal:
		neg, digits, exponent, _ := splitDecimal(v.Text)
		if neg {
			digits = "-" + digits
		}
		return binary.AppendVarint(appendText(dst, digits), exponent)
	case BigInt, Ratio, String, Keyword, Symbol:
		return appendText(dst, v.Text)
	case Vector:
		return appendAll(dst, v.Items)
	case Tagged:
		return appendAll(appendText(dst, v.Text), v.Items)
	case Set:
		return appendUnordered(dst, v.Items, 1)
	case Map:
		return appendUnordered(dst, v.Items, 2)
	}
	return dst
}

// AppendCanonicalText appends what AppendCanonical would for a BigInt, Ratio, String, Keyword or Symbol of this text,
// without needing a Value.
func AppendCanonicalText(dst []byte, k Kind, text []byte) []byte {
	dst = binary.AppendUvarint(append(dst, byte(k)), uint64(len(text)))
	return append(dst, text...)
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendAll(dst []byte, items []Value) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(items)))
	for _, item := range items {
		dst = AppendCanonical(dst, item)
	}
	return dst
}

// floatKey is one bit pattern per number: one NaN, one zero.
func floatKey(f float64) uint64 {
	switch {
	case math.IsNaN(f):
		return math.Float64bits(math.NaN())
	case f == 0:
		return 0
	}
	return math.Float64bits(f)
}

// appendUnordered appends a set (step 1) or a map (step 2) in the order of its members' canonical bytes. A repeated
// member counts once; of a repeated key, the last value.
func appendUnordered(dst []byte, items []Value, step int) []byte {
	type member struct{ key, value []byte }
	members := make([]member, 0, len(items)/step)
	for i := 0; i+step <= len(items); i += step {
		m := member{key: AppendCanonical(nil, items[i])}
		if step == 2 {
			m.value = AppendCanonical(nil, items[i+1])
		}
		members = append(members, m)
	}
	slices.Reverse(members) // so that the last of equal keys comes first and stays
	slices.SortStableFunc(members, func(a, b member) int { return bytes.Compare(a.key, b.key) })
	members = slices.CompactFunc(members, func(a, b member) bool { return bytes.Equal(a.key, b.key) })
	dst = binary.AppendUvarint(dst, uint64(len(members)))
	for _, m := range members {
		dst = append(append(dst, m.key...), m.value...)
	}
	return dst
}
