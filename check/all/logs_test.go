package all

import (
	"fmt"

	"jcheck/check"
	"jcheck/check/kafka"
	"jcheck/history"
)

// logConformances is the row of kafka.
func logConformances() []conformance {
	return []conformance{{
		checker: "kafka",
		values: func(opts map[string]any) Values {
			v := Values{"ww-deps": opts["ww-deps"] == true}
			if ways, ok := opts["sub-via"].([]any); ok {
				list := []string{}
				for _, w := range ways {
					list = append(list, fmt.Sprint(w))
				}
				v["sub-via"] = list
			}
			return v
		},
		value: func(_ record, _ string, v any) history.Value { return mopsOf(v) },
		unordered: []string{kafka.InconsistentOffsets, kafka.Duplicate, kafka.LostWrite, kafka.PollSkip, kafka.NonmonotonicPoll,
			kafka.IntPollSkip, kafka.IntNonmonotonicPoll, "info-txn-causes"},
		differences: []difference{
			{name: "kafka: where a cycle begins, and by which messages it is told", compat: true, is: func(_ record, got check.Result) bool { return found(got, "G0") || noted(got, "G0") }},
			{name: "kafka: unseen messages of keys without an acknowledgment", is: polledOnly},
			{name: "kafka: nothing to check", is: func(r record, _ check.Result) bool { return r.Result["empty-transaction-graph"] != nil }},
		},
	}}
}

// polledOnly tells whether a key was polled of which no send was acknowledged.
func polledOnly(r record, _ check.Result) bool {
	acked, polled := make(map[string]bool), make(map[string]bool)
	for _, op := range r.History {
		mops, _ := op["value"].([]any)
		if op["type"] != "ok" {
			continue
		}
		for _, m := range mops {
			mop, ok := m.([]any)
			if !ok || len(mop) < 2 {
				continue
			}
			if keys, ok := mop[1].(map[string]any); ok {
				for k := range keys {
					polled[k] = true
				}
			} else {
				acked[fmt.Sprint(mop[1])] = true
			}
		}
	}
	for k := range polled {
		if !acked[k] {
			return true
		}
	}
	return false
}
