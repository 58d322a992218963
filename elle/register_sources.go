package elle

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"

	"jcheck/check"
	"jcheck/internal/graph"
)

// versionEdge says that one version of a key directly precedes another: the later one in the high half, so that sorted
// edges are rows of predecessors.
type versionEdge uint64

func edgeOf(from, to int32) versionEdge {
	return versionEdge(uint64(uint32(to))<<32 | uint64(uint32(from)))
}
func (e versionEdge) to() uint32   { return uint32(e >> 32) }
func (e versionEdge) from() uint32 { return uint32(e) }

// versionSource is one way to know the order of versions.
type versionSource struct {
	name    string
	enabled bool
	edges   func(ctx context.Context) ([]versionEdge, bool) // sorted, without repetition; false if there are too many
}

// sources are tried in this order, since a source is only accepted if it agrees with those before it.
func (r *register) sources() []versionSource {
	return []versionSource{
		{"initial-state", true, r.eachKey((*register).initialEdges)},
		{"transaction-order-keys", len(r.o.TransactionOrder) > 0, r.eachKey((*register).givenOrderEdges)},
		{"wfr-keys", r.o.WFRKeys, r.eachKey((*register).readWriteEdges)},
		{"sequential-keys", r.o.SequentialKeys, r.eachKey((*register).processEdges)},
		{"linearizable-keys", r.o.LinearizableKeys, r.realtimeEdges},
	}
}

// maxVersionEdges bounds the memory for the order of versions, to far more than sensible histories need. Only a key with
// many thousands of versions of which nobody knows the order gets there.
func (r *register) maxVersionEdges() int64 { return max(1<<24, 16*int64(len(r.touches))) }

// versionEdges unites the sources that don't contradict each other. A source that makes a cycle of versions of any key
// is an anomaly, and is left out for all keys. One with too many edges is left out, too, which partial says.
func (r *register) versionEdges(ctx context.Context) (best *graph.Graph, cyclic []check.Anomaly, partial []check.Reason) {
	versions := int(r.versionOff[len(r.versionOff)-1])
	var accepted []versionEdge
	var names []string
	best = rowsOf(versions, nil)
	for _, s := range r.sources() {
		if !s.enabled {
			continue
		}
		edges, ok := s.edges(ctx)
		if !ok {
			partial = append(partial, check.Reason{Code: "too-many-dependencies", Text: fmt.Sprintf(
				"The order of versions by %s has more than %d direct steps, and was not gone by", s.name, r.maxVersionEdges())})
			continue
		}
		candidate := union(accepted, edges)
		g := rowsOf(versions, candidate)
		if groups := graph.SCC(g, 1, nil).Groups(2); len(groups) > 0 {
			cyclic = append(cyclic, r.cyclicVersions(g, groups, append(slices.Clone(names), s.name))...)
			continue
		}
		accepted, best, names = candidate, g, append(names, s.name)
	}
	return best, cyclic, partial
}

