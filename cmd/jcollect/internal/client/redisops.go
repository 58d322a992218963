package client

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"jcheck/history"
	"jcheck/internal/edn"
)

// A redisCall is what an operation is done with.
type redisCall struct {
	*respConn
	plan redisPlan
	logs *consumer // of the process, whatever connection it has
}

// change performs commands that write, in one piece, and waits for the replicas that the plan wants to have them.
func (r redisCall) change(ctx context.Context, commands ...[]string) ([]respReply, error) {
	want := r.plan.waitReplicas
	if want == 0 {
		return r.do(ctx, commands...)
	}
	wait := []string{"WAIT", strconv.Itoa(want), strconv.FormatInt(r.plan.waitTimeout.Milliseconds(), 10)}
	replies, err := r.do(ctx, append(slices.Clip(commands), wait)...)
	if err != nil {
		return nil, err
	}
	if got := replies[len(replies)-1].num; got < int64(want) {
		return nil, redisFates().said("WAIT", fmt.Sprintf("the replicas that have it: %d of %d", got, want))
	}
	return replies[:len(replies)-1], nil
}

// Scripts do what a single command can't, at once. Each checks everything before it writes.
const (
	casScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end return 0`

	transferScript = `local n = tonumber(ARGV[1])
local from, to = tonumber(redis.call('GET', KEYS[1])), tonumber(redis.call('GET', KEYS[2]))
if not from or not to or from < n then return 0 end
redis.call('DECRBY', KEYS[1], n) redis.call('INCRBY', KEYS[2], n) return 1`

	releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`

	txnScript = `local found = {}
for i = 1, #KEYS do
	if ARGV[2*i-1] == 'append' then redis.call('RPUSH', KEYS[i], ARGV[2*i])
	elseif ARGV[2*i-1] == 'w' then redis.call('SET', KEYS[i], ARGV[2*i])
	elseif ARGV[2*i] == 'list' then found[#found+1] = redis.call('LRANGE', KEYS[i], 0, -1)
	else found[#found+1] = redis.call('GET', KEYS[i]) end
end
return found`
)

// redisOps is what each workload does.
func redisOps(o load) map[string]op[redisCall] {
	switch o.object {
	case "register":
		return map[string]op[redisCall]{
			"read":  {reading, redisRead},
			"write": {writing, redisWrite},
			"cas":   {writing, redisCas},
		}
	case "set":
		return map[string]op[redisCall]{"add": {writing, redisAdd}, "write": {writing, redisAdd}, "read": {reading, redisMembers}}
	case "counter":
		return map[string]op[redisCall]{"add": {writing, redisCount}, "increment": {writing, redisCount}, "decrement": {writing, redisCount}, "read": {reading, redisCounted}}
	case "queue":
		return map[string]op[redisCall]{"enqueue": {writing, redisEnqueue}, "dequeue": {writing, redisDequeue}, "drain": {writing, redisDrain}}
	case "unique-ids":
		return map[string]op[redisCall]{"generate": {writing, redisGenerate}}
	case "append":
		return map[string]op[redisCall]{"txn": {onlyReads, redisTxn("append")}}
	case "rw-register": // a long-fork's transactions are called read and write
		txn := op[redisCall]{onlyReads, redisTxn("w")}
		return map[string]op[redisCall]{"txn": txn, "read": txn, "write": txn}
	case "bank":
		return map[string]op[redisCall]{"transfer": {writing, redisTransfer}, "read": {reading, redisBalances(o)}}
	case "monotonic":
		return map[string]op[redisCall]{"inc": {writing, redisInc}, "read": {reading, redisMonotonic}}
	case "log":
		txn := op[redisCall]{onlyPolls, redisLogs}
		attend := op[redisCall]{reading, redisAttend}
		return map[string]op[redisCall]{"assign": attend, "subscribe": attend, "send": txn, "poll": txn, "txn": txn}
	case "mutex":
		return map[string]op[redisCall]{"acquire": {writing, redisAcquire}, "release": {writing, redisRelease}}
	}
	return nil
}

// found is a stored text that may be absent.
func (r respReply) found() history.Value {
	if r.kind != '$' || r.null {
		return history.Value{}
	}
	return restored(r.text)
}

func redisRead(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	got, err := r.one(ctx, "GET", redisKey("register", c.Key))
	return got.found(), err
}

func redisWrite(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	_, err := r.change(ctx, []string{"SET", redisKey("register", c.Key), stored(c.Value)})
	return c.Value, err
}

