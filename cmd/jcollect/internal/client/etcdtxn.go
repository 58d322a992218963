package client

import (
	"context"
	"strconv"

	"jcheck/history"
)

// An etcdTxn is what is done at once: then if all comparisons hold, and nothing otherwise.
type etcdTxn struct {
	compare []etcdCompare
	then    []etcdRequest
}

// An etcdCompare is one comparison, as the gateway has it. Bytes are base64 in JSON, and 64-bit numbers are texts.
type etcdCompare struct {
	Result      string `json:"result"`
	Target      string `json:"target"`
	Key         []byte `json:"key"`
	Value       []byte `json:"value,omitempty"`
	ModRevision string `json:"mod_revision,omitempty"`
}

// unchanged compares when a key was changed last; 0 is never.
func unchanged(key string, revision int64) etcdCompare {
	return etcdCompare{Result: "EQUAL", Target: "MOD", Key: []byte(key), ModRevision: strconv.FormatInt(revision, 10)}
}

// holds compares the value of a key.
func holds(key, value string) etcdCompare {
	return etcdCompare{Result: "EQUAL", Target: "VALUE", Key: []byte(key), Value: []byte(value)}
}

// An etcdRequest is one of a txn's: a range, a put or a deletion.
type etcdRequest struct {
	Range  *etcdRange `json:"request_range,omitempty"`
	Put    *etcdPair  `json:"request_put,omitempty"`
	Delete *etcdRange `json:"request_delete_range,omitempty"`
}

// An etcdRange is a key, or the keys from one to another.
type etcdRange struct {
	Key          []byte `json:"key"`
	RangeEnd     []byte `json:"range_end,omitempty"`
	Serializable bool   `json:"serializable,omitempty"`
	Limit        int    `json:"limit,omitempty"`
	SortOrder    string `json:"sort_order,omitempty"`
	SortTarget   string `json:"sort_target,omitempty"`
	PrevKV       bool   `json:"prev_kv,omitempty"`
}

// An etcdPair is a key and its value.
type etcdPair struct {
	Key         []byte `json:"key"`
	Value       []byte `json:"value"`
	ModRevision string `json:"mod_revision,omitempty"`
}

// revision is when the key was changed last.
func (p etcdPair) revision() (int64, error) {
	n, err := strconv.ParseInt(p.ModRevision, 10, 64)
	if err != nil {
		return 0, perhaps("garbage", err.Error())
	}
	return n, nil
}

// etcdKey is the key of an object: its kind, and which of that kind; nil if there is one only.
func etcdKey(kind string, key *history.Value) string {
	if key == nil {
		return etcdPrefix + kind
	}
	return etcdPrefix + kind + "/" + stored(*key)
}

// etcdCell is the key of one of several objects that a call is about.
func etcdCell(kind string, c Call, key history.Value) string {
	return etcdPrefix + kind + "/" + cell(c, key)
}

// behind is the end of the range of all keys that begin so. Ours never end in a byte of ones.
func behind(prefix string) []byte {
	end := []byte(prefix)
	end[len(end)-1]++
	return end
}

func etcdPut(key, value string) etcdRequest {
	return etcdRequest{Put: &etcdPair{Key: []byte(key), Value: []byte(value)}}
}

func etcdDelete(key string, all bool) etcdRequest {
	r := etcdRange{Key: []byte(key), PrevKV: true}
	if all {
		r.RangeEnd = behind(key)
	}
	return etcdRequest{Delete: &r}
}

// get is the request of one key.
func (c *etcdConn) get(key string) etcdRequest {
	return etcdRequest{Range: &etcdRange{Key: []byte(key), Serializable: c.plan.serializable}}
}

// An etcdResult is what a txn gave.
type etcdResult struct {
	Header    struct{ Revision string }
	Succeeded bool
	Responses []struct {
		Range  struct{ Kvs []etcdPair } `json:"response_range"`
		Delete struct {
			PrevKvs []etcdPair `json:"prev_kvs"`
		} `json:"response_delete_range"`
	}
}

// pairs are the keys that request i found.
func (r etcdResult) pairs(i int) []etcdPair { return r.Responses[i].Range.Kvs }

// txn performs a transaction. One whose comparisons don't hold is a mismatch.
func (c *etcdConn) txn(ctx context.Context, t etcdTxn) (etcdResult, error) {
	var r etcdResult
	request := struct {
		Compare []etcdCompare `json:"compare,omitempty"`
		Success []etcdRequest `json:"success"`
	}{t.compare, t.then}
	if err := c.ask(ctx, "/kv/txn", request, &r); err != nil {
		return r, err
	}
	if r.Header.Revision == "" { // every answer of etcd's has one; without it this is somebody else's
		return r, perhaps("garbage", "a txn's answer without a revision")
	}
	if !r.Succeeded {
		if len(t.compare) == 0 {
			return r, perhaps("garbage", "a txn without comparisons that didn't succeed")
		}
		return r, refuse("mismatch", "what was read has changed meanwhile, or isn't what it should be")
	}
	if len(r.Responses) != len(t.then) {
		return r, perhaps("garbage", "a txn with other answers than it was asked")
	}
	return r, nil
}

// find reads keys at once: what each has, nil for none.
func (c *etcdConn) find(ctx context.Context, keys []string) ([]*etcdPair, error) {
	var t etcdTxn
	for _, k := range keys {
		t.then = append(t.then, c.get(k))
	}
	r, err := c.txn(ctx, t)
	if err != nil {
		return nil, err
	}
	found := make([]*etcdPair, len(keys))
	for i := range keys {
		if kvs := r.pairs(i); len(kvs) > 0 {
			found[i] = &kvs[0]
		}
	}
	return found, nil
}

// An etcdChange is the keys of a transaction by optimistic locking: what was read of them, and what they shall have.
type etcdChange struct {
	keys  []string
	found map[string]*etcdPair
	next  map[string]string
}

// value is what a key has inside the transaction; false for nothing.
func (ch *etcdChange) value(key string) (string, bool) {
	if v, ok := ch.next[key]; ok {
		return v, true
	}
	if p := ch.found[key]; p != nil {
		return string(p.Value), true
	}
	return "", false
}

// change reads keys, lets body say what they shall have, and writes that unless one of them changed meanwhile. Failures
// before the write are definite.
func (c *etcdConn) change(ctx context.Context, keys []string, body func(ch *etcdChange) error) error {
	found, err := c.find(ctx, keys)
	if err != nil {
		return onlyRead(err)
	}
	ch := &etcdChange{keys: keys, found: make(map[string]*etcdPair), next: make(map[string]string)}
	for i, k := range keys {
		ch.found[k] = found[i]
	}
	if err := body(ch); err != nil {
		return onlyRead(err)
	}
	var t etcdTxn
	for _, k := range keys {
		revision := int64(0)
		if p := ch.found[k]; p != nil {
			if revision, err = p.revision(); err != nil {
				return onlyRead(err)
			}
		}
		t.compare = append(t.compare, unchanged(k, revision))
		if v, ok := ch.next[k]; ok {
			t.then = append(t.then, etcdPut(k, v))
		}
	}
	_, err = c.txn(ctx, t)
	return err
}
