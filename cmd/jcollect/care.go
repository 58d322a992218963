package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"jcheck/cmd/internal/cli"
	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/run"
	"jcheck/internal/amount"
)

// careFlags are what the verbs that look after nodes share: a plan, or the nodes by flags.
type careFlags struct {
	*planFlags
	*launchFlags
	e *env
}

// bindCare adds the flags to a verb. whole says that it wants a whole plan; otherwise it takes one or none.
func bindCare(e *env, c *cobra.Command, whole bool) *careFlags {
	bindPlan := bindNodeFlags
	if whole {
		bindPlan = bindPlanFlags
	}
	f := &careFlags{bindPlan(c.Flags()), bindLaunchFlags(c.Flags()), e}
	for _, name := range []string{"lab", "lab-kind", "quiet"} { // they are for runs
		if err := c.Flags().MarkHidden(name); err != nil {
			panic("jcollect: internal error: " + err.Error())
		}
	}
	c.Args = cli.Wants(0, 1, "plan", "plan.yaml, or --nodes n1,n2,n3")
	if whole {
		c.Args = onePlan
	}
	return f
}

// load reads a whole plan, for a run's nodes or those of the lab in whose room we are.
func (f *careFlags) load(file string) (*run.Test, error) {
	if err := f.inLab(); err != nil {
		return nil, err
	}
	return f.planFlags.load(file)
}

// inLab makes the nodes those of the lab in whose room we are, if --lab asks for it.
func (f *careFlags) inLab() error {
	if err := f.launchFlags.lab.changePlan(f.planFlags); err != nil {
		return err
	}
	if f.launchFlags.lab.needsOne() {
		return errors.New("--lab is for a run, which makes it; this wants a lab that is up (hint: jcollect lab up, then jcollect lab exec -- jcollect ... --lab N)")
	}
	return nil
}

// nodes reads which nodes there are: of a plan and the flags, of the flags alone, or of the lab in whose room we are.
func (f *careFlags) nodes(args []string) (*run.Test, error) {
	var p plan.Problems
	root := &plan.Node{Kind: plan.Map}
	room, err := lab.Current()
	if err != nil {
		return nil, err
	}
	named := f.flags.Changed("nodes") || f.flags.Changed("node") || f.flags.Changed("nodes-file")
	if room != nil && len(args) == 0 && !named && !f.flags.Changed("lab") {
		if err := f.flags.Set("lab", fmt.Sprint(len(room.Names()))); err != nil {
			return nil, err
		}
	}
	if err := f.inLab(); err != nil {
		return nil, err
	}
	switch {
	case len(args) == 1:
		if root = plan.Open(args[0], &p); root == nil {
			return nil, planError(&p)
		}
	case !named && !f.flags.Changed("lab"):
		return nil, errors.New("no plan and no nodes (hint: give a plan, or --nodes n1,n2,n3)")
	}
	t := run.ReadNodes(root.Apply(f.changes(&p), &p), &p)
	if p.Any() {
		return nil, planError(&p)
	}
	return t, nil
}

// do does something to the nodes, says what was done, or raises the exit code if it fails.
func (f *careFlags) do(t *run.Test, c run.Care, done func(nodes int) string) error {
	l, err := f.e.launch(f.launchFlags)
	if err != nil {
		return err
	}
	if err := c.Do(t, l); err != nil {
		f.e.complain(err)
		f.e.code = max(f.e.code, exitCrash)
		return nil
	}
	_, err = fmt.Fprintln(f.e.stdout, done(len(t.Nodes)))
	return err
}

// A careVerb is a verb that does one thing to all nodes.
type careVerb struct {
	use, short, long string
	whole            bool // it wants a whole plan, whose machines may be damaged
	care             run.Care
	done             string // what the nodes are then: "3 nodes are set up"
}

// careVerbs are those in the order in which they are needed.
func careVerbs() []careVerb {
	return []careVerb{
		{use: "setup PLAN", short: "Set the system and the database up on the nodes, and leave them so",
			whole: true, care: run.Setup(), done: "set up"},
		{use: "teardown PLAN", short: "Heal the nodes and remove the database, whatever state they are in",
			whole: true, care: run.Teardown(), done: "torn down"},
		{use: "heal [PLAN]", short: "Undo every fault on the nodes, after a run that was killed",
			long: `Removes from the nodes what any run put there to break them: rules of firewalls, the
shaping of packets, files that fill disks, and whatever the agent on the node was
told to heal. Nothing else is touched, and healing twice does no harm. Nodes that
were removed from the database's cluster join it again, if the plan says how.

  jcollect heal --nodes n1,n2,n3
  jcollect heal plan.yaml

Nodes heal themselves, too, when they hear nothing of a run for a minute.`,
			care: run.Heal(), done: "healed"},
	}
}

