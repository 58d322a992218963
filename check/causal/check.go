// Package causal checks a register that one client after another writes and reads in causal order. Each operation tells its
// own position in the database's order, and by its link which one it followed; the writes are 1, 2, 3, ...
package causal

import (
	"context"
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "causal"

// The kinds of anomalies that Check finds.
const (
	WrongLink  = "wrong-link"  // an operation doesn't follow the one before it
	WrongWrite = "wrong-write" // a write isn't the next one
	WrongRead  = "wrong-read"  // a read shows another value than the last write
)

// Functions are those of the register's operations.
func Functions() []string { return []string{"read-init", "write", "read"} }

const (
	readInit = iota
	write
	read
)

// Options says how to check. There is nothing to choose.
type Options struct{}

// Check reports whether the ok operations, in the order of the history, are one causal chain: each links to the position
// of the one before it, or is the first of its session (:init); a write is of the next number; a read shows the
// last written number, 0 before the first. It ends with the first operation that doesn't fit, since nobody knows what
// should follow it. One pass.
//
// Fields are the original's: model, what the register is in the end, or error.
func Check(ctx context.Context, h *history.History, _ Options) check.Result {
	c := chain{h: h, fs: check.NewFunctions(h, Functions()...), last: history.None}
	for i := range h.Size() {
		if i&0xffff == 0 && ctx.Err() != nil {
			return check.Stopped(Checker)
		}
		id := h.At(i)
		if !check.OfClient(h, id) || h.Type(id) != history.OK {
			continue
		}
		if f := c.fs.Of(id); f < 0 {
			return check.Result{Checker: Checker, Reasons: []check.Reason{{Code: "unknown-function", Ops: []history.ID{id},
				Text: fmt.Sprintf("nobody knows what %s did to the register, so that nothing after it can be judged", h.Value(h.F(id)))}}}
		} else if wrong := c.step(id, f); wrong != nil {
			return check.Result{Checker: Checker, Verdict: check.Invalid, Anomalies: []check.Anomaly{wrong.anomaly(id, c.last)},
				Fields: []history.Field{{Name: "error", Value: edn.NewString(wrong.brief)}}}
		}
		c.last = id
	}
	r := check.Result{Checker: Checker, Verdict: check.Valid, Fields: []history.Field{{Name: "model", Value: c.model()}}}
	if c.last == history.None {
		r.Notes = []check.Note{{Code: "nothing-done", Text: "No operation was acknowledged, so there was nothing to contradict"}}
	}
	return r
}

// chain is the register after some operations.
type chain struct {
	h        *history.History
	fs       *check.Functions
	writes   int64         // how many there were
	value    history.Value // nil is the initial 0
	position history.Value // of the last operation
	last     history.ID
}

// mistake is what is wrong with an operation.
type mistake struct {
	kind  string
	brief string // as the original says it
	text  string // of T1, and of T2 which came before it
}

// step lets the register do an operation.
func (c *chain) step(id history.ID, f int) *mistake {
	op := c.h.Op(id)
	position, link := field(op, "position"), field(op, "link")
	if !isInit(link) && !edn.Equal(link, c.position) {
		return &mistake{WrongLink, fmt.Sprintf("Cannot link %s to last-seen position %s", bare(link), bare(c.position)),
			fmt.Sprintf("T1 says that it followed position %s, but the last position was %s", link, c.position)}
	}
	c.position = position
	now := c.now()
	switch {
	case f == write:
		next := edn.NewInt(c.writes + 1)
		if !edn.Equal(op.Value, next) {
			return &mistake{WrongWrite, fmt.Sprintf("expected value %s attempting to write %s instead", next, bare(op.Value)),
				fmt.Sprintf("T1 wrote %s, but the next write had to be of %s", op.Value, next)}
		}
		c.writes++
		c.value = next
	case f == readInit && c.writes == 0 && !edn.Equal(op.Value, edn.NewInt(0)):
		return &mistake{WrongRead, fmt.Sprintf("expected init value 0, read %s", bare(op.Value)),
			fmt.Sprintf("T1 read %s before the first write, when the register was 0", op.Value)}
	case f != write && !op.Value.IsNil() && !edn.Equal(op.Value, now):
		return &mistake{WrongRead, fmt.Sprintf("can't read %s from register %s", bare(op.Value), now),
			fmt.Sprintf("T1 read %s from the register, which was %s", op.Value, now)}
	}
	return nil
}

// now is the register's value.
func (c *chain) now() history.Value {
	if c.value.IsNil() {
		return edn.NewInt(0)
	}
	return c.value
}

// model is the register as the original prints it.
func (c *chain) model() history.Value {
	return edn.NewMap([]history.Value{edn.NewKeyword("value"), c.now(), edn.NewKeyword("counter"), edn.NewInt(c.writes),
		edn.NewKeyword("last-pos"), c.position})
}

// field is one of an operation's further fields; nil if it has none of that name.
func field(op history.Op, name string) history.Value {
	for _, f := range op.Extra {
		if f.Name == name {
			return f.Value
		}
	}
	return history.Value{}
}

// isInit tells whether a link says that nothing came before.
func isInit(link history.Value) bool {
	return (link.Kind == edn.Keyword || link.Kind == edn.String) && link.Text == "init"
}

// bare is a value as the original's messages have it: nil is nothing.
func bare(v history.Value) string {
	if v.IsNil() {
		return ""
	}
	return v.String()
}

// anomaly is the mistake in words.
func (m *mistake) anomaly(id, before history.ID) check.Anomaly {
	a := check.Anomaly{Kind: m.kind, Ops: []history.ID{id}, Total: 1, Text: m.text}
	if before != history.None {
		a.Ops = append(a.Ops, before)
		a.Text += ". T2 came before it"
	}
	return a
}
