package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A Refuser is the value of a flag that says itself why it takes none, and without what was given: that may be a password.
type Refuser interface{ Refusal() string }

// FlagError says in our words what is wrong with a flag: the library's are those of the functions that parse numbers.
func FlagError(c *cobra.Command, err error) error {
	var wrong *pflag.InvalidValueError
	if !errors.As(err, &wrong) {
		return fmt.Errorf("%w (hint: %s --help)", err, c.CommandPath())
	}
	if r, ok := wrong.GetFlag().Value.(Refuser); ok {
		return fmt.Errorf("--%s: %s", wrong.GetFlag().Name, r.Refusal())
	}
	name, value := wrong.GetFlag().Name, wrong.GetValue()
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("--%s %q is too large or too small (hint: %s --help)", name, value, c.CommandPath())
	}
	for _, w := range flagWords {
		if w.kind == wrong.GetFlag().Value.Type() {
			return fmt.Errorf("--%s %q is no %s (hint: %s)", name, value, w.noun, w.hint)
		}
	}
	return fmt.Errorf("--%s %q: %w (hint: %s --help)", name, value, wrong.Unwrap(), c.CommandPath())
}

// CheckNames refuses names of files and folders that are given, but empty: mostly a variable of a script that was never set.
func CheckNames(c *cobra.Command, _ []string) error {
	var err error
	c.Flags().Visit(func(f *pflag.Flag) {
		kind, _ := pflag.UnquoteUsage(f)
		if (kind == "FILE" || kind == "DIR") && f.Value.String() == "" && err == nil {
			err = fmt.Errorf("--%s is empty (hint: --%s %s)", f.Name, f.Name, kind)
		}
	})
	return err
}

// flagWords are what a flag's value should be, by the library's name of its kind.
var flagWords = [...]struct{ kind, noun, hint string }{
	{"int", "whole number", "digits, such as 10"},
	{"int64", "whole number", "digits, such as 10"},
	{"uint64", "whole number that isn't negative", "digits, such as 10"},
	{"float64", "number", "such as 0.99"},
	{"duration", "time with its unit", "such as 30s, 5m or 1h30m"},
	{"bool", "truth value", "true or false; the flag alone means true"},
}
