package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jcheck/internal/edn"
)

// etcdScanner reads operations.json of etcd's robustness tests: requests with the times of call and return, one object
// after another. They become operations of a map of keys: get, put, delete, and cas, of which the value is [key value] or
// [key [from to]].
//
// A txn that expects a revision of its key is a cas from the value that was written at that revision, as some answer
// shows; each value is written once in these tests, so that is the same. A request that ended with an error may have
// happened or not. Requests that change no key, and reads of more than one key or of the past, are left out, which the
// warnings say. What changes keys in another way keeps its own name, as no checker would be right to pass over it.
type etcdScanner struct {
	jsonScanner
	held    []etcdRequest
	values  map[etcdRevision]Value // what was written at a revision
	skipped []etcdSkip
}

// etcdRevision names a value by its key and when it was written.
type etcdRevision struct {
	key      string
	revision int64
}

// etcdSkip is why requests are left out, the first of them and how many they are.
type etcdSkip struct {
	why string
	off int
	n   int
}

// etcdRequest is one request with its answer.
type etcdRequest struct {
	off       int
	client    Value
	call, ret int64
	in, out   Value
	ended     bool // it has a return
}

// member finds a field of a JSON object, and then one of that. Upper and lower case are one.
func member(v Value, path ...string) Value {
next:
	for _, name := range path {
		for i := len(v.Items) - 2; v.Kind == edn.Map && i >= 0; i -= 2 {
			if strings.EqualFold(v.Items[i].Text, name) {
				v = v.Items[i+1]
				continue next
			}
		}
		return Value{}
	}
	return v
}

func (s *etcdScanner) op() *fault {
	start := s.pos
	if s.src[start] != '{' {
		return s.notOp()
	}
	v, bad := s.tree()
	if bad != nil {
		if bad.code == codeTruncated {
			bad.off = start
		}
		return bad
	}
	r := etcdRequest{off: start, client: member(v, "ClientID"), in: member(v, "Input"), out: member(v, "Output")}
	call, ret := member(v, "Call"), member(v, "Return")
	r.call, r.ret, r.ended = call.Int(), ret.Int(), ret.Kind == edn.Int
	if r.client.Kind != edn.Int || call.Kind != edn.Int || r.in.Kind != edn.Map || r.ended && r.ret < r.call {
		s.c.problem(int64(start), codeNotOp, "an object that is no request", "ClientId, Input, Call, Output and a Return that isn't before the Call", "")
		return nil
	}
	s.held = append(s.held, r)
	return nil
}

// etcdCall is what a request becomes.
type etcdCall struct {
	f           string // "": it is left out, for the reason in skip
	skip        string
	asked, done Value
	outcome     Type
}

// flush adds the operations in order of time. Where times are equal, calls come first: then the requests overlap, as they
// may have done. A client's own next call comes behind its return.
func (s *etcdScanner) flush() {
	s.learn()
	type moment struct {
		at   int64
		rank int
		r    *etcdRequest
		c    *etcdCall
		ret  bool
	}
	var moments []moment
	last := make(map[int64]int64) // client → its last return
	slices.SortStableFunc(s.held, func(a, b etcdRequest) int { return cmp.Compare(a.call, b.call) })
	for i := range s.held {
		r := &s.held[i]
		c := s.convert(r)
		if c.f == "" {
			s.skip(r, c.skip)
			continue
		}
		rank := 0
		if before, ok := last[r.client.Int()]; ok && before == r.call {
			rank = 2
		}
		moments = append(moments, moment{r.call, rank, r, &c, false})
		if r.ended {
			moments = append(moments, moment{r.ret, max(1, rank), r, &c, true})
			last[r.client.Int()] = r.ret
		}
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank)) })
	for _, m := range moments {
		s.c.begin(int64(m.r.off))
		s.c.setTime(m.at)
		s.c.setProcess(s.c.symValue(m.r.client))
		s.c.setF(s.c.symValue(edn.NewKeyword(m.c.f)))
		s.c.setType(Invoke)
		value := m.c.asked
		if m.ret {
			s.c.setType(m.c.outcome)
			value = m.c.done
		}
		s.treeValue(value)
		s.c.end()
	}
	s.held = nil
	for _, k := range s.skipped {
		s.c.warnings.add(int64(k.off), "left-out", fmt.Sprintf("%s (%d times) is left out", k.why, k.n), "requests of one key at a time",
			"what these answered isn't checked")
	}
}

// skip notes that a request is left out.
func (s *etcdScanner) skip(r *etcdRequest, why string) {
	i := slices.IndexFunc(s.skipped, func(k etcdSkip) bool { return k.why == why })
	if i < 0 {
		i = len(s.skipped)
		s.skipped = append(s.skipped, etcdSkip{why: why, off: r.off})
	}
	s.skipped[i].n++
}

// learn notes what answers show of the values behind revisions.
func (s *etcdScanner) learn() {
	s.values = make(map[etcdRevision]Value)
	for i := range s.held {
		out := s.held[i].out
		if member(out, "Error").Text != "" {
			continue
		}
		s.learnKVs(member(out, "Range", "KVs"))
		for _, result := range member(out, "Txn", "Results").Items {
			s.learnKVs(member(result, "KVs"))
		}
		branch := "OperationsOnSuccess"
		if member(out, "Txn", "Failure").Bool() {
			branch = "OperationsOnFailure"
		}
		for _, op := range member(s.held[i].in, "Txn", branch).Items {
			if member(op, "Type").Text == "put-operation" {
				key := etcdRevision{member(op, "Put", "Key").Text, member(out, "Revision").Int()}
				s.values[key] = etcdValue(member(op, "Put", "Value"))
			}
		}
	}
}

