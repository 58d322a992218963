package all

import (
	"encoding/json"
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// movingConformances are the rows of the checkers in moving.go.
func movingConformances() []conformance {
	return []conformance{
		{
			checker: "bank",
			values:  bankValues,
			value:   func(_ record, _ string, v any) history.Value { return numericKeys(v) },
			differences: []difference{
				{name: "bank: a read without a value", is: func(_ record, got check.Result) bool { return noted(got, "reads-without-value") }},
				{name: "bank: fractions", is: func(r record, _ check.Result) bool { return r.tagged("odd-float") }},
				{name: "bank: accounts that were not given", is: func(r record, _ check.Result) bool { return r.Opts["accounts"] == nil }},
			},
		},
		{
			checker: "queue",
			value:   queueValue,
			values: func(opts map[string]any) Values {
				model, _ := opts["model"].(string)
				return Values{"queue-model": model}
			},
			differences: []difference{
				{name: "queue: failed enqueues", is: failedEnqueue},
				{name: "queue: an enqueue that was recorded in part", is: func(r record, _ check.Result) bool { return r.tagged("malformed") }},
				{name: "queue: concurrent enqueues", is: func(r record, _ check.Result) bool { return r.Opts["model"] == "fifo-queue" }},
			},
		},
		{checker: "total-queue", value: queueValue, differences: []difference{
			{name: "total-queue: nil as an element", is: func(r record, _ check.Result) bool { return r.tagged("mixed") }},
		}},
		{checker: "unique-ids"},
	}
}

func bankValues(opts map[string]any) Values {
	v := Values{"allow-negative-balances": opts["negative-balances?"] == true}
	if n, ok := opts["total-amount"].(json.Number); ok {
		total, err := n.Int64()
		if err != nil {
			panic(err)
		}
		v["total-amount"] = total
	}
	if list, ok := opts["accounts"].([]any); ok {
		names := []string{}
		for _, a := range list {
			names = append(names, fmt.Sprint(a))
		}
		v["accounts"] = names
	}
	return v
}

// numericKeys makes integers of keys of maps that look like some: JSON has only strings there.
func numericKeys(v any) history.Value {
	m, ok := v.(map[string]any)
	if !ok {
		return jsonValue(v)
	}
	value := jsonValue(m)
	for i := 0; i < len(value.Items); i += 2 {
		if key, rest, err := edn.Parse([]byte(value.Items[i].Text)); err == nil && rest == len(value.Items[i].Text) && key.Kind == edn.Int {
			value.Items[i] = key
		}
	}
	return value
}

// queueValue makes an element, or a list of them. The strings in elements of lists were keywords.
func queueValue(r record, f string, v any) history.Value {
	list, ok := v.([]any)
	if f != "drain" || !ok {
		return element(r, v)
	}
	items := make([]history.Value, len(list))
	for i, x := range list {
		items[i] = element(r, x)
	}
	return edn.NewVector(items)
}

// element is one of a queue.
func element(r record, v any) history.Value {
	value := jsonValue(v)
	if value.Kind == edn.String && r.tagged("keywords") {
		return edn.NewKeyword(value.Text)
	}
	if value.Kind == edn.Vector {
		for i, item := range value.Items {
			if item.Kind == edn.String {
				value.Items[i] = edn.NewKeyword(item.Text)
			}
		}
	}
	return value
}

func failedEnqueue(r record, _ check.Result) bool {
	for _, op := range r.History {
		if op["f"] == "enqueue" && op["type"] == "fail" {
			return true
		}
	}
	return false
}
