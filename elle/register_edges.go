package elle

import (
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/edn"
	"jcheck/internal/graph"
)

// row lists the edges that lead into a node: from the writers of what it read, from the writers and the readers of the
// versions that directly precede what it wrote. An edge of a txn to itself is kept if it's wr: the txn read what it
// wrote only later.
func (r *register) row(node uint32, buf []graph.Edge) []graph.Edge {
	if !r.ok(node) {
		return buf
	}
	ts := r.touchesOf(node)
	for i := range ts {
		if v := ts[i].read; v != none {
			for _, w := range r.writers.of(v) { // at most one: else it's unclear whose write was read
				buf = append(buf, graph.Edge{To: w, Rel: uint8(cycle.WR)})
			}
		}
		if ts[i].write == none {
			continue
		}
		before, _ := r.preds.Row(uint32(ts[i].write))
		for _, v := range before {
			buf = appendOthers(buf, node, r.writers.of(int32(v)), cycle.WW)
			buf = appendOthers(buf, node, r.linked(int32(v)), cycle.RW)
		}
	}
	return buf
}

func appendOthers(buf []graph.Edge, node uint32, from []uint32, rel cycle.Rel) []graph.Edge {
	for _, a := range from {
		if a != node {
			buf = append(buf, graph.Edge{To: a, Rel: uint8(rel)})
		}
	}
	return buf
}

// limitEdges bounds the graph. Every reader of a version precedes every writer of the next ones, which is quadratic for
// a key with many reads of its initial value and many writes in no known order. Then only the last readers of each
// version are linked: any cycle that they close is a proof, but no cycle is none.
func (r *register) limitEdges(most uint64) []check.Reason {
	r.linkMax = len(r.nodes)
	total := r.countEdges()
	if total <= most {
		return nil
	}
	for r.linkMax = maxReaders; r.linkMax > 1 && r.countEdges() > most; r.linkMax /= 2 {
	}
	return []check.Reason{{
		Code: "too-many-dependencies",
		Text: fmt.Sprintf("The history has %d dependencies, for instance because many transactions read the initial value of a "+
			"key that many others write; only those of the last %d readers of each version were searched", total, r.linkMax),
	}}
}

// countEdges is how many edges the order of versions makes.
func (r *register) countEdges() uint64 {
	total := uint64(0)
	for v := range uint32(r.preds.Len()) {
		before, _ := r.preds.Row(v)
		from := 0
		for _, p := range before {
			from += len(r.writers.of(int32(p))) + len(r.linked(int32(p)))
		}
		total += uint64(from) * uint64(len(r.writers.of(int32(v))))
	}
	return total
}

// linked are the readers of a version that edges are drawn from.
func (r *register) linked(v int32) []uint32 {
	all := r.readers.of(v)
	return all[max(0, len(all)-r.linkMax):]
}

// hasVertices tells whether the graph has any vertex. A txn that would only depend on itself is one, too.
func (r *register) hasVertices() bool {
	for v := range int32(r.preds.Len()) {
		writers := len(r.writers.of(v))
		if writers == 0 {
			continue
		}
		if len(r.readers.of(v)) > 0 {
			return true
		}
		before, _ := r.preds.Row(uint32(v))
		for _, p := range before {
			if len(r.writers.of(int32(p)))+len(r.readers.of(int32(p))) > 0 {
				return true
			}
		}
	}
	return false
}

// explain says why the txn of e.a must come before that of e.b: by the first key of a's that tells.
func (r *register) explain(e edge) check.Step {
	byKey := touchesByKey(r.touchesOf(e.b))
	for i := range r.touchesOf(e.a) {
		t := &r.touchesOf(e.a)[i]
		u := byKey[t.key]
		switch {
		case u == nil:
		case e.rel == cycle.WR && t.write != none && t.write == u.read:
			return r.wrStep(e, t)
		case e.rel == cycle.WW && r.precedes(t.write, u.write):
			return r.orderStep(e, "ww", t.key, t.write, u.write)
		case e.rel == cycle.RW && r.precedes(t.read, u.write):
			return r.orderStep(e, "rw", t.key, t.read, u.write)
		}
	}
	panic(fmt.Sprintf("elle: internal error: no register explains relation %d from node %d to node %d", e.rel, e.a, e.b))
}

// precedes tells whether version v comes directly before w.
func (r *register) precedes(v, w int32) bool {
	if v == none || w == none {
		return false
	}
	before, _ := r.preds.Row(uint32(w))
	_, found := slices.BinarySearch(before, uint32(v))
	return found
}

// wrStep: b read what touch t of a wrote.
func (r *register) wrStep(e edge, t *touch) check.Step {
	key, val := r.keyValue(t.key), r.versionValue(t.key, t.write)
	return check.Step{
		Type: "wr",
		Fields: []history.Field{{Name: "key", Value: key}, {Name: "value", Value: val},
			r.mopIndex("a-mop-index", e.a, history.MopW, t.key, t.write), r.mopIndex("b-mop-index", e.b, history.MopR, t.key, t.write)},
		Text: fmt.Sprintf("%s wrote %s to key %s, and %s read it", e.ta, val, key, e.tb),
	}
}

// orderStep: a wrote (ww) or read (rw) version v of key k, which directly precedes what b wrote.
func (r *register) orderStep(e edge, kind string, k, v, next int32) check.Step {
	key, val, nextVal := r.keyValue(k), r.versionValue(k, v), r.versionValue(k, next)
	f, what := history.MopW, "wrote"
	if kind == "rw" {
		f, what = history.MopR, "read"
	}
	return check.Step{
		Type: kind,
		Fields: []history.Field{{Name: "key", Value: key}, {Name: "value", Value: val}, {Name: "value'", Value: nextVal},
			r.mopIndex("a-mop-index", e.a, f, k, v), r.mopIndex("b-mop-index", e.b, history.MopW, k, next)},
		Text: fmt.Sprintf("%s %s version %s of key %s, and %s replaced it by a later version, %s", e.ta, what, val, key, e.tb, nextVal),
	}
}

// mopIndex is where a node's txn has the first micro-op [f key version], counted from 0.
func (r *register) mopIndex(name string, node uint32, f history.MopF, k, v int32) history.Field {
	at := int64(-1)
	mops := r.h.Mops(r.nodes[node])
	for i := range mops {
		m := &mops[i]
		if m.F == f && m.Key == r.keyID(k) && r.shows(m, k, v) {
			at = int64(i)
			break
		}
	}
	return history.Field{Name: name, Value: edn.NewInt(at)}
}

// shows tells whether a micro-op's argument is version v of key k.
func (r *register) shows(m *history.Mop, k, v int32) bool {
	val := r.h.Val(m)
	if r.isInitial(k, v) {
		return r.initialSeen && val == r.initialSym
	}
	return val == r.values[v]
}
