package lint

import (
	"fmt"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// values looks at what checkers take for granted of values.
func (r *Report) values(p Premises) {
	h := r.h
	for id := range h.All() {
		if !check.OfClient(h, id) {
			continue
		}
		f, kind, t := h.Value(h.F(id)).Text, h.Kind(id), h.Type(id)
		switch {
		case f == "" && kind != history.KindTxn:
			r.add(id, "no-function", func() (string, string, string) {
				return "an operation of a client without f", "what was asked for: :read, :txn, ...", ""
			})
		case p.Integers && t == history.Invoke && kind == history.KindScalar && !isRead(f) && h.Value(h.Scalar(id)).Kind != edn.Int:
			r.add(id, "not-an-integer", func() (string, string, string) {
				return fmt.Sprintf("%s of %s", f, brief(h.Op(id).Value)), "an integer", "a counter is checked by adding up"
			})
		case p.Sets && t == history.OK && f == "read" && kind != history.KindList && kind != history.KindSet && kind != history.KindTxn:
			r.add(id, "not-a-list", func() (string, string, string) {
				return fmt.Sprintf("a read that shows %s", brief(h.Op(id).Value)), "a list or a set", "what was read, [] if that was nothing"
			})
		case h.Keyed() && noKey(h, id):
			r.add(id, "no-key", func() (string, string, string) {
				return "a value that is no [key value], although others are", "the key that it is of", "without one, an operation may be of every key"
			})
		}
		r.mops(id, p)
	}
}

// noKey tells whether neither an operation nor its other half has an independent key.
func noKey(h *history.History, id history.ID) bool {
	_, ok := h.Key(id)
	if pair := h.Pair(id); !ok && pair != history.None {
		_, ok = h.Key(pair)
	}
	return !ok
}

// mops looks at the micro-ops of a transaction.
func (r *Report) mops(id history.ID, p Premises) {
	h := r.h
	mops := h.Mops(id)
	for i := range mops {
		m := &mops[i]
		blank := h.Blank(id)
		if ofLog(h, m, blank) {
			continue
		}
		tell := func(what, want string) func() (string, string, string) {
			return func() (string, string, string) {
				return fmt.Sprintf("%s %s", what, brief(h.MopValue(m, blank))), want, ""
			}
		}
		switch {
		case m.Shape == history.Odd:
			r.add(id, "odd-mop", tell("the micro-op", "[f key value]"))
		case m.F >= history.MopOther && h.Type(id) == history.Invoke:
			r.add(id, "unknown-mop", tell("the micro-op", "one of :r, :w, :append, :insert, :delete, :rp"))
		case m.F == history.MopR && h.Type(id) == history.OK && p.ListReads && m.Shape == history.Scalar && m.Val() != history.Nil:
			r.add(id, "not-a-list", tell("the read", "a list of elements"))
		case m.F == history.MopR && h.Type(id) == history.OK && p.ScalarReads && m.Shape == history.List:
			r.add(id, "a-list", tell("the read", "a single value, as nothing is appended to lists"))
		case (m.F == history.MopAppend || m.F == history.MopW) && h.Type(id) == history.Invoke && (m.Shape == history.NoArg || m.Val() == history.Nil):
			r.add(id, "writes-nothing", tell("the write", "a value other than nil, which means that nothing was written"))
		}
	}
}

// ofLog tells whether a micro-op is one of a log of messages, [:send key value] or [:poll], which have a form of their own.
func ofLog(h *history.History, m *history.Mop, blank bool) bool {
	if m.Shape != history.Odd && m.F < history.MopOther {
		return false
	}
	v := h.MopValue(m, blank)
	return len(v.Items) > 0 && (v.Items[0].Text == "send" || v.Items[0].Text == "poll")
}

// repeats looks for values that are written twice, so that nobody knows of which write a read speaks.
func (r *Report) repeats() {
	h := r.h
	type write struct {
		key history.KeyID
		own history.Sym // independent key
		val history.Sym
	}
	first := make(map[write]history.ID)
	look := func(id history.ID, w write) {
		before, again := first[w]
		if !again {
			first[w] = id
			return
		}
		r.add(id, "written-twice", func() (string, string, string) {
			what := h.Value(h.F(id)).Text + " of"
			if w.key >= 0 {
				what = fmt.Sprintf("key %s is given the value", h.Value(h.KeySym(w.key)))
			}
			return fmt.Sprintf("%s %s, as at %s", what, brief(h.Value(w.val)), h.Pos(before)), "values that differ",
				"count up, so that a read tells which write it saw"
		})
	}
	for id := range h.All() {
		if h.Type(id) != history.Invoke && r.invoked || !check.OfClient(h, id) {
			continue
		}
		own, ok := h.Key(id)
		if !ok {
			own = history.Nil
		}
		mops := h.Mops(id)
		for i := range mops {
			if m := &mops[i]; (m.F == history.MopAppend || m.F == history.MopW) && m.Shape == history.Scalar && m.Val() != history.Nil {
				look(id, write{m.Key, own, m.Val()})
			}
		}
		if f := h.Value(h.F(id)).Text; h.Kind(id) == history.KindScalar && (f == "add" || f == "enqueue" || f == "broadcast" || f == "generate") {
			look(id, write{-1, own, h.Scalar(id)})
		}
	}
}
