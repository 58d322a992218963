package linearizable

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"github.com/anishathalye/porcupine"

	"jcheck/check"
	"jcheck/history"
)

// Porcupine is the datatype as a model of the Porcupine checker, whose inputs are Calls; see Operations. Initial is as in
// Init.
func (d Datatype) Porcupine(initial history.Value) (porcupine.Model, error) {
	init, err := d.Init(initial)
	if err != nil {
		return porcupine.Model{}, err
	}
	return porcupine.Model{
		Init: func() any { return init },
		Step: func(state, input, _ any) (bool, any) {
			c := input.(Call)
			next, reason := d.Step(state, c)
			switch {
			case reason == "":
				return true, next
			case c.Outcome == Crashed: // it never happened
				return true, state
			}
			return false, state
		},
		Equal: d.Equal, // nil is == there, too
		DescribeOperation: func(input, _ any) string {
			c := input.(Call)
			return fmt.Sprintf("%s %s", c.F, c.Value)
		},
		DescribeState: func(state any) string { return d.Show(state).String() },
	}, nil
}

// Operations makes the calls of h what Porcupine checks and draws: times are places in h, and crashed calls return after
// all others. It keeps all keys together. The reasons say why there are none (see Check).
func (d Datatype) Operations(h *history.History, failed FailedOps) ([]porcupine.Operation, []check.Reason) {
	obj, reasons := gather(h, d, nil, Options{Failed: failed})
	if len(reasons) > 0 {
		return nil, reasons
	}
	ops := obj.operations()
	for i, c := range obj.calls {
		ops[i].ClientId = int(h.Proc(c.id))
	}
	return ops, nil
}

func (o *object) operations() []porcupine.Operation {
	ops := make([]porcupine.Operation, len(o.calls))
	for i, c := range o.calls {
		ret := int64(c.ret)
		if c.ret == never {
			ret = math.MaxInt32 + int64(i)
		}
		ops[i] = porcupine.Operation{ClientId: i, Input: o.kinds[c.kind], Call: int64(c.inv), Return: ret}
	}
	return ops
}

// rival is Porcupine at work on a part. Porcupine knows no bound but time, so the bounds are kept in its steps: once one is
// reached, no step is possible any more, and what Porcupine then says is not looked at.
type rival struct {
	part     *object
	states   *states
	maxSteps int64
	maxBytes int64
	steps    int64
	bytes    int64 // at most what Porcupine keeps: a set of calls and a place for each step that was possible
	last     *place
	end      ending
	halt     atomic.Bool // the context ended
}

// place is a state that Porcupine came to, and how.
type place struct {
	state  int32
	call   int32
	happen bool // the call took effect: false if it crashed, and would have been impossible here
	before *place
}

// stepsEach is how many of Porcupine's steps are taken to be as much work as a configuration of our search.
const stepsEach = 10

// rivalShare is which part of the memory that our search may take Porcupine may take beside it.
const rivalShare = 4

// porcupine looks for a linearization with Porcupine: reached if there is one, which is order; stuck if there is none; or
// what bound ended it. Up to maxSteps steps it depends on nothing but the part, as it runs in one goroutine.
func (o *object) porcupine(ctx context.Context, maxSteps int64, options Options) (end ending, order []int32) {
	n := int64(len(o.calls))
	maxSteps = min(maxSteps, stepsEach*options.maxConfigurations())
	r := &rival{part: o, states: newStates(o), maxSteps: maxSteps, maxBytes: options.maxBytes() / rivalShare}
	if n*n/8 > r.maxBytes { // even the luckiest search keeps a set of n bits for each of n calls
		return tooLarge, nil
	}
	defer context.AfterFunc(ctx, func() { r.halt.Store(true) })()
	ops := o.operations()
	for i := range ops {
		ops[i].Input = int32(i)
	}
	r.last = &place{call: -1}
	first := r.last
	ok := porcupine.CheckOperations(porcupine.Model{
		Init:  func() any { return first },
		Step:  func(state, input, _ any) (bool, any) { return r.step(state.(*place), input.(int32)) },
		Equal: func(a, b any) bool { return a.(*place).state == b.(*place).state },
		Hash:  func(a any) uint64 { return uint64(a.(*place).state) * 0x9e3779b97f4a7c15 },
	}, ops)
	switch {
	case r.end != reached:
		return r.end, nil
	case !ok:
		return stuck, nil
	}
	return reached, r.last.order(len(ops))
}

// step is a step of Porcupine's. Once a bound is reached there are no more, and Porcupine finds its way out.
func (r *rival) step(at *place, x int32) (bool, any) {
	if r.end != reached || r.exhausted() {
		return false, nil
	}
	r.steps++
	c := r.part.calls[x]
	next := r.states.step(at.state, c.kind)
	happen := next >= 0
	if !happen {
		if c.ret != never {
			return false, nil
		}
		next = at.state
	}
	const each = 160 // of a place, a set's header, an entry of the cache and its share of a hash table
	r.bytes += each + int64(len(r.part.calls))/8
	r.last = &place{state: next, call: x, happen: happen, before: at}
	return true, r.last
}

// exhausted tells whether a bound is reached.
func (r *rival) exhausted() bool {
	switch {
	case r.halt.Load():
		r.end = cancelled
	case r.steps >= r.maxSteps:
		r.end = exhausted
	case r.bytes+r.states.bytes > r.maxBytes:
		r.end = tooLarge
	}
	return r.end != reached
}

// order lists the calls that took effect on the way to a place, at most n.
func (p *place) order(n int) []int32 {
	calls := make([]int32, 0, n)
	for ; p.before != nil; p = p.before {
		if p.happen {
			calls = append(calls, p.call)
		}
	}
	slices.Reverse(calls)
	return calls
}
