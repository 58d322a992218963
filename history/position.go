package history

import (
	"bytes"
	"sort"
	"sync"

	"jcheck/internal/edn"
)

// lineTable turns offsets into lines: the number of line ends before every block of the input, counted when first asked.
type lineTable struct {
	once   sync.Once
	before []int
}

const lineBlock = 1 << 20

// position is the place of an offset in the input.
func (c *core) position(off int64) Pos {
	off = max(0, min(off, int64(len(c.src))))
	c.lines.once.Do(func() {
		n := 0
		for from := 0; from <= len(c.src); from += lineBlock {
			c.lines.before = append(c.lines.before, n)
			n += bytes.Count(c.src[from:min(from+lineBlock, len(c.src))], []byte{'\n'})
		}
	})
	block := int(off / lineBlock)
	line := 1 + c.lines.before[block] + bytes.Count(c.src[block*lineBlock:off], []byte{'\n'})
	column := int(off) - bytes.LastIndexByte(c.src[:off], '\n')
	if i := sort.Search(len(c.files), func(i int) bool { return c.files[i].from > off }); i > 0 {
		f := c.files[i-1]
		line -= bytes.Count(c.src[:f.from], []byte{'\n'})
		return Pos{File: f.name, Offset: off - f.from, Line: line, Column: column}
	}
	return Pos{File: c.name, Offset: off, Line: line, Column: column}
}

// Pos is where the operation starts.
func (h *History) Pos(id ID) Pos { return h.position(h.off[id]) }

// extraFields parses the operation's further fields. One that can't be parsed is shown as a string of its bytes: the
// reader has seen where it ends, so this is an oddity of a single value.
func (h *History) extraFields(id ID) []Field {
	from := sort.Search(len(h.extras), func(i int) bool { return h.extras[i].op >= id })
	var fields []Field
	for _, x := range h.extras[from:] {
		if x.op != id {
			break
		}
		raw := h.src[x.from:x.to]
		v, err := h.parse(raw)
		if err != nil {
			v = edn.NewString(string(raw))
		}
		fields = append(fields, Field{Name: h.fieldName(x.name), Value: v})
	}
	return fields
}

// fieldName is a field's name without the colon of a keyword.
func (h *History) fieldName(s Sym) string {
	v := h.Value(s)
	if v.Kind == edn.Keyword || v.Kind == edn.String || v.Kind == edn.Symbol {
		return v.Text
	}
	return v.String()
}

func parseEDN(raw []byte) (Value, error) {
	v, _, err := edn.Parse(raw)
	return v, err
}
