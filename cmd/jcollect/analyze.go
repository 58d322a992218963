package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"jcheck/cmd/internal/cli"
	"jcheck/cmd/jcollect/internal/run"
	"jcheck/internal/store"
)

// analyzeCommand is the verb analyze.
func analyzeCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "analyze [RUN]",
		Short: "Judge a stored run again, and rewrite its results",
		Long: `Judges the history of a run with the checks that its test has, prints what it found,
and writes results.edn, results.json and check/ anew. RUN is a folder, a link such as
store/latest (which goes without saying). With --test it may also be a number: 0 is
the first run of the store, -1 the last. The exit code is that of the verdict.`,
		Args: cli.Wants(0, 1, "run", "store/latest"),
	}
	f := new(launchFlags)
	c.Flags().StringVar(&f.store, "store", defaultStore, "the `DIR` of all runs")
	test := c.Flags().StringP("test", "t", "", "the `RUN` by its number or folder")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "print the verdict line only")
	c.RunE = func(_ *cobra.Command, args []string) error {
		which := filepath.Join(f.store, store.Latest)
		switch {
		case len(args) == 1 && *test != "":
			return errors.New("a run by its place and another by --test: which? (hint: give one)")
		case len(args) == 1:
			which = args[0]
		case *test != "":
			which = *test
		}
		r, err := store.Find(f.store, which)
		if err != nil {
			return err
		}
		l, err := e.launch(f)
		if err != nil {
			return err
		}
		o := run.Analyze(e.soft, r, e.stdout, l.Page)
		for _, err := range o.Trouble { // a run tells of it when it happens
			e.complain(err)
		}
		e.tell(o)
		return nil
	}
	return c
}
