package client

import (
	"context"
	"slices"
	"strconv"

	"jcheck/history"
	"jcheck/internal/edn"
)

// A consumer is which logs a process reads, and how far it has come in each.
type consumer struct {
	keys []history.Value
	at   map[string]int64 // by stored key: the offset that comes next
}

// onlyPolls tells whether none of the micro-operations sends.
func onlyPolls(c Call) bool {
	return !slices.ContainsFunc(c.Value.Items, func(m history.Value) bool { return len(m.Items) == 3 })
}

// redisAttend gives the process other logs. It goes on where it was in those that it keeps, unless it is to begin anew.
func redisAttend(_ context.Context, r redisCall, c Call) (history.Value, error) {
	keys, err := keysOf(c)
	if err != nil {
		return c.Value, err
	}
	anew := slices.ContainsFunc(c.Extra, func(f history.Field) bool { return f.Name == "seek-to-beginning?" && !f.Value.IsNil() })
	before := r.logs.at
	r.logs.keys, r.logs.at = nil, make(map[string]int64)
	for _, k := range keys {
		if _, twice := r.logs.at[stored(k)]; twice {
			continue
		}
		r.logs.keys = append(r.logs.keys, k)
		r.logs.at[stored(k)] = 0
		if !anew {
			r.logs.at[stored(k)] = before[stored(k)]
		}
	}
	return c.Value, nil
}

// redisLogs sends and polls in one transaction. A log is a list, and a message's offset its place there. What is polled is
// asked for first: a message isn't there before its transaction is done.
func redisLogs(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	if !c.Value.Sequential() || len(c.Value.Items) == 0 {
		return c.Value, badValue(c, "micro-ops [[:send k v] [:poll] ...]")
	}
	commands := [][]string{{"MULTI"}}
	polls := int64(0)
	for _, m := range c.Value.Items {
		switch {
		case len(m.Items) == 1 && m.Items[0].Text == "poll":
			polls++
		case len(m.Items) != 3 || m.Items[0].Text != "send":
			return c.Value, badValue(c, "micro-ops [[:send k v] [:poll] ...]")
		}
	}
	if polls > 0 {
		for _, k := range r.logs.keys {
			from := r.logs.at[stored(k)]
			commands = append(commands, []string{"LRANGE", redisCell("log", c, k), strconv.FormatInt(from, 10), strconv.FormatInt(from+polls*maxPoll-1, 10)})
		}
	}
	for _, m := range c.Value.Items {
		if len(m.Items) == 3 {
			commands = append(commands, []string{"RPUSH", redisCell("log", c, m.Items[1]), stored(m.Items[2])})
		}
	}
	do := r.change
	if onlyPolls(c) {
		do = r.do // nothing that replicas could have to have
	}
	got, err := do(ctx, append(commands, []string{"EXEC"})...)
	if err != nil {
		return c.Value, err
	}
	answers := got[len(got)-1].items
	if len(answers) != len(commands)-1 {
		return c.Value, perhaps("garbage", "an EXEC with other answers than it was asked")
	}
	return r.logs.completed(c, answers, polls > 0)
}

// completed is a transaction with the offsets of what it sent, and what it polled: each poll has the next messages of
// each log, in the order of the logs.
func (l *consumer) completed(c Call, answers []respReply, polled bool) (history.Value, error) {
	found := make([][]string, len(l.keys))
	if polled {
		for i := range l.keys {
			texts, ok := answers[i].texts()
			if !ok {
				return c.Value, perhaps("garbage", "an answer that is no list of texts")
			}
			found[i] = texts
		}
		answers = answers[len(l.keys):]
	}
	items := make([]history.Value, 0, len(c.Value.Items))
	for _, m := range c.Value.Items {
		if len(m.Items) == 3 {
			if answers[0].kind != ':' || answers[0].num < 1 {
				return c.Value, perhaps("garbage", "an answer that is no length of a list")
			}
			place := edn.NewVector([]history.Value{edn.NewInt(answers[0].num - 1), m.Items[2]})
			answers = answers[1:]
			items = append(items, edn.NewVector([]history.Value{m.Items[0], m.Items[1], place}))
			continue
		}
		var pairs []history.Value
		for i, k := range l.keys {
			fresh := found[i][:min(len(found[i]), maxPoll)]
			found[i] = found[i][len(fresh):]
			var messages []history.Value
			for _, text := range fresh {
				messages = append(messages, edn.NewVector([]history.Value{edn.NewInt(l.at[stored(k)]), restored(text)}))
				l.at[stored(k)]++
			}
			if len(messages) > 0 {
				pairs = append(pairs, k, edn.NewVector(messages))
			}
		}
		items = append(items, edn.NewVector([]history.Value{m.Items[0], edn.NewMap(pairs)}))
	}
	return edn.NewVector(items), nil
}
