package history

import "jcheck/internal/edn"

// The direct way of JSON values into the columns, as for EDN (see ednvalue.go): it gives up on anything unusual, having
// told the chunk nothing.

// value gives the pending operation the value that starts here.
func (s *jsonScanner) value() *fault {
	if !s.plain {
		if end, ok := s.direct(s.pos); ok {
			s.pos = end
			return nil
		}
	}
	v, bad := s.tree()
	if bad != nil {
		return bad
	}
	if key, value, ok := unmarked(v); ok {
		s.treeValue(convertField("value", value))
		s.c.keyed(s.c.symValue(key))
		return nil
	}
	s.treeValue(keyedTxn(convertField("value", v)))
	return nil
}

// markKey and markValue are the fields of a value that has an independent key, as the Writer spells it in JSON, where
// [key value] could be any list.
const markKey, markValue = "key", "value"

// unmarked takes such a value apart.
func unmarked(v Value) (key, value Value, ok bool) {
	if v.Kind != edn.Map || len(v.Items) != 4 {
		return key, value, false
	}
	key, hasKey := v.Get(edn.NewKeyword(markKey))
	value, hasValue := v.Get(edn.NewKeyword(markValue))
	return key, value, hasKey && hasValue
}

func (s *jsonScanner) direct(i int) (end int, ok bool) {
	s.elems, s.mops = s.elems[:0], s.mops[:0]
	if i >= len(s.src) {
		return 0, false
	}
	switch s.src[i] {
	case '[':
		return s.directList(i + 1)
	case '{':
		if end, ok = s.object(i + 1); ok {
			s.c.valueElems(KindMap, s.elems)
		}
		return end, ok
	}
	sym, end, ok := s.leaf(i)
	if ok {
		s.c.valueScalar(sym)
	}
	return end, ok
}

// directList reads on behind an opening bracket: [mop, ...], [key, [mop, ...]] or [element, ...].
func (s *jsonScanner) directList(i int) (end int, ok bool) {
	if i = s.blank(i); i < len(s.src) && s.src[i] == '[' {
		if end, ok = s.txn(i); ok {
			s.emitTxn()
		}
		return end, ok
	}
	if i < len(s.src) && s.src[i] == ']' {
		s.c.valueElems(KindList, nil)
		return i + 1, true
	}
	sym, j, ok := s.item(i)
	if !ok {
		return 0, false
	}
	if k, ok := s.comma(j); ok && k < len(s.src) && s.src[k] == '[' {
		if k = s.blank(k + 1); k < len(s.src) && s.src[k] == '[' {
			return s.directKeyed(sym, k)
		}
	}
	s.elems = append(s.elems, sym)
	if end, ok = s.more(j); ok {
		s.c.valueElems(KindList, s.elems)
	}
	return end, ok
}

// directKeyed reads on behind [key, [.
func (s *jsonScanner) directKeyed(key Sym, i int) (end int, ok bool) {
	if end, ok = s.txn(i); !ok {
		return 0, false
	}
	if end = s.blank(end); end >= len(s.src) || s.src[end] != ']' {
		return 0, false
	}
	s.emitTxn()
	s.c.keyed(key)
	return end + 1, true
}

// blank is where white space that starts at i ends.
func (s *jsonScanner) blank(i int) int {
	for i < len(s.src) && jsonSpace(s.src[i]) {
		i++
	}
	return i
}

// comma is what follows a comma that follows i.
func (s *jsonScanner) comma(i int) (next int, ok bool) {
	if i = s.blank(i); i < len(s.src) && s.src[i] == ',' {
		return s.blank(i + 1), true
	}
	return i, false
}

// txn reads micro-ops, the first of which starts at i, and the closing bracket behind them.
func (s *jsonScanner) txn(i int) (end int, ok bool) {
	for i < len(s.src) && s.src[i] == '[' {
		if i, ok = s.mop(s.blank(i + 1)); !ok {
			return 0, false
		}
		if i, ok = s.comma(i); !ok {
			return i + 1, i < len(s.src) && s.src[i] == ']'
		}
	}
	return 0, false
}

