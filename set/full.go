package set

import (
	"context"
	"slices"

	"jcheck/check"
	"jcheck/history"
)

// FullOptions says how to judge all reads.
type FullOptions struct {
	// Linearizable makes stale elements invalid: each read must show all that was known before it began.
	Linearizable bool
	// Add is the function that adds an element; "" means add.
	Add string
	// JepsenCompat forgets what was read of an element when it is added again, takes an element for stale only if its
	// latency is at least a millisecond by the clock, takes a read without a value for one of an empty set, and doesn't see
	// duplicated and unexpected elements.
	JepsenCompat bool
}

// timeline is what is known of each element; numbers of elements are places in the slices. Reads are named by where
// they began: a read that began later than another saw a later state, if it saw another state at all.
type timeline struct {
	h        *history.History
	o        FullOptions
	fs       *check.Functions
	elements *check.Numbering
	order    []int32 // the attempted elements, by from
	place    []int32 // where an element is in order; -1 if nobody tried to add it

	from    []history.ID // the invocation of its add; None if nobody recorded one
	tried   []bool       // somebody tried to add it
	known   []history.ID // the first completion that shows it was added: of an add or of a read
	present []history.ID // the newest read that shows it
	absent  []history.ID // the newest read that doesn't, of those that ended after from
	copies  []int32      // the most that one read shows
	early   []history.ID // the first read that shows it though nobody had asked for it yet
	twice   []history.ID // the first read that shows it copies times, if that is more than once

	mark  []uint32 // of the read that was looked at last and shows the element
	shown []int32  // how often that read shows it so far
	stamp uint32
	reads []span
	buf   []int32

	silent []history.ID // ok reads without a value
}

// span is an ok read: where it began and ended, and how many elements of order had been asked for when it began.
type span struct {
	begin, end history.ID
	asked      int
}

// CheckFull reports what became of each element over all ok reads, each of which shows the whole set. An element is known
// from the first completion of an add or read that proves it was added. It is stable if the newest read that shows it
// began after the newest that doesn't; lost if it was known, and the newest read that doesn't show it began after
// that and after all that do; and else never read. Invalid are lost, duplicated and unexpected elements, and stale ones
// (stable, but missed by a read that began after they were known) if o says so. If nothing is stable the verdict is Unknown.
//
// Time is linear in the number of elements that were read in all, besides n log n in operations.
func CheckFull(ctx context.Context, h *history.History, o FullOptions) check.Result {
	t := timeline{h: h, o: o, fs: check.NewFunctions(h, o.functions()...), elements: check.NewNumbering(h)}
	t.adds()
	if id, ok := t.forward(ctx); !ok {
		return noSet(h, FullChecker, id)
	}
	t.backward(ctx)
	if ctx.Err() != nil {
		return check.Result{Checker: FullChecker, Reasons: []check.Reason{check.Interrupted}}
	}
	return t.result()
}

// functions are those of the operations, by their places.
func (o FullOptions) functions() []string {
	fs := Functions()
	if o.Add != "" {
		fs[addF] = o.Add
	}
	return fs
}

// adds numbers the elements that somebody tried to add, and orders them by when that was.
func (t *timeline) adds() {
	for id := range t.h.All() {
		if t.fs.Of(id) != addF || t.h.Type(id) == history.Fail {
			continue
		}
		invoked := t.h.Type(id) == history.Invoke
		if !invoked && (t.h.Pair(id) != history.None || t.o.JepsenCompat) {
			continue
		}
		e := t.elements.OfOp(id)
		t.grow()
		switch {
		case !invoked: // nobody knows when it was asked for: it may have been before everything
			t.from[e] = history.None
		case !t.tried[e] || t.o.JepsenCompat:
			t.from[e] = id
		}
		t.tried[e] = true
	}
	t.order = make([]int32, t.elements.Len())
	for i := range t.order {
		t.order[i] = int32(i)
	}
	slices.SortStableFunc(t.order, func(a, b int32) int { return int(t.from[a]) - int(t.from[b]) })
	t.place = make([]int32, len(t.order))
	for i, e := range t.order {
		t.place[e] = int32(i)
	}
}

