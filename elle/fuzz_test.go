package elle_test

import (
	"fmt"
	"testing"

	"jcheck/elle"
	"jcheck/history"
	"jcheck/internal/sim"
)

// fuzzOptions are checks of different kinds for one input.
var fuzzOptions = []elle.Options{
	{},
	{Models: []string{"serializable"}, Anomalies: []string{"garbage-read"}, WFRKeys: true},
	{Models: []string{"strong-session-serializable"}, SequentialKeys: true, WFRKeys: true},
	{Workload: elle.RWRegister, LinearizableKeys: true, SequentialKeys: true, WFRKeys: true},
	{Workload: elle.ListAppend, Models: []string{"read-committed"}, MaxAnomalies: 1},
	{Workload: elle.ClosedPredicate},
}

// sameForAnyWorkers fails unless a check with one worker and one with four agree to the byte.
func sameForAnyWorkers(t *testing.T, h *history.History) {
	t.Helper()
	for _, o := range fuzzOptions {
		o.Workers = 1
		one := fmt.Sprintf("%+v", elle.Check(t.Context(), h, o))
		o.Workers = 4
		if four := fmt.Sprintf("%+v", elle.Check(t.Context(), h, o)); four != one {
			t.Errorf("%+v: with 4 workers the result is\n%s\nwith 1\n%s", o, four, one)
		}
	}
}

// Without this a file that is nearly a history could make the checker panic, or its result depend on timing.
func FuzzCheckText(f *testing.F) {
	for seed := range uint64(6) {
		ops, err := sim.Ops(tiny(seed, sim.Workload(seed%2)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(text(ops)))
	}
	f.Add([]byte(`{:type :ok :process 0 :f :init :value {1 2 3 4}}
{:type :ok :process 1 :f :txn :value [[:rp :true {1 2}] [:insert 5 6] [:delete 1] [:w 3 7] [:r 1 :elle/dead]]}`))
	f.Add([]byte(`[{"type":"invoke","process":0,"f":"txn","value":[["append","x",1],["r","x",null]]},
{"type":"ok","process":0,"f":"txn","value":[["append","x",1],["r","x",[1,1]]]}]`))
	f.Add([]byte(`{:type :ok :process 0 :value [:k [[:append [] nil] [:r #{} [nil nil]] [:r 1.0] []]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := history.Read(t.Context(), "fuzz", text, history.Options{Workers: 1, Lenient: true})
		if err != nil {
			return
		}
		sameForAnyWorkers(t, h)
	})
}

// Without this only histories that parse by luck would be tried: here every input is a history, however odd.
func FuzzCheckOps(f *testing.F) {
	f.Add([]byte{0}, false)
	f.Add([]byte("\x00\x10\x21\x32\x43\x54\x65\x76\x87\x98\xa9\xba\xcb\xdc\xed\xfe"), true)
	f.Add([]byte("append read append read all over again and over again"), false)
	f.Fuzz(func(t *testing.T, code []byte, register bool) {
		if ops := decode(code, sim.ListAppend); len(code) > 400 || len(ops) == 0 {
			return // longer ones say nothing new, slowly
		}
		w := sim.ListAppend
		if register {
			w = sim.RWRegister
		}
		h, err := history.Read(t.Context(), "fuzz", []byte(text(decode(code, w))), history.Options{Workers: 1})
		if err != nil {
			t.Fatalf("a well-formed history isn't read: %v\n%s", err, text(decode(code, w)))
		}
		sameForAnyWorkers(t, h)
	})
}

// decode makes a well-formed history of any bytes: each byte is an invocation, a completion, or a micro-op of the last
// operation. Values repeat and reads show anything, so that every anomaly and every broken premise can occur.
func decode(code []byte, w sim.Workload) []*sim.Op {
	var ops []*sim.Op
	var open [4]bool
	add := func(typ history.Type, process int64) {
		ops = append(ops, &sim.Op{Index: int64(len(ops)), Time: int64(len(ops)), Type: typ, Process: process, Workload: w})
	}
	for _, c := range code {
		kind, arg := c>>5, int64(c&31)
		process := arg & 3
		switch {
		case kind < 3 && !open[process]:
			open[process] = true
			add(history.Invoke, process)
		case kind < 3:
			open[process] = false
			add(history.OK+history.Type(kind), process)
		case len(ops) == 0:
			continue
		case kind < 5:
			last := ops[len(ops)-1]
			last.Mops = append(last.Mops, sim.Mop{Write: true, Key: arg & 1, Value: arg >> 1})
		default:
			last := ops[len(ops)-1]
			m := sim.Mop{Known: kind != 7, Key: arg & 1, Value: arg >> 1}
			for v := arg >> 1; v > 0 && w == sim.ListAppend; v = (v * 5) >> 3 {
				m.List = append(m.List, v)
			}
			last.Mops = append(last.Mops, m)
		}
	}
	return ops
}
