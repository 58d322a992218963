package linearizable

import (
	"context"
	"slices"
)

// maxAlone is of up to how many calls a part of an object is searched by itself.
const maxAlone = 1000

// aloneElements keeps of a collection the calls about the elements that the given calls put in or took out, and those that
// may have taken any. The others can be left out of any linearization: it then is one of what is left.
func aloneElements(o *object, calls []int32) *object {
	wanted := make(map[Term]bool)
	for _, x := range calls {
		if k := o.kinds[o.calls[x].kind]; k.F == o.d.Functions[0] || k.Outcome != Crashed {
			wanted[k.Value] = true
		}
	}
	few := &object{d: o.d, kinds: o.kinds}
	left := make(map[Term]bool) // out of what was there from the start: somebody took it
	for _, c := range o.calls {
		k := o.kinds[c.kind]
		left[k.Value] = !wanted[k.Value] && (left[k.Value] || k.F != o.d.Functions[0] && k.Outcome == OK)
	}
	initial, _ := split(o.init.(string), -1)
	few.init = join(slices.DeleteFunc(initial, func(t Term) bool { return left[t] }))
	for _, c := range o.calls {
		if k := o.kinds[c.kind]; wanted[k.Value] || k.F != o.d.Functions[0] && k.Outcome == Crashed {
			few.calls = append(few.calls, c)
		}
	}
	return few
}

// aloneTrial searches what a proof is about by itself, where the search of the whole took too much; nil if that doesn't
// show where it fails.
func (t *trial) aloneTrial(ctx context.Context, o Options) *trial {
	if t.why == nil || t.refuted || t.obj.d.alone == nil || o.Brief { // Porcupine proves nothing of elements
		return nil
	}
	few := t.obj.fewest(t.why.calls)
	if len(few.calls) > maxAlone {
		return nil
	}
	o.MaxConfigurations, o.MaxBytes = min(o.maxConfigurations(), storyConfigurations), min(o.maxBytes(), storyBytes)
	s := &trial{search: newSearch(few, o), by: SearchEngine, end: cutShort}
	for i := 0; i < len(beams) && s.end == cutShort; i++ {
		s.try(ctx, beams[i])
	}
	switch s.end {
	case stuck:
		return s
	case reached:
		panic("linearizable: internal error: a linearization of what can't be linearized")
	}
	return nil
}

// aloneWork bounds how many calls are looked at to make a proof smaller.
const aloneWork = 10_000_000

// fewest leaves out of a proof what it doesn't need: many calls at a time, and then fewer.
func (o *object) fewest(calls []int32) *object {
	few, work := o.d.alone(o, calls).ownKinds(), 0
	left := make([]int32, len(few.calls))
	for x := range left {
		left[x] = int32(x)
	}
	for size := len(left) / 2; size >= 1 && work < aloneWork; size /= 2 {
		for at := 0; at+size <= len(left) && work < aloneWork; {
			without := few.d.alone(few, slices.Delete(slices.Clone(left), at, at+size)).ownKinds()
			work += len(few.calls)
			if len(without.calls) == 0 || len(without.calls) == len(few.calls) {
				at += size
				continue
			}
			if why, applies := without.d.fast(without); !applies || why == nil {
				at += size
				continue
			}
			few, left = without, left[:len(without.calls)]
			for x := range left {
				left[x] = int32(x)
			}
		}
	}
	return few
}

// ownKinds drops the kinds of calls that an object has none of.
func (o *object) ownKinds() *object {
	own := &object{d: o.d, init: o.init}
	number := make(map[int32]int32)
	for _, c := range o.calls {
		n, ok := number[c.kind]
		if !ok {
			n = int32(len(own.kinds))
			number[c.kind] = n
			own.kinds = append(own.kinds, o.kinds[c.kind])
		}
		c.kind = n
		own.calls = append(own.calls, c)
	}
	return own
}
