package linearizable

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"jcheck/history"
	"jcheck/internal/edn"
)

// family is a kind of random histories: calls of a datatype. The calls of one row differ in their answers alone.
type family struct {
	datatype string
	failed   bool // failed compare-and-sets count
	rows     [][]string
}

// families are tried by the random tests. Values are few, so that calls get in each other's way.
var families = []family{
	{"register", false, [][]string{{"read 0", "read 1", "read 2", "read nil"}, {"write 0"}, {"write 1"}, {"write 2"}}},
	{"cas-register", false, [][]string{{"read 0", "read 1", "read 2"}, {"write 0"}, {"write 1"}, {"cas [0 1]"}, {"cas [1 2]"}, {"cas [2 0]"}, {"cas [1 1]"}}},
	{"cas-register", true, [][]string{{"read 0", "read 1"}, {"write 0"}, {"write 1"}, {"cas [0 1]", "-cas [0 1]"}, {"cas [1 0]", "-cas [1 0]"}}},
	{"mutex", false, [][]string{{"acquire nil"}, {"release nil"}}},
	{"multi-register", false, [][]string{{"txn [[:read :x 0] [:read :y 0]]", "txn [[:read :x 1] [:read :y 0]]", "txn [[:read :x 1] [:read :y 1]]"},
		{"txn [[:write :x 0]]"}, {"txn [[:write :x 1] [:write :y 1]]"}, {"txn [[:read :x 1] [:write :y 0]]", "txn [[:read :x 0] [:write :y 0]]"}}},
	{"set", false, [][]string{{"add 0"}, {"add 1"}, {"read #{}", "read #{0}", "read #{1}", "read #{0 1}"}}},
	{"fifo-queue", false, [][]string{{"enqueue 0"}, {"enqueue 1"}, {"dequeue 0", "dequeue 1"}}},
	{"unordered-queue", false, [][]string{{"enqueue 0"}, {"enqueue 1"}, {"dequeue 0", "dequeue 1"}}},
	{"stack", false, [][]string{{"push 0"}, {"push 1"}, {"pop 0", "pop 1"}}},
	{"priority-queue", false, [][]string{{"insert 0"}, {"insert 1"}, {"delete-min 0", "delete-min 1"}}},
	{"list-append", false, [][]string{{"append [:a 0]"}, {"append [:a 1]"}, {"append [:b 1]"}, {"read [:a [0]]", "read [:a [0 1]]", "read [:a [1 0]]", "read [:a nil]"}}},
	{"versioned-register", false, [][]string{{"read [0 nil]", "read [1 0]", "read [2 1]", "read [nil 1]", "read nil"}, {"write [1 0]", "write [2 0]"}, {"write [1 1]", "write [nil 1]"},
		{"cas [2 [0 1]]", "cas [3 [0 1]]", "cas [nil [0 1]]"}}},
	{"counter", false, [][]string{{"add 1"}, {"dec 1"}, {"inc nil"}, {"read 0", "read 1", "read 2", "read -1"}}},
	{"kv", true, [][]string{{"put [:a 1]"}, {"put [:a 2]"}, {"delete [:a nil]"}, {"cas [:a [1 2]]", "-cas [:a [1 2]]"}, {"cas [:a [nil 1]]", "-cas [:a [nil 1]]"},
		{"get [:a nil]", "get [:a 1]", "get [:a 2]"}}},
	{"kv", false, [][]string{{"put [:a 1]"}, {"put [:b 2]"}, {"delete [:a nil]"}, {`append [:b "x"]`}, {"get [:a nil]", "get [:a 1]"},
		{`get [:b nil]`, `get [:b 2]`, `get [:b "x"]`}}},
}

// callOf reads one text of a row.
func callOf(text string) Call {
	c := Call{}
	if strings.HasPrefix(text, "-") {
		text, c.Outcome = text[1:], Failed
	}
	f, value, _ := strings.Cut(text, " ")
	v, _, err := edn.Parse([]byte(value))
	if err != nil {
		panic(err)
	}
	c.F, c.Value = f, TermOf(v)
	return c
}

// random makes an object that n calls use. Most calls answer what they would if they took effect in the order in which
// they are listed by a hidden moment inside their time; some answer anything, some crash.
func (f family) random(tb testing.TB, r *rand.Rand, n int) *object {
	tb.Helper()
	return f.calls(tb, r, n, false)
}

