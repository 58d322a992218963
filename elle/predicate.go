package elle

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/edn"
	"jcheck/internal/graph"
)

// closed is what one check of a closed-predicate history works on. All objects that predicates range over are known: an
// init operation gives the first ones, and transactions insert, write, delete, read and read by predicate. Each key
// should be changed by one transaction only, so that it has at most two versions, and their order is certain.
type closed struct {
	*premises
	init     uint32        // node of the init operation, or noNode
	syms     []history.Sym // key → value
	keyOf    map[history.Sym]int32
	text     bool // keys of maps are keywords for what micro-ops name by strings and numbers (JSON has no other keys)
	versions [][]objectVersion
	places   map[objectValue]int32 // the first place of a value in its key's versions
	made     [][]int32             // node → places of the versions that its micro-ops made, in their order
	tests    map[history.KeyID]test
}

// noNode is the node of nobody.
const noNode = ^uint32(0)

// life tells whether an object exists in a version.
type life uint8

const (
	live life = iota
	unborn
	dead
)

// objectValue is what one version of a key holds.
type objectValue struct {
	key  int32
	life life
	val  history.Sym // if live
}

// objectVersion is one version of a key, in the order of versions.
type objectVersion struct {
	objectValue
	by     uint32 // node that made it, or noNode
	mop    int32  // its micro-op
	writer uint32 // by, if it's what the node left behind (not overwritten in the same transaction); else noNode
}

// beforeFirst is the place of the unborn version of a key whose versions don't list it.
const beforeFirst = -1

// inferPredicate infers dependencies between transactions with predicate reads. Its work is the product of predicate
// reads and keys, since each read tells something of every key; both that and the number of edges have a limit.
func inferPredicate(ctx context.Context, p *premises) inference {
	c := &closed{premises: p, init: noNode, keyOf: map[history.Sym]int32{}, places: map[objectValue]int32{},
		made: make([][]int32, len(p.nodes)), tests: map[history.KeyID]test{}}
	inf := inference{prefer: []cycle.Rel{cycle.WW, cycle.WR, cycle.WRP, cycle.RW, cycle.RWP}}
	if inf.reasons = c.premisesHold(); len(inf.reasons) > 0 {
		return inf
	}
	c.listVersions()
	inf.reasons = append(c.readTests(), c.sameValueTwice()...)
	if len(inf.reasons) > 0 || ctx.Err() != nil {
		return inf
	}
	rows, misses, all := c.rows(ctx, defaultClosedLimits())
	if !all {
		inf.partial = []check.Reason{{Code: "too-many-dependencies", Text: "The history has too many keys for its many " +
			"predicate reads; only what its first operations tell was searched"}}
	}
	inf.anomalies = limited(p.o.MaxAnomalies, nil, misses, c.missAnomaly)
	inf.notes = c.orderNote()
	inf.in = p.graph(func(v uint32, buf []graph.Edge) []graph.Edge { return append(buf, rows[v]...) })
	inf.explain = c.explain
	return inf
}

// premisesHold finds the init operation and looks for operations that don't belong.
func (c *closed) premisesHold() []check.Reason {
	var foreign []history.ID
	var inits []history.ID
	for i := range c.h.Size() {
		id := c.h.At(i)
		if c.h.Client(id) && !c.belongs(id) {
			foreign = append(foreign, id)
		}
	}
	for v, id := range c.nodes {
		if c.h.Kind(id) == history.KindMap {
			inits = append(inits, id)
			c.init = uint32(v)
		}
	}
	switch {
	case len(foreign) > 0:
		return []check.Reason{{Code: "unexpected-txn-micro-op-types", Ops: foreign[:min(len(foreign), maxExamples)],
			Text: fmt.Sprintf("%d operations are neither :init nor transactions of [:insert k v], [:w k v], [:delete k], "+
				"[:r k v] and [:rp predicate {k v}]", len(foreign))}}
	case len(inits) > 1 || len(inits) == 1 && c.init != 0:
		return []check.Reason{{Code: "late-init", Ops: inits[:min(len(inits), maxExamples)],
			Text: "an :init operation is not the first operation, so that the first versions aren't known"}}
	}
	return nil
}