// command is the verb.
func (v careVerb) command(e *env) *cobra.Command {
	c := &cobra.Command{Use: v.use, Short: v.short, Long: v.long}
	f := bindCare(e, c, v.whole)
	c.RunE = func(_ *cobra.Command, args []string) error {
		read := f.nodes
		if v.whole {
			read = f.disposable
		}
		t, err := read(args)
		if err != nil {
			return err
		}
		return f.do(t, v.care, func(n int) string {
			return fmt.Sprintf("%s %s %s", amount.Of(n, "node"), amount.Word(n, "is", "are"), v.done)
		})
	}
	return c
}

// disposable reads a whole plan, whose machines may be damaged.
func (f *careFlags) disposable(args []string) (*run.Test, error) {
	t, err := f.load(args[0])
	if err != nil {
		return nil, err
	}
	return t, t.Refusal()
}

// logsCommand is the verb logs.
func logsCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "logs PLAN",
		Short: "Download the database's logs from the nodes",
	}
	f := bindCare(e, c, true)
	to := c.Flags().String("to", ".", "the `DIR` in which each node gets a folder")
	c.RunE = func(_ *cobra.Command, args []string) error {
		t, err := f.load(args[0])
		if err != nil {
			return err
		}
		if info, err := os.Stat(*to); err != nil || !info.IsDir() {
			return fmt.Errorf("--to %q: no such folder (hint: mkdir it)", *to)
		}
		return f.do(t, run.Logs(*to), func(n int) string {
			return fmt.Sprintf("the logs of %s are in %s", amount.Of(n, "node"), *to)
		})
	}
	return c
}

// nodesCommand is the verb nodes.
func nodesCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "nodes [PLAN]",
		Short: "Look at each node: can a test use it, and what is to be mended?",
		Long: `Connects to each node and changes nothing there. Prints who logs in, whether commands
can run as root, the system, how far its clock is off, and below what is wrong and
how to mend it.

  jcollect nodes plan.yaml
  jcollect nodes --nodes n1,n2,n3 --username admin

Exit codes: 0 if all nodes can be used, 1 if something is to be mended.`,
	}
	f := bindCare(e, c, false)
	c.RunE = func(_ *cobra.Command, args []string) error {
		t, err := f.nodes(args)
		if err != nil {
			return err
		}
		if _, err := e.launch(f.launchFlags); err != nil { // what a run would say
			return err
		}
		list := inspectAll(e.soft, t)
		for _, d := range list {
			if !d.OK() {
				e.code = max(e.code, exitInvalid)
			}
		}
		return diagnoses(e.stdout, list)
	}
	return c
}

// inspectAll looks at all nodes at the same time.
func inspectAll(ctx context.Context, t *run.Test) []run.Diagnosis {
	list := make([]run.Diagnosis, len(t.Nodes))
	var wg sync.WaitGroup
	for i, name := range t.Nodes {
		wg.Go(func() { list[i] = t.Inspect(ctx, name) })
	}
	wg.Wait()
	return list
}

// diagnoses prints a table of the nodes, and then what is to be mended.
func diagnoses(w io.Writer, list []run.Diagnosis) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NODE\tREACHED\tUSER\tROOT\tSYSTEM\tCLOCK\tANSWERS IN\tREADY")
	for _, d := range list {
		reached, user, root, system, clock, ping, ready := "no", "-", "-", "-", "-", "-", "no"
		if d.User != "" {
			reached, user, root, system, ping = "yes", d.User, "no", d.System, d.Ping.Round(time.Millisecond).String()
		}
		if d.Root {
			root = "yes"
		}
		if d.Clock {
			clock = fmt.Sprintf("%+.3f s", d.Offset.Seconds())
		}
		if d.OK() {
			ready = "yes"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", plainText(d.Node), reached, plainText(user), root, plainText(system), clock, ping, ready)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, d := range list {
		for _, what := range d.Mend {
			if _, err := fmt.Fprintf(w, "\n%s: %s\n", plainText(d.Node), plainText(what)); err != nil {
				return err
			}
		}
	}
	return nil
}
