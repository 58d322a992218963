package linearizable

import (
	"fmt"
	"slices"

	"jcheck/history"
	"jcheck/internal/edn"
)

// telling lists what the functions of a history say about its object: the first row of which it has every function.
var telling = [...]struct {
	functions []string
	datatype  string
}{
	{[]string{"put"}, "kv"},
	{[]string{"get"}, "kv"},
	{[]string{"cas"}, "cas-register"},
	{[]string{"write"}, "register"},
	{[]string{"acquire"}, "mutex"},
	{[]string{"release"}, "mutex"},
	{[]string{"txn"}, "multi-register"},
	{[]string{"enqueue"}, "fifo-queue"},
	{[]string{"dequeue"}, "fifo-queue"},
	{[]string{"push"}, "stack"},
	{[]string{"pop"}, "stack"},
	{[]string{"insert"}, "priority-queue"},
	{[]string{"delete-min"}, "priority-queue"},
	{[]string{"append"}, "list-append"}, // a kv that has nothing but append isn't read either
	{[]string{"inc"}, "counter"},
	{[]string{"dec"}, "counter"},
}

// Recognise guesses the datatype of a history from what its clients did. Sets and counters are told apart by what was
// read, registers with versions by writes of [nil value]. The error names an operation that fits none.
func Recognise(h *history.History) (datatype string, err error) {
	var functions []string
	first, integer, versions := history.None, false, false
	for id := range h.All() {
		if !h.Client(id) {
			continue
		}
		if first == history.None {
			first = id
		}
		f := h.Value(h.F(id)).Text
		if !slices.Contains(functions, f) && len(functions) < 100 {
			functions = append(functions, f)
		}
		if f == "read" && h.Type(id) == history.OK && h.Kind(id) == history.KindScalar {
			integer = integer || h.Value(h.Scalar(id)).Kind == edn.Int
		}
		if f == "write" && h.Type(id) == history.Invoke && h.Kind(id) == history.KindList {
			pair := h.Elems(id)
			versions = versions || len(pair) == 2 && h.Value(pair[0]).IsNil()
		}
	}
	if versions {
		return "versioned-register", nil
	}
	for _, row := range telling {
		if !slices.ContainsFunc(row.functions, func(f string) bool { return !slices.Contains(functions, f) }) {
			return row.datatype, nil
		}
	}
	switch {
	case slices.Contains(functions, "add") && integer:
		return "counter", nil
	case slices.Contains(functions, "add"):
		return "set", nil
	case slices.Contains(functions, "read") || first == history.None:
		return "register", nil
	}
	return "", fmt.Errorf("%s: no datatype has the function %s (hint: --model says what the object is)", h.Pos(first), h.Value(h.F(first)))
}
