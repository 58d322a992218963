package main

import (
	"github.com/spf13/cobra"

	"jcheck/cmd/internal/cli"
)

const rootLong = `jcollect tests a distributed database: it sets a cluster up by a plan, lets clients
work on it, breaks the network and the nodes meanwhile, records what the clients
saw, and says whether the database kept its promise.

  jcollect init --kind redis > plan.yaml   a plan to begin with
  jcollect explain plan.yaml               what would be done, command by command
  jcollect simulate plan.yaml              the operations that clients would do
  jcollect run --lab 3 plan.yaml           do it, on a cluster on this machine
  jcollect run plan.yaml                   do it, on the nodes of the plan

Exit codes: 0 valid, 1 invalid, 2 unknown, 254 wrong use or a plan with mistakes,
255 no history, an output that could not be written, or a bug.`

// The groups in which the help shows the verbs.
const (
	groupRun   = "run"
	groupPlan  = "plan"
	groupNodes = "nodes"
	groupOther = "other"
)

// rootCommand is the tree of verbs. Each verb is a file of this package.
func rootCommand(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "jcollect",
		Short: "Tests distributed databases: breaks a cluster and records what it said",
		Long:  rootLong,
		Args:  cobra.ArbitraryArgs,

		PersistentPreRunE: cli.CheckNames,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return cli.Unknown(c, args[0], "run")
		},
	}
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run a test:"},
		&cobra.Group{ID: groupPlan, Title: "Write a plan:"},
		&cobra.Group{ID: groupNodes, Title: "Look after nodes:"},
		&cobra.Group{ID: groupOther, Title: "Other:"},
	)
	cli.Dress(root, groupOther)
	root.AddCommand(verbs(e)...)
	completeWords(root)
	return root
}

// verbs lists the commands in the order in which a newcomer meets them.
func verbs(e *env) []*cobra.Command {
	list := []*cobra.Command{
		cli.InGroup(groupRun, runCommand(e)),
		cli.InGroup(groupRun, testAllCommand(e, runOnce)),
		cli.InGroup(groupRun, analyzeCommand(e)),
		cli.InGroup(groupRun, serveCommand(e)),
		cli.InGroup(groupPlan, initCommand(e)),
		cli.InGroup(groupPlan, explainCommand(e)),
		cli.InGroup(groupPlan, simulateCommand(e)),
		cli.InGroup(groupNodes, nodesCommand(e)),
		cli.InGroup(groupNodes, logsCommand(e)),
		cli.InGroup(groupNodes, labCommand(e)),
		cli.InGroup(groupOther, benchCommand(e)),
	}
	for _, v := range careVerbs() {
		list = append(list, cli.InGroup(groupNodes, v.command(e)))
	}
	return list
}
