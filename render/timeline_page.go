package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jcheck/history"
	"jcheck/internal/edn"
)

// timelineColumn is a column of the page: usually a process.
type timelineColumn struct {
	procs  []history.ProcID
	others bool // they are no clients
	foot   int  // of its last operation
	free   bool // its last process crashed
}

// assignColumns gives each process a column: first those that are no clients, then clients by their numbers. Where there are
// many, a process takes over the column of one that had crashed before it came, as it took over its thread.
func (t *timelinePage) assignColumns() {
	var procs []history.ProcID
	ops := map[history.ProcID][]int{}
	for i, op := range t.ops {
		p := t.h.Proc(op.first)
		if ops[p] == nil {
			procs = append(procs, p)
		}
		ops[p] = append(ops[p], i)
	}
	share := len(procs) > ownColumns
	slices.SortStableFunc(procs, func(a, b history.ProcID) int {
		x, y := t.ops[ops[a][0]].first, t.ops[ops[b][0]].first
		if t.h.Client(x) != t.h.Client(y) {
			return cmp.Compare(bit(t.h.Client(x)), bit(t.h.Client(y)))
		}
		if share || !t.h.Client(x) {
			return cmp.Compare(x, y)
		}
		return edn.Compare(t.h.ProcName(a), t.h.ProcName(b))
	})
	for _, p := range procs {
		list := ops[p]
		first, last := t.ops[list[0]], t.ops[list[len(list)-1]]
		at := -1
		if share && t.h.Client(first.first) {
			at = slices.IndexFunc(t.columns, func(c timelineColumn) bool { return c.free && c.foot <= first.top })
		}
		if at < 0 {
			at = len(t.columns)
			t.columns = append(t.columns, timelineColumn{})
		}
		c := &t.columns[at]
		c.procs = append(c.procs, p)
		c.others = !t.h.Client(first.first)
		c.foot = last.foot
		c.free = t.h.Client(last.first) && last.last != history.None && t.h.Type(last.last) == history.Info
		for _, i := range list {
			t.ops[i].column = at
		}
	}
	if share && !t.byThreads() {
		t.sortColumns()
	}
}

// byThreads gives clients the columns of their threads, if it can be told which these are: a crashed process is followed by
// the one whose number is larger by the number of threads. It changes nothing where that doesn't fit.
func (t *timelinePage) byThreads() bool {
	others := 0
	for others < len(t.columns) && t.columns[others].others {
		others++
	}
	threads := len(t.columns) - others
	foot := make([]int, threads)
	columns := append(slices.Clone(t.columns[:others]), make([]timelineColumn, threads)...)
	place := make([]int, len(t.ops))
	for i, op := range t.ops {
		place[i] = op.column
		proc := t.h.Proc(op.first)
		if !t.h.Client(op.first) {
			continue
		}
		n := t.h.ProcName(proc)
		if n.Kind != edn.Int || n.Int() < 0 {
			return false
		}
		thread := int(n.Int() % int64(threads))
		if foot[thread] > op.top {
			return false
		}
		foot[thread] = op.foot
		c := &columns[others+thread]
		if len(c.procs) == 0 || c.procs[len(c.procs)-1] != proc {
			c.procs = append(c.procs, proc)
		}
		place[i] = others + thread
	}
	t.columns = columns
	for i := range t.ops {
		t.ops[i].column = place[i]
	}
	return true
}

// sortColumns puts shared columns into the order of their first processes.
func (t *timelinePage) sortColumns() {
	order := sequence(len(t.columns))
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := t.columns[a].procs[0], t.columns[b].procs[0]
		if t.columns[a].others != t.columns[b].others {
			return cmp.Compare(bit(t.columns[b].others), bit(t.columns[a].others))
		}
		return edn.Compare(t.h.ProcName(x), t.h.ProcName(y))
	})
	place := make([]int, len(order))
	columns := make([]timelineColumn, len(order))
	for to, from := range order {
		place[from], columns[to] = to, t.columns[from]
	}
	t.columns = columns
	for i := range t.ops {
		t.ops[i].column = place[t.ops[i].column]
	}
}

func bit(on bool) int {
	if on {
		return 1
	}
	return 0
}

