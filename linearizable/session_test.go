package linearizable

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

// sessions makes a history of a few processes, each of which does its calls in order. Most calls answer what they would
// in one order of all, which keeps those of the processes; the history shows another, so that real time tells nothing. If
// once, each call is taken at most once from its row.
func (f family) sessions(tb testing.TB, r *rand.Rand, n int, once bool) *history.History {
	tb.Helper()
	d, err := Find(f.datatype)
	if err != nil {
		tb.Fatal(err)
	}
	state, err := d.Init(history.Value{})
	if err != nil {
		tb.Fatal(err)
	}
	lines := make([][]string, 1+r.IntN(3))
	taken := make(map[string]bool)
	for range n {
		row := f.rows[r.IntN(len(f.rows))]
		text := row[r.IntN(len(row))]
		for _, k := range r.Perm(len(row)) {
			if next, reason := d.Step(state, callOf(row[k])); reason == "" && r.IntN(4) > 0 {
				text, state = row[k], next
				break
			}
		}
		if writes := len(row) == 1; once && writes && taken[text] {
			continue
		}
		taken[text] = true
		p := r.IntN(len(lines))
		name, value, _ := strings.Cut(text, " ")
		end := "ok"
		switch {
		case f.failed && strings.HasPrefix(text, "-"):
			name, end = name[1:], "fail"
		case r.IntN(7) == 0:
			end = "info"
		}
		lines[p] = append(lines[p], fmt.Sprintf("%d invoke %s %s", p, name, value), fmt.Sprintf("%d %s %s %s", p, end, name, value))
	}
	var all []string
	for left := true; left; {
		left = false
		for _, p := range r.Perm(len(lines)) {
			for k := r.IntN(3); k > 0 && len(lines[p]) > 0; k-- {
				all, lines[p] = append(all, lines[p][0]), lines[p][1:]
			}
			left = left || len(lines[p]) > 0
		}
	}
	return readAs(tb, strings.Join(all, "\n"), history.Options{Independent: history.IndependentOff})
}

// allSessionOrders tells by trying all orders whether an object is sequentially consistent.
func allSessionOrders(h *history.History, o *object, state any, done uint) bool {
	left := false
	first := make(map[history.ProcID]int32) // the first call of each process that returns and isn't done
	for i, c := range o.calls {
		if p := h.Proc(c.id); done>>i&1 == 0 && c.ret != never {
			left = true
			if x, ok := first[p]; !ok || c.inv < o.calls[x].inv {
				first[p] = int32(i)
			}
		}
	}
	if !left {
		return true
	}
	for i, c := range o.calls {
		if x, ok := first[h.Proc(c.id)]; done>>i&1 == 0 && (!ok || c.inv <= o.calls[x].inv) {
			if next, reason := o.d.Step(state, o.kinds[c.kind]); reason == "" && allSessionOrders(h, o, next, done|1<<i) {
				return true
			}
		}
	}
	return false
}

// sessionFamilies are those of the random tests of sessions, with those of more values.
func sessionFamilies() []family {
	many := []family{
		{"register", false, [][]string{{"read 0", "read 1", "read 2", "read 3", "read nil"}, {"write 0"}, {"write 1"}, {"write 2"}, {"write 3"}}},
		{"cas-register", false, [][]string{{"read 0", "read 1", "read 2", "read 3"}, {"write 0"}, {"write 1"}, {"cas [1 2]"}, {"cas [2 3]"}, {"cas [0 4]"}, {"cas [4 5]"}}},
		{"kv", false, [][]string{{"put [:a 1]"}, {"put [:a 2]"}, {"put [:a 3]"}, {"get [:a nil]", "get [:a 1]", "get [:a 2]", "get [:a 3]"}}},
		{"kv", false, [][]string{{"put [:a 1]"}, {"put [:a 2]"}, {"put [:b 1]"}, {"put [:b 2]"}, {"delete [:a nil]"}, {"get [:a nil]", "get [:a 1]", "get [:a 2]"},
			{"get [:b nil]", "get [:b 1]", "get [:b 2]"}}},
	}
	return append(many, families...)
}

