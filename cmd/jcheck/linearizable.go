package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jcheck/check"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/internal/edn"
	"jcheck/linearizable"
)

// linearizableFlags are the flags of jcheck linearizable as they were given. Those that every checker has are elle's.
type linearizableFlags struct {
	elleFlags
	model, failed, engine string
	order, witness        string
	datatype              linearizable.Options
}

// linearizableCommand is the verb linearizable.
func linearizableCommand(e *env) *cobra.Command {
	var f linearizableFlags
	c := &cobra.Command{
		Use:   "linearizable FILE...",
		Short: "Checks one object: register, queue, lock, counter and the like",
		Long:  linearizableLong(),
		RunE: func(c *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return errors.New("no history given (hint: jcheck linearizable FILE, - for standard input)")
			}
			j, err := f.job(e, len(paths))
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

// linearizableLong lists the datatypes, which would make one flag's line too long.
func linearizableLong() string {
	var b strings.Builder
	b.WriteString(`Looks for an order of all operations, each at one moment between its invocation
and its completion, that explains every answer. Where there is none, tells the
first operation that can't be explained, and why.

  jcheck linearizable history.edn
  jcheck linearizable --model cas-register --initial 0 history.edn

Values are [key value] where each key is an object of its own (--independent).
The models are:
`)
	for _, d := range linearizable.Datatypes() {
		fmt.Fprintf(&b, "\n  %-16s %s", d.Name, d.Doc)
	}
	return b.String()
}

// define declares the flags.
func (f *linearizableFlags) define(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.StringVar(&f.model, "model", "auto", "what the object is, or auto: told from the operations")
	fs.StringVar(&f.datatype.Initial, "initial", "", "the `VALUE` of the object before the history began, as EDN (default nil, or empty)")
	fs.StringVar(&f.datatype.Initial, "init", "", "the same as --initial `VALUE`")
	fs.StringVar(&f.failed, "failed", "drop", "what failed operations say: drop (nothing), or observe (a failed cas found another value)")
	fs.StringVar(&f.order, "order", "realtime", "what an order must keep: realtime, or session: each process's own operations (sequential consistency)")
	fs.StringVar(&f.engine, "engine", "auto", "what decides: fast, search, porcupine, or auto: whatever is first")
	fs.StringVar(&f.independent, "independent", "auto", "whether values are [key value], each key an object of its own: on, off or auto")
	fs.BoolVar(&f.lenient, "lenient", false, "use what comes before a truncated end")
	fs.StringVar(&f.format, "format", "auto", "edn, json, or auto: told from the content")
	fs.StringVar(&f.witness, "witness", "", "write to this `FILE`, if the history is valid, its operations in an order that explains them, as EDN or .json lines")
	fs.StringVar(&f.output, "output", "text", "text, json or edn")
	fs.DurationVar(&f.timeout, "timeout", 0, "give up on a file after this `TIME` (30s, 5m), with what was proved so far")
	fs.StringVar(&f.memory, "max-memory", "", "give up before more than this `SIZE` (512M, 2G) is in use (default nine tenths of the machine's)")
	fs.StringVar(&f.out, "out", "", "write index.html (a page to look at), the results and a picture of what is wrong (linear.svg) into `DIR`")
	f.ci.define(fs)
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print the verdict line only")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "print all keys that are not valid")
}

// shownParts is how many parts of an object that can't be explained the text tells of.
const shownParts = 3

// job makes of the flags what is to be done.
func (f *linearizableFlags) job(e *env, files int) (job, error) {
	o := f.datatype
	if err := oneOf("failed", f.failed, "drop", "observe"); err != nil {
		return job{}, err
	}
	if f.failed == "observe" {
		o.Failed = linearizable.Observe
	}
	var err error
	if o.Engine, err = linearizable.ParseEngine(f.engine); err != nil {
		return job{}, fmt.Errorf("--engine: %w", err)
	}
	if o.Order, err = linearizable.ParseOrder(f.order); err != nil {
		return job{}, fmt.Errorf("--order: %w", err)
	}
	valid := o
	valid.Datatype = "register" // whatever the object will turn out to be
	if f.model != "auto" {
		o.Datatype, valid.Datatype = f.model, f.model
	}
	if err := valid.Validate(); err != nil {
		return job{}, err
	}
	if f.witness != "" && files > 1 {
		return job{}, fmt.Errorf("--witness is one file, for one history, not for %d", files)
	}
	if !f.verbose {
		f.max = shownParts
	}
	j := job{out: f.out, show: f.shower(e, elle.Options{}, files), ci: &f.ci}
	if j.read, err = f.readOptions(); err != nil {
		return job{}, err
	}
	if j.limits, err = makeLimits(f.timeout, f.memory); err != nil {
		return job{}, err
	}
	o.MaxBytes = searchBytes(j.limits.memory, f.memory != "")
	j.check = linearizableCheck(o, witnessFile(f.witness))
	return j, oneOf("output", f.output, "text", "json", "edn")
}

// searchBytes is what a search may take of the memory that is allowed, so that it ends with what it has found, before
// the limit ends all. Two parts may be searched at once, Porcupine beside; the garbage of growing sets is as much again.
func searchBytes(memory int64, asked bool) int64 {
	share := memory / 8
	if !asked && (share == 0 || share > linearizable.DefaultBytes) {
		return 0
	}
	return share
}

// modelGuessed is the field of a result that says that nobody named the model.
const modelGuessed = "model-guessed"

// checkedAs says what a history was checked as, and if that was a guess.
func checkedAs(r check.Result) string {
	as, model, guess := "linearizable ", "", ""
	for _, f := range r.Fields {
		switch f.Name {
		case "model":
			model = f.Value.Text
		case "order":
			as = "sequentially consistent "
		case modelGuessed:
			guess = " (told from the operations; --model says otherwise)"
		}
	}
	if model == "" || r.Checker != linearizable.Checker {
		return ""
	}
	return as + model + guess
}

// noHistoryOf are the reasons that mean: the file is no history of this object, or of none.
var noHistoryOf = []string{"another-datatype", "another-function", "another-key", "completion-without-invocation", "ill-formed", "invalid-options"}

// linearizableCheck is the checker as the commands call it. The error is a history that has nothing for it to check, or
// that makes no sense, or a witness that can't be written. An empty witness isn't.
func linearizableCheck(o linearizable.Options, witness witnessFile) func(context.Context, *history.History) (check.Result, error) {
	return func(ctx context.Context, h *history.History) (check.Result, error) {
		o := o
		guessed := o.Datatype == ""
		if guessed {
			var err error
			if o.Datatype, err = linearizable.Recognise(h); err != nil {
				return check.Result{}, err
			}
		}
		var r check.Result
		var found []linearizable.Linearization
		if witness == "" {
			r = linearizable.Check(ctx, h, o)
		} else {
			r, found = linearizable.Witness(ctx, h, o)
		}
		var wrong []error
		for _, why := range r.Reasons {
			if slices.Contains(noHistoryOf, why.Code) {
				wrong = append(wrong, errors.New(why.Text))
			}
		}
		if len(wrong) > 0 {
			return check.Result{}, errors.Join(wrong...)
		}
		if err := witness.keep(h, &r, found); err != nil {
			return check.Result{}, err
		}
		if guessed {
			r.Fields = append(r.Fields, history.Field{Name: modelGuessed, Value: edn.NewBool(true)})
		}
		return r, nil
	}
}
