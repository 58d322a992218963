package run

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// A Window is the time during which a fault was on.
type Window struct {
	Name string // what was done: "partition", "kill"
	What string // to whom, as the nemesis said; "" if it didn't
	From int64  // ns since the start of the run, of the injection's invocation
	To   int64  // of the healing's completion; of the last operation if it was never healed
	Open bool   // it was never healed
}

// String is the window in a line.
func (w Window) String() string {
	text := fmt.Sprintf("%s – %s  %s", seconds(w.From), seconds(w.To), w.Name)
	if w.What != "" {
		text += "  " + w.What
	}
	if w.Open {
		text += "  (not healed in the history)"
	}
	return text
}

// seconds is a time of the run for people.
func seconds(ns int64) string { return fmt.Sprintf("%7.3f s", float64(ns)/1e9) }

// endings says which function ends what another begins, where it isn't start-x and stop-x.
var endings = map[string]string{"kill": "start", "pause": "resume", "fill-disk": "free-disk", "lose-unfsynced": "start"}

// begins tells which fault an operation of the nemesis begins, and which function ends it.
func begins(f string) (name, end string) {
	if rest, ok := strings.CutPrefix(f, "start-"); ok {
		return rest, "stop-" + rest
	}
	if end := endings[f]; end != "" {
		return f, end
	}
	return "", ""
}

// healing are functions that begin nothing: a moment of them is no fault.
var healing = []string{"start", "resume", "free-disk", "reset-clock", "check-clock-offsets", "heal", "heal-all"}

// Windows are the times at which faults were on, by the nemesis' operations, in the order of their beginnings.
func Windows(h *history.History) []Window {
	var list []Window
	open := make(map[string]int) // by the function that ends it: place in list
	last := int64(0)
	for id := range h.All() {
		last = max(last, h.Time(id))
		if h.Client(id) {
			continue
		}
		f, at := h.Value(h.F(id)).Text, h.Time(id)
		pair := h.Pair(id)
		first := pair == history.None || pair > id
		name, end := begins(f)
		switch {
		case end != "" && first:
			if i, on := open[end]; on { // another of the kind takes its place
				list[i].To, list[i].Open = at, false
			}
			open[end] = len(list)
			list = append(list, Window{Name: name, From: at, Open: true})
		case end != "":
			if i, on := open[end]; on {
				list[i].What = brief(h.Op(id).Value)
			}
		case slices.Contains(healing, f) || strings.HasPrefix(f, "stop-"):
			if i, on := open[f]; on && !first {
				list[i].To, list[i].Open = at, false
				delete(open, f)
			}
		case first: // a moment: a clock that was bumped, a file that was spoiled
			w := Window{Name: f, From: at, To: at}
			if pair != history.None {
				w.To, w.What = h.Time(pair), brief(h.Op(pair).Value)
			}
			list = append(list, w)
		}
	}
	for i := range list {
		if list[i].Open {
			list[i].To = last
		}
	}
	return list
}

// brief is a value on a line of a page.
func brief(v history.Value) string {
	const most = 100
	if v.Kind == edn.Nil {
		return ""
	}
	text := []rune(v.String())
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
