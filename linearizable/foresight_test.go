package linearizable

import (
	"context"
	"math/rand/v2"
	"testing"
)

// listFamily is a list whose elements are appended more than once.
func listFamily() family {
	return family{datatype: "list-append", rows: [][]string{{"append [:a 1]"}, {"append [:a 1]"}, {"append [:a 2]"},
		{"read [:a nil]", "read [:a [1]]", "read [:a [2]]", "read [:a [1 1]]", "read [:a [1 2]]", "read [:a [2 1]]", "read [:a [1 1 2]]", "read [:a [2 1 1]]"},
		{"read [:a nil]", "read [:a [1]]", "read [:a [2]]", "read [:a [1 2]]", "read [:a [2 1]]", "read [:a [1 2 1]]"}}}
}

func TestForesight(t *testing.T) {
	// Without this, a configuration could be given up that leads to a linearization, or the place where a history fails
	// be told wrongly: foresight gets stuck before it.
	for i, f := range []family{appendFamily(), listFamily()} {
		r := rand.New(rand.NewPCG(6, uint64(i)))
		n, foreseen, invalid := 8000, 0, 0
		if testing.Short() {
			n = 1500
		}
		for k := range n {
			o := f.random(t, r, 3+r.IntN(5))
			if k%3 == 0 {
				o = o.crashing(r)
			}
			s := newSearch(o, Options{})
			if s.foresight = o.foresee(); s.foresight == nil {
				continue
			}
			foreseen++
			want := allOrders(o, o.init, 0)
			if got := s.run(context.Background(), 0, false).end == reached; got != want {
				t.Fatalf("%s: linearizable is %v, want %v\n%s", f.datatype, got, want, o)
			}
			if want {
				continue
			}
			invalid++
			plain := newSearch(o, Options{})
			where := plain.moments[plain.run(context.Background(), 0, false).at].call
			tr := &trial{search: newSearch(o, Options{}), by: SearchEngine}
			tr.foresight = o.foresee()
			tr.try(context.Background(), 0)
			if got := tr.why.calls[0]; got != where || tr.end != stuck || tr.moments[tr.at].call != where {
				t.Fatalf("%s: call %d can't be explained, want %d (ended with %d at %d)\n%s", f.datatype, got, where, tr.end, tr.at, o)
			}
		}
		if foreseen < n/2 || invalid < n/100 {
			t.Errorf("%s: something can be foreseen in %d of %d histories, of which %d are invalid: too few", f.datatype, foreseen, n, invalid)
		}
	}
}
