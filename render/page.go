package render

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// ANSI colours. They never carry a meaning that the words don't.
const (
	bold   = "\x1b[1m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

// line writes one line as it is.
func (p *page) line(format string, args ...any) {
	p.out = fmt.Appendf(p.out, format, args...)
	p.out = append(p.out, '\n')
}

// paint colours text where colours are wanted.
func (p *page) paint(color, text string) string {
	if !p.o.Color {
		return text
	}
	return color + text + plain
}

// para writes a paragraph, wrapped at the page's width; its further lines hang two columns in.
func (p *page) para(indent int, text string) {
	for part := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		p.wrap(strings.Repeat(" ", indent), strings.Repeat(" ", indent+2), strings.Fields(part))
	}
}

// wrap writes words separated by spaces, breaking lines before the width; a longer word gets a line of its own.
func (p *page) wrap(first, hang string, words []string) {
	line, used := first, false
	for _, w := range words {
		if used && columns(line)+1+columns(w) > p.o.Width {
			p.line("%s", line)
			line, used = hang, false
		}
		if used {
			line += " "
		}
		line += w
		used = true
	}
	if used || len(words) == 0 {
		p.line("%s", strings.TrimRight(line, " "))
	}
}

// columns is how many columns a text takes; colour codes take none.
func columns(s string) int {
	n := utf8.RuneCountInString(s)
	for {
		i := strings.Index(s, "\x1b[")
		if i < 0 {
			return n
		}
		j := strings.IndexByte(s[i:], 'm')
		if j < 0 {
			return n
		}
		n -= j + 1
		s = s[i+j+1:]
	}
}
