package client

import (
	"context"
	"slices"
	"strconv"

	"jcheck/history"
	"jcheck/internal/edn"
)

// etcdOps is what each object does.
func etcdOps(o load) map[string]op[*etcdConn] {
	switch o.object {
	case "register":
		return map[string]op[*etcdConn]{"read": {reading, etcdRead}, "write": {writing, etcdWrite}, "cas": {writing, etcdCas}}
	case "set":
		return map[string]op[*etcdConn]{"add": {writing, etcdAdd}, "write": {writing, etcdAdd}, "read": {reading, etcdMembers}}
	case "counter":
		return map[string]op[*etcdConn]{"add": {writing, etcdCount}, "increment": {writing, etcdCount}, "decrement": {writing, etcdCount}, "read": {reading, etcdCounted}}
	case "queue":
		return map[string]op[*etcdConn]{"enqueue": {writing, etcdEnqueue}, "dequeue": {writing, etcdDequeue}, "drain": {writing, etcdDrain}}
	case "unique-ids":
		return map[string]op[*etcdConn]{"generate": {writing, etcdGenerate}}
	case "append":
		return map[string]op[*etcdConn]{"txn": {onlyReads, etcdMops("append")}}
	case "rw-register": // a long-fork's transactions are called read and write
		txn := op[*etcdConn]{onlyReads, etcdMops("w")}
		return map[string]op[*etcdConn]{"txn": txn, "read": txn, "write": txn}
	case "bank":
		return map[string]op[*etcdConn]{"transfer": {writing, etcdTransfer}, "read": {reading, etcdBalances(o)}}
	case "monotonic":
		return map[string]op[*etcdConn]{"inc": {writing, etcdInc}, "read": {reading, etcdMonotonic}}
	case "mutex":
		return map[string]op[*etcdConn]{"acquire": {writing, etcdAcquire}, "release": {writing, etcdRelease}}
	}
	return nil
}

// single reads one key.
func (c *etcdConn) single(ctx context.Context, key string) (history.Value, error) {
	found, err := c.find(ctx, []string{key})
	if err != nil || found[0] == nil {
		return history.Value{}, err
	}
	return restored(string(found[0].Value)), nil
}

// all reads the values of all keys that begin so, in the order in which they were made.
func (c *etcdConn) all(ctx context.Context, prefix string, limit int) ([]etcdPair, error) {
	r, err := c.txn(ctx, etcdTxn{then: []etcdRequest{{Range: &etcdRange{
		Key: []byte(prefix), RangeEnd: behind(prefix), Serializable: c.plan.serializable,
		Limit: limit, SortOrder: "ASCEND", SortTarget: "CREATE",
	}}}})
	if err != nil {
		return nil, err
	}
	return r.pairs(0), nil
}

// values are what pairs hold.
func values(pairs []etcdPair) history.Value {
	texts := make([]string, 0, len(pairs))
	for _, p := range pairs {
		texts = append(texts, string(p.Value))
	}
	return vector(texts)
}

func etcdRead(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	return e.single(ctx, etcdKey("register", c.Key))
}

func etcdWrite(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	_, err := e.txn(ctx, etcdTxn{then: []etcdRequest{etcdPut(etcdKey("register", c.Key), stored(c.Value))}})
	return c.Value, err
}

func etcdCas(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	from, to, err := pair(c)
	if err != nil {
		return c.Value, err
	}
	key := etcdKey("register", c.Key)
	_, err = e.txn(ctx, etcdTxn{[]etcdCompare{holds(key, stored(from))}, []etcdRequest{etcdPut(key, stored(to))}})
	return c.Value, err
}

// member is the key of an element, which has one of its own.
func member(kind string, c Call) string { return etcdKey(kind, c.Key) + "//" + stored(c.Value) }

func etcdAdd(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	_, err := e.txn(ctx, etcdTxn{then: []etcdRequest{etcdPut(member("set", c), stored(c.Value))}})
	return c.Value, err
}

func etcdMembers(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	found, err := e.all(ctx, etcdKey("set", c.Key)+"//", 0)
	return values(found), err
}

func etcdCount(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	n, err := amount(c)
	if err != nil {
		return c.Value, err
	}
	key := etcdKey("counter", c.Key)
	return c.Value, e.change(ctx, []string{key}, func(ch *etcdChange) error {
		now, err := ch.number(key)
		ch.next[key] = decimal(now + n)
		return err
	})
}

// number is what a key counts; 0 if there is nothing.
func (ch *etcdChange) number(key string) (int64, error) {
	text, ok := ch.value(key)
	if !ok {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, perhaps("garbage", err.Error())
	}
	return n, nil
}

// etcdCounted reads a counter, which is 0 until somebody counts.
func etcdCounted(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	v, err := e.single(ctx, etcdKey("counter", c.Key))
	if v.IsNil() {
		v = edn.NewInt(0)
	}
	return v, err
}

func etcdEnqueue(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	_, err := e.txn(ctx, etcdTxn{then: []etcdRequest{etcdPut(member("queue", c), stored(c.Value))}})
	return c.Value, err
}

func etcdDequeue(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	found, err := e.all(ctx, etcdKey("queue", c.Key)+"//", 1)
	if err != nil {
		return c.Value, onlyRead(err)
	}
	if len(found) == 0 {
		return c.Value, refuse("empty", "the queue is empty")
	}
	revision, err := found[0].revision()
	if err != nil {
		return c.Value, onlyRead(err)
	}
	key := string(found[0].Key)
	_, err = e.txn(ctx, etcdTxn{[]etcdCompare{unchanged(key, revision)}, []etcdRequest{etcdDelete(key, false)}})
	return restored(string(found[0].Value)), err
}

