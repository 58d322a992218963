package linearizable

import (
	"encoding/binary"
	"fmt"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// listAppend is a map of lists that elements are appended to, one list at a time: the value of an append is [key element],
// that of a read [key elements]. A list that nobody appended to is read as nil or [].
func listAppend() Datatype {
	return Datatype{
		Name:      "list-append",
		Doc:       "lists by key: append [key element], read [key [elements]]",
		Functions: []string{"append", "read"},
		Init: func(initial history.Value) (any, error) {
			state, err := initialPairs(initial)
			if err != nil {
				return nil, err
			}
			all := pairsOf(state)
			var p pairs
			for i := 0; i < len(all); i += 2 {
				n, items, ok := all[i+1].inside()
				if !ok {
					return nil, fmt.Errorf("initial value %s of key %s is not a list", all[i+1], all[i])
				}
				p = p.set(all[i], listOf(n, items))
			}
			return join(p), nil
		},
		Accepts: func(c Call) error {
			_, value, ok := pair(c.Value)
			if !ok {
				return fmt.Errorf("the value of %s is [key value], not %s", c.F, c.Value)
			}
			if _, _, isList := value.inside(); c.F == "read" && !isList && !value.IsNil() {
				return fmt.Errorf("what was read of key is a list, not %s", value)
			}
			return nil
		},
		Step: listStep,
		Show: showPairs,
		Keys: func(c Call) []Term {
			key, _, _ := pair(c.Value)
			return []Term{key}
		},
		ReadOnly: is("read"),
		Blind:    is("append"),
		adds:     is("append"),
		ahead:    listAhead,
		fast:     fastListAppend,
		order:    orderList,
	}
}

// listOf is a list of so many elements, one after another; nil if there are none, so that equal objects have equal states.
func listOf(n int, elements string) Term {
	if n == 0 {
		return nilTerm()
	}
	return Term(append(binary.AppendUvarint([]byte{byte(edn.Vector)}, uint64(n)), elements...))
}

// listAhead tells whether a read may answer what it did after appends to the state of a list.
func listAhead(state any, c Call) bool {
	key, value, _ := pair(c.Value)
	_, now, _ := pairsOf(state).get(key).inside()
	_, read, _ := value.inside()
	return strings.HasPrefix(read, now)
}

func listStep(state any, c Call) (any, string) {
	p := pairsOf(state)
	key, value, _ := pair(c.Value)
	n, now, _ := p.get(key).inside()
	if c.F == "append" {
		return join(p.set(key, listOf(n+1, now+string(value)))), ""
	}
	m, read, _ := value.inside()
	switch {
	case c.Outcome != OK || read == now:
		return state, ""
	case len(read)+len(now) > longState:
		return nil, fmt.Sprintf("can't read these %d elements from key %s, which has %d, or others", m, key, n)
	}
	return nil, fmt.Sprintf("can't read %s from key %s, which is %s", value, key, p.get(key))
}