// belongs tells whether an operation is one of this workload.
func (c *closed) belongs(id history.ID) bool {
	switch c.h.Kind(id) {
	case history.KindNil:
		return true
	case history.KindMap:
		return fName(c.h, id) == "init"
	case history.KindList:
		return len(c.h.Elems(id)) == 0
	case history.KindTxn:
		mops := c.h.Mops(id)
		for i := range mops {
			if !c.mopBelongs(&mops[i]) {
				return false
			}
		}
		return true
	}
	return false
}

func (c *closed) mopBelongs(m *history.Mop) bool {
	switch m.F {
	case history.MopR, history.MopDelete:
		return m.Shape != history.Odd
	case history.MopW, history.MopInsert:
		return m.Shape == history.Scalar
	case history.MopRP:
		kind := c.h.Value(c.h.Val(m)).Kind
		return m.Shape == history.NoArg || m.Shape == history.Scalar && (kind == edn.Nil || kind == edn.Map)
	}
	return false
}

// changes tells whether a micro-op makes a version.
func changes(m *history.Mop) bool {
	return m.F == history.MopInsert || m.F == history.MopW || m.F == history.MopDelete
}

// key is the number of a key, a new one if it has none yet. A key begins unborn, unless the init operation names it.
func (c *closed) key(s history.Sym) int32 {
	if k, ok := c.keyOf[s]; ok {
		return k
	}
	k := int32(len(c.syms))
	c.keyOf[s] = k
	c.syms = append(c.syms, s)
	c.versions = append(c.versions, nil)
	c.push(objectVersion{objectValue: objectValue{key: k, life: unborn}, by: noNode, writer: noNode})
	return k
}

// push adds a version to its key.
func (c *closed) push(v objectVersion) {
	place := int32(len(c.versions[v.key]))
	if _, ok := c.places[v.objectValue]; !ok {
		c.places[v.objectValue] = place
	}
	c.versions[v.key] = append(c.versions[v.key], v)
}

// listVersions lists the versions of every key: the first one, then what possible transactions made, in the order in
// which they completed, then what those may have made whose completion wasn't recorded.
func (c *closed) listVersions() {
	c.text = c.keysAreText()
	if c.init != noNode {
		pairs := c.h.Elems(c.nodes[c.init])
		for i := 0; i+1 < len(pairs); i += 2 {
			k := c.key(c.initKey(pairs[i]))
			delete(c.places, objectValue{key: k, life: unborn})
			c.versions[k] = c.versions[k][:0]
			c.push(objectVersion{objectValue{k, live, pairs[i+1]}, c.init, 0, c.init})
		}
	}
	for v, id := range c.nodes {
		mops := c.h.Mops(id)
		for j := range mops {
			if m := &mops[j]; changes(m) {
				c.makeVersion(uint32(v), int32(j), m)
			}
		}
	}
	c.listPending()
}

// listPending lists versions of transactions that were invoked and then never heard of again, as when a run is cut off.
// They may have taken effect, so a predicate read that lacks a key may have seen it deleted by one of them. Nobody
// depends on such a transaction: it isn't a node.
func (c *closed) listPending() {
	for i := range c.h.Size() {
		id := c.h.At(i)
		if !c.h.Client(id) || c.h.Type(id) != history.Invoke || c.h.Pair(id) != history.None {
			continue
		}
		mops := c.h.Mops(id)
		for j := range mops {
			if m := &mops[j]; changes(m) {
				c.push(objectVersion{c.changed(m), noNode, int32(j), noNode})
			}
		}
	}
}

// changed is what a micro-op leaves of its key.
func (c *closed) changed(m *history.Mop) objectValue {
	val := objectValue{key: c.key(c.h.KeySym(m.Key)), life: dead}
	if m.F != history.MopDelete {
		val.life, val.val = live, c.h.Val(m)
	}
	return val
}

// makeVersion adds the version that a micro-op makes. An earlier one by the same transaction was never seen outside.
func (c *closed) makeVersion(node uint32, mop int32, m *history.Mop) {
	val := c.changed(m)
	list := c.versions[val.key]
	if last := &list[len(list)-1]; last.by == node {
		last.writer = noNode
	}
	c.made[node] = append(c.made[node], int32(len(list)))
	c.push(objectVersion{val, node, mop, node})
}

