package kafka

import (
	"context"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// messages looks for those that shouldn't have been polled, and for those that should have been.
func (c *checker) messages(ctx context.Context) {
	for i := range c.ops {
		if i&0xffff == 0 && ctx.Err() != nil {
			return
		}
		if op := &c.ops[i]; op.t == history.OK {
			c.strangers(op)
			c.precommitted(op)
		}
	}
	for _, k := range c.keys {
		c.lost(k)
		c.unseen(k)
	}
}

// strangers looks for polled messages whose send failed, or that nobody sent. Each is told once for each operation.
func (c *checker) strangers(op *operation) {
	told := make(map[[2]int32]bool)
	for _, m := range op.polls {
		v := &c.keys[m.key].values[m.val]
		if v.writer >= 0 && c.ops[v.writer].t != history.Fail || told[[2]int32{m.key, m.val}] {
			continue
		}
		told[[2]int32{m.key, m.val}] = true
		k := c.keys[m.key]
		if v.writer < 0 {
			c.find(func() finding {
				return c.plain(check.Anomaly{Ops: []history.ID{op.id},
					Fields: []history.Field{{Name: "key", Value: k.key}, {Name: "value", Value: v.v}, {Name: "reader", Value: check.OpRef(op.id)}},
					Text:   fmt.Sprintf("T1 polled %s of key %s, which nobody sent", v.v, k.key)}, 1)
			}, GarbageRead)
			continue
		}
		writer := c.ops[v.writer].id
		c.find(func() finding {
			return c.plain(check.Anomaly{Ops: []history.ID{op.id, writer},
				Fields: []history.Field{{Name: "key", Value: k.key}, {Name: "value", Value: v.v},
					{Name: "writer", Value: check.OpRef(writer)}, {Name: "reader", Value: check.OpRef(op.id)}},
				Text: fmt.Sprintf("T1 polled %s of key %s, although T2, which sent it, failed", v.v, k.key)}, 1)
		}, G1a)
	}
}

// precommitted looks for a message that an operation sent and polled itself: it can't have been committed then. The first
// of an operation is told.
func (c *checker) precommitted(op *operation) {
	if len(op.sends) == 0 || len(op.polls) == 0 {
		return
	}
	sent := make(map[[2]int32]bool, len(op.sends))
	for _, m := range op.sends {
		sent[[2]int32{m.key, m.val}] = true
	}
	for _, m := range op.polls {
		if !sent[[2]int32{m.key, m.val}] {
			continue
		}
		k := c.keys[m.key]
		c.find(func() finding {
			return c.plain(check.Anomaly{Ops: []history.ID{op.id},
				Fields: []history.Field{{Name: "key", Value: k.key}, {Name: "value", Value: k.values[m.val].v}, {Name: "op", Value: check.OpRef(op.id)}},
				Text:   fmt.Sprintf("T1 polled %s of key %s, which it had sent itself and not committed yet", k.values[m.val].v, k.key)}, 1)
		}, PrecommittedRead)
		return
	}
}

// lost looks for acknowledged messages of a key that nobody polled, although somebody polled one that is as far in the log.
func (c *checker) lost(k *topic) {
	bound := int32(-1)
	for i := range k.values {
		if v := &k.values[i]; len(v.readers) > 0 {
			bound = max(bound, v.first)
		}
	}
	if bound < 0 {
		return
	}
	far := history.None
	if v := &k.values[k.log[bound].value]; len(v.readers) > 0 && v.index == bound {
		far = c.ops[v.readers[0]].id
	}
	var lost []int32
	for i := range k.values {
		if v := &k.values[i]; len(v.readers) == 0 && v.acked && v.last >= 0 && v.last <= bound {
			lost = append(lost, int32(i))
		}
	}
	for _, val := range lost {
		c.find(func() finding { return c.tellLost(k, &k.values[val], bound, far) }, LostWrite)
	}
}

// tellLost tells of a lost message; far is who polled the one at bound, if anybody did.
func (c *checker) tellLost(k *topic, v *value, bound int32, far history.ID) finding {
	writer := c.ops[v.writer].id
	a := check.Anomaly{Ops: []history.ID{writer}}
	fields := []history.Field{{Name: "key", Value: k.key}, {Name: "value", Value: v.v}, {Name: "index", Value: edn.NewInt(int64(v.last))},
		{Name: "max-read-index", Value: edn.NewInt(int64(bound))}, {Name: "writer", Value: check.OpRef(writer)}}
	a.Text = fmt.Sprintf("T1 sent %s to key %s, which was acknowledged and is at place %d of the log. Nobody polled it, "+
		"though consumers came as far as place %d", v.v, k.key, v.last, bound)
	most := history.Field{Name: "max-read"}
	if far != history.None {
		a.Ops = append(a.Ops, far)
		a.Text += ", as T2 did"
		most.Value = check.OpRef(far)
	}
	a.Fields = append(fields, most)
	return c.plain(a, 1)
}

// unseen looks for acknowledged messages of a key that nobody polled by the end of the history.
func (c *checker) unseen(k *topic) {
	for _, val := range c.unseenOf(k) {
		v := &k.values[val]
		c.find(func() finding {
			a := check.Anomaly{Fields: []history.Field{{Name: "key", Value: k.key}, {Name: "value", Value: v.v}},
				Text: fmt.Sprintf("%s of key %s was polled, but no message of the key was acknowledged", v.v, k.key)}
			if v.acked {
				a.Ops = []history.ID{c.ops[v.writer].id}
				a.Text = fmt.Sprintf("T1 sent %s to key %s, which was acknowledged. Nobody polled it by the end of the history", v.v, k.key)
			}
			return c.plain(a, 1)
		}, Unseen)
	}
}

// unseenOf are the messages of a key that nobody saw, in their usual order. The original has a set of them for each key; if
// none of the key was acknowledged, it puts what is polled first into the set, and takes it out only with the next operation.
func (c *checker) unseenOf(k *topic) []int32 {
	var vals, polled []int32
	acked, early := false, false
	for i := range k.values {
		v := &k.values[i]
		acked = acked || v.acked
		switch {
		case len(v.readers) == 0 && v.acked:
			vals = append(vals, int32(i))
		case len(v.readers) > 0:
			polled = append(polled, int32(i))
			early = early || c.ops[v.readers[0]].id != c.last
		}
	}
	if c.o.JepsenCompat && !acked && !early {
		vals = polled
	}
	slices.SortFunc(vals, func(a, b int32) int { return edn.Compare(k.values[a].v, k.values[b].v) })
	return vals
}
