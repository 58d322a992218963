package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/cmd/internal/cli"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/linearizable"
	"jcheck/render"
)

// This file is the form in which elle-cli is called: jcheck -m MODEL [flags] FILE... Its flags, their defaults and the
// lines on stdout are elle-cli's, so that its users switch by changing the program's name. The exit codes are ours
// (unknown is 2, a bad input 254) unless --elle-cli-exit asks for elle-cli's.

const elleCLIUsage = `Usage: jcheck -m MODEL [flags] FILE...

The form of elle-cli: for each file a line "FILE <tab> true|false|unknown".
(jcheck elle FILE shows the proof; jcheck --help what else there is.)

`

// cliModel is one of elle-cli's models. Besides those of elle and of Knossos, they are named as our checkers are.
type cliModel struct {
	name     string
	workload elle.Workload
	datatype string // for the models that Knossos checks
}

// cliModels are elle-cli's models. register is ours.
var cliModels = [...]cliModel{
	{"rw-register", elle.RWRegister, ""}, {"list-append", elle.ListAppend, ""},
	{"cas-register", elle.Auto, "cas-register"}, {"mutex", elle.Auto, "mutex"}, {"register", elle.Auto, "register"},
	{"bank", elle.Auto, ""}, {"counter", elle.Auto, ""}, {"set", elle.Auto, ""}, {"set-full", elle.Auto, ""},
	{"long-fork", elle.Auto, ""}, {"comments", elle.Auto, ""}, {"sequential", elle.Auto, ""},
}

// row is the checker in the table that the model names; false if it is one of elle's or of Knossos's, or isn't built.
func (m cliModel) row() (all.Checker, bool) {
	if m.workload != elle.Auto || m.datatype != "" {
		return all.Checker{}, false
	}
	return all.Find(m.name)
}

// built tells whether this version has the model.
func (m cliModel) built() bool {
	_, ok := m.row()
	return ok || m.workload != elle.Auto || m.datatype != ""
}

// cliFlags are elle-cli's flags and our one addition.
type cliFlags struct {
	model, format, models, anomalies, directory, plotFormat string
	verbose, help, negative, elleExit                       bool
	searchTimeout, plotTimeout, plotBytes, group, total     int
	maxTransfer                                             int
}

func (f *cliFlags) set() *pflag.FlagSet {
	fs := pflag.NewFlagSet("jcheck", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.StringVarP(&f.model, "model", "m", "", "`MODEL`: "+cliModelNames())
	fs.StringVarP(&f.format, "format", "f", "", "edn or json (default told from the content)")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "print the whole analysis as JSON instead of the line")
	fs.BoolVarP(&f.help, "help", "h", false, "print this text")
	fs.StringVarP(&f.models, "consistency-models", "c", "strict-serializable", "`MODELS` to check, with commas between")
	fs.StringVarP(&f.anomalies, "anomalies", "a", "G0", "`ANOMALIES` to forbid, with commas between")
	fs.IntVarP(&f.searchTimeout, "cycle-search-timeout", "s", 1000, "`MS`; taken but not needed: the search always ends")
	fs.StringVarP(&f.directory, "directory", "d", "", "`DIR` to write the proofs to")
	fs.StringVarP(&f.plotFormat, "plot-format", "p", "svg", "svg or png; png is drawn as svg")
	fs.IntVarP(&f.plotTimeout, "plot-timeout", "t", 5000, "`MS` for one drawing")
	fs.IntVarP(&f.plotBytes, "max-plot-bytes", "b", 65536, "larger graphs are not written")
	fs.IntVarP(&f.group, "group-size", "g", 0, "long-fork: keys of a group")
	fs.BoolVarP(&f.negative, "allow-negative-balances", "n", false, "bank: balances may be below zero")
	fs.IntVar(&f.maxTransfer, "max-transfer", 0, "bank: taken but not used, as in elle-cli")
	fs.IntVarP(&f.total, "total-amount", "o", 0, "bank: the sum of all balances")
	fs.BoolVar(&f.elleExit, "elle-cli-exit", false, "exit as elle-cli does: 1 if any is false, 255 on an error, else 0")
	return fs
}

