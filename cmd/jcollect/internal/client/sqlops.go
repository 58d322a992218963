package client

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// sqlOps is what each object does.
func sqlOps(o load) map[string]op[sqlCall] {
	switch o.object {
	case "register":
		return map[string]op[sqlCall]{"read": {reading, sqlRead}, "write": {writing, sqlWrite}, "cas": {writing, sqlCas}}
	case "set":
		return map[string]op[sqlCall]{"add": {writing, sqlAdd}, "write": {writing, sqlAdd}, "read": {reading, sqlMembers}}
	case "counter":
		return map[string]op[sqlCall]{"add": {writing, sqlCount}, "increment": {writing, sqlCount}, "decrement": {writing, sqlCount}, "read": {reading, sqlCounted}}
	case "queue":
		return map[string]op[sqlCall]{"enqueue": {writing, sqlEnqueue}, "dequeue": {writing, sqlDequeue}, "drain": {writing, sqlDrain}}
	case "unique-ids":
		return map[string]op[sqlCall]{"generate": {writing, sqlGenerate}}
	case "append":
		return map[string]op[sqlCall]{"txn": {onlyReads, sqlTxn("append")}}
	case "rw-register": // a long-fork's transactions are called read and write
		txn := op[sqlCall]{onlyReads, sqlTxn("w")}
		return map[string]op[sqlCall]{"txn": txn, "read": txn, "write": txn}
	case "bank":
		return map[string]op[sqlCall]{"transfer": {writing, sqlTransfer}, "read": {reading, sqlBalances}}
	case "monotonic":
		return map[string]op[sqlCall]{"inc": {writing, sqlInc}, "read": {reading, sqlMonotonic}}
	case "g2":
		return map[string]op[sqlCall]{"insert": {writing, sqlInsert}}
	}
	return nil
}

// keyOf is the key of an operation's object as a text; all objects without a key share one.
func keyOf(key *history.Value) string {
	if key == nil {
		return ""
	}
	return stored(*key)
}

// decimal is a number as a statement's argument.
func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// get reads the value of a register.
func (s sqlCall) get(ctx context.Context, key string) (history.Value, error) {
	r, err := s.exec(ctx, "SELECT v FROM jcollect_register WHERE k = $1"+s.plan.lock, key)
	if text, ok := r.text(); ok && err == nil {
		return restored(text), nil
	}
	return history.Value{}, err
}

// put writes a register.
func (s sqlCall) put(ctx context.Context, key string, v history.Value) error {
	_, err := s.exec(ctx, s.plan.dialect.upsert("jcollect_register", "v", "NEW"), key, stored(v))
	return err
}

func sqlRead(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	return s.get(ctx, keyOf(c.Key))
}

func sqlWrite(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	return c.Value, s.put(ctx, keyOf(c.Key), c.Value)
}

func sqlCas(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	from, to, err := pair(c)
	if err != nil {
		return c.Value, err
	}
	r, err := s.exec(ctx, "UPDATE jcollect_register SET v = $1 WHERE k = $2 AND v = $3", stored(to), keyOf(c.Key), stored(from))
	if err == nil && r.affected == 0 {
		err = refuse("mismatch", "the register has another value")
	}
	return c.Value, err
}

func sqlAdd(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	_, err := s.exec(ctx, "INSERT INTO jcollect_set (k, v) VALUES ($1, $2)", keyOf(c.Key), stored(c.Value))
	return c.Value, err
}

func sqlMembers(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	r, err := s.exec(ctx, "SELECT v FROM jcollect_set WHERE k = $1 ORDER BY id", keyOf(c.Key))
	return vector(r.column()), err
}

func sqlCount(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	n, err := amount(c)
	if err != nil {
		return c.Value, err
	}
	_, err = s.exec(ctx, s.plan.dialect.upsert("jcollect_counter", "n", "OLD + NEW"), keyOf(c.Key), decimal(n))
	return c.Value, err
}

// sqlCounted reads a counter, which is 0 until somebody counts.
func sqlCounted(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	r, err := s.exec(ctx, "SELECT n FROM jcollect_counter WHERE k = $1", keyOf(c.Key))
	if text, ok := r.text(); ok && err == nil {
		return restored(text), nil
	}
	return edn.NewInt(0), err
}

func sqlEnqueue(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	_, err := s.exec(ctx, "INSERT INTO jcollect_queue (k, v) VALUES ($1, $2)", keyOf(c.Key), stored(c.Value))
	return c.Value, err
}

