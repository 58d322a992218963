package run

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/amount"
	"jcheck/render"
)

// A Page says how a report is laid out.
type Page struct {
	Color bool
	Width int
	Quiet bool // the verdict's line only
}

// How many anomalies of each kind a report explains, and of how many it says which faults were on. One proof is enough
// to see what went wrong; the page has more.
const (
	maxShown     = 1
	maxWitnessed = 3
)

// report is what a run found, for people: what jcheck says of the history, the times of the faults, and what was lost or
// wrong while which of them was on.
func (d Judged) report(w io.Writer, file string, p Page) error {
	text := render.Text(d.History, d.Result, render.TextOptions{
		File: file, Checked: d.checkedAs(), Max: maxShown, Color: p.Color, Width: p.Width, NoMore: true, Figures: true, Quiet: p.Quiet})
	if !p.Quiet {
		for _, a := range d.asides {
			text = append(text, "\n"+a.Title+":\n"+strings.Join(a.Lines, "\n")+"\n"...)
		}
	}
	_, err := w.Write(text)
	return err
}

// checkedAs is what the run was for; "" if nobody said.
func (d Judged) checkedAs() string {
	if d.Workload == "" {
		return ""
	}
	return "workload " + d.Workload
}

// asidesOf are what a run knows beside the result: how its operations ended, and the faults.
func asidesOf(h *history.History, r check.Result) []render.Aside {
	return append(operationsAside(h), faultAsides(h, r)...)
}

// operationsAside tells how the clients' operations ended, by function: a verdict is worth what it rests on.
func operationsAside(h *history.History) []render.Aside {
	type ends struct{ all, ok, fail, info int }
	byName := make(map[history.Sym]*ends)
	var names []history.Sym
	for id := range h.All() {
		if !h.Client(id) || h.Type(id) != history.Invoke {
			continue
		}
		name := h.F(id)
		e := byName[name]
		if e == nil {
			e = new(ends)
			byName[name] = e
			names = append(names, name)
		}
		e.all++
		switch end := h.Pair(id); {
		case end == history.None || h.Type(end) == history.Info:
			e.info++
		case h.Type(end) == history.OK:
			e.ok++
		default:
			e.fail++
		}
	}
	if len(names) == 0 {
		return nil
	}
	a := render.Aside{Title: "Operations of clients"}
	for _, name := range names[:min(len(names), maxFunctions)] {
		e := byName[name]
		shown := strings.TrimPrefix(brief(h.Value(name)), ":")
		a.Lines = append(a.Lines, fmt.Sprintf("  %s: %s of %s ok, %s failed, %s unknown", shown, amount.Number(e.ok), amount.Number(e.all), amount.Number(e.fail), amount.Number(e.info)))
	}
	if left := len(names) - maxFunctions; left > 0 {
		a.Lines = append(a.Lines, fmt.Sprintf("  ... and %s", amount.Of(left, "other function")))
	}
	return []render.Aside{a}
}

// maxFunctions is how many functions of operations a report tells of.
const maxFunctions = 20

// maxWindows is how many windows of faults a report shows.
const maxWindows = 40

// faultAsides are the parts of a report that set faults beside what went wrong. There are none if the nemesis did nothing.
func faultAsides(h *history.History, r check.Result) []render.Aside {
	windows := Windows(h)
	if len(windows) == 0 {
		return nil
	}
	faults := render.Aside{Title: "Faults, in seconds since the start"}
	for i, w := range windows {
		if i == maxWindows {
			faults.Lines = append(faults.Lines, fmt.Sprintf("  ... and %d more (history.txt has them all)", len(windows)-i))
			break
		}
		faults.Lines = append(faults.Lines, fmt.Sprintf("  #%-3d %s", i+1, w))
	}
	asides := []render.Aside{faults}
	for _, a := range []render.Aside{lostAside(lostGroups(h, r, windows), lostBy(r)), witnessedAside(h, r, windows)} {
		if len(a.Lines) > 0 {
			asides = append(asides, a)
		}
	}
	return asides
}

