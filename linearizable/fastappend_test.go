package linearizable

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// appendFamily is a key that is put and appended to. Gets may show any of the texts behind one another.
func appendFamily() family {
	f := family{datatype: "kv", rows: [][]string{{`append [:a "x"]`}, {`append [:a "y"]`}, {`append [:a "zz"]`}, {`append [:a "w"]`}, {`put [:a "p"]`}, {`put [:a "q"]`}}}
	gets := []string{"get [:a nil]"}
	appended := []string{"x", "y", "zz", "w"}
	var grow func(text string, used int)
	grow = func(text string, used int) {
		if text != "" {
			gets = append(gets, fmt.Sprintf("get [:a %q]", text))
		}
		for i, a := range appended {
			if used>>i&1 == 0 {
				grow(text+a, used|1<<i)
			}
		}
	}
	for _, start := range []string{"", "p", "q"} {
		grow(start, 0)
	}
	f.rows = append(f.rows, gets, gets, gets)
	return f
}

func TestFastAppends(t *testing.T) {
	// Without this, the verdict on appends without a search could differ from what trying all orders finds.
	f, r := appendFamily(), rand.New(rand.NewPCG(4, 1))
	n, applied, invalid := 30_000, 0, 0
	if testing.Short() {
		n = 4000
	}
	for i := range n {
		o := f.random(t, r, 3+r.IntN(5))
		if i%3 == 0 {
			o = o.crashing(r)
		}
		if len(o.calls) == 0 {
			continue
		}
		why, applies := o.d.fast(o)
		if !applies {
			continue
		}
		applied++
		want := allOrders(o, o.init, 0)
		if got := why == nil; got != want {
			t.Fatalf("linearizable is %v, want %v (%v)\n%s", got, want, why, o)
		}
		if !want {
			invalid++
		}
	}
	if applied < n/3 || invalid < applied/50 || invalid > applied*49/50 {
		t.Errorf("of %d random histories the quick way applies to %d, of which %d are invalid: too few of one sort", n, applied, invalid)
	}
}

func TestFastAppendsFallsThrough(t *testing.T) {
	// Without this, texts that can be taken apart in two ways could be judged by one of them.
	for _, rows := range [][]string{{`append [:a "x"]`, `append [:a "xy"]`}, {`append [:a "x"]`, `put [:a "x"]`}, {`append [:a "x"]`, `append [:a ""]`},
		{`append [:a "x"]`, `delete [:a nil]`}, {`append [:a "x"]`, `append [:a 5]`}, {`append [:a "x"]`, `cas [:a ["x" "y"]]`}} {
		d, err := Find("kv")
		if err != nil {
			t.Fatal(err)
		}
		o := &object{d: d, init: ""}
		for i, text := range rows {
			o.kinds = append(o.kinds, callOf(text))
			o.calls = append(o.calls, call{inv: int32(2 * i), ret: int32(2*i + 1), kind: int32(i)})
		}
		if why, applies := d.fast(o); applies {
			t.Errorf("%v: the quick way applies: %v", rows, why)
		}
	}
}
