package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/history"
	"jcheck/render"
)

// This file makes a verb of each row of the table of checkers: its options become flags, beside those that every
// checker has.

// checkerFlags are the flags of such a verb as they were given. Those that every checker has are elle's.
type checkerFlags struct {
	elleFlags
	options []all.Option
	given   map[string]any // by the option's name: where pflag puts the value
}

// checkerCommands are the verbs of the table, but for those that have files of their own.
func checkerCommands(e *env) []*cobra.Command {
	var list []*cobra.Command
	for _, row := range all.Checkers() {
		if !row.OwnVerb {
			list = append(list, checkerCommand(e, row))
		}
	}
	return list
}

// checkerCommand is the verb of one row.
func checkerCommand(e *env, row all.Checker) *cobra.Command {
	f := checkerFlags{options: withCompat(row.Options)}
	c := &cobra.Command{
		Use:     row.Name + " FILE...",
		Short:   "Checks " + row.Doc,
		Long:    "Checks " + row.Doc + ".\n\n" + row.About,
		GroupID: groupCheckers,
		RunE: func(c *cobra.Command, paths []string) error {
			return f.run(e, c, paths, func(v all.Values) checkFunc {
				return rowCheck(row, v)
			})
		},
	}
	f.define(c.Flags())
	return c
}

// checkFunc judges a history; the error is one that has nothing to judge.
type checkFunc = func(context.Context, *history.History) (check.Result, error)

// rowCheck is a row's checker as the commands call it.
func rowCheck(row all.Checker, v all.Values) checkFunc {
	return func(ctx context.Context, h *history.History) (check.Result, error) {
		r, err := row.Run(ctx, h, v)
		return r, errors.Join(placed(h, err), wrongOptions(r))
	}
}

// wrongOptions is the error of options that make no sense, which checkers tell as a reason.
func wrongOptions(r check.Result) error {
	for _, why := range r.Reasons {
		if why.Code == "invalid-options" {
			return errors.New(why.Text)
		}
	}
	for _, p := range r.Parts {
		if err := wrongOptions(p.Result); err != nil {
			return err
		}
	}
	return nil
}

// placed gives the error of a foreign history its place.
func placed(h *history.History, err error) error {
	var foreign *all.ForeignError
	if errors.As(err, &foreign) {
		return fmt.Errorf("%s: %w", h.Pos(foreign.Op), err)
	}
	return err
}

// withCompat are a checker's options and the one that all of them have.
func withCompat(options []all.Option) []all.Option {
	return append(slices.Clip(options), all.Option{Name: all.CompatOption,
		Doc: "answer as Jepsen does where that is a mistake (docs/differences.md)"})
}

// run judges the files by the checker that the options make.
func (f *checkerFlags) run(e *env, c *cobra.Command, paths []string, checker func(all.Values) checkFunc) error {
	if len(paths) == 0 {
		return fmt.Errorf("no history given (hint: %s FILE, - for standard input)", c.CommandPath())
	}
	v, err := f.values(c.Flags())
	if err != nil {
		return err
	}
	if err := all.Validate(v); err != nil {
		return err
	}
	j := job{check: checker(v), show: f.showChecked(e), out: f.out, ci: &f.ci}
	if j.read, err = f.readOptions(); err != nil {
		return err
	}
	if j.limits, err = makeLimits(f.timeout, f.memory); err != nil {
		return err
	}
	if err := oneOf("output", f.output, "text", "json", "edn"); err != nil {
		return err
	}
	if f.max < 0 {
		return fmt.Errorf("--max-anomalies %d is negative", f.max)
	}
	e.judgeAll(c.Context(), j, paths)
	return nil
}

// define declares the flags.
func (f *checkerFlags) define(fs *pflag.FlagSet) {
	f.defineOptions(fs)
	f.defineReading(fs)
	fs.StringVar(&f.output, "output", "text", "text, json or edn")
	fs.IntVar(&f.max, "max-anomalies", textAnomalies, "show at most `N` anomalies of each kind in text; 0 for all that are listed")
	fs.StringVar(&f.out, "out", "", "write index.html (a page to look at) and the results into `DIR`")
	f.ci.define(fs)
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print the verdict line only")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "print all keys that are not valid, and whole values")
}

