// Package monotonic checks values that only ever grow: clients increment keys, and read several at once. Who saw a smaller
// value of a key came before who saw a greater one, and who had ended before another began came before that. These orders
// must not contradict each other.
package monotonic

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/internal/graph"
)

// Checker is the name of this checker in its results.
const Checker = "monotonic"

// Kind is the kind of anomaly that Check finds.
const Kind = "nonmonotonic"

// Functions are those of the workload's operations.
func Functions() []string { return []string{"inc", "read"} }

// Options says how to check. There is nothing to choose.
type Options struct{}

// Check reports whether the ok operations, whose values are maps from keys to integers, can be put in an order that agrees
// with the values of every key and with real time. Absent and nil values say nothing.
//
// The orders have as many pairs as the square of the operations. Instead, each value of a key is a node that leads to the
// next greater one and to whoever saw that, and each completion is one that leads to the next: so it takes
// n log n steps for n observations, and a component of the graph is a contradiction.
//
// Fields are the original's: scc-count, and cycles, one in words for each component.
func Check(ctx context.Context, h *history.History, _ Options) check.Result {
	c := checker{h: h, fs: check.NewFunctions(h, Functions()...), number: make(map[history.Sym]int32)}
	if !check.Each(ctx, h, c.observe) {
		return check.Stopped(Checker)
	}
	c.levels()
	g := graph.FromRows(c.nodes(), 0, c.row)
	if ctx.Err() != nil {
		return check.Stopped(Checker)
	}
	return c.result(g, graph.SCC(g, rel, nil).Groups(2))
}

// rel is the one relation of the graph.
const rel = 1

// checker is what is known of the history. The nodes of its graph are the operations; then a level for each value of a
// key, in the order of seen; then the completions of the operations.
type checker struct {
	h       *history.History
	fs      *check.Functions
	ops     []history.ID
	number  map[history.Sym]int32 // key → its number
	keys    []history.Sym
	seen    []observation
	first   []int32     // place in seen → the first one of the same key and value
	byOp    []int32     // places in seen, by operation
	of      []int32     // operation → its first place in byOp; one more at the end
	strange check.Tally // operations with values that are no integers
}

// observation is that an operation saw a value of a key.
type observation struct {
	key   int32
	op    int32
	value int64
}

// observe takes what an operation saw.
func (c *checker) observe(id history.ID) {
	if c.fs.Of(id) < 0 || c.h.Type(id) != history.OK {
		return
	}
	op := int32(len(c.ops))
	c.ops = append(c.ops, id)
	if c.h.Kind(id) != history.KindMap {
		if k := c.h.Kind(id); k != history.KindNil && c.fs.Of(id) == 1 {
			c.strange.Add(id)
		}
		return
	}
	pairs := c.h.Elems(id)
	for i := 0; i+1 < len(pairs); i += 2 {
		v := c.h.Value(pairs[i+1])
		switch v.Kind {
		case edn.Nil:
		case edn.Int:
			c.seen = append(c.seen, observation{c.key(pairs[i]), op, v.Int()})
		default:
			c.strange.Add(id)
		}
	}
}

// key is the number of a key.
func (c *checker) key(k history.Sym) int32 {
	n, known := c.number[k]
	if !known {
		n = int32(len(c.keys))
		c.number[k] = n
		c.keys = append(c.keys, k)
	}
	return n
}

// levels sorts the observations by key and value, and lists those of each operation.
func (c *checker) levels() {
	slices.SortFunc(c.seen, func(a, b observation) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.value, b.value), cmp.Compare(a.op, b.op))
	})
	c.first = make([]int32, len(c.seen))
	c.of = make([]int32, len(c.ops)+1)
	for i, s := range c.seen {
		c.first[i] = int32(i)
		if i > 0 && c.seen[i-1].key == s.key && c.seen[i-1].value == s.value {
			c.first[i] = c.first[i-1]
		}
		c.of[s.op+1]++
	}
	for op := range c.ops {
		c.of[op+1] += c.of[op]
	}
	c.byOp = make([]int32, len(c.seen))
	next := slices.Clone(c.of)
	for i, s := range c.seen {
		c.byOp[next[s.op]] = int32(i)
		next[s.op]++
	}
}

func (c *checker) nodes() int { return 2*len(c.ops) + len(c.seen) }

// level is the node of a place in seen, ended that of an operation's completion.
func (c *checker) level(i int32) uint32  { return uint32(len(c.ops)) + uint32(i) }
func (c *checker) ended(op int32) uint32 { return uint32(len(c.ops)+len(c.seen)) + uint32(op) }

// row lists what comes right before a node: before an operation, the next smaller value of each key that it saw, and the
// last completion before it began; before a level, who saw the value, and the level below.
func (c *checker) row(v uint32, buf []graph.Edge) []graph.Edge {
	add := func(to uint32) { buf = append(buf, graph.Edge{To: to, Rel: rel}) }
	n, m := uint32(len(c.ops)), uint32(len(c.seen))
	switch {
	case v < n:
		for _, i := range c.byOp[c.of[v]:c.of[v+1]] {
			if below, ok := c.below(i); ok {
				add(c.level(below))
			}
		}
		if before, ok := c.before(int32(v)); ok {
			add(c.ended(before))
		}
	case v < n+m: // a chain through those who saw the value, whose end is its level
		i := int32(v - n)
		add(uint32(c.seen[i].op))
		if i > c.first[i] {
			add(c.level(i - 1))
		} else if below, ok := c.below(i); ok {
			add(c.level(below))
		}
	default:
		op := int32(v - n - m)
		add(uint32(op))
		if op > 0 {
			add(c.ended(op - 1))
		}
	}
	return buf
}

// below is the last place in seen of the next smaller value of the key.
func (c *checker) below(i int32) (int32, bool) {
	b := c.first[i] - 1
	return b, b >= 0 && c.seen[b].key == c.seen[i].key
}

// before is the last operation that had ended when this one began.
func (c *checker) before(op int32) (int32, bool) {
	inv := c.h.Pair(c.ops[op])
	if inv == history.None {
		return 0, false
	}
	n := sort.Search(len(c.ops), func(i int) bool { return c.ops[i] > inv })
	return int32(n) - 1, n > 0
}

// reason says why some values could not be judged.
func (c *checker) reason() check.Reason {
	return check.Reason{Code: "value-is-no-integer", Ops: c.strange.Ops(),
		Text: fmt.Sprintf("%s from keys to integers, such as %s", check.Plural(c.strange.Count, "value is no map", "values are no maps"), c.h.Op(c.strange.Ops()[0]).Value)}
}
