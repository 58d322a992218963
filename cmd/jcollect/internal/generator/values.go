package generator

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// drawing is an operation whose value is being drawn.
type drawing struct {
	ctx  Context
	d    *Dice
	used []string // counters, a name for each time
}

// count is the next number of a named counter.
func (w *drawing) count(name string) int64 {
	n := w.ctx.Counter(name)
	for _, u := range w.used {
		if u == name {
			n++
		}
	}
	w.used = append(w.used, name)
	return n
}

// value is a value that is drawn for each operation. One that is always the same is kept in fixed.
type value struct {
	fixed history.Value
	draw  func(*drawing) history.Value // nil: fixed
}

func (v value) of(w *drawing) history.Value {
	if v.draw == nil {
		return v.fixed
	}
	return v.draw(w)
}

// A drawWord is one that stands for a value that each operation draws anew: the only key of a map.
type drawWord struct {
	Name, Doc string
	read      func(n *plan.Node, p *plan.Problems) func(*drawing) history.Value
}

// drawWords is the table of them.
func drawWords() []drawWord {
	return []drawWord{
		{"rand", "a whole number: N, from 0 to below N; [a, b], from a to b", readRand},
		{"next", "the next number, from 0, of the counter of this name, which the whole test shares", readNext},
		{"one-of", "one of the list, each with the same chance; each may be drawn itself", readOneOf},
		{"weighted", "one of a list of [value, weight]", readWeighted},
		{"zipf", "N, or a list: the first is drawn twice as often as the second, three times as often as the third; or {of: N or list, skew: 1.2}", readZipf},
		{"geometric", "0 with the chance p, 1 with p(1-p), and so on", readGeometric},
		{"float", "[a, b]: a number from a to below b", readFloat},
		{"literal", "the value as it stands, even if it looks like one of these words", readLiteral},
	}
}

// readValue reads a value. A text that begins with a colon is a keyword.
func readValue(n *plan.Node, p *plan.Problems) value {
	switch {
	case n == nil:
		return value{}
	case n.Kind == plan.Scalar && n.Tag == "!!str" && len(n.Text) > 1 && n.Text[0] == ':' && isKeyword(n.Text[1:]):
		return value{fixed: edn.NewKeyword(n.Text[1:])}
	case n.Kind == plan.List:
		return collected(n.Items, p, edn.NewVector, nil)
	case n.Kind == plan.Map && len(n.Pairs) == 1:
		for _, w := range drawWords() {
			if w.Name == n.Pairs[0].Key {
				return value{draw: w.read(n.Pairs[0].Value, p)}
			}
		}
		almost(n.Pairs[0], p)
	}
	if n.Kind != plan.Map {
		return value{fixed: n.Value()}
	}
	var items []*plan.Node
	var names []history.Value
	for _, pair := range n.Pairs {
		items = append(items, pair.Value)
		name := edn.NewString(pair.Key)
		if word := strings.TrimPrefix(pair.Key, ":"); isKeyword(word) {
			name = edn.NewKeyword(word)
		}
		names = append(names, name)
	}
	return collected(items, p, edn.NewMap, names)
}

// almost tells of a map whose only key is nearly a word by which values are drawn: ramd: 5 would be written as a map, and
// nobody would notice before looking at the history.
func almost(pair plan.Pair, p *plan.Problems) {
	var words []string
	for _, w := range drawWords() {
		if pair.Key != "" && w.Name[0] == pair.Key[0] { // few misspell the first letter, and many maps have the key text
			words = append(words, w.Name)
		}
	}
	if near := plan.Nearest(pair.Key, words); near != "" {
		p.Add(pair.Pos, fmt.Sprintf("%s? or literal: {%s: ...}, if a map with that key is meant", near, pair.Key), "%q draws no value", pair.Key)
	}
}

// collected is a list of values, or a map of them by names.
func collected(nodes []*plan.Node, p *plan.Problems, build func([]history.Value) history.Value, names []history.Value) value {
	parts := make([]value, len(nodes))
	fixed := true
	for i, n := range nodes {
		parts[i] = readValue(n, p)
		fixed = fixed && parts[i].draw == nil
	}
	all := func(w *drawing) history.Value {
		items := make([]history.Value, 0, len(parts)+len(names))
		for i, part := range parts {
			if names != nil {
				items = append(items, names[i])
			}
			items = append(items, part.of(w))
		}
		return build(items)
	}
	if fixed {
		return value{fixed: all(nil)}
	}
	return value{draw: all}
}

// zero is what a wrong word draws; nobody will.
func zero(*drawing) history.Value { return history.Value{} }

// maxRand bounds the numbers that are drawn.
const maxRand = math.MaxInt32

