package elle

import (
	"cmp"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/cycle"
	"jcheck/internal/edn"
)

// tell turns findings into anomalies: of each kind as many as the options allow, in history order.
func (a *appends) tell(byKey []*keyFindings, internal, future evidence, lost [][]update) []check.Anomaly {
	limit := a.p.o.MaxAnomalies
	pick := func(of func(*keyFindings) *evidence) evidence {
		var pieces []*evidence
		for _, f := range byKey {
			pieces = append(pieces, of(f))
		}
		return gatherEvidence(limit, pieces...)
	}
	var all []check.Anomaly
	all = a.add(all, pick(func(f *keyFindings) *evidence { return &f.garbage }), a.garbageRead)
	all = a.add(all, pick(func(f *keyFindings) *evidence { return &f.twice }), a.duplicateElements)
	all = a.add(all, pick(func(f *keyFindings) *evidence { return &f.g1a }), a.abortedRead)
	all = a.add(all, pick(func(f *keyFindings) *evidence { return &f.g1b }), a.intermediateRead)
	all = a.add(all, pick(func(f *keyFindings) *evidence { return &f.dirty }), a.dirtyUpdate)
	all = a.add(all, pick(func(f *keyFindings) *evidence { return &f.order }), a.incompatibleOrder)
	all = a.add(all, internal, a.internal)
	all = a.add(all, future, a.futureRead)
	return append(all, a.lostUpdates(lost)...)
}

// add appends the anomalies of one kind.
func (a *appends) add(all []check.Anomaly, e evidence, tell func(flaw) check.Anomaly) []check.Anomaly {
	for _, f := range e.list {
		anomaly := tell(f)
		anomaly.Total = e.total
		all = append(all, anomaly)
	}
	return all
}

// id is the operation at a position of the view.
func (a *appends) id(at int32) history.ID { return a.h.At(int(at)) }

func (a *appends) key(k history.KeyID) history.Value { return a.h.Value(a.h.KeySym(k)) }

// mopField is the micro-op that an anomaly is about.
func (a *appends) mopField(f flaw) history.Field {
	id := a.id(f.at)
	return history.Field{Name: "mop", Value: a.h.MopValue(&a.h.Mops(id)[f.mop], a.h.Blank(id))}
}

// briefLen is how many items of a list a sentence quotes.
const briefLen = 16

// brief is a value for a sentence: of a long list its end, where reads differ.
func brief(v history.Value) history.Value {
	items := slices.Clone(v.Items)
	for i := range items {
		items[i] = brief(items[i])
	}
	if v.Items = items; len(items) > briefLen && v.Sequential() {
		v.Items = append([]history.Value{edn.NewSymbol("...")}, items[len(items)-briefLen:]...)
	}
	return v
}

func opField(name string, id history.ID) history.Field {
	return history.Field{Name: name, Value: check.OpRef(id)}
}

// abortedRead tells of Adya's G1a. Witness: reader, writer.
func (a *appends) abortedRead(f flaw) check.Anomaly {
	el := a.h.Value(f.el)
	return check.Anomaly{
		Kind: "G1a",
		Ops:  []history.ID{a.id(f.at), a.id(f.other)},
		Fields: []history.Field{
			opField("op", a.id(f.at)), a.mopField(f), opField("writer", a.id(f.other)), {Name: "element", Value: el},
		},
		Text: fmt.Sprintf("T1 read element %s of key %s. However, T2, which appended it, had failed: "+
			"what an aborted transaction wrote must never be seen.", el, a.key(f.key)),
	}
}

// intermediateRead tells of Adya's G1b. Witness: reader, writer.
func (a *appends) intermediateRead(f flaw) check.Anomaly {
	el := a.h.Value(f.el)
	return check.Anomaly{
		Kind: "G1b",
		Ops:  []history.ID{a.id(f.at), a.id(f.other)},
		Fields: []history.Field{
			opField("op", a.id(f.at)), a.mopField(f), opField("writer", a.id(f.other)), {Name: "element", Value: el},
		},
		Text: fmt.Sprintf("T1 read key %[2]s up to element %[1]s. However, T2, which appended %[1]s, went on to append more to %[2]s: "+
			"T1 saw a state from the middle of T2.", el, a.key(f.key)),
	}
}

