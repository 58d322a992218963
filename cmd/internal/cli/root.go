package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// HelpWidth is the width of help texts, which are often read beside something else.
const HelpWidth = 80

// Dress gives a root command what is alike in all programs: the width of its help, its version, its way to say what is
// wrong with a flag.
func Dress(root *cobra.Command, groupOther string) {
	root.Version = Version()
	root.SilenceUsage, root.SilenceErrors = true, true
	root.SuggestionsMinimumDistance = 2
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", HelpWidth)))
	root.SetVersionTemplate(root.Name() + " {{.Version}}\n")
	root.SetFlagErrorFunc(FlagError)
	root.SetHelpCommandGroupID(groupOther)
	root.SetCompletionCommandGroupID(groupOther)
}

// InGroup puts a verb into a group of the help.
func InGroup(id string, c *cobra.Command) *cobra.Command {
	c.GroupID = id
	return c
}

// Unknown says what a first word that is no verb may have meant: a file, for which there is a verb, or a misspelt verb.
func Unknown(root *cobra.Command, word, verbOfFiles string) error {
	if _, err := os.Stat(word); err == nil {
		return fmt.Errorf("%q is not a command (hint: %s %s %s)", word, root.Name(), verbOfFiles, word)
	}
	if near := root.SuggestionsFor(word); len(near) > 0 {
		return fmt.Errorf("unknown command %q (hint: %s %s)", word, root.Name(), near[0])
	}
	return fmt.Errorf("unknown command %q (hint: %s --help)", word, root.Name())
}
