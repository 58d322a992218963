package workload

import (
	"strconv"

	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
)

// setKinds are the workloads of things that are put in and found again.
func setKinds() []Kind {
	return []Kind{
		{"set", "new elements are added; in the end each client reads all of them", setOptions},
		{"set-full", "new elements are added and all of them read, in turn; in the end by each client", setFullOptions},
		{"counter", "a counter goes up, and is read", counterOptions},
		{"pn-counter", "a counter goes up and down; in the end each client reads it", pnCounterOptions},
		{"queue", "new elements are enqueued and dequeued; in the end each client drains the queue", queueOptions},
		{"unique-ids", "identifiers are generated", uniqueIDOptions},
		{"bank", "money is transferred between accounts, and all balances read", bankOptions},
	}
}

// read is a read of everything there is.
func read() generator.Template { return generator.Template{F: "read"} }

func setOptions() ([]plan.Field, func() []history.Field, Maker) {
	return nil, noFields, func(Setting) (Work, error) {
		return Work{Generator: elements("add"), Final: eachFinally(read()), Checks: []Check{{Name: "set"}}}, nil
	}
}

// readEvery is how often everything is read if the plan doesn't say: seldom, since the more there is, the longer each read.
const readEvery = 20

func readEveryRow(n *int) plan.Field {
	return plan.Field{Key: "read-every", Doc: "each so manieth operation is a read of everything, the longer the more there is (20)", Read: plan.Int(n, 2, 1000)}
}

// oneIn mixes two generators, of which the first has each n-th operation in the mean.
func oneIn(n int, seldom, often generator.Generator) generator.Generator {
	gs := []generator.Generator{seldom}
	for range n - 1 {
		gs = append(gs, often)
	}
	return generator.Mix(gs...)
}

func setFullOptions() ([]plan.Field, func() []history.Field, Maker) {
	strict := false
	every := readEvery
	rows := []plan.Field{
		readEveryRow(&every),
		{Key: "linearizable", Doc: "true: each read must show all that was known before it (false)", Read: plan.Bool(&strict)},
	}
	return rows, noFields, func(Setting) (Work, error) {
		c := Check{Name: "set-full"}
		if strict {
			c.Values = map[string]any{"linearizable": true}
		}
		g := oneIn(every, always(read()), elements("add"))
		return Work{Generator: g, Final: eachFinally(read()), Checks: []Check{c}}, nil
	}
}

func counterOptions() ([]plan.Field, func() []history.Field, Maker) {
	amount := 5
	rows := []plan.Field{
		{Key: "max-amount", Doc: "what is added at most (5)", Read: plan.Int(&amount, 1, maxNumber)},
	}
	return rows, noFields, func(Setting) (Work, error) {
		add := drawn(func(d *generator.Dice) generator.Template {
			return generator.Template{F: "add", Value: number(1 + d.IntN(amount))}
		})
		return Work{Generator: generator.Mix(add, always(read())), Final: eachFinally(read()), Checks: []Check{{Name: "counter"}}}, nil
	}
}

func pnCounterOptions() ([]plan.Field, func() []history.Field, Maker) {
	amount := 5
	rows := []plan.Field{
		{Key: "max-amount", Doc: "what is added or taken at most (5)", Read: plan.Int(&amount, 1, maxNumber)},
	}
	return rows, noFields, func(Setting) (Work, error) {
		add := drawn(func(d *generator.Dice) generator.Template {
			return generator.Template{F: "add", Value: number(d.IntN(2*amount+1) - amount)}
		})
		return Work{Generator: generator.Mix(add, always(read())), Final: eachFinally(read()), Checks: []Check{{Name: "pn-counter"}}}, nil
	}
}

func queueOptions() ([]plan.Field, func() []history.Field, Maker) {
	model := ""
	rows := []plan.Field{
		{Key: "model", Doc: "unordered-queue or fifo-queue: which order it promises (it promises none, but not to lose anything)",
			Read: plan.OneOf(&model, "unordered-queue", "fifo-queue")},
	}
	return rows, noFields, func(Setting) (Work, error) {
		once := map[string]any{"at-most-once": true} // clients take an element and then learn of it
		w := Work{Checks: []Check{{"total-queue", once}}, Final: eachFinally(generator.Template{F: "drain"})}
		if model != "" {
			w.Checks = append(w.Checks, Check{"queue", map[string]any{"queue-model": model}})
		}
		w.Generator = generator.Mix(elements("enqueue"), always(generator.Template{F: "dequeue"}))
		return w, nil
	}
}

func uniqueIDOptions() ([]plan.Field, func() []history.Field, Maker) {
	return nil, noFields, func(Setting) (Work, error) {
		return Work{Generator: always(generator.Template{F: "generate"}), Checks: []Check{{Name: "unique-ids"}}}, nil
	}
}

// bank is the options of that workload.
type bank struct {
	accounts, total, maxTransfer int
	negative                     bool
}

func bankOptions() ([]plan.Field, func() []history.Field, Maker) {
	b := &bank{accounts: 8, total: 100, maxTransfer: 5}
	rows := []plan.Field{
		{Key: "accounts", Doc: "how many accounts there are: 0 and so on (8)", Read: plan.Int(&b.accounts, 2, 1_000_000)},
		{Key: "total", Doc: "what they hold together, shared as evenly as may be (100)", Read: plan.Int(&b.total, 0, maxNumber)},
		{Key: "max-transfer", Doc: "what is transferred at most (5)", Read: plan.Int(&b.maxTransfer, 1, maxNumber)},
		{Key: "negative-balances", Doc: "true: accounts may be overdrawn (false)", Read: plan.Bool(&b.negative)},
	}
	return rows, b.fields, b.work
}

// fields are what the client must know.
func (b *bank) fields() []history.Field {
	return []history.Field{integer("accounts", b.accounts), integer("total", b.total)}
}

func (b *bank) work(Setting) (Work, error) {
	values := map[string]any{"total-amount": int64(b.total)}
	var names []string
	for i := range b.accounts {
		names = append(names, strconv.Itoa(i))
	}
	values["accounts"] = names
	if b.negative {
		values["allow-negative-balances"] = true
	}
	transfer := drawn(func(d *generator.Dice) generator.Template {
		from, to := d.IntN(b.accounts), d.IntN(b.accounts-1)
		if to >= from {
			to++ // never to itself
		}
		return generator.Template{F: "transfer", Value: mapOf(
			"from", number(from), "to", number(to), "amount", number(1+d.IntN(b.maxTransfer)))}
	})
	return Work{Generator: generator.Mix(transfer, always(read())), Final: eachFinally(read()), Checks: []Check{{"bank", values}}}, nil
}
