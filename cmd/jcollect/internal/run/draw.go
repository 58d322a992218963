package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"jcheck/check"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/history"
	"jcheck/internal/store"
	"jcheck/render"
)

// drawings are the checks that draw what happened and judge nothing, as Jepsen calls them, with their pictures.
var drawings = [...]struct {
	name  string
	plots []string
	times bool // timeline.html
}{
	{name: "perf", plots: []string{"latency-raw", "latency-quantiles", "rate"}},
	{name: "timeline", times: true},
	{name: "latency-graph", plots: []string{"latency-raw", "latency-quantiles"}},
	{name: "rate-graph", plots: []string{"rate"}},
	{name: "clock-plot", plots: []string{"clock-skew"}},
}

// defaultDrawings are drawn unless the plan's key draw says otherwise: they take about a second for a million operations.
func defaultDrawings() []string { return []string{"perf", "timeline", "clock-plot"} }

// drawingNames are the names of all drawings.
func drawingNames() []string {
	var names []string
	for _, d := range drawings {
		names = append(names, d.name)
	}
	return names
}

// noDrawings is what the key draw says where nothing is to be drawn.
const noDrawings = "none"

// drawingList reads the key draw. The list is never nil once it was read.
func drawingList(names *[]string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		var words []string
		plan.Strs(&words)(n, p)
		*names = []string{}
		known := append(drawingNames(), noDrawings)
		for i, name := range words {
			switch at := item(n, i); {
			case at.Kind != plan.Scalar:
			case !slices.Contains(known, name):
				p.Add(at.Pos, plan.Suggest(name, known, "one of"), "draw: %q is no drawing", name)
			case name == noDrawings && len(words) > 1:
				p.Add(at.Pos, "", "draw: none goes alone")
			case name != noDrawings:
				*names = append(*names, name)
			}
		}
	}
}

// drawn are the drawings of a test: those of the key draw, and those among the checks.
func (t *Test) drawn() []string {
	names := append([]string{}, t.Draw...) // not nil, which would be the default
	if t.Draw == nil {
		names = defaultDrawings()
	}
	for _, c := range t.Checks {
		if slices.Contains(drawingNames(), c.Name) && !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// pictures are what was drawn of a run.
type pictures struct {
	files  []render.Link // to be linked from the page
	named  []string      // the files to look at
	absent []string      // what there was nothing to draw for, with the reason
	times  *render.TimelinePage
}

// draw draws the named drawings into the run's folder. What can't be drawn or written is the error: the rest is drawn.
func (d Judged) draw(ctx context.Context, r *store.Run, names []string, start time.Time) (p pictures, err error) {
	var plots []string
	timeline := false
	for _, row := range drawings {
		if slices.Contains(names, row.name) {
			plots = append(plots, row.plots...)
			timeline = timeline || row.times
		}
	}
	if len(plots) == 0 && !timeline {
		return p, nil
	}
	var failed []error
	name := r.Name + " " + r.Stamp
	faults := drawnFaults(d.History)
	list, absent, err := render.Plots(ctx, d.History, plots, render.PlotOptions{Name: name, Faults: faults})
	p.absent = absent
	if err != nil {
		failed = append(failed, err)
	}
	for _, plot := range list {
		err := errors.Join(writeBytes(r, plot.SVG, plot.Name+".svg"), writeBytes(r, plot.PNG, plot.Name+".png"))
		if err != nil {
			failed = append(failed, err)
			continue
		}
		p.files = append(p.files, render.Link{Href: "../" + plot.Name + ".svg", Text: plot.Title})
		p.named = append(p.named, plot.Name+".svg")
	}
	if timeline && ctx.Err() == nil {
		page := render.Timeline(d.History, render.TimelineOptions{Name: name, Faults: faults, Start: start, Around: witnesses(d.Result)})
		if err := writeBytes(r, page.HTML, timelineFile); err != nil {
			return p, errors.Join(append(failed, err)...)
		}
		p.files = append(p.files, render.Link{Href: "../" + timelineFile, Text: "Operations of each process, one below the other"})
		p.named = append(p.named, timelineFile)
		p.times = &page
	}
	return p, errors.Join(failed...)
}

// timelineFile is the page of all operations.
const timelineFile = "timeline.html"

// writeBytes writes a file of the run.
func writeBytes(r *store.Run, text []byte, name string) error {
	return r.Write(func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	}, name)
}

// drawnFaults are the windows of a history as pictures take them.
func drawnFaults(h *history.History) []render.Fault {
	var list []render.Fault
	for _, w := range Windows(h) {
		what := w.What
		if w.Wrong {
			what += " (it went wrong, in part at least)"
		}
		list = append(list, render.Fault{Kind: w.Name, What: what, From: w.From, To: w.To, Open: w.Open})
	}
	return list
}

// witnesses are the operations of all anomalies, those of the worst first.
func witnesses(r check.Result) []history.ID {
	var ids []history.ID
	for _, a := range r.Anomalies {
		ids = append(ids, a.Ops...)
	}
	for _, p := range r.Parts {
		ids = append(ids, witnesses(p.Result)...)
	}
	return ids
}

// pictures draws into the run's folder, and adds it to the page's links. A bug of ours there is an error like another: it changes
// no verdict.
func (d Judged) pictures(ctx context.Context, r *store.Run, names []string, start time.Time) (p pictures, err error) {
	err = guarded(func() error {
		p, err = d.draw(ctx, r, names, start)
		return err
	})
	if err != nil {
		err = fmt.Errorf("draw what happened: %w (hint: the verdict stands; jcollect analyze %s draws again)", err, r.Dir())
	}
	return p, err
}

// link is where the report's page finds the timeline; nil if there is none.
func (p pictures) link() *render.TimelineLink {
	if p.times == nil {
		return nil
	}
	return &render.TimelineLink{Href: "../" + timelineFile, Page: p.times}
}

// sentence tells of what was drawn.
func (p pictures) sentence(dir string) string {
	if len(p.named) == 0 {
		return ""
	}
	return fmt.Sprintf("\nPictures in %s: %s.\n", dir, strings.Join(p.named, ", "))
}
