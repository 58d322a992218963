package shrink

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

// stale is a checker of one register: a read of a value that was overwritten, or that nobody wrote.
func stale(ctx context.Context, h *history.History) (check.Result, error) {
	r := check.Result{Verdict: check.Valid}
	written, now := map[string]bool{"nil": true}, "nil"
	for id := range h.All() {
		op := h.Op(id)
		if op.Type != history.OK {
			continue
		}
		switch v := op.Value.String(); {
		case op.F.Text == "write":
			now, written[v] = v, true
		case v != now && written[v]:
			r.Verdict = check.Invalid
			r.Anomalies = append(r.Anomalies, check.Anomaly{Kind: "stale", Ops: []history.ID{id}})
		case v != now:
			r.Verdict = check.Invalid
			r.Anomalies = append(r.Anomalies, check.Anomaly{Kind: "invented", Ops: []history.ID{id}})
		}
	}
	return r, nil
}

// run shrinks a history in lines of "process type f value".
func run(t *testing.T, lines string, o Options) (Outcome, string, error) {
	t.Helper()
	var edn strings.Builder
	for line := range strings.Lines(lines) {
		f := strings.Fields(line)
		fmt.Fprintf(&edn, "{:process %s, :type :%s, :f :%s, :value %s}\n", f[0], f[1], f[2], strings.Join(f[3:], " "))
	}
	o.Read = func(ctx context.Context, text []byte) (*history.History, error) {
		return history.Read(ctx, "part", text, history.Options{})
	}
	if o.MaxChecks == 0 {
		o.MaxChecks = 1000
	}
	h, err := o.Read(t.Context(), []byte(edn.String()))
	if err != nil {
		t.Fatal(err)
	}
	first, err := o.Check(t.Context(), h)
	if err != nil {
		t.Fatal(err)
	}
	out, err := Run(t.Context(), h, first, o)
	if err != nil {
		return out, "", err
	}
	small, err := o.Read(t.Context(), out.Text)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for id := range small.All() {
		op := small.Op(id)
		left = append(left, fmt.Sprintf("%d %s %s %s", op.Index, op.Type, op.F.Text, op.Value))
	}
	return out, strings.Join(left, "\n"), nil
}

const registers = `0 invoke write 1
0 ok write 1
1 invoke read nil
1 ok read 1
0 invoke write 2
0 ok write 2
0 invoke write 3
2 invoke read nil
0 ok write 3
2 ok read 3
1 invoke read nil
1 ok read 2
2 invoke write 4
2 ok write 4`

func TestKeepsWhatWasSeen(t *testing.T) {
	// Without this, shrinking could make an anomaly up: without the write of 2, its read is one of a value from nowhere.
	for _, trust := range []Trust{Values, Order} {
		out, left, err := run(t, registers, Options{Check: stale, Trust: trust, Realtime: trust == Order})
		if err != nil {
			t.Fatal(err)
		}
		want := "4 invoke write 2\n5 ok write 2\n6 invoke write 3\n8 ok write 3\n10 invoke read nil\n11 ok read 2"
		if left != want || out.Kind != "stale" || !out.Done || out.Ops != 6 {
			t.Errorf("trust %d: %s, done %t, %d operations:\n%s\nwant stale:\n%s", trust, out.Kind, out.Done, out.Ops, left, want)
		}
	}
}

func TestStopsAtTheBudget(t *testing.T) {
	// Without this, a search that was cut short could call its result the smallest, or forget what it had found.
	out, left, err := run(t, registers, Options{Check: stale, Trust: Order, MaxChecks: 3})
	if err != nil || out.Done || out.Checks != 3 || !strings.Contains(left, "11 ok read 2") {
		t.Errorf("done %t after %d checks, %v:\n%s\nwant what was found within 3 checks", out.Done, out.Checks, err, left)
	}
}