// grow makes room for all elements that have numbers.
func (t *timeline) grow() {
	for len(t.from) < t.elements.Len() {
		t.from, t.tried = append(t.from, history.None), append(t.tried, false)
		t.known, t.present = append(t.known, history.None), append(t.present, history.None)
		t.absent, t.copies = append(t.absent, history.None), append(t.copies, 0)
		t.early, t.twice = append(t.early, history.None), append(t.twice, history.None)
		t.mark, t.shown = append(t.mark, 0), append(t.shown, 0)
	}
}

// forward goes through the completions in order: when elements became known, which reads show them, and which of the
// elements that were asked for during a read it doesn't show. false: that operation shows something else than elements.
func (t *timeline) forward(ctx context.Context) (history.ID, bool) {
	asked := 0 // elements of order that were asked for so far
	begun := make(map[history.ID]int)
	for id := range t.h.All() {
		for asked < len(t.order) && t.from[t.order[asked]] <= id {
			asked++
		}
		switch typ, pair := t.h.Type(id), t.h.Pair(id); {
		case t.fs.Of(id) == addF && typ == history.OK:
			t.confirm(id)
		case t.fs.Of(id) != readF:
		case typ == history.Invoke && pair != history.None && t.h.Type(pair) == history.OK:
			begun[id] = asked
		case typ == history.OK && t.h.Kind(id) == history.KindNil && !t.o.JepsenCompat:
			t.silent = append(t.silent, id)
		case typ == history.OK:
			r := span{begin: pair, end: id, asked: begun[pair]}
			if pair == history.None {
				r.begin, r.asked = id, asked
			}
			delete(begun, pair)
			if !t.read(r, asked) {
				return id, false
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return history.None, true
}

// confirm takes note of an add that was confirmed.
func (t *timeline) confirm(id history.ID) {
	asked := id
	if pair := t.h.Pair(id); pair != history.None {
		asked = pair
	}
	e := t.elements.OfOp(asked)
	t.grow()
	if t.known[e] == history.None && id > t.from[e] {
		t.known[e] = id
	}
}

// read takes note of what an ok read shows. asked is how many elements had been asked for at its end.
func (t *timeline) read(r span, asked int) bool {
	if !t.show(r.end) {
		return false
	}
	t.grow()
	t.reads = append(t.reads, r)
	t.stamp++
	for _, e := range t.buf {
		if t.mark[e] == t.stamp {
			if t.shown[e]++; t.shown[e] > t.copies[e] {
				t.copies[e], t.twice[e] = t.shown[e], r.end
			}
			continue
		}
		t.mark[e], t.shown[e] = t.stamp, 1
		if !t.tried[e] || r.end < t.from[e] {
			if t.early[e] == history.None {
				t.early[e] = r.end
			}
			continue
		}
		if t.known[e] == history.None {
			t.known[e] = r.end
		}
		t.present[e] = max(t.present[e], r.begin)
		t.copies[e] = max(t.copies[e], 1)
	}
	for _, e := range t.order[r.asked:asked] {
		if t.mark[e] != t.stamp {
			t.absent[e] = max(t.absent[e], r.begin)
		}
	}
	return true
}

// show puts the elements that a read shows into buf. false: it shows something else. A read of nil that gets here shows
// none.
func (t *timeline) show(id history.ID) (ok bool) {
	t.buf, ok = t.elements.Elements(t.buf[:0], id)
	return ok || t.h.Kind(id) == history.KindNil
}

// backward finds the newest read that doesn't show an element, among those that began after it was asked for. It goes
// from the newest read back, and keeps the elements that every read so far shows: so each step costs what the read
// shows, and each element is dropped once.
func (t *timeline) backward(ctx context.Context) {
	slices.SortFunc(t.reads, func(a, b span) int { return int(b.begin) - int(a.begin) })
	left := slices.Clone(t.order) // ascending by from
	for _, r := range t.reads {
		end := len(left)
		for end > 0 && int(t.place[left[end-1]]) >= r.asked {
			end--
		}
		left = left[:end]
		if len(left) == 0 || ctx.Err() != nil {
			return
		}
		t.show(r.end) // it could be read before
		t.stamp++
		for _, e := range t.buf {
			t.mark[e] = t.stamp
		}
		kept := left[:0]
		for _, e := range left {
			if t.mark[e] == t.stamp {
				kept = append(kept, e)
			} else {
				t.absent[e] = max(t.absent[e], r.begin)
			}
		}
		left = kept
	}
}
