package run

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// cutText is what a partition did to the network, for people: "n2 | n1 n3" where groups hear only themselves, else who
// doesn't hear whom. It is empty for values that aren't a partition's, [:isolated {node #{nodes it drops}}].
func cutText(v history.Value) string {
	if v.Kind != edn.Vector || len(v.Items) != 2 || v.Items[0].Kind != edn.Keyword || v.Items[0].Text != "isolated" || v.Items[1].Kind != edn.Map {
		return ""
	}
	drops := make(map[string][]string)
	items := v.Items[1].Items
	for i := 0; i+1 < len(items); i += 2 {
		for _, other := range items[i+1].Items {
			drops[items[i].Text] = append(drops[items[i].Text], other.Text)
		}
	}
	nodes := namesOf(drops)
	if groups := groupsOf(nodes, drops); groups != nil {
		var texts []string
		for _, g := range groups {
			texts = append(texts, strings.Join(g, " "))
		}
		return strings.Join(texts, " | ")
	}
	var texts []string
	for _, n := range nodes {
		if len(drops[n]) > 0 {
			texts = append(texts, fmt.Sprintf("%s doesn't hear %s", n, strings.Join(drops[n], " ")))
		}
	}
	return strings.Join(texts, ", ")
}

// namesOf are all nodes that drop or are dropped, in order.
func namesOf(drops map[string][]string) []string {
	var names []string
	for n, others := range drops {
		names = append(append(names, n), others...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// groupsOf are the groups into which the nodes fall, the smallest first; nil if there are no such groups, since who
// drops whom isn't mutual, or somebody hears two that don't hear each other.
func groupsOf(nodes []string, drops map[string][]string) [][]string {
	hears := func(a, b string) bool { return !slices.Contains(drops[a], b) }
	var groups [][]string
	for _, n := range nodes {
		i := slices.IndexFunc(groups, func(g []string) bool { return hears(n, g[0]) })
		if i < 0 {
			groups = append(groups, []string{n})
		} else {
			groups[i] = append(groups[i], n)
		}
	}
	for i, g := range groups {
		for _, a := range g {
			for j, other := range groups {
				for _, b := range other {
					if hears(a, b) != (i == j) {
						return nil
					}
				}
			}
		}
	}
	slices.SortStableFunc(groups, func(a, b []string) int { return cmp.Compare(len(a), len(b)) })
	return groups
}
