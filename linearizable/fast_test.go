package linearizable

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

// collections are random histories in which each element is put in once.
var collections = []family{
	{"fifo-queue", false, [][]string{{"enqueue 0"}, {"dequeue 0"}}},
	{"unordered-queue", false, [][]string{{"enqueue 0"}, {"dequeue 0"}}},
	{"priority-queue", false, [][]string{{"insert 0"}, {"delete-min 0"}}},
	{"stack", false, [][]string{{"push 0"}, {"pop 0"}}},
}

// randomElements is random with different elements: what is taken out is mostly what would be, in the hidden order.
func (f family) randomElements(tb testing.TB, r *rand.Rand, n int) *object {
	o := f.random(tb, r, n)
	if r.IntN(4) == 0 {
		o.begin(tb, f.datatype)
	}
	hidden := slices.SortedFunc(slices.Values(o.calls), func(a, b call) int { return int(a.id - b.id) })
	o.kinds, o.calls = nil, nil
	state, elements := o.init, r.Perm(n)
	for _, c := range hidden {
		k := callOf(f.rows[r.IntN(2)][0])
		if k.F == o.d.Functions[0] {
			k.Value = callOf(fmt.Sprintf("put %d", 10+elements[len(o.kinds)])).Value
		} else {
			terms, _ := split(state.(string), -1)
			if len(terms) == 0 {
				continue
			}
			r.Shuffle(len(terms), func(i, j int) { terms[i], terms[j] = terms[j], terms[i] })
			for _, t := range terms {
				if k.Value = t; r.IntN(4) > 0 {
					if _, reason := o.d.Step(state, k); reason == "" {
						break
					}
				}
			}
		}
		if r.IntN(30) == 0 && k.F != o.d.Functions[0] {
			k.Value = callOf(fmt.Sprintf("take %d", 10+r.IntN(n))).Value
		}
		if c.ret == never {
			k.Outcome = Crashed
		}
		if next, reason := o.d.Step(state, k); reason == "" && (c.ret != never || r.IntN(2) == 0) {
			state = next
		}
		c.kind = int32(len(o.kinds))
		o.kinds = append(o.kinds, k)
		if k.Outcome != Crashed || !o.d.readOnly(k) {
			o.calls = append(o.calls, c)
		}
	}
	return o.inOrder()
}

// fastFamilies are random histories that the quick ways often apply to.
var fastFamilies = []struct {
	family
	proves bool // the calls of a proof are wrong by themselves
}{
	{family{"set", false, [][]string{{"add 1"}, {"add 2"}, {"add 3"}, setReads, setReads}}, true},
	{family{"list-append", false, [][]string{{"append [1 1]"}, {"append [1 2]"}, {"append [1 3]"}, {"append [1 4]"}, listReads, listReads}}, true},
	{family{"versioned-register", false, [][]string{answers("write [%d 1]", 4), answers("write [%d 2]", 4), answers("cas [%d [1 2]]", 4),
		slices.Concat(answers("read [%d 1]", 4), answers("read [%d 2]", 4))}}, false},
	{family{"versioned-register", false, [][]string{answers("write [%d 1]", 5), answers("write [%d 2]", 5), answers("write [%d 3]", 5), slices.Concat(answers("read [%d 1]", 5), answers("read [%d 2]", 5))}}, false},
	{family{"counter", false, [][]string{{"add 2"}, {"inc 2"}, answers("read %d", 9), answers("read %d", 9)}}, false},
	{family{"counter", false, [][]string{{"add 1"}, {"dec 2"}, answers("read %d", 4)}}, false},
}

var (
	setReads  = []string{"read #{}", "read #{1}", "read #{2}", "read #{1 2}", "read [1 2 2]", "read #{1 3}", "read #{1 2 3}", "read nil", "read #{9}"}
	listReads = []string{"read [1 nil]", "read [1 [1]]", "read [1 [2]]", "read [1 [1 2]]", "read [1 [2 1]]", "read [1 [3 1 2]]",
		"read [1 [1 2 3]]", "read [1 [2 1 3 4]]", "read [1 [1 2 3 4]]", "read [1 [4 3]]", "read [1 [4]]", "read [1 [3]]"}
)

func answers(format string, n int) (row []string) {
	for i := range n + 1 {
		row = append(row, fmt.Sprintf(format, i))
	}
	return row
}