func sqlDequeue(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	list, err := s.take(ctx, keyOf(c.Key), " LIMIT 1")
	if err != nil {
		return c.Value, err
	}
	if len(list) == 0 {
		return c.Value, refuse("empty", "the queue is empty, or others hold what is in it")
	}
	return list[0], nil
}

func sqlDrain(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	list, err := s.take(ctx, keyOf(c.Key), "")
	return edn.NewVector(list), err
}

// take removes elements of a queue: those that it locked, by their ids, whatever came between.
func (s sqlCall) take(ctx context.Context, key, limit string) (list []history.Value, err error) {
	err = s.transact(ctx, func() error {
		r, err := s.exec(ctx, "SELECT id, v FROM jcollect_queue WHERE k = $1 ORDER BY id"+limit+" FOR UPDATE", key)
		if err != nil {
			return err
		}
		for _, row := range r.rows {
			if len(row) != 2 || row[0] == nil || row[1] == nil {
				return perhaps("garbage", "rows of another shape than was asked for")
			}
			done, err := s.exec(ctx, "DELETE FROM jcollect_queue WHERE id = $1", *row[0])
			if err != nil {
				return err
			}
			if done.affected == 1 { // else another had taken it before we got the lock
				list = append(list, restored(*row[1]))
			}
		}
		return nil
	})
	return list, err
}

func sqlGenerate(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	var id string
	err := s.transact(ctx, func() error {
		if _, err := s.exec(ctx, "INSERT INTO jcollect_id (k) VALUES ($1)", keyOf(c.Key)); err != nil {
			return err
		}
		r, err := s.exec(ctx, s.plan.dialect.lastID)
		if err != nil {
			return err
		}
		var ok bool
		if id, ok = r.text(); !ok {
			return perhaps("garbage", "no identifier")
		}
		return nil
	})
	return restored(id), err
}

