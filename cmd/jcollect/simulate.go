package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/run"
	"jcheck/history"
	"jcheck/internal/amount"
)

// usualSimulated is how many operations a simulation begins if nobody says.
const usualSimulated = 100_000

// simulateCommand prints the history that a plan's generator would give.
func simulateCommand(e *env) *cobra.Command {
	var s run.Simulation
	var output string
	var about strings.Builder
	var modes []string
	for _, m := range run.SimulationModes() {
		modes = append(modes, m.Name)
		fmt.Fprintf(&about, "  %-13s %s\n", m.Name, m.Doc)
	}
	outputs := []string{"edn", "json"}
	c := &cobra.Command{
		Use:   "simulate PLAN",
		Short: "Print the history that a plan would give, without a cluster",
		Long: `Plays the plan's generator and nemesis in an instant, in a time of its own, and
prints the history. No node is touched. The same plan, seed and mode give the same
history.

  jcollect simulate plan.yaml | jcheck check -
  jcollect simulate plan.yaml --mode imperfect -N 20

Modes:
` + about.String() + `
Exit codes: 0, or 254 if the generator is wrong.`,
		Args: onePlan,
	}
	flags := bindPlanFlags(c.Flags())
	c.Flags().StringVarP(&s.Mode, "mode", "m", modes[0], "how operations end: "+strings.Join(modes, ", "))
	c.Flags().StringVarP(&output, "output", "o", "edn", "edn or json, a line for each operation")
	c.Flags().IntVarP(&s.MaxOps, "operations", "N", usualSimulated, "begin `N` operations at most")
	offerWords(c, "mode", func() []string { return modes })
	offerWords(c, "output", func() []string { return outputs })
	c.RunE = func(c *cobra.Command, args []string) error {
		if !slices.Contains(modes, s.Mode) {
			return fmt.Errorf("--mode %q is not known (hint: %s)", s.Mode, plan.Suggest(s.Mode, modes, "one of"))
		}
		if !slices.Contains(outputs, output) {
			return fmt.Errorf("--output %q is not known (hint: edn or json)", output)
		}
		if s.MaxOps < 1 {
			return fmt.Errorf("--operations %d begins nothing (hint: at least 1)", s.MaxOps)
		}
		t, err := flags.load(args[0])
		if err != nil {
			return err
		}
		ops, err := t.Simulate(c.Context(), s)
		if errors.Is(err, generator.ErrLimit) {
			fmt.Fprintf(e.stderr, "jcollect: %s begun, the rest is left out (hint: -N)\n", amount.Of(s.MaxOps, "operation")+amount.Word(s.MaxOps, " was", " were"))
			err = nil
		}
		return errors.Join(e.writeOps(ops, output), err)
	}
	return c
}

// writeOps prints a history.
func (e *env) writeOps(ops []history.Op, output string) error {
	format := history.FormatEDN
	if output == "json" {
		format = history.FormatJSON
	}
	w := history.NewWriter(e.stdout, format)
	for _, op := range ops {
		if err := w.Write(op); err != nil {
			return err
		}
	}
	return w.Flush()
}
