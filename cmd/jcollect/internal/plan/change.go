package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Change sets one value of a plan from the command line.
type Change struct {
	Flag  string   // as messages name it: --concurrency
	Path  []string // keys from the top; a number picks an item of a list
	Value *Node    // nil removes the key
}

// Scalars is a list of texts that a flag gave.
func Scalars(flag string, texts []string) *Node {
	n := &Node{Pos: Pos{File: flag}, Kind: List}
	for _, t := range texts {
		n.Items = append(n.Items, Text(flag, t))
	}
	return n
}

// Text is a text that a flag gave.
func Text(flag, text string) *Node {
	return &Node{Pos: Pos{File: flag}, Kind: Scalar, Text: text, Tag: "!!str"}
}

// ParseChange reads key.path=value, the value as YAML. No value at all removes the key.
func ParseChange(flag, text string, p *Problems) (Change, bool) {
	path, value, found := strings.Cut(text, "=")
	c := Change{Flag: flag + " " + path, Path: strings.Split(path, ".")}
	if !found || slices.Contains(c.Path, "") {
		p.Add(Pos{File: flag}, "client.timeout=2s, say", "%q is not KEY.PATH=VALUE", text)
		return c, false
	}
	if strings.TrimSpace(value) != "" {
		c.Value = parse(c.Flag, []byte(value), p)
		return c, c.Value != nil
	}
	return c, true
}

// Apply makes the changes one after another. The plan itself stays as it is.
func (n *Node) Apply(changes []Change, p *Problems) *Node {
	for _, c := range changes {
		changed, err := n.with(c, c.Path)
		if err != nil {
			p.Add(Pos{File: c.Flag}, "", "%v", err)
			continue
		}
		n = changed
	}
	return n
}

// with is a copy of the node in which the value at the path is another one. Maps that the path needs are made.
func (n *Node) with(c Change, path []string) (*Node, error) {
	if len(path) == 0 {
		return c.Value, nil
	}
	if c.Value == nil && (n == nil || n.Kind == Null || n.Kind == Scalar) {
		return n, nil // there is nothing to remove
	}
	if n == nil || n.Kind == Null {
		n = &Node{Pos: Pos{File: c.Flag}, Kind: Map}
	}
	changed := *n
	switch n.Kind {
	case Map:
		return &changed, changed.setKey(c, path)
	case List:
		return &changed, changed.setItem(c, path)
	}
	return nil, fmt.Errorf("the plan has %s where %s is to be set", n.said(), path[0])
}

// setKey changes the value of a key of a map that is ours to change.
func (n *Node) setKey(c Change, path []string) error {
	value, err := n.Get(path[0]).with(c, path[1:])
	if err != nil {
		return err
	}
	i := slices.IndexFunc(n.Pairs, func(p Pair) bool { return p.Key == path[0] })
	n.Pairs = slices.Clone(n.Pairs)
	switch {
	case value == nil && i >= 0:
		n.Pairs = slices.Delete(n.Pairs, i, i+1)
	case value == nil:
	case i >= 0:
		n.Pairs[i].Value = value
	default:
		n.Pairs = append(n.Pairs, Pair{Key: path[0], Pos: Pos{File: c.Flag}, Value: value})
	}
	return nil
}

// setItem changes an item of a list that is ours to change.
func (n *Node) setItem(c Change, path []string) error {
	i, err := strconv.Atoi(path[0])
	if err != nil || i < 0 || i >= len(n.Items) {
		return fmt.Errorf("the plan has a list of %d there, and no item %q in it (items count from 0)", len(n.Items), path[0])
	}
	value, err := n.Items[i].with(c, path[1:])
	if err != nil {
		return err
	}
	n.Items = slices.Clone(n.Items)
	if value == nil {
		n.Items = slices.Delete(n.Items, i, i+1)
	} else {
		n.Items[i] = value
	}
	return nil
}
