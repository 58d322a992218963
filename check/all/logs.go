package all

import (
	"context"

	"jcheck/check"
	"jcheck/check/kafka"
	"jcheck/history"
)

// logs are the checkers of logs of messages.
func logs() []Checker {
	return []Checker{{
		Name: "kafka",
		Doc:  "a log of messages by keys: consumers see all of it, in order, and nothing else",
		About: `Operations are send, poll and txn, whose values are lists of [:send key value] and
[:poll], completed to [:send key [offset value]] and [:poll {key [[offset value] ...]}],
and assign and subscribe of a list of keys. A completion's rebalance-log says which
keys moved between consumers meanwhile.`,
		Functions: kafka.Functions(),
		Options: []Option{
			{Name: "sub-via", Kind: List, Doc: "how consumers get their keys, `WAYS`: assign, subscribe or both; without it what the history shows"},
			{Name: "ww-deps", Kind: Switch, Doc: "senders come in the order of the log"},
		},
		Recognise: func(s *Shape) (Fit, string) {
			if s.Only(kafka.Functions()...) && (s.Has("send") || s.Has("poll") || s.Has("txn") && (s.Has("assign") || s.Has("subscribe"))) {
				return Certain, "clients send and poll messages"
			}
			return No, ""
		},
		Validate: func(v Values) error { return kafkaOptions(v).Validate() },
		Check: func(ctx context.Context, h *history.History, v Values) check.Result {
			return kafka.Check(ctx, h, kafkaOptions(v))
		},
	}}
}

func kafkaOptions(v Values) kafka.Options {
	return kafka.Options{SubVia: v.List("sub-via"), WWDeps: v.On("ww-deps"), JepsenCompat: v.Compat()}
}
