package main

import (
	"context"

	"github.com/spf13/cobra"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/history"
)

const checkLong = `Recognises from the operations what a history is of, says what and why, runs
every checker that applies, and merges their verdicts: invalid if any is, else
unknown if any is, else valid. The options are those of the checkers; each has
a verb of its own with more help.

  jcheck check history.edn
  jcheck check --total-amount 100 --output json *.edn
  jcheck check --junit report.xml --fail-on invalid histories/*.json`

// checkCommand is the verb check.
func checkCommand(e *env) *cobra.Command {
	f := checkerFlags{options: withCompat(everyOption())}
	c := &cobra.Command{
		Use:   "check FILE...",
		Short: "Recognises what a history is of, and runs every checker that applies",
		Long:  checkLong,
		RunE: func(c *cobra.Command, paths []string) error {
			return f.run(e, c, paths, func(v all.Values) checkFunc {
				return func(ctx context.Context, h *history.History) (check.Result, error) {
					r := all.Judge(ctx, h, v)
					return r, wrongOptions(r)
				}
			})
		},
	}
	f.define(c.Flags())
	return c
}

// everyOption are the options of all checkers, each name once.
func everyOption() []all.Option {
	var options []all.Option
	seen := make(map[string]bool)
	for _, row := range all.Checkers() {
		for _, o := range row.Options {
			if !seen[o.Name] {
				seen[o.Name] = true
				options = append(options, o)
			}
		}
	}
	return options
}
