package render

import (
	"cmp"
	"math"
	"slices"

	"jcheck/history"
)

// maxFunctions is how many functions of operations are told apart; the rarest share the last place.
const maxFunctions = 6

// deeds are the operations of a history's clients with their latencies, as pictures need them: numbers only, so that
// millions of them are gone through several times in a moment.
type deeds struct {
	h      *history.History
	origin int64  // 0, or the first time if that is far from 0
	last   uint64 // after the origin
	fs     []string
	slot   map[history.Sym]uint8 // of functions with a place of their own
	count  [maxFunctions][4]int  // by function and type
	open   int                   // operations that never completed
	timed  int                   // operations that have a latency
	least  uint64                // latency that isn't zero; 0 if there is none
	most   uint64
}

// deed is an operation: one that never completed is info, and lasts as long as the history.
type deed struct {
	slot     uint8
	kind     history.Type // OK, Fail or Info
	from, to uint64       // after the origin
	open     bool
	alone    bool // a completion that nobody invoked: it has no latency
}

// newDeeds looks through a history. ok is false if no operation of a client has times.
func newDeeds(h *history.History) (d *deeds, ok bool) {
	d = &deeds{h: h}
	first, last, any := int64(math.MaxInt64), int64(math.MinInt64), false
	counts := map[history.Sym]int{}
	var order []history.Sym
	for id := range h.All() {
		t := h.Time(id)
		if t == history.NoTime {
			continue
		}
		any = true
		first, last = min(first, t), max(last, t)
		if h.Client(id) && (h.Type(id) != history.Invoke || h.Pair(id) == history.None) {
			f := h.F(id)
			if counts[f] == 0 {
				order = append(order, f)
			}
			counts[f]++
		}
	}
	if !any {
		return d, false
	}
	if d.origin = first; first >= 0 && first <= last/2 {
		d.origin = 0
	}
	d.last = uint64(last) - uint64(d.origin)
	d.nameFunctions(order, counts)
	n := 0
	d.each(func(x deed) {
		n++
		d.count[x.slot][x.kind]++
		if x.open {
			d.open++
		}
		took := x.to - x.from
		if x.alone {
			return
		}
		d.timed++
		if d.most = max(d.most, took); took > 0 && (d.least == 0 || took < d.least) {
			d.least = took
		}
	})
	return d, n > 0
}

// nameFunctions gives the most frequent functions a place each, in the order of their first appearance.
func (d *deeds) nameFunctions(order []history.Sym, counts map[history.Sym]int) {
	keep := slices.Clone(order)
	slices.SortStableFunc(keep, func(a, b history.Sym) int { return cmp.Compare(counts[b], counts[a]) })
	if len(keep) > maxFunctions {
		keep = keep[:maxFunctions-1]
	}
	d.slot = make(map[history.Sym]uint8, len(keep))
	for _, f := range order {
		if !slices.Contains(keep, f) {
			continue
		}
		d.slot[f] = uint8(len(d.fs))
		name := d.h.Value(f)
		text := name.Text
		if text == "" {
			text = name.String()
		}
		d.fs = append(d.fs, clipText(text, 40))
		if len(d.slot) == len(keep) {
			break
		}
	}
	if len(order) > len(keep) {
		d.fs = append(d.fs, "others")
	}
}

// each yields the operations with their times, in the order of their first entries in the history.
func (d *deeds) each(do func(deed)) {
	h := d.h
	lastF, slot := history.Nil, d.slotOf(history.Nil)
	for id := range h.All() {
		if !h.Client(id) {
			continue
		}
		from, to, kind := id, h.Pair(id), history.Info
		switch {
		case h.Type(id) != history.Invoke && to != history.None:
			continue // its invocation stands for both
		case h.Type(id) != history.Invoke:
			to, kind = id, h.Type(id)
		case to != history.None:
			kind = h.Type(to)
		}
		begin := h.Time(from)
		if begin == history.NoTime || to != history.None && h.Time(to) == history.NoTime {
			continue
		}
		if f := h.F(id); f != lastF {
			lastF, slot = f, d.slotOf(f)
		}
		x := deed{slot: slot, kind: kind, from: uint64(begin) - uint64(d.origin), to: d.last, open: to == history.None, alone: to == from}
		if to != history.None {
			x.to = max(uint64(h.Time(to))-uint64(d.origin), x.from) // clocks may go back
			if h.Time(to) < begin {
				x.to = x.from
			}
		}
		do(x)
	}
}

// slotOf is a function's place; the last one is everybody else's.
func (d *deeds) slotOf(f history.Sym) uint8 {
	if s, ok := d.slot[f]; ok {
		return s
	}
	return uint8(max(len(d.fs)-1, 0))
}

// after is a time of the run on the axis of time.
func (d *deeds) after(ns int64) float64 {
	if ns <= d.origin {
		return 0
	}
	return float64(uint64(ns) - uint64(d.origin))
}

// total is how many operations of a function ended in some way.
func (d *deeds) total(slot int) int {
	return d.count[slot][history.OK] + d.count[slot][history.Fail] + d.count[slot][history.Info]
}