// mop reads on behind a micro-op's opening bracket: f, key and perhaps an argument.
func (s *jsonScanner) mop(i int) (end int, ok bool) {
	var m scratchMop
	if i >= len(s.src) || s.src[i] != '"' {
		return 0, false
	}
	end = plainJSONString(s.src, i)
	if end < 0 {
		return 0, false
	}
	m.f = s.keyword(s.src[i+1 : end-1])
	if i, ok = s.comma(end); !ok {
		return 0, false
	}
	if m.key, i, ok = s.item(i); !ok {
		return 0, false
	}
	if i, ok = s.comma(i); !ok {
		m.shape, m.arg = NoArg, Nil
	} else if i < len(s.src) && s.src[i] == '[' && m.f == symR {
		m.shape, m.from = List, len(s.elems)
		if i, ok = s.list(i + 1); !ok {
			return 0, false
		}
		m.to = len(s.elems)
	} else {
		m.shape = Scalar
		if m.arg, i, ok = s.item(i); !ok {
			return 0, false
		}
	}
	if i = s.blank(i); i >= len(s.src) || s.src[i] != ']' {
		return 0, false
	}
	s.mops = append(s.mops, m)
	return i + 1, true
}

// list appends the elements up to the closing bracket to scratch elems.
func (s *jsonScanner) list(i int) (end int, ok bool) {
	if i = s.blank(i); i < len(s.src) && s.src[i] == ']' {
		return i + 1, true
	}
	sym, i, ok := s.item(i)
	if !ok {
		return 0, false
	}
	s.elems = append(s.elems, sym)
	return s.more(i)
}

// more does so behind the first element.
func (s *jsonScanner) more(i int) (end int, ok bool) {
	src := s.src
	for {
		if i < len(src) && src[i] == ',' && i+1 < len(src) && src[i+1] != ' ' {
			i++
		} else if i, ok = s.comma(i); !ok {
			return i + 1, i < len(src) && src[i] == ']'
		}
		// The usual element is a short number: nothing is called for it.
		if i < len(src) {
			if n := uint32(src[i] - '0'); n-1 < 9 {
				j := i + 1
				for j < len(src) && src[j]-'0' <= 9 {
					n = n*10 + uint32(src[j]-'0')
					j++
				}
				if j-i < 10 && j < len(src) && (src[j] == ',' || src[j] == ']') {
					s.elems = append(s.elems, Sym(n))
					i = j
					continue
				}
			}
		}
		sym, j, ok := s.item(s.blank(i))
		if !ok {
			return 0, false
		}
		s.elems = append(s.elems, sym)
		i = j
	}
}

// object appends the keys, as keywords, and the values of an object to scratch elems.
func (s *jsonScanner) object(i int) (end int, ok bool) {
	if i = s.blank(i); i < len(s.src) && s.src[i] == '}' {
		return i + 1, true
	}
	for {
		if i >= len(s.src) || s.src[i] != '"' {
			return 0, false
		}
		if end = plainJSONString(s.src, i); end < 0 {
			return 0, false
		}
		name := s.src[i+1 : end-1]
		switch fieldOf(name) {
		case fieldType, fieldF, fieldValue: // their values may be converted
			return 0, false
		}
		if i = s.blank(end); i >= len(s.src) || s.src[i] != ':' {
			return 0, false
		}
		sym, j, ok := s.item(s.blank(i + 1))
		if !ok {
			return 0, false
		}
		s.elems = append(s.elems, s.c.symToken(edn.Keyword, name), sym)
		if i, ok = s.comma(j); !ok {
			return i + 1, i < len(s.src) && s.src[i] == '}'
		}
	}
}

// item is the Sym of any value that starts at i, by way of its tree where need be.
func (s *jsonScanner) item(i int) (sym Sym, end int, ok bool) {
	if sym, end, ok = s.leaf(i); ok {
		return sym, end, true
	}
	if i < len(s.src) && s.src[i] == '{' { // perhaps the next operation, after a bracket that is missing
		return 0, 0, false
	}
	if i < len(s.src) && s.src[i] == '[' {
		if end, ok = s.passOver(i); ok {
			if sym, ok = s.known(i, end); ok {
				return sym, end, true
			}
		}
	}
	p := jsonParser{src: s.src, pos: i}
	v, bad := p.value(0)
	if bad != nil {
		return 0, 0, false
	}
	return s.learn(i, p.pos, s.c.symValue(v)), p.pos, true
}

