package client

import (
	"math/rand/v2"

	"jcheck/history"
	"jcheck/internal/edn"
)

// A loadMaker gives the operations of a workload, drawn at random.
type loadMaker func() (next func(r *rand.Rand) Call, last func() Call)

func vec(items ...history.Value) history.Value { return edn.NewVector(items) }
func num(n int64) history.Value                { return edn.NewInt(n) }
func word(s string) history.Value              { return edn.NewKeyword(s) }

// registers are reads, writes and cas of registers, each for a hundred operations.
func registers() (func(r *rand.Rand) Call, func() Call) {
	n := 0
	return func(r *rand.Rand) Call {
		n++
		key := num(int64(n / 100))
		a, b := num(int64(r.IntN(5))), num(int64(r.IntN(5)))
		return []Call{
			{F: "read", Key: &key},
			{F: "write", Value: a, Key: &key},
			{F: "cas", Value: vec(a, b), Key: &key},
		}[r.IntN(3)]
	}, nil
}

// sets are adds, with reads among them and in the end.
func sets() (func(r *rand.Rand) Call, func() Call) {
	n := 0
	return func(r *rand.Rand) Call {
		if r.IntN(20) == 0 {
			return Call{F: "read"}
		}
		n++
		return Call{F: "add", Value: num(int64(n))}
	}, func() Call { return Call{F: "read"} }
}

// counters are adds and reads.
func counters() (func(r *rand.Rand) Call, func() Call) {
	return func(r *rand.Rand) Call {
		if r.IntN(4) == 0 {
			return Call{F: "read"}
		}
		return Call{F: "add", Value: num(int64(1 + r.IntN(5)))}
	}, func() Call { return Call{F: "read"} }
}

// queues are enqueues and dequeues, and drains in the end.
func queues() (func(r *rand.Rand) Call, func() Call) {
	n := 0
	return func(r *rand.Rand) Call {
		if r.IntN(3) == 0 {
			return Call{F: "dequeue"}
		}
		n++
		return Call{F: "enqueue", Value: num(int64(n))}
	}, func() Call { return Call{F: "drain"} }
}

// ids are identifiers asked for.
func ids() (func(r *rand.Rand) Call, func() Call) {
	return func(*rand.Rand) Call { return Call{F: "generate"} }, nil
}

// txns are transactions of one to four micro-operations over three keys at a time.
func txns(write string) loadMaker {
	return func() (func(r *rand.Rand) Call, func() Call) {
		writes := make(map[int]int)
		base := 0
		return func(r *rand.Rand) Call {
			var list []history.Value
			for range 1 + r.IntN(4) {
				key := base + r.IntN(3)
				if r.IntN(2) == 0 {
					list = append(list, vec(word("r"), num(int64(key)), history.Value{}))
					continue
				}
				writes[key]++
				list = append(list, vec(word(write), num(int64(key)), num(int64(writes[key]))))
				if writes[key] == 40 {
					base += 3
				}
			}
			return Call{F: "txn", Value: vec(list...)}
		}, nil
	}
}

// banks are transfers between 8 accounts, and reads.
func banks() (func(r *rand.Rand) Call, func() Call) {
	return func(r *rand.Rand) Call {
		if r.IntN(3) == 0 {
			return Call{F: "read"}
		}
		from := r.IntN(8)
		to := (from + 1 + r.IntN(7)) % 8
		return Call{F: "transfer", Value: edn.NewMap([]history.Value{word("from"), num(int64(from)), word("to"), num(int64(to)), word("amount"), num(int64(1 + r.IntN(5)))})}
	}, nil
}