// calls is random; if once, each call that is alone in its row is made at most once.
func (f family) calls(tb testing.TB, r *rand.Rand, n int, once bool) *object {
	d, err := Find(f.datatype)
	if err != nil {
		tb.Fatal(err)
	}
	init, err := d.Init(history.Value{})
	if err != nil {
		tb.Fatal(err)
	}
	obj := &object{d: d, init: init}
	number := make(map[Call]int32)
	places := r.Perm(2 * n)
	width := 2 + r.IntN(8) // how long calls take
	state, taken := init, make(map[string]bool)
	for i := range n {
		row := f.rows[r.IntN(len(f.rows))]
		if once && len(row) == 1 {
			if taken[row[0]] {
				continue
			}
			taken[row[0]] = true
		}
		c := callOf(row[r.IntN(len(row))])
		for _, k := range r.Perm(len(row)) {
			if a := callOf(row[k]); r.IntN(12) > 0 {
				if next, reason := d.Step(state, a); reason == "" {
					c, state = a, next
					break
				}
			}
		}
		crashed := r.IntN(7) == 0 && c.Outcome == OK
		if crashed {
			c.Outcome = Crashed
		}
		if crashed && d.readOnly(c) {
			continue
		}
		if _, ok := number[c]; !ok {
			number[c] = int32(len(obj.kinds))
			obj.kinds = append(obj.kinds, c)
		}
		at := int32(i * 100)
		x := call{inv: at - int32(r.IntN(width)*50) + int32(places[2*i]), ret: at + int32(r.IntN(width)*50) + 2*int32(n) + int32(places[2*i+1]), kind: number[c], id: history.ID(i)}
		if crashed {
			x.ret = never
		}
		obj.calls = append(obj.calls, x)
	}
	return obj.inOrder()
}

// inOrder gives all moments different places and sorts the calls by invocation.
func (o *object) inOrder() *object {
	s := &search{obj: o}
	s.findMoments()
	var calls []call
	number := make(map[int32]int)
	for place, m := range s.moments {
		if !m.ret {
			c := o.calls[m.call]
			c.inv = int32(place)
			number[m.call] = len(calls)
			calls = append(calls, c)
		} else {
			calls[number[m.call]].ret = int32(place)
		}
	}
	o.calls = calls
	return o
}

// String shows the object's calls for messages.
func (o *object) String() string {
	var b strings.Builder
	for _, c := range o.calls {
		ret := fmt.Sprint(c.ret)
		if c.ret == never {
			ret = "…"
		}
		k := o.kinds[c.kind]
		fmt.Fprintf(&b, "  %d-%s %s %s (outcome %d)\n", c.inv, ret, k.F, k.Value, k.Outcome)
	}
	return b.String()
}

// allOrders tells by trying all orders whether an object is linearizable.
func allOrders(o *object, state any, done uint) bool {
	left, first := false, int32(never)
	for i, c := range o.calls {
		if done>>i&1 == 0 {
			left = left || c.ret != never
			first = min(first, c.ret)
		}
	}
	if !left {
		return true
	}
	for i, c := range o.calls {
		if done>>i&1 == 0 && c.inv < first {
			if next, reason := o.d.Step(state, o.kinds[c.kind]); reason == "" && allOrders(o, next, done|1<<i) {
				return true
			}
		}
	}
	return false
}

// verdictOf is the search's, with levels of one width; 0 for the usual sequence of widths.
func verdictOf(tb testing.TB, o *object, beam int) bool {
	tb.Helper()
	end := reached
	if beam > 0 {
		for _, part := range o.parts() { // traits hold in each part, as in that of one key
			now := cutShort
			for b := beam; now == cutShort; b *= 8 {
				now = newSearch(part, Options{}).run(context.Background(), b, false).end
			}
			end = max(end, now)
		}
	} else {
		for _, t := range trials(context.Background(), o.parts(), Options{}, 1) {
			end = max(end, t.end)
		}
	}
	if end != reached && end != stuck {
		tb.Fatalf("the search ended with %d", end)
	}
	return end == reached
}

// replays tells whether an order of calls is a linearization: it keeps the order of time, and each call can be next.
func (o *object) replays(order []int32) error {
	done := make([]bool, len(o.calls))
	state := o.init
	for i, x := range order {
		for _, y := range order[i+1:] {
			if o.calls[y].ret < o.calls[x].inv {
				return fmt.Errorf("call %d comes before %d, which had returned before it", x, y)
			}
		}
		next, reason := o.d.Step(state, o.kinds[o.calls[x].kind])
		if reason != "" {
			return fmt.Errorf("call %d: %s", x, reason)
		}
		done[x], state = true, next
	}
	for x, c := range o.calls {
		if c.ret != never && !done[x] {
			return fmt.Errorf("call %d is missing", x)
		}
	}
	return nil
}

// randomly is how many random histories of each family are tried, if not as many as the tests need.
var randomly = flag.Int("random", 0, "random histories of each family; 0: a few")

// howMany is what -random says, or else usual, or short.
func howMany(usual, short int) int {
	switch {
	case *randomly > 0:
		return *randomly
	case testing.Short():
		return short
	}
	return usual
}

// disguise is a family, and whether its calls are made once.
type disguise struct {
	family
	once bool
}

// disguises are all families: with few values, with what fast paths often apply to, and with each value put in once.
func disguises() []disguise {
	var all []disguise
	for _, f := range families {
		all = append(all, disguise{f, false})
	}
	for _, f := range fastFamilies {
		all = append(all, disguise{f.family, false})
	}
	for _, f := range onceFamilies() {
		all = append(all, disguise{f, true})
	}
	return all
}

