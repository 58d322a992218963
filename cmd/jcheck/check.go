package main

import (
	"context"
	"fmt"
	"strings"

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
					return all.Judge(ctx, h, v), nil
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

// checkedBy says as what a history was checked: by which checkers it was recognised, and why.
func checkedBy(r check.Result) string {
	var parts []string
	for _, f := range r.Fields {
		if f.Name != all.RecognisedField {
			continue
		}
		for i := 0; i < len(f.Value.Items); i += 2 {
			name, why := f.Value.Items[i].Text, f.Value.Items[i+1].Text
			if n := len(parts); n > 0 && strings.HasSuffix(parts[n-1], "("+why+")") {
				parts[n-1] = strings.TrimSuffix(parts[n-1], " ("+why+")")
			}
			parts = append(parts, fmt.Sprintf("%s (%s)", name, why))
		}
	}
	if len(parts) == 0 && r.Composed {
		return "nothing in particular"
	}
	return strings.Join(parts, " and ")
}
