package cycle

import (
	"cmp"
	"context"
	"slices"

	"jcheck/internal/graph"
)

// lane is how many anchors are answered at a time: one bit each.
const (
	words = 4
	lane  = 64 * words
)

// roundLanes is how many lanes are begun before their answers are looked at. It's fixed, so that the answer doesn't
// depend on the number of workers.
const roundLanes = 8

// connected finds an anchor u→v for which legal edges lead from v to u. It's the first by (u, v) of the first lane that
// has one; lanes are filled by the place of v in topological order.
//
// One breadth-first search for each of a anchors takes a times the edges. Here the components of the legal edges are
// walked in topological order instead, and each hands on a bit for every anchor whose v leads to it: a/256 passes over
// 4 words an edge, each only over the part of the order between its v's and its u's.
func (m *moves) connected(ctx context.Context, legal Rel, anchors []anchor, workers int) (anchor, bool) {
	part := graph.SCC(m.g, uint8(legal), nil)
	d := m.condense(part, legal)
	order := slices.Clone(anchors)
	// A component leads to those with smaller numbers only. So anchors with v's component below u's are hopeless.
	order = slices.DeleteFunc(order, func(a anchor) bool { return part.Of[a.v] < part.Of[a.u] })
	slices.SortStableFunc(order, func(a, b anchor) int { return -cmp.Compare(part.Of[a.v], part.Of[b.v]) })
	for at := 0; at < len(order) && ctx.Err() == nil; at += roundLanes * lane {
		var hits [roundLanes]*anchor
		graph.Parallel(roundLanes, workers, func() func(int) {
			bits := make([][words]uint64, part.Count)
			return func(i int) {
				from, to := min(at+i*lane, len(order)), min(at+(i+1)*lane, len(order))
				hits[i] = d.first(part, order[from:to], bits)
			}
		})
		for _, hit := range hits {
			if hit != nil {
				return *hit, true
			}
		}
	}
	return anchor{}, false
}

// condensed is the graph of components: row k lists the components that k leads to, perhaps repeatedly.
type condensed struct {
	off []uint64
	to  []uint32
}

func (m *moves) condense(part graph.Components, legal Rel) condensed {
	d := condensed{off: make([]uint64, part.Count+1)}
	arcs := func(yield func(from, to uint32)) {
		for v := range uint32(m.g.Len()) {
			to, rel := m.g.Row(v)
			for i, w := range to {
				if Rel(rel[i])&legal != 0 && part.Of[v] != part.Of[w] {
					yield(part.Of[v], part.Of[w])
				}
			}
		}
	}
	arcs(func(from, _ uint32) { d.off[from+1]++ })
	for k := range part.Count {
		d.off[k+1] += d.off[k]
	}
	d.to = make([]uint32, d.off[part.Count])
	at := slices.Clone(d.off[:part.Count])
	arcs(func(from, to uint32) {
		d.to[at[from]] = to
		at[from]++
	})
	return d
}

// first is the first by (u, v) of at most lane anchors whose v leads to its u. The bits are scratch, all zero before
// and after.
func (d condensed) first(part graph.Components, anchors []anchor, bits [][words]uint64) *anchor {
	if len(anchors) == 0 {
		return nil
	}
	high, low := part.Of[anchors[0].v], part.Of[anchors[0].u]
	for i, a := range anchors {
		high, low = max(high, part.Of[a.v]), min(low, part.Of[a.u])
		bits[part.Of[a.v]][i/64] |= 1 << (i % 64)
	}
	for k := int(high); k >= int(low); k-- {
		from := &bits[k]
		if *from == [words]uint64{} {
			continue
		}
		for _, w := range d.to[d.off[k]:d.off[k+1]] {
			if w < low {
				continue
			}
			for i, b := range from {
				bits[w][i] |= b
			}
		}
	}
	var hit *anchor
	for i := range anchors {
		a := &anchors[i]
		if bits[part.Of[a.u]][i/64]>>(i%64)&1 != 0 && (hit == nil || a.u < hit.u || a.u == hit.u && a.v < hit.v) {
			hit = a
		}
	}
	clear(bits[low : high+1])
	return hit
}
