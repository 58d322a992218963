package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// release is the version of this source tree.
const release = "0.1.0-dev"

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

// helpWidth is the width of help texts, which are often read beside something else.
const helpWidth = 80

// rootCommand is the tree of verbs. Each verb is a file of this package.
func rootCommand(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:           "jcheck",
		Short:         "Checks recorded histories of databases, offline",
		Long:          rootLong,
		Version:       versionText(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,

		PersistentPreRunE: checkNames,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return unknownVerb(c, args[0])
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", helpWidth)))
	root.SetVersionTemplate("jcheck {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.AddGroup(groups()...)
	root.SetHelpCommandGroupID(groupOther)
	root.SetCompletionCommandGroupID(groupOther)
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
		inGroup(groupJudge, checkCommand(e)), inGroup(groupJudge, elleCommand(e)), inGroup(groupJudge, linearizableCommand(e))}, checkerCommands(e)...)
	for _, c := range []*cobra.Command{showCommand(e), lintCommand(e), shrinkCommand(e), diffCommand(e), anonymiseCommand(e)} {
		list = append(list, inGroup(groupHistory, c))
	}
	return append(list, inGroup(groupLearn, genCommand(e)), inGroup(groupLearn, modelsCommand(e)), inGroup(groupLearn, anomaliesCommand(e)), manCommand(e))
}

func inGroup(id string, c *cobra.Command) *cobra.Command {
	c.GroupID = id
	return c
}

// verbNames are the first words that are verbs, cobra's own included.
func verbNames(root *cobra.Command) []string {
	names := []string{"help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return names
}

// unknownVerb says what a first word that is no verb may have meant: a file, or a misspelt verb.
func unknownVerb(c *cobra.Command, word string) error {
	if _, err := os.Stat(word); err == nil {
		return fmt.Errorf("%q is not a command (hint: jcheck check %s)", word, word)
	}
	if near := c.SuggestionsFor(word); len(near) > 0 {
		return fmt.Errorf("unknown command %q (hint: jcheck %s)", word, near[0])
	}
	return fmt.Errorf("unknown command %q (hint: jcheck --help)", word)
}

// versionText is the release, the revision it was built from, and the compiler.
func versionText() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	rev := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			rev = ", " + s.Value[:12]
		}
	}
	return fmt.Sprintf("%s (%s%s)", release, info.GoVersion, rev)
}
