package all

import (
	"fmt"
	"slices"

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
			{name: "kafka: where a cycle begins, and by which messages it is told", compat: true, is: sameCycles},
			{name: "kafka: unseen messages of keys without an acknowledgment", is: polledOnly},
			{name: "kafka: nothing to check", is: func(r record, _ check.Result) bool { return r.Result["empty-transaction-graph"] != nil }},
		},
	}}
}

// sameCycles tells whether the cycles found, one or more, lead through the same operations as the original's, wherever they begin.
// Each step of a cycle may be proved by several pairs of messages, of which the original takes any.
func sameCycles(r record, got check.Result) bool {
	want := cycles(r.Result["G0"])
	for _, f := range got.Fields {
		if f.Name == "G0" {
			return len(want) > 0 && slices.EqualFunc(want, cycles(r.plain(f.Value)), slices.Equal)
		}
	}
	return false
}

// cycles are the operations' indices of each cycle of a group of errors, sorted.
func cycles(group any) [][]string {
	var list [][]string
	m, _ := group.(map[string]any)
	errs, _ := m["errs"].([]any)
	for _, e := range errs {
		m, _ = e.(map[string]any)
		cycle, _ := m["cycle"].([]any)
		var ops []string
		for _, op := range cycle[:max(0, len(cycle)-1)] { // the last is the first again
			m, _ = op.(map[string]any)
			ops = append(ops, fmt.Sprint(m["index"]))
		}
		slices.Sort(ops)
		list = append(list, ops)
	}
	slices.SortFunc(list, slices.Compare)
	return list
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
