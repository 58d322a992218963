package linearizable

import (
	"fmt"
	"maps"
	"slices"
)

// element is one element of a collection in which no element occurs twice: the calls that put it in and took it out, and
// when they ran. What was there at the start was put in before anything else (put is -1); what was never taken out will be
// after everything else (take is -1). A take that never returns need not have happened.
type element struct {
	put, take        int32
	putInv, putRet   int32
	takeInv, takeRet int32
}

// elements are those of a collection, in order of invocation. Those that nobody took, and that a crashed call would have
// put in, are left out: it need not have happened.
type elements struct {
	*object
	all  []element
	last int32   // the last moment
	lost []int32 // calls that crashed when they would have taken an element, nobody knows which
}

// gatherElements pairs what was put in and taken out. It doesn't apply if an element was put in twice. The proof, if
// there is one, is of an element that was taken out twice, or without having been put in.
func gatherElements(o *object) (e *elements, why *proof, applies bool) {
	initial, _ := split(o.init.(string), -1)
	number := newNumbering(len(o.kinds) + len(initial))
	e = &elements{object: o}
	for i, t := range initial {
		if _, fresh := number.add(t); !fresh {
			return nil, nil, false
		}
		at := int32(i - len(initial))
		e.all = append(e.all, element{-1, -1, at, at, never, never})
	}
	of := make([]int32, len(o.kinds)) // element put in, by kind
	for i, c := range o.kinds {
		if of[i] = -1; c.F == o.d.Functions[0] {
			n, fresh := number.add(c.Value)
			if !fresh {
				return nil, nil, false
			}
			of[i] = n
		}
	}
	e.all = append(e.all, make([]element, int(number.n)-len(initial))...)
	if !e.puts(of, len(initial)) {
		return nil, nil, false
	}
	if why := e.takes(of, number, len(initial)); why != nil {
		return nil, why, true
	}
	kept := e.all[:0]
	for _, x := range e.all {
		if x.takeRet != never || x.putRet != never {
			kept = append(kept, x)
		}
	}
	e.all = kept
	return e, nil, true
}

// puts notes who put in what; it fails if somebody else had done so.
func (e *elements) puts(of []int32, initial int) bool {
	for i := range e.all[initial:] {
		e.all[initial+i] = element{-1, -1, never, never, never, never} // there may be kinds without calls
	}
	for x, c := range e.calls {
		e.last = max(e.last, c.inv)
		if c.ret != never {
			e.last = max(e.last, c.ret)
		}
		n := of[c.kind]
		if n < 0 {
			continue
		}
		if int(n) < initial || e.all[n].put >= 0 {
			return false
		}
		e.all[n] = element{int32(x), -1, c.inv, c.ret, never, never}
	}
	return true
}

// takes notes who took out what.
func (e *elements) takes(of []int32, number *numbering, initial int) *proof {
	for x, c := range e.calls {
		kind := &e.kinds[c.kind]
		if of[c.kind] >= 0 {
			continue // it put something in
		}
		if kind.Outcome == Crashed {
			e.lost = append(e.lost, int32(x))
			continue
		}
		n, there := number.find(kind.Value)
		there = there && (int(n) < initial || e.all[n].put >= 0) // there may be kinds without calls
		if optional := c.ret == never; optional && (!there || e.all[n].take >= 0) {
			continue
		}
		if !there {
			return &proof{[]int32{int32(x)}, fmt.Sprintf("T1 took %s, which nobody put in.", kind.Value)}
		}
		el := &e.all[n]
		if el.take >= 0 && el.takeRet != never {
			return &proof{[]int32{int32(x), el.take}, fmt.Sprintf("T1 and T2 both took %s, which was put in once.", kind.Value)}
		}
		if c.ret < el.putInv {
			return &proof{[]int32{int32(x), el.put}, fmt.Sprintf("T1 took %s and returned before T2, which put it in, was invoked.", kind.Value)}
		}
		el.take, el.takeInv, el.takeRet = int32(x), c.inv, c.ret
	}
	return nil
}

// callsOf are the calls of some elements.
func (e *elements) callsOf(elements ...int32) []int32 {
	var calls []int32
	for _, n := range elements {
		for _, x := range []int32{e.all[n].put, e.all[n].take} {
			if x >= 0 {
				calls = append(calls, x)
			}
		}
	}
	return calls
}

// timeline tells what happened at each moment, in a form that is as long as the history: sorting isn't needed.
type timeline struct {
	shift int32   // what was there at the start was put in at moments before 0
	at    []int32 // moment + shift → element + 1
}

func (e *elements) timeline() timeline {
	t := timeline{}
	for _, x := range e.all {
		t.shift = max(t.shift, -x.putInv)
	}
	t.at = make([]int32, e.last+t.shift+1)
	return t
}

func (t *timeline) set(moment int32, n int) { t.at[moment+t.shift] = int32(n) + 1 }

