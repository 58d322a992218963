package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// pageWidth is the width of reference texts. They are written to be read at 80 columns.
const pageWidth = 79

// paragraph breaks text at blanks into lines of at most pageWidth characters. The first line begins with head, padded
// to indent characters; the others begin with as many blanks. A word that is longer than a line stands alone.
func paragraph(head string, indent int, text string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-*s", indent, head)
	column, fresh := max(indent, utf8.RuneCountInString(head)), utf8.RuneCountInString(head) < indent || head == ""
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if !fresh && column+1+n > pageWidth {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column, fresh = indent, true
		}
		if !fresh {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column, fresh = column+n, false
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// listed joins names for a paragraph, or says that there are none.
func listed(names []string) string {
	if len(names) == 0 {
		return "–"
	}
	return strings.Join(names, ", ")
}