// union merges two sorted lists of edges.
func union(a, b []versionEdge) []versionEdge {
	if len(a) == 0 || len(b) == 0 {
		return append(a, b...)
	}
	out := make([]versionEdge, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// rowsOf is the graph of n versions whose rows list direct predecessors.
func rowsOf(n int, edges []versionEdge) *graph.Graph {
	g := &graph.Graph{Off: make([]uint64, n+1), To: make([]uint32, len(edges)), Rel: make([]uint8, len(edges))}
	for i, e := range edges {
		g.Off[e.to()+1]++
		g.To[i], g.Rel[i] = e.from(), 1
	}
	for v := range n {
		g.Off[v+1] += g.Off[v]
	}
	return g
}

// keyOf is the key of a version.
func (r *register) keyOf(v uint32) int32 {
	return int32(sort.Search(r.numKeys(), func(k int) bool { return r.versionOff[k+1] > v }))
}

// eachKey runs a source that treats keys one by one, in parallel, and joins the edges in order of keys.
func (r *register) eachKey(f func(r *register, s *sourceScratch, k int)) func(context.Context) ([]versionEdge, bool) {
	return func(context.Context) ([]versionEdge, bool) {
		keys := r.numKeys()
		parts := make([][]versionEdge, (keys+keysPerBlock-1)/keysPerBlock)
		graph.Parallel(len(parts), r.workers, func() func(int) {
			s := &sourceScratch{}
			return func(i int) {
				s.edges = nil
				for k := i * keysPerBlock; k < min(keys, (i+1)*keysPerBlock); k++ {
					from := len(s.edges)
					f(r, s, k)
					row := s.edges[from:]
					slices.Sort(row)
					s.edges = s.edges[:from+len(slices.Compact(row))]
				}
				parts[i] = s.edges
			}
		})
		return slices.Concat(parts...), true
	}
}

// sourceScratch is a worker's memory for one key after another.
type sourceScratch struct {
	edges []versionEdge
	last  []lastTouch // by process
	order []given
}

func (s *sourceScratch) add(from, to int32) { s.edges = append(s.edges, edgeOf(from, to)) }

// initialEdges: the initial version precedes every other that was left or found.
func (r *register) initialEdges(s *sourceScratch, k int) {
	zero := int32(r.versionOff[k])
	for _, i := range r.keyTouches(k) {
		t := &r.touches[i]
		if t.read != none && t.read != zero {
			s.add(zero, t.read)
		}
		if t.write != none {
			s.add(zero, t.write)
		}
	}
}

// given is a write with the number that the options give its txn.
type given struct {
	number  float64
	known   bool // those that the options don't name come first
	version int32
}

// givenOrderEdges: versions follow each other as their txns do in the order that the user gave.
func (r *register) givenOrderEdges(s *sourceScratch, k int) {
	s.order = s.order[:0]
	for _, i := range r.keyTouches(k) {
		t := &r.touches[i]
		if t.write == none || r.sure(t.write) == none {
			continue
		}
		n, ok := r.o.TransactionOrder[r.h.Index(r.nodes[t.node])]
		s.order = append(s.order, given{n, ok, t.write})
	}
	slices.SortStableFunc(s.order, func(a, b given) int {
		switch {
		case a.known != b.known && b.known:
			return -1
		case a.known != b.known:
			return 1
		}
		return cmp.Compare(a.number, b.number)
	})
	for i := 1; i < len(s.order); i++ {
		if a, b := s.order[i-1].version, s.order[i].version; a != b {
			s.add(a, b)
		}
	}
}

// readWriteEdges: writes follow reads. What a txn wrote comes after what it read. A txn that writes the value it read
// makes an edge of the version to itself: no contradiction, but other readers of the value still precede the write.
func (r *register) readWriteEdges(s *sourceScratch, k int) {
	zero := int32(r.versionOff[k])
	for _, i := range r.keyTouches(k) {
		if t := &r.touches[i]; t.read > zero && t.write != none && r.sure(t.write) != none {
			s.add(t.read, t.write)
		}
	}
}

// source is the version that a touch puts before what comes later, target the one that it puts after what came earlier.
// They are none where the version isn't known: not even the value tells if two operations may have written it.
func (r *register) source(t *touch) int32 {
	if t.write != none {
		return r.sure(t.write)
	}
	return t.read
}

func (r *register) target(t *touch) int32 {
	if t.write == none || t.read != none && !r.isInitial(t.key, t.read) {
		return t.read
	}
	return r.sure(t.write)
}

// sure is v if only one operation may have written it, else none.
func (r *register) sure(v int32) int32 {
	if r.twice != nil && r.twice[v] {
		return none
	}
	return v
}

// lastTouch is what a process did last to a key.
type lastTouch struct {
	key     int32 // number + 1 of the key that this is about
	version int32
}

// processEdges: sequential keys. Each process sees the versions of a key in order.
func (r *register) processEdges(s *sourceScratch, k int) {
	if s.last == nil {
		s.last = make([]lastTouch, r.h.NumProcs())
	}
	for _, i := range r.keyTouches(k) {
		t := &r.touches[i]
		if !r.ok(t.node) {
			continue
		}
		last := &s.last[r.h.Proc(r.nodes[t.node])]
		if last.key == int32(k)+1 {
			s.addKnown(last.version, r.target(t))
		}
		*last = lastTouch{int32(k) + 1, r.source(t)}
	}
}

// addKnown adds an edge between two versions if both are known and differ.
func (s *sourceScratch) addKnown(from, to int32) {
	if from != none && to != none && from != to {
		s.add(from, to)
	}
}
