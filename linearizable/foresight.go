package linearizable

import (
	"cmp"
	"context"
	"slices"
)

// foresight drops configurations that can't come to what was read later. Where calls only add to a value, as appends do,
// a state that isn't the beginning of the next answer leads there only by an overwriting call. If all of these that could
// have made the answer possible have returned, the configuration is as good as dead: without foresight it would be kept,
// with all other orders of the calls that are open, until the answer is given.
//
// A search that looks ahead gets stuck before the call that can't be explained. So it decides, and then where the history
// fails is found by searching beginnings of it.
type foresight struct {
	readers []int32 // calls with an answer that change nothing, in order of return
	rescue  []int32 // for each, until when an overwriting call can still make it possible; -1 if none can
}

// The bounds of foresight: kinds of reads times kinds of overwriting calls, that are compared with each other; and how many
// answers it looks ahead in a configuration.
const (
	maxForesight = 1 << 20
	lookahead    = 8
)

// foresee is what can be foreseen of a part, nil if nothing.
func (o *object) foresee() *foresight {
	if o.d.ahead == nil || len(o.calls) == 0 {
		return nil
	}
	var reads, overs []int32
	called := o.called()
	for k, c := range o.kinds {
		switch {
		case !called[k]:
		case o.d.readOnly(c):
			reads = append(reads, int32(k))
		case o.d.overwrites(c):
			overs = append(overs, int32(k))
		case !o.d.adds(c):
			return nil
		}
	}
	if len(reads) == 0 || len(reads)+len(overs) == countTrue(called) || len(reads)*len(overs) > maxForesight {
		return nil
	}
	f := &foresight{}
	for x, c := range o.calls {
		if k := o.kinds[c.kind]; c.ret != never && k.Outcome == OK && o.d.readOnly(k) {
			f.readers = append(f.readers, int32(x))
		}
	}
	slices.SortFunc(f.readers, func(a, b int32) int { return cmp.Compare(o.calls[a].ret, o.calls[b].ret) })
	f.findRescues(o, reads, overs)
	return f
}

func countTrue(all []bool) (n int) {
	for _, b := range all {
		if b {
			n++
		}
	}
	return n
}

// findRescues finds until when each answer may be made possible by a call that overwrites.
func (f *foresight) findRescues(o *object, reads, overs []int32) {
	makes := make(map[int32][]int32) // kind of read → overwriting kinds that it may come after
	for _, w := range overs {
		next, reason := o.d.Step(o.init, o.kinds[w])
		for _, r := range reads {
			if reason == "" && o.d.ahead(next, o.kinds[r]) {
				makes[r] = append(makes[r], w)
			}
		}
	}
	calls := make([][]int32, len(o.kinds)) // kind → calls that overwrite
	for x, c := range o.calls {
		if o.d.overwrites(o.kinds[c.kind]) {
			calls[c.kind] = append(calls[c.kind], int32(x))
		}
	}
	for _, r := range f.readers {
		latest := int32(-1)
		for _, w := range makes[o.calls[r].kind] {
			for _, x := range calls[w] {
				if o.calls[x].inv < o.calls[r].ret {
					latest = max(latest, o.calls[x].ret)
				}
			}
		}
		f.rescue = append(f.rescue, latest)
	}
}

// hopeless tells whether a configuration can't come to one of the next answers.
func (p *pass) hopeless(d *config) bool {
	f := p.foresight
	if f == nil {
		return false
	}
	now := p.moments[p.at].at
	for ; p.nextReader < len(f.readers) && p.obj.calls[f.readers[p.nextReader]].ret < now; p.nextReader++ {
	}
	for i := p.nextReader; i < min(len(f.readers), p.nextReader+lookahead); i++ {
		c := p.obj.calls[f.readers[i]]
		if f.rescue[i] >= now {
			continue
		}
		if w, bit := p.bitOf(f.readers[i]); c.inv < now && d.words[p.width+w]&bit == 0 {
			continue // it has taken effect
		}
		if !p.obj.d.ahead(p.states.all[d.state], p.obj.kinds[c.kind]) {
			return true
		}
	}
	return false
}

// pinpoint finds the return at which a part fails that a search with foresight has refuted, and goes on without, to tell
// what happened there.
func (t *trial) pinpoint(ctx context.Context, beam int) {
	var returns []int
	for i, m := range t.moments {
		if m.ret {
			returns = append(returns, i)
		}
	}
	wrong, known := firstWrong(len(returns), func(i int) ending {
		begin := *t.search
		begin.moments = t.moments[:returns[i]+1]
		begin.foresight = t.foresight.until(t.obj, begin.moments[returns[i]].at)
		end := begin.run(ctx, beam, false).end
		t.tried = begin.tried
		return end
	})
	if !known {
		wrong = len(returns) - 1
	}
	t.why = notExplained(func(i int) int32 { return t.moments[returns[i]].call }, wrong, known)
	t.foresight = nil
}

// until is the foresight of what was answered up to a moment.
func (f *foresight) until(o *object, at int32) *foresight {
	n, _ := slices.BinarySearchFunc(f.readers, at+1, func(x, at int32) int { return cmp.Compare(o.calls[x].ret, at) })
	return &foresight{f.readers[:n], f.rescue[:n]}
}
