package history

import "jcheck/internal/edn"

// The direct way of values into the columns: txns, flat lists, sets and maps, scalars. It builds no tree and allocates
// nothing. Whatever isn't of these shapes, or has comments and the like inside, makes it give up (ok is false), having
// told the chunk nothing; the value then goes by way of its tree, which also finds the words for what is wrong.

// value gives the pending operation the value that starts here.
func (s *ednScanner) value() *fault {
	if !s.plain {
		if end, ok := s.direct(s.pos); ok {
			s.pos = end
			return nil
		}
	}
	v, bad := s.tree()
	if bad == nil {
		s.treeValue(v)
	}
	return bad
}

func (s *ednScanner) direct(i int) (end int, ok bool) {
	s.elems, s.mops = s.elems[:0], s.mops[:0]
	switch c := s.src[i]; {
	case c == '[':
		return s.directList(i + 1)
	case c == '{':
		if end, ok = s.list(i+1, '}'); ok && len(s.elems)%2 == 0 {
			s.c.valueElems(KindMap, s.elems)
			return end, true
		}
		return 0, false
	case c == '#' && i+1 < len(s.src) && s.src[i+1] == '{':
		if end, ok = s.list(i+2, '}'); ok {
			s.c.valueElems(KindSet, s.elems)
		}
		return end, ok
	}
	sym, end, ok := s.leaf(i)
	if ok {
		s.c.valueScalar(sym)
	}
	return end, ok
}

// directList reads on behind an opening bracket: [mop ...], [key [mop ...]] or [element ...].
func (s *ednScanner) directList(i int) (end int, ok bool) {
	if i = s.blank(i); i < len(s.src) && s.src[i] == '[' {
		if end, ok = s.txn(i); ok {
			s.emitTxn()
		}
		return end, ok
	}
	if i < len(s.src) && s.src[i] != ']' {
		sym, j, ok := s.item(i)
		if !ok {
			return 0, false
		}
		if j = s.blank(j); j < len(s.src) && s.src[j] == '(' {
			return 0, false
		}
		if j < len(s.src) && s.src[j] == '[' {
			if k := s.blank(j + 1); k < len(s.src) && s.src[k] == '[' {
				return s.directKeyed(sym, k)
			}
		}
		s.elems = append(s.elems, sym)
		i = j
	}
	if end, ok = s.list(i, ']'); ok {
		s.c.valueElems(KindList, s.elems)
	}
	return end, ok
}

