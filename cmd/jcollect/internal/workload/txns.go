package workload

import (
	"math/bits"
	"slices"

	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// txnKinds are the workloads of transactions.
func txnKinds() []Kind {
	return []Kind{
		{"append", "transactions that append to lists and read them, for jcheck elle", txnOptions("append", "list-append")},
		{"rw-register", "transactions that write registers and read them, for jcheck elle", txnOptions("w", "rw-register")},
	}
}

// txns is how transactions are drawn.
type txns struct {
	write                          string // append or w
	keyCount, minLength, maxLength int
	maxWrites                      int
	uniform                        bool
}

func txnOptions(write, workload string) func() ([]plan.Field, func() []history.Field, Maker) {
	return func() ([]plan.Field, func() []history.Field, Maker) {
		t := txns{write: write, keyCount: 3, minLength: 1, maxLength: 4, maxWrites: 32}
		dist := "exponential"
		var models, anomalies []string
		var flags []string
		rows := []plan.Field{
			{Key: "key-count", Doc: "keys that are in use at the same time (3)", Read: plan.Int(&t.keyCount, 1, 100_000)},
			{Key: "min-txn-length", Doc: "micro-ops of a transaction at least (1)", Read: plan.Int(&t.minLength, 1, 10_000)},
			{Key: "max-txn-length", Doc: "micro-ops of a transaction at most (4)", Read: plan.Int(&t.maxLength, 1, 10_000)},
			{Key: "max-writes-per-key", Doc: "writes of a key before a new one takes its place (32)", Read: plan.Int(&t.maxWrites, 1, maxNumber)},
			{Key: "key-dist", Doc: "exponential: each key in use is drawn half as often as the next; or uniform (exponential)", Read: plan.OneOf(&dist, "exponential", "uniform")},
			{Key: "consistency-models", Doc: "what the database promises (strict-serializable)", Read: plan.Strs(&models)},
			{Key: "anomalies", Doc: "further anomalies to forbid", Read: plan.Strs(&anomalies)},
		}
		if write == "w" {
			rows = append(rows, plan.Field{Key: "versions", Doc: "what is known of each register's order: wfr-keys, sequential-keys, linearizable-keys", Read: plan.Each(oneMore(&flags))})
		}
		return rows, noFields, func(Setting) (Work, error) {
			t.maxLength, t.uniform = max(t.minLength, t.maxLength), dist == "uniform"
			values := map[string]any{"workload": workload}
			if models != nil {
				values["consistency-models"] = models
			}
			if anomalies != nil {
				values["anomalies"] = anomalies
			}
			for _, f := range flags {
				values[f] = true
			}
			return Work{Generator: t.generator(), Checks: []Check{{"elle", values}}}, nil
		}
	}
}

// oneMore reads one of the ways to know a register's versions.
func oneMore(list *[]string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		var s string
		plan.OneOf(&s, "wfr-keys", "sequential-keys", "linearizable-keys")(n, p)
		if s != "" {
			*list = append(*list, s)
		}
	}
}

// A slot is a key in use and how often it was written.
type slot struct{ key, writes int32 }

// slotChunk is how many slots are copied when one changes.
const slotChunk = 64

// inUse is the keys in use. It is never changed; a changed one shares all but a chunk.
type inUse struct {
	chunks []*[slotChunk]slot
	next   int32 // the first key that was never in use
}

// with is the keys with another slot in place k.
func (u inUse) with(k int, s slot) inUse {
	c := *u.chunks[k/slotChunk]
	c[k%slotChunk] = s
	u.chunks = slices.Clone(u.chunks)
	u.chunks[k/slotChunk] = &c
	return u
}

// generator draws transactions for ever.
func (t txns) generator() generator.Generator {
	start := inUse{next: int32(t.keyCount)}
	for i := range t.keyCount {
		if i%slotChunk == 0 {
			start.chunks = append(start.chunks, new([slotChunk]slot))
		}
		start.chunks[i/slotChunk][i%slotChunk].key = int32(i)
	}
	return generator.Unfold(start, t.txn)
}

// txn draws a transaction: each micro-op reads or writes, with the same chance. What is written to a key is 1, 2, 3, ...
func (t txns) txn(u inUse, d *generator.Dice) (generator.Template, inUse) {
	mops := make([]history.Value, t.minLength+d.IntN(t.maxLength-t.minLength+1))
	for i := range mops {
		k := t.place(d)
		s := u.chunks[k/slotChunk][k%slotChunk]
		key := number(int(s.key))
		if d.IntN(2) == 0 {
			mops[i] = vector(keyword("r"), key, history.Value{})
			continue
		}
		s.writes++
		mops[i] = vector(keyword(t.write), key, number(int(s.writes)))
		if int(s.writes) >= t.maxWrites {
			s = slot{key: u.next}
			u.next++
		}
		u = u.with(k, s)
	}
	return generator.Template{F: "txn", Value: edn.NewVector(mops)}, u
}

// place draws one of the keys in use: the last half of the time, the one before it a quarter, and so on.
func (t txns) place(d *generator.Dice) int {
	if t.uniform {
		return d.IntN(t.keyCount)
	}
	return t.keyCount - 1 - bits.TrailingZeros64(d.Uint64()|1<<62)%t.keyCount
}

// mapOf is a map with keywords as keys.
func mapOf(pairs ...any) history.Value {
	var items []history.Value
	for _, p := range pairs {
		switch p := p.(type) {
		case string:
			items = append(items, keyword(p))
		case history.Value:
			items = append(items, p)
		}
	}
	return edn.NewMap(items)
}