// keysAreText tells whether map keys must be read as JSON's: all keywords, where no micro-op has a keyword as its key.
func (c *closed) keysAreText() bool {
	for _, id := range c.nodes {
		mops := c.h.Mops(id)
		for j := range mops {
			if mops[j].F != history.MopRP && c.h.Value(c.h.KeySym(mops[j].Key)).Kind == edn.Keyword {
				return false
			}
		}
		for i, s := range c.h.Elems(id) {
			if i%2 == 0 && c.h.Value(s).Kind != edn.Keyword {
				return false
			}
		}
	}
	return true
}

// initKey is the key that a key of the init operation's map stands for.
func (c *closed) initKey(s history.Sym) history.Sym {
	if t, ok := c.mapKey(c.h.Value(s)); ok {
		return t
	}
	return s
}

// mapKey is the key that a map's key stands for; false if nothing else in the history mentions it.
func (c *closed) mapKey(v history.Value) (history.Sym, bool) {
	if c.text {
		if t, ok := c.h.Lookup(edn.NewString(v.Text)); ok {
			return t, true
		}
		if n, ok := edn.ParseNumber([]byte(v.Text)); ok && n.Kind == edn.Int && n.String() == v.Text {
			return c.h.Lookup(n)
		}
	}
	return c.h.Lookup(v)
}

// sameValueTwice finds a value of a key that two transactions left behind: reads of it don't tell whose it is.
func (c *closed) sameValueTwice() []check.Reason {
	writer := make(map[objectValue]uint32, len(c.places))
	for _, list := range c.versions {
		for _, v := range list {
			if v.writer == noNode {
				continue
			}
			first, ok := writer[v.objectValue]
			if ok && first != v.writer {
				return []check.Reason{{Code: "multiple-writes-of-same-value", Ops: []history.ID{c.nodes[first], c.nodes[v.writer]},
					Text: fmt.Sprintf("two operations left value %s of key %s behind, so that reads of it don't tell whose write they saw",
						c.valueOf(v.objectValue), c.keyValue(v.key))}}
			}
			writer[v.objectValue] = v.writer
		}
	}
	return nil
}

// orderNote warns where the order of versions is a guess.
func (c *closed) orderNote() []check.Note {
	n := check.Note{Code: "version-order-assumed"}
	total := 0
	for k := range c.versions {
		var by []history.ID
		for _, v := range c.versions[k] {
			if v.by != noNode && v.by != c.init && (len(by) == 0 || by[len(by)-1] != c.nodes[v.by]) {
				by = append(by, c.nodes[v.by])
			}
		}
		if len(by) < 2 {
			continue
		}
		if total++; total == 1 {
			n.Ops = by[:min(len(by), maxExamples)]
			n.Text = fmt.Sprintf("key %s was changed by %d transactions", c.keyValue(int32(k)), len(by))
		}
	}
	if total == 0 {
		return nil
	}
	n.Text = fmt.Sprintf("%d keys were changed by more than one transaction, the first being: %s; "+
		"their versions are taken to be in the order in which the transactions completed", total, n.Text)
	return []check.Note{n}
}

func (c *closed) keyValue(k int32) history.Value { return c.h.Value(c.syms[k]) }

// valueOf is a version, readable.
func (c *closed) valueOf(v objectValue) history.Value {
	switch v.life {
	case unborn:
		return edn.NewKeyword("elle/unborn")
	case dead:
		return edn.NewKeyword("elle/dead")
	}
	return c.h.Value(v.val)
}

// miss is a predicate read that lacks a key although every version of it matches.
type miss struct {
	node uint32
	mop  int32
	key  int32
}

// missAnomaly tells of such a read. Witness: the reader.
func (c *closed) missAnomaly(x miss) check.Anomaly {
	id := c.nodes[x.node]
	mop := c.h.MopValue(&c.h.Mops(id)[x.mop], false)
	values := make([]history.Value, len(c.versions[x.key]))
	for i, v := range c.versions[x.key] {
		values[i] = c.valueOf(v.objectValue)
	}
	versions := edn.NewVector(values)
	return check.Anomaly{
		Kind: "predicate-read-miss",
		Ops:  []history.ID{id},
		Fields: []history.Field{opField("op", id), {Name: "mop", Value: mop}, {Name: "key", Value: c.keyValue(x.key)},
			{Name: "versions", Value: versions}},
		Text: fmt.Sprintf("T1 read by predicate %s and did not find key %s. However, every version that the key ever had matches: %s.",
			mop.Items[1], c.keyValue(x.key), versions),
	}
}
