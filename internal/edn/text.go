package edn

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Unquote reads the string literal at the start of data, which begins with a double quote. n is its length with quotes.
func Unquote(data []byte) (text string, n int, err error) {
	for i := 1; i < len(data); i++ {
		switch data[i] {
		case '"':
			return string(data[1:i]), i + 1, nil
		case '\\':
			return unescape(data, i)
		}
	}
	return "", 0, &SyntaxError{Found: "a string that isn't closed before the end of the input", Truncated: true}
}

// unescape reads a string literal whose first backslash is at from.
func unescape(data []byte, from int) (string, int, error) {
	out := append(make([]byte, 0, 2*from), data[1:from]...)
	for i := from; i < len(data); {
		switch c := data[i]; c {
		case '"':
			return string(out), i + 1, nil
		case '\\':
			r, n := escape(data[i:])
			if n == 0 {
				if cutEscape(data[i:]) {
					return "", 0, &SyntaxError{Found: "a string that isn't closed before the end of the input", Truncated: true}
				}
				return "", 0, &SyntaxError{Offset: i, Found: fmt.Sprintf("the escape %q in a string", data[i:i+2]),
					Want: `one of \t \r \n \b \f \" \\ \uXXXX`}
			}
			i += n
			if utf16.IsSurrogate(r) {
				if low, m := escape(data[i:]); m > 0 && utf16.IsSurrogate(low) {
					if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
						r = pair
						i += m
					}
				}
			}
			out = utf8.AppendRune(out, r) // half a surrogate pair becomes U+FFFD
		default:
			out = append(out, c)
			i++
		}
	}
	return "", 0, &SyntaxError{Found: "a string that isn't closed before the end of the input", Truncated: true}
}

// cutEscape tells whether the input may have ended within the escape that begins s.
func cutEscape(s []byte) bool {
	return len(s) < 2 || s[1] == 'u' && len(s) < 6 && allDigits(string(s[2:]), 16)
}

// escape reads the escape at the start of s, and its length; 0 if it is none.
func escape(s []byte) (rune, int) {
	if len(s) < 2 || s[0] != '\\' {
		return 0, 0
	}
	switch s[1] {
	case 't':
		return '\t', 2
	case 'r':
		return '\r', 2
	case 'n':
		return '\n', 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case '"', '\\':
		return rune(s[1]), 2
	case 'u':
		if len(s) >= 6 && allDigits(string(s[2:6]), 16) {
			n, err := strconv.ParseUint(string(s[2:6]), 16, 32)
			if err == nil {
				return rune(n), 6
			}
		}
		return 0, 0
	}
	// Octal, up to \377, as Clojure's reader has it.
	n, r := 1, rune(0)
	for n < len(s) && n < 4 && s[n]-'0' < 8 && r*8+rune(s[n]-'0') <= 0o377 {
		r = r*8 + rune(s[n]-'0')
		n++
	}
	if n == 1 {
		return 0, 0
	}
	return r, n
}

// charNames are the characters that have a name.
var charNames = [...]struct {
	name string
	r    rune
}{{"newline", '\n'}, {"space", ' '}, {"tab", '\t'}, {"return", '\r'}, {"formfeed", '\f'}, {"backspace", '\b'}}

// char reads \a, \newline, \u0041, \o101.
func (p *parser) char() (Value, error) {
	at := p.pos
	if at+1 >= len(p.src) {
		return Value{}, p.truncated(at, "a character")
	}
	_, size := utf8.DecodeRune(p.src[at+1:])
	p.pos = at + 1 + size // the first one counts even where it is a delimiter
	p.pos += len(p.token())
	tok := p.src[at+1 : p.pos]
	if r, size := utf8.DecodeRune(tok); size == len(tok) {
		if r == utf8.RuneError && size == 1 {
			return Value{}, p.fail(at, "a character that isn't UTF-8", "UTF-8 text")
		}
		return NewChar(r), nil
	}
	for _, c := range charNames {
		if string(tok) == c.name {
			return NewChar(c.r), nil
		}
	}
	if tok[0] == 'u' && len(tok) == 5 && allDigits(string(tok[1:]), 16) {
		n, err := strconv.ParseUint(string(tok[1:]), 16, 32)
		return NewChar(rune(n)), err
	}
	if tok[0] == 'o' && len(tok) <= 4 && allDigits(string(tok[1:]), 8) {
		n, err := strconv.ParseUint(string(tok[1:]), 8, 8)
		if err == nil {
			return NewChar(rune(n)), nil
		}
	}
	return Value{}, p.fail(at, fmt.Sprintf("the character \\%s", tok[:min(len(tok), 40)]), `one like \a, \newline or \u0041`)
}