// fastBag decides whether a queue without an order is linearizable, if no element is put in twice: then each can be taken
// just after it was put in, and gatherElements has seen whether time allows that.
func fastBag(o *object) (*proof, bool) {
	_, why, applies := gatherElements(o)
	return why, applies
}

// fastQueue decides in linear time whether a queue is linearizable, if no element is put in twice. Its rule is that of
// Henzinger, Sezgin and Vafeiadis ("Aspect-oriented linearizability proofs", 2013): no two elements a and b may be such
// that a was put in before b was, but taken out after it. That removals may have crashed is our addition.
//
// Let a's put have ended by the time its take did, and let a's take not have begun before its put. Element a must come
// before b if its put ended before that of b began, or its take before that of b. If that has a circle, then one of two
// elements: a shortest circle takes its steps from puts and takes by turns, as either alone is transitive; and of two
// steps from puts, a before b and c before d, a ended before d began or c before b, which makes a shorter circle. With no
// circle, all puts in order, each at the latest beginning so far, and all takes in order, each at the latest beginning of
// these and of its put, are a linearization: none has ended by then.
//
// An element that nobody took, though a later one was taken, must have been taken by a call that crashed; that call must
// have been invoked before the first take of a later element ended. Elements need different such calls. As the calls that
// can serve an earlier end can serve a later one, it is enough to count (Hall); and nothing speaks for other elements
// being taken by such calls.
func fastQueue(o *object) (*proof, bool) {
	e, why, applies := gatherElements(o)
	if why != nil || !applies {
		return why, applies
	}
	might := slices.Repeat([]int32{never}, len(e.all)) // when a take was invoked that need not have happened
	for n := range e.all {
		x := &e.all[n]
		if x.takeRet == never {
			might[n], x.take, x.takeInv = x.takeInv, -1, never
		}
		x.putRet, x.takeInv = min(x.putRet, x.takeRet), max(x.takeInv, x.putInv)
	}
	put, done := e.timeline(), e.timeline()
	for n, x := range e.all {
		put.set(x.putInv, n)
		done.set(x.putRet, n)
	}
	if why := e.overtaken(put, done); why != nil {
		return why, true
	}
	return e.stayed(put, done, might), true
}

// overtaken finds an element that was put in after another and taken before it.
func (e *elements) overtaken(put, done timeline) *proof {
	slow := int32(-1) // of the elements whose put has ended, that whose take began last
	for i := range put.at {
		if b := put.at[i] - 1; b >= 0 && slow >= 0 && e.all[b].takeRet < e.all[slow].takeInv {
			return &proof{e.callsOf(slow, b), "T1 put in its element before T3 did, but that of T3 had been taken out by T4 before T2, which took the other, was invoked."}
		}
		if a := done.at[i] - 1; a >= 0 && e.all[a].take >= 0 && (slow < 0 || e.all[a].takeInv > e.all[slow].takeInv) {
			slow = a
		}
	}
	return nil
}

// stayed finds elements that nobody took though later ones were taken, and that are more than the calls that crashed can
// have taken. What might have been taken, if its take happened, is as good as taken if that had been invoked by then.
func (e *elements) stayed(put, done timeline, might []int32) *proof {
	first, of := int32(never), int32(-1) // the first end of a take of an element put in after the moment at hand
	due := make([]int32, e.last+1)       // moment → elements that must have been taken by then
	later := make(map[int32]int32)       // such an element → the one that was taken then
	for i := len(put.at) - 1; i >= 0; i-- {
		if a := done.at[i] - 1; a >= 0 && e.all[a].take < 0 && of >= 0 && might[a] >= first {
			due[first]++
			later[a] = of
		}
		if b := put.at[i] - 1; b >= 0 && e.all[b].takeRet < first {
			first, of = e.all[b].takeRet, b
		}
	}
	missing, lost := 0, 0
	for at, n := range due {
		for lost < len(e.lost) && e.calls[e.lost[lost]].inv < int32(at) {
			lost++
		}
		if missing += int(n); missing > lost {
			return e.stayedProof(later, int32(at), lost)
		}
	}
	return nil
}

// stayedProof lists the elements that must have been taken by a moment, with those that show it, where only so many calls
// that crashed can have taken them.
func (e *elements) stayedProof(later map[int32]int32, at int32, lost int) *proof {
	var stay, show []int32
	for _, a := range slices.Sorted(maps.Keys(later)) {
		if b := later[a]; e.all[b].takeRet <= at && len(stay) <= lost {
			stay = append(stay, a)
			if !slices.Contains(show, b) {
				show = append(show, b)
			}
		}
	}
	if lost == 0 && len(e.callsOf(stay...)) == 1 {
		return &proof{e.callsOf(stay[0], show[0]), "T1 put in its element before T2 put in another, which T3 took out; but nobody took out the first."}
	}
	return &proof{e.callsOf(append(stay, show...)...), fmt.Sprintf("Of the elements put in here, %d must have been taken out before others that were, but nobody is known to have taken them, and only %d calls that crashed had been invoked by then.", len(stay), lost)}
}
