// Package longfork checks that clients agree on the order in which independent writes happened. Each key is written once,
// and keys are read in groups: then of two reads of a group one must show all that the other shows. If each shows a write
// that the other misses, the database let its history fork (parallel snapshot isolation does: Sovran et al.,
// "Transactional storage for geo-replicated systems", SOSP 2011).
package longfork

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
)

// Checker is the name of this checker in its results.
const Checker = "long-fork"

// Kind is the kind of anomaly that Check finds.
const Kind = "fork"

// Functions are those of the operations of this workload; txn is for histories that name all transactions so.
func Functions() []string { return []string{"read", "write", "txn"} }

// Options says how to check.
type Options struct {
	GroupSize int // keys of a group; 0 means as many as most reads have
	// JepsenCompat gives no verdict on a history in which a key is written twice, even if it has a fork, as the original does.
	JepsenCompat bool
}

// Validate tells whether a group can be of that size.
func (o Options) Validate() error {
	if o.GroupSize < 0 {
		return fmt.Errorf("a group of %d keys (hint: 3, or 0 for as many as most reads have)", o.GroupSize)
	}
	return nil
}

// Check reports whether the ok reads of each group of keys can be put in an order in which nothing that was seen vanishes.
// Writes are [[:w k v]], reads [[:r k v] ...] of a whole group. Reads are put into groups by their keys; a group
// whose reads show n different sets of written keys takes n log n steps to judge.
//
// Fields are the original's: reads-count, early-read-count (reads of nothing), late-read-count (reads of everything), and
// forks, pairs of reads; or error, if some key was written twice.
func Check(ctx context.Context, h *history.History, o Options) check.Result {
	if err := o.Validate(); err != nil {
		return check.Result{Checker: Checker, Reasons: []check.Reason{{Code: "invalid-options", Text: err.Error()}}}
	}
	c := checker{h: h, o: o, group: make(map[string]*group), written: make(map[history.KeyID]history.ID), sizes: make(map[int]int)}
	if !check.Each(ctx, h, c.step) {
		return check.Stopped(Checker)
	}
	return c.result()
}

// checker is what is known of the history.
type checker struct {
	h       *history.History
	o       Options
	group   map[string]*group // by the keys' numbers
	groups  []*group          // in order of first appearance
	sizes   map[int]int       // how many reads have so many keys
	reads   int
	early   int
	late    int
	written map[history.KeyID]history.ID // by whom first
	twice   []history.ID                 // the first two writers of a key, if there are two
	silent  check.Tally                  // reads that don't say what they showed
	strange check.Tally                  // reads with a key that no group can have
}

// group is the reads of the same keys.
type group struct {
	keys     []history.KeyID // ascending
	value    []history.Sym   // what a key was read as
	differ   []history.ID    // two reads that show different values of a key
	seenBy   []history.ID    // who read that value first
	pattern  map[string]int
	patterns []pattern
}

// pattern is which keys of a group were written, and the reads that show just these.
type pattern struct {
	shown string // a byte for each key: 1 if it was read as written
	ones  int
	reads []history.ID
}

// step takes the next operation.
func (c *checker) step(id history.ID) {
	if !check.OfClient(c.h, id) {
		return
	}
	mops, t := c.h.Mops(id), c.h.Type(id)
	switch {
	case t == history.Invoke:
		c.write(id, mops)
	case t != history.OK:
	case len(mops) == 0:
		c.silent.Add(id)
	case !slices.ContainsFunc(mops, func(m history.Mop) bool { return m.F != history.MopR }):
		c.read(id, mops)
	}
}

// write takes note of who writes a key.
func (c *checker) write(id history.ID, mops []history.Mop) {
	for i := range mops {
		m := &mops[i]
		if m.F != history.MopW || m.Shape == history.Odd {
			continue
		}
		if first, again := c.written[m.Key]; !again {
			c.written[m.Key] = id
		} else if c.twice == nil {
			c.twice = []history.ID{first, id}
		}
	}
}

