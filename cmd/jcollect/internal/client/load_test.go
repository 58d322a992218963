package client

import (
	"math/rand/v2"
	"strings"
	"testing"

	"jcheck/history"
	"jcheck/internal/edn"
)

// A loadMaker gives the operations of a workload, drawn at random.
type loadMaker func() (next func(r *rand.Rand) Call, last func() Call)

func vec(items ...history.Value) history.Value { return edn.NewVector(items) }
func num(n int64) history.Value                { return edn.NewInt(n) }
func word(s string) history.Value              { return edn.NewKeyword(s) }

// registers are reads, writes and cas of registers, each for a hundred operations.
func registers() (func(r *rand.Rand) Call, func() Call) {
	n := 0
	return func(r *rand.Rand) Call {
		n++
		key := num(int64(n / 100))
		a, b := num(int64(r.IntN(5))), num(int64(r.IntN(5)))
		return []Call{
			{F: "read", Key: &key},
			{F: "write", Value: a, Key: &key},
			{F: "cas", Value: vec(a, b), Key: &key},
		}[r.IntN(3)]
	}, nil
}

// sets are adds, with reads among them and in the end.
func sets() (func(r *rand.Rand) Call, func() Call) {
	n := 0
	return func(r *rand.Rand) Call {
		if r.IntN(20) == 0 {
			return Call{F: "read"}
		}
		n++
		return Call{F: "add", Value: num(int64(n))}
	}, func() Call { return Call{F: "read"} }
}

// counters are adds and reads.
func counters() (func(r *rand.Rand) Call, func() Call) {
	return func(r *rand.Rand) Call {
		if r.IntN(4) == 0 {
			return Call{F: "read"}
		}
		return Call{F: "add", Value: num(int64(1 + r.IntN(5)))}
	}, func() Call { return Call{F: "read"} }
}

// queues are enqueues and dequeues, and drains in the end.
func queues() (func(r *rand.Rand) Call, func() Call) {
	n := 0
	return func(r *rand.Rand) Call {
		if r.IntN(3) == 0 {
			return Call{F: "dequeue"}
		}
		n++
		return Call{F: "enqueue", Value: num(int64(n))}
	}, func() Call { return Call{F: "drain"} }
}

// ids are identifiers asked for.
func ids() (func(r *rand.Rand) Call, func() Call) {
	return func(*rand.Rand) Call { return Call{F: "generate"} }, nil
}

// txns are transactions of one to four micro-operations over three keys at a time.
func txns(write string) loadMaker {
	return func() (func(r *rand.Rand) Call, func() Call) {
		writes := make(map[int]int)
		base := 0
		return func(r *rand.Rand) Call {
			var list []history.Value
			for range 1 + r.IntN(4) {
				key := base + r.IntN(3)
				if r.IntN(2) == 0 {
					list = append(list, vec(word("r"), num(int64(key)), history.Value{}))
					continue
				}
				writes[key]++
				list = append(list, vec(word(write), num(int64(key)), num(int64(writes[key]))))
				if writes[key] == 40 {
					base += 3
				}
			}
			return Call{F: "txn", Value: vec(list...)}
		}, nil
	}
}

// banks are transfers between 8 accounts, and reads.
func banks() (func(r *rand.Rand) Call, func() Call) {
	return func(r *rand.Rand) Call {
		if r.IntN(3) == 0 {
			return Call{F: "read"}
		}
		from := r.IntN(8)
		to := (from + 1 + r.IntN(7)) % 8
		return Call{F: "transfer", Value: edn.NewMap([]history.Value{word("from"), num(int64(from)), word("to"), num(int64(to)), word("amount"), num(int64(1 + r.IntN(5)))})}
	}, nil
}

// monotonics are incs of eight counters, and reads of some.
func monotonics() (func(r *rand.Rand) Call, func() Call) {
	return func(r *rand.Rand) Call {
		if r.IntN(2) == 0 {
			return Call{F: "inc", Value: num(int64(r.IntN(8)))}
		}
		a := r.IntN(6)
		return Call{F: "read", Value: vec(num(int64(a)), num(int64(a+1)), num(int64(a+2)))}
	}, nil
}

