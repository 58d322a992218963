package shrink

import (
	"bytes"
	"slices"

	"jcheck/history"
	"jcheck/internal/edn"
)

// write makes the text of a part, and tells which operation of the whole history each of its lines is.
func (s *shrinker) write(c *candidate) []history.ID {
	var ids []history.ID
	for _, u := range c.units {
		for _, id := range s.units[u].ids {
			if id != history.None {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	gone := s.needs.gone(c.units)
	var text bytes.Buffer
	w := history.NewWriter(&text, s.o.Format)
	for _, id := range ids {
		if err := w.Write(s.cut(c, gone, s.h.Op(id))); err != nil {
			panic("shrink: internal error: writing to memory failed: " + err.Error())
		}
	}
	if err := w.Flush(); err != nil {
		panic("shrink: internal error: writing to memory failed: " + err.Error())
	}
	c.text, c.ops = text.Bytes(), len(ids)
	return ids
}

// cut is an operation without what the part leaves out of it.
func (s *shrinker) cut(c *candidate, gone func(term string) bool, op history.Op) history.Op {
	out := func(key *history.Value, v history.Value) bool {
		t := term(key, v)
		return c.elements[t] || gone(t)
	}
	switch s.h.Kind(op.ID) {
	case history.KindTxn:
		op.Value.Items = s.cutMops(c, out, op)
	case history.KindList, history.KindSet:
		if op.Type == history.OK {
			op.Value.Items = without(op.Value.Items, func(e history.Value) bool { return out(op.Key, e) })
		}
	}
	return op
}

func (s *shrinker) cutMops(c *candidate, out func(*history.Value, history.Value) bool, op history.Op) []history.Value {
	var left []history.Value
	u := s.unitOf[op.ID]
	for _, m := range op.Value.Items {
		switch {
		case !hasKey(m):
		case c.mops[mopCut{u, term(nil, m.Items[1])}]:
			continue
		case len(m.Items) != 3:
		case isAppend(m) && out(&m.Items[1], m.Items[2]):
			continue
		case m.Items[2].Sequential():
			key, list := m.Items[1], m.Items[2]
			list.Items = without(list.Items, func(e history.Value) bool { return out(&key, e) })
			m = edn.NewVector([]history.Value{m.Items[0], key, list})
		}
		left = append(left, m)
	}
	return left
}

// without are the items that aren't out; the items themselves if none is.
func without(items []history.Value, out func(history.Value) bool) []history.Value {
	if !slices.ContainsFunc(items, out) {
		return items
	}
	return slices.DeleteFunc(slices.Clone(items), out)
}
