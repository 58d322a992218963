package render

import (
	_ "embed"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"jcheck/history"
	"jcheck/internal/edn"
)

// maxTimelinePairs is how many operations a timeline shows unless the caller says otherwise: as many as Jepsen's.
const maxTimelinePairs = 10_000

// The measures of the page of all operations, in pixels.
const (
	rowHigh      = 16 // of one invocation or completion
	gapHigh      = 34 // of operations that were left out
	columnWide   = 108
	columnsLeft  = 112 // room for times and the lanes of faults
	headHigh     = 24
	ownColumns   = 60  // processes that have a column each; of more, those that come after a crash take over its column
	maxBands     = 600 // faults
	timeEvery    = 64  // pixels, at least, between two times
	maxBoxText   = 60
	maxTitleText = 300 // of one value on hover
)

//go:embed timeline.css
var timelineStyle string

// TimelineOptions says what the page of all operations shows.
type TimelineOptions struct {
	Name   string       // how the reader knows the history
	Faults []Fault      // in the order of their beginnings
	Start  time.Time    // the moment at which the history's times are 0; zero if nobody knows
	Around []history.ID // operations to be shown whatever else is left out, with those around them
	Max    int          // operations shown; 0 for 10,000
}

// A TimelinePage is the page of all operations.
type TimelinePage struct {
	HTML  []byte
	Shown int // operations
	Left  int // operations that were left out

	h      *history.History
	places []history.ID // of the operations shown, ascending
}

// Shows tells whether the page shows an operation: then it has an anchor "i" and the operation's index.
func (p *TimelinePage) Shows(id history.ID) bool {
	if pair := p.h.Pair(id); pair != history.None {
		id = min(id, pair)
	}
	_, ok := slices.BinarySearch(p.places, id)
	return ok
}

// Timeline is a page with a column for each process and a box for each of its operations, from its invocation down to
// its completion, and the times of faults across. It needs no other file and no script. Of a long history it shows the
// operations that the caller names, those around them, and the first ones; it says what it leaves out. The same history gives
// the same page.
func Timeline(h *history.History, o TimelineOptions) TimelinePage {
	if o.Max <= 0 {
		o.Max = maxTimelinePairs
	}
	firsts := firstsOf(h)
	t := &timelinePage{h: h, o: o, all: len(firsts)}
	chosen := chooseOps(h, firsts, o.Around, o.Max)
	t.lay(firsts, chosen)
	t.assignColumns()
	t.write()
	page := TimelinePage{HTML: []byte(t.b.String()), Shown: len(t.ops), Left: t.all - len(t.ops), h: h}
	for _, op := range t.ops {
		page.places = append(page.places, op.first)
	}
	return page
}

// firstsOf are the first entries of all operations: invocations, and completions that nobody invoked.
func firstsOf(h *history.History) []history.ID {
	var list []history.ID
	for id := range h.All() {
		if pair := h.Pair(id); pair == history.None || pair > id {
			list = append(list, id)
		}
	}
	slices.Sort(list) // a view may have them in any order
	return list
}

