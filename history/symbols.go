package history

import (
	"encoding/binary"
	"hash/maphash"
	"math/rand/v2"
	"strconv"
	"unicode/utf8"

	"jcheck/internal/edn"
)

// symbols gives every value that isn't a small integer a number: first come, first numbered. The text of an entry is a
// byte for the kind, then the characters of a string, keyword or symbol, the 8 bytes of an integer, or (compositeTag) the
// canonical EDN bytes of anything else, so that equal values have equal text whoever built them.
type symbols struct {
	seed    maphash.Seed // random, against crafted collisions; numbers don't depend on it
	slots   []uint32     // open addressing, a power of two: entry+1, or 0 for free
	entries []symEntry
	text    []byte
	values  []Value // the composite values themselves, in the spelling that came first
}

// symEntry is an entry's place in text; it ends where the next one starts.
type symEntry struct {
	start int64
	hash  uint32
	value int32 // index in values, or -1
}

const compositeTag = 0xff

// firstMopName is the entry of :r. The names of the known micro-op functions follow the constants in every table, in the
// order of their codes, so that telling a function's code is one subtraction.
const firstMopName = 3

func newSymbols() *symbols {
	t := &symbols{seed: maphash.MakeSeed(), slots: make([]uint32, 64)}
	t.intern(byte(edn.Nil), nil, nil)
	t.intern(byte(edn.Bool), []byte{0}, nil)
	t.intern(byte(edn.Bool), []byte{1}, nil)
	for _, name := range [MopOther]string{"r", "append", "w", "insert", "delete", "rp"} {
		t.token(edn.Keyword, []byte(name))
	}
	return t
}

// integer is the Sym of n, whatever its size.
func (t *symbols) integer(n int64) Sym {
	if n >= 0 && n < int64(symTable) {
		return Sym(n)
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	return t.intern(byte(edn.Int), b[:], nil)
}

// token is the Sym of a string, keyword, symbol or character, given as its text. (Numbers have several spellings: see
// value.)
func (t *symbols) token(kind edn.Kind, tok []byte) Sym {
	switch kind {
	case edn.String, edn.Keyword, edn.Symbol:
		return t.intern(byte(kind), tok, nil)
	case edn.Char:
		r, _ := utf8.DecodeRune(tok)
		return t.value(edn.NewChar(r))
	default:
		return t.value(edn.Value{Kind: kind, Text: string(tok)})
	}
}

// value is the Sym of any value.
func (t *symbols) value(v Value) Sym {
	s, _ := t.place(v, true)
	return s
}

// find is the Sym of a value that the table knows already.
func (t *symbols) find(v Value) (Sym, bool) { return t.place(v, false) }

func (t *symbols) place(v Value, add bool) (Sym, bool) {
	var text []byte
	tag := byte(v.Kind)
	switch v.Kind {
	case edn.Nil:
		return Nil, true
	case edn.Bool:
		if v.Bool() {
			return True, true
		}
		return False, true
	case edn.Int:
		return t.placeInt(v.Int(), add)
	case edn.BigInt:
		if n, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			return t.placeInt(n, add)
		}
		tag, text = compositeTag, edn.AppendCanonical(nil, v)
	case edn.String, edn.Keyword, edn.Symbol:
		text = []byte(v.Text)
	default:
		tag, text = compositeTag, edn.AppendCanonical(nil, v)
	}
	if add {
		return t.intern(tag, text, &v), true
	}
	return t.lookup(tag, text)
}

