package all

import (
	"encoding/json"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// orderConformances are the rows of the checkers in orders.go.
func orderConformances() []conformance {
	return []conformance{
		{
			checker: "long-fork",
			values: func(opts map[string]any) Values {
				n, err := opts["group-size"].(json.Number).Int64()
				if err != nil {
					panic(err)
				}
				return Values{"group-size": n}
			},
			value:     func(_ record, _ string, v any) history.Value { return mopsOf(v) },
			unordered: []string{"forks"},
			differences: []difference{
				{name: "long-fork: a key that is written twice", is: func(r record, got check.Result) bool { return r.tagged("odd-twice") && found(got, "fork") }},
			},
		},
		{checker: "causal"},
		{
			checker: "causal-reverse",
			value:   causalReverseValue,
		},
		{checker: "g2"},
	}
}

// mopsOf makes keywords of the functions of micro-ops.
func mopsOf(v any) history.Value {
	value := jsonValue(v)
	for i, mop := range value.Items {
		if mop.Kind == edn.Vector && len(mop.Items) > 0 && mop.Items[0].Kind == edn.String {
			value.Items[i].Items[0] = edn.NewKeyword(mop.Items[0].Text)
		}
	}
	return value
}

// causalReverseValue makes the sets that were read what they were; some were vectors.
func causalReverseValue(r record, f string, v any) history.Value {
	value := jsonValue(v)
	if f == "read" && value.Kind == edn.Vector && !r.tagged("odd-vector") {
		return edn.NewSet(value.Items)
	}
	return value
}
