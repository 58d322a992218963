package elle

import (
	"context"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/edn"
	"jcheck/internal/graph"
)

// inferListAppend concludes from lists. An append puts its element at the end, so whoever reads a list sees in which
// order its elements came to be: a read of [1 2 3] recovers three versions and the transactions that made them (Kingsbury
// and Alvaro, "Elle", 2020, §4). Elements that only shorter or contradicting reads show are not merged into the order.
func inferListAppend(ctx context.Context, p *premises) inference {
	if ops, total := foreignOps(p); total > 0 {
		return inference{reasons: []check.Reason{foreignReason(p, ops, total)}}
	}
	g := gather(p, p.keyNo)
	if ctx.Err() != nil {
		return inference{}
	}
	v := newVersions(p, g)
	byKey := make([]*keyFindings, len(g.keys))
	overKeys(len(g.keys), p.workers, func(k int, s *scratch) {
		v.settle(p, g, k, s)
		byKey[k] = judgeKey(p, g, v, k, s)
	})
	byKey = slices.DeleteFunc(byKey, func(f *keyFindings) bool { return f == nil })
	if r := duplicateAppends(p, byKey); r != nil {
		return inference{reasons: r}
	}
	if ctx.Err() != nil {
		return inference{}
	}
	partial := v.limitEdges(maxAntiDependencies)
	internal, future, updates := judgeTxns(p, v)
	a := appends{h: p.h, p: p, v: v}
	return inference{
		in:        p.graph(a.row),
		prefer:    []cycle.Rel{cycle.WW, cycle.WR, cycle.RW},
		anomalies: a.tell(byKey, internal, future, lostUpdates(updates)),
		partial:   partial,
		explain:   a.explain,
	}
}

// maxAntiDependencies bounds the anti-dependencies of a history: about 5 bytes each, twice that while the graph is built.
const maxAntiDependencies = 1 << 27

// foreignReason says which operations aren't transactions of list-append.
func foreignReason(p *premises, ops []history.ID, total int) check.Reason {
	return check.Reason{
		Code: "unexpected-txn-micro-op-types",
		Text: fmt.Sprintf("%d of %d client operations hold micro-ops that aren't appends [:append k v] or reads [:r k [v ...]]",
			total, p.clients),
		Ops: ops,
	}
}

// duplicateAppends says which element was appended to a key by two invocations. Then nobody can tell whose append a
// read shows, and there is nothing to conclude.
func duplicateAppends(p *premises, byKey []*keyFindings) []check.Reason {
	var pieces []*evidence
	for _, f := range byKey {
		pieces = append(pieces, &f.appendedTwice)
	}
	e := gatherEvidence(1, pieces...)
	if e.total == 0 {
		return nil
	}
	f := e.list[0]
	return []check.Reason{{
		Code: "duplicate-appends",
		Text: fmt.Sprintf("Element %s was appended to key %s more than once (repeated appends in all: %d), but elements must be "+
			"unique for a key, or no one can tell whose append a read shows",
			p.h.Value(f.el), p.h.Value(p.h.KeySym(f.key)), e.total),
		Ops: []history.ID{p.h.At(int(f.other)), p.h.At(int(f.at))},
	}}
}

// appends is the finished inference: it lists edges and explains them.
type appends struct {
	h *history.History
	p *premises
	v *versions
}

// row lists what must come before transaction t because of its micro-ops (Adya's direct dependencies): ww from the
// writer of the version before one that it appended, rw from those who read that version before, wr from the writer of
// the last element that it read. Versions further back follow by way of those. No self-edges.
func (a *appends) row(t uint32, buf []graph.Edge) []graph.Edge {
	v := a.v
	mops := a.h.Mops(a.p.nodes[t])
	for i := range mops {
		m := &mops[i]
		if m.F == history.MopAppend {
			before := v.prev[v.of(m).slot(m.Val())]
			if w := v.writer[before]; w >= 0 && uint32(w) != t {
				buf = append(buf, graph.Edge{To: uint32(w), Rel: uint8(cycle.WW)})
			}
			for _, r := range v.linked(before) {
				if r != t {
					buf = append(buf, graph.Edge{To: r, Rel: uint8(cycle.RW)})
				}
			}
		} else if m.Len > 0 {
			if w := v.writer[v.of(m).last(a.h, m.List(), m.Len)]; w >= 0 && uint32(w) != t {
				buf = append(buf, graph.Edge{To: uint32(w), Rel: uint8(cycle.WR)})
			}
		}
	}
	return buf
}

// initialValue is what a step calls the version before the first append.
const initialValue = "elle.list-append/init"