// optionalBut makes all calls but the given ones optional: they need not have happened, but if they did, with what they
// answered.
func (o *object) optionalBut(calls []int32) *object {
	weak := &object{d: o.d, init: o.init, kinds: o.kinds}
	for x, c := range o.calls {
		if !slices.Contains(calls, int32(x)) {
			if o.d.readOnly(o.kinds[c.kind]) {
				continue
			}
			c.ret = never
		}
		weak.calls = append(weak.calls, c)
	}
	return weak
}

func TestFastAgainstAllOrders(t *testing.T) {
	// Without this, a verdict without a search could differ from what trying all orders finds.
	for i, f := range fastFamilies {
		tried := &fastTrial{family: f.family, proves: f.proves}
		r := rand.New(rand.NewPCG(5, uint64(i)))
		for range howMany(20_000, 2000) {
			o := f.random(t, r, 3+r.IntN(6))
			if r.IntN(4) == 0 {
				o.begin(t, f.datatype)
			}
			tried.try(t, r, o)
		}
		tried.end(t, 10)
	}
}

func TestFastCollectionsAgainstAllOrders(t *testing.T) {
	// Without this, the verdict on a queue or stack without a search could differ from what trying all orders finds.
	for i, f := range collections {
		tried := &fastTrial{family: f, proves: true}
		r := rand.New(rand.NewPCG(6, uint64(i)))
		for range howMany(30_000, 3000) {
			tried.try(t, r, f.randomElements(t, r, 3+r.IntN(7)))
		}
		tried.end(t, 2)
	}
}

// fastTrial compares a quick way with all orders.
type fastTrial struct {
	family
	proves                  bool
	tried, applied, invalid int
}

func (f *fastTrial) try(t *testing.T, r *rand.Rand, o *object) {
	t.Helper()
	if len(o.calls) == 0 {
		return
	}
	recorded := true
	if r.IntN(4) == 0 { // as counterexamples are made
		recorded = false
		keep := make([]int32, len(o.calls)-r.IntN(len(o.calls)))
		for i := range keep {
			keep[i] = int32(r.IntN(len(o.calls)))
		}
		if o = o.optionalBut(keep); len(o.calls) == 0 {
			return
		}
	}
	f.tried++
	why, applies := o.d.fast(o)
	if !applies {
		if why != nil {
			t.Fatalf("%s: a proof by what doesn't apply: %v\n%s", f.datatype, why, o)
		}
		return
	}
	f.applied++
	want := allOrders(o, o.init, 0)
	if got := why == nil; got != want {
		t.Fatalf("%s from %v: linearizable is %v, want %v (%v)\n%s", f.datatype, o.d.Show(o.init), got, want, why, o)
	}
	if want {
		if recorded && o.d.order != nil {
			if err := o.replays(o.d.order(o)); err != nil {
				t.Fatalf("%s from %v: the order is wrong: %v\n%s", f.datatype, o.d.Show(o.init), err, o)
			}
		}
		return
	}
	f.invalid++
	if recorded && o.d.alone != nil {
		if few := o.d.alone(o, why.calls); allOrders(few, few.init, 0) {
			t.Fatalf("%s from %v: %q about %v is right by itself\n%s\n%s", f.datatype, o.d.Show(o.init), why.text, why.calls, few, o)
		}
	}
	if weak := o.optionalBut(why.calls); f.proves && allOrders(weak, weak.init, 0) {
		t.Fatalf("%s from %v: %q about %v doesn't prove anything\n%s", f.datatype, o.d.Show(o.init), why.text, why.calls, o)
	}
}

// end tells if the histories were too alike: the quick way must apply to one in so many.
func (f *fastTrial) end(t *testing.T, oneIn int) {
	t.Helper()
	t.Logf("%s: applies to %d of %d, of which %d are invalid", f.datatype, f.applied, f.tried, f.invalid)
	if f.applied < f.tried/oneIn || f.invalid < f.applied/50 || f.invalid > f.applied*49/50 {
		t.Errorf("%s: of %d random histories the quick way applies to %d, of which %d are invalid: too few of one sort", f.datatype, f.tried, f.applied, f.invalid)
	}
}

// begin lets a history begin with another state than the usual one.
func (o *object) begin(tb testing.TB, datatype string) {
	tb.Helper()
	text := "[6 5]"
	switch {
	case datatype == "counter":
		text = "2"
	case datatype == "versioned-register":
		text = "[1 1]"
	case datatype == "list-append":
		text = "{1 [2 1]}"
	case strings.HasPrefix(datatype, "set"):
		text = "#{1}"
	}
	init, err := o.d.Init(callOf("initial " + text).Value.Value())
	if err != nil {
		tb.Fatal(err)
	}
	o.init = init
}

