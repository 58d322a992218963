package all

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"jcheck/history"
	"jcheck/internal/edn"
)

// fuzzValues are the values of all workloads, and what isn't one of any.
const fuzzValues = `nil nil 0 1 2 3 -1 1.5 "a" :x 9223372036854775807 100000000000000000000 1/2 () [] #{} {} [1 2] [1 nil] [2 1 3] #{1 2} #{1 3 nil}
 {:x 1 :y 2} {:x nil} {0 1, 1 2} {"a" "b"} [[:r 0 nil] [:r 1 1]] [[:r 0 1] [:r 1 nil]] [[:w 0 1]] [[:w 1 1]] [[:r 0 nil]]
 [0 [1 nil]] [0 [nil 2]] [1 [1 nil]] [0 1] [[:send 0 1]] [[:send 0 [0 1]]] [[:send 0 [1 2]]] [[:send 1 [0 1]]] [[:poll]]
 [[:poll {0 [[0 1]]}]] [[:poll {0 [[0 1] [1 2]]}]] [[:poll {0 []}]] [[:poll {0 [[2 7] [1 2]], 1 [[0 1]]}]] [[:send 0 2] [:poll]]
 [[:send 0 [nil 2]] [:poll {0 [[0 1] [3 2]]}]] [[:poll {0 7}]] [[:poll 3]] [[:send]] [:poll] ["x" 1] {:from 0 :to 1 :amount 1}`

// fuzzOps makes a history of bytes, four for an operation: process, type, function, value. Most begin with an invocation
// and end with its completion, since the reader refuses a process that does two things at once.
func fuzzOps(functions []string, text []byte) []history.Op {
	values, err := edn.ParseAll([]byte(fuzzValues))
	if err != nil {
		panic(err)
	}
	functions = append(slices.Clip(functions), "other")
	open := make(map[int]history.Value)
	var ops []history.Op
	for len(text) >= 4 && len(ops) < 200 {
		process := int(text[0] % 5)
		op := history.Op{Process: edn.NewInt(int64(process)), Type: history.Type(text[1] & 3), Time: int64(len(ops)) * 1_000_000,
			F: edn.NewKeyword(functions[int(text[2])%len(functions)]), Value: values[int(text[3])%len(values)]}
		if f, ok := open[process]; ok {
			op.F = f
			op.Type = max(op.Type, history.OK)
			delete(open, process)
		} else if text[1] < 250 {
			op.Type = history.Invoke
			open[process] = op.F
		} else {
			op.Type = max(op.Type, history.OK) // without an invocation
		}
		if text[0] > 200 {
			op.Extra = []history.Field{{Name: "position", Value: edn.NewInt(int64(len(ops)))}, {Name: "link", Value: values[int(text[2])%len(values)]},
				{Name: "final?", Value: edn.NewBool(true)}, {Name: "rebalance-log", Value: values[int(text[1])%len(values)]}}
		}
		ops = append(ops, op)
		text = text[4:]
	}
	return ops
}

// FuzzCheckers would miss a checker that panics on an odd history, or whose answer is another the second time.
func FuzzCheckers(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		text := make([]byte, 8*n)
		for i := range text {
			text[i] = byte(random.Uint32())
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, row := range Checkers() {
			h, err := history.FromOps(fuzzOps(row.Functions, text))
			if err != nil {
				t.Fatalf("%s: %v", row.Name, err) // a mistake of fuzzOps
			}
			for _, v := range []Values{{}, {CompatOption: true}, {"queue-model": "fifo-queue", "group-size": int64(2), "ww-deps": true, "accounts": []string{"x"}}} {
				if row.Name == "elle" || row.Name == "linearizable" {
					continue // which have fuzz targets of their own
				}
				var answers [2][]byte
				for i := range answers {
					r, err := row.Run(t.Context(), h, v)
					if err != nil {
						answers[i] = []byte(err.Error())
					} else {
						answers[i] = []byte(printed(h, r))
					}
				}
				if !bytes.Equal(answers[0], answers[1]) {
					t.Errorf("%s answers\n%s\nand then\n%s", row.Name, answers[0], answers[1])
				}
			}
		}
	})
}
