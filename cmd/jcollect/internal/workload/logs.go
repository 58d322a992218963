package workload

import (
	"slices"
	"time"

	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/edn"
)

// kafka is the options of that workload. Its keys stay the same: a log may be long.
type kafka struct {
	keys, maxLength int
	txn, ww         bool
	via             string
	polls           int
}

func kafkaOptions() ([]plan.Field, func() []history.Field, Maker) {
	k := &kafka{keys: 8, maxLength: 4, txn: true, via: "assign", polls: 10}
	rows := []plan.Field{
		{Key: "key-count", Doc: "how many keys, that is logs, there are (8)", Read: plan.Int(&k.keys, 1, 10_000)},
		{Key: "max-txn-length", Doc: "sends and polls of an operation at most (4)", Read: plan.Int(&k.maxLength, 1, 1000)},
		{Key: "txn", Doc: "false: no transactions, a send or a poll at a time (true)", Read: plan.Bool(&k.txn)},
		{Key: "sub-via", Doc: "assign or subscribe: how clients get their keys (assign)", Read: plan.OneOf(&k.via, "assign", "subscribe")},
		{Key: "ww-deps", Doc: "true: senders come in the order of the log (false)", Read: plan.Bool(&k.ww)},
		{Key: "final-polls", Doc: "in the end each client polls until so many polls in a row show nothing new (10)", Read: plan.Int(&k.polls, 1, maxNumber)},
	}
	return rows, noFields, func(Setting) (Work, error) {
		values := map[string]any{"sub-via": []string{k.via}}
		if k.ww {
			values["ww-deps"] = true
		}
		g := generator.EachProcess(generator.Do(k.attend()))
		return Work{Generator: generator.Any(g, k.messages()), Final: k.final(), Checks: []Check{{"kafka", values}}}, nil
	}
}

// attend takes all keys.
func (k *kafka) attend() generator.Template {
	keys := make([]history.Value, k.keys)
	for i := range keys {
		keys[i] = number(i)
	}
	return generator.Template{F: k.via, Value: edn.NewVector(keys)}
}

// messages sends and polls. Each message has a value of its own.
func (k *kafka) messages() generator.Generator {
	return generator.Repeat(generator.Count("message", func(n int64, d *generator.Dice) generator.Template {
		length := 1
		if k.txn {
			length += d.IntN(k.maxLength)
		}
		mops := make([]history.Value, length)
		sends := 0
		for i := range mops {
			if d.IntN(2) == 0 {
				mops[i] = vector(keyword("poll"))
				continue
			}
			sends++
			mops[i] = vector(keyword("send"), number(d.IntN(k.keys)), edn.NewInt(n*int64(k.maxLength)+int64(i)))
		}
		t := generator.Template{F: "txn", Value: edn.NewVector(mops)}
		switch sends {
		case 0:
			t.F = "poll"
		case length:
			t.F = "send"
		}
		return t
	}))
}

// Limits of the final polls. A log may be long, and whoever is cut off still would poll for ever.
const (
	finalDelay = 20 * time.Millisecond
	finalLimit = 3 * time.Minute
)

// final has each client take all keys from the beginning and poll until there is nothing new: a message that nobody
// polled counts as gone, however many there are before it.
func (k *kafka) final() generator.Generator {
	attend := finally(k.attend())
	if k.via == "assign" {
		attend.Extra = append(attend.Extra, field("seek-to-beginning?", edn.NewBool(true)))
	}
	poll := finally(generator.Template{F: "poll", Value: vector(vector(keyword("poll")))})
	polls := &untilQuiet{generator.Delay(finalDelay, always(poll)), k.polls, k.polls}
	return generator.EachThread(generator.Concat(generator.Do(attend), generator.TimeLimit(finalLimit, polls)))
}

// untilQuiet gives operations of g until so many polls in a row showed no message.
type untilQuiet struct {
	g          generator.Generator
	left, want int
}

func (q *untilQuiet) Op(ctx generator.Context) (generator.Op, generator.Status, generator.Generator) {
	if q.left <= 0 {
		return generator.Op{}, generator.Done, nil
	}
	op, status, next := q.g.Op(ctx)
	if status == generator.Ready || status == generator.Pending {
		next = &untilQuiet{next, q.left, q.want}
	}
	return op, status, next
}

func (q *untilQuiet) Update(ctx generator.Context, op generator.Op) generator.Generator {
	next := &untilQuiet{q.g.Update(ctx, op), q.left, q.want}
	switch {
	case op.Type != history.OK:
	case showsMessages(op.Value):
		next.left = q.want
	default:
		next.left--
	}
	return next
}

// showsMessages tells whether an answer has a poll that shows a message: [:poll {k [[offset v] ...]}].
func showsMessages(v history.Value) bool {
	return slices.ContainsFunc(v.Items, func(m history.Value) bool {
		return len(m.Items) == 2 && m.Items[1].Kind == edn.Map && len(m.Items[1].Items) > 0
	})
}
