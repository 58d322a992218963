package plan

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
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
	p.enter(what, rows)
	defer p.leave()
	if n.Kind != Map {
		p.Add(n.Pos, "keys: "+strings.Join(keys(rows), ", "), "%s is %s, want a map", what, n.said())
		return
	}
	for _, pair := range n.Pairs {
		i := slices.IndexFunc(rows, func(f Field) bool { return f.Key == pair.Key })
		if i < 0 {
			p.Add(pair.Pos, Suggest(pair.Key, keys(rows), "keys:"), "%s has no key %s", what, shown(pair.Key))
			continue
		}
		if pair.Value.Kind == Null {
			p.Add(pair.Value.Pos, "give it a value, or leave the key out", "%s: the key %s has no value", what, pair.Key)
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
			p.Add(n.Pos, "", "%s, want a text", n.said())
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
			p.Add(n.Pos, "", "%s, want a list of texts", n.said())
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
			p.Add(n.Pos, Suggest(n.Text, words, "one of"), "%s is not known here", n.said())
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
		switch {
		case n.Kind == Scalar && err == nil && v >= 0 && (v > 0 || n.Text != "0"):
			*d = v
			return
		case n.Kind == Scalar && unitless(n.Text):
			p.Add(n.Pos, fmt.Sprintf("%ss, %sms?", n.Text, n.Text), "%s is a duration without its unit", n.said())
		default:
			p.Add(n.Pos, "a number with its unit: 500ms, 10s, 2m", "%s is no duration", n.said())
		}
	}
}

// unitless tells whether a text is a number without a unit.
func unitless(text string) bool {
	v, err := strconv.ParseFloat(text, 64)
	return err == nil && v >= 0 && !math.IsInf(v, 0)
}

// Rate reads operations per second: 200/s, or 12000/m.
func Rate(perSecond *float64) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		number, unit, _ := strings.Cut(n.Text, "/")
		v, err := strconv.ParseFloat(number, 64)
		per := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
		switch {
		case n.Kind == Scalar && err == nil && per != 0 && v > 0 && v <= 1e9:
			*perSecond = v / per
		case n.Kind == Scalar && unitless(n.Text):
			p.Add(n.Pos, n.Text+"/s?", "%s is a rate without its unit", n.said())
		default:
			p.Add(n.Pos, "a number with its unit: 200/s, 600/m", "%s is no rate", n.said())
		}
	}
}

// Each reads a list, item by item.
func Each(read func(*Node, *Problems)) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		if n.Kind != List {
			p.Add(n.Pos, "", "%s, want a list", n.said())
			return
		}
		for _, item := range n.Items {
			read(item, p)
		}
	}
}

// Path reads the name of a file. One that is not absolute lies beside the plan, or, if a flag gave it, in the working
// directory; ~/ is the user's home.
func Path(file *string) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		switch {
		case n.Kind != Scalar || n.Text == "":
			p.Add(n.Pos, "", "%s, want the name of a file", n.said())
		case strings.HasPrefix(n.Text, "~/"):
			home, err := os.UserHomeDir()
			if err != nil {
				p.Add(n.Pos, "write the whole path", "%s: %v", n.said(), err)
				return
			}
			*file = filepath.Join(home, n.Text[2:])
		case filepath.IsAbs(n.Text) || n.Pos.Line == 0:
			*file = n.Text
		default:
			*file = filepath.Join(filepath.Dir(n.Pos.File), n.Text)
		}
	}
}

// File reads the name of a file, as Path does, that must be there and be readable.
func File(file *string) func(*Node, *Problems) {
	return func(n *Node, p *Problems) {
		var name string
		Path(&name)(n, p)
		if name == "" {
			return
		}
		f, err := os.Open(name)
		if err != nil {
			hint := ""
			if n.Pos.Line > 0 && !filepath.IsAbs(n.Text) {
				hint = "files are looked for beside the plan"
			}
			p.Add(n.Pos, hint, "open %s: %v", shown(name), unwrapped(err))
			return
		}
		info, err := f.Stat()
		_ = f.Close() // nothing was written
		if err != nil || info.IsDir() {
			p.Add(n.Pos, "", "%s is a directory, want a file", shown(name))
			return
		}
		*file = name
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
	return shown(n.Text)
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