func TestSessionsAgainstAllOrders(t *testing.T) {
	// Without this, a short cut or a reduction could call sequentially consistent what isn't, or miss the order.
	for i, f := range sessionFamilies() {
		t.Run(fmt.Sprintf("%d %s", i, f.datatype), func(t *testing.T) {
			n := howMany(2500, 300)
			r := rand.New(rand.NewPCG(5, uint64(i)))
			count := make(map[check.Verdict]int)
			for k := range n {
				h := f.sessions(t, r, 2+r.IntN(6), k%2 == 0)
				o := f.options()
				o.Order = SessionOrder
				d, err := o.datatype()
				if err != nil {
					t.Fatal(err)
				}
				init, err := d.Init(history.Value{})
				if err != nil {
					t.Fatal(err)
				}
				obj, reasons := gather(h, d, init, o)
				if len(reasons) > 0 {
					t.Fatalf("%s: %v", f.datatype, reasons)
				}
				want := check.Invalid
				if allSessionOrders(h, obj, init, 0) {
					want = check.Valid
				}
				count[want]++
				for _, e := range []Engine{AutoEngine, FastEngine, SearchEngine} {
					o.Engine = e
					got, found := Witness(context.Background(), h, o) // panics if an order is wrong
					if got.Verdict != want && !(e == FastEngine && got.Verdict == check.Unknown) {
						t.Fatalf("%s: engine %s says %s (%v), want %s\n%s", f.datatype, e, got.Verdict, got.Anomalies, want, obj)
					}
					if got.Verdict == check.Valid && len(found) != 1 {
						t.Fatalf("%s: engine %s gives %d orders, want one\n%s", f.datatype, e, len(found), obj)
					}
				}
			}
			if count[check.Invalid] < n/100 || count[check.Valid] < n/100 {
				t.Errorf("%s: of the random histories, as many were: %v, too few of one sort", f.datatype, count)
			}
			t.Logf("%d random histories: %v", n, count)
		})
	}
}

func TestSessionOrder(t *testing.T) {
	// Without this, sequential consistency could be what it isn't: real time, or an order that a process did not keep.
	tests := []struct {
		name, lines, datatype string
		want                  check.Verdict
		text                  string
	}{
		{"a stale read of another process", "0 invoke write 1\n0 ok write 1\n1 invoke read nil\n1 ok read 0", "register", check.Valid, ""},
		{"of one's own write", "0 invoke write 1\n0 ok write 1\n0 invoke read nil\n0 ok read 0", "register", check.Invalid, "T1 found the initial value"},
		{"reads go back", "0 invoke write 1\n0 ok write 1\n0 invoke write 2\n0 ok write 2\n1 invoke read nil\n1 ok read 2\n1 invoke read nil\n1 ok read 1", "register", check.Invalid, "in a circle"},
		{"a value from nowhere", "0 invoke read nil\n0 ok read 7", "register", check.Invalid, "which nobody wrote"},
		{"two compare-and-sets took one value", "0 invoke cas [0 1]\n0 ok cas [0 1]\n1 invoke cas [0 2]\n1 ok cas [0 2]", "cas-register", check.Invalid, "both took 0"},
		{"each key by itself, but not both", "0 invoke put [:x 1]\n0 ok put [:x 1]\n0 invoke get [:y nil]\n0 ok get [:y nil]\n1 invoke put [:y 1]\n1 ok put [:y 1]\n1 invoke get [:x nil]\n1 ok get [:x nil]", "kv", check.Invalid, "T1: it would replace what T3 still has to find"},
		{"a write that crashed comes late", "0 invoke write 1\n0 info write 1\n0 invoke read nil\n0 ok read 0\n0 invoke read nil\n0 ok read 1", "register", check.Valid, ""},
	}
	for _, tt := range tests {
		o := Options{Datatype: tt.datatype, Order: SessionOrder}
		if tt.datatype != "kv" {
			o.Initial = "0"
		}
		r := Check(context.Background(), readAs(t, tt.lines, history.Options{Independent: history.IndependentOff}), o)
		if r.Verdict != tt.want {
			t.Errorf("%s: verdict is %s, want %s", tt.name, r.Verdict, tt.want)
		}
		if tt.text != "" && (len(r.Anomalies) != 1 || r.Anomalies[0].Kind != NonSequential || !strings.Contains(r.Anomalies[0].Text, tt.text)) {
			t.Errorf("%s: anomalies are %v, want one %s with %q", tt.name, r.Anomalies, NonSequential, tt.text)
		}
	}
}
