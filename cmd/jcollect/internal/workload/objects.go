package workload

import (
	"fmt"
	"time"

	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/amount"
	"jcheck/internal/edn"
)

// objectKinds are the workloads of objects used by one operation at a time.
func objectKinds() []Kind {
	return []Kind{
		{"register", "reads and writes of registers, each linearizable by itself", registerOptions(false)},
		{"cas-register", "reads, writes and compare-and-set of registers, each linearizable by itself", registerOptions(true)},
		{"mutex", "a lock that each client acquires and releases", mutexOptions},
	}
}

// maxNumber bounds what a plan may ask for.
const maxNumber = 1_000_000_000

// keys is how independent keys are worked on.
type keys struct {
	count, ops, threads, processes int
	one                            bool
}

// rows are the keys of a plan for independent keys.
func (k *keys) rows() []plan.Field {
	return []plan.Field{
		{Key: "key-count", Doc: "how many keys there are, one after the other; 0 is no end (0)", Read: plan.Int(&k.count, 0, maxNumber)},
		{Key: "ops-per-key", Doc: "operations of a key before the next one: judging takes time that grows faster (100)", Read: plan.Int(&k.ops, 1, maxNumber)},
		{Key: "threads-per-key", Doc: "clients that work on a key together; divides the concurrency (what divides it, up to 10)", Read: plan.Int(&k.threads, 1, 10_000)},
		{Key: "process-limit", Doc: "processes that may work on a key: each crash makes one more (20)", Read: plan.Int(&k.processes, 1, maxNumber)},
		{Key: "independent", Doc: "false: one key for the whole test (true)", Read: func(n *plan.Node, p *plan.Problems) {
			many := true
			plan.Bool(&many)(n, p)
			k.one = !many
		}},
	}
}

// generator is f for each key.
func (k *keys) generator(s Setting, f generator.Generator) (generator.Generator, error) {
	if k.one {
		return f, nil
	}
	threads := k.threads
	if threads == 0 {
		threads = divisor(s.Concurrency)
	}
	if s.Concurrency%threads != 0 {
		return nil, fmt.Errorf("%s can't be split into groups of %d (hint: a concurrency that is a multiple of threads-per-key)", amount.Of(s.Concurrency, "client"), threads)
	}
	count := k.count
	if count == 0 {
		count = -1
	}
	return generator.Concurrent(threads, generator.CountedKeys(count), func(history.Value) generator.Generator {
		return generator.ProcessLimit(max(k.processes, threads), generator.Limit(k.ops, f))
	}), nil
}

// divisor is how many clients work on a key if nobody says: as many as there may be up to 10, but not each alone.
func divisor(n int) int {
	for d := min(n, 10); d > 1; d-- {
		if n%d == 0 {
			return d
		}
	}
	return max(n, 1)
}

// registerOptions are those of register, and with cas of cas-register.
func registerOptions(cas bool) func() ([]plan.Field, func() []history.Field, Maker) {
	return func() ([]plan.Field, func() []history.Field, Maker) {
		k := &keys{ops: 100, processes: 20}
		values := 5
		rows := append([]plan.Field{
			{Key: "values", Doc: "how many different values are written: 0 and so on (5)", Read: plan.Int(&values, 1, maxNumber)},
		}, k.rows()...)
		return rows, noFields, func(s Setting) (Work, error) {
			g, err := k.generator(s, registerOps(values, cas))
			model := "register"
			if cas {
				model = "cas-register"
			}
			return Work{Generator: g, Independent: !k.one,
				Checks: []Check{{"linearizable", map[string]any{"model": model}}}}, err
		}
	}
}

// noFields is nothing that a client must know.
func noFields() []history.Field { return nil }

// registerOps mixes the operations of a register.
func registerOps(values int, cas bool) generator.Generator {
	any := func(d *generator.Dice) history.Value { return number(d.IntN(values)) }
	gs := []generator.Generator{
		always(generator.Template{F: "read"}),
		drawn(func(d *generator.Dice) generator.Template { return generator.Template{F: "write", Value: any(d)} }),
	}
	if cas {
		gs = append(gs, drawn(func(d *generator.Dice) generator.Template {
			return generator.Template{F: "cas", Value: vector(any(d), any(d))}
		}))
	}
	return generator.Mix(gs...)
}

// mutexOptions are those of mutex. Each client acquires, holds the lock for a while, and releases.
func mutexOptions() ([]plan.Field, func() []history.Field, Maker) {
	hold := 10 * time.Millisecond
	rows := []plan.Field{
		{Key: "hold", Doc: "how long a client keeps the lock: who has it for no time shows nothing (10ms)", Read: plan.Duration(&hold)},
	}
	return rows, noFields, func(Setting) (Work, error) {
		g := generator.EachProcess(generator.Cycle(generator.Concat(
			generator.UntilOK(always(generator.Template{F: "acquire"})), generator.SleepFor(hold),
			generator.UntilOK(always(generator.Template{F: "release"})))))
		return Work{Generator: g, Checks: []Check{{"linearizable", map[string]any{"model": "mutex"}}}}, nil
	}
}

// integer is a value of an option.
func integer(name string, n int) history.Field { return field(name, edn.NewInt(int64(n))) }
