package edn

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"slices"
)

// rank orders the kinds; kinds of equal rank are compared with each other.
var rank = [...]uint8{Nil: 0, Bool: 1, Int: 2, BigInt: 2, Float: 3, Decimal: 4, Ratio: 5, Char: 6, String: 7, Keyword: 8,
	Symbol: 9, List: 10, Vector: 10, Set: 11, Map: 12, Tagged: 13}

// Compare is a total order of values, for sorting what is printed: negative if a comes first, 0 just when Equal(a, b).
// Kinds come one after another (nil, truth, integers, floats, decimals, ratios, characters, strings, keywords, symbols,
// sequences, sets, maps, tagged values); within a kind the order is the natural one, NaN first.
func Compare(a, b Value) int {
	if c := cmp.Compare(rank[a.Kind], rank[b.Kind]); c != 0 {
		return c
	}
	switch a.Kind {
	case Nil:
		return 0
	case Bool, Char:
		return cmp.Compare(a.num, b.num)
	case Int, BigInt:
		return compareIntegers(a, b)
	case Float:
		return compareFloats(a.Float(), b.Float())
	case Decimal:
		return compareDecimals(a.Text, b.Text)
	case Ratio:
		return compareRatios(a.Text, b.Text)
	case List, Vector:
		return slices.CompareFunc(a.Items, b.Items, Compare)
	case Set, Map:
		return bytes.Compare(AppendCanonical(nil, a), AppendCanonical(nil, b))
	case Tagged:
		return cmp.Or(cmp.Compare(a.Text, b.Text), slices.CompareFunc(a.Items, b.Items, Compare))
	}
	return cmp.Compare(a.Text, b.Text)
}

// compareIntegers compares lengths of digits first: a BigInt is always outside the range of Ints.
func compareIntegers(a, b Value) int {
	if a.Kind == Int && b.Kind == Int {
		return cmp.Compare(a.num, b.num)
	}
	x, y := bigDigits(a), bigDigits(b)
	negX, negY := x[0] == '-', y[0] == '-'
	switch {
	case negX && !negY:
		return -1
	case !negX && negY:
		return 1
	case negX:
		x, y = y, x
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
}

func bigDigits(v Value) string {
	if v.Kind == Int {
		return v.String()
	}
	return v.Text
}

// compareFloats puts NaN first. cmp.Compare does so too, and has 0.0 = -0.0.
func compareFloats(a, b float64) int {
	if math.IsNaN(a) && math.IsNaN(b) {
		return 0
	}
	return cmp.Compare(a, b)
}

func compareDecimals(a, b string) int {
	negA, digitsA, expA, _ := splitDecimal(a)
	negB, digitsB, expB, _ := splitDecimal(b)
	signA, signB := decimalSign(negA, digitsA), decimalSign(negB, digitsB)
	if signA != signB {
		return cmp.Compare(signA, signB)
	}
	// Normalised digits have no zeros in front, so the place of the first digit decides, then the digits themselves.
	c := cmp.Or(cmp.Compare(expA+int64(len(digitsA)), expB+int64(len(digitsB))), cmp.Compare(digitsA, digitsB))
	return c * signA
}

func decimalSign(neg bool, digits string) int {
	switch {
	case digits == "":
		return 0
	case neg:
		return -1
	}
	return 1
}

func compareRatios(a, b string) int {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	if !okX || !okY { // not made by Parse
		return cmp.Compare(a, b)
	}
	return x.Cmp(y)
}
