package linearizable

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/corpus"
	"jcheck/internal/edn"
)

// fieldOf is a field of an anomaly.
func fieldOf(a check.Anomaly, name string) (history.Value, bool) {
	for _, f := range a.Fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return history.Value{}, false
}

func TestFewOperationsProveRecordedLogs(t *testing.T) {
	// Without this, the counterexamples of real faults could grow until nobody can follow them.
	logs, err := filepath.Glob(filepath.Join(corpus.Dir(t), "histories/porcupine/jepsen/etcd_*.log"))
	if err != nil {
		t.Fatal(err)
	}
	invalid, sum, most, rest := 0, 0, 0, 0
	for _, path := range logs {
		rel, err := filepath.Rel(corpus.Dir(t), path)
		if err != nil {
			t.Fatal(err)
		}
		r := Check(context.Background(), load(t, rel), Options{Datatype: "cas-register", Failed: Observe})
		if r.Verdict != check.Invalid {
			continue
		}
		invalid++
		few, ok := fieldOf(r.Anomalies[0], "essential")
		if !ok {
			t.Errorf("%s: no few operations prove it", rel)
		}
		sum, most = sum+len(few.Items), max(most, len(few.Items))
		if _, ok := fieldOf(r.Anomalies[0], "since"); ok {
			rest++
		}
		if strings.Contains(r.Anomalies[0].Text, "Fewer might") {
			t.Errorf("%s: the proof may not be minimal", rel)
		}
	}
	mean := float64(sum) / float64(max(invalid, 1))
	t.Logf("%d invalid logs: %.2f operations in the mean, %d at most; %d rest on what was possible at a moment", invalid, mean, most, rest)
	if invalid < 39 || mean > 5.2 || most > 8 || rest > 3 {
		t.Errorf("%d logs are invalid, proved by %.2f operations in the mean and %d at most, %d by what was possible at a moment; want 39, 5.2, 8 and 3",
			invalid, mean, most, rest)
	}
}

func TestSameOperationAsKnossos(t *testing.T) {
	// Without this, a counterexample could blame another operation than the first that can't be linearized, or call another
	// one the last that returned before.
	file, err := os.Open(filepath.Join(corpus.Dir(t), "checkers.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	told := 0
	for n := 1; lines.Scan(); n++ {
		var j judgement
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			t.Fatal(err)
		}
		vectors := n == 5532 || n == 5611 // Knossos stops at the first read of a set: it is a vector there
		if vectors || j.Checker != "knossos" || j.Result.Valid != false || knownDifference[n] != "" || j.Result.Op == nil || j.Result.Op.Index == nil {
			continue
		}
		h, r := j.check(t)
		if h == nil || r.Verdict != check.Invalid {
			continue
		}
		told++
		op, found := opOf(h, r, "op")
		if got := h.Index(op); !found || got != *j.Result.Op.Index {
			t.Errorf("line %d: the operation is that of index %d, want %d", n, got, *j.Result.Op.Index)
		}
		prev, found := opOf(h, r, "previous-ok")
		switch want := j.Result.Prev; {
		case (want != nil) != found:
			t.Errorf("line %d: there is an operation before: %v, want %v", n, found, want != nil)
		case found && h.Index(prev) != *want.Index:
			t.Errorf("line %d: the operation before is that of index %d, want %d", n, h.Index(prev), *want.Index)
		}
	}
	if t.Logf("%d counterexamples", told); told < 100 {
		t.Errorf("%d counterexamples were compared, want some hundreds", told)
	}
}

func TestRoutesAreReal(t *testing.T) {
	// Without this, a counterexample could tell of states that the object can't have come into, or leave out how.
	for i, f := range families {
		r := rand.New(rand.NewPCG(8, uint64(i)))
		told := 0
		for range 400 {
			for _, part := range f.random(t, r, 5+r.IntN(8)).parts() {
				tr := &trial{search: newSearch(part, Options{})}
				if tr.try(context.Background(), 0); tr.end != stuck {
					continue
				}
				told++
				fail := tr.findFailure(context.Background())
				before := part.until(part.calls[fail.x].ret - 1)
				for k, route := range fail.routes {
					if err := before.replays(route.calls); err != nil {
						t.Fatalf("%s: %v in route %v\n%s", f.datatype, err, route.calls, part)
					}
					states := fail.replay(route.calls)
					if got := states[len(states)-1]; got != route.state || got != fail.states[k] || fail.reason(got) == "" {
						t.Fatalf("%s: route %v leads to state %d and not to %d, where %q\n%s", f.datatype, route.calls, got, fail.states[k], fail.reason(got), part)
					}
				}
				for _, c := range fail.configs {
					if len(fail.replay(c.calls)) != len(c.calls)+1 || c.settled != len(c.calls) {
						t.Fatalf("%s: configuration %v has calls of later\n%s", f.datatype, c, part)
					}
				}
				if err := before.replays(fail.order); err != nil {
					t.Fatalf("%s: the longest beginning can't be: %v\n%s", f.datatype, err, part)
				}
			}
		}
		if told < 4 {
			t.Errorf("%s: only %d counterexamples", f.datatype, told)
		}
	}
}

func TestStoryWithoutTimeOrMemory(t *testing.T) {
	// Without this, telling why could go on after the time or the memory that was allowed is used up, or end without the
	// operation that is known to be wrong.
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, "0 invoke write %d\n1 invoke read nil\n0 ok write %d\n1 ok read %d\n", i%7, i%7, i%7)
	}
	h := read(t, b.String()+"0 invoke read nil\n0 ok read 9")
	last := history.ID(h.Len() - 1)
	obj, _ := gather(h, register(), TermOf(edn.NewInt(0)), Options{})
	for _, tt := range []struct {
		maxBytes  int64
		cancelled bool
		text      string
		paths     int
	}{
		{DefaultBytes, false, "could only be in one state", 1},
		{5_000, false, "could only be in one state", 1}, // not enough for trails
		{DefaultBytes, true, "Time ran out before", 0},
	} {
		tr := &trial{search: newSearch(obj, Options{})}
		tr.try(context.Background(), beams[0])
		if tr.end != stuck {
			t.Fatalf("the search ends with %d, want stuck", tr.end)
		}
		tr.maxBytes = tt.maxBytes
		ctx, cancel := context.WithCancel(context.Background())
		if tt.cancelled {
			cancel()
		}
		a := tr.anomaly(ctx, h)
		cancel()
		op, _ := opOf(h, check.Result{Anomalies: []check.Anomaly{a}}, "op")
		if _, traced := fieldOf(a, "prefix-count"); traced != (tt.maxBytes == DefaultBytes && !tt.cancelled) {
			t.Errorf("with %d bytes (cancelled: %v) the longest beginning is told: %v", tt.maxBytes, tt.cancelled, traced)
		}
		if op != last || a.Ops[len(a.Ops)-1] != last || !strings.Contains(a.Text, tt.text) || len(a.Paths) != tt.paths {
			t.Errorf("with %d bytes (cancelled: %v) the anomaly is about %d, with %d paths: %s; want %d, %d paths and %q", tt.maxBytes,
				tt.cancelled, op, len(a.Paths), a.Text, last, tt.paths, tt.text)
		}
	}
}

// opOf is the operation that a field of the first anomaly names.
func opOf(h *history.History, r check.Result, name string) (history.ID, bool) {
	v, ok := fieldOf(r.Anomalies[0], name)
	if !ok {
		return 0, false
	}
	return check.AsOpRef(v)
}
