package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/history"
	"jcheck/internal/anonymise"
	"jcheck/internal/edn"
	"jcheck/linearizable"
)

const anonymiseLong = `Writes a history in which values, keys and names are others, for reports of bugs by
those who may not show what their database holds. Equal values get equal names of
the same kind, so that the verdict is the same; it is checked before anything is
written, by the checkers that jcheck check would run.

  jcheck anonymise history.edn --to public.edn
  jcheck anonymise history.json --to public.json --map secret.edn

Functions, types, indices, times, the numbers of processes, nil, 0, true and false
stay as they are. Where a checker counts with the numbers (counters, banks, offsets)
they stay, too, and it says so. Fields that no checker looks at are left out, texts
of errors above all; --keep FIELDS keeps some as they are.

Exit codes: 0 it was written; 2 the verdict would not have been the same, and
nothing was written; 254 wrong use.`

// anonymiseFlags are the flags of jcheck anonymise as they were given.
type anonymiseFlags struct {
	checkerFlags
	to, mapTo string
	keep      []string
	seed      uint64
}

func anonymiseCommand(e *env) *cobra.Command {
	f := &anonymiseFlags{}
	c := &cobra.Command{
		Use:   "anonymise FILE --to OUT",
		Short: "Writes the history with other values, keys and names, and the same verdict",
		Long:  anonymiseLong,
		Args:  oneHistory,
		RunE:  func(c *cobra.Command, args []string) error { return e.anonymise(c.Context(), f, args[0]) },
	}
	fs := c.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.to, "to", "", "the `FILE` to write; - for standard output")
	fs.StringVar(&f.mapTo, "map", "", "write to this `FILE` which new value stands for which old one, as an EDN map")
	fs.Uint64Var(&f.seed, "seed", 1, "which names are chosen: the same `SEED` gives the same names")
	fs.StringSliceVar(&f.keep, "keep", nil, "keep these `FIELDS` of operations as they are, with commas between")
	f.defineReading(fs)
	return c
}

// anonymise reads, renames, checks and writes.
func (e *env) anonymise(ctx context.Context, f *anonymiseFlags, path string) error {
	if err := checkOutput("to", f.to, path); err != nil {
		return err
	}
	if f.mapTo != "" {
		if err := checkOutput("map", f.mapTo, path); err != nil {
			return err
		}
		if f.mapTo == f.to {
			return fmt.Errorf("--map %s is the file of --to, too", f.mapTo)
		}
	}
	read, err := f.readOptions()
	if err != nil {
		return err
	}
	l, err := makeLimits(f.timeout, f.memory)
	if err != nil {
		return err
	}
	ctx, stopInterrupt := untilInterrupt(ctx)
	defer stopInterrupt()
	ctx, stop := l.start(ctx)
	defer stop()
	h, err := e.open(ctx, path, read)
	if err != nil {
		e.complain(shownName(path), err)
		e.raise(exitUsage)
		return nil
	}
	defer h.Close() // only read from: nothing can be lost
	err = e.rename(ctx, f, h, path)
	if why, ok := l.stopped(ctx); ok {
		fmt.Fprintf(e.stderr, "jcheck: %s: %s: nothing was written\n", shownName(path), why.Text)
		e.raise(exitUnknown)
		return nil
	}
	return err
}

// rename tries new names, first of numbers too unless a checker counts with them, and writes what keeps the verdict.
func (e *env) rename(ctx context.Context, f *anonymiseFlags, h *history.History, path string) error {
	before := judgePicks(ctx, h)
	for _, keep := range []bool{false, true} {
		if !keep && counts(before) {
			continue
		}
		names := anonymise.New(h, anonymise.Options{Seed: f.seed, KeepNumbers: keep, KeepFields: f.keep})
		text, err := renamed(ctx, h, names, formatOf(f.to))
		if err != nil {
			return err
		}
		small, err := history.Read(ctx, shownOut(f.to), text, history.Options{Independent: f.independence()})
		if err != nil {
			return fmt.Errorf("the new history can't be read: %w", err)
		}
		after := judgePicks(ctx, small)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if saidOf(before) != saidOf(after) {
			continue
		}
		if err := e.writeRenamed(f, text, names); err != nil {
			return err
		}
		fmt.Fprintf(e.stderr, "jcheck: %s: %s\n", shownName(path), verdictKept(before, keep))
		return nil
	}
	fmt.Fprintf(e.stderr, "jcheck: %s: the verdict would not be the same (it is %s): nothing was written\n", shownName(path), saidOf(before))
	e.raise(exitUnknown)
	return nil
}

