package main

import (
	"fmt"
	"strings"

	"jcheck/history"
	"jcheck/internal/amount"
)

// role is what an operation did with an element.
type role uint8

const (
	noRole role = iota
	reads
	writes
	writesAndReads
)

func (r role) String() string { return [...]string{"", "reads", "writes", "writes and reads"}[r] }

// elementSearch finds the writers and readers of an element, in any workload: who names it when invoking writes it (an
// add, an append, an enqueue, a write, a cas), who learns of it by the completion reads it (a read, a dequeue).
type elementSearch struct {
	f     *finder
	key   func(history.Sym) bool // nil: any key
	acked history.ID             // the first completion that acknowledged a write; None until then

	found       [writesAndReads + 1]int
	misses      int
	first, last history.ID // reads that lack the element though it was acknowledged before they began
}

func newElementSearch(h *history.History, element wanted, key string, keyed bool) *elementSearch {
	e := &elementSearch{f: newFinder(h, element), acked: history.None}
	if keyed {
		e.key = newFinder(h, wantValue(key)).isKey
	}
	e.acked = e.firstAck()
	return e
}

// firstAck is the earliest ok completion of a write of the element.
func (e *elementSearch) firstAck() history.ID {
	h := e.f.h
	for id := range h.All() {
		if h.Type(id) != history.OK || !h.Client(id) {
			continue
		}
		if invocation := h.Pair(id); invocation != history.None && e.role(invocation) >= writes {
			return id
		}
	}
	return history.None
}

// meets tells whether a pair, named by its invocation, wrote or read the element, and counts.
func (e *elementSearch) meets(id history.ID) bool {
	r := e.role(id)
	e.found[r]++
	if r == noRole && e.lacks(id) {
		if e.misses == 0 {
			e.first = id
		}
		e.misses++
		e.last = id
	}
	return r != noRole
}

// outcome is the completion of an invocation if it is ok; None otherwise. An ok without invocation is its own.
func (e *elementSearch) outcome(id history.ID) history.ID {
	h := e.f.h
	if h.Type(id) == history.OK {
		return id
	}
	if done := h.Pair(id); done != history.None && h.Type(done) == history.OK {
		return done
	}
	return history.None
}

// role is what a pair did with the element.
func (e *elementSearch) role(id history.ID) role {
	h := e.f.h
	if !h.Client(id) {
		return noRole
	}
	done := e.outcome(id)
	if h.Kind(id) == history.KindTxn || done != history.None && h.Kind(done) == history.KindTxn {
		return e.txnRole(id, done)
	}
	if k, ok := h.Key(id); e.key != nil && (!ok || !e.key(k)) {
		return noRole
	}
	switch {
	case e.f.op(id) && h.Kind(id) != history.KindNil:
		return writes
	case done != history.None && h.Kind(done) != history.KindNil && e.f.op(done):
		return reads
	}
	return noRole
}

// txnRole is what a transaction did with the element. Reads count if the transaction is ok.
func (e *elementSearch) txnRole(id, done history.ID) role {
	h := e.f.h
	shown := id
	if done != history.None {
		shown = done
	}
	if k, ok := h.Key(id); ok && e.key != nil && !e.key(k) {
		return noRole
	} // else the key of the tuple is the one asked for, or there is none
	r := noRole
	mops := h.Mops(shown)
	for i := range mops {
		m := &mops[i]
		if !e.ofKey(id, m) || !e.f.argument(m) {
			continue
		}
		switch {
		case m.F != history.MopR:
			r |= writes
		case done != history.None:
			r |= reads
		}
	}
	return r
}

// ofKey tells whether a micro-op is of the key asked for: the tuple's, or its own.
func (e *elementSearch) ofKey(id history.ID, m *history.Mop) bool {
	if e.key == nil {
		return true
	}
	if _, tuple := e.f.h.Key(id); tuple {
		return true
	}
	return m.Key >= 0 && e.key(e.f.h.KeySym(m.Key))
}

// lacks tells whether a pair is an ok read of a whole collection that began after the element was acknowledged and
// doesn't show it.
func (e *elementSearch) lacks(id history.ID) bool {
	h := e.f.h
	done := e.outcome(id)
	if e.acked == history.None || done == history.None || id <= e.acked || !h.Client(id) {
		return false
	}
	switch h.Kind(done) {
	case history.KindSet, history.KindList:
		k, ok := h.Key(id)
		return h.Kind(id) == history.KindNil && (e.key == nil || ok && e.key(k))
	case history.KindTxn:
		mops := h.Mops(done)
		for i := range mops {
			if mops[i].F == history.MopR && mops[i].Shape == history.List && e.key != nil && e.ofKey(id, &mops[i]) {
				return true
			}
		}
	}
	return false
}

// summary says what was found, and what was not.
func (e *elementSearch) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s, %s", amount.Of(e.found[writes]+e.found[writesAndReads], "writer"),
		amount.Of(e.found[reads]+e.found[writesAndReads], "reader"))
	switch {
	case e.acked == history.None:
		b.WriteString("; no write of it was acknowledged\n")
	case e.misses == 0:
		fmt.Fprintf(&b, "; acknowledged at index %d; no later read of the whole lacks it\n", e.f.h.Index(e.acked))
	case e.misses == 1:
		fmt.Fprintf(&b, "; acknowledged at index %d, but the read at index %d, which began later, lacks it\n",
			e.f.h.Index(e.acked), e.f.h.Index(e.first))
	default:
		fmt.Fprintf(&b, "; acknowledged at index %d, but %d reads that began later lack it, the first at index %d, the last at %d\n",
			e.f.h.Index(e.acked), e.misses, e.f.h.Index(e.first), e.f.h.Index(e.last))
	}
	return b.String()
}
