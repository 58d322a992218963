package elle

import (
	"cmp"
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/edn"
	"jcheck/internal/graph"
)

// register is what one check of read-write registers works on: flat columns, by node, touch, key and version.
//
// A register holds one value at a time, so a read tells nothing of the versions before it. All that is known of the
// order of versions comes from the sources of versionSources; without any of them it's that the initial one is first.
type register struct {
	*premises
	initial     edn.Value   // the value of every register before the history began
	initialSym  history.Sym // the same, if the history mentions it
	initialSeen bool

	keys   []history.KeyID // number of a key in this view → key; nil if the two agree
	keyOff []uint32        // key → its touches, as a range of byKey
	byKey  []uint32        // touches grouped by key, in file order within each

	touchOff []uint32 // node → its touches, as a range
	touches  []touch  // in the order of the txn's first micro-ops on their keys

	accessOff []uint32 // key → its accesses, as a range
	accesses  []access // grouped by key, in file order; nil once the versions are numbered

	versionOff []uint32       // key → its versions, as a range; the first is the initial one
	values     []history.Sym  // version → value (meaningless for initial versions)
	twice      map[int32]bool // versions that two operations may have written; nil if there are none

	writers versionIndex // ok ops that left this version behind
	readers versionIndex // ok ops that found this version

	preds   *graph.Graph // version → the versions that directly precede it
	when    *cycle.Order // realtime order of the nodes; nil until somebody asks
	linkMax int          // how many readers of a version edges are drawn from, at most
}

// none stands for "no version" and "no touch".
const none = -1

// touch is one key that a possible op touches externally: the version that it found, the version that it left. An
// indeterminate op found nothing that we know of.
type touch struct {
	key         int32  // number of the key in this view
	node        uint32 // who touches it
	read, write int32  // versions, or none
}

// versionIndex lists nodes by version, ascending.
type versionIndex struct {
	off   []uint32
	nodes []uint32
}

func (x *versionIndex) of(v int32) []uint32 { return x.nodes[x.off[v]:x.off[v+1]] }

// inferRegister infers dependencies between transactions over registers: writes of unique values per key, reads of
// single values. Work is linear in micro-ops, but for the direct version edges, whose number has a limit.
func inferRegister(ctx context.Context, p *premises) inference {
	r := &register{premises: p}
	inf := inference{prefer: []cycle.Rel{cycle.WR, cycle.WW, cycle.RW}}
	scan := r.scan()
	inf.reasons = append(foreignRegisterOps(scan.foreign), r.readInitial()...)
	if len(inf.reasons) > 0 || ctx.Err() != nil {
		return inf
	}
	r.layOut(scan)
	found := r.numberVersions()
	r.indexVersions()
	inf.reasons = unclearReasons(found.unclear)
	if len(inf.reasons) > 0 || ctx.Err() != nil {
		return inf
	}
	inf.anomalies = r.directAnomalies(scan.internal, found)
	inf.notes = r.garbageNote(found)
	var cyclic []check.Anomaly
	r.preds, cyclic, inf.partial = r.versionEdges(ctx)
	inf.anomalies = limited(r.o.MaxAnomalies, inf.anomalies, cyclic, func(a check.Anomaly) check.Anomaly { return a })
	inf.partial = append(inf.partial, r.limitEdges(maxAntiDependencies)...)
	if ctx.Err() != nil {
		return inf
	}
	inf.vertices = r.hasVertices()
	inf.in = r.graph(r.row)
	inf.explain = r.explain
	return inf
}

// readInitial finds the initial version's value: nil unless the options say otherwise. Not before the scan: a list is
// known to the history's table only once a read of it was looked at.
func (r *register) readInitial() []check.Reason {
	v, err := r.o.initial()
	if err != nil {
		return []check.Reason{{Code: "bad-initial", Text: err.Error()}}
	}
	r.initial = v
	r.initialSym, r.initialSeen = r.h.Lookup(r.initial)
	return nil
}

// foreignRegisterOps says which operations aren't transactions over registers.
func foreignRegisterOps(ops []history.ID) []check.Reason {
	if len(ops) == 0 {
		return nil
	}
	return []check.Reason{{
		Code: "unexpected-txn-micro-op-types",
		Text: fmt.Sprintf("%d operations have micro-ops other than reads [:r k v] and writes [:w k v] of registers", len(ops)),
		Ops:  ops[:min(len(ops), maxExamples)],
	}}
}

// keyID is the history's name of a key.
func (r *register) keyID(k int32) history.KeyID {
	if r.keys == nil {
		return history.KeyID(k)
	}
	return r.keys[k]
}

// numKeys is how many keys the view has.
func (r *register) numKeys() int { return len(r.versionOff) - 1 }

// keyValue is a key, readable.
func (r *register) keyValue(k int32) history.Value { return r.h.Value(r.h.KeySym(r.keyID(k))) }

// isInitial tells whether v is its key's initial version.
func (r *register) isInitial(k, v int32) bool { return uint32(v) == r.versionOff[k] }

// versionValue is the value of a version of key k.
func (r *register) versionValue(k, v int32) history.Value {
	if r.isInitial(k, v) {
		return r.initial
	}
	return r.h.Value(r.values[v])
}

// touchesOf is what a node touches.
func (r *register) touchesOf(node uint32) []touch {
	return r.touches[r.touchOff[node]:r.touchOff[node+1]]
}

// keyTouches is who touches key k: places in touches, in file order.
func (r *register) keyTouches(k int) []uint32 { return r.byKey[r.keyOff[k]:r.keyOff[k+1]] }

// ok tells whether a node committed.
func (r *register) ok(node uint32) bool { return r.h.Type(r.nodes[node]) == history.OK }

// byOp orders findings as the history does.
func byOp(a, b finding) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.mop, b.mop))
}
