package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/cmd/internal/cli"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/internal/amount"
	"jcheck/internal/shrink"
	"jcheck/linearizable"
	"jcheck/render"
)

const shrinkLong = `Writes the smallest history that it finds in which a checker still finds the same
anomaly: operations are left out, then micro-ops of transactions, then elements
of lists. What is kept keeps its index, time and process. Nothing is left out
that would make something look wrong that wasn't.

  jcheck shrink history.edn --to small.edn
  jcheck shrink history.json --to small.json --anomaly lost-update
  jcheck shrink --checker bank --total-amount 100 history.edn --to small.edn

Without --checker, the operations tell, as in jcheck check. The other options are
those of the checkers. The new file is JSON if its name ends with .json or .jsonl,
else EDN; it is read and checked again before the end.

Exit codes: 0 a smaller history was written, or nothing could be left out; 2 the
history isn't invalid, or that couldn't be told; 254 wrong use.`

// shrinkFlags are the flags of jcheck shrink as they were given.
type shrinkFlags struct {
	checkerFlags
	to, checker, kind string
	checks            int
}

// defaultChecks is how many parts of a history are tried unless the user says otherwise.
const defaultChecks = 2000

func shrinkCommand(e *env) *cobra.Command {
	f := &shrinkFlags{checkerFlags: checkerFlags{options: withCompat(everyOption())}}
	c := &cobra.Command{
		Use:   "shrink FILE --to OUT",
		Short: "Writes the smallest history that still shows the same anomaly",
		Long:  shrinkLong,
		Args:  oneHistory,
		RunE:  func(c *cobra.Command, args []string) error { return e.shrink(c.Context(), f, c.Flags(), args[0]) },
	}
	fs := c.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.to, "to", "", "the `FILE` to write; - for standard output")
	fs.StringVar(&f.checker, "checker", "", "the `CHECKER` to use: elle, linearizable, set, ... (default told from the operations)")
	fs.StringVar(&f.kind, "anomaly", "", "the `KIND` of anomaly to keep (default the first that the checker lists)")
	fs.IntVar(&f.checks, "max-checks", defaultChecks, "try at most `N` parts of the history")
	f.defineOptions(fs)
	f.defineReading(fs)
	return c
}

// oneHistory refuses any number of arguments but one.
func oneHistory(c *cobra.Command, args []string) error {
	return cli.Wants(1, 1, "history", "FILE, - for standard input")(c, args)
}

