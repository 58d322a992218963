package render

import (
	"fmt"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// maxTitle is how many characters of a shortened value are shown on hover.
const maxTitle = 500

// article shows one anomaly: a cycle as its story beside its drawing, any other as a table of what contradicts what.
// name is that of its picture; number is its place among its kind, from 0, as in the names of files.
func (p *htmlPage) article(a check.Anomaly, name string, number int, open bool) {
	if open {
		p.open("details", "class", "anomaly", "open", "open")
	} else {
		p.open("details", "class", "anomaly")
	}
	p.open("summary")
	p.text(fmt.Sprintf("%s #%d", a.Kind, number))
	p.elem("span", " "+p.brief(a), "class", "dim")
	p.shut("summary")
	if isLinear(a.Kind) {
		p.linear(a, name)
	} else {
		p.sides(a, name)
	}
	p.recorded(a)
	p.shut("details")
	p.line()
}

// sides shows the story of an anomaly beside its drawings.
func (p *htmlPage) sides(a check.Anomaly, name string) {
	p.open("div", "class", "sides")
	p.open("div", "class", "story")
	p.line()
	p.ops(a)
	p.steps(a)
	if len(a.Steps) == 0 {
		p.contradiction(a)
	}
	p.shut("div")
	p.open("div", "class", "drawings")
	broad := p.isBroad(name)
	if !broad {
		p.drawing(a, name)
	}
	p.timeline(a)
	p.shut("div", "div")
	if broad {
		p.drawing(a, name)
	}
}

// brief tells an anomaly in a line, for its folded form: what a cycle is made of, or what key it is about, and where its
// first operation is.
func (p *htmlPage) brief(a check.Anomaly) string {
	const most = 4
	var parts []string
	for _, s := range a.Steps[:min(len(a.Steps), most)] {
		parts = append(parts, strings.TrimSpace(relShort(s.Type)+" "+keyOf(s)))
	}
	if len(a.Steps) > most {
		parts = append(parts, fmt.Sprintf("… %s steps", thousands(len(a.Steps))))
	}
	if key, ok := fieldOf(a, "key"); ok && len(parts) == 0 {
		parts = append(parts, "key "+clipText(key.String(), 30))
	}
	text := strings.Join(parts, ", ")
	if len(a.Ops) > 0 {
		text += fmt.Sprintf(" · %s · from %s", count(len(a.Ops), p.nounOf(a)), lineText(p.h, a.Ops[0]))
	}
	return strings.TrimPrefix(text, " · ")
}

// nounOf is what the operations of an anomaly are.
func (p *htmlPage) nounOf(a check.Anomaly) string {
	if len(a.Ops) > 0 && p.h.Kind(a.Ops[0]) != history.KindTxn {
		return "operation"
	}
	return "transaction"
}

// ops lists operations: what each did, and where it can be found.
func (p *htmlPage) ops(a check.Anomaly) {
	limit := min(len(a.Ops), maxOps)
	p.open("ol", "class", "ops")
	for i, id := range a.Ops[:limit] {
		p.open("li", "class", p.h.Type(id).String())
		p.elem("b", fmt.Sprintf("T%d", i+1), "class", "t")
		p.open("div")
		p.open("code", "class", "mops")
		for _, w := range p.mops(a, i) {
			p.mop(w)
		}
		p.shut("code")
		p.where(a, i)
		p.shut("div", "li")
		p.line()
	}
	p.shut("ol")
	if left := len(a.Ops) - limit; left > 0 {
		p.elem("p", fmt.Sprintf("… and %s more.", thousands(left)), "class", "more")
	}
}

// mopWord is a micro-op as it is shown.
type mopWord struct {
	text string
	full string // what text leaves out; empty if nothing
	hot  bool   // the anomaly is about it
	gap  bool   // stands for micro-ops that are left out
}

// mop writes one micro-op.
func (p *htmlPage) mop(w mopWord) {
	tag, attrs := "span", []string{"class", "mop"}
	if w.hot {
		tag = "mark"
	}
	if w.full != "" {
		attrs = append(attrs, "title", clipText(w.full, maxTitle))
	}
	if w.gap {
		attrs[1] = "dim"
	}
	p.elem(tag, w.text, attrs...)
	p.text(" ")
}

// mops are the micro-ops of an anomaly's operation i that are shown: all of a short transaction; of a long one those
// that the anomaly is about.
func (p *htmlPage) mops(a check.Anomaly, i int) []mopWord {
	h, id, f := p.h, a.Ops[i], focusOn(a, i)
	if h.Kind(id) != history.KindTxn {
		text := strings.Join(p.words.opWords(id, f), " ")
		return []mopWord{{text: text, full: longer(h.Op(id).Value.String(), text)}}
	}
	mops, blank := h.Mops(id), h.Blank(id)
	f.pick(h, a, i, mops, blank)
	var list []mopWord
	skipped := 0
	gap := func() {
		if skipped > 0 {
			list = append(list, mopWord{text: skippedText(skipped), gap: true})
			skipped = 0
		}
	}
	for j := range mops {
		m := &mops[j]
		if len(mops) > maxMops && !f.wants(h, m, j) {
			skipped++
			continue
		}
		gap()
		w := mopWord{text: p.words.mopText(m, blank, f), hot: f.hot(h, m, j)}
		if m.Shape != history.List || m.Len <= maxTitle {
			w.full = longer(h.MopValue(m, blank).String(), w.text)
		}
		list = append(list, w)
	}
	gap()
	return list
}

// pick adds to a focus the micro-op that the anomaly's fields show, which is one of its first operation.
func (f *focus) pick(h *history.History, a check.Anomaly, i int, mops []history.Mop, blank bool) {
	want, ok := fieldOf(a, "mop")
	if !ok || i > 0 || weight(want, maxWhole) >= maxWhole {
		return
	}
	for j := range mops {
		if m := &mops[j]; m.Shape != history.List || int(m.Len) < maxWhole {
			if edn.Equal(h.MopValue(m, blank), want) {
				f.mops[j] = true
				return
			}
		}
	}
}

// longer is the whole text if the shown one is shortened.
func longer(whole, shown string) string {
	if whole == shown {
		return ""
	}
	return whole
}

// hot tells whether an anomaly is about micro-op i: it names it, or names its key and no micro-op.
func (f focus) hot(h *history.History, m *history.Mop, i int) bool {
	if f.mops[i] {
		return true
	}
	if m.Shape == history.Odd {
		return false
	}
	key := h.Value(h.KeySym(m.Key))
	for _, k := range f.keys {
		if edn.Equal(k, key) {
			return true
		}
	}
	return false
}

// where tells the part that an operation plays, and where it is in the file.
func (p *htmlPage) where(a check.Anomaly, i int) {
	id := a.Ops[i]
	p.open("span", "class", "where")
	if role := roleOf(a, i); role != "" {
		p.elem("span", role, "class", "role")
		p.text(" · ")
	}
	p.text(lineText(p.h, id))
	if p.h.Client(id) {
		p.text(fmt.Sprintf(" · process %s", p.h.ProcName(p.h.Proc(id))))
	}
	p.text(" · ")
	if index := fmt.Sprintf("index %d", p.h.Index(id)); p.o.Timeline != nil && p.o.Timeline.Page.Shows(id) {
		p.elem("a", index, "href", fmt.Sprintf("%s#i%d", p.o.Timeline.Href, p.h.Index(id)))
	} else {
		p.text(index)
	}
	if t := p.times(id); t != "" {
		p.text(" · " + t)
	}
	p.text(" · ")
	p.elem("span", p.h.Type(id).String(), "class", "type")
	p.shut("span")
}

// times is when an operation began and ended, as far as that was recorded.
func (p *htmlPage) times(id history.ID) string {
	from, to := spanOf(p.h, id)
	at := func(id history.ID) string {
		if id == history.None || p.h.Time(id) == history.NoTime {
			return ""
		}
		return clock(p.h.Time(id))
	}
	begin, end := at(from), at(to)
	switch {
	case begin == "" && end == "":
		return ""
	case begin == "" || to == from:
		return end
	case end == "":
		return "from " + begin
	}
	return begin + " – " + end
}

// spanOf is the invocation and the completion of an operation; None where there is none.
func spanOf(h *history.History, id history.ID) (from, to history.ID) {
	pair := h.Pair(id)
	switch {
	case h.Type(id) == history.Invoke:
		return id, pair
	case pair == history.None:
		return id, id
	}
	return pair, id
}

// clock is a time since the start of the run: in milliseconds at first, then in seconds.
func clock(ns int64) string {
	text, unit := fmt.Sprintf("%.3f", float64(ns)/1e6), " ms"
	if ns >= 10e9 {
		text, unit = fmt.Sprintf("%.6f", float64(ns)/1e9), " s"
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + unit
}

// steps tells in words why each transaction of a cycle comes before the next.
func (p *htmlPage) steps(a check.Anomaly) {
	if len(a.Steps) == 0 {
		return
	}
	p.open("ol", "class", "steps")
	limit := min(len(a.Steps), maxOps)
	for i, s := range a.Steps[:limit] {
		from, to := stepEnds(a, i)
		last := i+1 == len(a.Steps)
		class := "step"
		if last {
			class = "step last"
		}
		p.open("li", "class", class)
		p.open("span", "class", "edge "+relClass(s.Type))
		p.elem("b", fmt.Sprintf("T%d", from), "class", "t")
		p.elem("span", relShort(s.Type), "class", "rel")
		p.elem("b", fmt.Sprintf("T%d", to), "class", "t")
		p.shut("span")
		p.open("span", "class", "why")
		text := stepStart(from, to, i, last) + shortenLists(reason(s), focusOn(a, i))
		p.sentence(text + map[bool]string{true: ": a contradiction.", false: "."}[last])
		p.shut("span", "li")
		p.line()
	}
	p.shut("ol")
	if left := len(a.Steps) - limit; left > 0 {
		p.elem("p", fmt.Sprintf("… and %s more steps.", thousands(left)), "class", "more")
	}
}

// stepStart begins the sentence of a step.
func stepStart(from, to, i int, last bool) string {
	switch {
	case from == to:
		return fmt.Sprintf("T%d must come before itself, because ", from)
	case last && i > 0:
		return fmt.Sprintf("But T%d must come before T%d, because ", from, to)
	}
	return fmt.Sprintf("T%d must come before T%d, because ", from, to)
}

// maxSentence is how many characters of a sentence are shown: the values in it may be of any length.
const maxSentence = 2000

// sentence writes a sentence with the names of transactions in bold.
func (p *htmlPage) sentence(text string) {
	for i, w := range strings.Split(clipText(text, maxSentence), " ") {
		if i > 0 {
			p.text(" ")
		}
		name := strings.TrimRight(w, ".,:;")
		if len(name) < 2 || name[0] != 'T' || strings.Trim(name[1:], "0123456789") != "" {
			p.text(w)
			continue
		}
		p.elem("b", name)
		p.text(w[len(name):])
	}
}

// recorded holds the operations just as the history has them, further fields included.
func (p *htmlPage) recorded(a check.Anomaly) {
	if len(a.Ops) == 0 {
		return
	}
	p.open("details", "class", "recorded")
	p.elem("summary", "As recorded")
	p.open("pre")
	for i, id := range a.Ops[:min(len(a.Ops), maxOps)] {
		p.text(fmt.Sprintf("T%d  %s\n", i+1, clipText(p.opText(id), maxRecorded)))
	}
	p.shut("pre", "details")
	p.line()
}

// maxRecorded is how many characters of an operation are shown as recorded; maxWhole how many elements and micro-ops it
// may have for that.
const (
	maxRecorded = 4000
	maxWhole    = 20000
)

// opText is an operation as a map, unless it is so large that it would be cut anyway.
func (p *htmlPage) opText(id history.ID) string {
	n := 0
	if p.h.Kind(id) == history.KindTxn {
		mops := p.h.Mops(id)
		for i := range mops {
			n += 1 + int(mops[i].Len)
		}
	}
	if n > maxWhole {
		return fmt.Sprintf("(%s elements: see %s of the file)", thousands(n), lineText(p.h, id))
	}
	return OpMap(p.h.Op(id)).String()
}
