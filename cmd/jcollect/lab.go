package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"jcheck/cmd/internal/cli"
	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/internal/amount"
)

// defaultLab is what a lab is called that gets no name.
const defaultLab = "lab"

const labLong = `A lab is a cluster on this machine, for who has no five servers: nodes n1, n2, ...
with a network, processes, a host name, files and a sshd of their own, made of
namespaces of the kernel. What is installed on this machine is installed on the
nodes; what they change stays with them and goes with the lab. Their network leads
nowhere but to each other and to the lab's room.

  jcollect run --lab 3 plan.yaml      make a lab for this run alone

or, for a lab that stays:

  jcollect lab up 3                   make it
  jcollect lab shell                  a shell in its room: ping n1, redis-cli -h n2
  jcollect lab shell n1               a shell on a node
  jcollect lab exec -- jcollect run --lab 3 plan.yaml
  jcollect lab down                   end it, and remove all that it wrote

It needs Linux, root, and the programs ip and sshd (Debian: iproute2,
openssh-server; sshd need not run). The nodes share this machine's kernel and
clock. For faults of the clock, tc netem and the loss of unsynced writes there is
--kind uml: nodes are User-Mode Linux (Debian: user-mode-linux, kmod, e2fsprogs),
which start in seconds and are slow; "lab stop" loses what was not synced.`

// labFlags say which lab is meant.
type labFlags struct{ name, dir string }

// labCommand is the verb lab, with verbs of its own.
func labCommand(e *env) *cobra.Command {
	var f labFlags
	c := &cobra.Command{
		Use:   "lab",
		Short: "Make a cluster on this machine: up, down, list, shell, exec, stop, start",
		Long:  labLong,
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return fmt.Errorf("unknown command %q (hint: jcollect lab --help)", "lab "+args[0])
		},
	}
	c.PersistentFlags().StringVar(&f.name, "name", "", "the lab's name (the only one that is up; else lab)")
	c.PersistentFlags().StringVar(&f.dir, "dir", lab.DefaultDir, "the `DIR` of all labs")
	c.AddCommand(labUp(e, &f), labDown(e, &f), labList(e, &f), labShell(e, &f), labExec(e, &f),
		labPower(e, &f, "stop", "Take a node's power away: all its processes die at once", (*lab.Lab).Stop),
		labPower(e, &f, "start", "Give a node its power back, with the disk that it had", (*lab.Lab).Restart))
	return c
}

// open finds the lab that is meant.
func (f *labFlags) open() (*lab.Lab, error) {
	if f.name != "" {
		return lab.Open(f.dir, f.name)
	}
	if l, err := lab.Current(); l != nil || err != nil {
		return l, err
	}
	labs, err := lab.List(f.dir)
	if len(labs) == 1 && err == nil {
		return labs[0], nil
	}
	l, openErr := lab.Open(f.dir, defaultLab)
	if openErr == nil {
		return l, nil
	}
	if len(labs) > 1 {
		var names []string
		for _, l := range labs {
			names = append(names, l.Name())
		}
		return nil, fmt.Errorf("which lab? (hint: --name %s)", strings.Join(names, ", or --name "))
	}
	if os.Geteuid() != 0 {
		return nil, errors.New("labs belong to root (hint: sudo jcollect lab ...)")
	}
	return nil, errors.Join(err, openErr)
}

