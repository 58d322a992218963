package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// A Field is one key that a map of a plan may have.
type Field struct {
	Key      string
	Doc      string // one line for whoever writes a plan
	Required bool
	Read     func(n *Node, p *Problems) // gets the value of the key
}

// Fields reads a map key by key, in the order of the plan. A key without a row, a missing one that is required, and
// whatever is no map are mistakes.
func (n *Node) Fields(p *Problems, what string, rows ...Field) {
	if n.Kind != Map {
		p.Add(n.Pos, "keys: "+strings.Join(keys(rows), ", "), "%s is %s, want a map", what, n.Kind)
		return
	}
	for _, pair := range n.Pairs {
		i := slices.IndexFunc(rows, func(f Field) bool { return f.Key == pair.Key })
		if i < 0 {
			p.Add(pair.Pos, "keys: "+strings.Join(keys(rows), ", "), "%s has no key %q", what, pair.Key)
			continue
		}
		rows[i].Read(pair.Value, p)
	}
	for _, f := range rows {
		if f.Required && n.Get(f.Key) == nil {
			p.Add(n.Pos, f.Doc, "%s lacks the key %s", what, f.Key)
		}
	}
}

// keys are the names of the rows.
func keys(rows []Field) []string {
	var names []string
	for _, f := range rows {
		names = append(names, f.Key)
	}
	return names
}

// Str reads a text into s. Numbers and truth values are taken as they are written.
func Str(s *string) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		if n.Kind != Scalar {
			p.Add(n.Pos, "", "%s, want a text", n.Kind)
			return
		}
		*s = n.Text
	}
}

// Strs reads a list of texts; one text is a list of one.
func Strs(s *[]string) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		items := n.Items
		if n.Kind == Scalar {
			items = []*Node{n}
		} else if n.Kind != List {
			p.Add(n.Pos, "", "%s, want a list of texts", n.Kind)
			return
		}
		for _, item := range items {
			var text string
			Str(&text)(item, p)
			*s = append(*s, text)
		}
	}
}

// OneOf reads one of the given words.
func OneOf(s *string, words ...string) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		if n.Kind != Scalar || !slices.Contains(words, n.Text) {
			p.Add(n.Pos, "one of "+strings.Join(words, ", "), "%s is not known here", n.said())
			return
		}
		*s = n.Text
	}
}

// Bool reads true or false.
func Bool(b *bool) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		if n.Kind != Scalar || n.Text != "true" && n.Text != "false" {
			p.Add(n.Pos, "true or false", "%s is no truth value", n.said())
			return
		}
		*b = n.Text == "true"
	}
}

// Int reads a whole number from low to high.
func Int(i *int, low, high int) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		v, err := strconv.Atoi(n.Text)
		if n.Kind != Scalar || err != nil || v < low || v > high {
			p.Add(n.Pos, fmt.Sprintf("%d to %d", low, high), "%s is no whole number that fits here", n.said())
			return
		}
		*i = v
	}
}

// Float reads a finite number from low to high.
func Float(f *float64, low, high float64) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		v, err := strconv.ParseFloat(n.Text, 64)
		if n.Kind != Scalar || err != nil || !(v >= low && v <= high) || math.IsInf(v, 0) {
			p.Add(n.Pos, fmt.Sprintf("%v to %v", low, high), "%s is no number that fits here", n.said())
			return
		}
		*f = v
	}
}

// Duration reads a span of time with its unit: 500ms, 10s, 2m30s.
func Duration(d *time.Duration) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		v, err := time.ParseDuration(n.Text)
		if n.Kind != Scalar || err != nil || v < 0 {
			p.Add(n.Pos, "a number with its unit: 500ms, 10s, 2m", "%s is no duration", n.said())
			return
		}
		*d = v
	}
}

// Rate reads operations per second: 200/s, or 12000/m.
func Rate(perSecond *float64) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		number, unit, _ := strings.Cut(n.Text, "/")
		v, err := strconv.ParseFloat(number, 64)
		per := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
		if n.Kind != Scalar || err != nil || per == 0 || !(v > 0 && v <= 1e9) {
			p.Add(n.Pos, "a number with its unit: 200/s, 600/m", "%s is no rate", n.said())
			return
		}
		*perSecond = v / per
	}
}

// Each reads a list, item by item.
func Each(read func(*Node, *Problems)) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		if n.Kind != List {
			p.Add(n.Pos, "", "%s, want a list", n.Kind)
			return
		}
		for _, item := range n.Items {
			read(item, p)
		}
	}
}

// Keep keeps the value itself, for a room that reads it later.
func Keep(kept **Node) func(*Node, *Problems) {
	return func(n *Node, _ *Problems) { *kept = n }
}

// said is the value as a message names it.
func (n *Node) said() string {
	if n.Kind != Scalar {
		return n.Kind.String()
	}
	return strconv.Quote(n.Text)
}

// Value is the node as a value of a history: whole numbers, truth values, texts, vectors, and maps with keywords.
func (n *Node) Value() history.Value {
	switch n.Kind {
	case Scalar:
		return n.scalar()
	case List:
		items := make([]history.Value, 0, len(n.Items))
		for _, item := range n.Items {
			items = append(items, item.Value())
		}
		return edn.Value{Kind: edn.Vector, Items: items}
	case Map:
		var items []history.Value
		for _, pair := range n.Pairs {
			items = append(items, edn.NewKeyword(pair.Key), pair.Value.Value())
		}
		return edn.Value{Kind: edn.Map, Items: items}
	}
	return history.Value{}
}

// scalar is a single value as one of a history.
func (n *Node) scalar() history.Value {
	switch n.Tag {
	case "!!bool":
		return edn.NewBool(n.Text == "true")
	case "!!int":
		if i, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return edn.NewInt(i)
		}
	case "!!float":
		if f, err := strconv.ParseFloat(n.Text, 64); err == nil {
			return edn.NewFloat(f)
		}
	case "!!null":
		return history.Value{}
	}
	return edn.NewString(n.Text)
}