// defineOptions declares the flags that checkers have by their rows.
func (f *checkerFlags) defineOptions(fs *pflag.FlagSet) {
	fs.SortFlags = false
	f.given = make(map[string]any)
	for _, o := range f.options {
		switch o.Kind {
		case all.Switch:
			f.given[o.Name] = fs.BoolP(o.Name, o.Short, false, o.Doc)
		case all.Number:
			f.given[o.Name] = fs.Int64P(o.Name, o.Short, 0, o.Doc)
		case all.Ratio:
			f.given[o.Name] = fs.Float64P(o.Name, o.Short, 0, o.Doc)
		case all.Text, all.Places:
			f.given[o.Name] = fs.StringP(o.Name, o.Short, "", o.Doc)
		case all.List, all.Files:
			f.given[o.Name] = fs.StringSliceP(o.Name, o.Short, nil, o.Doc)
		}
	}
}

// defineReading declares the flags of how a history is read, and how long that may take.
func (f *checkerFlags) defineReading(fs *pflag.FlagSet) {
	fs.StringVar(&f.independent, "independent", "auto", "whether values are [key value], each key a history of its own: on, off or auto")
	fs.BoolVar(&f.lenient, "lenient", false, "use what comes before a truncated end")
	fs.StringVar(&f.format, "format", "auto", "edn, json, or auto: told from the content")
	fs.DurationVar(&f.timeout, "timeout", 0, "give up on a file after this `TIME` (30s, 5m), with what was proved so far")
	fs.StringVar(&f.memory, "max-memory", "", "give up before more than this `SIZE` (512M, 2G) is in use (default nine tenths of the machine's)")
}

// values are the options that were given.
func (f *checkerFlags) values(fs *pflag.FlagSet) (all.Values, error) {
	v := all.Values{}
	for _, o := range f.options {
		if !fs.Changed(o.Name) {
			continue
		}
		switch given := f.given[o.Name].(type) {
		case *bool:
			v[o.Name] = *given
		case *int64:
			v[o.Name] = *given
		case *float64:
			v[o.Name] = *given
		case *string:
			v[o.Name] = *given
			if o.Kind == all.Places {
				places, err := readOrder(*given)
				if err != nil {
					return nil, err
				}
				v[o.Name] = all.Order{File: *given, Place: places}
			}
		case *[]string:
			if o.Kind == all.List {
				v[o.Name] = trimmed(*given)
				continue
			}
			files, err := readFiles(*given)
			if err != nil {
				return nil, fmt.Errorf("--%s: %w", o.Name, err)
			}
			v[o.Name] = files
		}
	}
	return v, nil
}

// trimmed are the words of a list without the blanks around them. It is never nil.
func trimmed(words []string) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = strings.TrimSpace(w)
	}
	return list
}

// readFiles reads the files that an option names.
func readFiles(names []string) ([]all.File, error) {
	var files []all.File
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, all.File{Name: name, Text: text})
	}
	return files, nil
}

// showChecked prints results in the wanted form.
func (f *checkerFlags) showChecked(e *env) func(judged) error {
	shown := 0
	return func(d judged) error {
		var text []byte
		switch f.output {
		case "json":
			return render.WriteJSON(e.stdout, d.h, d.path, d.result)
		case "edn":
			return render.WriteEDN(e.stdout, d.h, d.path, d.result)
		default:
			if shown > 0 && !f.quiet {
				text = append(text, '\n')
			}
			text = append(text, render.Text(d.h, d.result, render.TextOptions{
				File: shownName(d.path), Max: f.max, Verbose: f.verbose, Quiet: f.quiet,
				Color: wantsColor(e.stdout), Width: terminalWidth(e.stdout), NoMore: true, Figures: true, Hints: explainHint(d.result),
			})...)
		}
		shown++
		_, err := e.stdout.Write(text)
		return err
	}
}

// explainHint says where the first anomaly that has an explanation is explained.
func explainHint(r check.Result) []string {
	tried := make(map[string]bool) // looking a name up among all anomalies takes its time
	var hint []string
	var look func(r check.Result)
	look = func(r check.Result) {
		for _, a := range r.Anomalies {
			if hint != nil || tried[a.Kind] {
				continue
			}
			tried[a.Kind] = true
			if _, err := findAnomaly(a.Kind); err == nil {
				hint = []string{"More: jcheck anomalies " + a.Kind + " explains it; --out DIR writes a page to look at."}
			}
		}
		for _, p := range r.Parts {
			if hint == nil {
				look(p.Result)
			}
		}
	}
	look(r)
	return hint
}
