package check

import (
	"context"
	"fmt"

	"jcheck/history"
)

// Each calls f for every operation of a view in order, until ctx ends. It is false if that was before the end.
func Each(ctx context.Context, h *history.History, f func(history.ID)) bool {
	for i := range h.Size() {
		if i&0xffff == 0 && ctx.Err() != nil { // asking costs more than most f do
			return false
		}
		f(h.At(i))
	}
	return true
}

// Stopped is the result of a checker that its context ended.
func Stopped(checker string) Result { return Result{Checker: checker, Reasons: []Reason{Interrupted}} }

// Tally counts operations and remembers the first.
type Tally struct {
	Count int
	first history.ID
}

// Add counts an operation.
func (t *Tally) Add(id history.ID) {
	if t.Count == 0 {
		t.first = id
	}
	t.Count++
}

// Ops is the first operation, if there is any.
func (t *Tally) Ops() []history.ID {
	if t.Count == 0 {
		return nil
	}
	return []history.ID{t.first}
}

// ReadsWithoutValue is the note on counted reads that say they were answered, but not what they read; none if there are none.
func (t *Tally) ReadsWithoutValue() []Note {
	if t.Count == 0 {
		return nil
	}
	return []Note{{Code: "reads-without-value", Ops: t.Ops(),
		Text: Plural(t.Count, "ok read doesn't say what it read: nothing was concluded from it",
			"ok reads don't say what they read: nothing was concluded from them")}}
}

// Plural is a number of things in words: "1 read", "3 reads".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
