package objects

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Options says what history to make.
type Options struct {
	Kind    Kind
	Clients int // that work at the same time; 5 if 0
	Ops     int // invocations. A cas that fails, and taking from what is empty, are left out: there are fewer calls
	Crashed int // calls that crash, in the first four fifths
	Values  int // different values of a Register, CASRegister or KV; 5 if 0
	Keys    int // of KV; 16 if 0
	Reads   int // one in so many calls of a Set is a read; 4 if 0
	Seed    uint64
	Invalid bool // spoil up to 20 answers in the last tenth, so that no order explains them (unless many clients overlap)
	Foreign bool // spoil an answer in the last tenth surely: a register is read that nobody ever wrote so
}

// Kind is what the object is.
type Kind uint8

// The kinds of objects.
const (
	Register       Kind = iota // half reads, half writes
	UniqueRegister             // each value is written once
	CASRegister                // half reads, a sixth writes, a third compare-and-sets
	KV                         // half gets, half puts
	UniqueKV                   // each value is put once
	Set                        // elements are added once, reads show all
	Queue                      // elements are unique from here on
	Stack
	PriorityQueue // the least comes out first
)

// kinds are what histories call the kinds and their functions.
var kinds = [...]struct {
	datatype     string
	insert, take string
}{
	Register: {datatype: "register"}, UniqueRegister: {datatype: "register"}, CASRegister: {datatype: "cas-register"},
	KV: {datatype: "kv"}, UniqueKV: {datatype: "kv"}, Set: {datatype: "set"},
	Queue: {"fifo-queue", "enqueue", "dequeue"}, Stack: {"stack", "push", "pop"},
	PriorityQueue: {"priority-queue", "insert", "delete-min"},
}

// Datatype is the name of the datatype that the history is one of.
func (k Kind) Datatype() string { return kinds[k].datatype }

func (k Kind) name(f Function) string {
	switch f {
	case Insert:
		return kinds[k].insert
	case Take:
		return kinds[k].take
	}
	return [...]string{Read: "read", Write: "write", CAS: "cas", Get: "get", Put: "put", Add: "add", ReadAll: "read"}[f]
}

// simulated is a call on its way: when it began, took effect and returned.
type simulated struct {
	Call
	inv, effect, ret float64
	left             bool // it isn't part of the history
}

// Make makes a history: its calls in order of invocation.
func Make(o Options) []Call {
	o.Clients, o.Values, o.Keys, o.Reads = cmp.Or(o.Clients, 5), cmp.Or(o.Values, 5), cmp.Or(o.Keys, 16), cmp.Or(o.Reads, 4)
	if o.Crashed > o.Ops/2 {
		panic(fmt.Sprintf("objects: internal error: %d of %d calls can't crash", o.Crashed, o.Ops))
	}
	r := rand.New(rand.NewPCG(o.Seed, 1))
	all := o.schedule(r)
	take(o.Kind, all)
	calls := place(all)
	if o.Invalid {
		spoil(calls, o.Clients)
	}
	if o.Foreign {
		i := slices.IndexFunc(calls[len(calls)*9/10:], func(c Call) bool { return c.F == Read })
		calls[len(calls)*9/10+i].Out = int64(o.Values)
	}
	return calls
}

// schedule lets each client call, one after the other. A client whose call crashed goes on as a new process.
func (o Options) schedule(r *rand.Rand) []simulated {
	free, process := make([]float64, o.Clients), make([]int, o.Clients)
	for i := range free {
		free[i], process[i] = r.Float64(), i
	}
	crashes := make(map[int]bool)
	for len(crashes) < o.Crashed {
		crashes[r.IntN(o.Ops*4/5+1)] = true
	}
	all := make([]simulated, o.Ops)
	fresh := int64(0)
	processes := o.Clients
	for i := range all {
		client := 0
		for j := range free {
			if free[j] < free[client] {
				client = j
			}
		}
		s := &all[i]
		s.Process, s.Crashed = process[client], crashes[i]
		s.inv = free[client]
		s.effect = s.inv + r.ExpFloat64()/2
		s.ret = s.effect + r.ExpFloat64()/2
		free[client] = s.ret
		o.choose(r, s, &fresh)
		if s.Crashed {
			process[client] = processes
			processes++
			s.effect = s.inv + 20*r.Float64()
			s.left = r.IntN(2) == 0 // for take: it has no effect
		}
	}
	return all
}

// choose says what a call does. Calls that crash change the object, or it wouldn't matter that they crash.
func (o Options) choose(r *rand.Rand, s *simulated, fresh *int64) {
	half := r.IntN(2) == 0 || s.Crashed
	*fresh++
	s.Arg = *fresh
	switch o.Kind {
	case Register, CASRegister:
		s.Arg = int64(r.IntN(o.Values))
		if o.Kind == CASRegister && r.IntN(3) > 0 && half {
			s.F, s.To = CAS, int64(r.IntN(o.Values))
			return
		}
		fallthrough
	case UniqueRegister:
		if half {
			s.F = Write
		}
	case KV, UniqueKV:
		if s.F = Get; half {
			s.F = Put
		}
		if s.Key = int64(r.IntN(o.Keys)); o.Kind == KV {
			s.Arg = int64(r.IntN(o.Values))
		}
	case Set:
		if s.F = Add; !s.Crashed && r.IntN(o.Reads) == 0 {
			s.F = ReadAll
		}
	case Queue, Stack, PriorityQueue:
		if s.F = Take; half {
			s.F = Insert
		}
		if o.Kind == PriorityQueue {
			s.Arg = int64(uint32(s.Arg)*2654435761) & 0x7fffffff // each value once, in no order
		}
	}
}

// place gives the calls of the history their places.
func place(all []simulated) []Call {
	type moment struct {
		at   float64
		call int32
		ret  bool
	}
	var moments []moment
	for i := range all {
		if s := &all[i]; !s.left {
			moments = append(moments, moment{s.inv, int32(i), false})
			if s.Ret = Never; !s.Crashed {
				moments = append(moments, moment{s.ret, int32(i), true})
			}
		}
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	for at, m := range moments {
		if m.ret {
			all[m.call].Ret = at
		} else {
			all[m.call].Inv = at
		}
	}
	var calls []Call
	for _, m := range moments {
		if !m.ret {
			calls = append(calls, all[m.call].Call)
		}
	}
	return calls
}
