package elle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

// executedRegisters makes a history by executing transactions one at a time, each somewhere between its invocation and
// its completion, and then spoils a few reads. Values are mostly unique; now and then one is written again, or nil is.
func executedRegisters(rng *rand.Rand, txns, procs, keys int, spoil, again float64) []regOp {
	var ops []regOp
	state, next := make([]int, keys), make([]int, keys)
	running := map[int]*regOp{} // by process
	for done := 0; done < txns || len(running) > 0; {
		p := rng.IntN(procs)
		op := running[p]
		switch {
		case op == nil && done < txns:
			done++
			running[p] = &regOp{proc: p, inv: len(ops), mops: randomMops(rng, next, again)}
			ops = append(ops, regOp{typ: history.Invoke, proc: p, mops: unread(running[p].mops), inv: -1})
		case op == nil:
		case op.typ == history.Invoke: // not executed yet
			op.typ = []history.Type{history.OK, history.OK, history.OK, history.Info, history.Fail}[rng.IntN(5)]
			if op.typ == history.OK || op.typ == history.Info && rng.IntN(2) == 0 {
				execute(op.mops, state)
			}
		default:
			delete(running, p)
			if op.typ != history.OK {
				op.mops = unread(op.mops)
			}
			for i := range op.mops {
				if m := &op.mops[i]; !m.write && op.typ == history.OK && rng.Float64() < spoil {
					m.val = rng.IntN(next[m.key] + 1)
				}
			}
			ops = append(ops, *op)
		}
	}
	return ops
}

func randomMops(rng *rand.Rand, next []int, again float64) []regMop {
	mops := make([]regMop, 1+rng.IntN(3))
	for i := range mops {
		k := rng.IntN(len(next))
		mops[i] = regMop{key: k, write: rng.IntN(2) == 0}
		switch {
		case !mops[i].write:
		case rng.Float64() < again:
			mops[i].val = rng.IntN(next[k] + 1)
		default:
			next[k]++
			mops[i].val = next[k]
		}
	}
	return mops
}

// unread is mops with nothing read.
func unread(mops []regMop) []regMop {
	out := slices.Clone(mops)
	for i := range out {
		if !out[i].write {
			out[i].val = 0
		}
	}
	return out
}

// execute runs mops on the state, and fills in what they read.
func execute(mops []regMop, state []int) {
	for i := range mops {
		if m := &mops[i]; m.write {
			state[m.key] = m.val
		} else {
			m.val = state[m.key]
		}
	}
}

// serialOrder tells whether some order of the committed transactions, and of any of the indeterminate ones, explains all
// reads; if realtime, one that keeps the realtime order. It tries all orders: for a handful of transactions only.
func serialOrder(ops []regOp, keys int, realtime bool) bool {
	var txns []int
	for i, op := range ops {
		if op.typ == history.OK || op.typ == history.Info {
			txns = append(txns, i)
		}
	}
	var try func(state []int, done int) bool
	try = func(state []int, done int) bool {
		all := true
		for i, at := range txns {
			if done&(1<<i) != 0 {
				continue
			}
			all = all && ops[at].typ == history.Info
			if !mayRunNext(ops, txns, i, done, realtime) {
				continue
			}
			after := slices.Clone(state)
			seen := unread(ops[at].mops)
			execute(seen, after)
			if (ops[at].typ == history.Info || slices.Equal(seen, ops[at].mops)) && try(after, done|1<<i) {
				return true
			}
		}
		return all
	}
	return try(make([]int, keys), 0)
}

// mayRunNext tells whether nothing that must come before txn i is left to do.
func mayRunNext(ops []regOp, txns []int, i, done int, realtime bool) bool {
	for j, at := range txns {
		if j != i && done&(1<<j) == 0 && realtime && ops[at].typ == history.OK && at < ops[txns[i]].inv {
			return false
		}
	}
	return true
}

// Without this, an inference that isn't sound could convict a correct database: whatever has a serial order must never
// be called invalid, also where values are written twice (clients retry) or set back to nil.
func TestRegisterNeverConvictsTheInnocent(t *testing.T) {
	innocent, guilty, convicted := 0, 0, 0
	for seed := range uint64(4000) {
		rng := rand.New(rand.NewPCG(seed, 2))
		keys := 1 + rng.IntN(2)
		again := []float64{0, 0.2, 0.5}[rng.IntN(3)]
		ops := executedRegisters(rng, 2+rng.IntN(5), 1+rng.IntN(4), keys, []float64{0, 0.5}[rng.IntN(2)], again)
		o := Options{Workload: RWRegister, WFRKeys: rng.IntN(2) == 0}
		realtime := rng.IntN(3) > 0
		if realtime {
			o.SequentialKeys, o.LinearizableKeys = rng.IntN(2) == 0, rng.IntN(2) == 0
		} else {
			o.Models = []string{"serializable"}
		}
		got := Check(context.Background(), registerHistory(t, ops), o)
		if !serialOrder(ops, keys, realtime) {
			guilty++
			if got.Verdict == check.Invalid {
				convicted++
			}
			continue
		}
		innocent++
		if got.Verdict == check.Invalid {
			t.Fatalf("seed %d: got %v with %+v, want no conviction:\n%s", seed, got.Anomalies[0].Kind, o, listing(ops))
		}
	}
	if innocent < 1000 || guilty < 500 || convicted < guilty/4 {
		t.Errorf("got %d innocent, %d guilty, %d of them convicted, want a fair number of each", innocent, guilty, convicted)
	}
}

func listing(ops []regOp) string {
	s := ""
	for i, op := range ops {
		s += fmt.Sprintf("%d p%d %s", i, op.proc, op.typ)
		for _, m := range op.mops {
			f := "r"
			if m.write {
				f = "w"
			}
			s += fmt.Sprintf(" %s k%d %d", f, m.key, m.val)
		}
		s += "\n"
	}
	return s
}
