package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/history"
	"jcheck/internal/store"
	"jcheck/render"
)

// judging is what is needed to judge a stored run, now or again.
type judging struct {
	workload string    // whose operations they are; "" if the plan had a generator of its own
	checks   []Check   // none: whatever the history is recognised as
	keyed    bool      // values are [key value], each key a history of its own
	early    string    // what ended the operations before they were done; "" if nothing did, or the user
	draw     []string  // names of drawings
	start    time.Time // the moment at which the history's times are 0; zero if nobody knows
}

// A Judged is a history that was judged. The history is open; it is nil if there was none to be judged.
type Judged struct {
	History  *history.History
	Result   check.Result
	Workload string // whose operations they are; "" if it has no name

	asides []render.Aside // what a run knows beside the result
}

// Close gives the history back.
func (j Judged) Close() error {
	if j.History == nil {
		return nil
	}
	return j.History.Close()
}

// errNoHistory is a run in which nothing happened.
var errNoHistory = errors.New("no operation was recorded, so there is nothing to judge")

// judge judges the history of a run as it is on disk. The error is a history that can't be read; whatever a checker
// can't make sense of is an unknown verdict instead.
func (j judging) judge(ctx context.Context, r *store.Run) (Judged, error) {
	path := filepath.Join(r.Dir(), store.HistoryEDN)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0 {
		return Judged{}, errNoHistory
	}
	o := history.Options{Lenient: true, Independent: history.IndependentOff}
	if j.keyed {
		o.Independent = history.IndependentOn
	}
	h, err := history.Open(ctx, path, o)
	if err != nil {
		return Judged{}, err
	}
	d := Judged{History: h, Result: j.result(ctx, h, r), Workload: j.workload}
	if j.early != "" { // whoever reads "valid" takes it for the whole test
		d.Result.Verdict = check.Worse(d.Result.Verdict, check.Unknown)
		d.Result.Reasons = append(d.Result.Reasons, check.Reason{Code: "ended-early", Text: "the operations ended before they were done: " + j.early})
	}
	d.asides = asidesOf(h, d.Result)
	for _, w := range h.Warnings() {
		d.Result.Notes = append(d.Result.Notes, check.Note{Code: w.Code, Text: w.String()})
	}
	return d, nil
}

// result merges what the checkers say, as `jcheck check` does: invalid > unknown > valid. stats and unhandled-exceptions
// join, as they join there.
func (j judging) result(ctx context.Context, h *history.History, stored *store.Run) check.Result {
	if len(j.checks) == 0 {
		return all.Judge(ctx, h, all.Values{})
	}
	r := check.Result{Checker: "check", Verdict: check.Valid, Composed: true}
	named := make(map[string]bool)
	run := func(c all.Checker, v all.Values) {
		var part check.Result
		if v, err := withLogs(stored, c, v); err != nil {
			part = check.Result{Checker: c.Name, Reasons: []check.Reason{{Code: "no-logs", Text: err.Error()}}}
		} else if part, err = c.Run(ctx, h, v); err != nil {
			part = check.Result{Checker: c.Name, Reasons: []check.Reason{{Code: "another-workload", Text: err.Error()}}}
		}
		r.Parts = append(r.Parts, check.Part{Name: c.Name, Result: part})
		r.Verdict = check.Worse(r.Verdict, part.Verdict)
	}
	for _, asked := range j.checks {
		c, ok := all.Find(asked.Name)
		if !ok || named[c.Name] {
			continue // one that another room asked for as well
		}
		named[c.Name] = true
		run(c, asked.Options)
	}
	for _, c := range all.Checkers() {
		if c.Always && !named[c.Name] {
			run(c, all.Values{})
		}
	}
	if h.Len() > 0 && !anyClient(h) {
		r.Verdict = check.Worse(r.Verdict, check.Unknown)
		r.Reasons = append(r.Reasons, check.Reason{Code: "empty-history", Text: "no client did anything, so there is nothing to judge"})
	}
	return r
}

// anyClient tells whether a client did something.
func anyClient(h *history.History) bool {
	for id := range h.All() {
		if check.OfClient(h, id) {
			return true
		}
	}
	return false
}

// finish reports, draws, and writes the results. Nothing of it changes the verdict: what fails is returned.
func (d Judged) finish(ctx context.Context, r *store.Run, j judging, out io.Writer, page Page) (p pictures, trouble []error) {
	note := func(err error) {
		if err != nil {
			trouble = append(trouble, err)
		}
	}
	if err := d.report(out, r.Dir(), page); err != nil {
		note(fmt.Errorf("print the report: %w", err))
	}
	if ctx.Err() == nil {
		var err error
		p, err = d.pictures(ctx, r, j.draw, j.start)
		note(err)
	}
	note(d.keep(ctx, r, p))
	if text := p.sentence(r.Dir()); text != "" && !page.Quiet {
		if _, err := io.WriteString(out, text); err != nil {
			note(fmt.Errorf("print the report: %w", err))
		}
	}
	return p, trouble
}

// keep writes the results into the run's folder, the report, and the page to look at. What can't be written is told, and
// changes no verdict.
func (d Judged) keep(ctx context.Context, r *store.Run, p pictures) error {
	name := filepath.Join(r.Name, r.Stamp)
	_, drawErr := render.Files(ctx, filepath.Join(r.Dir(), store.CheckDir), d.History, d.Result, render.FileOptions{
		Name: name, MaxGraph: maxGraphBytes, Page: render.HTMLOptions{File: name, Checked: d.checkedAs(), Asides: d.asides,
			Links: p.files, Timeline: p.link()},
	})
	return errors.Join(
		r.Write(func(w io.Writer) error { return d.report(w, r.Dir(), Page{Width: reportWidth}) }, reportFile),
		r.Write(func(w io.Writer) error { return render.WriteEDN(w, d.History, name, d.Result) }, store.ResultsEDN),
		r.Write(func(w io.Writer) error { return render.WriteJSON(w, d.History, name, d.Result) }, store.ResultsJSON),
		drawErr)
}

// The report as it is kept.
const (
	reportFile  = "report.txt"
	reportWidth = 100
)

// maxGraphBytes bounds a graph among the files of a result.
const maxGraphBytes = 1 << 20