// sqlTxn performs micro-operations in one transaction.
func sqlTxn(write string) func(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	return func(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
		list, err := mops(c, write)
		if err != nil {
			return c.Value, err
		}
		var found []history.Value
		err = s.transact(ctx, func() error {
			for _, m := range list {
				v, err := s.mop(ctx, m, cell(c, m.key), write)
				if err != nil {
					return err
				}
				if m.f == "r" {
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

// mop performs one micro-operation.
func (s sqlCall) mop(ctx context.Context, m mop, key, write string) (history.Value, error) {
	switch {
	case m.f == "w":
		return m.value, s.put(ctx, key, m.value)
	case write == "w":
		return s.get(ctx, key)
	case s.plan.list == "rows":
		return s.row(ctx, m, key)
	case m.f == "append":
		_, err := s.exec(ctx, s.plan.dialect.upsert("jcollect_list", "v", "CONCAT(OLD, ' ', NEW)"), key, stored(m.value))
		return m.value, err
	}
	r, err := s.exec(ctx, "SELECT v FROM jcollect_list WHERE k = $1"+s.plan.lock, key)
	text, ok := r.text()
	if err != nil || !ok {
		return history.Value{}, err
	}
	return restored("[" + text + "]"), nil
}

// row appends to, or reads, a list that is kept a row for each element.
func (s sqlCall) row(ctx context.Context, m mop, key string) (history.Value, error) {
	if m.f == "append" {
		r, err := s.exec(ctx, "SELECT MAX(pos) FROM jcollect_element WHERE k = $1", key)
		if err != nil {
			return m.value, err
		}
		last := int64(0)
		if text, ok := r.text(); ok {
			if last, err = strconv.ParseInt(text, 10, 64); err != nil {
				return m.value, perhaps("garbage", err.Error())
			}
		}
		_, err = s.exec(ctx, "INSERT INTO jcollect_element (k, pos, v) VALUES ($1, $2, $3)", key, decimal(last+1), stored(m.value))
		return m.value, err
	}
	r, err := s.exec(ctx, "SELECT v FROM jcollect_element WHERE k = $1 ORDER BY pos"+s.plan.lock, key)
	if err != nil || len(r.rows) == 0 {
		return history.Value{}, err
	}
	return vector(r.column()), nil
}

// sqlTransfer reads both balances and writes both, as a careless program does: it relies on the database's isolation.
func sqlTransfer(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	t, err := paymentOf(c)
	if err != nil {
		return c.Value, err
	}
	return c.Value, s.transact(ctx, func() error {
		from, err := s.balance(ctx, stored(t.from))
		if err != nil {
			return err
		}
		to, err := s.balance(ctx, stored(t.to))
		if err != nil {
			return err
		}
		if from < t.amount {
			return refuse("insufficient", "there is too little in the account")
		}
		if edn.Equal(t.from, t.to) {
			return nil
		}
		if err := s.setBalance(ctx, stored(t.from), from-t.amount); err != nil {
			return err
		}
		return s.setBalance(ctx, stored(t.to), to+t.amount)
	})
}

// balance is what an account has.
func (s sqlCall) balance(ctx context.Context, key string) (int64, error) {
	r, err := s.exec(ctx, "SELECT n FROM jcollect_account WHERE k = $1"+s.plan.lock, key)
	if err != nil {
		return 0, err
	}
	text, ok := r.text()
	if !ok {
		return 0, refuse("malformed", fmt.Sprintf("no account %.100s", key))
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, perhaps("garbage", err.Error())
	}
	return n, nil
}

// setBalance writes it.
func (s sqlCall) setBalance(ctx context.Context, key string, n int64) error {
	_, err := s.exec(ctx, "UPDATE jcollect_account SET n = $1 WHERE k = $2", decimal(n), key)
	return err
}

func sqlBalances(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	r, err := s.exec(ctx, "SELECT k, n FROM jcollect_account")
	if err != nil {
		return c.Value, err
	}
	var balances []history.Value
	for _, row := range r.rows {
		if len(row) != 2 || row[0] == nil || row[1] == nil {
			return c.Value, perhaps("garbage", "rows of another shape than was asked for")
		}
		balances = append(balances, restored(*row[0]), restored(*row[1]))
	}
	return edn.NewMap(balances), nil
}

// sqlInc counts, and tells where the counter is then.
func sqlInc(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	var now history.Value
	err := s.transact(ctx, func() error {
		if _, err := s.exec(ctx, s.plan.dialect.upsert("jcollect_counter", "n", "OLD + NEW"), cell(c, c.Value), "1"); err != nil {
			return err
		}
		r, err := s.exec(ctx, "SELECT n FROM jcollect_counter WHERE k = $1", cell(c, c.Value))
		text, ok := r.text()
		if err == nil && !ok {
			return perhaps("garbage", "a counter that isn't there after it counted")
		}
		now = restored(text)
		return err
	})
	return edn.NewMap([]history.Value{c.Value, now}), err
}

// sqlMonotonic reads several counters in one transaction.
func sqlMonotonic(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	keys, err := keysOf(c)
	if err != nil {
		return c.Value, err
	}
	var pairs []history.Value
	err = s.transact(ctx, func() error {
		for _, k := range keys {
			r, err := s.exec(ctx, "SELECT n FROM jcollect_counter WHERE k = $1", cell(c, k))
			if err != nil {
				return err
			}
			text, ok := r.text()
			if !ok {
				text = "0"
			}
			pairs = append(pairs, k, restored(text))
		}
		return nil
	})
	return edn.NewMap(pairs), err
}

// sqlInsert inserts into one of two tables unless either has a row of the key: the value is [a b], of which one is nil.
func sqlInsert(ctx context.Context, s sqlCall, c Call) (history.Value, error) {
	a, b, err := pair(c)
	if err != nil || c.Key == nil || a.IsNil() == b.IsNil() {
		return c.Value, badValue(c, "[a b], one of them nil, of an independent key")
	}
	key := keyOf(c.Key)
	return c.Value, s.transact(ctx, func() error {
		for _, table := range []string{"jcollect_g2_a", "jcollect_g2_b"} {
			r, err := s.exec(ctx, "SELECT v FROM "+table+" WHERE k = $1", key)
			if err != nil {
				return err
			}
			if len(r.rows) > 0 {
				return refuse("mismatch", "the key has a row already")
			}
		}
		table, v := "jcollect_g2_a", a
		if a.IsNil() {
			table, v = "jcollect_g2_b", b
		}
		_, err := s.exec(ctx, "INSERT INTO "+table+" (k, v) VALUES ($1, $2)", key, stored(v))
		return err
	})
}

// upsertOf fills the words of an upsert: OLD is what the row has, NEW what it gets.
func upsertOf(pattern, table, column, change, old, new string) string {
	change = strings.NewReplacer("OLD", old, "NEW", new).Replace(change)
	return strings.NewReplacer("TABLE", table, "COLUMN", column, "CHANGE", change).Replace(pattern)
}
