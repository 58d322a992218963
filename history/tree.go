package history

import "jcheck/internal/edn"

// treeValue gives the pending operation the value v. This is the way of all values that the scanners don't read directly,
// and what their direct way must agree with.
func (s *scanner) treeValue(v Value) {
	switch v.Kind {
	case edn.Nil:
		s.c.valueNil()
	case edn.Vector, edn.List:
		s.treeList(v)
	case edn.Set:
		s.c.valueElems(KindSet, s.treeSyms(v.Items))
	case edn.Map:
		s.c.valueElems(KindMap, s.treeSyms(v.Items))
	default:
		s.c.valueScalar(s.c.symValue(v))
	}
}

func (s *scanner) treeList(v Value) {
	if txnShaped(v) {
		s.treeTxn(v)
		return
	}
	if len(v.Items) == 2 && txnShaped(v.Items[1]) && !keywordFirst(v.Items[0]) {
		s.treeTxn(v.Items[1])
		s.c.keyed(s.c.symValue(v.Items[0]))
		return
	}
	s.c.valueElems(KindList, s.treeSyms(v.Items))
}

// treeSyms are the Syms of values, in scratch memory.
func (s *scanner) treeSyms(items []Value) []Sym {
	s.elems = s.elems[:0]
	for _, item := range items {
		s.elems = append(s.elems, s.c.symValue(item))
	}
	return s.elems
}

// txnShaped tells whether v is a list of at least one micro-op.
func txnShaped(v Value) bool {
	if !v.Sequential() || len(v.Items) == 0 {
		return false
	}
	for _, m := range v.Items {
		if !namesFirst(m) {
			return false
		}
	}
	return true
}

// namesFirst tells whether v is a list whose first element can name a micro-op's function.
func namesFirst(v Value) bool {
	if !v.Sequential() || len(v.Items) == 0 {
		return false
	}
	switch v.Items[0].Kind {
	case edn.Keyword, edn.String, edn.Symbol:
		return true
	}
	return false
}

// keywordFirst tells whether v looks like a micro-op, and so can't be an independent key.
func keywordFirst(v Value) bool {
	return v.Sequential() && len(v.Items) > 0 && v.Items[0].Kind == edn.Keyword
}

func (s *scanner) treeTxn(v Value) {
	s.c.beginTxn()
	for _, m := range v.Items {
		f := s.c.mopF(s.c.symValue(m.Items[0]))
		switch {
		case len(m.Items) == 2:
			s.c.mop(f, s.c.symValue(m.Items[1]), NoArg, Nil)
		case len(m.Items) != 3:
			s.c.mop(f, Nil, Odd, s.c.symValue(m))
		case f == MopR && m.Items[2].Sequential():
			s.c.mopRead(f, s.c.symValue(m.Items[1]), s.treeSyms(m.Items[2].Items))
		default:
			s.c.mop(f, s.c.symValue(m.Items[1]), Scalar, s.c.symValue(m.Items[2]))
		}
	}
	s.c.endTxn()
}
