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

// test is a predicate over versions: :true, [:= x] or [:mod m r].
type test struct {
	kind string
	want history.Sym // of [:= x]
	some bool        // the history mentions x; else no version equals it
	m, r int64       // of [:mod m r]: the version modulo m is r
}

// readTests reads the predicates of all predicate reads.
func (c *closed) readTests() []check.Reason {
	for _, id := range c.nodes {
		mops := c.h.Mops(id)
		for j := range mops {
			m := &mops[j]
			if _, known := c.tests[m.Key]; m.F != history.MopRP || known {
				continue
			}
			p := c.h.Value(c.h.KeySym(m.Key))
			t, ok := c.readTest(p)
			if !ok {
				return []check.Reason{{Code: "unknown-predicate", Ops: []history.ID{id},
					Text: fmt.Sprintf("predicate %s isn't :true, [:= x] or [:mod m r] with m other than 0", p)}}
			}
			c.tests[m.Key] = t
		}
	}
	return nil
}

// readTest reads one predicate. Its name may be a keyword, a symbol, or (from JSON) a string.
func (c *closed) readTest(p history.Value) (test, bool) {
	name := p
	if p.Kind == edn.Vector || p.Kind == edn.List {
		if len(p.Items) == 0 {
			return test{}, false
		}
		name = p.Items[0]
	}
	if name.Kind == edn.Bool && name.Bool() && len(p.Items) == 0 {
		return test{kind: "true"}, true
	}
	t := test{kind: name.Text}
	switch {
	case name.Kind != edn.Keyword && name.Kind != edn.Symbol && name.Kind != edn.String:
		return t, false
	case t.kind == "true":
		return t, len(p.Items) <= 1
	case t.kind == "=" && len(p.Items) == 2:
		t.want, t.some = c.h.Lookup(p.Items[1])
		return t, true
	case t.kind == "mod" && len(p.Items) == 3 && p.Items[1].Kind == edn.Int && p.Items[2].Kind == edn.Int:
		t.m, t.r = p.Items[1].Int(), p.Items[2].Int()
		return t, t.m != 0
	}
	return t, false
}

// matches tells whether a version fulfils a predicate. What doesn't exist never does.
func (c *closed) matches(t test, v objectValue) bool {
	if v.life != live {
		return false
	}
	switch t.kind {
	case "true":
		return true
	case "=":
		return t.some && v.val == t.want
	}
	n := c.h.Value(v.val)
	if n.Kind != edn.Int {
		return false
	}
	rest := n.Int() % t.m
	if rest != 0 && (rest < 0) != (t.m < 0) {
		rest += t.m // the remainder has the sign of the divisor
	}
	return rest == t.r
}

// dependency is one edge, with the versions and the read that tell it.
type dependency struct {
	from, to uint32
	rel      cycle.Rel
	key      int32
	at       int32 // place of the version that was read, or replaced (ww)
	next     int32 // place of the version that came later (rw, rwp, ww)
	mop      int32 // the reader's micro-op
}

// closedReader goes through transactions one by one. It may be used by one goroutine at a time.
type closedReader struct {
	*closed
	seen   []int32 // key → number of the last predicate read that returned it
	number int32
	misses []miss
	steps  int // versions looked at by predicate reads
	emit   func(dependency)
}

func (c *closed) reader(emit func(dependency)) *closedReader {
	return &closedReader{closed: c, seen: make([]int32, len(c.syms)), emit: emit}
}

// tell emits a dependency unless it's of nobody, or of a transaction on itself.
func (r *closedReader) tell(d dependency) {
	if d.from != noNode && d.to != noNode && d.from != d.to {
		r.emit(d)
	}
}

// node emits all dependencies that the micro-ops of a node tell.
func (r *closedReader) node(v uint32) {
	mops := r.h.Mops(r.nodes[v])
	ok := r.h.Type(r.nodes[v]) == history.OK
	made := r.made[v]
	for j := range mops {
		m := &mops[j]
		switch {
		case changes(m):
			r.replaced(v, int32(j), m, made[0])
			made = made[1:]
		case ok && m.F == history.MopR:
			r.item(v, int32(j), m)
		case ok && m.F == history.MopRP:
			r.predicate(v, int32(j), m)
		}
	}
}