// directKeyed reads on behind [key [.
func (s *ednScanner) directKeyed(key Sym, i int) (end int, ok bool) {
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

// emitTxn tells the chunk the micro-ops in scratch.
func (s *scanner) emitTxn() {
	s.c.beginTxn()
	for i := range s.mops {
		m := &s.mops[i]
		f := s.c.mopF(m.f)
		if m.shape == List {
			s.c.mopRead(f, m.key, s.elems[m.from:m.to])
		} else {
			s.c.mop(f, m.key, m.shape, m.arg)
		}
	}
	s.c.endTxn()
}

// blank is where white space that starts at i ends.
func (s *ednScanner) blank(i int) int {
	for i < len(s.src) && edn.IsSpace(s.src[i]) {
		i++
	}
	return i
}

// txn reads micro-ops, the first of which starts at i, and the closing bracket behind them.
func (s *ednScanner) txn(i int) (end int, ok bool) {
	for i < len(s.src) {
		switch s.src[i] {
		case ']':
			return i + 1, true
		case '[':
			if i, ok = s.mop(i + 1); !ok {
				return 0, false
			}
			i = s.blank(i)
		default:
			return 0, false
		}
	}
	return 0, false
}

// mop reads on behind a micro-op's opening bracket: f, key and perhaps an argument.
func (s *ednScanner) mop(i int) (end int, ok bool) {
	var m scratchMop
	if i >= len(s.src) || s.src[i] != ':' && s.src[i] != '"' {
		return 0, false
	}
	if m.f, i, ok = s.leaf(i); !ok {
		return 0, false
	}
	if m.key, i, ok = s.item(s.blank(i)); !ok {
		return 0, false
	}
	if i = s.blank(i); i >= len(s.src) {
		return 0, false
	}
	switch c := s.src[i]; {
	case c == ']':
		m.shape, m.arg = NoArg, Nil
		s.mops = append(s.mops, m)
		return i + 1, true
	case m.f == symR && c == '[':
		m.shape, m.from = List, len(s.elems)
		i, ok = s.list(i+1, ']')
		m.to = len(s.elems)
	case m.f == symR && c == '(':
		return 0, false
	default:
		m.shape = Scalar
		m.arg, i, ok = s.item(i)
	}
	if !ok {
		return 0, false
	}
	if i = s.blank(i); i >= len(s.src) || s.src[i] != ']' {
		return 0, false
	}
	s.mops = append(s.mops, m)
	return i + 1, true
}

// symR is the keyword :r.
const symR = symTable | (firstMopName + Sym(MopR))

// list appends the elements up to closer to scratch elems.
func (s *ednScanner) list(i int, closer byte) (end int, ok bool) {
	src := s.src
	for i < len(src) {
		c := src[i]
		if c == ' ' {
			i++
			continue
		}
		// The usual element is a short number: nothing is called for it.
		if n := uint32(c - '0'); n-1 < 9 {
			j := i + 1
			for j < len(src) && src[j]-'0' <= 9 {
				n = n*10 + uint32(src[j]-'0')
				j++
			}
			if j-i < 10 && j < len(src) && (src[j] == ' ' || src[j] == closer) {
				s.elems = append(s.elems, Sym(n))
				i = j
				continue
			}
		}
		if c == closer {
			return i + 1, true
		}
		if edn.IsSpace(c) {
			i++
			continue
		}
		sym, j, ok := s.item(i)
		if !ok {
			return 0, false
		}
		s.elems = append(s.elems, sym)
		i = j
	}
	return 0, false
}

// item is the Sym of any value that starts at i, by way of its tree where need be.
func (s *ednScanner) item(i int) (sym Sym, end int, ok bool) {
	if i >= len(s.src) {
		return 0, 0, false
	}
	if sym, end, ok = s.leaf(i); ok {
		return sym, end, true
	}
	switch s.src[i] {
	case '#', '^', ';', ']', ')', '}': // perhaps there is no value here
		return 0, 0, false
	case '{': // perhaps the next operation, after a bracket that is missing
		return 0, 0, false
	case '[':
		if end, ok = s.passOver(i); ok {
			if sym, ok = s.known(i, end); ok {
				return sym, end, true
			}
		}
	}
	v, n, err := edn.Parse(s.src[i:])
	if err != nil {
		return 0, 0, false
	}
	return s.learn(i, i+n, s.c.symValue(v)), i + n, true
}

// Short composite values, such as the [old new] of a compare-and-set, are remembered by their text.
const (
	maxKnown     = 1 << 14
	maxKnownText = 48
)

func (s *scanner) known(from, to int) (sym Sym, ok bool) {
	if to-from > maxKnownText {
		return 0, false
	}
	sym, ok = s.texts[string(s.src[from:to])]
	return sym, ok
}

func (s *scanner) learn(from, to int, sym Sym) Sym {
	if to-from <= maxKnownText && len(s.texts) < maxKnown {
		if s.texts == nil {
			s.texts = make(map[string]Sym)
		}
		s.texts[string(s.src[from:to])] = sym
	}
	return sym
}

// leaf is the Sym of the small integer, keyword, nil, truth value, or string without escapes that starts at i.
func (s *ednScanner) leaf(i int) (sym Sym, end int, ok bool) {
	if i >= len(s.src) {
		return 0, 0, false
	}
	switch c := s.src[i]; {
	case c == ':':
		end := s.tokenEnd(i + 1)
		if end == i+1 || end < len(s.src) && !edn.IsDelimiter(s.src[end]) {
			return 0, 0, false
		}
		return s.keyword(s.src[i+1 : end]), end, true
	case c == '"':
		if end = plainString(s.src, i); end < 0 {
			return 0, 0, false
		}
		return s.c.symToken(edn.String, s.src[i+1:end-1]), end, true
	case c-'0' <= 9 || c == '-':
		n, end, ok := s.int(i)
		if !ok {
			return 0, 0, false
		}
		return s.c.symInt(n), end, true
	case c == 'n' || c == 't' || c == 'f':
		end := s.tokenEnd(i)
		switch string(s.src[i:end]) {
		case "nil":
			return Nil, end, true
		case "true":
			return True, end, true
		case "false":
			return False, end, true
		}
	}
	return 0, 0, false
}

// keyword is the Sym of a keyword, quickly for the names of micro-ops.
func (s *scanner) keyword(name []byte) Sym {
	switch string(name) {
	case "r":
		return symR
	case "append":
		return symTable | (firstMopName + Sym(MopAppend))
	case "w":
		return symTable | (firstMopName + Sym(MopW))
	}
	return s.c.symToken(edn.Keyword, name)
}

// int reads an integer of at most 18 digits, in base ten.
func (s *ednScanner) int(i int) (n int64, end int, ok bool) {
	n, end, ok = digits(s.src, i)
	if ok && end < len(s.src) && !edn.IsDelimiter(s.src[end]) {
		return 0, 0, false
	}
	return n, end, ok
}

// digits reads -?(0|[1-9]d*) of at most 18 digits.
func digits(src []byte, i int) (n int64, end int, ok bool) {
	neg := i < len(src) && src[i] == '-'
	if neg {
		i++
	}
	from := i
	for i < len(src) && src[i]-'0' <= 9 {
		n = n*10 + int64(src[i]-'0')
		i++
	}
	if i == from || i-from > 18 || src[from] == '0' && i-from > 1 {
		return 0, 0, false
	}
	if neg {
		n = -n
	}
	return n, i, true
}

// plainString is where a string without escapes, whose opening quote is at i, ends; -1 if it isn't one.
func plainString(src []byte, i int) int {
	for i++; i < len(src); i++ {
		switch src[i] {
		case '"':
			return i + 1
		case '\\':
			return -1
		}
	}
	return -1
}

// tokenEnd is where a token ends: at a delimiter, or at a control character, which is an error.
func (s *scanner) tokenEnd(i int) int {
	for i < len(s.src) {
		if c := s.src[i]; c <= ' ' || edn.IsDelimiter(c) {
			break
		}
		i++
	}
	return i
}

// token is the text from here to the token's end.
func (s *scanner) token() []byte { return s.src[s.pos:s.tokenEnd(s.pos)] }

// quick reads a field that is no value: the usual forms of type, process, f, time and index. It is false for any other.
func (s *ednScanner) quick(f field) bool {
	if s.plain {
		return false
	}
	switch f {
	case fieldType:
		if s.src[s.pos] != ':' {
			return false
		}
		end := s.tokenEnd(s.pos)
		t, ok := typeOf(s.src[s.pos+1 : end])
		if ok {
			s.c.setType(t)
			s.pos = end
		}
		return ok
	case fieldTime, fieldIndex:
		n, end, ok := s.int(s.pos)
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
func (s *ednScanner) extra(name Sym) *fault {
	at := s.pos
	if end, ok := s.passOver(at); ok && !s.plain {
		s.pos = end
	} else if _, bad := s.tree(); bad != nil {
		return bad
	}
	s.c.extra(name, int64(at), int64(s.pos))
	return nil
}

// passOver is where a scalar, or a vector of scalars, ends.
func (s *ednScanner) passOver(i int) (end int, ok bool) {
	if s.src[i] != '[' {
		return s.passLeaf(i)
	}
	for i++; ; {
		if i = s.blank(i); i >= len(s.src) {
			return 0, false
		}
		if s.src[i] == ']' {
			return i + 1, true
		}
		if i, ok = s.passLeaf(i); !ok {
			return 0, false
		}
	}
}

func (s *ednScanner) passLeaf(i int) (end int, ok bool) {
	switch c := s.src[i]; {
	case c == '"':
		end = plainString(s.src, i)
		return end, end > 0
	case c == ':' || c|0x20 >= 'a' && c|0x20 <= 'z':
		end = s.tokenEnd(i)
		return end, end > i+1 && (end == len(s.src) || edn.IsDelimiter(s.src[end]))
	case c-'0' <= 9 || c == '-':
		_, end, ok = s.int(i)
		return end, ok
	}
	return 0, false
}
