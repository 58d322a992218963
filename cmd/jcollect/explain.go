package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// explainCommand tells what a plan would do.
func explainCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "explain PLAN",
		Short: "Say what a plan would do, node by node, command by command",
		Args:  cobra.ExactArgs(1),
	}
	flags := bindPlanFlags(c.Flags())
	c.RunE = func(_ *cobra.Command, args []string) error {
		t, err := flags.load(args[0])
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "%s: %d clients on %d nodes\n", t.Name, t.Concurrency, len(t.Nodes))
		return err
	}
	return c
}
