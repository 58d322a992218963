package render

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// markup is HTML or SVG being written. Text and attributes are escaped as they come in, so that nothing a history holds
// can become a tag; only raw, for what render itself has written, lets markup through.
type markup struct{ b strings.Builder }

// open writes a start tag; attrs are names and values in turn.
func (m *markup) open(tag string, attrs ...string) {
	m.b.WriteByte('<')
	m.b.WriteString(tag)
	for i := 0; i+1 < len(attrs); i += 2 {
		m.b.WriteByte(' ')
		m.b.WriteString(attrs[i])
		m.b.WriteString(`="`)
		m.text(attrs[i+1])
		m.b.WriteByte('"')
	}
	m.b.WriteByte('>')
}

// shut writes end tags.
func (m *markup) shut(tags ...string) {
	for _, tag := range tags {
		m.b.WriteString("</")
		m.b.WriteString(tag)
		m.b.WriteByte('>')
	}
}

// elem writes an element that holds text only.
func (m *markup) elem(tag, text string, attrs ...string) {
	m.open(tag, attrs...)
	m.text(text)
	m.shut(tag)
}

// text writes text. Characters that neither HTML nor XML may hold become visible signs for them.
func (m *markup) text(s string) {
	for i, c := range s {
		switch {
		case c == '&':
			m.b.WriteString("&amp;")
		case c == '<':
			m.b.WriteString("&lt;")
		case c == '>':
			m.b.WriteString("&gt;")
		case c == '"':
			m.b.WriteString("&#34;")
		case c == '\'':
			m.b.WriteString("&#39;")
		case c == utf8.RuneError, c == 0xFFFE, c == 0xFFFF, c >= 0x7F && c < 0xA0:
			m.b.WriteRune(utf8.RuneError)
		case c < ' ' && c != '\n' && c != '\t':
			m.b.WriteRune(0x2400 + c) // the control picture: ␀ for NUL
		case isTurn(c):
			fmt.Fprintf(&m.b, "\\u%04X", c)
		default:
			m.b.WriteString(s[i : i+utf8.RuneLen(c)])
		}
	}
}

// isTurn tells the invisible characters that turn the direction of text: with them, a value could be made to look like
// another one.
func isTurn(c rune) bool {
	return c >= 0x202A && c <= 0x202E || c >= 0x2066 && c <= 0x2069 || c == 0x200E || c == 0x200F || c == 0x061C
}

// raw writes markup that render has made.
func (m *markup) raw(s string) { m.b.WriteString(s) }

// line ends a line, so that the file can be read and compared.
func (m *markup) line() { m.b.WriteByte('\n') }

// size is how many bytes have been written.
func (m *markup) size() int { return m.b.Len() }

// num is a coordinate.
func num(n int) string { return fmt.Sprint(n) }

// clipText cuts a text to n characters, with a sign for the rest.
func clipText(s string, n int) string {
	if len(s) <= n { // no more characters than bytes
		return s
	}
	seen := 0
	for i := range s {
		if seen == n {
			return s[:i] + "…"
		}
		seen++
	}
	return s
}

// cells is about how many characters of a monospaced font a text is wide: those of East Asia take two.
func cells(s string) int {
	n := 0
	for _, c := range s {
		n++
		if c >= 0x1100 && (c <= 0x115F || c >= 0x2E80 && c <= 0xD7FF || c >= 0xF900 && c <= 0xFAFF || c >= 0xFF00 && c <= 0xFF60 || c >= 0x1F300) {
			n++
		}
	}
	return n
}

// clipCells cuts a text to a width of n characters of a monospaced font.
func clipCells(s string, n int) string {
	if cells(s) <= n {
		return s
	}
	width := 1 // the sign for the rest
	for i, c := range s {
		if width += cells(string(c)); width > n {
			return s[:i] + "…"
		}
	}
	return s
}