// each is row of texts, in each of which the values 1 to n take the place of the %s.
func each(n int, format string) []string {
	var texts []string
	for i := 1; i <= n; i++ {
		texts = append(texts, strings.ReplaceAll(format, "%s", strconv.Itoa(i)))
	}
	return texts
}

// alone makes a row of each text.
func alone(texts ...string) [][]string {
	var rows [][]string
	for _, text := range texts {
		rows = append(rows, []string{text})
	}
	return rows
}

// onceFamilies are of datatypes that fast paths decide. A row of answers is there several times, so that it comes up often.
func onceFamilies() []family {
	often := func(n int, row []string) (rows [][]string) { return slices.Repeat([][]string{row}, n) }
	return []family{
		{"register", false, slices.Concat(alone(each(8, "write %s")...), often(5, append(each(8, "read %s"), "read nil")))},
		{"cas-register", false, slices.Concat(alone(each(6, "write %s")...), alone("cas [1 11]", "cas [2 12]", "cas [11 13]", "cas [3 14]"),
			often(4, append(each(6, "read %s"), "read 11", "read 12", "read 13", "read 14")))},
		{"kv", false, slices.Concat(alone(each(5, "put [:a %s]")...), alone(each(3, "put [:b %s]")...), often(3, append(each(5, "get [:a %s]"), "get [:a nil]")),
			often(2, append(each(3, "get [:b %s]"), "get [:b nil]")))},
		{"fifo-queue", false, slices.Concat(alone(each(6, "enqueue %s")...), often(5, each(6, "dequeue %s")))},
		{"stack", false, slices.Concat(alone(each(6, "push %s")...), often(5, each(6, "pop %s")))},
		{"priority-queue", false, slices.Concat(alone(each(6, "insert %s")...), often(5, each(6, "delete-min %s")))},
		{"list-append", false, slices.Concat(alone(each(4, "append [1 %s]")...), often(3, listReads))},
		{"set", false, slices.Concat(alone(each(4, "add %s")...), often(3, []string{"read #{}", "read #{1}", "read #{2}", "read #{1 2}", "read #{1 3}", "read #{1 2 3}", "read #{1 2 3 4}"}))},
	}
}

func TestAgainstAllOrders(t *testing.T) {
	// Without this, a reduction of the search or a fast path that drops the only linearization, or invents one, could go
	// unnoticed.
	for i, f := range disguises() {
		t.Run(fmt.Sprintf("%d %s", i, f.datatype), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			invalid, n := 0, howMany(1200, 300)
			for range n {
				o := f.calls(t, r, 2+r.IntN(6), f.once)
				want := allOrders(o, o.init, 0)
				for _, beam := range []int{0, 1} {
					if got := verdictOf(t, o, beam); got != want {
						t.Fatalf("linearizable is %v, want %v (beam %d)\n%s", got, want, beam, o)
					}
				}
				if !want {
					invalid++
					continue
				}
				for _, part := range o.parts() {
					p := newSearch(part, Options{}).run(context.Background(), 0, true)
					if err := part.replays(p.order(p.cur.of[0].trail)); err != nil {
						t.Fatalf("the linearization is wrong: %v\n%s", err, part)
					}
				}
			}
			if invalid < n/100 || invalid > n*99/100 {
				t.Errorf("%d of %d random histories are invalid: too few of one sort", invalid, n)
			}
			t.Logf("%d random histories, %d of them invalid", n, invalid)
		})
	}
}

func TestAgainstPorcupine(t *testing.T) {
	// Without this, what only goes wrong in longer histories could go unnoticed.
	for i, f := range disguises() {
		t.Run(fmt.Sprintf("%d %s", i, f.datatype), func(t *testing.T) {
			r := rand.New(rand.NewPCG(2, uint64(i)))
			invalid, unknown, n := 0, 0, howMany(250, 50)
			longest := 21
			if *randomly > 0 {
				longest = 15 // of many, some of the longer ones would take Porcupine most of the time
			}
			for range n {
				o := f.calls(t, r, longest/3+r.IntN(longest*2/3), f.once)
				m, err := o.d.Porcupine(history.Value{})
				if err != nil {
					t.Fatal(err)
				}
				want := porcupine.CheckOperationsTimeout(m, o.operations(), time.Second)
				switch want {
				case porcupine.Unknown:
					unknown++
					continue
				case porcupine.Illegal:
					invalid++
				}
				for _, beam := range []int{0, 2} {
					if got := verdictOf(t, o, beam); got != (want == porcupine.Ok) {
						t.Fatalf("linearizable is %v, but Porcupine says %s (beam %d)\n%s", got, want, beam, o)
					}
				}
			}
			t.Logf("%d random histories, %d of them invalid, %d undecided by Porcupine", n, invalid, unknown)
		})
	}
}