// chooseOps are the places in firsts of the operations that are shown: those of the nemesis (a fifth of the page at most), the
// ones that the caller names (half of it), as many around each of these as there is room for, and the first ones.
func chooseOps(h *history.History, firsts, around []history.ID, most int) []int {
	if len(firsts) <= most {
		return sequence(len(firsts))
	}
	used := make([]bool, len(firsts))
	left := most
	take := func(i int) {
		if i >= 0 && i < len(used) && !used[i] && left > 0 {
			used[i] = true
			left--
		}
	}
	room := most / 5
	for i, id := range firsts {
		if room > 0 && !h.Client(id) {
			take(i)
			room--
		}
	}
	named := placesOf(h, firsts, around, most/2)
	for _, i := range named {
		take(i)
	}
	for radius := 1; len(named) > 0 && left > most/10 && radius < most; radius++ {
		for _, i := range named {
			take(i - radius)
			take(i + radius)
		}
	}
	for i := 0; left > 0 && i < len(firsts); i++ {
		take(i)
	}
	var chosen []int
	for i, on := range used {
		if on {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// sequence is 0, 1, ..., n-1.
func sequence(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// placesOf are the places in firsts of operations, each once.
func placesOf(h *history.History, firsts, ids []history.ID, most int) []int {
	var list []int
	seen := map[int]bool{}
	for _, id := range ids {
		if len(list) == most {
			break
		}
		if pair := h.Pair(id); pair != history.None {
			id = min(id, pair)
		}
		if i, ok := slices.BinarySearch(firsts, id); ok && !seen[i] {
			seen[i] = true
			list = append(list, i)
		}
	}
	return list
}

// timelinePage is the page being made.
type timelinePage struct {
	markup
	h       *history.History
	o       TimelineOptions
	all     int // operations of the history
	ops     []timelineOp
	rows    []timelineRow
	gaps    []timelineGap
	columns []timelineColumn
	high    int
}

// timelineOp is an operation on the page.
type timelineOp struct {
	first, last history.ID // last is None if it never completed
	top, foot   int
	column      int
}

// timelineRow is an entry of the history on the page.
type timelineRow struct {
	id   history.ID
	top  int
	time int64 // the latest until here, so that they ascend whatever the clock did
}

// timelineGap stands for operations that were left out.
type timelineGap struct{ top, left int }

// lay gives each entry a row: all invocations and completions in the order of the history.
func (t *timelinePage) lay(firsts []history.ID, chosen []int) {
	place := map[history.ID]int{} // of first entries: in firsts
	var ends []history.ID
	for _, i := range chosen {
		op := timelineOp{first: firsts[i], last: t.h.Pair(firsts[i])}
		place[op.first] = i
		ends = append(ends, op.first)
		if op.last != history.None {
			ends = append(ends, op.last)
		}
		t.ops = append(t.ops, op)
	}
	slices.Sort(ends)
	next, latest := 0, history.NoTime // next is the place of the first operation that isn't on the page yet
	t.high = headHigh
	for _, id := range ends {
		if i, first := place[id]; first {
			t.gap(i - next)
			next = i + 1
		}
		latest = max(latest, t.h.Time(id))
		t.rows = append(t.rows, timelineRow{id, t.high, latest})
		t.high += rowHigh
	}
	t.gap(len(firsts) - next)
	for i := range t.ops {
		op := &t.ops[i]
		op.top = t.topOf(op.first)
		op.foot = op.top + rowHigh
		if op.last != history.None {
			op.foot = t.topOf(op.last) + rowHigh
		}
	}
}

// gap leaves room for operations that aren't shown.
func (t *timelinePage) gap(n int) {
	if n > 0 {
		t.gaps = append(t.gaps, timelineGap{t.high, n})
		t.high += gapHigh
	}
}

// topOf is where the row of an entry begins.
func (t *timelinePage) topOf(id history.ID) int {
	i := sort.Search(len(t.rows), func(i int) bool { return t.rows[i].id >= id })
	return t.rows[i].top
}

// fault is where a fault begins and ends on the page.
func (t *timelinePage) fault(f Fault) (top, foot int) {
	from := sort.Search(len(t.rows), func(i int) bool { return t.rows[i].time >= f.From })
	to := sort.Search(len(t.rows), func(i int) bool { return t.rows[i].time > f.To })
	if from == len(t.rows) {
		return t.high, t.high
	}
	top, foot = t.rows[from].top, t.high
	if to < len(t.rows) {
		foot = t.rows[to].top
	}
	return top, max(foot, top+2)
}

// clockTime is a time of the history by the clock of the wall; "" if nobody knows.
func (t *timelinePage) clockTime(ns int64) string {
	if t.o.Start.IsZero() || ns == history.NoTime || ns < 0 || ns > int64(time.Hour)*24*36500 {
		return ""
	}
	return t.o.Start.Add(time.Duration(ns)).UTC().Format("2006-01-02 15:04:05.000 UTC")
}

// title is what is told of an operation on hover. first is its invocation, final its completion or else first again.
func (t *timelinePage) title(op *timelineOp, first, final history.Op) string {
	h := t.h
	lines := []string{fmt.Sprintf("process %s · %s · %s", shortened(first.Process), fText(first), outcomeText(h, op))}
	if first.Key != nil {
		lines = append(lines, "key "+shortened(*first.Key))
	}
	if h.Type(op.first) == history.Invoke || op.last != history.None {
		lines = append(lines, "asked: "+shortened(first.Value))
	}
	if h.Type(final.ID) != history.Invoke {
		lines = append(lines, "answered: "+shortened(final.Value))
	}
	for _, f := range final.Extra {
		if f.Name == "error" || f.Name == "exception" || f.Name == "node" {
			lines = append(lines, f.Name+": "+shortened(f.Value))
		}
	}
	lines = append(lines, t.when(op)...)
	place := fmt.Sprintf("index %d", h.Index(op.first))
	if op.last != history.None {
		place += fmt.Sprintf(" to %d", h.Index(op.last))
	}
	return strings.Join(append(lines, place), "\n")
}

// shortened is the beginning of a value's text. Only that is made: a value may have millions of elements.
func shortened(v edn.Value) string {
	left := maxTitleText / 2 // values; none is shorter than a character and a space
	return clipText(trimmed(v, &left).String(), maxTitleText)
}

// trimmed is a value with at most so many values in it, and a sign for the rest.
func trimmed(v edn.Value, left *int) edn.Value {
	*left--
	if len(v.Text) > maxTitleText {
		v.Text = clipText(v.Text, maxTitleText)
	}
	var items []edn.Value
	for i, item := range v.Items {
		if *left <= 0 && (v.Kind != edn.Map || i%2 == 0) {
			rest := edn.NewSymbol("…")
			items = append(items, rest)
			if v.Kind == edn.Map {
				items = append(items, rest)
			}
			break
		}
		items = append(items, trimmed(item, left))
	}
	v.Items = items
	return v
}

// when tells when an operation began, how long it took, and what a clock showed then.
func (t *timelinePage) when(op *timelineOp) []string {
	from := t.h.Time(op.first)
	if from == history.NoTime {
		return nil
	}
	text := "at " + clock(from)
	if op.last != history.None && t.h.Time(op.last) != history.NoTime {
		to := t.h.Time(op.last)
		text = fmt.Sprintf("%s to %s", clock(from), clock(to))
		if to >= from {
			text += ", took " + duration(time.Duration(to-from))
		}
	}
	if wall := t.clockTime(from); wall != "" {
		return []string{text, wall}
	}
	return []string{text}
}

// fText is an operation's function as text.
func fText(op history.Op) string {
	if op.F.Text != "" {
		return clipText(op.F.Text, maxBoxText)
	}
	return clipText(shortened(op.F), maxBoxText)
}

// outcomeText is how an operation ended.
func outcomeText(h *history.History, op *timelineOp) string {
	switch {
	case op.last != history.None:
		return h.Type(op.last).String()
	case h.Type(op.first) == history.Invoke:
		return "never completed"
	}
	return h.Type(op.first).String()
}