// independence is how the new history is to be read: as it was asked for. What was told from the values is told again.
func (f *anonymiseFlags) independence() history.Independent {
	switch f.independent {
	case "on":
		return history.IndependentOn
	case "off":
		return history.IndependentOff
	}
	return history.IndependentAuto
}

// writeRenamed writes the history, and the map if it is wanted.
func (e *env) writeRenamed(f *anonymiseFlags, text []byte, names *anonymise.Names) error {
	if f.mapTo != "" {
		if err := writeWhole(f.mapTo, append(edn.Append(nil, names.Map()), '\n')); err != nil {
			return err
		}
	}
	if f.to != "-" {
		return writeWhole(f.to, text)
	}
	_, err := e.stdout.Write(text)
	return err
}

// renamed is the text of the history with its new names.
func renamed(ctx context.Context, h *history.History, names *anonymise.Names, format history.Format) ([]byte, error) {
	var text bytes.Buffer
	w := history.NewWriter(&text, format)
	for id := range h.All() {
		if id&0xfff == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := w.Write(names.Op(h, h.Op(id))); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// picked is what a checker that a history was recognised for says of it.
type picked struct {
	name   string
	result check.Result
}

// judgePicks runs the checkers that a history is recognised for.
func judgePicks(ctx context.Context, h *history.History) []picked {
	var list []picked
	for _, p := range all.Recognise(h) {
		r, err := p.Checker.Run(ctx, h, all.Values{})
		if err != nil {
			r = check.Result{Reasons: []check.Reason{{Code: "another-workload"}}}
		}
		list = append(list, picked{p.Checker.Name, r})
	}
	return list
}

// counts tells whether a checker counts with the numbers in a history, or compares which is larger.
func counts(list []picked) bool {
	return slices.ContainsFunc(list, func(p picked) bool {
		if p.name == linearizable.Checker {
			for _, f := range p.result.Fields {
				if f.Name == "model" {
					return slices.Contains([]string{"counter", "versioned-register", "priority-queue"}, f.Value.Text)
				}
			}
		}
		return slices.Contains([]string{"counter", "pn-counter", "bank", "kafka", "causal", "sequential", "monotonic"}, p.name)
	})
}

// saidOf is what checkers said: verdicts, reasons, and how many anomalies of which kind, but no values.
func saidOf(list []picked) string {
	var texts []string
	for _, p := range list {
		text := p.name + ": " + p.result.Verdict.String()
		if kinds := kindCounts(p.result); kinds != "" {
			text += " with " + kinds
		}
		for _, why := range p.result.Reasons {
			text += " (" + why.Code + ")"
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return "of no workload that is known"
	}
	return strings.Join(texts, "; ")
}

// kindCounts counts anomalies by kind, those that aren't listed included.
func kindCounts(r check.Result) string {
	count := make(map[string]int)
	var kinds []string
	for _, a := range anomaliesOf(r) {
		if count[a.Kind] == 0 {
			kinds = append(kinds, a.Kind)
		}
		if count[a.Kind]++; a.Total > count[a.Kind] {
			count[a.Kind] = a.Total
		}
	}
	slices.Sort(kinds)
	for i, k := range kinds {
		kinds[i] = fmt.Sprintf("%d × %s", count[k], k)
	}
	return strings.Join(kinds, ", ")
}

// verdictKept says what was compared.
func verdictKept(before []picked, numbers bool) string {
	text := "before and after it is " + saidOf(before)
	if len(before) == 0 {
		text = "no checker knows its workload, so nothing was compared"
	}
	if numbers {
		text += "; numbers were kept, since the verdict depends on them"
	}
	return text
}
