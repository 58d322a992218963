package sim

import (
	"math/rand/v2"
	"strconv"

	"jcheck/history"
)

// dead is the version of a deleted row. Real versions are never negative.
const dead = -1

// mutations is what a transaction may do to a row, by its key modulo 3: rows to insert are unborn at first.
var mutations = [...]string{"insert", "w", "delete"}

// Row is a key and its version.
type Row struct{ Key, Value int64 }

// Predicate is a condition on versions: any if Mod is 0 and Equal isn't set, else v = Equal, else v mod Mod = Rest.
type Predicate struct {
	Equal     *int64
	Mod, Rest int64
}

func (p *Predicate) match(v int64) bool {
	switch {
	case v == dead:
		return false
	case p.Equal != nil:
		return v == *p.Equal
	}
	return p.Mod == 0 || v%p.Mod == p.Rest
}

func (p *Predicate) append(dst []byte, f *form) []byte {
	name, args := "true", []int64(nil)
	switch {
	case p.Equal != nil:
		name, args = "=", []int64{*p.Equal}
	case p.Mod != 0:
		name, args = "mod", []int64{p.Mod, p.Rest}
	}
	if args != nil {
		dst = append(dst, '[')
	}
	dst = append(append(append(append(dst, f.word...), f.quote...), name...), f.quote...)
	for _, n := range args {
		dst = strconv.AppendInt(append(dst, f.sep...), n, 10)
	}
	if args != nil {
		dst = append(dst, ']')
	}
	return dst
}

func appendRows(dst []byte, rows []Row, f *form) []byte {
	dst = append(dst, '{')
	for i, r := range rows {
		if i > 0 {
			dst = append(dst, f.before...)
		}
		dst = strconv.AppendInt(append(dst, f.quote...), r.Key, 10)
		dst = append(append(dst, f.quote...), f.colon...)
		dst = strconv.AppendInt(dst, r.Value, 10)
	}
	return append(dst, '}')
}

// rows makes the transactions of closed-predicate.
type rows struct {
	o    Options
	rng  *rand.Rand
	todo []int64 // keys still to be mutated, in random order
	next int64   // the next new version
}

func newRows(o Options, rng *rand.Rand) *rows {
	g := &rows{o: o, rng: rng, next: 2}
	for _, k := range rng.Perm(o.KeyCount) {
		g.todo = append(g.todo, int64(k))
	}
	return g
}

// txn is the next transaction; nil once all rows have changed.
func (g *rows) txn() []Mop {
	if len(g.todo) == 0 {
		return nil
	}
	n := g.o.MinTxnLen + g.rng.IntN(g.o.MaxTxnLen-g.o.MinTxnLen+1)
	mops := make([]Mop, 0, n)
	for len(mops) < n {
		m := Mop{Key: g.rng.Int64N(int64(g.o.KeyCount))}
		switch g.rng.IntN(3) {
		case 0: // one row
		case 1:
			m.Pred = g.predicate()
		case 2:
			if len(g.todo) == 0 {
				return mops
			}
			m.Write, m.Key, m.Value = true, g.todo[0], g.next
			g.todo = g.todo[1:]
			if mutations[m.Key%int64(len(mutations))] == "delete" {
				m.Value = dead
			} else {
				g.next++
			}
		}
		mops = append(mops, m)
	}
	return mops
}

// predicate draws a condition. Where anomalies are woven in, their rows are to match no other predicate, or the reads that
// can't show them would be stale: so there is no :true, and none modulo 2, 3 or 4 asks for 1.
func (g *rows) predicate() *Predicate {
	kind := g.rng.IntN(3)
	if kind == 0 && len(g.o.Inject) > 0 {
		kind = 1
	}
	switch kind {
	case 0:
		return &Predicate{}
	case 1:
		v := g.rng.Int64N(g.next)
		return &Predicate{Equal: &v}
	}
	mod := 2 + g.rng.Int64N(3)
	p := &Predicate{Mod: mod, Rest: g.rng.Int64N(mod)}
	if p.Rest == 1 && len(g.o.Inject) > 0 {
		p.Rest = 0
	}
	return p
}

// initialise makes the rows that are there before the first transaction, by an operation of their own.
func (r *run) initialise() {
	r.store.keep = true
	var init []Row
	for k := range int64(r.o.KeyCount) {
		r.store.hold([]Mop{{Key: k}})
		if mutations[k%int64(len(mutations))] != "insert" {
			init = append(init, Row{k, r.rng.Int64N(2)})
			r.store.cells[k].elems = []int64{init[len(init)-1].Value}
			r.store.cells[k].at = []int64{0}
		}
	}
	for _, p := range r.pending {
		init = append(init, p.script.rows...)
	}
	for _, typ := range []history.Type{history.Invoke, history.OK} {
		if r.err == nil {
			r.now += thinkNS
			r.index++
			r.err = r.emit(&Op{Index: r.index - 1, Time: r.now, Type: typ, Workload: ClosedPredicate, Init: init})
		}
	}
}

// readRows is the predicate read m as t sees it.
func (r *run) readRows(t *txn, m Mop) Mop {
	m.Known = true
	for k := range int64(r.o.KeyCount) {
		versions := r.versions(t, k, r.store.cells[k])
		if n := len(versions); n > 0 && m.Pred.match(versions[n-1]) {
			m.Rows = append(m.Rows, Row{k, versions[n-1]})
		}
	}
	return m
}
