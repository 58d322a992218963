package history

import (
	"bytes"

	"jcheck/internal/edn"
)

// FromOps makes a history of operations, for tests and for programs that record by themselves. It is what Read makes of
// their EDN: IDs are places in ops, and if every Index is 0, indices are places too. A negative Index and NoTime mean that
// none was recorded.
func FromOps(ops []Op) (*History, error) {
	dense := true
	for i := range ops {
		dense = dense && ops[i].Index == 0
	}
	var text bytes.Buffer
	w := NewWriter(&text, FormatEDN)
	c := newChunk(nil, 0)
	for _, op := range ops {
		if dense {
			op.Index = -1
		}
		if op.Key != nil {
			op.Value = edn.NewVector([]Value{*op.Key, op.Value})
			op.Key = nil
		}
		if err := w.Write(op); err != nil {
			return nil, err
		}
		addOp(c, op)
	}
	return merge("ops", text.Bytes(), []*chunk{c}, Options{Format: FormatEDN})
}

// addOp says an op to a chunk as a reader would.
func addOp(c *chunk, op Op) {
	c.begin(0)
	c.setType(op.Type)
	if op.Index >= 0 {
		c.setIndex(op.Index)
	}
	if op.Time != NoTime {
		c.setTime(op.Time)
	}
	c.setProcess(c.symValue(op.Process))
	c.setF(c.symValue(op.F))
	addValue(c, op.Value)
	c.end()
}

func addValue(c *chunk, v Value) {
	switch {
	case v.Kind == edn.Nil:
		c.valueNil()
	case isTxn(v) && len(v.Items) > 0:
		addTxn(c, v)
	case v.Sequential() && len(v.Items) == 2 && isTxn(v.Items[1]) && len(v.Items[1].Items) > 0:
		addTxn(c, v.Items[1])
		c.keyed(c.symValue(v.Items[0]))
	case v.Sequential():
		c.valueElems(KindList, syms(c, v.Items))
	case v.Kind == edn.Set:
		c.valueElems(KindSet, syms(c, v.Items))
	case v.Kind == edn.Map:
		c.valueElems(KindMap, syms(c, v.Items))
	default:
		c.valueScalar(c.symValue(v))
	}
}

func addTxn(c *chunk, v Value) {
	c.beginTxn()
	for _, m := range v.Items {
		f := c.mopF(c.symValue(m.Items[0]))
		switch {
		case len(m.Items) == 2:
			c.mop(f, c.symValue(m.Items[1]), NoArg, Nil)
		case len(m.Items) == 3 && f == MopR && m.Items[2].Sequential():
			c.mopRead(f, c.symValue(m.Items[1]), syms(c, m.Items[2].Items))
		case len(m.Items) == 3:
			c.mop(f, c.symValue(m.Items[1]), Scalar, c.symValue(m.Items[2]))
		default:
			c.mop(f, Nil, Odd, c.symValue(m))
		}
	}
	c.endTxn()
}

func syms(c *chunk, vs []Value) []Sym {
	var out []Sym
	for _, v := range vs {
		out = append(out, c.symValue(v))
	}
	return out
}

func isTxn(v Value) bool {
	if !v.Sequential() {
		return false
	}
	for _, m := range v.Items {
		if !m.Sequential() || len(m.Items) == 0 {
			return false
		}
		if k := m.Items[0].Kind; k != edn.Keyword && k != edn.String && k != edn.Symbol {
			return false
		}
	}
	return true
}