// read puts a read into its group.
func (c *checker) read(id history.ID, mops []history.Mop) {
	c.reads++
	order := make([]int, len(mops))
	for i := range mops {
		order[i] = i
		if mops[i].Shape == history.Odd {
			c.strange.Add(id)
			return
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(mops[a].Key) - int(mops[b].Key) })
	keys := make([]history.KeyID, len(mops))
	name := make([]byte, 0, 4*len(mops))
	for i, at := range order {
		keys[i] = mops[at].Key
		name = binary.BigEndian.AppendUint32(name, uint32(keys[i]))
	}
	g := c.group[string(name)]
	if g == nil {
		g = &group{keys: keys, value: slices.Repeat([]history.Sym{history.Nil}, len(keys)),
			seenBy: make([]history.ID, len(keys)), pattern: make(map[string]int)}
		c.group[string(name)] = g
		c.groups = append(c.groups, g)
	}
	c.sizes[len(keys)]++
	p := g.add(c.h, id, mops, order)
	if p.ones == 0 {
		c.early++
	}
	if p.ones == len(keys) {
		c.late++
	}
}

// add takes note of what a read of the group shows.
func (g *group) add(h *history.History, id history.ID, mops []history.Mop, order []int) *pattern {
	shown, ones := make([]byte, len(order)), 0
	for i, at := range order {
		v := h.Val(&mops[at])
		if v == history.Nil {
			continue
		}
		shown[i] = 1
		ones++
		switch {
		case g.value[i] == history.Nil:
			g.value[i], g.seenBy[i] = v, id
		case g.value[i] != v && g.differ == nil:
			g.differ = []history.ID{g.seenBy[i], id}
		}
	}
	i, known := g.pattern[string(shown)]
	if !known {
		i = len(g.patterns)
		g.pattern[string(shown)] = i
		g.patterns = append(g.patterns, pattern{shown: string(shown), ones: ones})
	}
	p := &g.patterns[i]
	p.reads = append(p.reads, id)
	return p
}

// groupSize is how many keys a group has: what the options say, or what most reads have, the larger of two if equally many.
func (c *checker) groupSize() int {
	if c.o.GroupSize > 0 {
		return c.o.GroupSize
	}
	best := 0
	for size, n := range c.sizes {
		if n > c.sizes[best] || n == c.sizes[best] && size > best {
			best = size
		}
	}
	return best
}

// reasons are why this history can't be called valid.
func (c *checker) reasons() []check.Reason {
	var all []check.Reason
	if c.twice != nil {
		all = append(all, check.Reason{Code: "multiple-writes", Ops: c.twice, Text: fmt.Sprintf(
			"key %s is written twice, so that nobody knows which write a read saw", c.h.Value(c.h.KeySym(c.twiceKey())))})
	}
	if c.strange.Count > 0 {
		all = append(all, check.Reason{Code: "odd-read", Ops: c.strange.Ops(), Text: "a micro-op of this read has no key"})
	}
	size := c.groupSize()
	for _, g := range c.groups {
		if g.differ != nil && len(all) < maxReasons {
			all = append(all, check.Reason{Code: "distinct-values", Ops: g.differ,
				Text: "these reads show different values of a key, although a key is written once"})
		}
		if c.o.GroupSize > 0 && len(g.keys) != size && len(all) < maxReasons {
			all = append(all, check.Reason{Code: "wrong-group-size", Ops: []history.ID{g.patterns[0].reads[0]},
				Text: fmt.Sprintf("this read shows %s, where every read should show %d", check.Plural(len(g.keys), "key", "keys"), size)})
		}
	}
	return all
}

// maxReasons is how many oddities are told of.
const maxReasons = 5

// twiceKey is the key that the two operations of twice both write.
func (c *checker) twiceKey() history.KeyID {
	second := c.h.Mops(c.twice[1])
	for i := range second {
		if m := &second[i]; m.F == history.MopW && m.Shape != history.Odd && c.written[m.Key] == c.twice[0] {
			return m.Key
		}
	}
	return second[0].Key
}