func etcdDrain(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	r, err := e.txn(ctx, etcdTxn{then: []etcdRequest{etcdDelete(etcdKey("queue", c.Key)+"//", true)}})
	if err != nil {
		return c.Value, err
	}
	return values(r.Responses[0].Delete.PrevKvs), nil
}

// etcdGenerate gives the revision of a write, of which there is one each.
func etcdGenerate(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	r, err := e.txn(ctx, etcdTxn{then: []etcdRequest{etcdPut(etcdKey("ids", c.Key), "")}})
	return restored(r.Header.Revision), err
}

// etcdMops performs micro-operations: reads alone, and writes alone, in one txn; else what was read must not have changed
// by the time of the writes.
func etcdMops(write string) func(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	return func(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
		list, err := mops(c, write)
		if err != nil {
			return c.Value, err
		}
		var keys []string
		for _, m := range list {
			if k := etcdCell(write, c, m.key); !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
		if onlyReads(c) {
			return e.readAll(ctx, c, list, keys, write)
		}
		var found []history.Value
		err = e.change(ctx, keys, func(ch *etcdChange) error {
			for _, m := range list {
				if v := ch.mop(m, etcdCell(write, c, m.key), write); m.f == "r" {
					found = append(found, v)
				}
			}
			return nil
		})
		if err != nil {
			return c.Value, err
		}
		return completed(list, found), nil
	}
}

// readAll performs a transaction that only reads.
func (e *etcdConn) readAll(ctx context.Context, c Call, list []mop, keys []string, write string) (history.Value, error) {
	got, err := e.find(ctx, keys)
	if err != nil {
		return history.Value{}, err
	}
	ch := &etcdChange{found: make(map[string]*etcdPair)}
	for i, k := range keys {
		ch.found[k] = got[i]
	}
	var found []history.Value
	for _, m := range list {
		found = append(found, ch.mop(m, etcdCell(write, c, m.key), write))
	}
	return completed(list, found), nil
}

// mop performs a micro-operation inside a transaction. Lists are kept as their elements' texts, with spaces between.
func (ch *etcdChange) mop(m mop, key, write string) history.Value {
	text, ok := ch.value(key)
	switch {
	case m.f == "w":
		ch.next[key] = stored(m.value)
	case m.f == "append" && ok:
		ch.next[key] = text + " " + stored(m.value)
	case m.f == "append":
		ch.next[key] = stored(m.value)
	case ok && write == "append":
		return restored("[" + text + "]")
	case ok:
		return restored(text)
	}
	return history.Value{}
}

func etcdTransfer(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	t, err := paymentOf(c)
	if err != nil {
		return c.Value, err
	}
	from, to := etcdKey("bank", &t.from), etcdKey("bank", &t.to)
	if from == to {
		return c.Value, badValue(c, "two accounts")
	}
	return c.Value, e.change(ctx, []string{from, to}, func(ch *etcdChange) error {
		has, err := ch.number(from)
		if err != nil {
			return err
		}
		gets, err := ch.number(to)
		if err != nil {
			return err
		}
		if has < t.amount {
			return refuse("insufficient", "there is too little in the account")
		}
		ch.next[from], ch.next[to] = decimal(has-t.amount), decimal(gets+t.amount)
		return nil
	})
}

// etcdBalances reads all accounts at once.
func etcdBalances(o load) func(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	var keys []string
	for _, name := range o.names {
		keys = append(keys, etcdKey("bank", &name))
	}
	return func(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
		found, err := e.find(ctx, keys)
		if err != nil {
			return c.Value, err
		}
		var balances []history.Value
		for i, name := range o.names {
			v := history.Value{}
			if found[i] != nil {
				v = restored(string(found[i].Value))
			}
			balances = append(balances, name, v)
		}
		return edn.NewMap(balances), nil
	}
}

// etcdAcquire takes a lock that nobody has: a key that isn't there. Who crashes keeps it for ever.
func etcdAcquire(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	key := etcdKey("mutex", c.Key)
	_, err := e.txn(ctx, etcdTxn{[]etcdCompare{unchanged(key, 0)}, []etcdRequest{etcdPut(key, strconv.Itoa(int(c.Process)))}})
	return c.Value, err
}

// etcdRelease gives up a lock that this process has.
func etcdRelease(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	key := etcdKey("mutex", c.Key)
	_, err := e.txn(ctx, etcdTxn{[]etcdCompare{holds(key, strconv.Itoa(int(c.Process)))}, []etcdRequest{etcdDelete(key, false)}})
	return c.Value, err
}

// etcdInc counts, and tells where the counter is then.
func etcdInc(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	key := etcdCell("monotonic", c, c.Value)
	now := int64(0)
	err := e.change(ctx, []string{key}, func(ch *etcdChange) (err error) {
		now, err = ch.number(key)
		now++
		ch.next[key] = decimal(now)
		return err
	})
	return edn.NewMap([]history.Value{c.Value, edn.NewInt(now)}), err
}

// etcdMonotonic reads several counters at once; 0 where there is none yet.
func etcdMonotonic(ctx context.Context, e *etcdConn, c Call) (history.Value, error) {
	list, err := keysOf(c)
	if err != nil {
		return c.Value, err
	}
	var keys []string
	for _, k := range list {
		keys = append(keys, etcdCell("monotonic", c, k))
	}
	found, err := e.find(ctx, keys)
	if err != nil {
		return c.Value, err
	}
	var pairs []history.Value
	for i, k := range list {
		v := edn.NewInt(0)
		if found[i] != nil {
			v = restored(string(found[i].Value))
		}
		pairs = append(pairs, k, v)
	}
	return edn.NewMap(pairs), nil
}