func redisCas(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	from, to, err := pair(c)
	if err != nil {
		return c.Value, err
	}
	key := redisKey("register", c.Key)
	if r.plan.txn == "multi" {
		return redisWatch(ctx, r, c, key, from, to)
	}
	got, err := r.change(ctx, []string{"EVAL", casScript, "1", key, stored(from), stored(to)})
	if err == nil && got[0].num != 1 {
		err = refuse("mismatch", "the register has another value")
	}
	return c.Value, err
}

// redisWatch is a cas by optimistic locking.
func redisWatch(ctx context.Context, r redisCall, c Call, key string, from, to history.Value) (history.Value, error) {
	got, err := r.do(ctx, []string{"WATCH", key}, []string{"GET", key})
	if err != nil {
		return c.Value, onlyRead(err)
	}
	if got[1].null || got[1].text != stored(from) {
		_, err := r.one(ctx, "UNWATCH")
		if err != nil {
			return c.Value, onlyRead(err)
		}
		return c.Value, refuse("mismatch", "the register has another value")
	}
	got, err = r.change(ctx, []string{"MULTI"}, []string{"SET", key, stored(to)}, []string{"EXEC"})
	if err == nil && got[2].null {
		err = refuse("mismatch", "the register changed meanwhile")
	}
	return c.Value, err
}

// onlyRead is a failure before anything was changed, so a definite one.
func onlyRead(err error) error {
	f := *asFailure(err)
	f.class = never
	return &f
}

func redisAdd(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	add := "SADD"
	if r.plan.set == "list" {
		add = "RPUSH"
	}
	_, err := r.change(ctx, []string{add, redisKey("set", c.Key), stored(c.Value)})
	return c.Value, err
}

func redisMembers(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	command := []string{"SMEMBERS", redisKey("set", c.Key)}
	if r.plan.set == "list" {
		command = []string{"LRANGE", redisKey("set", c.Key), "0", "-1"}
	}
	got, err := r.one(ctx, command...)
	if err != nil {
		return history.Value{}, err
	}
	return got.list()
}

// list is an array of stored texts as a vector.
func (r respReply) list() (history.Value, error) {
	texts, ok := r.texts()
	if !ok {
		return history.Value{}, perhaps("garbage", "an answer that is no list of texts")
	}
	return vector(texts), nil
}

func redisCount(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	n, err := amount(c)
	if err != nil {
		return c.Value, err
	}
	_, err = r.change(ctx, []string{"INCRBY", redisKey("counter", c.Key), strconv.FormatInt(n, 10)})
	return c.Value, err
}

// redisCounted reads a counter, which is 0 until somebody counts.
func redisCounted(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	got, err := r.one(ctx, "GET", redisKey("counter", c.Key))
	if err == nil && got.null {
		return edn.NewInt(0), nil
	}
	return got.found(), err
}

func redisEnqueue(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	_, err := r.change(ctx, []string{"RPUSH", redisKey("queue", c.Key), stored(c.Value)})
	return c.Value, err
}

func redisDequeue(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	got, err := r.change(ctx, []string{"LPOP", redisKey("queue", c.Key)})
	if err != nil {
		return c.Value, err
	}
	if got[0].null {
		return c.Value, refuse("empty", "the queue is empty")
	}
	return got[0].found(), nil
}

func redisDrain(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	key := redisKey("queue", c.Key)
	got, err := r.change(ctx, []string{"MULTI"}, []string{"LRANGE", key, "0", "-1"}, []string{"DEL", key}, []string{"EXEC"})
	if err != nil {
		return c.Value, err
	}
	if len(got[3].items) != 2 {
		return c.Value, perhaps("garbage", "an EXEC with other answers than it was asked")
	}
	return got[3].items[0].list()
}

func redisGenerate(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	got, err := r.change(ctx, []string{"INCR", redisKey("ids", c.Key)})
	if err != nil {
		return c.Value, err
	}
	return edn.NewInt(got[0].num), nil
}

// redisTxn performs micro-operations at once. Lists and registers have keys of their own.
func redisTxn(write string) func(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	return func(ctx context.Context, r redisCall, c Call) (history.Value, error) {
		list, err := mops(c, write)
		if err != nil {
			return c.Value, err
		}
		commands := redisMulti(c, list, write)
		if r.plan.txn == "lua" {
			commands = [][]string{redisTxnScript(c, list, write)}
		}
		got, err := r.change(ctx, commands...)
		if err != nil {
			return c.Value, err
		}
		found, err := redisFound(list, got[len(got)-1].items, write, r.plan.txn == "lua")
		if err != nil {
			return c.Value, err
		}
		return completed(list, found), nil
	}
}

