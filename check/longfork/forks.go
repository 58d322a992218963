package longfork

import (
	"cmp"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// fork is two reads of which each shows a key as written that the other shows as absent.
type fork struct {
	a, b history.ID
	g    *group
	// inA and inB are the places in the group of a key that only a, or only b, shows.
	inA, inB int
}

// maxForks is how many pairs of reads the field lists, and maxCompared how many pairs of patterns are compared to list
// them. Whether there is a fork doesn't depend on either.
const (
	maxForks    = 1000
	maxCompared = 1 << 22
)

// forked tells whether the group has a fork: whether its patterns, by their number of keys, aren't a chain.
func (g *group) forked() bool {
	chain := slices.Clone(g.patterns)
	slices.SortStableFunc(chain, func(a, b pattern) int { return cmp.Compare(a.ones, b.ones) })
	for i := 1; i < len(chain); i++ {
		if only(chain[i-1].shown, chain[i].shown) >= 0 {
			return true
		}
	}
	return false
}

// only is the first place where a has a key and b has not; -1 if b has all of a's.
func only(a, b string) int {
	for i := range len(a) {
		if a[i] > b[i] {
			return i
		}
	}
	return -1
}

// forks are the pairs of reads that contradict each other, and how many there are; exact is false if there may be more.
func (c *checker) forks() (list []fork, total int, exact bool) {
	compared := 0
	for _, g := range c.groups {
		if !g.forked() {
			continue
		}
		for i, a := range g.patterns {
			for _, b := range g.patterns[i+1:] {
				if compared++; compared > maxCompared && total > 0 {
					return list, total, false
				}
				x, y := only(a.shown, b.shown), only(b.shown, a.shown)
				if x < 0 || y < 0 {
					continue
				}
				total += len(a.reads) * len(b.reads)
				list = g.pairs(list, a, b, x, y)
			}
		}
	}
	return list, total, true
}

// pairs adds the reads of two patterns that contradict each other, until there are maxForks.
func (g *group) pairs(list []fork, a, b pattern, inA, inB int) []fork {
	for _, ra := range a.reads {
		for _, rb := range b.reads {
			if len(list) >= maxForks {
				return list
			}
			list = append(list, fork{ra, rb, g, inA, inB})
		}
	}
	return list
}

// result is the verdict on all groups.
func (c *checker) result() check.Result {
	r := check.Result{Checker: Checker, Fields: []history.Field{
		{Name: "reads-count", Value: edn.NewInt(int64(c.reads))},
		{Name: "early-read-count", Value: edn.NewInt(int64(c.early))},
		{Name: "late-read-count", Value: edn.NewInt(int64(c.late))},
	}}
	reasons := c.reasons()
	list, total, exact := c.forks()
	if total > 0 && !(c.o.JepsenCompat && c.twice != nil) {
		r.Verdict = check.Invalid
		c.tell(&r, list, total, exact)
		return r
	}
	if c.twice != nil {
		r.Fields = append(r.Fields, history.Field{Name: "error", Value: edn.NewVector([]history.Value{
			edn.NewKeyword("multiple-writes"), c.h.Value(c.h.KeySym(c.twiceKey()))})})
	}
	r.Reasons = reasons
	if len(reasons) == 0 {
		r.Verdict = check.Valid
	}
	r.Notes = c.notes()
	return r
}

// notes are what a reader should know of a verdict.
func (c *checker) notes() []check.Note {
	notes := c.silent.ReadsWithoutValue()
	if c.reads == 0 {
		notes = append(notes, check.Note{Code: "never-read", Text: "No group of keys was read, so there was nothing to contradict"})
	}
	if size := c.groupSize(); len(c.sizes) > 1 && c.o.GroupSize == 0 {
		notes = append(notes, check.Note{Code: "other-group-sizes", Text: fmt.Sprintf(
			"Most reads are of %d keys, others of more or fewer; reads of the same keys were compared with each other", size)})
	}
	return notes
}

// tell adds the forks to a result.
func (c *checker) tell(r *check.Result, list []fork, total int, exact bool) {
	pairs := make([]history.Value, len(list))
	for i, f := range list {
		pairs[i] = edn.NewVector([]history.Value{check.OpRef(f.a), check.OpRef(f.b)})
	}
	r.Fields = append(r.Fields, history.Field{Name: "forks", Value: edn.NewVector(pairs)})
	for _, f := range list[:min(len(list), check.MaxListed)] {
		r.Anomalies = append(r.Anomalies, c.anomaly(f, total))
	}
	r.Notes = c.notes()
	if !exact || total > len(list) {
		text := fmt.Sprintf("The field forks lists %d pairs of reads of %d", len(list), total)
		if !exact {
			text += " or more"
		}
		r.Notes = append(r.Notes, check.Note{Code: "not-all-forks", Text: text})
	}
}

// anomaly is a fork in words, with the writes that it is about.
func (c *checker) anomaly(f fork, total int) check.Anomaly {
	ka, kb := f.g.keys[f.inA], f.g.keys[f.inB]
	name := func(k history.KeyID) string { return c.h.Value(c.h.KeySym(k)).String() }
	a := check.Anomaly{Kind: Kind, Ops: []history.ID{f.a, f.b}, Total: total, Fields: []history.Field{
		{Name: "keys", Value: edn.NewVector([]history.Value{c.h.Value(c.h.KeySym(ka)), c.h.Value(c.h.KeySym(kb))})}}}
	a.Text = fmt.Sprintf("T1 shows key %s written and key %s not, T2 shows key %s written and key %s not: "+
		"for T1 the write of %s came first, for T2 that of %s", name(ka), name(kb), name(kb), name(ka), name(ka), name(kb))
	wa, okA := c.written[ka]
	wb, okB := c.written[kb]
	if okA && okB {
		a.Ops = append(a.Ops, wa, wb)
		a.Text += fmt.Sprintf(". T3 writes %s, T4 writes %s", name(ka), name(kb))
	}
	return a
}
