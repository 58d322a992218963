package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// rewrite puts golden files right.
var rewrite = flag.Bool("rewrite", false, "rewrite the golden files")

// anyValue are flags for which every text is a good value, as far as anybody can tell before nodes are reached.
var anyValue = []string{"store", "ssh-private-key", "known-hosts", "password-env", "password-file", "sudo-password-env", "sudo-password-file", "dir", "host"}

// wrongValue is what is given to the other flags: no number, no word that is known, no YAML and no name.
const wrongValue = "{no: ["

// Without this a wrong value of a flag could be told in words of the library, without a hint, or be taken for a good one:
// each flag of each verb gets one.
func TestWrongFlags(t *testing.T) {
	startDir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plan := filepath.Join(dir, "plan.yaml")
	// A workload of transactions on a database with isolation has the keys that all flags are for.
	text := "name: x\nnodes: [n1]\ndisposable: true\nclient: {kind: sql, dialect: postgresql}\nworkload: append\nnemesis: {faults: [partition]}\n"
	if err := os.WriteFile(plan, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	var page strings.Builder
	seen := make(map[string]bool) // most verbs have the same
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			visit(sub)
		}
		if !c.Runnable() || c.Name() == "completion" || c.Name() == "help" || c.HasParent() && c.Parent().Name() == "completion" {
			return
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			for _, args := range wrongUses(c, f) {
				code, _, said := program(t, args...)
				if code != exitUsage {
					t.Errorf("%q: exit code %d, want %d: %s", args, code, exitUsage, said)
				}
				said = strings.ReplaceAll(said, "jcollect "+c.Name()+" --help", "jcollect VERB --help")
				if line := fmt.Sprintf("%s\n    %s", strings.Join(args[len(args)-1:], " "), said); !seen[line] {
					seen[line] = true
					page.WriteString(line)
				}
				if !strings.Contains(said, "(hint: ") || strings.Contains(said, "strconv") || strings.Contains(said, "parse") {
					t.Errorf("%q: says %q, want plain words and a hint", args, said)
				}
			}
		})
	}
	visit(rootCommand(&env{}))
	golden := filepath.Join(startDir, "testdata", "flags.txt")
	if *rewrite {
		if err := os.WriteFile(golden, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if page.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s\n(hint: go test ./cmd/jcollect -run WrongFlags -rewrite)", page.String(), want)
	}
}

// wrongUses are command lines that give a flag of a verb a wrong value; none if every value is good.
func wrongUses(c *cobra.Command, f *pflag.Flag) [][]string {
	if slices.Contains(anyValue, f.Name) || f.Name == "help" || f.Name == "version" {
		return nil
	}
	args := strings.Fields(c.CommandPath())[1:]
	switch {
	case strings.Contains(c.Use, " PLAN"), strings.Contains(c.Use, "[PLAN]"):
		args = append(args, "plan.yaml")
	case strings.Contains(c.Use, " NODE"):
		args = append(args, "n1")
	case strings.Contains(c.Use, " PROGRAM"):
		args = append(args, "true")
	}
	return [][]string{append(args, "--"+f.Name+"="+wrongValue)}
}
