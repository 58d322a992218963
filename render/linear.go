package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// The kinds of anomalies that are told of single operations and drawn as ways through time.
const (
	nonlinearizable = "nonlinearizable"
	nonsequential   = "nonsequential"
)

// isLinear tells whether an anomaly is of such a kind.
func isLinear(kind string) bool { return kind == nonlinearizable || kind == nonsequential }

// maxIdle is up to how many bars there may be for operations to be drawn that could have taken effect, but didn't in any way.
const maxIdle = 12

// How much of a value a picture of ways shows; the rest is there on hover.
const (
	maxDeed  = 26 // characters of an operation
	maxState = 12 // and of a state
)

// linearPicture shows how far an object's operations can be explained: a row for each process, operations as bars from
// invocation to completion, and ways from the left to the right through the moments at which they can have taken effect,
// each with the state that came of it. Each way ends where the operation to blame can't take effect.
//
// Time runs to the right, condensed: ends are the invocations and completions of the bars in the order of the history,
// and the slots between them are as wide as what is drawn there.
type linearPicture struct {
	h     *history.History
	name  string // beginning of the identifiers in it
	bars  []linearBar
	rows  []history.ProcID
	ends  []history.ID
	ticks []linearTick
	ways  []linearWay

	endX         []float64
	wide, height float64
}

// linearBar is one operation.
type linearBar struct {
	id       history.ID
	name     string // T1, ... if the story tells of it
	text     string // what it did, shortened
	full     string
	class    string
	from, to int // places in ends; to is -1 if it hadn't returned when the picture ends
	row      int
	x1, x2   float64
}

// linearTick is a moment at which an operation takes effect, or would have to.
type linearTick struct {
	bar   int // -1 for the beginning
	slot  int // between which ends
	rank  int // within the slot, along the way
	state string
	full  string
	wrong string // why it can't take effect; empty if it can
	x     float64
}

// linearWay is one way, as ticks.
type linearWay struct {
	ticks []int
	gaps  []int // operations that aren't drawn, before each tick
}

// newLinearPicture arranges what is drawn of an anomaly. Names are those of the story: T1 is the first of its operations.
func newLinearPicture(h *history.History, a check.Anomaly, name string) *linearPicture {
	p := &linearPicture{h: h, name: name}
	last := history.None
	if len(a.Paths) > 0 {
		last = completion(h, a.Paths[0].Op)
	}
	for i, id := range a.Ops {
		p.addBar(id, fmt.Sprintf("T%d", i+1))
	}
	for _, way := range a.Paths {
		p.addBar(way.Op, "")
		for _, t := range way.Before {
			p.addBar(t.Op, "")
		}
	}
	if pending, ok := fieldOf(a, "pending"); ok {
		for _, v := range pending.Items {
			if id, ok := check.AsOpRef(v); ok && len(p.bars) < maxIdle {
				p.addBar(id, "")
			}
		}
	}
	p.findEnds(last)
	p.findRows()
	if len(a.Paths) > 0 {
		p.bars[p.barOf(a.Paths[0].Op)].class += " wrong"
	}
	for _, way := range a.Paths {
		p.addWay(way)
	}
	p.layOut()
	return p
}

// completion is the end of an operation, or the operation itself if it has none.
func completion(h *history.History, id history.ID) history.ID {
	if _, to := spanOf(h, id); to != history.None {
		return to
	}
	return id
}

func (p *linearPicture) barOf(id history.ID) int {
	return slices.IndexFunc(p.bars, func(b linearBar) bool { return b.id == id })
}

// addBar adds an operation, if it isn't there.
func (p *linearPicture) addBar(id history.ID, name string) {
	if p.barOf(id) >= 0 {
		return
	}
	op := p.h.Op(id)
	b := linearBar{id: id, name: name, full: spelled(deedOf(op)), class: op.Type.String()}
	if op.Type == history.Invoke {
		b.class = history.Info.String()
	}
	if name != "" {
		b.class += " told"
	}
	b.text = strings.TrimSpace(name + " " + clipCells(b.full, maxDeed))
	p.bars = append(p.bars, b)
}

// deedOf is what an operation did, in as few words as a picture has room for: write 3.
func deedOf(op history.Op) string {
	f := op.F.Text
	if op.F.Kind != edn.Keyword {
		f = op.F.String()
	}
	if op.Value.IsNil() && (op.Type == history.Info || op.Type == history.Invoke || f == "acquire" || f == "release") {
		return f
	}
	return f + " " + op.Value.String()
}