func (s *etcdScanner) learnKVs(kvs Value) {
	for _, kv := range kvs.Items {
		s.values[etcdRevision{member(kv, "Key").Text, member(kv, "ModRevision").Int()}] = etcdValue(member(kv, "Value"))
	}
}

// etcdValue is a value, of which long ones are recorded by their hash alone.
func etcdValue(v Value) Value {
	if text := member(v, "Value"); text.Text != "" {
		return text
	}
	if hash := member(v, "Hash"); hash.Kind == edn.Int && hash.Int() != 0 {
		return hash
	}
	return edn.NewString("")
}

// convert makes of a request what a map of keys knows.
func (s *etcdScanner) convert(r *etcdRequest) etcdCall {
	c := etcdCall{outcome: OK}
	switch {
	case member(r.out, "Error").Text != "":
		c.outcome = Info
	case member(r.out, "ClientError").Text != "":
		c.outcome = Fail
	}
	switch kind := member(r.in, "Type").Text; kind {
	case "range":
		ask := member(r.in, "Range")
		c.get(ask, member(r.out, "Range"))
	case "txn":
		s.txn(r, &c)
	case "leaseRevoke":
		c.f = "lease-revoke"
	case "leaseGrant", "defragment", "compact":
		c.skip = "a " + kind + ", which changes no key"
	default:
		c.f = cmp.Or(kind, "unknown-request")
	}
	return c
}

// get makes a call a read of one key, if it is.
func (c *etcdCall) get(ask, answer Value) {
	kvs := member(answer, "KVs")
	key := member(ask, "Start")
	if key.IsNil() {
		key = member(ask, "Key")
	}
	if member(ask, "End").Text != "" || member(ask, "Revision").Int() != 0 || len(kvs.Items) > 1 {
		c.skip = "a read of several keys, or of the past"
		return
	}
	c.f, c.asked = "get", edn.NewVector([]Value{key, {}})
	c.done = c.asked
	if answer.Kind != edn.Map && c.outcome == OK {
		c.outcome = Info // there is no telling what it answered
	}
	if len(kvs.Items) == 1 {
		c.done = edn.NewVector([]Value{key, etcdValue(member(kvs.Items[0], "Value"))})
	}
}

// txn makes a call of a txn.
func (s *etcdScanner) txn(r *etcdRequest, c *etcdCall) {
	conditions := member(r.in, "Txn", "Conditions").Items
	then, otherwise := member(r.in, "Txn", "OperationsOnSuccess").Items, member(r.in, "Txn", "OperationsOnFailure").Items
	results := member(r.out, "Txn", "Results").Items
	if readsOnly(then) && readsOnly(otherwise) {
		if len(conditions) == 0 && len(then) == 1 {
			c.get(member(then[0], "Range"), etcdResult(results))
			return
		}
		c.skip = "a txn that only reads, under conditions or several keys"
		return
	}
	c.f = fmt.Sprintf("txn-of-%d-operations", len(then)+len(otherwise))
	if len(then) != 1 || len(conditions) > 1 {
		return
	}
	key, value, ok := etcdChange(then[0])
	if !ok {
		return
	}
	if len(conditions) == 0 {
		c.f, c.asked = "put", edn.NewVector([]Value{key, value})
		if value.IsNil() {
			c.f = "delete"
		}
		c.done = c.asked
		return
	}
	s.cas(c, conditions[0], key, value, otherwise, member(r.out, "Txn", "Failure").Bool(), results)
}

// cas makes a call of a txn that changes one key if that has the expected revision.
func (s *etcdScanner) cas(c *etcdCall, condition, key, value Value, otherwise []Value, failed bool, results []Value) {
	revision := member(condition, "ExpectedRevision").Int()
	from, known := s.values[etcdRevision{key.Text, revision}]
	if member(condition, "Key").Text != key.Text || member(condition, "ExpectedVersion").Int() != 0 || revision != 0 && !known || !readsOnly(otherwise) {
		return
	}
	if failed && len(otherwise) == 1 && c.outcome == OK {
		c.get(member(otherwise[0], "Range"), etcdResult(results)) // what was there tells more than what was not
		return
	}
	c.f = "cas"
	c.asked = edn.NewVector([]Value{key, edn.NewVector([]Value{from, value})})
	c.done = c.asked
	if failed && c.outcome == OK {
		c.outcome = Fail
	}
}

// etcdChange is what a put or a delete makes of its key.
func etcdChange(op Value) (key, value Value, ok bool) {
	switch member(op, "Type").Text {
	case "put-operation":
		return member(op, "Put", "Key"), etcdValue(member(op, "Put", "Value")), true
	case "delete-operation":
		return member(op, "Delete", "Key"), Value{}, true
	}
	return Value{}, Value{}, false
}

func readsOnly(ops []Value) bool {
	return !slices.ContainsFunc(ops, func(op Value) bool { return member(op, "Type").Text != "range-operation" })
}

// etcdResult is what the only operation of a txn read.
func etcdResult(results []Value) Value {
	if len(results) != 1 {
		return Value{}
	}
	return results[0]
}
