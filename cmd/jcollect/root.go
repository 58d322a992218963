package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// release is the version of this source tree.
const release = "0.1.0-dev"

const rootLong = `jcollect tests a distributed database: it sets a cluster up by a plan, lets clients
work on it, breaks the network and the nodes meanwhile, records what the clients
saw, and says whether the database kept its promise.

  jcollect init --kind redis > plan.yaml   a plan to begin with
  jcollect explain plan.yaml               what would be done, command by command
  jcollect simulate plan.yaml              the operations that clients would do
  jcollect run --lab 3 plan.yaml           do it, on a cluster on this machine
  jcollect run plan.yaml                   do it, on the nodes of the plan

Exit codes: 0 valid, 1 invalid, 2 unknown, 254 wrong use or a plan with mistakes,
255 no history, or a bug.`

// helpWidth is the width of help texts, which are often read beside something else.
const helpWidth = 80

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
		Use:           "jcollect",
		Short:         "Tests distributed databases: breaks a cluster and records what it said",
		Long:          rootLong,
		Version:       versionText(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return unknownVerb(c, args[0])
		},
	}
	root.SuggestionsMinimumDistance = 2
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", helpWidth)))
	root.SetVersionTemplate("jcollect {{.Version}}\n")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		var refused *pflag.InvalidValueError
		if errors.As(err, &refused) {
			if s, ok := refused.GetFlag().Value.(stranger); ok { // what was given may be a password
				return fmt.Errorf("--%s: %s", refused.GetFlag().Name, string(s))
			}
		}
		return fmt.Errorf("%w (hint: %s --help)", err, c.CommandPath())
	})
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run a test:"},
		&cobra.Group{ID: groupPlan, Title: "Write a plan:"},
		&cobra.Group{ID: groupNodes, Title: "Look after nodes:"},
		&cobra.Group{ID: groupOther, Title: "Other:"},
	)
	root.SetHelpCommandGroupID(groupOther)
	root.SetCompletionCommandGroupID(groupOther)
	root.AddCommand(verbs(e)...)
	completeWords(root)
	return root
}

// verbs lists the commands in the order in which a newcomer meets them.
func verbs(e *env) []*cobra.Command {
	return []*cobra.Command{
		inGroup(groupRun, runCommand(e)),
		inGroup(groupRun, testAllCommand(e, runOnce)),
		inGroup(groupRun, analyzeCommand(e)),
		inGroup(groupRun, serveCommand(e)),
		inGroup(groupPlan, initCommand(e)),
		inGroup(groupPlan, explainCommand(e)),
		inGroup(groupPlan, simulateCommand(e)),
		inGroup(groupNodes, nodesCommand(e)),
		inGroup(groupNodes, setupCommand(e)),
		inGroup(groupNodes, teardownCommand(e)),
		inGroup(groupNodes, healCommand(e)),
		inGroup(groupNodes, logsCommand(e)),
		inGroup(groupNodes, labCommand(e)),
		inGroup(groupOther, benchCommand(e)),
	}
}

func inGroup(id string, c *cobra.Command) *cobra.Command {
	c.GroupID = id
	return c
}

// unknownVerb says what a first word that is no verb may have meant: a plan, or a misspelt verb.
func unknownVerb(c *cobra.Command, word string) error {
	if _, err := os.Stat(word); err == nil {
		return fmt.Errorf("%q is not a command (hint: jcollect run %s)", word, word)
	}
	if near := c.SuggestionsFor(word); len(near) > 0 {
		return fmt.Errorf("unknown command %q (hint: jcollect %s)", word, near[0])
	}
	return fmt.Errorf("unknown command %q (hint: jcollect --help)", word)
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