// cliModelNames lists the models that are built.
func cliModelNames() string {
	var names []string
	for _, m := range cliModels {
		if m.built() {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, ", ")
}

// isElleCLI tells elle-cli's form from a verb's: no verb comes first, and some flag is -m or --model.
func isElleCLI(args []string, verbs []string) bool {
	if len(args) == 0 || slices.Contains(verbs, args[0]) {
		return false
	}
	for _, a := range args {
		switch {
		case a == "--":
			return false
		case a == "--model" || strings.HasPrefix(a, "--model="):
			return true
		case strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--"):
			// Flags without a value may stand before m: -vm MODEL.
			if strings.HasPrefix(strings.TrimLeft(a[1:], "vhn"), "m") {
				return true
			}
		}
	}
	return false
}

// runElleCLI judges files in elle-cli's form and returns the exit code.
func (e *env) runElleCLI(args []string) int {
	var f cliFlags
	fs := f.set()
	err := fs.Parse(args)
	if f.help {
		if _, err := fmt.Fprint(e.stdout, elleCLIUsage, fs.FlagUsagesWrapped(cli.HelpWidth)); err != nil {
			e.complain("", err)
			return exitUsage
		}
		return exitValid
	}
	var j job
	if err == nil {
		j, err = f.job(e, fs)
	}
	if err != nil {
		e.complain("", err)
		var late lateError
		switch {
		case f.elleExit && errors.As(err, &late):
			return 255
		case f.elleExit:
			return 1
		}
		return exitUsage
	}
	if f.plotFormat == "png" && f.directory != "" {
		fmt.Fprintln(e.stderr, "jcheck: -p png: graphs are drawn as SVG")
	}
	e.judgeAll(context.Background(), j, fs.Args())
	if f.elleExit {
		return elleCLICode(e.code)
	}
	return e.code
}

// elleCLICode is what elle-cli would exit with: it doesn't tell unknown from true.
func elleCLICode(code int) int {
	switch code {
	case exitUsage, exitInternal:
		return 255
	case exitInvalid:
		return 1
	}
	return 0
}

// lateError is a wrong word that elle-cli notices only when it checks, which ends it as a broken history does.
type lateError struct{ error }

// job makes of the flags what is to be done.
func (f *cliFlags) job(e *env, fs *pflag.FlagSet) (job, error) {
	o := elle.Options{Models: commaList(f.models), Anomalies: commaList(f.anomalies)}
	var err error
	if o.Workload, err = cliWorkload(f.model); err != nil {
		return job{}, lateError{err}
	}
	if !f.verbose && f.directory == "" {
		o.MaxAnomalies = 1 // nobody sees them
	}
	if err := o.Validate(); err != nil {
		return job{}, lateError{err}
	}
	if f.directory != "" {
		o.Graphs = maxComponents
	}
	j := job{check: f.checker(fs, o), show: f.shower(e), out: f.directory, maxGraph: f.plotBytes,
		drawTime: time.Duration(f.plotTimeout) * time.Millisecond}
	switch f.format {
	case "":
	case "edn":
		j.read.Format = history.FormatEDN
	case "json":
		j.read.Format = history.FormatJSON
	default:
		return job{}, fmt.Errorf("-f %q is not a format (hint: edn, json)", f.format)
	}
	if f.plotFormat != "svg" && f.plotFormat != "png" {
		return job{}, fmt.Errorf("-p %q is not a format (hint: svg, png)", f.plotFormat)
	}
	if fs.NArg() == 0 {
		return job{}, errors.New("no history given (hint: jcheck -m MODEL FILE)")
	}
	j.limits, err = makeLimits(0, "")
	return j, err
}

// checker is the one that the model names.
func (f *cliFlags) checker(fs *pflag.FlagSet, o elle.Options) checkFunc {
	for _, m := range cliModels {
		if m.name != f.model {
			continue
		}
		if m.datatype != "" {
			return linearizableCheck(linearizable.Options{Datatype: m.datatype}, "")
		}
		if row, ok := m.row(); ok {
			return rowCheck(row, f.values(fs))
		}
	}
	return elleCheck(o)
}

// values are the options of the table's checkers, of those that were given.
func (f *cliFlags) values(fs *pflag.FlagSet) all.Values {
	v := all.Values{}
	for name, value := range map[string]any{
		"group-size": int64(f.group), "allow-negative-balances": f.negative, "total-amount": int64(f.total),
	} {
		if fs.Changed(name) {
			v[name] = value
		}
	}
	return v
}

// cliWorkload is the workload of one of elle-cli's models; Auto for those that have none because another checker than
// elle looks at them.
func cliWorkload(model string) (elle.Workload, error) {
	for _, m := range cliModels {
		switch {
		case m.name != model:
		case !m.built():
			return elle.Auto, fmt.Errorf("model %q is not built yet (hint: this version has %s)", model, cliModelNames())
		default:
			return m.workload, nil
		}
	}
	return elle.Auto, fmt.Errorf("unknown model %q (hint: %s)", model, cliModelNames())
}

// commaList splits a list as elle-cli does; an empty text is an empty list, which is not the default.
func commaList(text string) []string {
	if text == "" {
		return []string{}
	}
	return strings.Split(text, ",")
}

// shower prints elle-cli's line, or the analysis as JSON. Why a verdict is unknown has no place there: stderr has it.
func (f *cliFlags) shower(e *env) func(judged) error {
	return func(d judged) error {
		var err error
		if f.verbose {
			_, err = e.stdout.Write(render.JSON(d.h, "", d.result))
		} else {
			_, err = fmt.Fprintf(e.stdout, "%s \t %s\n", d.path, cliVerdict(d.result.Verdict))
		}
		for _, why := range d.result.Reasons {
			fmt.Fprintf(e.stderr, "jcheck: %s: unknown: %s (%s)\n", shownName(d.path), why.Text, why.Code)
		}
		return err
	}
}

// cliVerdict is a verdict in elle-cli's words.
func cliVerdict(v check.Verdict) string {
	switch v {
	case check.Valid:
		return "true"
	case check.Invalid:
		return "false"
	}
	return "unknown"
}