// explain says why e.a must come before e.b, by the first micro-op of b that shows it.
func (a *appends) explain(e edge) check.Step {
	mops := a.h.Mops(a.p.nodes[e.b])
	for i := range mops {
		m := &mops[i]
		kv := a.v.of(m)
		switch {
		case e.rel == cycle.WR && m.F == history.MopR && m.Len > 0:
			slot := kv.last(a.h, m.List(), m.Len)
			if a.v.writer[slot] == int32(e.a) {
				return a.readStep(e, kv, slot, i)
			}
		case e.rel == cycle.WW && m.F == history.MopAppend:
			slot := kv.slot(m.Val())
			if before := a.v.prev[slot]; before != kv.base && a.v.writer[before] == int32(e.a) {
				return a.overwriteStep(e, kv, slot, i)
			}
		case e.rel == cycle.RW && m.F == history.MopAppend:
			slot := kv.slot(m.Val())
			if slices.Contains(a.v.readersOf(a.v.prev[slot]), e.a) {
				return a.unseenStep(e, kv, slot, i)
			}
		}
	}
	panic(fmt.Sprintf("elle: internal error: no micro-op explains edge %d -> %d (%d)", e.a, e.b, e.rel))
}

// readStep tells of a wr edge: b read what a appended.
func (a *appends) readStep(e edge, kv *keyVersions, slot uint32, at int) check.Step {
	key, value := a.keyValue(kv), a.h.Value(kv.elements.at(slot))
	return check.Step{
		Type: "wr",
		Fields: []history.Field{
			{Name: "key", Value: key}, {Name: "value", Value: value},
			index("a-mop-index", a.appendAt(e.a, kv.key, slot)), index("b-mop-index", at),
		},
		Text: fmt.Sprintf("%s read element %s of key %s, which %s appended", e.tb, value, key, e.ta),
	}
}

// overwriteStep tells of a ww edge: b's append came next after a's, or after all that the longest read shows.
func (a *appends) overwriteStep(e edge, kv *keyVersions, slot uint32, at int) check.Step {
	before := a.v.prev[slot]
	key, value, next := a.keyValue(kv), a.h.Value(kv.elements.at(before)), a.h.Value(kv.elements.at(slot))
	text := fmt.Sprintf("%s appended %s to key %s right after %s had appended %s", e.tb, next, key, e.ta, value)
	if a.v.pos[slot] < 0 {
		text = fmt.Sprintf("no read of key %s shows %s, appended by %s, so it came after all that was read, which ends with %s, appended by %s",
			key, next, e.tb, value, e.ta)
	}
	return check.Step{
		Type: "ww",
		Fields: []history.Field{
			{Name: "key", Value: key}, {Name: "value", Value: value}, {Name: "value'", Value: next},
			index("a-mop-index", a.appendAt(e.a, kv.key, before)), index("b-mop-index", at),
		},
		Text: text,
	}
}

// unseenStep tells of an rw edge: a read the version that b's append ended.
func (a *appends) unseenStep(e edge, kv *keyVersions, slot uint32, at int) check.Step {
	before := a.v.prev[slot]
	key, next := a.keyValue(kv), a.h.Value(kv.elements.at(slot))
	value := edn.NewKeyword(initialValue)
	text := fmt.Sprintf("%s read key %s while it was still empty, before %s appended %s to it", e.ta, key, e.tb, next)
	if before != kv.base {
		value = a.h.Value(kv.elements.at(before))
		text = fmt.Sprintf("%s read key %s up to element %s and did not see the next one, %s, which %s appended",
			e.ta, key, value, next, e.tb)
	}
	return check.Step{
		Type: "rw",
		Fields: []history.Field{
			{Name: "key", Value: key}, {Name: "value", Value: value}, {Name: "value'", Value: next},
			index("a-mop-index", a.readAt(e.a, kv, before)), index("b-mop-index", at),
		},
		Text: text,
	}
}

// keyValue is the key as users know it.
func (a *appends) keyValue(kv *keyVersions) history.Value { return a.h.Value(a.h.KeySym(kv.key)) }

// index is a field that names the place of a micro-op in its transaction.
func index(name string, i int) history.Field {
	return history.Field{Name: name, Value: edn.NewInt(int64(i))}
}

// appendAt is the place in transaction t of its append of the element at slot, -1 if there is none.
func (a *appends) appendAt(t uint32, key history.KeyID, slot uint32) int {
	return slices.IndexFunc(a.h.Mops(a.p.nodes[t]), func(m history.Mop) bool {
		return m.F == history.MopAppend && m.Key == key && a.v.of(&m).slot(m.Val()) == slot
	})
}

// readAt is the place in transaction t of its first read of the version at slot.
func (a *appends) readAt(t uint32, kv *keyVersions, slot uint32) int {
	return slices.IndexFunc(a.h.Mops(a.p.nodes[t]), func(m history.Mop) bool {
		if m.F != history.MopR || m.Key != kv.key {
			return false
		}
		if m.Len > 0 {
			return kv.last(a.h, m.List(), m.Len) == slot
		}
		return slot == kv.base
	})
}
