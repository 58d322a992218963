package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"

	"jcheck/internal/amount"
)

// A Grudge says for each node whose packets it drops. Dropping is the receiver's, so a grudge may be one way only.
type Grudge map[string][]string

// ringExact is up to how many nodes a ring of majorities is laid out exactly: beyond, neighbours alone make no majority
// that differs from node to node without ever longer arcs, and chance does as well.
const ringExact = 5

// majority is how many of n nodes are more than half.
func majority(n int) int { return n/2 + 1 }

// complete is the grudge of groups that hear only themselves.
func complete(groups [][]string) Grudge {
	g := Grudge{}
	for i, group := range groups {
		for _, n := range group {
			for j, other := range groups {
				if i != j {
					g.drop(n, other...)
				}
			}
		}
	}
	return g
}

// invert is the grudge in which each node hears the given ones and itself, and drops all others.
func invert(nodes []string, hears map[string][]string) Grudge {
	g := Grudge{}
	for _, n := range nodes {
		for _, other := range nodes {
			if other != n && !slices.Contains(hears[n], other) {
				g.drop(n, other)
			}
		}
	}
	return g
}

// oneWay is the grudge in which the deaf drop all packets of the others and are heard by them all the same.
func oneWay(deaf, others []string) Grudge {
	g := Grudge{}
	for _, n := range deaf {
		g.drop(n, others...)
	}
	return g
}

// drop adds nodes that n doesn't hear. A node hears itself whatever is asked.
func (g Grudge) drop(n string, others ...string) {
	for _, other := range others {
		if other != n && !slices.Contains(g[n], other) {
			g[n] = append(g[n], other)
		}
	}
	sort.Strings(g[n])
}

// bisect is the first half and the rest, which has one more if the number is odd.
func bisect(nodes []string) [][]string {
	half := len(nodes) / 2
	return [][]string{nodes[:half], nodes[half:]}
}

// splitOne is one node and the rest.
func splitOne(one string, nodes []string) [][]string {
	return [][]string{{one}, without(nodes, one)}
}

// bridge cuts the nodes into two halves that don't hear each other, and one node that hears and is heard by all.
func bridge(nodes []string) Grudge {
	parts := bisect(nodes)
	middle := parts[1][0]
	return complete([][]string{parts[0], without(parts[1], middle)})
}

// majoritiesRing lets every node hear a majority, and, from 3 nodes on, no two the same one.
func majoritiesRing(nodes []string, rng *rand.Rand) Grudge {
	ring := shuffled(nodes, rng)
	if len(ring) <= ringExact {
		return exactRing(ring)
	}
	return stochasticRing(ring, rng)
}

// exactRing lays the nodes on a ring: each is in the middle of the arc that it hears.
func exactRing(ring []string) Grudge {
	size := majority(len(ring))
	hears := map[string][]string{}
	for i := range ring {
		arc := make([]string, size)
		for k := range arc {
			arc[k] = ring[(i+k)%len(ring)]
		}
		hears[arc[size/2]] = arc
	}
	return invert(ring, hears)
}

// stochasticRing joins the two nodes that hear the least until all hear a majority. It ends: each step adds a link, and
// a node without a majority has others left to be joined with.
func stochasticRing(nodes []string, rng *rand.Rand) Grudge {
	hears := map[string][]string{}
	for _, n := range nodes {
		hears[n] = []string{n}
	}
	for {
		a := loneliest(nodes, hears, rng)
		if len(hears[a]) >= majority(len(nodes)) {
			return invert(nodes, hears)
		}
		strangers := slices.DeleteFunc(slices.Clone(nodes), func(n string) bool { return slices.Contains(hears[a], n) })
		b := loneliest(strangers, hears, rng)
		hears[a], hears[b] = append(hears[a], b), append(hears[b], a)
	}
}

// loneliest is one of the nodes that hear the least.
func loneliest(nodes []string, hears map[string][]string, rng *rand.Rand) string {
	return slices.MinFunc(shuffled(nodes, rng), func(a, b string) int { return len(hears[a]) - len(hears[b]) })
}

// eachAlone is the grudge in which each of the given nodes is cut off from all others, and the others are together.
func eachAlone(alone, nodes []string) Grudge {
	rest := slices.Clone(nodes)
	var groups [][]string
	for _, n := range alone {
		groups = append(groups, []string{n})
		rest = without(rest, n)
	}
	return complete(append(groups, rest))
}

// partition is the grudge that a word stands for. Primaries are asked for only where the word needs them.
func partition(word string, nodes []string, primaries func() ([]string, error), rng *rand.Rand) (Grudge, error) {
	mixed := shuffled(nodes, rng)
	if least := leastNodes(word); len(nodes) < least {
		return nil, fmt.Errorf("partition %s needs %s, there %s %d", word, amount.Of(least, "node"), amount.Word(len(nodes), "is", "are"), len(nodes))
	}
	switch word {
	case "one":
		return complete(splitOne(mixed[0], nodes)), nil
	case "halves":
		return complete(bisect(nodes)), nil
	case "random-halves":
		return complete(bisect(mixed)), nil
	case "majority":
		n := majority(len(nodes))
		return complete([][]string{mixed[:n], mixed[n:]}), nil
	case "minority-third":
		n := minorityThird(len(nodes))
		return complete([][]string{mixed[:n], mixed[n:]}), nil
	case "majorities-ring":
		return majoritiesRing(nodes, rng), nil
	case "bridge":
		return bridge(mixed), nil
	case "one-way":
		parts := bisect(mixed)
		if rng.IntN(2) == 0 {
			return oneWay(parts[0], parts[1]), nil
		}
		return oneWay(parts[1], parts[0]), nil
	case "primaries":
		alone, err := primaries()
		if err != nil {
			return nil, err
		}
		return eachAlone(alone, nodes), nil
	}
	return nil, fmt.Errorf("partition %q is not known", word)
}

// partitionWords are the partitions that a plan may name, with what each does.
var partitionWords = [...]string{
	"one", "halves", "random-halves", "majority", "minority-third", "majorities-ring", "bridge", "primaries", "one-way",
}

// leastNodes is how many nodes a word needs to mean anything.
func leastNodes(word string) int {
	switch word {
	case "minority", "majorities-ring", "bridge":
		return 3
	case "minority-third":
		return 4
	case "one", "halves", "random-halves", "majority", "one-way", "primaries":
		return 2
	}
	return 1
}

// minorityThird is the most of n nodes that are less than a third.
func minorityThird(n int) int { return (n - 1) / 3 }

// without is the nodes but one, in their order.
func without(nodes []string, n string) []string {
	return slices.DeleteFunc(slices.Clone(nodes), func(s string) bool { return s == n })
}

// shuffled is the nodes in random order.
func shuffled(nodes []string, rng *rand.Rand) []string {
	s := slices.Clone(nodes)
	rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	return s
}