// shrink finds what is wrong, shrinks the history, writes it and checks what was written.
func (e *env) shrink(ctx context.Context, f *shrinkFlags, fs *pflag.FlagSet, path string) error {
	if err := checkOutput("to", f.to, path); err != nil {
		return err
	}
	if f.checks <= 0 {
		return fmt.Errorf("--max-checks %d allows for nothing", f.checks)
	}
	v, err := f.values(fs)
	if err != nil {
		return err
	}
	rows, err := f.rows()
	if err != nil {
		return err
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
	run := &shrinkRun{e: e, f: f, path: path, read: read, limits: l, values: v, p: newProgress(e.stderr)}
	defer run.p.clear()
	return run.all(ctx, rows)
}

// rows are the checkers that the user named; nil if the operations are to tell.
func (f *shrinkFlags) rows() ([]all.Checker, error) {
	if f.checker == "" {
		return nil, nil
	}
	row, ok := all.Find(f.checker)
	if !ok {
		var names []string
		for _, c := range all.Checkers() {
			names = append(names, c.Name)
		}
		return nil, fmt.Errorf("--checker %q is not known (hint: %s)", f.checker, strings.Join(names, ", "))
	}
	if slices.Contains([]string{"stats", "unhandled-exceptions", "availability", "log-file-pattern"}, row.Name) {
		return nil, fmt.Errorf("%s judges a history as a whole: of a part it proves nothing", row.Name)
	}
	return []all.Checker{row}, nil
}

// shrinkRun is one history being shrunk.
type shrinkRun struct {
	e      *env
	f      *shrinkFlags
	path   string
	read   history.Options
	limits limits
	values all.Values
	p      *progress
	row    all.Checker // which found something wrong
	ops    int         // of the whole history
}

func (s *shrinkRun) all(ctx context.Context, rows []all.Checker) error {
	h, err := s.e.open(ctx, s.path, s.read)
	if err != nil {
		if why, ok := s.limits.stopped(ctx); ok && !isReadError(err) {
			return s.giveUp(why.Text)
		}
		s.p.clear()
		s.e.complain(shownName(s.path), err)
		s.e.raise(exitUsage)
		return nil
	}
	defer h.Close() // only read from: nothing can be lost
	s.ops = h.Size()
	first, err := s.findWrong(ctx, h, rows)
	if err != nil || first.Verdict != check.Invalid {
		return err
	}
	s.settle(first)
	found, err := shrink.Run(ctx, h, first, s.options())
	if why, ok := s.limits.stopped(ctx); ok && err != nil {
		return s.giveUp(why.Text)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", shownName(s.path), err)
	}
	return s.finish(found)
}

// giveUp says why nothing was written.
func (s *shrinkRun) giveUp(why string) error {
	s.p.clear()
	fmt.Fprintf(s.e.stderr, "jcheck: %s: %s: nothing was written\n", shownName(s.path), why)
	s.e.raise(exitUnknown)
	return nil
}

// findWrong runs the checkers until one finds something wrong. If none does, it says so, and the result isn't invalid.
func (s *shrinkRun) findWrong(ctx context.Context, h *history.History, rows []all.Checker) (check.Result, error) {
	if rows == nil {
		for _, p := range all.Recognise(h) {
			rows = append(rows, p.Checker)
		}
	}
	if len(rows) == 0 {
		return check.Result{}, fmt.Errorf("%s: no checker knows what it is a history of (hint: --checker NAME; jcheck check %s says more)",
			shownName(s.path), s.path)
	}
	var said []string
	for _, row := range rows {
		s.p.say("checking "+shownName(s.path), true)
		r, err := row.Run(ctx, h, s.values)
		if err := badOptions(h, r, err); err != nil {
			return check.Result{}, err
		}
		if r.Verdict == check.Invalid {
			s.row = row
			return r, nil
		}
		text := fmt.Sprintf("%s by %s", r.Verdict, row.Name)
		if len(r.Reasons) > 0 {
			text += " (" + r.Reasons[0].Text + ")"
		}
		said = append(said, text)
	}
	if why, ok := s.limits.stopped(ctx); ok {
		return check.Result{}, s.giveUp(why.Text)
	}
	return check.Result{}, s.giveUp("it is " + strings.Join(said, ", ") + ", not invalid")
}

// badOptions is the error of a history that a checker can't look at, or of options that make no sense.
func badOptions(h *history.History, r check.Result, err error) error {
	if err != nil {
		return placed(h, err)
	}
	for _, why := range r.Reasons {
		if slices.Contains(noHistoryOf, why.Code) {
			return errors.New(why.Text)
		}
	}
	return nil
}

// settle fixes what was told from the operations of the whole history: those of a part might tell otherwise.
func (s *shrinkRun) settle(first check.Result) {
	s.values = maps.Clone(s.values)
	switch s.row.Name {
	case "elle":
		s.values["workload"] = first.Checker
		if w, err := elle.ParseWorkload(first.Checker); err != nil || w == elle.Auto { // the result of several keys
			delete(s.values, "workload")
		}
	case "linearizable":
		for _, f := range first.Fields {
			if f.Name == "model" {
				s.values["model"] = f.Value.Text
			}
		}
	}
}

// options are those of the shrinker, by what the checker relies on.
func (s *shrinkRun) options() shrink.Options {
	o := shrink.Options{
		Check: func(ctx context.Context, h *history.History) (check.Result, error) {
			return s.row.Run(ctx, h, s.values)
		},
		Format:    formatOf(s.f.to),
		Kind:      s.f.kind,
		MaxChecks: s.f.checks,
		Tried: func(checks, kept int) {
			s.p.say(fmt.Sprintf("shrinking %s: %d of %d parts tried, %s left", shownName(s.path), checks, s.f.checks, amount.Of(kept, "operation")), false)
		},
	}
	o.Read = func(ctx context.Context, text []byte) (*history.History, error) {
		return history.Read(ctx, s.f.to, text, s.readAgain())
	}
	_, o.Initial = s.values.Text("initial")
	order, _ := s.values.Text("order")
	model, _ := s.values.Text("model")
	switch s.row.Name {
	case "elle":
		o.Trust = shrink.Facts
	case linearizable.Checker:
		o.Trust, o.Realtime, o.Sums = shrink.Order, order != linearizable.SessionOrder.String(), slices.Contains([]string{"counter", "versioned-register"}, model)
	case "counter", "pn-counter":
		o.Sums = true
	}
	return o
}

// readAgain is how what is written is read: as the history was, but for the form in which it lay there.
func (s *shrinkRun) readAgain() history.Options {
	return history.Options{Independent: s.read.Independent}
}

// finish writes the history, checks it as it lies there, and says what became of it.
func (s *shrinkRun) finish(found shrink.Outcome) error {
	ctx := context.Background() // what was found in time isn't given up any more
	s.p.clear()
	h, err := s.e.writeHistoryTo(ctx, s.f.to, found.Text, s.readAgain())
	if err != nil {
		return err
	}
	defer h.Close() // only read from: nothing can be lost
	r, err := s.row.Run(ctx, h, s.values)
	if err != nil || r.Verdict != found.Result.Verdict {
		panic(fmt.Sprintf("shrink: internal error: %s is %s, not %s: %v", s.f.to, r.Verdict, found.Result.Verdict, err))
	}
	whether := "nothing more can be left out"
	if !found.Done {
		whether = "perhaps more can be left out: --timeout or --max-checks ended the search"
	}
	w := s.e.reportOf(s.f.to)
	fmt.Fprintf(w, "%s: %s of %d left; %s (%s tried).\n", found.Kind, amount.Of(found.Ops, "operation"), s.ops, whether, amount.Of(found.Checks, "part"))
	text := render.Text(h, r, render.TextOptions{File: shownOut(s.f.to), Quiet: true, Color: wantsColor(w), Width: terminalWidth(w)})
	_, err = fmt.Fprintf(w, "%sTo see it: %s\n", text, s.command())
	return err
}

// command is the one that checks the new history as it was checked here.
func (s *shrinkRun) command() string {
	words := []string{"jcheck", s.row.Name}
	for _, o := range s.f.options {
		if !slices.ContainsFunc(s.row.Options, func(own all.Option) bool { return own.Name == o.Name }) {
			continue
		}
		switch v := s.values[o.Name].(type) {
		case nil:
		case bool:
			words = append(words, fmt.Sprintf("--%s=%t", o.Name, v))
		case all.Order:
			words = append(words, "--"+o.Name, quoteWord(v.File))
		case []string:
			words = append(words, "--"+o.Name, quoteWord(strings.Join(v, ",")))
		default:
			words = append(words, "--"+o.Name, quoteWord(fmt.Sprint(v)))
		}
	}
	if s.f.independent != "auto" {
		words = append(words, "--independent", s.f.independent)
	}
	return strings.Join(append(words, quoteWord(s.f.to)), " ")
}

// quoteWord makes a word safe for a shell.
func quoteWord(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./,:=+@%", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
