package workload

import (
	"fmt"

	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/amount"
	"jcheck/internal/edn"
)

// orderKinds are the workloads that show in which order clients see what others do.
func orderKinds() []Kind {
	return []Kind{
		{"long-fork", "keys are written once each, and read in groups", longForkOptions},
		{"causal", "each client by itself reads and writes a register, whose operations link to one another", causalOptions},
		{"causal-reverse", "new values are written, and all of them read", causalReverseOptions},
		{"monotonic", "keys are incremented, and several read at once", monotonicOptions},
		{"g2", "two clients look for rows of a key, and insert one if there are none", g2Options},
		{"kafka", "messages are sent to logs by keys, and polled", kafkaOptions},
	}
}

func longForkOptions() ([]plan.Field, func() []history.Field, Maker) {
	size := 2
	rows := []plan.Field{
		{Key: "group-size", Doc: "how many keys are read together (2)", Read: plan.Int(&size, 2, 1000)},
	}
	fields := func() []history.Field { return []history.Field{integer("group-size", size)} }
	return rows, fields, func(Setting) (Work, error) {
		g := generator.Unfold(0, func(next int, d *generator.Dice) (generator.Template, int) { return forkOp(size, next, d) })
		return Work{Generator: g, Checks: []Check{{"long-fork", map[string]any{"group-size": int64(size)}}}}, nil
	}
}

// recentGroups is how many groups of keys are read: those that are being written, and some before.
const recentGroups = 3

// forkOp writes the next key, or reads one of the groups that were written to last, in any order of its keys.
func forkOp(size, next int, d *generator.Dice) (generator.Template, int) {
	if d.IntN(2) == 0 {
		return generator.Template{F: "write", Value: vector(vector(keyword("w"), number(next), number(1)))}, next + 1
	}
	group := max(0, next/size-d.IntN(recentGroups))
	mops := make([]history.Value, size)
	for i := range mops {
		mops[i] = vector(keyword("r"), number(group*size+i), history.Value{})
	}
	d.Shuffle(size, func(i, j int) { mops[i], mops[j] = mops[j], mops[i] })
	return generator.Template{F: "read", Value: edn.NewVector(mops)}, next
}

func causalOptions() ([]plan.Field, func() []history.Field, Maker) {
	writes, count := 2, 0
	rows := []plan.Field{
		{Key: "writes-per-key", Doc: "how often a client writes a key before it takes the next (2)", Read: plan.Int(&writes, 1, 100_000)},
		{Key: "key-count", Doc: "how many keys there are; 0 is no end (0)", Read: plan.Int(&count, 0, maxNumber)},
	}
	return rows, noFields, func(Setting) (Work, error) {
		chain := []generator.Generator{generator.Do(generator.Template{F: "read-init"})}
		for i := range writes {
			chain = append(chain, generator.Do(generator.Template{F: "write", Value: number(i + 1)}), generator.Do(read()))
		}
		n := count
		if n == 0 {
			n = -1
		}
		g := generator.Concurrent(1, generator.CountedKeys(n), func(history.Value) generator.Generator {
			return generator.OnUpdate(endChain, generator.Concat(chain...))
		})
		return Work{Generator: g, Independent: true, Checks: []Check{{Name: "causal"}}}, nil
	}
}

// endChain ends a chain at the first operation that doesn't succeed: nobody can go on where nobody knows what is.
func endChain(g generator.Generator, _ generator.Context, op generator.Op) generator.Generator {
	if op.Type == history.Fail || op.Type == history.Info {
		return generator.Concat()
	}
	return g
}

func causalReverseOptions() ([]plan.Field, func() []history.Field, Maker) {
	every := readEvery
	return []plan.Field{readEveryRow(&every)}, noFields, func(Setting) (Work, error) {
		g := oneIn(every, always(read()), elements("write"))
		return Work{Generator: g, Final: eachFinally(read()), Checks: []Check{{Name: "causal-reverse"}}}, nil
	}
}

func monotonicOptions() ([]plan.Field, func() []history.Field, Maker) {
	count, size := 8, 3
	rows := []plan.Field{
		{Key: "key-count", Doc: "how many keys there are (8)", Read: plan.Int(&count, 1, 100_000)},
		{Key: "read-size", Doc: "how many of them a read shows (3)", Read: plan.Int(&size, 1, 100_000)},
	}
	return rows, noFields, func(Setting) (Work, error) {
		inc := drawn(func(d *generator.Dice) generator.Template {
			return generator.Template{F: "inc", Value: number(d.IntN(count))}
		})
		reads := drawn(func(d *generator.Dice) generator.Template {
			return generator.Template{F: "read", Value: edn.NewVector(sample(min(size, count), count, d))}
		})
		return Work{Generator: generator.Mix(inc, reads), Checks: []Check{{Name: "monotonic"}}}, nil
	}
}

// sample draws n different numbers below count (Fisher and Yates, of whose list only what moved is kept).
func sample(n, count int, d *generator.Dice) []history.Value {
	moved := make(map[int]int, n)
	at := func(i int) int {
		if v, ok := moved[i]; ok {
			return v
		}
		return i
	}
	drawn := make([]history.Value, n)
	for i := range drawn {
		j := i + d.IntN(count-i)
		drawn[i] = number(at(j))
		moved[j] = at(i)
	}
	return drawn
}

// g2Options are those of g2: pairs of clients, each of which inserts another row of a key.
func g2Options() ([]plan.Field, func() []history.Field, Maker) {
	return nil, noFields, func(s Setting) (Work, error) {
		if s.Concurrency%2 != 0 {
			return Work{}, fmt.Errorf("%s can't be split into pairs (hint: an even concurrency)", amount.Of(s.Concurrency, "client"))
		}
		insert := func(make func(id history.Value) history.Value) generator.Generator {
			return generator.Count("row", func(n int64, _ *generator.Dice) generator.Template {
				return generator.Template{F: "insert", Value: make(edn.NewInt(n))}
			})
		}
		g := generator.Concurrent(2, generator.CountedKeys(-1), func(history.Value) generator.Generator {
			return generator.Reserve(
				insert(func(id history.Value) history.Value { return vector(history.Value{}, id) }),
				generator.Share{Threads: 1, G: insert(func(id history.Value) history.Value { return vector(id, history.Value{}) })})
		})
		return Work{Generator: g, Independent: true, Checks: []Check{{Name: "g2"}}}, nil
	}
}
