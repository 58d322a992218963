package edn

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// MaxNumber bounds the length of a number's text: arithmetic on longer ones (fractions, other bases) could take hours.
const MaxNumber = 4096

// startsNumber tells whether a token must be a number: it begins with a digit, or a sign and a digit.
func startsNumber(tok []byte) bool {
	if len(tok) > 1 && (tok[0] == '-' || tok[0] == '+') {
		tok = tok[1:]
	}
	return tok[0]-'0' <= 9
}

// ParseNumber reads a whole token as a number, exactly: 1 -2 1N 0x1f 017 2r101 1/3 1.5 1e3 1.5M. Integers that fit 64
// bits are Ints, with an N or without.
func ParseNumber(tok []byte) (Value, bool) {
	if len(tok) == 0 || len(tok) > MaxNumber {
		return Value{}, false
	}
	if n, ok := smallInt(tok); ok {
		return NewInt(n), true
	}
	digits := tok
	if tok[0] == '-' || tok[0] == '+' {
		digits = tok[1:]
	}
	if len(digits) == 0 || digits[0]-'0' > 9 {
		return Value{}, false
	}
	if bytes.IndexByte(tok, '/') >= 0 {
		return parseRatio(string(tok))
	}
	if v, ok := parseInteger(tok[0] == '-', string(digits)); ok {
		return v, true
	}
	text := string(tok)
	if plain, ok := strings.CutSuffix(text, "M"); ok {
		if !isDecimal(plain) {
			return Value{}, false
		}
		v := Value{Kind: Decimal, Text: strings.TrimPrefix(plain, "+")}
		_, _, _, ok := splitDecimal(v.Text)
		return v, ok
	}
	if !isDecimal(text) || !strings.ContainsAny(text, ".eE") { // 08 is no number in Clojure
		return Value{}, false
	}
	// Out of range is infinite, as in Java; isDecimal has excluded every other error.
	f, _ := strconv.ParseFloat(text, 64)
	return NewFloat(f), true
}

// smallInt reads the usual case: up to 18 digits in base ten.
func smallInt(tok []byte) (int64, bool) {
	neg := tok[0] == '-'
	if neg {
		tok = tok[1:]
	}
	if len(tok) == 0 || len(tok) > 18 || tok[0] == '0' && len(tok) > 1 {
		return 0, false
	}
	var n int64
	for _, c := range tok {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if neg {
		n = -n
	}
	return n, true
}

// parseInteger reads digits in any of Clojure's bases: 0x1f, 017, 2r101, and decimal; an N may follow all but radix forms.
func parseInteger(neg bool, digits string) (Value, bool) {
	base, body := 10, strings.TrimSuffix(digits, "N")
	if i := strings.IndexAny(body, "rR"); i > 0 && i <= 2 && body == digits {
		radix, err := strconv.Atoi(body[:i])
		if err != nil || radix < 2 || radix > 36 {
			return Value{}, false
		}
		base, body = radix, body[i+1:]
	} else if len(body) > 2 && body[0] == '0' && body[1]|0x20 == 'x' {
		base, body = 16, body[2:]
	} else if len(body) > 1 && body[0] == '0' {
		base, body = 8, body[1:]
	}
	if body == "" || !allDigits(body, base) {
		return Value{}, false
	}
	if neg {
		body = "-" + body
	}
	if n, err := strconv.ParseInt(body, base, 64); err == nil {
		return NewInt(n), true
	}
	n, ok := new(big.Int).SetString(body, base)
	if !ok {
		return Value{}, false
	}
	return newBig(n), true
}

// allDigits guards the standard library's parsers, which take underscores and signs too.
func allDigits(s string, base int) bool {
	for i := range len(s) {
		c := s[i]
		digit := 99
		switch {
		case c-'0' <= 9:
			digit = int(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			digit = int(c|0x20-'a') + 10
		}
		if digit >= base {
			return false
		}
	}
	return true
}

func newBig(n *big.Int) Value {
	if n.IsInt64() {
		return NewInt(n.Int64())
	}
	return Value{Kind: BigInt, Text: n.String()}
}

// parseRatio reads n/d in lowest terms; a whole one is an integer.
func parseRatio(text string) (Value, bool) {
	num, den, _ := strings.Cut(text, "/")
	if den == "" || !allDigits(den, 10) || !allDigits(strings.TrimLeft(num, "+-"), 10) {
		return Value{}, false
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok { // a denominator of zero
		return Value{}, false
	}
	if r.IsInt() {
		return newBig(r.Num()), true
	}
	return Value{Kind: Ratio, Text: r.String()}, true
}

// isDecimal tells whether s is [+-]digits[.digits][e[+-]digits], digits after the point being optional.
func isDecimal(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	n := leadingDigits(s)
	if n == 0 {
		return false
	}
	s = s[n:]
	if s != "" && s[0] == '.' {
		s = s[1:]
		s = s[leadingDigits(s):]
	}
	if s == "" {
		return true
	}
	if s[0]|0x20 != 'e' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	return s != "" && leadingDigits(s) == len(s)
}

func leadingDigits(s string) int {
	n := 0
	for n < len(s) && s[n]-'0' <= 9 {
		n++
	}
	return n
}

// splitDecimal normalises a decimal's text: its digits without zeros on either side, times ten to the exponent.
func splitDecimal(text string) (neg bool, digits string, exponent int64, ok bool) {
	text, neg = strings.CutPrefix(text, "-")
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.ParseInt(text[i+1:], 10, 32)
		if err != nil {
			return false, "", 0, false
		}
		text, exponent = text[:i], e
	}
	whole, fraction, _ := strings.Cut(text, ".")
	exponent -= int64(len(fraction))
	digits = strings.TrimLeft(whole+fraction, "0")
	trimmed := strings.TrimRight(digits, "0")
	exponent += int64(len(digits) - len(trimmed))
	if trimmed == "" {
		return false, "", 0, true
	}
	return neg, trimmed, exponent, true
}

func symbolicFloat(name string) (float64, bool) {
	switch name {
	case "NaN":
		return math.NaN(), true
	case "Inf":
		return math.Inf(1), true
	case "-Inf":
		return math.Inf(-1), true
	}
	return 0, false
}
