// Package amount writes numbers for people: 1 node, 3 nodes, 12,345 operations.
package amount

import (
	"strconv"
	"strings"
)

// Of is a number with its noun, which is given in the singular: "1 node", "0 nodes", "2 classes", "12,345 operations".
func Of(n int, noun string) string { return Number(n) + " " + Noun(n, noun) }

// Noun is the noun alone, as it stands behind the number n.
func Noun(n int, noun string) string {
	switch {
	case n == 1:
		return noun
	case strings.HasSuffix(noun, "s"):
		return noun + "es"
	case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ey"):
		return noun[:len(noun)-1] + "ies"
	}
	return noun + "s"
}

// Word picks the word that goes with the number n: "is" or "are".
func Word(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Number is a number with its digits grouped: 12,345.
func Number(n int) string {
	s := strconv.Itoa(n)
	start := 0
	if n < 0 {
		start = 1
	}
	for i := len(s) - 3; i > start; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
