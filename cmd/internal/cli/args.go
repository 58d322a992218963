package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// Any is no bound for how many arguments a verb takes.
const Any = -1

// Wants takes from least to most arguments (Any: no bound), and says of any other number what they are, in the singular,
// and how to give them: "jcheck show wants one history, not 2 (hint: jcheck show FILE)". The hint begins with the verb by itself.
func Wants(least, most int, what, hint string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		n := len(args)
		if n >= least && (most == Any || n <= most) {
			return nil
		}
		if most == 0 {
			return fmt.Errorf("%s takes no arguments, not even %q (hint: %s --help)", c.CommandPath(), args[0], c.CommandPath())
		}
		amount := "one " + what
		switch {
		case most == Any:
			amount = "at least one " + what
		case least == 0:
			amount += " at most"
		}
		return fmt.Errorf("%s wants %s, not %d (hint: %s %s)", c.CommandPath(), amount, n, c.CommandPath(), hint)
	}
}