// internal tells of a transaction that contradicts itself. Witness: the transaction.
func (a *appends) internal(f flaw) check.Anomaly {
	want := a.expectedValue(f)
	mop := a.mopField(f)
	return check.Anomaly{
		Kind:   "internal",
		Ops:    []history.ID{a.id(f.at)},
		Fields: []history.Field{opField("op", a.id(f.at)), mop, {Name: "expected", Value: want}},
		Text: fmt.Sprintf("After what T1 itself had read and appended, it had to find %s in key %s. However, %s shows something else.",
			brief(want), a.key(f.key), brief(mop.Value)),
	}
}

// expectedValue is what the read had to show: nil, a list, or a list that begins with the symbol ... where the
// transaction couldn't know the beginning.
func (a *appends) expectedValue(f flaw) history.Value {
	mops := a.h.Mops(a.id(f.at))
	var row []int32
	for i := range f.mop + 1 {
		if mops[i].Key == f.key {
			row = append(row, i)
		}
	}
	e, _ := expected(mops, row, len(row)-1)
	items := []history.Value{edn.NewSymbol("...")}
	if e.base >= 0 {
		base := &mops[e.base]
		n, _ := readLen(base, false)
		if n < 0 && len(e.appends) == 0 {
			return history.Value{}
		}
		items = items[:0]
		if n > 0 {
			items = a.values(items, a.h.List(base.List())[:n])
		}
	}
	for _, place := range e.appends {
		items = append(items, a.h.Value(mops[place].Val()))
	}
	return edn.NewVector(items)
}

func (a *appends) values(dst []history.Value, syms []history.Sym) []history.Value {
	for _, s := range syms {
		dst = append(dst, a.h.Value(s))
	}
	return dst
}

// futureRead tells of a transaction that read its own append before making it. Witness: the transaction.
func (a *appends) futureRead(f flaw) check.Anomaly {
	el := a.h.Value(f.el)
	return check.Anomaly{
		Kind:   "future-read",
		Ops:    []history.ID{a.id(f.at)},
		Fields: []history.Field{opField("op", a.id(f.at)), a.mopField(f), {Name: "element", Value: el}},
		Text: fmt.Sprintf("T1 read element %s of key %s. However, T1 itself appended that element only afterwards.",
			el, a.key(f.key)),
	}
}

// duplicateElements tells of a read that shows one append twice. Witness: the reader.
func (a *appends) duplicateElements(f flaw) check.Anomaly {
	mop := &a.h.Mops(a.id(f.at))[f.mop]
	syms := slices.Clone(a.h.List(mop.List())[:mop.Len])
	slices.Sort(syms)
	var pairs []history.Value
	for lo := 0; lo < len(syms); {
		hi := lo + 1
		for hi < len(syms) && syms[hi] == syms[lo] {
			hi++
		}
		if hi-lo > 1 {
			pairs = append(pairs, a.h.Value(syms[lo]), edn.NewInt(int64(hi-lo)))
		}
		lo = hi
	}
	counts := edn.NewMap(pairs)
	return check.Anomaly{
		Kind:   "duplicate-elements",
		Ops:    []history.ID{a.id(f.at)},
		Fields: []history.Field{opField("op", a.id(f.at)), a.mopField(f), {Name: "duplicates", Value: counts}},
		Text: fmt.Sprintf("T1 read key %s and found element %s in it %d times. However, every element is appended once.",
			a.key(f.key), pairs[0], pairs[1].Int()),
	}
}

// garbageRead tells of an element out of thin air. Witness: the first reader.
func (a *appends) garbageRead(f flaw) check.Anomaly {
	el, key := a.h.Value(f.el), a.key(f.key)
	return check.Anomaly{
		Kind: "garbage-read",
		Ops:  []history.ID{a.id(f.at)},
		Fields: []history.Field{
			opField("op", a.id(f.at)), a.mopField(f), {Name: "key", Value: key}, {Name: "element", Value: el},
		},
		Text: fmt.Sprintf("T1 read element %s of key %s. However, no operation of the history ever appended it.", el, key),
	}
}

