package edn

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// String prints v as EDN, as Clojure's pr would.
func (v Value) String() string { return string(Append(nil, v)) }

// Append prints v as EDN behind dst. What Parse reads is printed such that Parse reads it again.
func Append(dst []byte, v Value) []byte {
	switch v.Kind {
	case Nil:
		return append(dst, "nil"...)
	case Bool:
		return strconv.AppendBool(dst, v.num != 0)
	case Int:
		return strconv.AppendInt(dst, v.num, 10)
	case BigInt:
		return append(append(dst, v.Text...), 'N')
	case Float:
		return appendFloat(dst, v.Float())
	case Decimal:
		return append(append(dst, v.Text...), 'M')
	case Ratio, Symbol:
		return append(dst, v.Text...)
	case Char:
		return appendChar(dst, rune(v.num))
	case String:
		return AppendQuoted(dst, v.Text)
	case Keyword:
		if !spellable(v.Text) {
			return AppendQuoted(dst, v.Text)
		}
		return append(append(dst, ':'), v.Text...)
	case List:
		return appendItems(append(dst, '('), v.Items, ')')
	case Vector:
		return appendItems(append(dst, '['), v.Items, ']')
	case Set:
		return appendItems(append(dst, "#{"...), v.Items, '}')
	case Map:
		return appendPairs(dst, v.Items)
	case Tagged:
		return appendTagged(dst, v)
	}
	return dst
}

func appendItems(dst []byte, items []Value, closer byte) []byte {
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = Append(dst, item)
	}
	return append(dst, closer)
}

func appendPairs(dst []byte, pairs []Value) []byte {
	dst = append(dst, '{')
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(Append(dst, pairs[i]), ' ')
		dst = Append(dst, pairs[i+1])
	}
	return append(dst, '}')
}

// appendTagged leaves the space out where Clojure does: #user.Record{...}, #object[...], but #inst "...".
func appendTagged(dst []byte, v Value) []byte {
	dst = append(append(dst, '#'), v.Text...)
	item := Value{}
	if len(v.Items) > 0 {
		item = v.Items[0]
	}
	if item.Kind != Map && item.Kind != Vector {
		dst = append(dst, ' ')
	}
	return Append(dst, item)
}

// appendFloat prints as Java's Double.toString does: 1.0, 1.5E-5, 1.0E7.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "##NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "##Inf"...)
	case math.IsInf(f, -1):
		return append(dst, "##-Inf"...)
	}
	size := math.Abs(f)
	if size == 0 || size >= 1e-3 && size < 1e7 {
		text := strconv.FormatFloat(f, 'f', -1, 64)
		dst = append(dst, text...)
		if !strings.Contains(text, ".") {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	dst = append(dst, mantissa...)
	if !strings.Contains(mantissa, ".") {
		dst = append(dst, ".0"...)
	}
	dst = append(dst, 'E')
	if exponent[0] == '-' {
		dst = append(dst, '-')
	}
	return append(dst, strings.TrimLeft(exponent, "+-0")...)
}

// appendChar prints characters without a visible form as \uXXXX.
func appendChar(dst []byte, r rune) []byte {
	for _, c := range charNames {
		if r == c.r {
			return append(append(dst, '\\'), c.name...)
		}
	}
	if r < ' ' || r >= 0x7f && r < 0xa0 || utf16.IsSurrogate(r) || !utf8.ValidRune(r) {
		hex := strconv.FormatInt(int64(r&0xffff), 16)
		return append(append(append(dst, `\u`...), "0000"[len(hex):]...), hex...)
	}
	return utf8.AppendRune(append(dst, '\\'), r)
}

// spellable tells whether a keyword can have the name. JSON has keys that none can ("a b", ""): printed bare, they would be
// other values, or break the map that they are in.
func spellable(name string) bool {
	for i := range len(name) {
		if c := name[i]; c <= ' ' || c == 0x7f || IsDelimiter(c) {
			return false
		}
	}
	return name != ""
}

// AppendQuoted prints s as a string literal behind dst. Only what must be escaped is: control characters too, by which readers
// tell that a file is no text.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\t':
			dst = append(dst, `\t`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\b':
			dst = append(dst, `\b`...)
		default:
			if c < ' ' || c == 0x7f {
				const hex = "0123456789abcdef"
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
				continue
			}
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
