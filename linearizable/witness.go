package linearizable

import (
	"context"
	"errors"
	"fmt"

	"jcheck/check"
	"jcheck/history"
)

// Linearization is an order that explains every answer of one part of an object: each of its operations took effect where
// it stands. An operation is its completion; one that crashed is its invocation, and isn't listed if it need not have
// happened.
type Linearization struct {
	Ops []history.ID
}

// Witness is Check, and gives a linearization of each part of which one was found, in the order of the parts' first
// operations. Each has been replayed. Of a part that was decided without a search, or whose search with a record of its
// steps takes too much, there may be none: a note of the result says so.
func Witness(ctx context.Context, h *history.History, o Options) (check.Result, []Linearization) {
	o.ordered = true
	r, found := run(ctx, h, o)
	if err := replay(h, o, found, r.Verdict == check.Valid && !hasNote(r, noWitness)); err != nil {
		panic("linearizable: internal error: a linearization that is none: " + err.Error())
	}
	return r, found
}

// noWitness is the code of the note that some linearization is missing.
const noWitness = "no-witness"

// missing goes with a result of which some linearization is missing.
var missing = check.Note{Code: noWitness, Text: "A part of the history is linearizable, but no order of its operations is given: to find one takes more than the bounds of the search"}

func hasNote(r check.Result, code string) bool {
	for _, n := range r.Notes {
		if n.Code == code {
			return true
		}
	}
	return false
}

// replay checks linearizations against the history itself, knowing nothing of how they were found: each step is possible,
// no operation comes before another that had returned before it was invoked, and if all is true, no operation is missing.
func replay(h *history.History, o Options, found []Linearization, all bool) error {
	d, err := o.datatype()
	given, err2 := o.initial()
	init, err3 := d.Init(given)
	if err := errors.Join(err, err2, err3); err != nil {
		return err
	}
	done := make(map[history.ID]bool)
	for _, l := range found {
		state := init
		for _, id := range l.Ops {
			op, reason := h.Op(id), ""
			c := Call{F: op.F.Text, Value: TermOf(op.Value), Outcome: outcomes[op.Type]}
			if state, reason = d.Step(state, c); reason != "" || done[id] {
				return fmt.Errorf("%s: can't be next (%s)", h.Pos(id), reason)
			}
			done[id] = true
		}
		inOrder := inTime
		if o.Order == SessionOrder {
			inOrder = inSession
		}
		if err := inOrder(h, l.Ops); err != nil {
			return err
		}
	}
	for id := range h.All() {
		if all && h.Client(id) && h.Type(id) == history.OK && !done[id] {
			return fmt.Errorf("%s: is missing", h.Pos(id))
		}
	}
	return nil
}

// outcomes are those of the entries that stand for an operation; of one that crashed that is its invocation.
var outcomes = [...]Outcome{history.OK: OK, history.Fail: Failed, history.Invoke: Crashed, history.Info: Crashed}

// inTime tells whether an order keeps that of time.
func inTime(h *history.History, ops []history.ID) error {
	first, earliest := history.ID(h.Len()), history.None // the earliest return of those behind
	for i := len(ops) - 1; i >= 0; i-- {
		invoked, returned := ops[i], history.ID(h.Len())
		if outcomes[h.Type(ops[i])] != Crashed {
			invoked, returned = h.Pair(ops[i]), ops[i]
		}
		if first < invoked {
			return fmt.Errorf("%s: returned before the operation of %s was invoked, but comes after it", h.Pos(earliest), h.Pos(invoked))
		}
		if returned < first {
			first, earliest = returned, ops[i]
		}
	}
	return nil
}

// inSession tells whether an order keeps those of the processes.
func inSession(h *history.History, ops []history.ID) error {
	last := make(map[history.ProcID]history.ID)
	for _, id := range ops {
		p := h.Proc(id)
		if before := last[p]; outcomes[h.Type(id)] != Crashed && id < before {
			return fmt.Errorf("%s: its process did it before %s, but it comes after that", h.Pos(id), h.Pos(before))
		}
		last[p] = max(last[p], id)
	}
	return nil
}

// witness keeps a linearization of a part that the search has found to have one.
func (t *trial) witness(ctx context.Context, o Options) {
	if !o.ordered || t.end != reached || t.order != nil {
		return
	}
	if p := t.run(ctx, t.beam, true); p.end == reached {
		t.order = p.linearization()
	}
}

// linearization is one of a part that is known to have one; nil if none is wanted, or none is found within bounds.
func (o *object) linearization(ctx context.Context, options Options) []int32 {
	if !options.ordered {
		return nil
	}
	if len(o.calls) == 0 { // the datatypes' orders look at the first call for the key
		return []int32{}
	}
	if o.d.order != nil {
		if order := o.d.order(o); order != nil {
			return order
		}
	}
	s := newSearch(o, options)
	end := cutShort
	for i := 0; i < len(beams) && end == cutShort; i++ {
		p := s.run(ctx, beams[i], true)
		if end = p.end; end == reached {
			return p.linearization()
		}
	}
	_, order := o.porcupine(ctx, allSteps, options)
	return order
}

// linearization is that of a pass that reached the end.
func (p *pass) linearization() []int32 {
	order := p.order(p.cur.of[0].trail)
	if order == nil {
		order = []int32{}
	}
	return order
}

// ids are the entries of the history that stand for calls.
func (o *object) ids(calls []int32) Linearization {
	ids := make([]history.ID, len(calls))
	for i, x := range calls {
		ids[i] = o.calls[x].id
	}
	return Linearization{ids}
}