// incompatibleOrder tells of two reads of a key neither of which continues the other. Witness: their first readers.
func (a *appends) incompatibleOrder(f flaw) check.Anomaly {
	x, y := a.h.List(f.a.list)[:f.a.n], a.h.List(f.b.list)[:f.b.n]
	same := 0
	for x[same] == y[same] { // they part somewhere: x isn't the beginning of y
		same++
	}
	values := []history.Value{edn.NewVector(a.values(nil, x)), edn.NewVector(a.values(nil, y))}
	return check.Anomaly{
		Kind:   "incompatible-order",
		Ops:    []history.ID{a.id(f.a.at), a.id(f.b.at)},
		Fields: []history.Field{{Name: "key", Value: a.key(f.key)}, {Name: "values", Value: edn.NewVector(values)}},
		Text: fmt.Sprintf("T1 and T2 read key %s differently from place %d on: T1 found %s there and T2 %s. However, elements are "+
			"only ever appended, so one of the two reads should be the beginning of the other.",
			a.key(f.key), same+1, a.h.Value(x[same]), a.h.Value(y[same])),
	}
}

// dirtyUpdate tells of committed work on top of aborted work. Witness: the aborted writer, the committed one.
func (a *appends) dirtyUpdate(f flaw) check.Anomaly {
	key, values := a.key(f.key), edn.NewVector(a.values(nil, f.list))
	t1, t2 := a.id(f.other), a.id(f.at)
	return check.Anomaly{
		Kind: "dirty-update",
		Ops:  []history.ID{t1, t2},
		Fields: []history.Field{
			{Name: "key", Value: key}, {Name: "values", Value: values},
			{Name: "txns", Value: edn.NewVector([]history.Value{check.OpRef(t1), edn.NewSymbol("..."), check.OpRef(t2)})},
		},
		Text: fmt.Sprintf("T1 appended %s to key %s and failed. However, reads show that state, and on top of it %s, "+
			"which T2 appended and committed.", a.h.Value(f.list[0]), key, a.h.Value(f.list[len(f.list)-1])),
	}
}

// lostUpdates tells of updates that started from the same state. Witness: all that did, in history order.
func (a *appends) lostUpdates(groups [][]update) []check.Anomaly {
	limit := a.p.o.MaxAnomalies
	var all []check.Anomaly
	for i, group := range groups {
		if limit > 0 && i >= limit {
			break
		}
		mops := a.h.Mops(a.id(group[0].at))
		read := &mops[group[0].mop]
		x := lostUpdate(a.h, a.p, a.key(group[0].key), a.h.Value(a.h.Val(read)), group)
		x.Total = len(groups)
		all = append(all, x)
	}
	return all
}

// lostUpdate is the anomaly for one group of updates that read the same value of a key.
func lostUpdate(h *history.History, p *premises, key, value history.Value, group []update) check.Anomaly {
	x := check.Anomaly{Kind: "lost-update"}
	var txns []history.Value
	for _, u := range group {
		x.Ops = append(x.Ops, h.At(int(u.at)))
		txns = append(txns, check.OpRef(h.At(int(u.at))))
	}
	x.Fields = []history.Field{
		{Name: "key", Value: key}, {Name: "value", Value: value}, {Name: "txns", Value: edn.NewVector(txns)},
	}
	value = brief(value)
	x.Text = fmt.Sprintf("T1 to T%d all read key %s as %s and then wrote it. However, at most one of them can have been the "+
		"next to write: the others overwrote a state that they had not seen.", len(group), key, value)
	if len(group) == 2 {
		x.Text = fmt.Sprintf("T1 and T2 both read key %s as %s and then wrote it. However, only one of them can have been the "+
			"next to write: the other overwrote a state that it had not seen.", key, value)
	}
	return x
}

// worstFirst orders anomalies by kind, worst first, keeping the order within a kind.
func worstFirst(all []check.Anomaly) {
	slices.SortStableFunc(all, func(x, y check.Anomaly) int {
		return cmp.Or(cmp.Compare(cycle.Severity(x.Kind), cycle.Severity(y.Kind)), cmp.Compare(x.Kind, y.Kind))
	})
}
