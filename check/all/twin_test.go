package all

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/linearizable"
)

// twinRounds is how many random histories are compared with a literal twin.
func twinRounds() int {
	if testing.Short() {
		return 600
	}
	return 3000
}

// random makes a history of n operations of three clients: whether one begins or ends is random, and f says what it asks
// and is answered, in the notation of pages. An operation that is never answered stays open.
func random(t *testing.T, r *rand.Rand, n int, f func(r *rand.Rand) (asked, answered string)) *history.History {
	t.Helper()
	open := make(map[int]string)
	var ops []history.Op
	for len(ops) < n {
		p := r.IntN(3)
		answer, busy := open[p]
		if !busy {
			asked, answered := f(r)
			ops = append(ops, pageOp(t, fmt.Sprintf("%d invoke %s", p, asked)))
			open[p] = answered
			continue
		}
		outcome := []string{"ok", "ok", "ok", "ok", "ok", "info", "fail"}[r.IntN(7)]
		ops = append(ops, pageOp(t, fmt.Sprintf("%d %s %s", p, outcome, answer)))
		delete(open, p)
	}
	h, err := history.FromOps(ops)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// judged runs a checker of the table.
func judged(t *testing.T, name string, h *history.History, v Values) check.Result {
	t.Helper()
	row, ok := Find(name)
	if !ok {
		t.Fatalf("there is no checker %s", name)
	}
	return row.Check(t.Context(), h, v)
}

// oks are the ok operations with a function.
func oks(h *history.History, f string) []history.ID {
	var ids []history.ID
	for id := range h.All() {
		if h.Type(id) == history.OK && h.Value(h.F(id)).Text == f {
			ids = append(ids, id)
		}
	}
	return ids
}

// dump is a history for a failing test.
func dump(h *history.History) string {
	var b strings.Builder
	for id := range h.All() {
		op := h.Op(id)
		fmt.Fprintf(&b, "  %d: %s %s %s %s\n", id, op.Process, op.Type, op.F.Text, op.Value)
	}
	return b.String()
}

func TestMonotonicTwin(t *testing.T) {
	// Without this, the nodes between values and completions could order too much or too little: the twin compares all pairs.
	r := rand.New(rand.NewPCG(1, 1))
	invalid := 0
	for range twinRounds() {
		h := random(t, r, 12, func(r *rand.Rand) (string, string) {
			return "read nil", fmt.Sprintf("read {a %d, b %d, c %d}", r.IntN(3), r.IntN(3), r.IntN(2))
		})
		ids := oks(h, "read")
		before := make([][]bool, len(ids))
		for i, a := range ids {
			before[i] = make([]bool, len(ids))
			for j, b := range ids {
				before[i][j] = a < h.Pair(b) && h.Pair(b) != history.None
				x, y := h.Elems(a), h.Elems(b)
				for k := 0; k < len(x); k += 2 {
					before[i][j] = before[i][j] || h.Value(x[k+1]).Int() < h.Value(y[k+1]).Int()
				}
			}
		}
		closure(before)
		components := 0
		for i := range ids {
			first := true // of those that it is in a circle with
			for j := range i {
				first = first && !(before[i][j] && before[j][i])
			}
			if before[i][i] && first {
				components++
			}
		}
		got := judged(t, "monotonic", h, Values{})
		if want := int64(components); got.Fields[0].Value.Int() != want || (got.Verdict == check.Invalid) != (want > 0) {
			t.Fatalf("got %s with %s components, want %d, for\n%s", got.Verdict, got.Fields[0].Value, want, dump(h))
		}
		for _, a := range got.Anomalies {
			invalid++
			for i := range a.Ops {
				from, to := slices.Index(ids, a.Ops[i]), slices.Index(ids, a.Ops[(i+1)%len(a.Ops)])
				if !before[from][to] {
					t.Fatalf("step %d of %v is none, in\n%s", i, a.Ops, dump(h))
				}
			}
		}
	}
	if invalid < twinRounds()/50 {
		t.Errorf("got %d contradictions, want more for the test to tell anything", invalid)
	}
}

// closure makes a relation transitive.
func closure(before [][]bool) {
	for k := range before {
		for i := range before {
			for j := range before {
				before[i][j] = before[i][j] || before[i][k] && before[k][j]
			}
		}
	}
}

func TestPNCounterTwin(t *testing.T) {
	// Without this, the intervals could lose or add sums: the twin tries all subsets.
	r := rand.New(rand.NewPCG(1, 2))
	for range twinRounds() {
		h := random(t, r, 16, func(r *rand.Rand) (string, string) {
			if r.IntN(3) == 0 {
				return "read nil", fmt.Sprintf("read %d {:final? true}", r.IntN(40)-20)
			}
			op := fmt.Sprintf("add %d", []int{1, 1, 2, 5, 9, -3, -3, -10}[r.IntN(8)])
			return op, op
		})
		sums := map[int64]bool{0: true}
		for id := range h.All() {
			pair := h.Pair(id)
			if h.Value(h.F(id)).Text != "add" || h.Type(id) != history.Invoke || pair != history.None && h.Type(pair) == history.Fail {
				continue
			}
			n, sure := h.Value(h.Scalar(id)).Int(), pair != history.None && h.Type(pair) == history.OK
			next := make(map[int64]bool)
			for s := range sums {
				next[s+n] = true
				if !sure {
					next[s] = true
				}
			}
			sums = next
		}
		want := 0
		for _, id := range oks(h, "read") {
			if !sums[h.Value(h.Scalar(id)).Int()] {
				want++
			}
		}
		if got := judged(t, "pn-counter", h, Values{}); len(got.Anomalies) != want {
			t.Fatalf("got %d unreachable reads of %s, want %d, for\n%s", len(got.Anomalies), got.Fields[2].Value, want, dump(h))
		}
	}
}

func TestFIFOTwin(t *testing.T) {
	// Without this, a FIFO queue that is linearizable could be called invalid, or an element that overtook another missed.
	r := rand.New(rand.NewPCG(1, 3))
	invalid := 0
	for range twinRounds() {
		next := 0
		h := random(t, r, 14, func(r *rand.Rand) (string, string) {
			if next == 0 || r.IntN(2) == 0 {
				next++
				return fmt.Sprintf("enqueue %d", next), fmt.Sprintf("enqueue %d", next)
			}
			return "dequeue nil", fmt.Sprintf("dequeue %d", 1+r.IntN(next))
		})
		got := judged(t, "queue", h, Values{"queue-model": "fifo-queue"})
		truth := linearizable.Check(t.Context(), h, linearizable.Options{Datatype: "fifo-queue"})
		if got.Verdict == check.Invalid && truth.Verdict == check.Valid {
			t.Fatalf("got %s (%s), but it is linearizable:\n%s", got.Verdict, got.Anomalies[0].Text, dump(h))
		}
		for _, a := range got.Anomalies {
			if a.Kind == "overtaken" {
				invalid++
			}
		}
	}
	if invalid < twinRounds()/50 {
		t.Errorf("got %d overtaken elements, want more for the test to tell anything", invalid)
	}
}

func TestLongForkTwin(t *testing.T) {
	// Without this, sorting what reads show could miss a fork: the twin compares all pairs of reads.
	r := rand.New(rand.NewPCG(1, 4))
	invalid := 0
	for range twinRounds() {
		h := random(t, r, 14, func(r *rand.Rand) (string, string) {
			v := func() string { return []string{"nil", "1"}[r.IntN(2)] }
			group := []string{"[[:r 0 %s] [:r 1 %s] [:r 2 %s]]", "[[:r 2 %s] [:r 1 %s] [:r 0 %s]]", "[[:r 3 %s] [:r 4 %s] [:r 5 %s]]"}[r.IntN(3)]
			return "read nil", "read " + fmt.Sprintf(group, v(), v(), v())
		})
		want := 0
		reads := oks(h, "read")
		for i, a := range reads {
			for _, b := range reads[:i] {
				if ab, ba := showsMore(h, a, b), showsMore(h, b, a); ab && ba {
					want++
				}
			}
		}
		got := judged(t, "long-fork", h, Values{})
		forks := 0
		for _, f := range got.Fields {
			if f.Name == "forks" {
				forks = len(f.Value.Items)
			}
		}
		if forks != want || (got.Verdict == check.Invalid) != (want > 0) {
			t.Fatalf("got %s with %d forks, want %d, for\n%s", got.Verdict, forks, want, dump(h))
		}
		invalid += want
	}
	if invalid < twinRounds()/50 {
		t.Errorf("got %d forks, want more for the test to tell anything", invalid)
	}
}

// showsMore tells whether a shows a key that b reads and doesn't show.
func showsMore(h *history.History, a, b history.ID) bool {
	for _, x := range h.Mops(a) {
		for _, y := range h.Mops(b) {
			if x.Key == y.Key && h.Val(&x) != history.Nil && h.Val(&y) == history.Nil {
				return true
			}
		}
	}
	return false
}

func TestCausalReverseTwin(t *testing.T) {
	// Without this, the count of what a read must show could be off: the twin collects sets.
	r := rand.New(rand.NewPCG(1, 5))
	invalid := 0
	for range twinRounds() {
		next := 0
		h := random(t, r, 16, func(r *rand.Rand) (string, string) {
			if next == 0 || r.IntN(2) == 0 {
				next++
				return fmt.Sprintf("write %d", next), fmt.Sprintf("write %d", next)
			}
			shown := ""
			for v := range next {
				if r.IntN(3) > 0 {
					shown += fmt.Sprintf("%d ", v+1)
				}
			}
			return "read nil", "read #{" + shown + "}"
		})
		acked, promised := []history.Sym(nil), make(map[history.Sym][]history.Sym)
		for id := range h.All() {
			switch {
			case h.Value(h.F(id)).Text != "write":
			case h.Type(id) == history.Invoke:
				promised[h.Scalar(id)] = slices.Clone(acked)
			case h.Type(id) == history.OK:
				acked = append(acked, h.Scalar(id))
			}
		}
		want := 0
		for _, id := range oks(h, "read") {
			for _, v := range h.Elems(id) {
				if slices.ContainsFunc(promised[v], func(w history.Sym) bool { return !slices.Contains(h.Elems(id), w) }) {
					want++
					break
				}
			}
		}
		if got := judged(t, "causal-reverse", h, Values{}); len(got.Anomalies) != want {
			t.Fatalf("got %d, want %d, for\n%s", len(got.Anomalies), want, dump(h))
		}
		invalid += want
	}
	if invalid < twinRounds()/50 {
		t.Errorf("got %d bad reads, want more for the test to tell anything", invalid)
	}
}

// goodLog is a log of two keys as three clients see it who do everything at once and poll all in the end.
func goodLog(t *testing.T, r *rand.Rand) []history.Op {
	var ops []history.Op
	log := make([][]int, 2)
	seen := make(map[[2]int]int) // process and key → how much it has polled
	line := func(format string, args ...any) { ops = append(ops, pageOp(t, fmt.Sprintf(format, args...))) }
	poll := func(p, most int) {
		polled := ""
		for k := range log {
			part := ""
			for n := 0; n < most && seen[[2]int{p, k}] < len(log[k]); n++ {
				i := seen[[2]int{p, k}]
				part += fmt.Sprintf("[%d %d] ", 3*i, log[k][i])
				seen[[2]int{p, k}]++
			}
			if part != "" {
				polled += fmt.Sprintf("%d [%s] ", k, part)
			}
		}
		line("%d invoke poll [[:poll]]", p)
		line("%d ok poll [[:poll {%s}]]", p, polled)
	}
	for p := range 3 {
		line("%d ok assign [0 1]", p)
	}
	for v := range 15 {
		p, k := r.IntN(3), r.IntN(2)
		if r.IntN(2) == 0 {
			poll(p, 1+r.IntN(3))
			continue
		}
		line("%d invoke send [[:send %d %d]]", p, k, v)
		if r.IntN(5) == 0 {
			line("%d fail send [[:send %d %d]]", p, k, v)
			continue
		}
		line("%d ok send [[:send %d [%d %d]]]", p, k, 3*len(log[k]), v)
		log[k] = append(log[k], v)
	}
	line("9 ok assign [0 1]")
	poll(9, 100)
	return ops
}

func TestKafkaWithoutFaults(t *testing.T) {
	// Without this, a log on which nothing is wrong could be called invalid.
	r := rand.New(rand.NewPCG(1, 6))
	for range twinRounds() / 10 {
		h, err := history.FromOps(goodLog(t, r))
		if err != nil {
			t.Fatal(err)
		}
		for _, ww := range []bool{false, true} {
			if got := judged(t, "kafka", h, Values{"ww-deps": ww}); len(got.Anomalies) > 0 {
				t.Fatalf("got %s: %s, for\n%s", got.Anomalies[0].Kind, got.Anomalies[0].Text, dump(h))
			}
		}
	}
}
