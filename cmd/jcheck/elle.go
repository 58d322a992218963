package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jcheck/check"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/render"
)

const elleLong = `Infers from what clients saw how their transactions depend on each other, and
looks for cycles and other proofs that the promised isolation was broken.

FILE is a history in Jepsen's shape, EDN or JSON, plain, gzip or zstd; a folder
that holds one; or - for standard input. Its content tells which.

  jcheck elle history.json
  jcheck elle -c snapshot-isolation --output json history.edn.gz
  jcheck elle --workload rw-register --linearizable-keys history.edn`

// elleFlags are the flags of jcheck elle as they were given.
type elleFlags struct {
	workload, independent, format, output, memory, order, initial string
	models, anomalies                                             []string
	max                                                           int
	timeout                                                       time.Duration
	out                                                           string
	lenient, quiet, verbose                                       bool
	o                                                             elle.Options
	ci                                                            ci
}

// elleCommand is the verb elle.
func elleCommand(e *env) *cobra.Command {
	var f elleFlags
	c := &cobra.Command{
		Use:   "elle FILE...",
		Short: "Checks transactional isolation: list-append, rw-register, closed-predicate",
		Long:  elleLong,
		RunE: func(c *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return errors.New("no history given (hint: jcheck elle FILE, - for standard input)")
			}
			j, err := f.job(e, c.Flags(), len(paths))
			if err != nil {
				return err
			}
			e.judgeAll(c.Context(), j, paths)
			return nil
		},
	}
	f.define(c.Flags())
	return c
}

// define declares the flags.
func (f *elleFlags) define(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.StringVar(&f.workload, "workload", "auto", "list-append, rw-register, closed-predicate, or auto: told from the operations")
	fs.StringSliceVarP(&f.models, "consistency-models", "c", nil, "`MODELS` to check, with commas between; jcheck models lists them (default strict-serializable)")
	fs.StringSliceVarP(&f.anomalies, "anomalies", "a", nil, "further `ANOMALIES` to forbid; jcheck anomalies lists them")
	fs.BoolVar(&f.o.WFRKeys, "wfr-keys", false, "rw-register: what a transaction writes to a key comes after what it read of it")
	fs.BoolVar(&f.o.SequentialKeys, "sequential-keys", false, "rw-register: each key by itself is sequentially consistent")
	fs.BoolVar(&f.o.LinearizableKeys, "linearizable-keys", false, "rw-register: each key by itself is linearizable")
	fs.StringVar(&f.order, "transaction-order", "", "rw-register: `FILE` with a map from the index of a completion to its place in the order")
	fs.StringVar(&f.initial, "initial", "", "rw-register: the `VALUE` of every key before the history began, as EDN")
	fs.StringVar(&f.independent, "independent", "auto", "whether values are [key transaction], each key a history of its own: on, off or auto")
	fs.BoolVar(&f.lenient, "lenient", false, "use what comes before a truncated end")
	fs.StringVar(&f.format, "format", "auto", "edn, json, or auto: told from the content")
	fs.StringVar(&f.output, "output", "text", "text, json or edn")
	fs.IntVar(&f.max, "max-anomalies", 0, "list at most `N` anomalies of each kind; 0 for all (default 1 in text, else 100)")
	fs.DurationVar(&f.timeout, "timeout", 0, "give up on a file after this `TIME` (30s, 5m), with what was proved so far")
	fs.StringVar(&f.memory, "max-memory", "", "give up before more than this `SIZE` (512M, 2G) is in use (default nine tenths of the machine's)")
	fs.StringVar(&f.out, "out", "", "write index.html (a page to look at), the results and the proofs into `DIR`")
	f.ci.define(fs)
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print the verdict line only")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "print whole reads, whole transactions and all models")
}

// textAnomalies is how many anomalies of each kind the text shows unless asked for another number; listedAnomalies is
// among how many it looks for the shortest, and how many other outputs have. A broken database makes ten thousands.
const (
	textAnomalies   = 1
	listedAnomalies = 100
)

// maxComponents is how many strongly connected components are drawn.
const maxComponents = 100

// job makes of the flags what is to be done.
func (f *elleFlags) job(e *env, fs *pflag.FlagSet, files int) (job, error) {
	o, err := f.options(fs)
	if err != nil {
		return job{}, err
	}
	j := job{out: f.out, check: elleCheck(o), show: f.shower(e, o, files), ci: &f.ci}
	if j.read, err = f.readOptions(); err != nil {
		return job{}, err
	}
	if j.limits, err = makeLimits(f.timeout, f.memory); err != nil {
		return job{}, err
	}
	if err := oneOf("output", f.output, "text", "json", "edn"); err != nil {
		return job{}, err
	}
	return j, nil
}

