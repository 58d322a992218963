package main

import (
	"github.com/spf13/cobra"

	"jcheck/cmd/internal/cli"
)

const rootLong = `jcheck checks recorded histories of databases: did the database keep its promise,
and if not, which operations prove it?

  jcheck check history.json       whatever it is: recognises it, checks it
  jcheck elle history.json        is it strict-serializable, as clients saw it?
  jcheck elle -c snapshot-isolation history.edn
  jcheck linearizable history.edn is this register, queue or lock what it claims?
  jcheck models                   what databases call it, and what to ask for
  jcheck anomalies lost-update    what an anomaly is, with a minimal history

Exit codes: 0 valid, 1 invalid, 2 unknown, 254 wrong use or an input that is no
history, 255 a bug. Of several histories the worst counts: 255, 254, 1, 2, 0.
elle-cli's form works as well: jcheck -m list-append FILE... (-m list-append -h)`

// rootCommand is the tree of verbs. Each verb is a file of this package.
func rootCommand(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "jcheck",
		Short: "Checks recorded histories of databases, offline",
		Long:  rootLong,
		Args:  cobra.ArbitraryArgs,

		PersistentPreRunE: cli.CheckNames,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return cli.Unknown(c, args[0], "check")
		},
	}
	root.AddGroup(groups()...)
	cli.Dress(root, groupOther)
	root.AddCommand(verbs(e)...)
	completeWords(root)
	return root
}

// The groups in which the help shows the verbs.
const (
	groupJudge    = "judge"
	groupCheckers = "checkers"
	groupHistory  = "history"
	groupLearn    = "learn"
	groupOther    = "other"
)

func groups() []*cobra.Group {
	return []*cobra.Group{
		{ID: groupJudge, Title: "Check a history:"},
		{ID: groupCheckers, Title: "Check one thing:"},
		{ID: groupHistory, Title: "Look into a history:"},
		{ID: groupLearn, Title: "Learn and try:"},
		{ID: groupOther, Title: "Other:"},
	}
}

// verbs lists the commands in the order in which a newcomer meets them.
func verbs(e *env) []*cobra.Command {
	list := append([]*cobra.Command{
		cli.InGroup(groupJudge, checkCommand(e)), cli.InGroup(groupJudge, elleCommand(e)), cli.InGroup(groupJudge, linearizableCommand(e))}, checkerCommands(e)...)
	for _, c := range []*cobra.Command{showCommand(e), plotCommand(e), lintCommand(e), shrinkCommand(e), diffCommand(e), anonymiseCommand(e)} {
		list = append(list, cli.InGroup(groupHistory, c))
	}
	return append(list, cli.InGroup(groupLearn, genCommand(e)), cli.InGroup(groupLearn, modelsCommand(e)), cli.InGroup(groupLearn, anomaliesCommand(e)), manCommand(e))
}

// verbNames are the first words that are verbs, cobra's own included.
func verbNames(root *cobra.Command) []string {
	names := []string{"help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return names
}