func (t *symbols) placeInt(n int64, add bool) (Sym, bool) {
	if add || n >= 0 && n < int64(symTable) {
		return t.integer(n), true
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	return t.lookup(byte(edn.Int), b[:])
}

func (t *symbols) hash(tag byte, body []byte) uint32 {
	h := maphash.Bytes(t.seed, body) + uint64(tag)*0x9e3779b97f4a7c15
	return uint32(h ^ h>>32)
}

// entryText is the tag and body of entry i.
func (t *symbols) entryText(i int) []byte {
	end := int64(len(t.text))
	if i+1 < len(t.entries) {
		end = t.entries[i+1].start
	}
	return t.text[t.entries[i].start:end]
}

// slot is where the value is, or the free slot where it belongs.
func (t *symbols) slot(tag byte, body []byte, hash uint32) uint32 {
	mask := uint32(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		e := t.slots[i]
		if e == 0 {
			return i
		}
		if t.entries[e-1].hash != hash {
			continue
		}
		if text := t.entryText(int(e - 1)); text[0] == tag && string(text[1:]) == string(body) {
			return i
		}
	}
}

func (t *symbols) lookup(tag byte, body []byte) (Sym, bool) {
	if e := t.slots[t.slot(tag, body, t.hash(tag, body))]; e != 0 {
		return symTable | Sym(e-1), true
	}
	return Nil, false
}

// intern finds or adds an entry. A composite comes with its value, which is kept if it is new.
func (t *symbols) intern(tag byte, body []byte, v *Value) Sym {
	hash := t.hash(tag, body)
	i := t.slot(tag, body, hash)
	if e := t.slots[i]; e != 0 {
		return symTable | Sym(e-1)
	}
	e := symEntry{start: int64(len(t.text)), hash: hash, value: -1}
	if tag == compositeTag {
		e.value = int32(len(t.values))
		t.values = append(t.values, *v)
	}
	t.text = append(append(t.text, tag), body...)
	t.entries = append(t.entries, e)
	t.slots[i] = uint32(len(t.entries))
	if len(t.entries)*2 > len(t.slots) {
		t.grow()
	}
	return symTable | Sym(len(t.entries)-1)
}

func (t *symbols) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	mask := uint32(len(t.slots) - 1)
	for n, e := range t.entries {
		i := e.hash & mask
		for t.slots[i] != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = uint32(n + 1)
	}
}

// readable is the value that s stands for.
func (t *symbols) readable(s Sym) Value {
	if s < symTable {
		return edn.NewInt(int64(s))
	}
	n := int(s &^ symTable)
	text := t.entryText(n)
	body := text[1:]
	switch {
	case text[0] == compositeTag:
		return t.values[t.entries[n].value]
	case s == Nil:
		return Value{}
	case s == False, s == True:
		return edn.NewBool(s == True)
	case edn.Kind(text[0]) == edn.Int:
		return edn.NewInt(int64(binary.LittleEndian.Uint64(body)))
	default:
		return edn.Value{Kind: edn.Kind(text[0]), Text: string(body)}
	}
}

// kind is the kind of the value that s stands for.
func (t *symbols) kind(s Sym) edn.Kind {
	if s < symTable {
		return edn.Int
	}
	if text := t.entryText(int(s &^ symTable)); text[0] != compositeTag {
		return edn.Kind(text[0])
	}
	return t.readable(s).Kind
}

// absorb adds all of u's values and returns, for each of u's entries, its Sym here.
func (t *symbols) absorb(u *symbols) []Sym {
	to := make([]Sym, len(u.entries))
	for i, e := range u.entries {
		var v *Value
		if e.value >= 0 {
			v = &u.values[e.value]
		}
		text := u.entryText(i)
		to[i] = t.intern(text[0], text[1:], v)
	}
	return to
}

// renumber is a chunk's Sym in the merged table.
func renumber(to []Sym, s Sym) Sym {
	if s < symTable {
		return s
	}
	return to[s&^symTable]
}

// symIndex numbers Syms densely, in order of their first appearance (keys, processes, names of functions).
type symIndex struct {
	seed  uint64 // random, against crafted collisions
	slots []symSlot
	syms  []Sym
}

type symSlot struct {
	sym Sym
	id  int32 // +1; 0 is free
}

func newSymIndex() symIndex {
	return symIndex{seed: rand.Uint64(), slots: make([]symSlot, 16)}
}

func mix(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}

// id is the number of s, a new one if s wasn't seen before.
func (x *symIndex) id(s Sym) int32 {
	mask := uint64(len(x.slots) - 1)
	for i := mix(uint64(s)^x.seed) & mask; ; i = (i + 1) & mask {
		slot := &x.slots[i]
		if slot.id == 0 {
			x.syms = append(x.syms, s)
			*slot = symSlot{s, int32(len(x.syms))}
			n := slot.id - 1
			if len(x.syms)*2 > len(x.slots) {
				x.grow()
			}
			return n
		}
		if slot.sym == s {
			return slot.id - 1
		}
	}
}

func (x *symIndex) grow() {
	x.slots = make([]symSlot, 2*len(x.slots))
	mask := uint64(len(x.slots) - 1)
	for n, s := range x.syms {
		i := mix(uint64(s)^x.seed) & mask
		for x.slots[i].id != 0 {
			i = (i + 1) & mask
		}
		x.slots[i] = symSlot{s, int32(n + 1)}
	}
}
