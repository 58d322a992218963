package kafka

import (
	"context"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// position is where a consumer, or a producer, is in the log of a key.
type position struct {
	op  int32
	val int32
}

// stepKinds are the kinds of steps that aren't to the next message: over others, or to the same one or back. A kind may be
// "", where such a step is nothing special.
type stepKinds struct{ over, back, verb string }

// steps follows each consumer and each producer through the logs. A consumer that is assigned other keys goes on where it
// was only in those that it keeps.
func (c *checker) steps(ctx context.Context) {
	polled := make(map[history.ProcID]map[int32]position)
	sent := make(map[history.ProcID]map[int32]position)
	for i := range c.ops {
		op := &c.ops[i]
		if i&0xffff == 0 && ctx.Err() != nil {
			return
		}
		p := c.h.Proc(op.id)
		if polled[p] == nil {
			polled[p], sent[p] = make(map[int32]position), make(map[int32]position)
		}
		if op.f >= assignF {
			if op.t == history.OK {
				keep(polled[p], op)
			}
			continue
		}
		if op.t == history.OK {
			c.inside(int32(i), op.polls, stepKinds{IntPollSkip, IntNonmonotonicPoll, "polled"}, op.rebalanced)
			c.between(int32(i), op.polls, stepKinds{PollSkip, NonmonotonicPoll, "polled"}, polled[p])
		}
		if op.t != history.Fail {
			c.inside(int32(i), op.sends, stepKinds{IntSendSkip, IntNonmonotonicSend, "sent"}, nil)
			c.between(int32(i), op.sends, stepKinds{"", NonmonotonicSend, "sent"}, sent[p])
		}
	}
}

// keep forgets the positions in keys that a consumer has no more.
func keep(positions map[int32]position, op *operation) {
	for k := range positions {
		if op.reset || !slices.Contains(op.keys, k) {
			delete(positions, k)
		}
	}
}

// inside looks at the steps from one message of an operation to the next of the same key. Keys that moved between
// consumers meanwhile are left out.
func (c *checker) inside(op int32, messages []message, kinds stepKinds, without []int32) {
	last := make(map[int32]int32)
	for _, m := range messages {
		before, known := last[m.key]
		last[m.key] = m.val
		if _, moved := slices.BinarySearch(without, m.key); known && !moved {
			c.step(m.key, position{op, before}, position{op, m.val}, kinds)
		}
	}
}

// between looks at the step from the last message of a key, of an earlier operation, to the first of this one.
func (c *checker) between(op int32, messages []message, kinds stepKinds, positions map[int32]position) {
	for _, m := range messages {
		before, known := positions[m.key]
		if known && before.op != op {
			c.step(m.key, before, position{op, m.val}, kinds)
		}
		positions[m.key] = position{op, m.val}
	}
}

// step judges a step in the log of a key. Values that don't stand for a place in it can't be judged.
func (c *checker) step(key int32, from, to position, kinds stepKinds) {
	k := c.keys[key]
	a, b := k.values[from.val].index, k.values[to.val].index
	if a < 0 || b < 0 {
		return
	}
	switch delta := b - a; {
	case delta > 1 && kinds.over != "":
		c.find(func() finding { return c.tellStep(k, from, to, delta, kinds.verb) }, kinds.over)
	case delta <= 0 && kinds.back != "":
		c.find(func() finding { return c.tellStep(k, from, to, delta, kinds.verb) }, kinds.back)
	}
}

// maxSkipped is how many skipped messages are listed.
const maxSkipped = 32

// tellStep tells of a step that isn't to the next message.
func (c *checker) tellStep(k *topic, from, to position, delta int32, verb string) finding {
	x, y := k.values[from.val], k.values[to.val]
	a := check.Anomaly{Ops: []history.ID{c.ops[from.op].id}}
	who := "then"
	fields := []history.Field{{Name: "key", Value: k.key}, {Name: "delta", Value: edn.NewInt(int64(delta))}}
	if from.op != to.op {
		a.Ops = append(a.Ops, c.ops[to.op].id)
		fields = append(fields, history.Field{Name: "ops", Value: edn.NewVector([]history.Value{check.OpRef(a.Ops[0]), check.OpRef(a.Ops[1])})})
		who = "T2, the next of its process for this key, " + verb
	} else {
		fields = append(fields, history.Field{Name: "op", Value: check.OpRef(a.Ops[0])})
	}
	a.Text = fmt.Sprintf("T1 %s %s of key %s, and %s %s", verb, x.v, k.key, who, y.v)
	if delta > 1 {
		var skipped []history.Value
		for _, p := range k.log[x.index+1 : min(y.index, x.index+1+maxSkipped)] {
			skipped = append(skipped, k.values[p.value].v)
		}
		fields = append(fields, history.Field{Name: "skipped", Value: edn.NewVector(skipped)})
		a.Text += fmt.Sprintf(", although the log has %s in between: %s", check.Plural(int(delta-1), "message", "messages"), listed(skipped))
	} else if delta == 0 {
		a.Text += ", the same message again"
	} else {
		a.Text += fmt.Sprintf(", which is %s before it in the log", check.Plural(int(-delta), "place", "places"))
	}
	if from.op == to.op || delta <= 0 {
		fields = append(fields, history.Field{Name: "values", Value: edn.NewVector([]history.Value{x.v, y.v})})
	}
	a.Fields = fields
	return c.plain(a, float64(max(delta, -delta)))
}

// listed is values with commas between, the first few of them.
func listed(vs []history.Value) string {
	text := ""
	for i, v := range vs {
		if i == maxWitness {
			return text + ", ..."
		}
		if i > 0 {
			text += ", "
		}
		text += v.String()
	}
	return text
}

// sortedSet is a set in its usual order.
func sortedSet(vs []history.Value) history.Value {
	vs = slices.Clone(vs)
	slices.SortFunc(vs, edn.Compare)
	return edn.NewSet(vs)
}
