package main

import (
	"github.com/spf13/cobra"
)

// explainCommand tells what a plan would do.
func explainCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "explain PLAN",
		Short: "Say what a plan would do, node by node, command by command",
		Long: `Reads a plan, finds its mistakes, and says what a run would do: every script, file
and daemon on the nodes, the first operations of the clients, an example of each
fault and what heals it. Nothing is done and nobody is connected to. Secrets stand
as <from ...>.

  jcollect explain plan.yaml
  jcollect explain plan.yaml --nodes db1,db2,db3 --nemesis kill,partition

Exit codes: 0, or 254 if the plan has mistakes.`,
		Args: onePlan,
	}
	flags := bindPlanFlags(c.Flags())
	c.RunE = func(c *cobra.Command, args []string) error {
		t, err := flags.load(args[0])
		if err != nil {
			return err
		}
		return t.Explain(c.Context(), e.stdout)
	}
	return c
}
