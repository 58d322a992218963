// Package edn reads, compares and prints EDN values. It knows nothing of histories.
package edn

import "math"

// Kind tells what a Value is.
type Kind uint8

// The kinds of EDN. Nil is the zero value.
const (
	Nil Kind = iota
	Bool
	Int     // fits int64
	BigInt  // exact decimal digits in Text, without the N
	Float   // 64-bit
	Decimal // 1.5M: digits in Text, without the M
	Ratio   // 1/3: Text, in lowest terms
	Char    // \a: the rune
	String
	Keyword // Text without the colon, with the namespace
	Symbol
	List   // ( )
	Vector // [ ]
	Set
	Map    // Items are key, value, key, value, ...
	Tagged // #tag value: Text is the tag, Items[0] the value
)

// Value is an EDN value. The zero Value is nil. Values are not to be changed once shared.
type Value struct {
	Kind  Kind
	num   int64 // Bool, Int, Float (its bits), Char
	Text  string
	Items []Value
}

// NewBool is true or false.
func NewBool(b bool) Value {
	if b {
		return Value{Kind: Bool, num: 1}
	}
	return Value{Kind: Bool}
}

// NewInt is an integer.
func NewInt(n int64) Value { return Value{Kind: Int, num: n} }

// NewFloat is a 64-bit floating point number.
func NewFloat(f float64) Value { return Value{Kind: Float, num: int64(math.Float64bits(f))} }

// NewChar is a character.
func NewChar(r rune) Value { return Value{Kind: Char, num: int64(r)} }

// NewString is a string.
func NewString(s string) Value { return Value{Kind: String, Text: s} }

// NewKeyword is the keyword of the given name, written without the colon.
func NewKeyword(name string) Value { return Value{Kind: Keyword, Text: name} }

// NewSymbol is the symbol of the given name.
func NewSymbol(name string) Value { return Value{Kind: Symbol, Text: name} }

// NewList is a list of the given items, which it keeps.
func NewList(items []Value) Value { return Value{Kind: List, Items: items} }

// NewVector is a vector of the given items, which it keeps.
func NewVector(items []Value) Value { return Value{Kind: Vector, Items: items} }

// NewSet is a set of the given items, which it keeps in their order for printing.
func NewSet(items []Value) Value { return Value{Kind: Set, Items: items} }

// NewMap is a map of key, value, key, value, ..., which it keeps in their order for printing.
func NewMap(pairs []Value) Value { return Value{Kind: Map, Items: pairs} }

// NewTagged is #tag v.
func NewTagged(tag string, v Value) Value { return Value{Kind: Tagged, Text: tag, Items: []Value{v}} }

// IsNil tells whether v is nil.
func (v Value) IsNil() bool { return v.Kind == Nil }

// Bool is the truth that a Bool holds; false for any other kind.
func (v Value) Bool() bool { return v.Kind == Bool && v.num != 0 }

// Int is the integer that an Int holds; 0 for any other kind.
func (v Value) Int() int64 {
	if v.Kind != Int {
		return 0
	}
	return v.num
}

// Float is the number that a Float holds; 0 for any other kind.
func (v Value) Float() float64 {
	if v.Kind != Float {
		return 0
	}
	return math.Float64frombits(uint64(v.num))
}

// Char is the rune that a Char holds; 0 for any other kind.
func (v Value) Char() rune {
	if v.Kind != Char {
		return 0
	}
	return rune(v.num)
}

// Sequential tells whether v is a list or a vector.
func (v Value) Sequential() bool { return v.Kind == List || v.Kind == Vector }

// Get is the value under key in a map, or under a Tagged map; ok is false where there is none.
func (v Value) Get(key Value) (found Value, ok bool) {
	if v.Kind == Tagged && len(v.Items) == 1 {
		v = v.Items[0]
	}
	if v.Kind != Map {
		return Value{}, false
	}
	// The last pair wins, as in JSON; Clojure's reader would refuse a repeated key.
	for i := len(v.Items) - 2; i >= 0; i -= 2 {
		if Equal(v.Items[i], key) {
			return v.Items[i+1], true
		}
	}
	return Value{}, false
}
