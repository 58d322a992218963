package fault

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawNodes draws from 1 to 12 names of nodes, and chance.
func drawNodes(t *rapid.T, least int) ([]string, *rand.Rand) {
	var nodes []string
	for i := range rapid.IntRange(least, 12).Draw(t, "nodes") {
		nodes = append(nodes, fmt.Sprintf("n%d", i+1))
	}
	return nodes, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
}

// hears is whom a node hears under a grudge, itself included.
func (g Grudge) hears(n string, nodes []string) []string {
	return slices.DeleteFunc(slices.Clone(nodes), func(o string) bool { return slices.Contains(g[n], o) })
}

// symmetric tells whether nobody is heard by one whom it doesn't hear.
func (g Grudge) symmetric() bool {
	for n, drops := range g {
		for _, o := range drops {
			if !slices.Contains(g[o], n) {
				return false
			}
		}
	}
	return true
}

// Without it a partition could cut a node off from itself, name a node that isn't there, or cut nobody off.
func TestPartitionsCutOthersOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, rng := drawNodes(t, 4)
		word := rapid.SampledFrom(partitionWords[:]).Draw(t, "word")
		g, err := partition(word, nodes, func() ([]string, error) { return nodes[:2], nil }, rng)
		if err != nil {
			t.Fatalf("%s of %d: %v", word, len(nodes), err)
		}
		links := 0
		for n, drops := range g {
			links += len(drops)
			if slices.Contains(drops, n) {
				t.Fatalf("%s: %s drops itself: %v", word, n, g)
			}
			if err := known(append([]string{n}, drops...), nodes); err != nil {
				t.Fatal(err)
			}
			if !slices.IsSorted(drops) || len(slices.Compact(slices.Clone(drops))) != len(drops) {
				t.Fatalf("%s: %s drops %v: unsorted or twice", word, n, drops)
			}
		}
		if links == 0 {
			t.Fatalf("%s of %v cuts nobody off", word, nodes)
		}
		oneWay := word == "one-way" || word == "majorities-ring"
		if !oneWay && !g.symmetric() {
			t.Fatalf("%s: one way: %v", word, g)
		}
	})
}

// Without it the sizes of the parts could be off by one, which for a majority is the whole difference.
func TestPartSizes(t *testing.T) {
	sizes := map[string]func(n int) []int{ // of the smaller part and the larger
		"one":            func(n int) []int { return []int{1, n - 1} },
		"halves":         func(n int) []int { return []int{n / 2, n - n/2} },
		"random-halves":  func(n int) []int { return []int{n / 2, n - n/2} },
		"majority":       func(n int) []int { return []int{n - n/2 - 1, n/2 + 1} },
		"minority-third": func(n int) []int { return []int{(n - 1) / 3, n - (n-1)/3} },
	}
	rapid.Check(t, func(t *rapid.T) {
		nodes, rng := drawNodes(t, 4)
		word := rapid.SampledFrom(sortedKeys(sizes)).Draw(t, "word")
		g, err := partition(word, nodes, nil, rng)
		if err != nil {
			t.Fatal(err)
		}
		want := sizes[word](len(nodes))
		for _, n := range nodes {
			if got := len(g.hears(n, nodes)); !slices.Contains(want, got) {
				t.Fatalf("%s of %d: %s hears %d, want one of %v", word, len(nodes), n, got, want)
			}
		}
		inSmall := 0
		for _, n := range nodes {
			if len(g.hears(n, nodes)) == want[0] {
				inSmall++
			}
		}
		if want[0] != want[1] && inSmall != want[0] {
			t.Fatalf("%s of %d: %d nodes in a part of %d", word, len(nodes), inSmall, want[0])
		}
	})
}

// Without it a ring could leave a node without a majority, or give two nodes the same one, and be no ring.
func TestMajoritiesRing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, rng := drawNodes(t, 3)
		g := majoritiesRing(nodes, rng)
		seen := map[string]string{}
		for _, n := range nodes {
			hears := g.hears(n, nodes)
			if len(hears) < majority(len(nodes)) {
				t.Fatalf("%s of %d hears only %v", n, len(nodes), hears)
			}
			if len(nodes) > ringExact {
				continue // the stochastic one promises majorities, not that no two are alike
			}
			if len(hears) != majority(len(nodes)) {
				t.Fatalf("%s of %d hears more than a majority: %v", n, len(nodes), hears)
			}
			if other, twice := seen[fmt.Sprint(hears)]; twice {
				t.Fatalf("%s and %s hear the same majority: %v", n, other, hears)
			}
			seen[fmt.Sprint(hears)] = n
		}
		if len(nodes) > ringExact && !g.symmetric() {
			t.Fatalf("the stochastic ring is one way: %v", g)
		}
	})
}

// Without it the halves of a bridge could hear each other, or its middle be cut off.
func TestBridge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, _ := drawNodes(t, 3)
		g := bridge(nodes)
		middle := 0
		for _, n := range nodes {
			if len(g[n]) == 0 {
				middle++
			}
		}
		first, last := nodes[0], nodes[len(nodes)-1]
		if middle != 1 || !slices.Contains(g[first], last) || !slices.Contains(g[last], first) {
			t.Fatalf("bridge of %v: %v", nodes, g)
		}
	})
}

// Without it one-way could be two-way, which the other tests would take as well.
func TestOneWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, rng := drawNodes(t, 2)
		g, err := partition("one-way", nodes, nil, rng)
		if err != nil {
			t.Fatal(err)
		}
		for n, drops := range g {
			for _, o := range drops {
				if slices.Contains(g[o], n) {
					t.Fatalf("%s and %s drop each other: %v", n, o, g)
				}
			}
		}
	})
}

// Without it inverting could lose what a node hears: twice is where it began.
func TestInvert(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, rng := drawNodes(t, 1)
		hears := map[string][]string{}
		for _, n := range nodes {
			for _, o := range nodes {
				if o != n && rng.IntN(2) == 0 {
					hears[n] = append(hears[n], o)
				}
			}
		}
		back := invert(nodes, invert(nodes, hears))
		for _, n := range nodes {
			if !slices.Equal(slices.Sorted(slices.Values(hears[n])), back[n]) {
				t.Fatalf("%s: got %v, want %v", n, back[n], hears[n])
			}
		}
	})
}

// Without it too few nodes would be a panic, or a partition that does nothing.
func TestTooFewNodes(t *testing.T) {
	for _, word := range partitionWords {
		for n := range 4 {
			nodes := []string{"a", "b", "c", "d"}[:n]
			g, err := partition(word, nodes, func() ([]string, error) { return nodes[:1], nil }, rand.New(rand.NewPCG(1, 2)))
			if wantErr := n < leastNodes(word); (err != nil) != wantErr {
				t.Errorf("%s of %d: got %v, %v, want an error: %v", word, n, g, err, wantErr)
			}
		}
	}
}
