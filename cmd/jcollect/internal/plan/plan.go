// Package plan reads the YAML of a plan as a tree of values with places, and collects every mistake in it, so that a user
// mends a plan in one go. It knows no section of a plan: each room reads its own, with Fields.
package plan

import (
	"cmp"
	"fmt"
	"slices"
)

// Pos is a place in a plan. Lines and columns count from 1.
type Pos struct {
	File      string
	Line, Col int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// A Problem is a mistake in a plan, and how to mend it.
type Problem struct {
	Pos  Pos
	Text string
	Hint string // "" if there is nothing more to say
}

func (p Problem) String() string {
	if p.Hint == "" {
		return fmt.Sprintf("%s: %s", p.Pos, p.Text)
	}
	return fmt.Sprintf("%s: %s (hint: %s)", p.Pos, p.Text, p.Hint)
}

// maxProblems is how many mistakes are kept; whoever has more mends these first.
const maxProblems = 100

// Problems collects the mistakes of one plan. The zero value is empty.
type Problems struct {
	list     []Problem
	more     int
	visiting func(path []string, rows []Field)
	path     []string
}

// Visit calls f with the rows of each map that is read, and with what that map and those around it are called: what a
// plan may say, for whoever documents it.
func (p *Problems) Visit(f func(path []string, rows []Field)) { p.visiting = f }

// enter tells the visitor of a map; leave is to be called when the map was read.
func (p *Problems) enter(what string, rows []Field) {
	if p.visiting != nil {
		p.path = append(p.path, what)
		p.visiting(slices.Clone(p.path), rows)
	}
}

func (p *Problems) leave() {
	if p.visiting != nil {
		p.path = p.path[:len(p.path)-1]
	}
}

// Add notes a mistake.
func (p *Problems) Add(at Pos, hint, format string, args ...any) {
	if len(p.list) == maxProblems {
		p.more++
		return
	}
	p.list = append(p.list, Problem{at, fmt.Sprintf(format, args...), hint})
}

// Any tells whether there is a mistake.
func (p *Problems) Any() bool { return len(p.list) > 0 }

// Count is how many mistakes there are so far.
func (p *Problems) Count() int { return len(p.list) + p.more }

// Sorted is the mistakes in the order of their places, and how many more there were.
func (p *Problems) Sorted() (list []Problem, more int) {
	list = slices.Clone(p.list)
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return list, p.more
}

// Kind is the shape of a Node.
type Kind uint8

// The kinds. Null is the zero value: a key without a value.
const (
	Null Kind = iota
	Scalar
	List
	Map
)

func (k Kind) String() string { return [...]string{"nothing", "a single value", "a list", "a map"}[k] }

// A Node is a value of a plan. It is not changed once read.
type Node struct {
	Pos   Pos
	Kind  Kind
	Text  string  // of a Scalar, as written, without quotes
	Tag   string  // of a Scalar: !!str, !!int, !!float, !!bool, !!null
	Items []*Node // of a List
	Pairs []Pair  // of a Map, in the order of the plan; keys are unique
}

// A Pair is one key of a Map and its value.
type Pair struct {
	Key   string
	Pos   Pos // of the key
	Value *Node
}

// Get is the value of a key of a Map; nil if there is none.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for _, p := range n.Pairs {
		if p.Key == key {
			return p.Value
		}
	}
	return nil
}
