package linearizable

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// pairs is the state of an object with keys: key, value, key, value, ... in the order of the keys. A key that isn't there
// has the value nil.
type pairs []Term

func pairsOf(state any) pairs {
	terms, _ := split(state.(string), -1)
	return terms
}

// place is where a key is or would be.
func (p pairs) place(key Term) (at int, found bool) {
	at = 2 * sort.Search(len(p)/2, func(i int) bool { return p[2*i] >= key })
	return at, at < len(p) && p[at] == key
}

func (p pairs) get(key Term) Term {
	if at, found := p.place(key); found {
		return p[at+1]
	}
	return TermOf(history.Value{})
}

// set is p with the key's value changed. A value of nil takes the key out, so that equal objects have equal states.
func (p pairs) set(key, value Term) pairs {
	at, found := p.place(key)
	tail := p[at:]
	if found {
		tail = p[at+2:]
	}
	next := append(make(pairs, 0, len(p)+2), p[:at]...)
	if !value.IsNil() {
		next = append(next, key, value)
	}
	return append(next, tail...)
}

// initialPairs is the initial state given as a map.
func initialPairs(initial history.Value) (any, error) {
	var p pairs
	given, ok := TermOf(initial).Pairs()
	if !ok && !initial.IsNil() {
		return nil, fmt.Errorf("initial value %s is not a map (hint: {:x 0 :y 0})", initial)
	}
	for i := 0; i < len(given); i += 2 {
		p = p.set(given[i], given[i+1])
	}
	return join(p), nil
}

// showPairs makes a state readable as a map.
func showPairs(state any) history.Value { return edn.NewMap(vector(state).Items) }

// kv is a map whose keys are put, got, appended to and deleted one at a time. As the value of a call is [key value], that
// of a get is [key what-was-got].
func kv() Datatype {
	return Datatype{
		Name:      "kv",
		Doc:       "a map: put, get, append (to a string), delete, each of one key; values are [key value]; cas [key [from to]]",
		Functions: []string{"put", "get", "append", "delete", "cas"},
		Init:      initialPairs,
		Accepts: func(c Call) error {
			_, value, ok := pair(c.Value)
			if !ok {
				return fmt.Errorf("the value of a %s is [key value], not %s", c.F, c.Value)
			}
			if _, _, ok := pair(value); c.F == "cas" && !ok {
				return fmt.Errorf("the value of a cas is [key [from to]], not %s", c.Value)
			}
			if c.F == "append" && edn.Kind(value[0]) != edn.String { // else it would silently append nothing
				return fmt.Errorf("the value of an append is [key text], not %s (hint: --model list-append, if lists are appended to)", c.Value)
			}
			return nil
		},
		Step: kvStep,
		Show: showPairs,
		Keys: func(c Call) []Term {
			key, _, _ := pair(c.Value)
			return []Term{key}
		},
		Observes: []string{"cas"},
		ReadOnly: func(c Call) bool { return c.F == "get" || c.F == "cas" && c.Outcome == Failed },
		Blind:    is("put", "append", "delete"),
		// Calls of a part are all of one key: what is put replaces all there is.
		Overwrites: is("put", "delete"),
		adds:       is("append"),
		ahead:      kvAhead,
		access:     keyAccess,
		value:      func(state any, key Term) Term { return pairsOf(state).get(key) },
		fast: func(o *object) (*proof, bool) {
			initial := pairsOf(o.init).get(o.d.Keys(o.kinds[0])[0])
			if slices.ContainsFunc(o.kinds, func(c Call) bool { return c.F == "append" }) {
				return fastAppends(o, initial)
			}
			return fastRegister(o, initial, kvAccess)
		},
		order: func(o *object) []int32 {
			key := o.d.Keys(o.kinds[0])[0]
			return orderRegister(o, pairsOf(o.init).get(key), kvAccess)
		},
	}
}

// keyAccess tells which key a call is about, and what it does there. What isn't there has the value nil.
func keyAccess(c Call) (key Term, a access, plain bool) {
	key, value, _ := pair(c.Value)
	if c.F == "delete" || c.F == "put" && value.IsNil() {
		return key, access{write: true, to: nilTerm()}, true
	}
	a, plain = kvAccess(c)
	return key, a, plain
}

// kvAhead tells whether a get may answer what it did after appends to the state of a key.
func kvAhead(state any, c Call) bool {
	key, value, _ := pair(c.Value)
	now := pairsOf(state).get(key)
	return now.IsNil() || now == value || strings.HasPrefix(value.text(), now.text())
}

