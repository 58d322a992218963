package linearizable

import (
	"fmt"
	"math"

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
