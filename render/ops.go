package render

import (
	"fmt"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// How much of an operation a report shows unless it is verbose. An anomaly is understood from the few micro-ops and
// elements that it is about.
const (
	maxOps    = 40 // operations of one anomaly
	maxFree   = 5  // operations of an anomaly that isn't a cycle
	maxMops   = 10 // micro-ops of a transaction
	maxElems  = 8  // elements of a read
	around    = 1  // elements shown on either side of an interesting one
	maxShown  = 16 // interesting elements of a read
	maxLetter = 60 // characters of any other value
	indented  = 20 // columns before an operation that begins its line
)

// ops shows operations as T1 = ..., each with its place in the file.
func (p *page) ops(ids []history.ID, a check.Anomaly) {
	limit := len(ids)
	if !p.o.Verbose && len(a.Steps) == 0 && !isLinear(a.Kind) {
		limit = min(limit, maxFree)
	} else if !p.o.Verbose {
		limit = min(limit, maxOps)
	}
	for i, id := range ids[:limit] {
		head := fmt.Sprintf("  %s = ", p.paint(bold, fmt.Sprintf("T%d", i+1)))
		words := append(p.opWords(id, focusOn(a, i)), p.place(id))
		p.wrap(head, strings.Repeat(" ", columns(head)), words)
		if p.o.Verbose {
			for _, f := range p.h.Op(id).Extra {
				p.wrap("       ", "         ", []string{f.Name + ":", f.Value.String()})
			}
		}
	}
	if left := len(ids) - limit; left > 0 {
		p.line("  ... and %s more (-v shows them)", thousands(left))
	}
}

// place says where an operation is in the file, who did it, and how it ended if not well.
func (p *page) place(id history.ID) string {
	text := "(" + lineText(p.h, id)
	if p.h.Client(id) {
		text += fmt.Sprintf(", process %s", p.h.ProcName(p.h.Proc(id)))
	}
	if t := p.h.Type(id); t != history.OK {
		text += ", " + t.String()
	}
	return text + ")"
}

// lineText says on which line an operation is.
func lineText(h *history.History, id history.ID) string {
	pos := h.Pos(id)
	if pos.Column > indented {
		return fmt.Sprintf("line %d:%d", pos.Line, pos.Column) // several operations share the line
	}
	return fmt.Sprintf("line %d", pos.Line)
}

// focus is what an anomaly is about in one of its operations.
type focus struct {
	mops   map[int]bool // places of micro-ops
	keys   []edn.Value
	points []point // elements or register values
	from   int     // an element's place from which reads are of interest; -1 if none
}

// point is a value that matters, of the key that it belongs to if that is known.
type point struct {
	key   edn.Value // nil if any
	value edn.Value
}

// of are the values that matter in micro-ops on a key.
func (f focus) of(key edn.Value) []edn.Value {
	var values []edn.Value
	for _, p := range f.points {
		if p.key.IsNil() || edn.Equal(p.key, key) {
			values = append(values, p.value)
		}
	}
	return values
}

// all are the values that matter anywhere.
func (f focus) all() []edn.Value {
	var values []edn.Value
	for _, p := range f.points {
		values = append(values, p.value)
	}
	return values
}

// focusOn gathers from an anomaly's steps and fields what its operation number i shows.
func focusOn(a check.Anomaly, i int) focus {
	f := focus{mops: map[int]bool{}, from: -1}
	f.add(a.Fields)
	n := len(a.Ops)
	for j, s := range a.Steps {
		switch {
		case j%n == i:
			f.addStep(s, "a-mop-index")
		case (j+1)%n == i:
			f.addStep(s, "b-mop-index")
		}
	}
	return f
}

// addStep takes the micro-op that a step names; without one, all micro-ops on the step's key.
func (f *focus) addStep(s check.Step, index string) {
	keys := len(f.keys)
	f.add(s.Fields)
	if i, ok := intField(s.Fields, index); ok && i >= 0 {
		f.mops[i] = true
		f.keys = f.keys[:keys]
	}
}

// add takes keys and values from fields of the names that the original uses.
func (f *focus) add(fields []history.Field) {
	var key edn.Value
	for _, x := range fields {
		switch {
		case x.Name == "key":
			key = x.Value
		case x.Name == "mop" && len(x.Value.Items) > 1:
			key = x.Value.Items[1]
		}
	}
	if !key.IsNil() {
		f.keys = append(f.keys, key)
	}
	for _, x := range fields {
		switch x.Name {
		case "value", "value'", "element":
			f.points = append(f.points, point{key, x.Value})
		case "duplicates":
			for i := 0; i+1 < len(x.Value.Items); i += 2 {
				f.points = append(f.points, point{key, x.Value.Items[i]})
			}
		case "values":
			f.from = divergence(x.Value)
		}
	}
}

// divergence is the first place at which two lists differ, or -1.
func divergence(v edn.Value) int {
	if len(v.Items) != 2 {
		return -1
	}
	a, b := v.Items[0].Items, v.Items[1].Items
	for i := range min(len(a), len(b)) {
		if !edn.Equal(a[i], b[i]) {
			return i
		}
	}
	return -1
}

// opWords is an operation's value, as words that a line may be broken between.
func (p *page) opWords(id history.ID, f focus) []string {
	if p.h.Kind(id) != history.KindTxn {
		op := p.h.Op(id)
		text := op.Value.String()
		if !op.F.IsNil() {
			text = op.F.String() + " " + text
		}
		return []string{p.clip(text)}
	}
	mops, blank := p.h.Mops(id), p.h.Blank(id)
	var words []string
	skipped := 0
	for i := range mops {
		if !p.o.Verbose && len(mops) > maxMops && !f.wants(p.h, &mops[i], i) {
			skipped++
			continue
		}
		if skipped > 0 {
			words = append(words, skippedText(skipped))
			skipped = 0
		}
		words = append(words, p.mopText(&mops[i], blank, f))
	}
	if skipped > 0 {
		words = append(words, skippedText(skipped))
	}
	return words
}

func skippedText(n int) string { return fmt.Sprintf("…%d more…", n) }

// wants tells whether a micro-op of a long transaction is to be shown.
func (f focus) wants(h *history.History, m *history.Mop, i int) bool {
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
	return len(f.mops) == 0 && len(f.keys) == 0 && i < maxMops
}

// mopText is a micro-op; a long read is shortened around what is of interest in it.
func (p *page) mopText(m *history.Mop, blank bool, f focus) string {
	if p.o.Verbose || blank || m.Shape != history.List || m.Len <= maxElems {
		return p.clip(p.h.MopValue(m, blank).String())
	}
	elems := p.h.List(m.List())[:m.Len]
	key := p.h.Value(p.h.KeySym(m.Key))
	var syms []history.Sym
	for _, v := range f.of(key) {
		if sym, known := p.h.Lookup(v); known {
			syms = append(syms, sym)
		}
	}
	show := window(len(elems), len(syms), f.from, func(i, j int) bool { return elems[i] == syms[j] })
	list := spread(len(elems), show, func(i int) string { return p.clip(p.h.Value(elems[i]).String()) })
	return fmt.Sprintf("[%s %s %s]", p.h.MopName(m.F), key, list)
}

// window tells which of the n elements of a list to show: those of interest and their neighbours; without any, the
// end, since a read is remembered for the last thing that it saw. is tells whether element i is the j-th of m
// interesting values; the element at from is of interest as well, unless that is -1. Of many the first are shown: there
// may be as many values as elements.
func window(n, m, from int, is func(i, j int) bool) []bool {
	show := make([]bool, n)
	hits := 0
	mark := func(i int) {
		hits++
		for j := max(i-around, 0); j <= min(i+around, n-1); j++ {
			show[j] = true
		}
	}
	if from >= 0 && from < n {
		mark(from)
	}
	for j := range min(m, maxShown) {
		for i := 0; i < n && hits < maxShown; i++ {
			if is(i, j) {
				mark(i)
			}
		}
	}
	if hits == 0 {
		mark(n - 1)
	}
	return show
}

// spread prints a list of n elements with a mark for each gap, and its length at the end.
func spread(n int, show []bool, text func(i int) string) string {
	var parts []string
	for i := range n {
		switch {
		case show[i]:
			parts = append(parts, text(i))
		case i == 0 || show[i-1]:
			parts = append(parts, "…")
		}
	}
	return fmt.Sprintf("[%s](%s long)", strings.Join(parts, " "), thousands(n))
}

// clip cuts a long text unless everything is to be shown.
func (p *page) clip(s string) string {
	if p.o.Verbose || columns(s) <= maxLetter {
		return s
	}
	r := []rune(s)
	return string(r[:maxLetter]) + "…"
}
