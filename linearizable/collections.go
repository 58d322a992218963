package linearizable

import (
	"fmt"
	"slices"

	"jcheck/history"
	"jcheck/internal/edn"
)

// growSet is a set that elements are added to and that is read as a whole.
func growSet() Datatype {
	return Datatype{
		Name:      "set",
		Doc:       "a set: add, read (the whole set)",
		Functions: []string{"add", "read"},
		Init: func(initial history.Value) (any, error) {
			items, err := initialItems(initial)
			return join(sorted(items)), err
		},
		Accepts: func(c Call) error {
			if _, _, ok := c.Value.inside(); c.F == "read" && c.Outcome == OK && !ok && !c.Value.IsNil() {
				return fmt.Errorf("a read of a set has the elements for its value, not %s", c.Value)
			}
			return nil
		},
		Step:     setStep,
		Show:     func(state any) history.Value { return edn.NewSet(vector(state).Items) },
		ReadOnly: is("read"),
		Blind:    is("add"),
		fast:     fastSet,
		order:    orderSet,
	}
}

// sorted is terms in a fixed order, each once.
func sorted(terms []Term) []Term {
	terms = slices.Clone(terms)
	slices.Sort(terms)
	return slices.Compact(terms)
}

func setStep(state any, c Call) (any, string) {
	s := state.(string)
	if c.F == "add" {
		rest := s
		for rest != "" {
			t, behind := cutTerm(rest)
			if t == c.Value {
				return s, ""
			}
			if t > c.Value {
				break
			}
			rest = behind
		}
		return s[:len(s)-len(rest)] + string(c.Value) + rest, ""
	}
	n, items, known := c.Value.inside()
	if known && edn.Kind(c.Value[0]) != edn.Set { // a set's elements are in order already
		terms, _ := split(items, n)
		terms = sorted(terms)
		n, items = len(terms), join(terms)
	}
	if c.Outcome != OK || !known || items == s {
		return s, ""
	}
	if len(s)+len(items) > longState {
		return nil, fmt.Sprintf("can't read these %d elements from a set of %d, or others", n, count(s))
	}
	return nil, fmt.Sprintf("can't read %s from set %s", c.Value, edn.NewSet(vector(state).Items))
}

// longState is how long a state may be for a reason to show it, in bytes.
const longState = 1000

// count is how many terms s holds.
func count(s string) (n int) {
	for ; s != ""; n++ {
		_, s = cutTerm(s)
	}
	return n
}

// queueType is what the three collections that give their elements back have in common.
func queueType(name, doc, put, take string) Datatype {
	return Datatype{
		Name:      name,
		Doc:       doc,
		Functions: []string{put, take},
		Init: func(initial history.Value) (any, error) {
			items, err := initialItems(initial)
			return join(items), err
		},
		Show:  vector,
		Blind: is(put),
		alone: aloneElements,
	}
}

// fifoQueue gives the oldest element. A dequeue that crashed took whatever was oldest when it happened.
func fifoQueue() Datatype {
	d := queueType("fifo-queue", "a queue, first in first out: enqueue, dequeue", "enqueue", "dequeue")
	d.fast, d.order = fastQueue, orderQueue
	d.Step = func(state any, c Call) (any, string) {
		s := state.(string)
		if c.F == "enqueue" {
			return s + string(c.Value), ""
		}
		first, rest := split(s, 1)
		if reason := cantTake("dequeue", "queue", first, c); reason != "" {
			return nil, reason
		}
		return rest, ""
	}
	return d
}

// stack gives the youngest element.
func stack() Datatype {
	d := queueType("stack", "a stack, last in first out: push, pop", "push", "pop")
	d.fast, d.order = fastStack, orderStack
	d.Step = func(state any, c Call) (any, string) {
		s := state.(string)
		if c.F == "push" {
			return s + string(c.Value), ""
		}
		all, _ := split(s, -1)
		top := all[max(len(all)-1, 0):]
		if reason := cantTake("pop", "stack", top, c); reason != "" {
			return nil, reason
		}
		return s[:len(s)-len(top[0])], ""
	}
	return d
}

// cantTake says why a call can't take what is next, if anything is.
func cantTake(verb, what string, next []Term, c Call) string {
	switch {
	case len(next) == 0 && c.Outcome == OK:
		return fmt.Sprintf("can't %s %s from an empty %s", verb, c.Value, what)
	case len(next) == 0:
		return fmt.Sprintf("can't %s from an empty %s", verb, what)
	case c.Outcome == OK && c.Value != next[0]:
		return fmt.Sprintf("can't %s %s from a %s where %s is next", verb, c.Value, what, next[0])
	}
	return ""
}

// unorderedQueue gives its elements back in any order. That a dequeue crashed may be forgotten: nobody ever sees that an
// element is missing, so whatever can happen after it took one can happen as well if it took none.
func unorderedQueue() Datatype {
	d := queueType("unordered-queue", "a bag of elements: enqueue, dequeue in any order", "enqueue", "dequeue")
	d.fast, d.order = fastBag, orderBag
	d.Init = func(initial history.Value) (any, error) {
		items, err := initialItems(initial)
		slices.Sort(items)
		return join(items), err
	}
	d.ReadOnly = func(c Call) bool { return c.F == "dequeue" && c.Outcome == Crashed }
	d.Step = func(state any, c Call) (any, string) {
		terms, _ := split(state.(string), -1)
		at, found := slices.BinarySearch(terms, c.Value)
		switch {
		case c.F == "enqueue":
			return join(slices.Insert(terms, at, c.Value)), ""
		case !found:
			return nil, fmt.Sprintf("can't dequeue %s from a queue that holds %s", c.Value, vector(state))
		}
		return join(slices.Delete(terms, at, at+1)), ""
	}
	return d
}