func TestKeepsTheKindAskedFor(t *testing.T) {
	// Without this, a history could be shrunk to another anomaly than the user asked for, or to none.
	if _, _, err := run(t, registers, Options{Check: stale, Kind: "invented"}); err == nil || !strings.Contains(err.Error(), `"invented" (hint: stale)`) {
		t.Errorf("an anomaly that isn't there: %v, want the one that is as a hint", err)
	}
	blind := func(ctx context.Context, h *history.History) (check.Result, error) {
		return check.Result{Verdict: check.Invalid, Anomalies: []check.Anomaly{{Kind: "unavailable"}}}, nil
	}
	if _, _, err := run(t, registers, Options{Check: blind}); err != errNoAnomaly {
		t.Errorf("an anomaly without operations: %v, want %v", err, errNoAnomaly)
	}
}

// twice is a checker of lists: an element that a read shows twice.
func twice(ctx context.Context, h *history.History) (check.Result, error) {
	r := check.Result{Verdict: check.Valid}
	for id := range h.All() {
		op := h.Op(id)
		var seen []string
		for _, e := range op.Value.Items {
			if op.Type == history.OK && slices.Contains(seen, e.String()) {
				r = check.Result{Verdict: check.Invalid, Anomalies: []check.Anomaly{{Kind: "duplicated", Ops: []history.ID{id}}}}
			}
			seen = append(seen, e.String())
		}
	}
	return r, nil
}

func TestLeavesElementsOutWithTheirWriters(t *testing.T) {
	// Without this, reads of a thousand elements would stay as long as they are, or show elements that nobody added.
	_, left, err := run(t, `0 invoke add 1
0 ok add 1
1 invoke add 2
1 ok add 2
0 invoke add 3
0 ok add 3
1 invoke read nil
1 ok read [1 2 3 2]`, Options{Check: twice, Trust: Values})
	want := "2 invoke add 2\n3 ok add 2\n6 invoke read nil\n7 ok read [2 2]" // with who added it: else nobody had
	if err != nil || left != want {
		t.Errorf("%v:\n%s\nwant\n%s", err, left, want)
	}
}

func TestLeavesMopsOut(t *testing.T) {
	// Without this, transactions would stay as long as they are; or micro-ops of one key would be torn apart, so that a
	// transaction contradicts itself.
	shows := func(ctx context.Context, h *history.History) (check.Result, error) {
		for id := range h.All() {
			if h.Type(id) == history.OK && strings.Contains(h.Op(id).Value.String(), "[:r 1 [7") {
				return check.Result{Verdict: check.Invalid, Anomalies: []check.Anomaly{{Kind: "seven", Ops: []history.ID{id}}}}, nil
			}
		}
		return check.Result{Verdict: check.Valid}, nil
	}
	_, left, err := run(t, `0 invoke txn [[:append 1 7] [:r 2 nil] [:r 1 nil]]
0 ok txn [[:append 1 7] [:r 2 [4]] [:r 1 [7 8]]]
1 invoke txn [[:append 1 8]]
1 ok txn [[:append 1 8]]`, Options{Check: shows, Trust: Facts})
	want := "0 invoke txn [[:append 1 7] [:r 1 nil]]\n1 ok txn [[:append 1 7] [:r 1 [7]]]"
	if err != nil || left != want {
		t.Errorf("%v:\n%s\nwant\n%s", err, left, want)
	}
}

func TestLocks(t *testing.T) {
	// Without this, the release that made an acquisition possible could be left out, or none of a long past.
	both := func(ctx context.Context, h *history.History) (check.Result, error) {
		held := 0
		for id := range h.All() {
			switch op := h.Op(id); {
			case op.Type != history.OK:
			case op.F.Text == "release":
				held--
			default:
				if held++; held > 1 {
					return check.Result{Verdict: check.Invalid, Anomalies: []check.Anomaly{{Kind: "nonlinearizable", Ops: []history.ID{id}}}}, nil
				}
			}
		}
		return check.Result{Verdict: check.Valid}, nil
	}
	_, left, err := run(t, `0 invoke acquire nil
0 ok acquire nil
0 invoke release nil
0 ok release nil
1 invoke acquire nil
1 ok acquire nil
0 invoke acquire nil
1 invoke release nil
1 ok release nil
0 ok acquire nil
1 invoke acquire nil
1 ok acquire nil`, Options{Check: both, Trust: Order})
	want := "6 invoke acquire nil\n9 ok acquire nil\n10 invoke acquire nil\n11 ok acquire nil"
	if err != nil || left != want {
		t.Errorf("%v:\n%s\nwant\n%s", err, left, want)
	}
}