// write writes the page.
func (t *timelinePage) write() {
	t.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")
	t.raw(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>` + "\n")
	t.raw(`<meta name="viewport" content="width=device-width, initial-scale=1"/>` + "\n<link rel=\"icon\" href=\"data:,\"/>\n")
	t.elem("title", "Timeline: "+t.o.Name)
	t.raw("\n<style>\n" + timelineStyle + laneStyle() + "</style>\n</head>\n<body>\n")
	kinds := t.kinds()
	t.banner(kinds)
	t.open("div", "id", "t", "style", fmt.Sprintf("width:%dpx;height:%dpx", columnsLeft+columnWide*len(t.columns)+160, t.high))
	t.line()
	t.heads()
	t.bands()
	t.side(kinds)
	for _, g := range t.gaps {
		t.open("div", "class", "g", "style", fmt.Sprintf("top:%dpx", g.top))
		t.text(fmt.Sprintf("… %s left out …", count(g.left, "operation")))
		t.shut("div")
		t.line()
	}
	t.boxes()
	t.shut("div", "body", "html")
	t.line()
}

// laneStyle are the colours of faults, which are those of the other pictures.
func laneStyle() string {
	var light, dark strings.Builder
	for i := range seriesInks {
		c := inkColors[seriesInk(i)]
		fmt.Fprintf(&light, ".l%d { background: %s; border-color: transparent !important; } ", i, c.light)
		fmt.Fprintf(&dark, ".l%d { background: %s; } ", i, c.dark)
	}
	return light.String() + "@media (prefers-color-scheme: dark) { " + dark.String() + "}\n"
}

// kinds are the kinds of faults, each with a lane; the last one stands for all others if there are many.
func (t *timelinePage) kinds() []string {
	var kinds []string
	for _, f := range t.o.Faults {
		if !slices.Contains(kinds, f.Kind) && len(kinds) < seriesInks {
			kinds = append(kinds, f.Kind)
		}
	}
	return kinds
}

// banner says what the page shows and what it leaves out.
func (t *timelinePage) banner(kinds []string) {
	t.open("header")
	t.elem("h1", "Timeline")
	t.elem("p", clipText(t.o.Name, maxTitle), "class", "dim")
	left := t.all - len(t.ops)
	text := fmt.Sprintf("All %s.", count(t.all, "operation"))
	if left > 0 {
		text = fmt.Sprintf("%s of %s; %s are left out, where the page says so.", thousands(len(t.ops)), count(t.all, "operation"), thousands(left))
		if len(t.o.Around) > 0 {
			text += " Those that anomalies or the caller name are shown with their neighbours, then the first ones."
		} else {
			text += " The first ones are shown, and those of the nemesis."
		}
	}
	t.elem("p", text)
	t.elem("p", "A box is an operation, from its invocation down to its completion; time runs down, not to scale: each invocation and each completion takes a row. "+
		"A dotted line goes on below what nobody knows the outcome of: it may take effect at any later time. Point at a box for its values, times and errors.")
	if slices.ContainsFunc(t.columns, func(c timelineColumn) bool { return len(c.procs) > 1 }) {
		t.elem("p", fmt.Sprintf("There are more than %d processes, so a process has the column of one that crashed before it came.", ownColumns))
	}
	t.open("p")
	for _, name := range [...]string{"ok", "fail", "info"} {
		t.open("span", "class", "key")
		t.raw(`<i class="` + name + `"></i>`)
		t.text(name)
		t.shut("span")
	}
	for i, k := range kinds {
		t.open("span", "class", "key")
		t.raw(fmt.Sprintf(`<i class="l%d"></i>`, i))
		t.text(clipText(k, maxBoxText))
		if i == seriesInks-1 {
			t.text(" and others")
		}
		t.shut("span")
	}
	t.shut("p", "header")
	t.line()
}

// heads names the columns.
func (t *timelinePage) heads() {
	t.open("div", "class", "h", "style", fmt.Sprintf("width:%dpx", columnsLeft+columnWide*len(t.columns)))
	for i, c := range t.columns {
		var names []string
		for _, p := range c.procs {
			names = append(names, strings.TrimPrefix(t.h.ProcName(p).String(), ":"))
		}
		all := clipText(strings.Join(names, ", "), maxTitle)
		t.elem("span", clipText(all, 40), "title", "process "+all, "style", fmt.Sprintf("left:%dpx;width:%dpx", columnsLeft+i*columnWide, columnWide-8))
	}
	t.shut("div")
	t.line()
}

// bands are the times of faults: another ground across all columns.
func (t *timelinePage) bands() {
	faults := t.o.Faults[:min(len(t.o.Faults), maxBands)]
	var grounds [][2]float64
	for _, f := range faults {
		if top, foot := t.fault(f); top < t.high {
			grounds = append(grounds, [2]float64{float64(top), float64(foot)})
		}
	}
	for _, g := range union(grounds) {
		t.raw(fmt.Sprintf(`<div class="b" style="top:%.0fpx;height:%.0fpx;width:%dpx"></div>`, g[0], g[1]-g[0], columnWide*len(t.columns)+4))
		t.line()
	}
}

// side is what stays at the left: when rows were, where there is room, and a lane for each kind of fault.
func (t *timelinePage) side(kinds []string) {
	t.open("div", "class", "s", "style", fmt.Sprintf("height:%dpx", t.high))
	t.line()
	for _, f := range t.o.Faults[:min(len(t.o.Faults), maxBands)] {
		top, foot := t.fault(f)
		if top >= t.high {
			continue
		}
		lane := slices.Index(kinds, f.Kind)
		if lane < 0 {
			lane = len(kinds) - 1
		}
		t.open("div", "class", fmt.Sprintf("l l%d", lane), "title", f.words(), "style", fmt.Sprintf("left:%dpx;top:%dpx;height:%dpx",
			columnsLeft-8*seriesInks+8*lane-4, top, foot-top))
		t.shut("div")
		t.line()
	}
	t.times()
	t.shut("div")
	t.line()
}

// times writes when rows were, where there is room.
func (t *timelinePage) times() {
	next := 0
	for _, r := range t.rows {
		at := t.h.Time(r.id)
		if r.top < next || at == history.NoTime {
			continue
		}
		t.open("div", "class", "w", "style", fmt.Sprintf("top:%dpx", r.top))
		t.text(shortClock(at))
		t.shut("div")
		t.line()
		next = r.top + timeEvery
	}
}

// shortClock is a time in a narrow column.
func shortClock(ns int64) string {
	if ns < 0 || ns >= 100_000e9 {
		return clock(ns)
	}
	if ns < 100e9 {
		return fmt.Sprintf("%.4f s", float64(ns)/1e9)
	}
	return fmt.Sprintf("%.2f s", float64(ns)/1e9)
}

// boxes are the operations.
func (t *timelinePage) boxes() {
	below := make([]int, len(t.columns)) // where the next operation of the column begins
	for i := range below {
		below[i] = t.high
	}
	tails := make([]int, len(t.ops))
	for i, op := range slices.Backward(t.ops) {
		tails[i] = below[op.column]
		below[op.column] = op.top
	}
	for i := range t.ops {
		t.box(&t.ops[i], tails[i])
	}
}

// box is an operation. Both its indices are anchors.
func (t *timelinePage) box(op *timelineOp, next int) {
	h := t.h
	kind, final := h.Type(op.first), op.first // of the last entry
	if op.last != history.None {
		kind, final = h.Type(op.last), op.last
	}
	class := kind.String()
	switch {
	case !h.Client(op.first):
		class = "other"
	case kind == history.Invoke:
		class = "info"
	}
	left := columnsLeft + op.column*columnWide
	if class == "info" && next > op.foot {
		t.raw(fmt.Sprintf(`<div class="u" style="left:%dpx;top:%dpx;height:%dpx"></div>`, left+1, op.foot, next-op.foot))
	}
	anchor := fmt.Sprintf("i%d", h.Index(final))
	first := h.Op(op.first)
	done := first
	if op.last != history.None {
		done = h.Op(op.last)
	}
	t.open("a", "class", class, "id", anchor, "href", "#"+anchor, "title", t.title(op, first, done),
		"style", fmt.Sprintf("left:%dpx;top:%dpx;width:%dpx;height:%dpx", left, op.top, columnWide-8, min(op.foot, max(next, op.top+rowHigh))-op.top-1))
	if op.last != history.None && h.Index(op.first) != h.Index(op.last) {
		t.raw(fmt.Sprintf(`<i id="i%d"></i>`, h.Index(op.first)))
	}
	t.text(t.words(op, first, done))
	t.shut("a")
	t.line()
}

// words are what a box says by itself: the type unless it is ok, the function, and the value.
func (t *timelinePage) words(op *timelineOp, first, final history.Op) string {
	v := final.Value
	if v.IsNil() {
		v = first.Value
	}
	text := fText(final)
	switch {
	case !t.h.Client(op.first):
	case final.Type == history.Invoke:
		text = "open " + text
	case final.Type != history.OK:
		text = final.Type.String() + " " + text
	}
	if final.Key != nil {
		text += " " + clipText(shortened(*final.Key), 20) + ":"
	}
	if !v.IsNil() {
		text += " " + clipText(shortened(v), maxBoxText)
	}
	return text
}
