package client

import (
	"fmt"
	"slices"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// A load is what a client must know of the workload.
type load struct {
	object string // register, set, append, ...
	names  []history.Value
	total  int64
	causal bool // of a register: each operation tells its place in its session
}

// objectNames are the objects that drivers know, by the workloads that need them.
func objectNames() map[string][]string {
	return map[string][]string{
		"register":    {"register", "cas-register", "causal"},
		"set":         {"set", "set-full", "causal-reverse", "comments"},
		"counter":     {"counter", "pn-counter"},
		"queue":       {"queue", "total-queue", "fifo-queue"},
		"append":      {"append", "list-append"},
		"rw-register": {"rw-register", "wr", "long-fork"},
		"bank":        {"bank"},
		"unique-ids":  {"unique-ids"},
		"g2":          {"g2"},
		"monotonic":   {"monotonic"},
		"mutex":       {"mutex", "lock"},
		"log":         {"kafka"},
	}
}

// workloadsOf are the workloads that need one of the objects.
func workloadsOf(objects ...string) []string {
	var list []string
	for _, o := range objects {
		list = append(list, objectNames()[o]...)
	}
	return list
}

// loadOf is what a use says of the workload; said is the object that the section names, if any.
func loadOf(u Use, said string, known []string) (load, error) {
	l := load{object: said, causal: u.Workload == "causal", total: u.number("total", u.number("total-amount", 100))}
	for object, workloads := range objectNames() {
		if said == "" && slices.Contains(workloads, u.Workload) {
			l.object = object
		}
	}
	if l.object == "" {
		return l, fmt.Errorf("the client doesn't know what the operations are of (hint: object: one of %s)", strings.Join(known, ", "))
	}
	if v, given := u.Option("accounts"); given && (v.Sequential() || v.Kind == edn.Set) {
		l.names = v.Items
	} else {
		for i := range u.number("accounts", 8) {
			l.names = append(l.names, edn.NewInt(i))
		}
	}
	if l.object == "bank" && len(l.names) == 0 {
		return l, fmt.Errorf("a bank without accounts (hint: accounts: 8)")
	}
	return l, nil
}

// An account is one of a bank, and what it holds at first.
type account struct {
	name    history.Value
	balance int64
}

// accounts share the total of a bank; the first has what can't be shared evenly.
func (o load) accounts() []account {
	var list []account
	n := int64(len(o.names))
	for i, name := range o.names {
		a := account{name, o.total / n}
		if i == 0 {
			a.balance += o.total % n
		}
		list = append(list, a)
	}
	return list
}

// unknownCall is the failure of an operation that the object doesn't have.
func unknownCall(c Call, object string) error {
	return refuse("unknown-f", fmt.Sprintf("no operation %q of a %s", c.F, object))
}

// badValue is the failure of an operation whose value is none for it.
func badValue(c Call, want string) error {
	return refuse("malformed", fmt.Sprintf("%s wants %s, not %.100s", c.F, want, c.Value))
}

// A mop is one micro-operation of a transaction.
type mop struct {
	f          string // r, w, append
	key, value history.Value
	at         history.Value // as it was given
}

// mops are the micro-operations of a call, which may be r and the given writing one.
func mops(c Call, write string) ([]mop, error) {
	want := fmt.Sprintf("micro-ops [[:r k nil] [:%s k v] ...]", write)
	if !c.Value.Sequential() || len(c.Value.Items) == 0 {
		return nil, badValue(c, want)
	}
	var list []mop
	for _, item := range c.Value.Items {
		if !item.Sequential() || len(item.Items) != 3 {
			return nil, badValue(c, want)
		}
		m := mop{item.Items[0].Text, item.Items[1], item.Items[2], item}
		if m.f != "r" && m.f != write {
			return nil, badValue(c, want)
		}
		list = append(list, m)
	}
	return list, nil
}

// cell is the key of one of the objects that a call is about: its independent key, if it has one, and the object's own.
func cell(c Call, key history.Value) string {
	if c.Key == nil {
		return stored(key)
	}
	return stored(*c.Key) + " " + stored(key)
}

// onlyReads tells whether none of the micro-operations writes.
func onlyReads(c Call) bool {
	for _, item := range c.Value.Items {
		if len(item.Items) == 0 || item.Items[0].Text != "r" {
			return false
		}
	}
	return true
}

// completed is a transaction with what its reads found, in their order.
func completed(list []mop, found []history.Value) history.Value {
	items := make([]history.Value, 0, len(list))
	for _, m := range list {
		if m.f == "r" {
			items = append(items, edn.NewVector([]history.Value{m.at.Items[0], m.key, found[0]}))
			found = found[1:]
		} else {
			items = append(items, m.at)
		}
	}
	return edn.NewVector(items)
}

// pair is the [old new] of a cas.
func pair(c Call) (from, to history.Value, err error) {
	if !c.Value.Sequential() || len(c.Value.Items) != 2 {
		return from, to, badValue(c, "[old new]")
	}
	return c.Value.Items[0], c.Value.Items[1], nil
}

// amount is the integer of a counter's operation, 1 if there is none; a decrement's is negative.
func amount(c Call) (int64, error) {
	n := int64(1)
	switch c.Value.Kind {
	case edn.Int:
		n = c.Value.Int()
	case edn.Nil:
	default:
		return 0, badValue(c, "an integer")
	}
	if strings.HasPrefix(c.F, "dec") {
		n = -n
	}
	return n, nil
}

// A payment moves money between two accounts.
type payment struct {
	from, to history.Value
	amount   int64
}

// paymentOf is the transfer that a call asks for.
func paymentOf(c Call) (payment, error) {
	from, ok1 := c.Value.Get(edn.NewKeyword("from"))
	to, ok2 := c.Value.Get(edn.NewKeyword("to"))
	n, ok3 := c.Value.Get(edn.NewKeyword("amount"))
	if !ok1 || !ok2 || !ok3 || n.Kind != edn.Int || n.Int() < 0 {
		return payment{}, badValue(c, "{:from a :to b :amount n}")
	}
	return payment{from, to, n.Int()}, nil
}

// keysOf are the keys that a call reads: a list or set of them, a map's, or one.
func keysOf(c Call) ([]history.Value, error) {
	switch {
	case c.Value.Sequential() || c.Value.Kind == edn.Set:
		if len(c.Value.Items) > 0 {
			return c.Value.Items, nil
		}
	case c.Value.Kind == edn.Map:
		var keys []history.Value
		for i := 0; i+1 < len(c.Value.Items); i += 2 {
			keys = append(keys, c.Value.Items[i])
		}
		if len(keys) > 0 {
			return keys, nil
		}
	case !c.Value.IsNil():
		return []history.Value{c.Value}, nil
	}
	return nil, badValue(c, "keys")
}

// vector is a list of stored texts as a value.
func vector(texts []string) history.Value {
	items := make([]history.Value, 0, len(texts))
	for _, t := range texts {
		items = append(items, restored(t))
	}
	return edn.NewVector(items)
}
