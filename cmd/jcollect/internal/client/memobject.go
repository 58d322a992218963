package client

import (
	"jcheck/history"
	"jcheck/internal/edn"
)

// A memObject is a row of the table of objects that client mem can be.
type memObject struct {
	name      string
	workloads []string // the kinds of workload that need it, besides one of its own name
	make      func(u Use) object
}

// memObjects is the table. Each call to make gives a new object.
func memObjects() []memObject {
	return []memObject{
		{"register", []string{"cas-register"}, newRegister},
		{"set", []string{"set-full", "causal-reverse", "comments"}, newSet},
		{"counter", []string{"pn-counter"}, newCounter},
		{"queue", []string{"total-queue", "fifo-queue"}, newQueue},
		{"bank", nil, newBank},
		{"txn", []string{"append", "list-append", "rw-register", "long-fork", "wr"}, newTxn},
		{"unique-ids", nil, newIDs},
		{"mutex", []string{"lock"}, newMutex},
		{"monotonic", nil, newMonotonic},
		{"causal", nil, newCausal},
		{"kafka", nil, newKafka},
	}
}

func ok(v history.Value) Outcome { return Outcome{Type: history.OK, Value: v} }

func failed(code string, texts ...string) Outcome {
	return Outcome{Type: history.Fail, Error: keyed(code, texts...)}
}

// unknownF is the answer to a function that the object doesn't have: a mistake of the plan's, but nothing happened.
func unknownF(c Call) Outcome { return failed("unknown-f", c.F) }

// newRegister is one value: read, write, cas [old new].
func newRegister(Use) object {
	var v history.Value
	return func(c Call, lose bool) Outcome {
		var next history.Value
		switch c.F {
		case "read", "r":
			return ok(v)
		case "write", "w":
			next = c.Value
		case "cas":
			if !c.Value.Sequential() || len(c.Value.Items) != 2 {
				return failed("malformed", "cas wants [old new]")
			}
			if !edn.Equal(v, c.Value.Items[0]) {
				return failed("mismatch")
			}
			next = c.Value.Items[1]
		default:
			return unknownF(c)
		}
		if !lose {
			v = next
		}
		return ok(c.Value)
	}
}

// newSet is a set that only grows: add, and read of all elements. What a read got is shared with later ones, not copied.
func newSet(Use) object {
	var items []history.Value
	has := make(map[string]bool)
	return func(c Call, lose bool) Outcome {
		switch c.F {
		case "read":
			return ok(edn.NewSet(items[:len(items):len(items)]))
		case "add", "write":
			if key := string(edn.AppendCanonical(nil, c.Value)); !lose && !has[key] {
				has[key] = true
				items = append(items, c.Value)
			}
			return ok(c.Value)
		}
		return unknownF(c)
	}
}

// newCounter is a number: add, increment, decrement (by their value, or 1), and read.
func newCounter(Use) object {
	n := int64(0)
	return func(c Call, lose bool) Outcome {
		by := int64(1)
		if c.Value.Kind == edn.Int {
			by = c.Value.Int()
		}
		switch c.F {
		case "read":
			return ok(edn.NewInt(n))
		case "add", "increment", "inc":
		case "decrement", "dec":
			by = -by
		default:
			return unknownF(c)
		}
		if !lose {
			n += by
		}
		return ok(c.Value)
	}
}

// newQueue is first in, first out: enqueue, dequeue, and drain of all that is there.
func newQueue(Use) object {
	var items []history.Value
	return func(c Call, lose bool) Outcome {
		switch c.F {
		case "enqueue":
			if !lose {
				items = append(items, c.Value)
			}
			return ok(c.Value)
		case "dequeue":
			if len(items) == 0 {
				return failed("empty")
			}
			v := items[0]
			items = items[1:]
			return ok(v)
		case "drain":
			all := items
			items = nil
			return ok(edn.NewVector(all))
		}
		return unknownF(c)
	}
}

// newIDs gives each who asks another number; a lost one is given again.
func newIDs(Use) object {
	n := int64(0)
	return func(c Call, lose bool) Outcome {
		if c.F != "generate" {
			return unknownF(c)
		}
		id := n
		if !lose {
			n++
		}
		return ok(edn.NewInt(id))
	}
}

// newMutex is held by one at a time. It doesn't ask who releases it: histories of mutexes don't tell.
func newMutex(Use) object {
	held := false
	return func(c Call, lose bool) Outcome {
		switch c.F {
		case "acquire":
			if held {
				return failed("held")
			}
			held = !lose
			return ok(c.Value)
		case "release":
			if !held {
				return failed("not-held")
			}
			held = lose
			return ok(c.Value)
		}
		return unknownF(c)
	}
}

// newMonotonic is a number for each key: inc of a key answers what it is now, read of keys answers all of them.
func newMonotonic(Use) object {
	at := make(map[string]int64)
	return func(c Call, lose bool) Outcome {
		keys := []history.Value{c.Value}
		if c.Value.Sequential() || c.Value.Kind == edn.Set {
			keys = c.Value.Items
		} else if c.Value.Kind == edn.Map {
			keys = nil
			for i := 0; i+1 < len(c.Value.Items); i += 2 {
				keys = append(keys, c.Value.Items[i])
			}
		}
		if c.F != "inc" && c.F != "read" {
			return unknownF(c)
		}
		var pairs []history.Value
		for _, k := range keys {
			name := string(edn.AppendCanonical(nil, k))
			now := at[name]
			if c.F == "inc" {
				now++
				if !lose {
					at[name] = now
				}
			}
			pairs = append(pairs, k, edn.NewInt(now))
		}
		return ok(edn.NewMap(pairs))
	}
}

// newCausal is a register whose operations tell their position, and to which one they link.
func newCausal(Use) object {
	value, position := edn.NewInt(0), edn.NewKeyword("init")
	steps := int64(0)
	return func(c Call, lose bool) Outcome {
		steps++
		here := edn.NewInt(steps)
		out := Outcome{Type: history.OK, Value: c.Value, Extra: []history.Field{{Name: "position", Value: here}, {Name: "link", Value: position}}}
		switch c.F {
		case "read-init", "read":
			out.Value = value
		case "write":
			if !lose {
				value = c.Value
			}
		default:
			return unknownF(c)
		}
		position = here
		return out
	}
}
