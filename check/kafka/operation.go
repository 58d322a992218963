package kafka

import (
	"context"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// operation is a completed operation of a client.
type operation struct {
	id         history.ID
	f          int
	t          history.Type
	sends      []message
	polls      []message
	keys       []int32 // that an assign or subscribe asks for
	rebalanced []int32 // keys that moved between consumers meanwhile, sorted
	reset      bool    // the consumer begins at the beginning again
}

// message is a value that was sent or polled.
type message struct {
	key    int32
	val    int32 // its number among the values of the key
	mop    int32
	offset int64
	placed bool // it has an offset
}

// topic is what is known of a key.
type topic struct {
	key    history.Value
	number map[string]int32 // canonical text of a value → its number
	values []value
	log    []place // in the order of offsets
}

// value is what is known of a value of a key.
type value struct {
	v       history.Value
	writer  int32 // the operation that sent it, or -1
	mop     int32
	readers []int32 // ok operations that polled it
	acked   bool    // its send is ok
	first   int32   // the first and the last place in the log where it is; -1 if nowhere
	last    int32
	index   int32 // the last place that it stands for; -1 if none
	offsets []int64
}

// gather reads the operations. Values are taken as they are printed, so that the histories of JSON, where a polled key is a
// text and a key that is sent to is a number, mean the same as those of EDN.
func (c *checker) gather(ctx context.Context) {
	fs := check.NewFunctions(c.h, Functions()...)
	c.last = history.None
	for i := range c.h.Size() {
		if i&0xffff == 0 && ctx.Err() != nil {
			return
		}
		id := c.h.At(i)
		f := fs.Of(id)
		if f < 0 || f > subscribeF || c.h.Type(id) == history.Invoke {
			continue
		}
		op := operation{id: id, f: f, t: c.h.Type(id)}
		whole := c.h.Op(id)
		switch {
		case f == assignF || f == subscribeF:
			c.used[f-assignF] = true
			op.reset = field(whole, "seek-to-beginning?").Bool()
			for _, k := range whole.Value.Items {
				op.keys = append(op.keys, c.keyOf(k))
			}
		default:
			c.mops(&op, whole.Value)
			if op.t == history.OK {
				c.last = id
			}
			if op.t == history.Info {
				c.cause(field(whole, "error"))
			}
		}
		for _, entry := range field(whole, "rebalance-log").Items {
			moved, known := entry.Get(edn.NewKeyword("keys"))
			if !known {
				moved, _ = entry.Get(edn.NewString("keys"))
			}
			for _, k := range moved.Items {
				op.rebalanced = append(op.rebalanced, c.keyOf(k))
			}
		}
		slices.Sort(op.rebalanced)
		c.ops = append(c.ops, op)
	}
}

// cause takes note of why an outcome is unknown.
func (c *checker) cause(v history.Value) {
	if len(c.causes) < maxErrs && !slices.ContainsFunc(c.causes, func(w history.Value) bool { return edn.Equal(v, w) }) {
		c.causes = append(c.causes, v)
	}
}

// field is one of an operation's further fields; nil if it has none of that name.
func field(op history.Op, name string) history.Value {
	for _, f := range op.Extra {
		if f.Name == name {
			return f.Value
		}
	}
	return history.Value{}
}

// keyOf is the number of a key. A text that is the same as a number's is that number: JSON can't tell them in maps.
func (c *checker) keyOf(k history.Value) int32 {
	name := k
	if k.Kind == edn.Keyword || k.Kind == edn.Symbol || k.Kind == edn.String {
		name = edn.NewString(k.Text)
		if n, ok := edn.ParseNumber([]byte(k.Text)); ok && n.Kind == edn.Int {
			name, k = n, n
		}
	}
	text := string(edn.AppendCanonical(nil, name))
	n, known := c.keyNumber[text]
	if !known {
		n = int32(len(c.keys))
		c.keyNumber[text] = n
		c.keys = append(c.keys, &topic{key: k, number: make(map[string]int32)})
	}
	return n
}

// valueOf is the number of a value of a key.
func (c *checker) valueOf(key int32, v history.Value) int32 {
	k := c.keys[key]
	text := string(edn.AppendCanonical(nil, v))
	n, known := k.number[text]
	if !known {
		n = int32(len(k.values))
		k.number[text] = n
		k.values = append(k.values, value{v: v, writer: -1, first: -1, last: -1, index: -1})
	}
	return n
}

// mops reads the micro-operations of an operation: [:send k v], [:send k [offset v]], [:poll] and [:poll {k [[offset v] ...]}].
func (c *checker) mops(op *operation, v history.Value) {
	if !v.Sequential() && !v.IsNil() {
		c.complain(op.id, v)
		return
	}
	for i, mop := range v.Items {
		name := ""
		if mop.Sequential() && len(mop.Items) > 0 {
			name = mop.Items[0].Text
		}
		switch {
		case name == "send" && len(mop.Items) == 3:
			c.send(op, i, mop.Items[1], mop.Items[2])
		case name == "poll" && len(mop.Items) == 1:
		case name == "poll" && len(mop.Items) == 2 && (mop.Items[1].Kind == edn.Map || mop.Items[1].IsNil()):
			c.poll(op, i, mop.Items[1].Items)
		default:
			c.complain(op.id, mop)
		}
	}
}

// send takes note of a message that an operation sent. Only a completion may know the offset; [a b] in one is an offset and
// a value.
func (c *checker) send(op *operation, mop int, key, v history.Value) {
	m := message{key: c.keyOf(key), mop: int32(mop)}
	if v.Sequential() && len(v.Items) == 2 && (v.Items[0].Kind == edn.Int || v.Items[0].IsNil()) {
		m.placed, m.offset = v.Items[0].Kind == edn.Int, v.Items[0].Int()
		v = v.Items[1]
	}
	m.val = c.valueOf(m.key, v)
	op.sends = append(op.sends, m)
	w := &c.keys[m.key].values[m.val]
	if w.writer < 0 || op.t == history.OK && !w.acked {
		w.writer, w.mop = int32(len(c.ops)), m.mop
	}
	w.acked = w.acked || op.t == history.OK
}

// poll takes note of the messages that an operation polled: keys and lists of [offset value] in turn.
func (c *checker) poll(op *operation, mop int, pairs []history.Value) {
	for i := 0; i+1 < len(pairs); i += 2 {
		key := c.keyOf(pairs[i])
		if !pairs[i+1].Sequential() {
			c.complain(op.id, pairs[i+1])
			continue
		}
		for _, x := range pairs[i+1].Items {
			if !x.Sequential() || len(x.Items) != 2 || x.Items[0].Kind != edn.Int && !x.Items[0].IsNil() {
				c.complain(op.id, x)
				continue
			}
			m := message{key: key, mop: int32(mop), offset: x.Items[0].Int(), placed: x.Items[0].Kind == edn.Int}
			m.val = c.valueOf(key, x.Items[1])
			op.polls = append(op.polls, m)
			v := &c.keys[key].values[m.val]
			if me := int32(len(c.ops)); op.t == history.OK && (len(v.readers) == 0 || v.readers[len(v.readers)-1] != me) {
				v.readers = append(v.readers, me)
			}
		}
	}
}

// maxReasons is how many operations that make no sense are told of.
const maxReasons = 5

func (c *checker) complain(id history.ID, v history.Value) {
	if c.strange++; c.strange <= maxReasons {
		c.reasons = append(c.reasons, check.Reason{Code: "odd-micro-op", Ops: []history.ID{id}, Text: fmt.Sprintf(
			"micro-ops are [:send key value], [:send key [offset value]], [:poll] and [:poll {key [[offset value] ...]}], not %s", v)})
	}
}
