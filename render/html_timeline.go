package render

import (
	"fmt"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
)

// The measures of a timeline, in pixels.
const (
	timeLeft = 96 // room for the names of processes
	timeRow  = 34
	timeBar  = 22
	timeStep = 34  // at least, between two ends of bars
	timeWide = 352 // fits a phone
	maxBars  = 40
)

// bar is one operation on the timeline.
type bar struct {
	name     string
	op       int        // its place in the anomaly
	from, to history.ID // invocation and completion; to is None if it never completed
	proc     history.ProcID
	row      int
	x1, x2   int
}

// timeline draws when the operations of an anomaly were open: a row per process, time to the right. Ends of bars stand
// in the order of the history, at even distances, since to scale most bars would be invisible.
func (p *htmlPage) timeline(a check.Anomaly) {
	if len(a.Ops) == 0 || len(a.Ops) > maxBars {
		return
	}
	bars, rows := p.bars(a)
	ends := barEnds(bars)
	step := max(timeStep, min(64, (timeWide-timeLeft-8)/max(len(ends), 1)))
	wide := timeLeft + step*len(ends) + 8
	for i := range bars {
		b := &bars[i]
		at, _ := slices.BinarySearch(ends, b.from)
		b.x1 = timeLeft + at*step + 4
		if b.x2 = wide; b.to != history.None {
			at, _ = slices.BinarySearch(ends, b.to)
			b.x2 = timeLeft + at*step + 4
		}
		if b.from == b.to { // a completion alone, or an invocation in a history of such
			b.x2 += step / 2
		}
	}
	height := len(rows)*timeRow + 26
	p.open("figure", "class", "time")
	p.open("div", "class", "scroll", "tabindex", "0", "role", "group", "aria-label", "Timeline")
	p.open("svg", "class", "own timeline", "role", "img", "viewBox", fmt.Sprintf("0 0 %d %d", wide, height),
		"width", num(wide), "height", num(height), "aria-label", "When the operations were open")
	for i, proc := range rows {
		y := i*timeRow + timeRow/2
		p.elem("text", "process "+clipCells(p.h.ProcName(proc).String(), 5), "x", "2", "y", num(y+4), "class", "dim")
		p.raw(fmt.Sprintf(`<path class="row" d="M%d %dH%d"/>`, timeLeft-8, y, wide))
	}
	p.realtimeArrows(a, bars)
	for i := range bars {
		p.bar(&bars[i], wide)
	}
	p.axis(ends, step, wide, height)
	p.shut("svg", "div")
	p.elem("figcaption", "When each was open, from its invocation to its completion; time runs to the right, not to scale.")
	p.shut("figure")
	p.line()
}

// bars are the operations of an anomaly, each once, and the processes that they ran on.
func (p *htmlPage) bars(a check.Anomaly) (bars []bar, rows []history.ProcID) {
	for i, id := range a.Ops {
		if slices.ContainsFunc(bars, func(b bar) bool { return a.Ops[b.op] == id }) {
			continue
		}
		b := bar{name: fmt.Sprintf("T%d", i+1), op: i, proc: p.h.Proc(id)}
		b.from, b.to = spanOf(p.h, id)
		bars = append(bars, b)
		rows = append(rows, b.proc)
	}
	slices.Sort(rows)
	rows = slices.Compact(rows)
	for i := range bars {
		bars[i].row, _ = slices.BinarySearch(rows, bars[i].proc)
	}
	return bars, rows
}

// barEnds are the invocations and completions of the bars, in the order of the history.
func barEnds(bars []bar) []history.ID {
	var ends []history.ID
	for _, b := range bars {
		ends = append(ends, b.from)
		if b.to != history.None {
			ends = append(ends, b.to)
		}
	}
	slices.Sort(ends)
	return slices.Compact(ends)
}

// bar draws one operation. One whose outcome is unknown has no right end: it may take effect at any later time.
func (p *htmlPage) bar(b *bar, wide int) {
	y := b.row*timeRow + (timeRow-timeBar)/2
	t := history.Invoke
	if b.to != history.None {
		t = p.h.Type(b.to)
	}
	x2 := b.x2
	if t == history.Info || t == history.Invoke {
		x2 = wide
		t = history.Info
	}
	p.open("g", "class", "bar "+t.String())
	p.elem("title", fmt.Sprintf("%s, %s, %s", b.name, t, p.times(b.from)))
	if t == history.Info {
		p.raw(fmt.Sprintf(`<path d="M%d %dH%dV%dH%d" class="open"/>`, x2, y, b.x1, y+timeBar, x2))
	} else {
		p.raw(fmt.Sprintf(`<rect x="%d" y="%d" width="%d" height="%d" rx="4"/>`, b.x1, y, max(x2-b.x1, 6), timeBar))
	}
	p.elem("text", b.name, "class", "name mid", "x", num((b.x1+x2)/2), "y", num(y+timeBar/2+5))
	p.shut("g")
	p.line()
}

// realtimeArrows draw a line from the end of an operation to the beginning of one that must come later by real time.
func (p *htmlPage) realtimeArrows(a check.Anomaly, bars []bar) {
	at := map[history.ID]*bar{}
	for i := range bars {
		at[a.Ops[bars[i].op]] = &bars[i]
	}
	for i, s := range a.Steps {
		from, to := stepEnds(a, i)
		x, y := at[a.Ops[from-1]], at[a.Ops[to-1]]
		if s.Type != "realtime" && s.Type != "process" || x == nil || y == nil || x == y {
			continue
		}
		p.raw(fmt.Sprintf(`<path class="link %s" d="M%d %dL%d %d"/>`, relClass(s.Type),
			x.x2, x.row*timeRow+timeRow/2, y.x1, y.row*timeRow+timeRow/2))
	}
}

// axis writes the times of the first and the last end, and of others where there is room.
func (p *htmlPage) axis(ends []history.ID, step, wide, height int) {
	const room = 84 // for one time
	next := 0
	for i, id := range ends {
		x := timeLeft + i*step + 4
		p.raw(fmt.Sprintf(`<path class="tick" d="M%d %dv6"/>`, x, height-24))
		if x < next || p.h.Time(id) == history.NoTime {
			continue
		}
		text := clock(p.h.Time(id))
		class := "dim mid"
		if at := x + cells(text)*4; at > wide {
			class = "dim end"
		}
		p.elem("text", strings.TrimSpace(text), "class", class, "x", num(x), "y", num(height-5))
		next = x + room
	}
}
