package plan

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// YAML is the node as a plan has it, without the comments. Read again it is the same, places apart.
func (n *Node) YAML() ([]byte, error) {
	text, err := yaml.Dump(n.asYAML(), yaml.WithIndent(2), yaml.WithLineWidth(-1))
	if err != nil {
		return nil, fmt.Errorf("write the plan as YAML: %w", err)
	}
	return text, nil
}

// asYAML is the node as the library has it.
func (n *Node) asYAML() *yaml.Node {
	switch n.Kind {
	case Scalar:
		y := &yaml.Node{Kind: yaml.ScalarNode, Tag: n.Tag, Value: n.Text}
		if n.Tag == "!!str" && strings.Contains(n.Text, "\n") {
			y.Style = yaml.LiteralStyle
		}
		return y
	case List:
		y := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: n.flow()}
		for _, item := range n.Items {
			y.Content = append(y.Content, item.asYAML())
		}
		return y
	case Map:
		y := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, p := range n.Pairs {
			y.Content = append(y.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.Key}, p.Value.asYAML())
		}
		return y
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: n.Text}
}

// flow writes short lists of single values on one line.
func (n *Node) flow() yaml.Style {
	size := 0
	for _, item := range n.Items {
		size += len(item.Text) + 2
		if item.Kind != Scalar || strings.Contains(item.Text, "\n") {
			return 0
		}
	}
	if size > 80 {
		return 0
	}
	return yaml.FlowStyle
}