// replaced: who made the version before comes before who replaced it.
func (r *closedReader) replaced(v uint32, mop int32, m *history.Mop, place int32) {
	k := r.keyOf[r.h.KeySym(m.Key)]
	list := r.versions[k]
	if place > 0 && list[place].writer == v {
		r.tell(dependency{list[place-1].writer, v, cycle.WW, k, place - 1, place, mop})
	}
}

// item is the read of one key.
func (r *closedReader) item(v uint32, mop int32, m *history.Mop) {
	k, ok := r.keyOf[r.h.KeySym(m.Key)]
	if !ok {
		return
	}
	place, ok := r.resolve(k, r.h.Val(m))
	if !ok {
		return
	}
	list := r.versions[k]
	if place >= 0 {
		r.tell(dependency{list[place].writer, v, cycle.WR, k, place, place, mop})
	}
	if next := place + 1; int(next) < len(list) {
		r.tell(dependency{v, list[next].writer, cycle.RW, k, place, next, mop})
	}
}

// resolve finds the version that an item read showed. Nothing shown means unborn or dead; where the key may have been
// either, or nil was written, it can't be told.
func (r *closedReader) resolve(k int32, val history.Sym) (place int32, ok bool) {
	place, written := r.places[objectValue{k, live, val}]
	if val != history.Nil {
		return place, written
	}
	list := r.versions[k]
	first, last := list[0].life == unborn, list[len(list)-1].life == dead
	switch {
	case written || first && last:
		return 0, false
	case first:
		return 0, true
	case last:
		return int32(len(list)) - 1, true
	}
	return beforeFirst, true
}

// predicate is a read of all keys at once: what it returned, and for every other key a version that doesn't match.
func (r *closedReader) predicate(v uint32, mop int32, m *history.Mop) {
	t := r.tests[m.Key]
	r.number++
	items := r.h.Value(r.h.Val(m)).Items
	for i := 0; i+1 < len(items); i += 2 {
		s, ok := r.mapKey(items[i])
		k, known := r.keyOf[s]
		if !ok || !known {
			continue
		}
		r.seen[k] = r.number
		val, ok := r.h.Lookup(items[i+1])
		if place, written := r.places[objectValue{k, live, val}]; ok && written {
			r.member(v, mop, t, k, place)
		}
	}
	for k := range r.versions {
		if r.seen[k] == r.number {
			continue
		}
		r.steps += len(r.versions[k])
		switch place, others := r.mismatch(t, k); {
		case others == 1:
			r.member(v, mop, t, int32(k), place)
		case others == 0: // an anomaly of its own, from which nothing else follows
			r.misses = append(r.misses, miss{v, mop, int32(k)})
		}
	}
}

// mismatch counts the versions of a key that don't match, and tells the place of one.
func (r *closedReader) mismatch(t test, k int) (place int32, count int) {
	for i, v := range r.versions[k] {
		if !r.matches(t, v.objectValue) {
			place = int32(i)
			count++
		}
	}
	return place, count
}

// member is one version of the set that a predicate read saw: the reader comes after who wrote it, and before whoever
// changed afterwards whether the key matches.
func (r *closedReader) member(v uint32, mop int32, t test, k, place int32) {
	list := r.versions[k]
	matched := false
	if place >= 0 {
		matched = r.matches(t, list[place].objectValue)
		r.tell(dependency{list[place].writer, v, cycle.WRP, k, place, place, mop})
	}
	for next := int(place) + 1; next < len(list); next++ {
		if r.matches(t, list[next].objectValue) != matched {
			r.tell(dependency{v, list[next].writer, cycle.RWP, k, place, int32(next), mop})
		}
	}
}

// closedLimits bounds the work: each predicate read looks at all versions of all keys, and may depend on each.
type closedLimits struct {
	steps int // versions looked at
	edges int
}

// defaultClosedLimits are a few seconds and half a gigabyte.
func defaultClosedLimits() closedLimits { return closedLimits{steps: 1 << 29, edges: 1 << 25} }

