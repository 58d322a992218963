package kafka

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// place is an offset of a log at which something was seen.
type place struct {
	offset int64
	values []int32 // in order of first appearance
	value  int32   // the one that stands for the place
}

// order makes the log of each key: of polls, and of sends that are ok, or of unknown outcome but polled.
func (c *checker) order(context.Context) {
	type entry struct {
		offset int64
		val    int32
	}
	logs := make([][]entry, len(c.keys))
	for i := range c.ops {
		op := &c.ops[i]
		for _, m := range op.sends {
			polled := len(c.keys[m.key].values[m.val].readers) > 0
			if m.placed && (op.t == history.OK || op.t == history.Info && polled) {
				logs[m.key] = append(logs[m.key], entry{m.offset, m.val})
			}
		}
		for _, m := range op.polls {
			if m.placed {
				logs[m.key] = append(logs[m.key], entry{m.offset, m.val})
			}
		}
	}
	for n, entries := range logs {
		k := c.keys[n]
		slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
		for _, e := range entries {
			if l := len(k.log); l == 0 || k.log[l-1].offset != e.offset {
				k.log = append(k.log, place{offset: e.offset})
			}
			k.put(int32(len(k.log)-1), e.val, e.offset)
		}
		for i := range k.log {
			p := &k.log[i]
			p.value = k.standsFor(p.values)
			k.values[p.value].index = int32(i)
		}
	}
}

// put adds a value to a place of the log.
func (k *topic) put(at, val int32, offset int64) {
	p, v := &k.log[at], &k.values[val]
	if v.last == at { // the places are filled one after another
		return
	}
	p.values = append(p.values, val)
	if v.first < 0 {
		v.first = at
	}
	v.last = at
	v.offsets = append(v.offsets, offset)
}

// standsFor is the value of several at an offset that stands for the place. Any would do as well; this is the one that the
// original happens to take if they are integers, so that the figures are its own: the first by the lowest 5 bits of
// their hash, then the next 5, and so on. Other values go by their usual order.
func (k *topic) standsFor(vals []int32) int32 {
	return slices.MinFunc(vals, func(a, b int32) int {
		x, y := k.values[a].v, k.values[b].v
		if x.Kind == edn.Int && y.Kind == edn.Int {
			h, i := hashOf(x.Int()), hashOf(y.Int())
			for ; h != i; h, i = h>>5, i>>5 {
				if h&31 != i&31 {
					return cmp.Compare(h&31, i&31)
				}
			}
		}
		return edn.Compare(x, y)
	})
}

// hashOf is MurmurHash3 (32 bits) of an integer of 64 bits, with 0 for 0.
func hashOf(n int64) uint32 {
	if n == 0 {
		return 0
	}
	var h uint32
	for _, k := range [...]uint32{uint32(n), uint32(uint64(n) >> 32)} {
		k *= 0xcc9e2d51
		k = k<<15 | k>>17
		h ^= k * 0x1b873593
		h = (h<<13|h>>19)*5 + 0xe6546b64
	}
	h ^= 8
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

// offsets looks for offsets with several values, and values with several offsets.
func (c *checker) offsets(context.Context) {
	for _, k := range c.keys {
		for i, p := range k.log {
			if len(p.values) > 1 {
				c.find(func() finding { return c.inconsistent(k, i) }, InconsistentOffsets)
			}
		}
		for i := range k.values {
			if v := &k.values[i]; len(v.offsets) > 1 {
				c.find(func() finding { return c.duplicate(k, v) }, Duplicate)
			}
		}
	}
}

// inconsistent tells of a place with several values.
func (c *checker) inconsistent(k *topic, at int) finding {
	p := k.log[at]
	var vs []history.Value
	a := check.Anomaly{}
	for _, val := range p.values {
		vs = append(vs, k.values[val].v)
		a.Ops = c.witness(a.Ops, k, val, p.offset)
	}
	a.Fields = []history.Field{{Name: "key", Value: k.key}, {Name: "offset", Value: edn.NewInt(p.offset)},
		{Name: "index", Value: edn.NewInt(int64(at))}, {Name: "values", Value: sortedSet(vs)}}
	a.Text = fmt.Sprintf("Offset %d of key %s has several values: %s", p.offset, k.key, listed(vs))
	return c.plain(a, float64(len(vs)))
}

// duplicate tells of a value at several places.
func (c *checker) duplicate(k *topic, v *value) finding {
	var offsets []history.Value
	a := check.Anomaly{}
	for _, o := range v.offsets {
		offsets = append(offsets, edn.NewInt(o))
		a.Ops = c.witness(a.Ops, k, k.number[string(edn.AppendCanonical(nil, v.v))], o)
	}
	a.Fields = []history.Field{{Name: "key", Value: k.key}, {Name: "value", Value: v.v},
		{Name: "count", Value: edn.NewInt(int64(len(offsets)))}, {Name: "offsets", Value: edn.NewVector(offsets)}}
	a.Text = fmt.Sprintf("The log of key %[2]s has %[1]s %[3]d times, at the offsets %[4]s", v.v, k.key, len(offsets), listed(offsets))
	return c.plain(a, float64(len(offsets)))
}

// maxWitness is how many operations an anomaly of the log names.
const maxWitness = 8

// witness adds an operation that shows a value at an offset: one of the first that polled it, or else its sender.
func (c *checker) witness(ids []history.ID, k *topic, val int32, offset int64) []history.ID {
	v := &k.values[val]
	shows := func(m message) bool {
		return c.keys[m.key] == k && m.val == val && m.placed && m.offset == offset
	}
	id := history.None
	for _, r := range v.readers[:min(len(v.readers), maxWitness)] {
		if slices.ContainsFunc(c.ops[r].polls, shows) {
			id = c.ops[r].id
			break
		}
	}
	if id == history.None && v.writer >= 0 {
		id = c.ops[v.writer].id
	}
	if id == history.None || len(ids) >= maxWitness || slices.Contains(ids, id) {
		return ids
	}
	return append(ids, id)
}

// plain is a finding whose fields are those of the anomaly.
func (c *checker) plain(a check.Anomaly, badness float64) finding {
	var pairs []history.Value
	for _, f := range a.Fields {
		pairs = append(pairs, edn.NewKeyword(f.Name), f.Value)
	}
	return finding{anomaly: a, err: edn.NewMap(pairs), badness: badness}
}