// during names windows by their numbers; where none was on at that time, the one that had ended last and the one that came
// next: a cluster takes its time to come together again, and what it never wrote down the next kill takes.
func during(windows []int, all []Window, from, to int64) string {
	if len(windows) == 0 {
		text, last, next := "no fault was on", -1, -1
		for i, w := range all {
			if w.To < from && (last < 0 || w.To > all[last].To) {
				last = i
			}
			if w.From > to && next < 0 {
				next = i
			}
		}
		if last >= 0 {
			text += fmt.Sprintf("; the last had been #%d %s, until %.3f s", last+1, all[last].Name, float64(all[last].To)/1e9)
		}
		if next >= 0 {
			text += fmt.Sprintf("; the next was #%d %s, from %.3f s", next+1, all[next].Name, float64(all[next].From)/1e9)
		}
		return text
	}
	var names []string
	for i, w := range windows {
		if i == 6 {
			names = append(names, fmt.Sprintf("%d more", len(windows)-i))
			break
		}
		names = append(names, fmt.Sprintf("#%d %s (%.3f – %.3f s)", w+1, all[w].Name, float64(all[w].From)/1e9, float64(all[w].To)/1e9))
	}
	return "on: " + strings.Join(names, ", ")
}

// lostAside lists lost elements by the faults that were on when they were added.
func lostAside(groups []*lostGroup, by string) (a render.Aside) {
	total := 0
	for _, g := range groups {
		total += g.total
		a.Lines = append(a.Lines, fmt.Sprintf("  %s, added from %.3f s to %.3f s; %s",
			amount.Number(g.total), float64(g.from)/1e9, float64(g.to)/1e9, during(g.windows, g.all, g.from, g.to)))
		list := g.list
		if left := g.total - len(g.list); left > 0 {
			list = append(slices.Clone(list), fmt.Sprintf("and %s more", amount.Number(left)))
		}
		for _, line := range rows(list, 90) {
			a.Lines = append(a.Lines, "      "+line)
		}
	}
	a.Title = fmt.Sprintf("%s that %s acknowledged and lost, by the faults that were on meanwhile%s", amount.Of(total, "element"), amount.Word(total, "was", "were"), by)
	return a
}

// lostBy says how many each checker calls lost, where several do and don't agree: they look at different reads.
func lostBy(r check.Result) string {
	var texts []string
	agree, last := true, 0
	for _, q := range r.Parts {
		total := 0
		for _, a := range q.Result.Anomalies {
			if a.Kind == lostField {
				total = max(total, a.Total, 1)
			}
		}
		if total == 0 {
			continue
		}
		agree = agree && (last == 0 || total == last)
		last = total
		texts = append(texts, fmt.Sprintf("%s %s", q.Name, amount.Number(total)))
	}
	if agree {
		return ""
	}
	return " (" + strings.Join(texts, ", ") + ")"
}

// rows are the items of a list with commas between, in lines that are not much longer than width.
func rows(list []string, width int) (lines []string) {
	line := ""
	for i, item := range list {
		if i+1 < len(list) {
			item += ","
		}
		if line != "" && len(line)+1+len(item) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += item
	}
	return append(lines, line)
}

// witnessedAside says which faults were on during the first anomalies of each kind. Lost elements have a list of their own.
func witnessedAside(h *history.History, r check.Result, windows []Window) render.Aside {
	a := render.Aside{Title: "The first anomalies of each kind, and the faults that were on meanwhile"}
	shown := make(map[string]int)
	var visit func(r check.Result)
	visit = func(r check.Result) {
		for _, x := range r.Anomalies {
			if x.Kind == lostField || len(x.Ops) == 0 || shown[x.Kind] == maxWitnessed {
				continue
			}
			shown[x.Kind]++
			faults, from, to := witnessed(h, x, windows)
			a.Lines = append(a.Lines, fmt.Sprintf("  %s, %.3f s to %.3f s; %s", x.Kind, float64(from)/1e9, float64(to)/1e9, during(faults, windows, from, to)))
		}
		for _, p := range r.Parts {
			visit(p.Result)
		}
	}
	visit(r)
	return a
}