// spelled is a text as markup shows it, so that its width is known.
func spelled(s string) string {
	if !strings.ContainsFunc(s, isTurn) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		if isTurn(c) {
			fmt.Fprintf(&b, "\\u%04X", c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// findEnds puts the invocations and completions of the bars in order; what comes after the last one that matters is
// beyond the picture.
func (p *linearPicture) findEnds(last history.ID) {
	for _, b := range p.bars {
		from, to := spanOf(p.h, b.id)
		p.ends = append(p.ends, from)
		if p.returns(to, last) {
			p.ends = append(p.ends, to)
		}
	}
	slices.Sort(p.ends)
	p.ends = slices.Compact(p.ends)
	for i := range p.bars {
		from, to := spanOf(p.h, p.bars[i].id)
		p.bars[i].from, _ = slices.BinarySearch(p.ends, from)
		p.bars[i].to = -1
		if p.returns(to, last) {
			p.bars[i].to, _ = slices.BinarySearch(p.ends, to)
		}
	}
}

// returns tells whether a completion is one, and lies in the picture.
func (p *linearPicture) returns(to, last history.ID) bool {
	if to == history.None || last != history.None && to > last {
		return false
	}
	return p.h.Type(to) == history.OK || p.h.Type(to) == history.Fail
}

// findRows gives each process a row, the one that began first on top, and puts the bars in the order of time.
func (p *linearPicture) findRows() {
	slices.SortStableFunc(p.bars, func(a, b linearBar) int { return cmp.Compare(a.from, b.from) })
	for i := range p.bars {
		proc := p.h.Proc(p.bars[i].id)
		row := slices.Index(p.rows, proc)
		if row < 0 {
			row = len(p.rows)
			p.rows = append(p.rows, proc)
		}
		p.bars[i].row = row
	}
}

// addWay adds a way. Each operation takes effect as early as it can: after its invocation and after what came before it.
func (p *linearPicture) addWay(way check.Path) {
	w := linearWay{}
	slot, rank := -1, 0
	add := func(bar int, gap int, state edn.Value, wrong string) {
		if bar >= 0 && p.bars[bar].from > slot {
			slot, rank = p.bars[bar].from, 0
		}
		full := spelled(state.String())
		w.ticks = append(w.ticks, p.tick(linearTick{bar: bar, slot: slot, rank: rank, full: full, state: clipCells(full, maxState), wrong: wrong}))
		w.gaps = append(w.gaps, gap)
		rank++
	}
	add(-1, 0, way.Start, "")
	for i, t := range way.Before {
		gap := t.After
		if i == 0 { // these came before the beginning
			gap = 0
		}
		add(p.barOf(t.Op), gap, t.State, "")
	}
	gap := way.After
	if len(way.Before) == 0 {
		gap = 0
	}
	if last := len(p.ends) - 2; slot < last {
		slot, rank = last, 0 // all ways end side by side
	}
	add(p.barOf(way.Op), gap, way.State, way.Reason)
	p.ways = append(p.ways, w)
}

// tick is where a tick is; ways share what they have in common.
func (p *linearPicture) tick(t linearTick) int {
	same := slices.IndexFunc(p.ticks, func(o linearTick) bool {
		return o.bar == t.bar && o.slot == t.slot && o.rank == t.rank && o.full == t.full && o.wrong == t.wrong
	})
	if same >= 0 {
		return same
	}
	p.ticks = append(p.ticks, t)
	return len(p.ticks) - 1
}

// inWords tells a way: "from 0: T1 write 1 → 1, 2 others, T2 read 2: can't read 2 from register 1".
func (p *linearPicture) inWords(w linearWay) string {
	var b strings.Builder
	for i, n := range w.ticks {
		t := p.ticks[n]
		if t.bar < 0 {
			b.WriteString("from " + clipText(t.full, maxTitle))
			continue
		}
		b.WriteString([...]string{":", ","}[min(i-1, 1)])
		if w.gaps[i] > 0 {
			fmt.Fprintf(&b, " %s,", count(w.gaps[i], "other"))
		}
		bar := p.bars[t.bar]
		b.WriteString(" " + strings.TrimSpace(bar.name+" "+clipText(bar.full, maxTitle)))
		if t.wrong != "" {
			b.WriteString(": " + clipText(t.wrong, maxTitle))
			continue
		}
		b.WriteString(" → " + clipText(t.full, maxTitle))
	}
	return b.String()
}