// rows collects the predecessors of every node, as far as the limits allow; all says whether those are all.
func (c *closed) rows(ctx context.Context, most closedLimits) (rows [][]graph.Edge, misses []miss, all bool) {
	rows = make([][]graph.Edge, len(c.nodes))
	total := 0
	r := c.reader(func(d dependency) {
		row := rows[d.to]
		if n := len(row); n > 0 && row[n-1].To == d.from { // repetitions come close together
			row[n-1].Rel |= uint8(d.rel)
			return
		}
		total++
		rows[d.to] = append(row, graph.Edge{To: d.from, Rel: uint8(d.rel)})
	})
	for v := range uint32(len(c.nodes)) {
		if total > most.edges || r.steps > most.steps || v%64 == 0 && ctx.Err() != nil {
			return rows, r.misses, false
		}
		r.node(v)
	}
	return rows, r.misses, true
}

// explain says why the transaction of e.a must come before that of e.b. Reads tell of what leads into them and out of
// them, changes of what they replaced.
func (c *closed) explain(e edge) check.Step {
	teller := e.b
	if e.rel == cycle.RW || e.rel == cycle.RWP {
		teller = e.a
	}
	var why *dependency
	c.reader(func(d dependency) {
		if why == nil && d.from == e.a && d.to == e.b && d.rel == e.rel {
			why = &d
		}
	}).node(teller)
	if why == nil {
		panic(fmt.Sprintf("elle: internal error: no object explains relation %d from node %d to node %d", e.rel, e.a, e.b))
	}
	return c.step(e, *why)
}

// step tells a dependency.
func (c *closed) step(e edge, d dependency) check.Step {
	key, list := c.keyValue(d.key), c.versions[d.key]
	at := objectValue{life: unborn}
	if d.at >= 0 {
		at = list[d.at].objectValue
	}
	val, next := c.valueOf(at), c.valueOf(list[max(d.next, 0)].objectValue)
	s := check.Step{Fields: []history.Field{{Name: "key", Value: key}, {Name: "value", Value: val}}}
	if d.rel&(cycle.WW|cycle.RW|cycle.RWP) != 0 {
		s.Fields = append(s.Fields, history.Field{Name: "value'", Value: next})
	}
	aMop, bMop := int32(0), list[max(d.next, 0)].mop
	switch {
	case d.rel&(cycle.RW|cycle.RWP) != 0:
		aMop = d.mop
	case d.rel&(cycle.WR|cycle.WRP) != 0:
		aMop, bMop = list[d.at].mop, d.mop
	default:
		aMop = list[d.at].mop
	}
	s.Fields = append(s.Fields, history.Field{Name: "a-mop-index", Value: edn.NewInt(int64(aMop))},
		history.Field{Name: "b-mop-index", Value: edn.NewInt(int64(bMop))})
	switch d.rel {
	case cycle.WW:
		s.Type, s.Text = "ww", fmt.Sprintf("%s left key %s as %s, and %s replaced that by %s", e.ta, key, val, e.tb, next)
	case cycle.WR:
		s.Type, s.Text = "wr", fmt.Sprintf("%s left key %s as %s, and %s read it so", e.ta, key, val, e.tb)
	case cycle.RW:
		s.Type, s.Text = "rw", fmt.Sprintf("%s read key %s as %s, and %s replaced that by %s", e.ta, key, val, e.tb, next)
	case cycle.WRP:
		read := c.predicateField(e.b, d.mop)
		s.Type, s.Fields = "wrp", append(s.Fields, read)
		s.Text = fmt.Sprintf("%s left key %s as %s, which %s saw in its predicate read %s", e.ta, key, val, e.tb, read.Value)
	default:
		read := c.predicateField(e.a, d.mop)
		s.Type = "rwp"
		s.Fields = append(s.Fields, history.Field{Name: "predicate?", Value: edn.NewBool(true)}, read)
		s.Text = fmt.Sprintf("%s saw key %s as %s in its predicate read %s, and %s made it %s, which changes whether it matches",
			e.ta, key, val, read.Value, e.tb, next)
	}
	return s
}

// predicateField is the predicate read that tells a dependency.
func (c *closed) predicateField(node uint32, mop int32) history.Field {
	return history.Field{Name: "predicate-read", Value: c.h.MopValue(&c.h.Mops(c.nodes[node])[mop], false)}
}
