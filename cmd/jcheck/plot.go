package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jcheck/history"
	"jcheck/internal/amount"
	"jcheck/internal/faults"
	"jcheck/render"
)

const plotLong = `Draws what happened in a history: how long operations took, how many ended per
second, when which fault was on, and what each process did.

  jcheck plot history.edn --out pictures
  jcheck plot store/latest --out pictures --around 4512
  jcheck plot history.json --out pictures --only rate,timeline

latency-raw        the latency of each operation
latency-quantiles  its median, and the quantiles 0.95, 0.99 and 1 over time
rate               how many operations ended per second, and how
clock-skew         how far nodes' clocks were off, if the history has clock-offsets
timeline           timeline.html: a column for each process, a box for each operation

Each is written as SVG and as PNG under these names, the timeline as a page without
scripts. It shows 10,000 operations: those of --around with their neighbours, then
the first ones. Nothing is judged. No other program is needed.

Exit codes: 0 it was drawn; 254 wrong use or an input that is no history.`

// plotFlags are the flags of jcheck plot as they were given.
type plotFlags struct {
	out, format, independent string
	only                     []string
	around                   []int64
	limit                    int
	lenient                  bool
}

// timelineName is the page of all operations among the names of pictures, skewName the picture of clocks.
const (
	timelineName = "timeline"
	skewName     = "clock-skew"
)

// plotNames are the words that --only takes.
func plotNames() []string { return append(render.PlotNames(), timelineName) }

func plotCommand(e *env) *cobra.Command {
	f := &plotFlags{}
	c := &cobra.Command{
		Use:   "plot FILE --out DIR",
		Short: "Draws latencies, rates, faults, and a timeline of all processes",
		Long:  plotLong,
		Args:  oneHistory,
		RunE:  func(c *cobra.Command, args []string) error { return e.plot(c.Context(), f, args[0]) },
	}
	fs := c.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.out, "out", "", "the `DIR` to write to")
	fs.StringSliceVar(&f.only, "only", nil, "draw only these `PICTURES`, with commas between")
	fs.Int64SliceVar(&f.around, "around", nil, "have the timeline show the operations with these `INDEXES` and those around them")
	fs.IntVarP(&f.limit, "limit", "n", 0, "have the timeline show at most this `MANY` operations (10000)")
	fs.StringVar(&f.format, "format", "auto", "edn, json, or auto: told from the content")
	fs.StringVar(&f.independent, "independent", "auto", "whether values are [key value], each key an object of its own: on, off or auto")
	fs.BoolVar(&f.lenient, "lenient", false, "use what comes before a truncated end")
	return c
}

// check refuses flags that make no sense.
func (f *plotFlags) check() error {
	if f.out == "" {
		return errors.New("--out is missing (hint: --out DIR, where the pictures are written)")
	}
	for _, name := range f.only {
		if err := oneOf("only", name, plotNames()...); err != nil {
			return err
		}
	}
	if f.limit < 0 {
		return errors.New("--limit can't be negative")
	}
	return checkDir(f.out)
}

// plot reads, draws and writes.
func (e *env) plot(ctx context.Context, f *plotFlags, path string) error {
	if err := f.check(); err != nil {
		return err
	}
	read, err := (&elleFlags{format: f.format, independent: f.independent, lenient: f.lenient}).readOptions()
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt(ctx)
	defer stop()
	h := e.openToLook(ctx, path, read)
	if h == nil {
		return nil
	}
	defer h.Close() // only read from: nothing can be lost
	around, err := f.named(h)
	if err != nil {
		return fmt.Errorf("%s: %w", shownName(path), err)
	}
	return e.draw(ctx, f, h, shownName(path), around)
}

// named are the operations of --around.
func (f *plotFlags) named(h *history.History) ([]history.ID, error) {
	var ids []history.ID
	for _, index := range f.around {
		id := h.ByIndex(index)
		if id == history.None {
			return nil, fmt.Errorf("no operation has index %d (hint: jcheck show FILE --limit 5 shows the first ones)", index)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// draw draws and writes what is asked for, and says what there is and what there can't be.
func (e *env) draw(ctx context.Context, f *plotFlags, h *history.History, name string, around []history.ID) error {
	names := f.only
	if len(names) == 0 {
		names = plotNames()
	}
	found := faultsOf(h)
	list, missing, err := render.Plots(ctx, h, names, render.PlotOptions{Name: name, Faults: found})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return fmt.Errorf("write pictures: %w", err)
	}
	for _, p := range list {
		file := filepath.Join(f.out, p.Name)
		if err := errors.Join(writeWhole(file+".svg", p.SVG), writeWhole(file+".png", p.PNG)); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s.svg, .png: %s\n", file, strings.ToLower(p.Title[:1])+p.Title[1:])
	}
	if slices.Contains(names, timelineName) {
		page := render.Timeline(h, render.TimelineOptions{Name: name, Faults: found, Around: around, Max: f.limit})
		file := filepath.Join(f.out, timelineName+".html")
		if err := writeWhole(file, page.HTML); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s: %s\n", file, shownOps(page))
	}
	for _, why := range missing {
		if len(f.only) == 0 && strings.HasPrefix(why, skewName+":") {
			continue // few histories have it
		}
		fmt.Fprintf(e.stderr, "jcheck: %s: not drawn: %s\n", name, why)
	}
	return nil
}

// shownOps says what a timeline shows.
func shownOps(p render.TimelinePage) string {
	if p.Left == 0 {
		return "all " + amount.Of(p.Shown, "operation")
	}
	return fmt.Sprintf("%d of %s", p.Shown, amount.Of(p.Shown+p.Left, "operation"))
}

// maxFaultText is how many characters of what a nemesis did are told on hover.
const maxFaultText = 200

// faultsOf are the times of faults in a history, as pictures take them.
func faultsOf(h *history.History) []render.Fault {
	windows, last := faults.Of(h)
	var list []render.Fault
	for _, w := range windows {
		f := render.Fault{Kind: w.Fault, From: w.StartNS, To: w.EndNS}
		if !w.Value.IsNil() {
			f.What = cutText(w.Value.String(), maxFaultText)
		}
		if w.EndNS < 0 {
			f.To, f.Open = last, true
		}
		list = append(list, f)
	}
	return list
}
