package elle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/internal/graph"
)

// cyclicVersions makes anomalies of the components of g, a graph of versions that the named sources made: ordered by
// key, then by smallest value. Witness: the transactions that put the versions of a cycle in their order.
func (r *register) cyclicVersions(g *graph.Graph, groups [][]uint32, names []string) []check.Anomaly {
	sources := make([]history.Value, len(names))
	for i, n := range names {
		sources[i] = edn.NewKeyword(n)
	}
	all := make([]check.Anomaly, len(groups))
	for i, group := range groups {
		k := r.keyOf(group[0])
		vals := make([]history.Value, len(group))
		for j, v := range group {
			vals[j] = r.versionValue(k, int32(v))
		}
		slices.SortFunc(vals, edn.Compare)
		w := versionWitness{register: r, key: k, names: names}
		text := w.tell(shortestCycle(g, group))
		all[i] = check.Anomaly{
			Kind: "cyclic-versions",
			Ops:  w.ops,
			Fields: []history.Field{{Name: "key", Value: r.keyValue(k)}, {Name: "scc", Value: edn.NewSet(vals)},
				{Name: "sources", Value: edn.NewVector(sources)}},
			Text: text,
		}
	}
	slices.SortStableFunc(all, func(a, b check.Anomaly) int {
		return cmp.Or(edn.Compare(a.Fields[0].Value, b.Fields[0].Value), edn.Compare(a.Fields[1].Value.Items[0], b.Fields[1].Value.Items[0]))
	})
	return all
}

// cycleStarts is from how many versions of a component a shortest cycle is looked for.
const cycleStarts = 16

// shortestCycle is a shortest cycle through one of the first few versions of a component, in the order of versions.
func shortestCycle(g *graph.Graph, group []uint32) []int32 {
	var best []int32
	for _, start := range group[:min(len(group), cycleStarts)] {
		if c := cycleThrough(g, group, start); best == nil || len(c) < len(best) {
			best = c
		}
	}
	return best
}

// cycleThrough is a shortest cycle through start. Since rows list predecessors, the search goes backwards; following
// its tree back from where it closes gives the order of versions.
func cycleThrough(g *graph.Graph, group []uint32, start uint32) []int32 {
	next := make([]int32, len(group)) // place in group → place of the version that comes after it on the way to start
	for i := range next {
		next[i] = none
	}
	at := func(v uint32) (int, bool) { return slices.BinarySearch(group, v) }
	first, _ := at(start)
	queue := []int{first}
	for len(queue) > 0 {
		w := queue[0]
		queue = queue[1:]
		before, _ := g.Row(group[w])
		for _, v := range before {
			i, inside := at(v)
			if !inside || i == w || next[i] != none {
				continue
			}
			next[i] = int32(w)
			if i == first {
				cycle := []int32{int32(start)}
				for j := next[first]; int(j) != first; j = next[j] {
					cycle = append(cycle, int32(group[j]))
				}
				return cycle
			}
			queue = append(queue, i)
		}
	}
	panic("elle: internal error: a component of versions has no cycle")
}

// versionWitness finds and names the transactions that put versions of a key in order.
type versionWitness struct {
	*register
	key   int32
	names []string // sources, in the order in which they're asked
	ops   []history.ID
}

// tell is the story of a cycle of versions.
func (w *versionWitness) tell(versions []int32) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Of the versions of key %s,\n", w.keyValue(w.key))
	for i, v := range versions {
		next := versions[(i+1)%len(versions)]
		format, end := "  - %s came before %s, because %s%s", ".\n"
		if i == len(versions)-1 {
			format, end = "  - However, %s came before %s, because %s%s", ": a contradiction."
		}
		fmt.Fprintf(&b, format, w.versionValue(w.key, v), w.versionValue(w.key, next), w.because(v, next), end)
	}
	return b.String()
}

// because says why version v came directly before next: by the first source that knows.
func (w *versionWitness) because(v, next int32) string {
	if w.isInitial(w.key, v) {
		return "it was there from the start"
	}
	for _, name := range w.names {
		a, b := w.pair(name, v, next)
		switch {
		case a == nil:
		case name == "transaction-order-keys":
			return fmt.Sprintf("%s %s the one, and %s, which %s the other, came later in the given order",
				w.name(a), verb(a.write == v), w.name(b), verb(b.read != next))
		case name == "wfr-keys":
			return fmt.Sprintf("%s read the one and wrote the other", w.name(a))
		case name == "sequential-keys":
			return fmt.Sprintf("%s %s the one, and then %s of the same process %s the other",
				w.name(a), verb(a.write == v), w.name(b), verb(b.read != next))
		default:
			return fmt.Sprintf("%s %s the one and had completed when %s, which %s the other, was invoked",
				w.name(a), verb(a.write == v), w.name(b), verb(b.read != next))
		}
	}
	return "both were seen in that order" // not reached: some source made the edge
}

// pair finds two touches that put version v before next by the named source: nil if there are none. It looks at each
// touch of the key once; since they are in file order, the first that stands for v is the one that completed first.
func (w *versionWitness) pair(name string, v, next int32) (a, b *touch) {
	first := make(map[history.ProcID]*touch)
	for _, i := range w.keyTouches(int(w.key)) {
		t := &w.touches[i]
		proc := w.h.Proc(w.nodes[t.node])
		if w.target(t) == next && a != nil && a != t && w.follows(name, a, first[proc], t) {
			if name == "sequential-keys" {
				return first[proc], t
			}
			return a, t
		}
		switch {
		case name == "wfr-keys":
			if t.read == v && t.write == next {
				return t, t
			}
		case w.source(t) == v && w.ok(t.node):
			if a == nil {
				a = t
			}
			if first[proc] == nil {
				first[proc] = t
			}
		}
	}
	return w.laterGiven(name, v, next)
}

// follows tells whether touch t comes after a, or after the same process's own, by the named source.
func (w *versionWitness) follows(name string, a, own, t *touch) bool {
	switch name {
	case "sequential-keys":
		return own != nil && w.ok(t.node)
	case "linearizable-keys":
		when := w.times()
		return when.Exit[a.node] < when.Enter[t.node]
	}
	return false
}

// laterGiven finds the writers of two versions, if the order that the user gave puts them so: it may go against that of
// the file.
func (w *versionWitness) laterGiven(name string, v, next int32) (a, b *touch) {
	if name != "transaction-order-keys" {
		return nil, nil
	}
	for _, i := range w.keyTouches(int(w.key)) {
		switch t := &w.touches[i]; t.write {
		case v:
			a = t
		case next:
			b = t
		}
	}
	if a == nil || b == nil || !w.givenBefore(a.node, b.node) {
		return nil, nil
	}
	return a, b
}

// givenBefore tells whether the options put a's txn before b's. Those that they don't name come first, in file order.
func (w *versionWitness) givenBefore(a, b uint32) bool {
	x, known := w.o.TransactionOrder[w.h.Index(w.nodes[a])]
	y, also := w.o.TransactionOrder[w.h.Index(w.nodes[b])]
	switch {
	case known != also:
		return also
	case x != y:
		return x < y
	}
	return a < b
}

func verb(writes bool) string {
	if writes {
		return "wrote"
	}
	return "read"
}

// name is what a touch's transaction is called.
func (w *versionWitness) name(t *touch) string {
	id := w.nodes[t.node]
	at := slices.Index(w.ops, id)
	if at < 0 {
		at = len(w.ops)
		w.ops = append(w.ops, id)
	}
	return tName(at)
}
