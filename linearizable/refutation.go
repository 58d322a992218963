package linearizable

import (
	"cmp"
	"context"
	"slices"
)

// refutation tells where a part fails of which Porcupine alone knows that it does: it is asked about ever shorter
// beginnings, until the first return is found that can't be explained.
func (o *object) refutation(ctx context.Context, options Options) *proof {
	var returned []int32
	for i, c := range o.calls {
		if c.ret != never {
			returned = append(returned, int32(i))
		}
	}
	slices.SortFunc(returned, func(a, b int32) int { return cmp.Compare(o.calls[a].ret, o.calls[b].ret) })
	wrong, known := firstWrong(len(returned), func(i int) ending {
		end, _ := o.until(o.calls[returned[i]].ret).porcupine(ctx, allSteps, options)
		return end
	})
	if !known {
		wrong = len(returned) - 1
	}
	return notExplained(func(i int) int32 { return returned[i] }, wrong, known)
}

// notExplained is the proof that the i-th call that returned can't be explained, all up to the one before can, if it is
// known to be the first.
func notExplained(returned func(i int) int32, i int, known bool) *proof {
	const none = "No order of the operations explains all answers: a search through all that begin with what returned first found none."
	switch {
	case !known:
		return &proof{[]int32{returned(i)}, none + " Where it goes wrong would take too long to find out; T1 is the last operation."}
	case i == 0:
		return &proof{[]int32{returned(0)}, "No order of the operations explains what T1 answered, the first that returned."}
	}
	return &proof{[]int32{returned(i), returned(i - 1)}, "No order of the operations explains what T1 answered. Everything up to T2, the last that returned before it, can be explained."}
}

// firstWrong is the first of n beginnings that has no linearization, if all could be decided that had to be. The last has
// none.
func firstWrong(n int, decide func(i int) ending) (first int, known bool) {
	low, high := 0, n-1
	for low < high {
		middle := (low + high) / 2
		switch decide(middle) {
		case stuck:
			high = middle
		case reached:
			low = middle + 1
		default:
			return 0, false
		}
	}
	return low, true
}

// until is the beginning of an object's history, up to a moment. Calls that are open then may have taken effect.
func (o *object) until(moment int32) *object {
	begin := &object{d: o.d, init: o.init, kinds: o.kinds}
	for _, c := range o.calls {
		if c.inv > moment {
			continue
		}
		if c.ret > moment {
			c.ret = never
		}
		begin.calls = append(begin.calls, c)
	}
	return begin
}
