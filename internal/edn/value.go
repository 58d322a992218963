// Package edn reads, compares and prints EDN values. It knows nothing of histories.
package edn

// Kind tells what a Value is.
type Kind uint8

const (
	Nil Kind = iota
	Bool
	Int     // fits int64
	BigInt  // exact decimal digits in Text, without the N
	Float   // 64-bit
	Decimal // 1.5M: digits in Text, without the M
	Ratio   // 1/3: Text
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
