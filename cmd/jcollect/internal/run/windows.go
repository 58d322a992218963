package run

import (
	"cmp"
	"fmt"
	"slices"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/internal/faults"
)

// A Window is the time during which a fault was on.
type Window struct {
	Name string // what was done: "partition", "kill"
	What string // to whom, as the nemesis said; "" if it didn't
	From int64  // ns since the start of the run, of the injection's invocation
	To   int64  // of the healing's completion; of the last operation if it was never healed
	Open bool   // it was never healed

	Wrong bool // its injection went wrong, in part at least
}

// String is the window in a line.
func (w Window) String() string {
	text := fmt.Sprintf("%s – %s  %s", seconds(w.From), seconds(w.To), w.Name)
	if w.What != "" {
		text += "  " + w.What
	}
	if w.Wrong {
		text += "  (the injection went wrong)"
	}
	if w.Open {
		text += "  (not healed in the history)"
	}
	return text
}

// seconds is a time of the run for people.
func seconds(ns int64) string { return fmt.Sprintf("%7.3f s", float64(ns)/1e9) }

// Windows are the times at which faults were on, by the nemesis' operations, in the order of their beginnings.
func Windows(h *history.History) []Window {
	found, last := faults.Of(h)
	var list []Window
	for _, w := range found {
		out := Window{Name: w.Fault, What: brief(w.Value), From: w.StartNS, To: w.EndNS, Wrong: w.Wrong}
		if w.EndNS < 0 {
			out.To, out.Open = last, true
		}
		list = append(list, out)
	}
	return list
}

// brief is a value on a line of a page.
func brief(v history.Value) string {
	const most = 100
	if v.Kind == edn.Nil {
		return ""
	}
	text := []rune(cmp.Or(cutText(v), v.String()))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// on are the windows that overlap a span of time.
func on(windows []Window, from, to int64) []int {
	var list []int
	for i, w := range windows {
		if w.From <= to && from <= w.To {
			list = append(list, i)
		}
	}
	return list
}

// begunBefore is how many windows had begun at a time.
func begunBefore(windows []Window, at int64) int {
	n := 0
	for _, w := range windows {
		if w.From < at {
			n++
		}
	}
	return n
}

// A lostGroup is elements that were lost under the same faults.
type lostGroup struct {
	windows []int // places in all
	all     []Window
	from    int64 // of the first one's invocation
	to      int64 // of the last one's acknowledgement
	list    []string
	total   int
}

// maxLost is how many lost elements of a group are listed.
const maxLost = 12

// lostGroups are the lost elements by the faults that were on when they were added, in the order of time.
func lostGroups(h *history.History, r check.Result, windows []Window) []*lostGroup {
	lost := lostElements(r)
	if lost.none() {
		return nil
	}
	byFaults := make(map[string]*lostGroup)
	for id := range h.All() {
		if !h.Client(id) || h.Type(id) != history.OK || h.Pair(id) == history.None {
			continue
		}
		switch h.Value(h.F(id)).Text {
		case "add", "enqueue":
		default:
			continue
		}
		op := h.Op(id)
		if !lost.has(op.Value) {
			continue
		}
		from, to := h.Time(h.Pair(id)), op.Time
		faults := on(windows, from, to)
		key := fmt.Sprint(faults)
		if len(faults) == 0 { // apart: before the first fault, between two, after the last
			key = fmt.Sprint("after ", begunBefore(windows, from))
		}
		g := byFaults[key]
		if g == nil {
			g = &lostGroup{windows: faults, all: windows, from: from, to: to}
			byFaults[key] = g
		}
		g.from, g.to, g.total = min(g.from, from), max(g.to, to), g.total+1
		if len(g.list) < maxLost {
			g.list = append(g.list, fmt.Sprintf("%s at %.3f s", brief(op.Value), float64(to)/1e9))
		}
	}
	var groups []*lostGroup
	for _, g := range byFaults {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *lostGroup) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return groups
}

// witnessed are the faults that were on while the operations of an anomaly went on, and the time of these.
func witnessed(h *history.History, a check.Anomaly, windows []Window) (faults []int, from, to int64) {
	from, to = -1, -1
	for _, id := range a.Ops {
		for _, id := range []history.ID{id, h.Pair(id)} {
			if id == history.None {
				continue
			}
			t := h.Time(id)
			if from < 0 || t < from {
				from = t
			}
			to = max(to, t)
		}
	}
	if from < 0 {
		return nil, 0, 0
	}
	return on(windows, from, to), from, to
}
