package linearizable

import (
	"fmt"
	"slices"

	"jcheck/history"
)

// priorityQueue gives the least element. Elements are integers: so two of the same priority are the same, and what a
// delete-min that crashed would remove is never in doubt.
func priorityQueue() Datatype {
	d := queueType("priority-queue", "a queue of integers, the least first: insert, delete-min", "insert", "delete-min")
	d.fast, d.order = fastPriorityQueue, orderPriorityQueue
	d.Init = func(initial history.Value) (any, error) {
		items, err := initialItems(initial)
		for _, item := range items {
			if _, ok := item.Int(); !ok && err == nil {
				err = fmt.Errorf("initial element %s of a priority-queue is not an integer", item)
			}
		}
		slices.SortFunc(items, byInt)
		return join(items), err
	}
	d.Accepts = func(c Call) error {
		if _, ok := c.Value.Int(); !ok && (c.F == "insert" || c.Outcome == OK) {
			return fmt.Errorf("the value of %s %s is not an integer", c.F, c.Value)
		}
		return nil
	}
	d.Step = func(state any, c Call) (any, string) {
		s := state.(string)
		if c.F == "insert" {
			terms, _ := split(s, -1)
			at, _ := slices.BinarySearchFunc(terms, c.Value, byInt)
			return join(slices.Insert(terms, at, c.Value)), ""
		}
		least, rest := split(s, 1)
		if reason := cantTake("delete-min", "queue", least, c); reason != "" {
			return nil, reason
		}
		return rest, ""
	}
	return d
}

// byInt compares terms that are integers.
func byInt(a, b Term) int {
	m, _ := a.Int()
	n, _ := b.Int()
	switch {
	case m < n:
		return -1
	case m > n:
		return 1
	}
	return 0
}
