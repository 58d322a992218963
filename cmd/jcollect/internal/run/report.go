package run

import (
	"fmt"
	"io"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/render"
)

// A Page says how a report is laid out.
type Page struct {
	Color bool
	Width int
	Quiet bool // the verdict's line only
}

// maxShown is how many anomalies of each kind a report shows.
const maxShown = 3

// report is what a run found, for people: what jcheck says of the history, the times of the faults, and what was lost or
// wrong while which of them was on.
func (d Judged) report(w io.Writer, file string, p Page) error {
	var asked []string
	for _, q := range d.Result.Parts {
		asked = append(asked, q.Name)
	}
	checked := ""
	if d.Result.Composed && len(d.Result.Fields) == 0 { // nothing had to be recognised
		checked = strings.Join(asked, ", ")
	}
	text := render.Text(d.History, d.Result, render.TextOptions{
		File: file, Checked: checked, Max: maxShown, Color: p.Color, Width: p.Width, NoMore: true, Figures: true, Quiet: p.Quiet})
	if !p.Quiet {
		text = append(text, faultReport(d.History, d.Result)...)
	}
	_, err := w.Write(text)
	return err
}

// maxWindows is how many windows of faults a report shows.
const maxWindows = 40

// faultReport is the part of a report that sets faults beside what went wrong. Empty if the nemesis did nothing.
func faultReport(h *history.History, r check.Result) string {
	windows := Windows(h)
	if len(windows) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nFaults, in seconds since the start:\n")
	for i, w := range windows {
		if i == maxWindows {
			fmt.Fprintf(&b, "  ... and %d more (history.txt has them all)\n", len(windows)-i)
			break
		}
		fmt.Fprintf(&b, "  #%-3d %s\n", i+1, w)
	}
	writeLost(&b, lostGroups(h, r, windows))
	writeWitnessed(&b, h, r, windows)
	return b.String()
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

// writeLost lists lost elements by the faults that were on when they were added.
func writeLost(b *strings.Builder, groups []*lostGroup) {
	if len(groups) == 0 {
		return
	}
	total := 0
	for _, g := range groups {
		total += g.total
	}
	fmt.Fprintf(b, "\n%d elements that were acknowledged and lost, by the faults that were on meanwhile:\n", total)
	for _, g := range groups {
		fmt.Fprintf(b, "  %d, added from %.3f s to %.3f s; %s\n", g.total, float64(g.from)/1e9, float64(g.to)/1e9, during(g.windows, g.all, g.from, g.to))
		more := ""
		if left := g.total - len(g.list); left > 0 {
			more = fmt.Sprintf(", and %d more", left)
		}
		for line := range wrapped(strings.Join(g.list, ", ")+more, 100) {
			fmt.Fprintf(b, "      %s\n", line)
		}
	}
}

// wrapped cuts a text at blanks into lines that are not much longer than width.
func wrapped(text string, width int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for len(text) > width {
			cut := strings.IndexByte(text[width:], ' ')
			if cut < 0 {
				break
			}
			if !yield(text[:width+cut]) {
				return
			}
			text = text[width+cut+1:]
		}
		yield(text)
	}
}

// writeWitnessed says which faults were on during the first anomalies of each kind. Lost elements have a list of their own.
func writeWitnessed(b *strings.Builder, h *history.History, r check.Result, windows []Window) {
	shown := make(map[string]int)
	header := "\nThe anomalies shown above, and the faults that were on meanwhile:\n"
	var visit func(r check.Result)
	visit = func(r check.Result) {
		for _, a := range r.Anomalies {
			if a.Kind == lostField || len(a.Ops) == 0 || shown[a.Kind] == maxShown {
				continue
			}
			shown[a.Kind]++
			faults, from, to := witnessed(h, a, windows)
			fmt.Fprintf(b, "%s  %s, %.3f s to %.3f s; %s\n", header, a.Kind, float64(from)/1e9, float64(to)/1e9, during(faults, windows, from, to))
			header = ""
		}
		for _, p := range r.Parts {
			visit(p.Result)
		}
	}
	visit(r)
}