// options are the checker's.
func (f *elleFlags) options(fs *pflag.FlagSet) (elle.Options, error) {
	o := f.o
	var err error
	if o.Workload, err = elle.ParseWorkload(f.workload); err != nil {
		return o, err
	}
	if fs.Changed("consistency-models") {
		o.Models = trimmed(f.models) // not nil: an empty list means no models
	}
	o.Anomalies = trimmed(f.anomalies)
	if f.out != "" {
		o.Graphs = maxComponents
	}
	if f.order != "" {
		if o.TransactionOrder, err = readOrder(f.order); err != nil {
			return o, err
		}
	}
	if fs.Changed("initial") {
		o.Initial = &f.initial
	}
	if f.max < 0 {
		return o, fmt.Errorf("--max-anomalies %d is negative", f.max)
	}
	o.MaxAnomalies = f.listed(fs.Changed("max-anomalies"))
	return o, o.Validate()
}

// listed is how many anomalies of each kind the checker is to tell of. It also settles how many the text shows.
func (f *elleFlags) listed(asked bool) int {
	files := f.output != "text" || f.out != ""
	if !asked {
		f.max = textAnomalies
	}
	switch {
	case f.quiet && !files:
		return 1
	case asked && (files || f.max == 0 || f.max > listedAnomalies):
		return f.max
	}
	return listedAnomalies
}

// readOptions are the reader's.
func (f *elleFlags) readOptions() (history.Options, error) {
	o := history.Options{Lenient: f.lenient}
	if err := f.ci.validate(); err != nil {
		return o, err
	}
	if err := oneOf("format", f.format, "auto", "edn", "json"); err != nil {
		return o, err
	}
	o.Format = map[string]history.Format{"edn": history.FormatEDN, "json": history.FormatJSON}[f.format]
	if err := oneOf("independent", f.independent, "auto", "on", "off"); err != nil {
		return o, err
	}
	o.Independent = map[string]history.Independent{
		"on": history.IndependentOn, "off": history.IndependentOff}[f.independent]
	return o, nil
}

// shower prints results in the wanted form.
func (f *elleFlags) shower(e *env, o elle.Options, files int) func(judged) error {
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
				Color: wantsColor(e.stdout), Width: terminalWidth(e.stdout), Hints: elleHints(o, d.result),
				Checked: checkedAs(d.result),
			})...)
		}
		shown++
		_, err := e.stdout.Write(text)
		return err
	}
}

// elleHints says what more could be found. The strongest bugs of a register stay unseen while nothing is known of the
// order of its versions, and no one who is new to this would guess.
func elleHints(o elle.Options, r check.Result) []string {
	blind := !o.WFRKeys && !o.SequentialKeys && !o.LinearizableKeys && o.TransactionOrder == nil
	if r.Checker != elle.RWRegister.String() || r.Verdict != check.Valid || !blind {
		return nil
	}
	return []string{"Note: of the versions of a register only the first (nil) is known to come before the others. " +
		"If each key by itself is at least that consistent, --wfr-keys, --sequential-keys or --linearizable-keys let " +
		"more be found."}
}

// makeLimits reads the limits of a check.
func makeLimits(timeout time.Duration, memory string) (limits, error) {
	if timeout < 0 {
		return limits{}, fmt.Errorf("--timeout %s is negative", timeout)
	}
	l := limits{timeout: timeout, memory: machineMemory()}
	if memory != "" {
		var err error
		if l.memory, err = parseSize(memory); err != nil {
			return limits{}, fmt.Errorf("--max-memory %w", err)
		}
	}
	return l, nil
}

// oneOf refuses a flag's value that is none of the words.
func oneOf(flag, value string, words ...string) error {
	for _, w := range words {
		if w == value {
			return nil
		}
	}
	return fmt.Errorf("--%s %q is not known (hint: %s)", flag, value, strings.Join(words, ", "))
}

// elleCheck is the checker as the commands call it. The error is a history that has nothing for it to check.
func elleCheck(o elle.Options) func(context.Context, *history.History) (check.Result, error) {
	return func(ctx context.Context, h *history.History) (check.Result, error) {
		o := o
		var err error
		if o.Workload, err = elle.Recognise(h, o.Workload); err == nil {
			return elle.Check(ctx, h, o), nil
		}
		var foreign *elle.ForeignError
		if errors.As(err, &foreign) {
			err = fmt.Errorf("%s: %w", h.Pos(foreign.Op), err)
		}
		return check.Result{}, err
	}
}