// redisMulti is a transaction as MULTI, commands, EXEC.
func redisMulti(c Call, list []mop, write string) [][]string {
	commands := [][]string{{"MULTI"}}
	for _, m := range list {
		key := redisCell(write, c, m.key)
		switch {
		case m.f == "append":
			commands = append(commands, []string{"RPUSH", key, stored(m.value)})
		case m.f == "w":
			commands = append(commands, []string{"SET", key, stored(m.value)})
		case write == "append":
			commands = append(commands, []string{"LRANGE", key, "0", "-1"})
		default:
			commands = append(commands, []string{"GET", key})
		}
	}
	return append(commands, []string{"EXEC"})
}

// redisTxnScript is a transaction as a script.
func redisTxnScript(c Call, list []mop, write string) []string {
	command := []string{"EVAL", txnScript, strconv.Itoa(len(list))}
	for _, m := range list {
		command = append(command, redisCell(write, c, m.key))
	}
	for _, m := range list {
		switch {
		case m.f != "r":
			command = append(command, m.f, stored(m.value))
		case write == "append":
			command = append(command, "r", "list")
		default:
			command = append(command, "r", "text")
		}
	}
	return command
}

// redisFound is what the reads of a transaction found. A script answers for reads alone.
func redisFound(list []mop, items []respReply, write string, script bool) ([]history.Value, error) {
	var found []history.Value
	i := 0
	for _, m := range list {
		if m.f != "r" && script {
			continue
		}
		if i == len(items) {
			return nil, perhaps("garbage", "a transaction with fewer answers than it was asked")
		}
		item := items[i]
		i++
		switch {
		case m.f != "r":
		case write == "append" && len(item.items) == 0:
			found = append(found, history.Value{})
		case write == "append":
			v, err := item.list()
			if err != nil {
				return nil, err
			}
			found = append(found, v)
		default:
			found = append(found, item.found())
		}
	}
	return found, nil
}

func redisTransfer(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	t, err := paymentOf(c)
	if err != nil {
		return c.Value, err
	}
	got, err := r.change(ctx, []string{"EVAL", transferScript, "2", redisKey("bank", &t.from), redisKey("bank", &t.to), strconv.FormatInt(t.amount, 10)})
	if err == nil && got[0].num != 1 {
		err = refuse("insufficient", "there is too little in the account")
	}
	return c.Value, err
}

// redisBalances reads all accounts at once.
func redisBalances(o load) func(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	command := []string{"MGET"}
	for _, name := range o.names {
		command = append(command, redisKey("bank", &name))
	}
	return func(ctx context.Context, r redisCall, c Call) (history.Value, error) {
		got, err := r.one(ctx, command...)
		if err != nil {
			return c.Value, err
		}
		if len(got.items) != len(o.names) {
			return c.Value, perhaps("garbage", "an MGET with other answers than it was asked")
		}
		var balances []history.Value
		for i, name := range o.names {
			balances = append(balances, name, got.items[i].found())
		}
		return edn.NewMap(balances), nil
	}
}

func redisInc(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	got, err := r.change(ctx, []string{"INCR", redisCell("monotonic", c, c.Value)})
	if err != nil {
		return c.Value, err
	}
	return edn.NewMap([]history.Value{c.Value, edn.NewInt(got[0].num)}), nil
}

// redisMonotonic reads several numbers at once; 0 where there is none yet.
func redisMonotonic(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	keys, err := keysOf(c)
	if err != nil {
		return c.Value, err
	}
	command := []string{"MGET"}
	for _, k := range keys {
		command = append(command, redisCell("monotonic", c, k))
	}
	got, err := r.one(ctx, command...)
	if err != nil {
		return c.Value, err
	}
	if len(got.items) != len(keys) {
		return c.Value, perhaps("garbage", "an MGET with other answers than it was asked")
	}
	var pairs []history.Value
	for i, k := range keys {
		v := got.items[i].found()
		if v.IsNil() {
			v = edn.NewInt(0)
		}
		pairs = append(pairs, k, v)
	}
	return edn.NewMap(pairs), nil
}

// redisAcquire takes a lock that nobody has. Who crashes keeps it for ever.
func redisAcquire(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	got, err := r.change(ctx, []string{"SET", redisKey("mutex", c.Key), decimal(int64(c.Process)), "NX"})
	if err == nil && got[0].null {
		err = refuse("mismatch", "the lock is held")
	}
	return c.Value, err
}

// redisRelease gives up a lock that this process has.
func redisRelease(ctx context.Context, r redisCall, c Call) (history.Value, error) {
	got, err := r.change(ctx, []string{"EVAL", releaseScript, "1", redisKey("mutex", c.Key), decimal(int64(c.Process))})
	if err == nil && got[0].num != 1 {
		err = refuse("mismatch", "the lock isn't this process's")
	}
	return c.Value, err
}