func TestFastAgainstTheSearch(t *testing.T) {
	// Without this, what only goes wrong where more elements are there than all orders can be tried of could go unnoticed.
	for i, f := range collections {
		r := rand.New(rand.NewPCG(7, uint64(i)))
		n, decided, invalid := howMany(600, 60), 0, 0
		for range n {
			o := f.randomElements(t, r, 10+r.IntN(25))
			why, applies := o.d.fast(o)
			if !applies {
				continue
			}
			end := newSearch(o, Options{MaxConfigurations: 20_000}).run(t.Context(), 0, false).end
			if end != reached && end != stuck {
				continue
			}
			decided++
			if end == stuck {
				invalid++
			}
			if (why == nil) != (end == reached) {
				t.Fatalf("%s from %v: linearizable is %v (%v), want %v\n%s", f.datatype, o.d.Show(o.init), why == nil, why, end == reached, o)
			}
		}
		t.Logf("%s: %d decided, %d invalid", f.datatype, decided, invalid)
		if decided < n/3 || invalid < decided/50 || invalid > decided*49/50 {
			t.Errorf("%s: of %d random histories %d are invalid: too few of one sort", f.datatype, decided, invalid)
		}
	}
}

func TestOrdersOfManyCalls(t *testing.T) {
	// Without this, a witness of a history that is decided at once could take a search that doesn't end, or be missing.
	for _, name := range []string{"register", "cas-register", "fifo-queue", "stack", "priority-queue", "set"} {
		w := workload{datatype: name, clients: 10, ops: 3000}
		r, found := Witness(t.Context(), w.history(t), Options{Datatype: name, MaxConfigurations: 1})
		if r.Verdict != check.Valid || len(found) != 1 || hasNote(r, noWitness) {
			t.Errorf("%s: %s with %d orders and the notes %v, want valid with one", name, r.Verdict, len(found), r.Notes)
		}
	}
}

func TestFastWorkloadsAgainstTheSearch(t *testing.T) {
	// Without this, what only goes wrong with more values than all orders can be tried of could go unnoticed.
	for i, name := range []string{"register", "cas-register", "kv", "list-append", "versioned-register", "counter", "set"} {
		r := rand.New(rand.NewPCG(8, uint64(i)))
		n, decided, invalid := howMany(300, 60), 0, 0
		for range n {
			w := workload{datatype: name, clients: 2 + r.IntN(5), ops: 10 + r.IntN(20), crashes: r.IntN(4), seed: r.Uint64N(1 << 30)}
			d, err := Find(name)
			if err != nil {
				t.Fatal(err)
			}
			init, err := d.Init(history.Value{})
			if err != nil {
				t.Fatal(err)
			}
			o, reasons := gather(w.history(t), d, init, Options{})
			if len(reasons) > 0 {
				t.Fatal(reasons)
			}
			o.spoil(r)
			for _, part := range o.parts() {
				if len(part.calls) == 0 {
					continue
				}
				why, applies := d.fast(part)
				end := newSearch(part, Options{MaxConfigurations: 5000}).run(t.Context(), 0, false).end
				if !applies || end != reached && end != stuck {
					continue
				}
				decided++
				if end == stuck {
					invalid++
				}
				if (why == nil) != (end == reached) {
					t.Fatalf("%s: linearizable is %v (%v), want %v\n%s", name, why == nil, why, end == reached, part)
				}
				if why == nil && d.order != nil {
					if err := part.replays(d.order(part)); err != nil {
						t.Fatalf("%s: the order is wrong: %v\n%s", name, err, part)
					}
				}
			}
		}
		t.Logf("%s: %d decided, %d invalid", name, decided, invalid)
		if decided < n/4 || invalid < decided/50 || invalid > decided*49/50 {
			t.Errorf("%s: of %d random histories %d are invalid: too few of one sort", name, decided, invalid)
		}
	}
}

// spoil lets up to two pairs of calls of one function have answered, or asked for, what the other did.
func (o *object) spoil(r *rand.Rand) {
	for range r.IntN(3) {
		a, b := &o.calls[r.IntN(len(o.calls))], &o.calls[r.IntN(len(o.calls))]
		if x, y := o.kinds[a.kind], o.kinds[b.kind]; x.F == y.F && x.Outcome == y.Outcome {
			a.kind, b.kind = b.kind, a.kind
		}
	}
}
