package client

import (
	"jcheck/history"
	"jcheck/internal/edn"
)

// newTxn performs micro-operations all at once: [:r k nil], [:append k v], [:w k v].
func newTxn(Use) object {
	cells := make(map[string]history.Value)
	return func(c Call, lose bool) Outcome {
		if !c.Value.Sequential() {
			return failed("malformed", "a txn is a list of micro-operations")
		}
		for _, m := range c.Value.Items {
			if len(m.Items) < 2 || len(m.Items) > 3 || name(m.Items[0]) == "" {
				return failed("malformed", "a micro-operation is [f key value]: "+m.String())
			}
		}
		undo := make(map[string]history.Value) // a lost txn sees what it wrote itself
		done := make([]history.Value, 0, len(c.Value.Items))
		for _, m := range c.Value.Items {
			f, key := m.Items[0], string(edn.AppendCanonical(nil, m.Items[1]))
			var arg history.Value
			if len(m.Items) == 3 {
				arg = m.Items[2]
			}
			if _, seen := undo[key]; !seen {
				undo[key] = cells[key]
			}
			switch name(f) {
			case "r":
				arg = cells[key]
			case "append":
				old := cells[key].Items
				cells[key] = edn.NewVector(append(old[:len(old):len(old)], arg))
			default:
				cells[key] = arg
			}
			done = append(done, edn.NewVector([]history.Value{f, m.Items[1], arg}))
		}
		if lose {
			for key, v := range undo {
				cells[key] = v
			}
		}
		return ok(edn.NewVector(done))
	}
}

// name is the text of a keyword or string; "" for anything else.
func name(v history.Value) string {
	switch v.Kind {
	case edn.Keyword, edn.String, edn.Symbol:
		return v.Text
	}
	return ""
}

// number is an integer option of the workload, or what goes without saying.
func (u Use) number(option string, otherwise int64) int64 {
	if v, given := u.Option(option); given && v.Kind == edn.Int {
		return v.Int()
	}
	return otherwise
}

// newBank has accounts that share a total: transfer {:from :to :amount}, and read of all balances.
func newBank(u Use) object {
	total := u.number("total", u.number("total-amount", 100))
	var names []history.Value
	if v, given := u.Option("accounts"); given && (v.Sequential() || v.Kind == edn.Set) {
		names = v.Items
	} else {
		for i := range u.number("accounts", 8) {
			names = append(names, edn.NewInt(i))
		}
	}
	balances := make(map[string]int64)
	for i, n := range names { // as even as may be
		share := total / int64(len(names))
		if int64(i) < total%int64(len(names)) {
			share++
		}
		balances[string(edn.AppendCanonical(nil, n))] = share
	}
	return func(c Call, lose bool) Outcome {
		switch c.F {
		case "read":
			var pairs []history.Value
			for _, n := range names {
				pairs = append(pairs, n, edn.NewInt(balances[string(edn.AppendCanonical(nil, n))]))
			}
			return ok(edn.NewMap(pairs))
		case "transfer":
			return transfer(balances, c, lose)
		}
		return unknownF(c)
	}
}

// transfer moves money. A lost one forgets to credit, which is what makes it visible.
func transfer(balances map[string]int64, c Call, lose bool) Outcome {
	part := func(field string) history.Value {
		v, _ := c.Value.Get(edn.NewKeyword(field))
		return v
	}
	from, to := string(edn.AppendCanonical(nil, part("from"))), string(edn.AppendCanonical(nil, part("to")))
	_, known := balances[from]
	if _, also := balances[to]; !known || !also {
		return failed("no-account")
	}
	amount := part("amount").Int()
	if balances[from] < amount {
		return failed("insufficient")
	}
	balances[from] -= amount
	if !lose {
		balances[to] += amount
	}
	return ok(c.Value)
}

// maxPoll is how many messages of a key one poll gives at most.
const maxPoll = 100

// newKafka is a log for each key: txns of [:send k v] and [:poll]. Each process reads every log from its beginning.
func newKafka(Use) object {
	k := &kafka{logs: make(map[string][]history.Value), polled: make(map[int32][]int)}
	return func(c Call, lose bool) Outcome {
		switch c.F {
		case "assign", "subscribe", "crash", "debug-topic-partitions":
			return ok(c.Value)
		case "send", "poll", "txn":
			return k.txn(c, lose)
		}
		return unknownF(c)
	}
}

// A kafka is the logs, and how far each process has read them.
type kafka struct {
	keys   []history.Value
	logs   map[string][]history.Value // [offset value], nil where one was lost
	polled map[int32][]int            // by process and place in keys
}

// txn performs sends and polls in order. What it sends shows when it is done, to itself as well.
func (k *kafka) txn(c Call, lose bool) Outcome {
	var done []history.Value
	before := make(map[string]int, len(k.logs))
	for name, log := range k.logs {
		before[name] = len(log)
	}
	for _, m := range c.Value.Items {
		switch {
		case len(m.Items) == 3 && name(m.Items[0]) == "send":
			sent := k.send(m.Items[1], m.Items[2], lose)
			done = append(done, edn.NewVector([]history.Value{m.Items[0], m.Items[1], sent}))
		case len(m.Items) > 0 && name(m.Items[0]) == "poll":
			done = append(done, edn.NewVector([]history.Value{m.Items[0], k.poll(c.Process, before)}))
		default:
			return failed("malformed", "a micro-operation is [:send key value] or [:poll]: "+m.String())
		}
	}
	return ok(edn.NewVector(done))
}

// send takes a place in a log. A lost message leaves it empty.
func (k *kafka) send(key, v history.Value, lose bool) history.Value {
	name := string(edn.AppendCanonical(nil, key))
	log, known := k.logs[name]
	if !known {
		k.keys = append(k.keys, key)
	}
	sent := edn.NewVector([]history.Value{edn.NewInt(int64(len(log))), v})
	kept := sent
	if lose {
		kept = history.Value{}
	}
	k.logs[name] = append(log, kept)
	return sent
}

// poll is what is new for a process in all logs, by key, of what was there before.
func (k *kafka) poll(process int32, before map[string]int) history.Value {
	at := k.polled[process]
	var pairs []history.Value
	for i, key := range k.keys {
		if i == len(at) {
			at = append(at, 0)
		}
		name := edn.AppendCanonical(nil, key)
		log := k.logs[string(name)][:before[string(name)]]
		end := min(len(log), at[i]+maxPoll)
		var fresh []history.Value
		for _, message := range log[at[i]:end] {
			if !message.IsNil() {
				fresh = append(fresh, message)
			}
		}
		at[i] = end
		if len(fresh) > 0 {
			pairs = append(pairs, key, edn.NewVector(fresh))
		}
	}
	k.polled[process] = at
	return edn.NewMap(pairs)
}
