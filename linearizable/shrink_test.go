package linearizable

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestEssential(t *testing.T) {
	// Without this, the few operations of a counterexample could prove nothing, or be more than is needed.
	for i, f := range families {
		if f.datatype == "kv" {
			continue // its traits hold for the calls of one key only
		}
		r := rand.New(rand.NewPCG(5, uint64(i)))
		for range 600 {
			o := f.random(t, r, 4+r.IntN(4))
			p := newSearch(o, Options{}).run(context.Background(), 0, false)
			if p.end != stuck {
				continue
			}
			x := p.moments[p.at].call
			few, ok := o.essential(context.Background(), x, DefaultBytes)
			if !ok {
				t.Fatalf("%s: nothing was found\n%s", f.datatype, o)
			}
			few = append(few, x)
			if weak := o.only(few); allOrders(weak, weak.init, 0) {
				t.Fatalf("%s: %v don't prove anything\n%s", f.datatype, few, o)
			}
			for i := range few[:len(few)-1] {
				if weak := o.only(slices.Delete(slices.Clone(few), i, i+1)); !allOrders(weak, weak.init, 0) {
					t.Fatalf("%s: of %v, %d isn't needed\n%s", f.datatype, few, few[i], o)
				}
			}
		}
	}
}

// only makes all calls but the given ones such that they need not have happened: read-only ones vanish, others are optional.
func (o *object) only(calls []int32) *object {
	weak := &object{d: o.d, init: o.init}
	last := o.calls[calls[len(calls)-1]].ret
	for x, c := range o.calls {
		k := o.kinds[c.kind]
		if !slices.Contains(calls, int32(x)) {
			if o.d.readOnly(k) || c.inv > last {
				continue
			}
			c.ret = never
		}
		c.kind = int32(len(weak.kinds))
		weak.kinds = append(weak.kinds, k)
		weak.calls = append(weak.calls, c)
	}
	return weak
}