// passOver is where an array of strings and small integers ends.
func (s *jsonScanner) passOver(i int) (end int, ok bool) {
	for i = s.blank(i + 1); ; {
		if i, ok = s.passLeaf(i); !ok {
			return 0, false
		}
		if i, ok = s.comma(i); !ok {
			return i + 1, i < len(s.src) && s.src[i] == ']'
		}
	}
}

// leaf is the Sym of the small integer, null, truth value, or string without escapes that starts at i.
func (s *jsonScanner) leaf(i int) (sym Sym, end int, ok bool) {
	if i >= len(s.src) {
		return 0, 0, false
	}
	switch c := s.src[i]; {
	case c == '"':
		if end = plainJSONString(s.src, i); end < 0 {
			return 0, 0, false
		}
		return s.c.symToken(edn.String, s.src[i+1:end-1]), end, true
	case c-'0' <= 9 || c == '-':
		n, end, ok := jsonInt(s.src, i)
		if !ok {
			return 0, 0, false
		}
		return s.c.symInt(n), end, true
	}
	switch end = s.tokenEnd(i); string(s.src[i:min(end, i+4)]) {
	case "null":
		return Nil, i + 4, true
	case "true":
		return True, i + 4, true
	}
	return 0, 0, false
}

// jsonInt reads an integer of at most 18 digits.
func jsonInt(src []byte, i int) (n int64, end int, ok bool) {
	n, end, ok = digits(src, i)
	if ok && end < len(src) && (src[end] == '.' || src[end]|0x20 == 'e') {
		return 0, 0, false
	}
	return n, end, ok
}

// plainJSONString is where a string without escapes, whose opening quote is at i, ends; -1 if it isn't one.
func plainJSONString(src []byte, i int) int {
	for i++; i < len(src); i++ {
		switch c := src[i]; {
		case c == '"':
			return i + 1
		case c == '\\' || c < ' ':
			return -1
		}
	}
	return -1
}

// quick reads a field that is no value: the usual forms of type, process, f, time and index. It is false for any other.
func (s *jsonScanner) quick(f field) bool {
	if s.plain || s.pos >= len(s.src) {
		return false
	}
	switch f {
	case fieldType, fieldF:
		if s.src[s.pos] != '"' {
			return false
		}
		end := plainJSONString(s.src, s.pos)
		if end < 0 {
			return false
		}
		name := s.src[s.pos+1 : end-1]
		if f == fieldF {
			s.c.setF(s.c.symToken(edn.Keyword, name))
			s.pos = end
			return true
		}
		t, ok := typeOf(name)
		if ok {
			s.c.setType(t)
			s.pos = end
		}
		return ok
	case fieldTime, fieldIndex:
		n, end, ok := jsonInt(s.src, s.pos)
		if ok {
			s.setInteger(f, n)
			s.pos = end
		}
		return ok
	}
	sym, end, ok := s.leaf(s.pos)
	if ok {
		s.setSym(f, sym)
		s.pos = end
	}
	return ok
}

// extra keeps the span of a field that no column is for. Its text is checked now, though it is read only when printed.
func (s *jsonScanner) extra(name Sym) *fault {
	at := s.pos
	if end, ok := s.passLeaf(at); ok && !s.plain {
		s.pos = end
	} else if _, bad := s.tree(); bad != nil {
		return bad
	}
	s.c.extra(name, int64(at), int64(s.pos))
	return nil
}

// passLeaf is where a string without escapes or a small integer ends.
func (s *jsonScanner) passLeaf(i int) (end int, ok bool) {
	if i >= len(s.src) {
		return 0, false
	}
	if s.src[i] == '"' {
		end = plainJSONString(s.src, i)
		return end, end > 0
	}
	_, end, ok = jsonInt(s.src, i)
	return end, ok
}
