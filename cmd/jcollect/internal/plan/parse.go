package plan

import (
	"go.yaml.in/yaml/v4"
)

// maxDepth is how deep a plan may be nested.
const maxDepth = 100

// Parse reads a plan. The node is nil if it is no YAML at all; each mistake is added to p.
func Parse(file string, data []byte, p *Problems) *Node {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		p.Add(Pos{File: file}, "", "no YAML: %v", err)
		return nil
	}
	if len(doc.Content) == 0 {
		p.Add(Pos{File: file}, "jcollect init writes a plan to begin with", "the plan is empty")
		return nil
	}
	r := reader{file, p}
	return r.node(doc.Content[0], 0)
}

// A reader turns the library's nodes into ours.
type reader struct {
	file     string
	problems *Problems
}

func (r reader) pos(y *yaml.Node) Pos { return Pos{r.file, y.Line, y.Column} }

// node reads one value. Aliases are refused: a few lines of them can stand for billions of values.
func (r reader) node(y *yaml.Node, depth int) *Node {
	n := &Node{Pos: r.pos(y)}
	if depth > maxDepth {
		r.problems.Add(n.Pos, "", "nested more than %d deep", maxDepth)
		return n
	}
	switch y.Kind {
	case yaml.AliasNode:
		r.problems.Add(n.Pos, "write the value out", "aliases (*%s) are not read in plans", y.Value)
	case yaml.SequenceNode:
		n.Kind = List
		for _, c := range y.Content {
			n.Items = append(n.Items, r.node(c, depth+1))
		}
	case yaml.MappingNode:
		n.Kind = Map
		r.pairs(n, y, depth)
	case yaml.ScalarNode:
		n.Text, n.Tag = y.Value, y.ShortTag()
		if n.Tag != "!!null" {
			n.Kind = Scalar
		}
	}
	return n
}

// pairs reads the keys of a map.
func (r reader) pairs(n *Node, y *yaml.Node, depth int) {
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		pair := Pair{Key: key.Value, Pos: r.pos(key), Value: r.node(y.Content[i+1], depth+1)}
		switch {
		case key.Kind != yaml.ScalarNode:
			r.problems.Add(pair.Pos, "", "a key is a single word")
		case n.Get(pair.Key) != nil:
			r.problems.Add(pair.Pos, "", "the key %q stands here twice", pair.Key)
		default:
			n.Pairs = append(n.Pairs, pair)
		}
	}
}
