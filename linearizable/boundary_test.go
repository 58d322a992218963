package linearizable

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// since is what is left of a history from a start on, if only the given calls (all if nil) prove anything.
func (o *object) since(b *boundary, s start, few []int32) *object {
	rest := &object{d: o.d, init: s.state}
	end := int32(never)
	if few != nil {
		end = o.calls[few[len(few)-1]].ret
	}
	for x, c := range o.calls {
		k := o.kinds[c.kind]
		if c.ret <= b.at || s.gone[int32(x)] {
			continue
		}
		if few != nil && !slices.Contains(few, int32(x)) {
			if o.d.readOnly(k) || c.inv > end {
				continue
			}
			c.ret = never
		}
		c.kind = int32(len(rest.kinds))
		rest.kinds = append(rest.kinds, k)
		rest.calls = append(rest.calls, c)
	}
	return rest
}

// boundaryOf is the boundary nearest to the beginning that has few configurations, among the returns before the end of a pass.
func boundaryOf(o *object, end int) *boundary {
	s := newSearch(o, Options{})
	if end < 0 {
		end = len(s.moments)
	}
	find := newBoundaryFinder(s.moments, end)
	newPass(s, 0, false).run(context.Background(), find.look)
	return find.best[0]
}

func TestBoundariesLoseNothing(t *testing.T) {
	// Without this, what can still happen after a moment could be thought impossible, and be called a proof.
	for i, f := range families {
		r := rand.New(rand.NewPCG(6, uint64(i)))
		tried := 0
		for range 500 {
			for _, o := range f.random(t, r, 4+r.IntN(4)).parts() {
				b := boundaryOf(o, -1)
				if b == nil {
					continue
				}
				tried++
				any := false
				for _, s := range b.starts {
					rest := o.since(b, s, nil)
					any = any || allOrders(rest, rest.init, 0)
				}
				if want := allOrders(o, o.init, 0); any != want {
					t.Fatalf("%s: after moment %d it can be linearized: %v, want %v\n%s", f.datatype, b.at, any, want, o)
				}
			}
		}
		if tried < 50 {
			t.Errorf("%s: only %d boundaries", f.datatype, tried)
		}
	}
}

func TestEssentialSince(t *testing.T) {
	// Without this, the few operations after a boundary could prove nothing, or be more than is needed.
	for i, f := range families {
		if f.datatype == "kv" {
			continue // its traits hold for the calls of one key only
		}
		r := rand.New(rand.NewPCG(7, uint64(i)))
		told := 0
		for range 1500 {
			o := f.random(t, r, 4+r.IntN(4))
			p := newSearch(o, Options{}).run(context.Background(), 0, false)
			if p.end != stuck {
				continue
			}
			b := boundaryOf(o, p.at)
			if b == nil {
				continue
			}
			told++
			x := p.moments[p.at].call
			few, ok := o.essentialSince(context.Background(), x, DefaultBytes, b)
			if !ok {
				t.Fatalf("%s: nothing was found\n%s", f.datatype, o)
			}
			few = append(few, x)
			explained := func(few []int32) bool {
				return slices.ContainsFunc(b.starts, func(s start) bool {
					rest := o.since(b, s, few)
					return allOrders(rest, rest.init, 0)
				})
			}
			if explained(few) {
				t.Fatalf("%s: %v don't prove anything\n%s", f.datatype, few, o)
			}
			for i := range few[:len(few)-1] {
				if explained(slices.Delete(slices.Clone(few), i, i+1)) {
					continue
				}
				t.Fatalf("%s: of %v, %d isn't needed\n%s", f.datatype, few, few[i], o)
			}
		}
		if told < 5 {
			t.Errorf("%s: only %d counterexamples", f.datatype, told)
		}
	}
}