// labUp makes a lab.
func labUp(e *env, f *labFlags) *cobra.Command {
	var kind string
	c := &cobra.Command{
		Use:   "up [N]",
		Short: "Make a lab of N nodes (5)",
		Args:  cli.Wants(0, 1, "number of nodes", "5"),
		RunE: func(_ *cobra.Command, args []string) error {
			o := lab.Options{Name: f.name, Dir: f.dir, Kind: kind}
			if o.Name == "" {
				o.Name = defaultLab
			}
			if len(args) > 0 {
				n, err := strconv.Atoi(args[0])
				if err != nil || n < 1 || n > lab.MaxNodes {
					return fmt.Errorf("lab up: %q is no number of nodes (hint: 1 to %d)", args[0], lab.MaxNodes)
				}
				o.Nodes = n
			}
			if err := lab.CheckKind(kind); err != nil {
				return fmt.Errorf("--kind: %w", err)
			}
			begin := time.Now()
			l, err := lab.Up(e.soft, o)
			if err != nil {
				return err
			}
			for _, note := range l.Notes() {
				fmt.Fprintf(e.stderr, "jcollect: lab %s: %s\n", l.Name(), note)
			}
			fmt.Fprintf(e.stdout, "lab %s: %s %s up after %d ms\n", l.Name(), strings.Join(l.Names(), ", "),
				amount.Word(len(l.Nodes()), "is", "are"), time.Since(begin).Milliseconds())
			fmt.Fprintf(e.stdout, "  jcollect lab shell n1\n  jcollect lab exec -- jcollect run --lab %d plan.yaml\n  jcollect lab down\n", len(l.Nodes()))
			return nil
		},
	}
	c.Flags().StringVar(&kind, "kind", lab.KindNamespace, "namespace, or uml: nodes with a kernel, clock and disk of their own")
	return c
}

// labDown ends labs.
func labDown(e *env, f *labFlags) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "down",
		Short: "End a lab, and remove all that its nodes wrote",
		Args:  cli.Wants(0, 0, "", ""),
		RunE: func(*cobra.Command, []string) error {
			if !all {
				l, err := f.open()
				if err != nil {
					return err
				}
				return downOne(e, l)
			}
			labs, err := lab.List(f.dir)
			errs := []error{err}
			for _, l := range labs {
				errs = append(errs, downOne(e, l))
			}
			return errors.Join(errs...)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "all labs, those of runs that go on too")
	return c
}

// downOne ends a lab and says so.
func downOne(e *env, l *lab.Lab) error {
	// Not e.soft: who asked for the end once gets it.
	if err := l.Down(context.WithoutCancel(e.soft)); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "lab %s is gone\n", l.Name())
	return nil
}

// labList shows the labs.
func labList(e *env, f *labFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show the labs of this machine",
		Args:  cli.Wants(0, 0, "", ""),
		RunE: func(*cobra.Command, []string) error {
			labs, err := lab.List(f.dir)
			if len(labs) > 0 {
				w := tabwriter.NewWriter(e.stdout, 0, 8, 2, ' ', 0)
				fmt.Fprintln(w, "LAB\tNODES\tUP\tFOLDER")
				for _, l := range labs {
					fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", l.Name(), len(l.Nodes()), l.Alive(), l.Dir())
				}
				err = errors.Join(err, w.Flush())
			}
			return err
		},
	}
}

// labShell gives a shell in the room or on a node.
func labShell(_ *env, f *labFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "shell [NODE]",
		Short: "Open a shell on a node, or in the lab's room, from which nodes are reached by name",
		Args:  cli.Wants(0, 1, "node", "n1"),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := f.open()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				shell := os.Getenv("SHELL")
				if shell == "" {
					shell = "/bin/sh"
				}
				return l.Exec([]string{shell}, os.Environ())
			}
			if l.Address(args[0]) == args[0] {
				return fmt.Errorf("the lab %s has no node %q (hint: %s)", l.Name(), args[0], strings.Join(l.Names(), ", "))
			}
			if _, err := exec.LookPath("ssh"); err != nil {
				return fmt.Errorf("no program ssh (hint: apt-get install openssh-client): %w", err)
			}
			return l.Exec([]string{"ssh", "-F", filepath.Join(l.Dir(), "ssh_config"), args[0]}, os.Environ())
		},
	}
}

// labExec runs a program in the room.
func labExec(_ *env, f *labFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "exec -- PROGRAM [ARGS...]",
		Short: "Run a program in the lab's room, from which nodes are reached by name",
		Args:  cli.Wants(1, cli.Any, "program", "-- PROGRAM [ARGS...]"),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := f.open()
			if err != nil {
				return err
			}
			return l.Exec(args, os.Environ())
		},
	}
}

// labPower switches a node.
func labPower(e *env, f *labFlags, verb, short string, do func(*lab.Lab, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   verb + " NODE",
		Short: short,
		Args:  cli.Wants(1, 1, "node", "n1"),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := f.open()
			if err != nil {
				return err
			}
			return do(l, e.soft, args[0])
		},
	}
}
