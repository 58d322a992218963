package linearizable

import (
	"context"
	"math/rand/v2"
	"testing"

	"jcheck/check"
	"jcheck/internal/sim/objects"
)

func TestImpossible(t *testing.T) {
	// Without this, a call could be called impossible that isn't.
	for i, f := range families {
		r := rand.New(rand.NewPCG(8, uint64(i)))
		n, found := 3000, 0
		if testing.Short() {
			n = 600
		}
		for k := range n {
			o := f.random(t, r, 3+r.IntN(5))
			if k%3 == 0 {
				o = o.crashing(r)
			}
			why := o.impossible()
			if why == nil {
				continue
			}
			found++
			if allOrders(o, o.init, 0) {
				t.Fatalf("%s: call %d is impossible, but all is linearizable\n%s", f.datatype, why.calls[0], o)
			}
		}
		if found == 0 && i == 0 {
			t.Errorf("%s: no call of %d histories is impossible", f.datatype, n)
		}
	}
}

func TestImpossibleAmongMany(t *testing.T) {
	// Without this, a value out of thin air among many clients could take a search of minutes.
	h := made(t, objects.Options{Kind: objects.CASRegister, Clients: 100, Ops: 2000, Seed: 1, Foreign: true})
	r := Check(context.Background(), h, Options{Datatype: "cas-register", MaxConfigurations: 100_000})
	if r.Verdict != check.Invalid || len(r.Anomalies) != 1 {
		t.Errorf("verdict is %s with %d anomalies, want invalid and one (%v)", r.Verdict, len(r.Anomalies), r.Reasons)
	}
}