func readRand(n *plan.Node, p *plan.Problems) func(*drawing) history.Value {
	low, high := 0, 0
	switch {
	case n.Kind == plan.List && len(n.Items) == 2:
		plan.Int(&low, -maxRand, maxRand)(n.Items[0], p)
		plan.Int(&high, -maxRand, maxRand)(n.Items[1], p)
		if low > high {
			p.Add(n.Pos, fmt.Sprintf("[%d, %d]", high, low), "rand: [%d, %d] holds no number", low, high)
		}
	case n.Kind == plan.Scalar:
		plan.Int(&high, 1, maxRand)(n, p)
		high--
	default:
		p.Add(n.Pos, "rand: 5, or rand: [10, 20]", "rand is %s", n.Kind)
	}
	return func(w *drawing) history.Value { return edn.NewInt(int64(low + w.d.IntN(high-low+1))) }
}

func readNext(n *plan.Node, p *plan.Problems) func(*drawing) history.Value {
	name := ""
	plan.Str(&name)(n, p)
	return func(w *drawing) history.Value { return edn.NewInt(w.count(name)) }
}

// readAlternatives reads a list of values that isn't empty.
func readAlternatives(n *plan.Node, p *plan.Problems, what string) []value {
	var list []value
	plan.Each(func(n *plan.Node, p *plan.Problems) { list = append(list, readValue(n, p)) })(n, p)
	if n.Kind == plan.List && len(list) == 0 {
		p.Add(n.Pos, "", "%s of an empty list", what)
	}
	return list
}

func readOneOf(n *plan.Node, p *plan.Problems) func(*drawing) history.Value {
	list := readAlternatives(n, p, "one-of")
	if len(list) == 0 {
		return zero
	}
	return func(w *drawing) history.Value { return list[w.d.IntN(len(list))].of(w) }
}

func readWeighted(n *plan.Node, p *plan.Problems) func(*drawing) history.Value {
	var list []value
	var sums []float64 // of the weights so far
	sum := 0.0
	plan.Each(func(n *plan.Node, p *plan.Problems) {
		if n.Kind != plan.List || len(n.Items) != 2 {
			p.Add(n.Pos, "[value, weight]", "weighted wants pairs")
			return
		}
		weight := 0.0
		plan.Float(&weight, 0, 1e9)(n.Items[1], p)
		sum += weight
		list, sums = append(list, readValue(n.Items[0], p)), append(sums, sum)
	})(n, p)
	if sum <= 0 {
		p.Add(n.Pos, "weighted: [[a, 3], [b, 1]]", "weighted: no value has a weight")
		return zero
	}
	return func(w *drawing) history.Value { return list[sampled(sums, w.d)].of(w) }
}

// sampled draws a place of a list whose weights are summed up.
func sampled(sums []float64, d *Dice) int {
	x := d.Float64() * sums[len(sums)-1]
	return min(sort.Search(len(sums), func(i int) bool { return sums[i] > x }), len(sums)-1)
}

// maxZipf bounds the table of a zipf distribution.
const maxZipf = 100_000

func readZipf(n *plan.Node, p *plan.Problems) func(*drawing) history.Value {
	skew, count := 1.0, 0
	var list []value
	of := func(n *plan.Node, p *plan.Problems) {
		if n.Kind == plan.List {
			list = readAlternatives(n, p, "zipf")
			count = len(list)
			return
		}
		plan.Int(&count, 1, maxZipf)(n, p)
	}
	if n.Kind == plan.Map {
		n.Fields(p, "zipf",
			plan.Field{Key: "of", Doc: "how many numbers, or a list of values", Required: true, Read: of},
			plan.Field{Key: "skew", Doc: "how fast chances fall: the n-th has 1/n to this power (1)", Read: plan.Float(&skew, 0, 100)})
	} else {
		of(n, p)
	}
	if count == 0 {
		return zero
	}
	sums := make([]float64, count)
	sum := 0.0
	for i := range sums {
		sum += math.Pow(float64(i+1), -skew)
		sums[i] = sum
	}
	return func(w *drawing) history.Value {
		i := sampled(sums, w.d)
		if list != nil {
			return list[i].of(w)
		}
		return edn.NewInt(int64(i))
	}
}

func readGeometric(n *plan.Node, p *plan.Problems) func(*drawing) history.Value {
	chance := 1.0
	plan.Float(&chance, 1e-6, 1)(n, p)
	return func(w *drawing) history.Value { return edn.NewInt(int64(w.d.Geometric(chance))) }
}

func readFloat(n *plan.Node, p *plan.Problems) func(*drawing) history.Value {
	low, high := 0.0, 1.0
	if n.Kind != plan.List || len(n.Items) != 2 {
		p.Add(n.Pos, "float: [0, 1]", "float wants two numbers")
		return zero
	}
	plan.Float(&low, -1e300, 1e300)(n.Items[0], p)
	plan.Float(&high, -1e300, 1e300)(n.Items[1], p)
	return func(w *drawing) history.Value { return edn.NewFloat(low + w.d.Float64()*(high-low)) }
}

func readLiteral(n *plan.Node, _ *plan.Problems) func(*drawing) history.Value {
	v := n.Value()
	return func(*drawing) history.Value { return v }
}
