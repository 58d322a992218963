package history

import (
	"fmt"
	"strings"
)

// Pos is a place in an input file. Line and Column count from 1; Column counts bytes.
type Pos struct {
	File   string
	Offset int64
	Line   int
	Column int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one thing wrong with an input, as a value.
type Problem struct {
	Pos   Pos
	Code  string // stable name: "syntax", "double-invoke", "not-an-operation", "truncated", ...
	Found string
	Want  string
	Hint  string // what to do; may be empty
}

func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", p.Pos, p.Found)
	if p.Want != "" {
		fmt.Fprintf(&b, ", want %s", p.Want)
	}
	if p.Hint != "" {
		fmt.Fprintf(&b, " (hint: %s)", p.Hint)
	}
	return b.String()
}

// MaxProblems is how many problems a ReadError lists.
const MaxProblems = 100

// ReadError is an input that isn't a history.
type ReadError struct {
	Problems []Problem // in file order, at most MaxProblems
	More     int       // how many more there were
}

func (e *ReadError) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more problems", e.More))
	}
	return strings.Join(lines, "\n")
}