// reverses are writes of new values, and reads of all.
func reverses() (func(r *rand.Rand) Call, func() Call) {
	n := 0
	return func(r *rand.Rand) Call {
		if r.IntN(10) == 0 {
			return Call{F: "read"}
		}
		n++
		return Call{F: "write", Value: num(int64(n))}
	}, nil
}

// forks are writes of keys, each once, and reads of their groups.
func forks() (func(r *rand.Rand) Call, func() Call) {
	n := int64(0)
	return func(r *rand.Rand) Call {
		if r.IntN(2) == 0 {
			n++
			return Call{F: "write", Value: vec(vec(word("w"), num(n), num(1)))}
		}
		a := n &^ 1
		return Call{F: "read", Value: vec(vec(word("r"), num(a), history.Value{}), vec(word("r"), num(a+1), history.Value{}))}
	}, nil
}

// twoInserts are g2's: two inserts for each key.
func twoInserts() (func(r *rand.Rand) Call, func() Call) {
	n := int64(0)
	return func(*rand.Rand) Call {
		n++
		key, v := num(n/2), vec(num(n), history.Value{})
		if n%2 == 0 {
			v = vec(history.Value{}, num(n))
		}
		return Call{F: "insert", Key: &key, Value: v}
	}, nil
}

// hostileValues writes and reads what would break a client that builds its requests carelessly. What a database doesn't take
// must be a fail, and nothing else may come back than what was written.
func hostileValues(t *testing.T, d Driver) {
	t.Helper()
	p := Process{Node: "n1", Addr: "127.0.0.1"}
	if err := d.Teardown(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := d.Setup(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	s, err := d.Open(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	texts := []string{"'; DROP TABLE jcollect_register; --", `"\"`, "\\' OR 1=1 -- ", "$1 ? %s {{value}}", "$(reboot)`reboot`", "a\r\nSET x 1\r\n", "é 漢 🙂", "\x00", "\xff\xfe", "", strings.Repeat("x", 10<<20)}
	for _, text := range texts {
		for _, key := range []history.Value{edn.NewString(text), num(1)} {
			v := edn.NewMap([]history.Value{word("a"), edn.NewString(text), num(2), vec(edn.NewSet([]history.Value{history.Value{}}))})
			out := s.Invoke(t.Context(), Call{F: "write", Value: v, Key: &key})
			if out.Type == history.Fail || out.Type == history.Info && len(text) > 1<<20 {
				continue // too long for a key, or no UTF-8; or so long that the database hung up
			}
			if out.Type != history.OK {
				t.Errorf("write %.20q: %v %.200s", text, out.Type, out.Error)
			}
			if out := s.Invoke(t.Context(), Call{F: "read", Key: &key}); out.Type != history.OK || !edn.Equal(out.Value, v) {
				t.Errorf("read %.20q: %v %.200s %.200s", text, out.Type, out.Value, out.Error)
			}
		}
	}
	plain := num(5)
	if out := s.Invoke(t.Context(), Call{F: "write", Value: plain, Key: &plain}); out.Type != history.OK {
		t.Errorf("afterwards: %v %.200s", out.Type, out.Error)
	}
}

// logs are sends and polls of 4 logs, which each client takes now and then.
func logs() (func(r *rand.Rand) Call, func() Call) {
	n := int64(0)
	return func(r *rand.Rand) Call {
			if r.IntN(10) == 0 {
				return Call{F: "assign", Value: vec(num(0), num(1), num(2), num(3))}
			}
			var list []history.Value
			for range 1 + r.IntN(4) {
				if r.IntN(2) == 0 {
					list = append(list, vec(word("poll")))
					continue
				}
				n++
				list = append(list, vec(word("send"), num(int64(r.IntN(4))), num(n)))
			}
			return Call{F: "txn", Value: vec(list...)}
		}, func() Call { // all that is left, in one go: what nobody polls counts as gone
			polls := make([]history.Value, 500)
			for i := range polls {
				polls[i] = vec(word("poll"))
			}
			return Call{F: "poll", Value: vec(polls...)}
		}
}
