package render

import (
	"io"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// maxAtOnce is up to how many anomalies of a kind have their entries in memory at a time. An entry takes some twenty times
// the memory of its text, and all anomalies of a broken database may be asked for.
const maxAtOnce = 100

// postponed are anomalies whose entries come to be only when they are laid out, one by one.
type postponed struct {
	h    *history.History
	list []check.Anomaly
}

// laterTag marks what stands for an entry. No reader gives a value such a tag. That it's long makes layout break lines
// around it, as it does around so many entries in any case.
const laterTag = "\x00an entry that comes to be as it is laid out, whose place is taken until then by a tag longer than the longest of all lines"

// entry is what stands for an anomaly's entry.
func (p *postponed) entry(a check.Anomaly) edn.Value {
	p.list = append(p.list, a)
	return edn.Value{Kind: edn.Tagged, Text: laterTag, Items: []edn.Value{edn.NewInt(int64(len(p.list) - 1))}}
}

// come is the entry that a value stands for; other values stand for themselves.
func (p *postponed) come(v edn.Value) edn.Value {
	if p == nil || v.Kind != edn.Tagged || v.Text != laterTag {
		return v
	}
	return entry(p.h, p.list[v.Items[0].Int()])
}

// spout passes finished text on, some at a time.
type spout struct {
	w   io.Writer
	err error // the first
}

// spoutful is how much text is kept before it's passed on.
const spoutful = 1 << 18

// pass takes what is finished, if that's much, and returns the rest.
func (o *spout) pass(text []byte) []byte {
	if o == nil || len(text) < spoutful {
		return text
	}
	return o.flush(text)
}

// flush takes all text.
func (o *spout) flush(text []byte) []byte {
	if o.err == nil {
		_, o.err = o.w.Write(text)
	}
	return text[:0]
}

// stream writes the text of a result as it comes to be.
func stream(w io.Writer, h *history.History, file string, r check.Result, s syntax) error {
	s.later, s.out = &postponed{h: h}, &spout{w: w}
	s.out.flush(append(layout(nil, withFile(file, resultMap(h, r, s.later)), 0, s), '\n'))
	return s.out.err
}
