package render

import (
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
)

// The bounds of a table of reads.
const (
	maxTables   = 5  // keys with tables, of one kind of anomaly in one result
	maxReadRows = 60 // reads
	maxReadCols = 24 // elements of each
	readLead    = 4  // elements shown before the first that differs
	readColors  = 6  // see the style
)

// keyRead is one read of a key's list.
type keyRead struct {
	id      history.ID
	list    []history.Sym
	witness bool
}

// readTables shows, for the keys that a group of incompatible orders is about, all their reads.
func (p *htmlPage) readTables(g group, level int) {
	var done []history.KeyID
	for _, a := range g.list {
		if len(done) == maxTables || p.full(true) {
			p.elem("p", "The reads of further keys are not shown.", "class", "more")
			return
		}
		key, ok := p.readKey(a)
		if ok && !slices.Contains(done, key) {
			done = append(done, key)
			p.readTable(key, a, level)
		}
	}
}

// readKey is the key whose list the operations of an incompatible order read.
func (p *htmlPage) readKey(a check.Anomaly) (history.KeyID, bool) {
	want, ok := fieldOf(a, "key")
	if !ok || len(a.Ops) == 0 {
		return 0, false
	}
	sym, ok := p.h.Lookup(want)
	if !ok {
		return 0, false
	}
	for _, m := range p.h.Mops(a.Ops[0]) {
		if m.Shape == history.List && p.h.KeySym(m.Key) == sym {
			return m.Key, true
		}
	}
	return 0, false
}

// reads are what the ok transactions read of a key, in the order of the history. In a history of independent keys, only
// those of the same one as the witnesses' count.
func (p *htmlPage) reads(key history.KeyID, a check.Anomaly) []keyRead {
	h := p.h
	own, keyed := h.Key(a.Ops[0])
	var list []keyRead
	for id := range h.All() {
		if h.Type(id) != history.OK || !h.Client(id) || h.Kind(id) != history.KindTxn {
			continue
		}
		if k, ok := h.Key(id); keyed && (!ok || k != own) {
			continue
		}
		mops := h.Mops(id)
		for i := range mops {
			if m := &mops[i]; m.Key == key && m.F == history.MopR && (m.Shape == history.List || m.Shape == history.Scalar) {
				r := keyRead{id: id, witness: slices.Contains(a.Ops, id)}
				if m.Shape == history.List {
					r.list = h.List(m.List())[:m.Len]
				}
				list = append(list, r)
			}
		}
	}
	return list
}

// fewReads are those of many reads that are shown: the witnesses, the longest, and as many of the others as there is
// room for, but none that shows the same as the one before.
func fewReads(all []keyRead, longest int) []keyRead {
	if len(all) <= maxReadRows {
		return all
	}
	room := maxReadRows - 1
	for i := range all {
		if all[i].witness && i != longest {
			room--
		}
	}
	var few []keyRead
	for i, r := range all {
		same := i > 0 && slices.Equal(r.list, all[i-1].list)
		switch {
		case i == longest || r.witness:
			few = append(few, r)
		case room > 0 && !same:
			few = append(few, r)
			room--
		}
	}
	return few[:min(len(few), 2*maxReadRows)]
}

// readTable shows all reads of a key: a row per read, a cell per element, coloured where it differs from the longest.
func (p *htmlPage) readTable(key history.KeyID, a check.Anomaly, level int) {
	all := p.reads(key, a)
	at := 0
	for i := range all {
		if len(all[i].list) > len(all[at].list) {
			at = i
		}
	}
	if len(all) == 0 {
		return
	}
	longest := all[at].list
	rows := fewReads(all, at)
	lo, hi := readWindow(rows, longest)
	heading := fmt.Sprintf("h%d", level)
	p.open(heading)
	p.text("All Reads of ")
	p.elem("code", clipText(p.h.Value(p.h.KeySym(key)).String(), maxLetter))
	p.shut(heading)
	p.readNote(len(rows), len(all), lo, hi, len(longest))
	p.open("div", "class", "scroll", "tabindex", "0", "role", "group", "aria-label", "Table of reads")
	p.open("table", "class", "reads")
	p.open("thead")
	p.open("tr")
	for _, name := range [...]string{"Index", "Time", "Process"} {
		p.elem("th", name, "scope", "col")
	}
	for c := lo; c < hi; c++ {
		p.elem("th", num(c+1), "scope", "col", "class", "place")
	}
	p.shut("tr", "thead")
	p.open("tbody")
	colors := map[history.Sym]int{}
	for _, r := range rows {
		p.readRow(r, a, longest, lo, hi, colors)
	}
	p.shut("tbody", "table", "div")
	p.line()
}

// readWindow is the range of places that a table shows: around the first at which a read differs from the longest.
func readWindow(rows []keyRead, longest []history.Sym) (lo, hi int) {
	first := len(longest)
	for _, r := range rows {
		for i, e := range r.list {
			if e != longest[i] {
				first = min(first, i)
				break
			}
		}
	}
	if lo = first - readLead; lo < 0 || len(longest) <= maxReadCols {
		lo = 0
	}
	return lo, min(lo+maxReadCols, len(longest))
}

// readNote says how a table is to be read, and what it leaves out.
func (p *htmlPage) readNote(rows, all, lo, hi, length int) {
	text := "One row per read by a committed transaction, in the order of the history. Coloured elements differ from the longest read."
	if rows < all {
		text += fmt.Sprintf(" Shown are %s of %s reads.", thousands(rows), thousands(all))
	}
	if hi-lo < length {
		text += fmt.Sprintf(" Shown are places %s to %s of %s.", thousands(lo+1), thousands(hi), thousands(length))
	}
	p.elem("p", text, "class", "meaning")
}

// readRow is one read. colors remembers the colour of each element that differs somewhere.
func (p *htmlPage) readRow(r keyRead, a check.Anomaly, longest []history.Sym, lo, hi int, colors map[history.Sym]int) {
	p.open("tr")
	p.open("th", "scope", "row")
	p.text(fmt.Sprint(p.h.Index(r.id)))
	if i := slices.Index(a.Ops, r.id); i >= 0 {
		p.text(" ")
		p.elem("b", fmt.Sprintf("T%d", i+1), "class", "t")
	}
	p.shut("th")
	when := "–"
	if t := p.h.Time(r.id); t != history.NoTime {
		when = clock(t)
	}
	p.elem("td", when)
	p.elem("td", p.h.ProcName(p.h.Proc(r.id)).String())
	for c := lo; c < hi && c < len(r.list); c++ {
		text := p.h.Value(r.list[c]).String()
		attrs := titled(longer(text, clipText(text, 12)))
		if r.list[c] != longest[c] {
			color, seen := colors[r.list[c]]
			if !seen {
				color = len(colors) % readColors
				colors[r.list[c]] = color
			}
			attrs = append(attrs, "class", fmt.Sprintf("differs d%d", color))
		}
		p.elem("td", clipText(text, 12), attrs...)
	}
	if len(r.list) == 0 {
		p.elem("td", "nothing", "class", "dim")
	}
	p.shut("tr")
	p.line()
}
