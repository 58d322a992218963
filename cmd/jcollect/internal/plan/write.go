package plan

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// YAML is the value as YAML that reads back as the same: a plan with the changes of a command line can be kept. Comments
// are not.
func (n *Node) YAML() ([]byte, error) {
	text, err := yaml.Marshal(n.tree())
	if err != nil {
		return nil, fmt.Errorf("write the plan: %w", err)
	}
	return text, nil
}

// tree is the value as the library has it. It goes as deep as plans may be nested.
func (n *Node) tree() *yaml.Node {
	switch n.Kind {
	case Scalar:
		y := &yaml.Node{Kind: yaml.ScalarNode, Tag: n.Tag, Value: n.Text}
		if n.Tag == "" {
			y.Tag = "!!str"
		}
		if strings.Contains(n.Text, "\n") {
			y.Style = yaml.LiteralStyle
		}
		return y
	case List:
		y := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range n.Items {
			y.Content = append(y.Content, item.tree())
		}
		return y
	case Map:
		y := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, p := range n.Pairs {
			y.Content = append(y.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.Key}, p.Value.tree())
		}
		return y
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: n.Text}
}
