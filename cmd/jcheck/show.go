package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jcheck/history"
	"jcheck/internal/amount"
)

const showLong = `Shows operations of a history: all, or those that every given option picks.

  jcheck show history.edn --process 3 --f txn
  jcheck show history.edn --type info,fail --pairs
  jcheck show history.edn --around 4512 --context 10
  jcheck show history.edn --index 100..200 --output edn > part.edn
  jcheck show history.edn --key 559 --element 12

With --element: who wrote the element, and who read it, each invocation with its
outcome; then how many reads that began after it was acknowledged lack it.

A value is EDN; a plain word also means the string and the keyword of that name.
Ranges include both ends, and may lack one: 5.., ..9. Times are durations since
the start of the run (1.5s, 20ms), or a number of nanoseconds.`

// showFlags are the flags of jcheck show as they were given.
type showFlags struct {
	processes, fs, types          []string
	key, value, element           string
	index, span                   string
	errors, pairs, count, verbose bool
	around                        int64
	near, limit                   int
	output, format, independent   string
	lenient                       bool
}

func showCommand(e *env) *cobra.Command {
	f := &showFlags{}
	c := &cobra.Command{
		Use:   "show FILE",
		Short: "Shows operations: of a process, a key, a time, with an error, ...",
		Long:  showLong,
		Args:  oneHistory,
		RunE:  func(c *cobra.Command, args []string) error { return e.show(c.Context(), f, c.Flags(), args[0]) },
	}
	f.define(c.Flags())
	return c
}

// define declares the flags.
func (f *showFlags) define(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.StringArrayVarP(&f.processes, "process", "p", nil, "of this `PROCESS`: a number, nemesis, ...; may be repeated")
	fs.StringSliceVar(&f.fs, "f", nil, "with these `FUNCTIONS`, with commas between: read,write")
	fs.StringSliceVarP(&f.types, "type", "t", nil, "of these `TYPES`: invoke, ok, fail, info")
	fs.StringVarP(&f.key, "key", "k", "", "that touch this `KEY`: an independent key, or the key of a micro-op")
	fs.StringVar(&f.value, "value", "", "whose value is or holds this `VALUE`, at any depth")
	fs.StringVar(&f.element, "element", "", "the writers and readers of this `ELEMENT` (of --key, if that is given)")
	fs.StringVar(&f.index, "index", "", "with an index in `A..B`")
	fs.StringVar(&f.span, "time", "", "at a time in `A..B`: 1s..2.5s")
	fs.BoolVar(&f.errors, "errors", false, "that carry an error or an exception")
	fs.Int64Var(&f.around, "around", 0, "before and after the operation with this `INDEX`, it included")
	fs.IntVarP(&f.near, "context", "C", 5, "with --around: how many before, and how many after")
	fs.BoolVar(&f.pairs, "pairs", false, "a line for each invocation, with its outcome and latency")
	fs.BoolVar(&f.count, "count", false, "only how many there are, by f and type")
	fs.IntVarP(&f.limit, "limit", "n", 0, "at most this `MANY`, then how many were left out (default all)")
	fs.StringVar(&f.output, "output", "table", "table, edn, or json (an object a line)")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "don't shorten values in the table")
	fs.StringVar(&f.format, "format", "auto", "edn, json, or auto: told from the content")
	fs.StringVar(&f.independent, "independent", "auto", "whether values are [key value], each key an object of its own: on, off or auto")
	fs.BoolVar(&f.lenient, "lenient", false, "use what comes before a truncated end")
}

// show opens the history, picks, and writes.
func (e *env) show(ctx context.Context, f *showFlags, fs *pflag.FlagSet, path string) error {
	if err := f.check(fs); err != nil {
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
	s, err := f.selection(h, fs)
	if err != nil {
		return fmt.Errorf("%s: %w", shownName(path), err)
	}
	ids := s.pick()
	if len(ids) == 0 {
		fmt.Fprintf(e.stderr, "jcheck: %s: none of its %s is asked for\n", shownName(path), amount.Of(h.Len(), "operation"))
		return nil
	}
	signal.Ignore(syscall.SIGPIPE) // a write tells as well, and the exit code stays ours
	defer signal.Reset(syscall.SIGPIPE)
	if err := f.write(e.stdout, s, ids); err != nil && !errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("write operations: %w", err)
	}
	return nil
}

// check refuses flags that make no sense, or not together.
func (f *showFlags) check(fs *pflag.FlagSet) error {
	if err := oneOf("output", f.output, "table", "json", "edn"); err != nil {
		return err
	}
	for _, t := range f.types {
		if err := oneOf("type", t, "invoke", "ok", "fail", "info"); err != nil {
			return err
		}
	}
	if fs.Changed("element") && fs.Changed("value") {
		return errors.New("--element and --value can't both be given (hint: --element shows writers and readers, --value picks operations)")
	}
	if f.near < 0 || f.limit < 0 {
		return errors.New("--context and --limit can't be negative")
	}
	if fs.Changed("context") && !fs.Changed("around") {
		return errors.New("--context goes with --around (hint: --around INDEX)")
	}
	return nil
}

// write writes what was picked, in the form asked for.
func (f *showFlags) write(w io.Writer, s *selection, ids []history.ID) error {
	total := len(ids)
	if f.count {
		return writeCounts(w, s.h, ids, f.output)
	}
	if f.limit > 0 && total > f.limit {
		ids = ids[:f.limit]
	}
	if f.output != "table" {
		return writeHistory(w, s, ids, f.output)
	}
	t := opTable{s: s, whole: f.verbose}
	if err := t.write(w, ids); err != nil {
		return err
	}
	var tail strings.Builder
	if len(ids) < total {
		fmt.Fprintf(&tail, "and %d more (--limit)\n", total-len(ids))
	}
	if s.element != nil {
		tail.WriteString(s.element.summary())
	}
	_, err := io.WriteString(w, tail.String())
	return err
}
