package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"jcheck/cmd/internal/cli"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/run"
)

// plans are those to begin with, one for each kind of database. They have NAME where a test's name belongs, and PLAN
// where the plan's.
//
//go:embed plans
var plans embed.FS

// initCommand writes a plan to begin with.
func initCommand(e *env) *cobra.Command {
	var kind, name string
	var force bool
	kinds := planKinds()
	c := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a plan to begin with, with comments",
		Long: `Writes a plan to begin with to FILE, or to the standard output. It is complete:
explain, simulate and run take it as it is.

  jcollect init > plan.yaml           a database within jcollect: needs no cluster
  jcollect init --kind etcd etcd.yaml
  jcollect init --kind exec           the client is a program of yours

Kinds: ` + strings.Join(kinds, ", ") + `.`,
		Args: cli.Wants(0, 1, "file", "plan.yaml"),
		RunE: func(_ *cobra.Command, args []string) error {
			file := "plan.yaml"
			if len(args) == 1 {
				file = args[0]
			}
			text, err := firstPlan(kind, name, file)
			if err != nil {
				return err
			}
			if len(args) == 0 || args[0] == "-" {
				_, err = e.stdout.Write(text)
				return err
			}
			return writeNew(file, text, force)
		},
	}
	c.Flags().StringVarP(&kind, "kind", "k", "mem", "which database: "+strings.Join(kinds, ", "))
	c.Flags().StringVar(&name, "name", "", "what the runs are called (the kind)")
	c.Flags().BoolVar(&force, "force", false, "write over a file that is there")
	offerWords(c, "kind", func() []string { return kinds })
	return c
}

// planKinds are the kinds of plans, mem first since it needs nothing.
func planKinds() []string {
	entries, err := fs.ReadDir(plans, "plans")
	if err != nil {
		panic("jcollect: internal error: " + err.Error()) // they are a part of the program
	}
	kinds := []string{"mem"}
	for _, entry := range entries {
		if kind := strings.TrimSuffix(entry.Name(), ".yaml"); kind != "mem" {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// firstPlan is the plan of a kind, for a test and a file of the given names.
func firstPlan(kind, name, file string) ([]byte, error) {
	text, err := fs.ReadFile(plans, path.Join("plans", kind+".yaml"))
	if err != nil || strings.ContainsAny(kind, "/.") {
		return nil, fmt.Errorf("--kind: no plan for %q (hint: %s)", kind, plan.Suggest(kind, planKinds(), "one of"))
	}
	if name == "" {
		name = kind
	}
	var p plan.Problems
	run.TestName(plan.Text("--name", name), &p)
	if p.Any() {
		return nil, planError(&p)
	}
	quoted, err := plan.Text("--name", name).YAML()
	if err != nil {
		return nil, err
	}
	shown := plan.QuoteFile(file)
	if strings.ContainsFunc(shown, unicode.IsControl) { // the end of its line would be the end of the comment
		shown = "PLAN"
	}
	filled := strings.NewReplacer("name: NAME", "name: "+string(bytes.TrimSpace(quoted)), "NAME", name, "PLAN", shown)
	return []byte(filled.Replace(string(text))), nil
}

// writeNew writes a file that isn't there yet.
func writeNew(file string, text []byte, force bool) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(file, flags, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already (hint: --force writes over it)", file)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// offerWords completes the values of a flag.
func offerWords(c *cobra.Command, flag string, words func() []string) {
	err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic("jcollect: internal error: " + err.Error()) // the flag is there
	}
}
