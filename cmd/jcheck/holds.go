package main

import (
	"math"

	"jcheck/history"
	"jcheck/internal/edn"
)

// wanted is a value that somebody typed. A plain word means the string and the keyword of that name too: who types
// `--f read` doesn't care how the harness spelt it.
type wanted struct {
	value edn.Value
	word  string // "" if it isn't a word
}

// wantValue reads what was typed. What isn't one EDN value is taken as the text that it is.
func wantValue(text string) wanted {
	v, rest, err := edn.Parse([]byte(text))
	if err != nil || rest != len(text) {
		return wanted{value: edn.NewString(text), word: text}
	}
	w := wanted{value: v}
	if v.Kind == edn.Symbol {
		w.word = v.Text
	}
	return w
}

// is tells whether v is the wanted value.
func (w wanted) is(v edn.Value) bool {
	if w.word != "" {
		switch v.Kind {
		case edn.String, edn.Keyword, edn.Symbol:
			return v.Text == w.word
		}
	}
	return edn.Equal(w.value, v)
}

// in tells whether v is the wanted value, or holds it. Values are nested at most edn.MaxDepth deep.
func (w wanted) in(v edn.Value) bool {
	if w.is(v) {
		return true
	}
	for i := range v.Items {
		if w.in(v.Items[i]) {
			return true
		}
	}
	return false
}

// finder finds a wanted value in operations. Each distinct value and each list of the history is looked at once, so that
// a search takes time by micro-ops, not by the elements of all that was read.
type finder struct {
	h    *history.History
	want wanted
	syms map[history.Sym]bool
	at   map[history.ListID]int32 // place of the value in a list; math.MaxInt32 if it isn't there
}

func newFinder(h *history.History, want wanted) *finder {
	return &finder{h: h, want: want, syms: make(map[history.Sym]bool), at: make(map[history.ListID]int32)}
}

// sym tells whether the value of s is or holds the wanted one.
func (f *finder) sym(s history.Sym) bool {
	if n, ok := s.Int(); ok {
		return f.want.value.Kind == edn.Int && f.want.value.Int() == n
	}
	holds, known := f.syms[s]
	if !known {
		holds = f.want.in(f.h.Value(s))
		f.syms[s] = holds
	}
	return holds
}

// list tells whether the first n elements of a list hold the wanted value.
func (f *finder) list(l history.ListID, n int32) bool {
	at, known := f.at[l]
	if !known {
		at = math.MaxInt32
		for i, s := range f.h.List(l) {
			if f.sym(s) {
				at = int32(i)
				break
			}
		}
		f.at[l] = at
	}
	return at < n
}

// argument tells whether a micro-op's argument is or holds the wanted value.
func (f *finder) argument(m *history.Mop) bool {
	switch m.Shape {
	case history.List:
		return m.Len > 0 && f.list(m.List(), m.Len)
	case history.NoArg:
		return false
	}
	return f.sym(m.Val())
}

// op tells whether an operation's value is or holds the wanted one, keys of micro-ops included.
func (f *finder) op(id history.ID) bool {
	switch f.h.Kind(id) {
	case history.KindScalar:
		return f.sym(f.h.Scalar(id))
	case history.KindTxn:
		mops, blank := f.h.Mops(id), f.h.Blank(id)
		for i := range mops {
			unread := blank && mops[i].F == history.MopR
			if mops[i].Key >= 0 && f.sym(f.h.KeySym(mops[i].Key)) || !unread && f.argument(&mops[i]) {
				return true
			}
		}
	case history.KindList, history.KindSet, history.KindMap:
		for _, s := range f.h.Elems(id) {
			if f.sym(s) {
				return true
			}
		}
	case history.KindNil:
		return f.want.value.IsNil()
	}
	return false
}
