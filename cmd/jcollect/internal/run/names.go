package run

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jcheck/cmd/jcollect/internal/plan"
)

// What names of tests and nodes may be. Both become names of folders; nodes' names are looked up, too, and stand in
// rules of firewalls and in files of the nodes.
var (
	safeTest = regexp.MustCompile(`^[\pL\pN_][\pL\pN ._+=@,-]*$`)
	safeNode = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._:-]*[A-Za-z0-9])?$|^[A-Za-z0-9:]+$`)
)

const (
	maxTestName = 100 // bytes; the store's folders have room for 255
	maxNodeName = 253 // the longest name of the domain name system
)

// takenTests are names in the store that are something else.
var takenTests = []string{"latest", "current"}

// takenNodes are names in the folder of a run that are something else.
var takenNodes = []string{"check", "independent", "elle", "nemesis", "latest", "current"}

// TestName adds what is wrong with the name of a test.
func TestName(n *plan.Node, p *plan.Problems) { testName(new(string))(n, p) }

// testName reads the name of a test.
func testName(name *string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Str(name)(n, p)
		switch {
		case n.Kind != plan.Scalar:
		case len(n.Text) > maxTestName:
			p.Add(n.Pos, fmt.Sprintf("at most %d bytes", maxTestName), "%d bytes are too many for the name of a folder", len(n.Text))
		case !safeTest.MatchString(n.Text) || strings.HasSuffix(n.Text, " ") || strings.HasSuffix(n.Text, "."):
			p.Add(n.Pos, "letters, digits and - _ . + = @, the first a letter or digit", "%q is no name of a folder", n.Text)
		case slices.Contains(takenTests, n.Text):
			p.Add(n.Pos, "another name", "%q is a link of the store", n.Text)
		}
	}
}

// nodeNames reads the names of the nodes.
func nodeNames(names *[]string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Strs(names)(n, p)
		switch {
		case n.Kind == plan.List && len(n.Items) == 0:
			p.Add(n.Pos, "nodes: [n1, n2, n3]", "there are no nodes")
		case len(*names) > maxNodes:
			p.Add(n.Pos, fmt.Sprintf("at most %d", maxNodes), "%d nodes are too many", len(*names))
			return
		}
		var before []string
		for i, name := range *names {
			if at := item(n, i); at.Kind == plan.Scalar {
				nodeName(at, name, before, p)
			}
			before = append(before, strings.ToLower(name))
		}
	}
}

// nodeName looks at one node's name; before are those in front of it.
func nodeName(n *plan.Node, name string, before []string, p *plan.Problems) {
	switch {
	case len(name) > maxNodeName:
		p.Add(n.Pos, fmt.Sprintf("at most %d", maxNodeName), "a name of %d bytes is too long for a machine", len(name))
	case !safeNode.MatchString(name) || strings.Contains(name, ".."):
		p.Add(n.Pos, "a host name or an address: letters, digits and . - _ :", "%q is no name of a machine", name)
	case slices.Contains(takenNodes, strings.ToLower(name)):
		p.Add(n.Pos, "give the machine another name", "%q is the name of something else in the folder of a run", name)
	case slices.Contains(before, strings.ToLower(name)):
		p.Add(n.Pos, "each node once", "the node %s stands here twice", name)
	}
}