func kvStep(state any, c Call) (any, string) {
	p := pairsOf(state)
	key, value, _ := pair(c.Value)
	now := p.get(key)
	switch c.F {
	case "put":
		return join(p.set(key, value)), ""
	case "delete":
		return join(p.set(key, TermOf(history.Value{}))), ""
	case "append":
		return join(p.set(key, textTerm(now.text()+value.text()))), ""
	}
	if c.F == "cas" {
		next, reason := casStep(now, value, c.Outcome, fmt.Sprintf("key %s", key))
		return join(p.set(key, next)), reason
	}
	if c.Outcome == OK && now != value && !(value.IsNil() && now.IsNil()) {
		if len(now)+len(value) > longState {
			return nil, fmt.Sprintf("can't get this text of %d characters from key %s, which has another of %d", len(value.text()), key, len(now.text()))
		}
		return nil, fmt.Sprintf("can't get %s from key %s, which is %s", value, key, now)
	}
	return state, ""
}

// multiRegister is several registers that a txn reads and writes at once: its value is a list of [:read key value] and
// [:write key value]. A read of nil is one whose answer nobody knows, as in Knossos.
func multiRegister() Datatype {
	return Datatype{
		Name:      "multi-register",
		Doc:       "several registers: txn [[:read key value] [:write key value] ...]",
		Functions: []string{"txn"},
		Init:      initialPairs,
		Accepts:   acceptTxn,
		Step:      txnStep,
		Show:      showPairs,
		Keys: func(c Call) []Term {
			var keys []Term
			for _, m := range mops(c) {
				keys = append(keys, m.key)
			}
			return keys
		},
		ReadOnly: func(c Call) bool { return !writes(c) },
	}
}

// mop is a micro-op of a multi-register.
type mop struct {
	write      bool
	key, value Term
}

func mops(c Call) []mop {
	items, _ := c.Value.Items()
	all := make([]mop, 0, len(items))
	for _, item := range items {
		if parts, ok := item.Items(); ok && len(parts) == 3 {
			f := parts[0].Value().Text
			all = append(all, mop{f == "write" || f == "w", parts[1], parts[2]})
		}
	}
	return all
}

func writes(c Call) bool {
	for _, m := range mops(c) {
		if m.write {
			return true
		}
	}
	return false
}

func acceptTxn(c Call) error {
	items, ok := c.Value.Items()
	if !ok && !c.Value.IsNil() {
		return fmt.Errorf("the value of a txn is a list of micro-ops, not %s", c.Value)
	}
	for _, item := range items {
		parts, _ := item.Items()
		known := len(parts) == 3
		if known {
			switch parts[0].Value().Text {
			case "read", "r", "write", "w":
			default:
				known = false
			}
		}
		if !known {
			return fmt.Errorf("%s is no micro-op of it (hint: [:read key value] or [:write key value]; jcheck elle checks other transactions)", item)
		}
	}
	return nil
}

func txnStep(state any, c Call) (any, string) {
	p := pairsOf(state)
	for _, m := range mops(c) {
		switch now := p.get(m.key); {
		case m.write:
			p = p.set(m.key, m.value)
		case c.Outcome == OK && !m.value.IsNil() && m.value != now:
			return nil, fmt.Sprintf("can't read %s from %s, which is %s", m.value, m.key, now)
		}
	}
	return join(p), ""
}

// counter is a sum that amounts are added to.
func counter() Datatype {
	return Datatype{
		Name:      "counter",
		Doc:       "a sum: add, inc, dec (of an amount, 1 if there is none), read",
		Functions: []string{"add", "inc", "dec", "read"},
		Init: func(initial history.Value) (any, error) {
			if n, ok := TermOf(initial).Int(); ok || initial.IsNil() {
				return n, nil
			}
			return nil, fmt.Errorf("initial value %s of a counter is not an integer", initial)
		},
		Accepts: func(c Call) error {
			if _, ok := c.Value.Int(); !ok && !c.Value.IsNil() {
				return fmt.Errorf("the value of %s %s is not an integer", c.F, c.Value)
			}
			return nil
		},
		Step: func(state any, c Call) (any, string) {
			sum := state.(int64)
			n, known := c.Value.Int()
			switch {
			case c.F == "read" && c.Outcome == OK && known && n != sum:
				return nil, fmt.Sprintf("can't read %d from counter %d", n, sum)
			case c.F == "read":
				return sum, ""
			case !known:
				n = 1
			}
			if c.F == "dec" {
				n = -n
			}
			return sum + n, ""
		},
		Show:     func(state any) history.Value { return edn.NewInt(state.(int64)) },
		ReadOnly: is("read"),
		Blind:    is("add", "inc", "dec"),
		fast:     fastCounter,
	}
}
