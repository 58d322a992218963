package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"jcheck/cmd/internal/cli"
	"jcheck/cmd/jcollect/internal/lab"
	"jcheck/cmd/jcollect/internal/node"
	"jcheck/cmd/jcollect/internal/run"
	"jcheck/internal/store"
)

// defaultStore is where runs are kept.
const defaultStore = "store"

const runLong = `Sets the cluster up, lets clients work on it, breaks it meanwhile, records what the
clients saw, tears everything down, and judges the record.

  jcollect run --lab 3 plan.yaml               on a cluster made on this machine
  jcollect run plan.yaml --nodes n1,n2,n3      on machines that may be damaged
  jcollect run plan.yaml --time-limit 10m --concurrency 3n --nemesis kill

Each run has a folder store/NAME/TIME, with its history, results and logs; the link
store/latest points to the last one. Ctrl-C stops the operations: everything is
healed and torn down, and what was recorded is judged. A second Ctrl-C heals and
leaves. What fails beside the operations, a log that can't be fetched, is told and
changes no verdict.`

// runCommand is the verb run.
func runCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "run PLAN",
		Short: "Run a test: set up, operate, break, record, tear down, judge",
		Long:  runLong,
		Args:  onePlan,
	}
	flags := bindPlanFlags(c.Flags())
	o := bindLaunchFlags(c.Flags())
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := o.lab.changePlan(flags); err != nil {
			return err
		}
		t, err := flags.load(args[0])
		if err != nil {
			return err
		}
		if err := errors.Join(t.Refusal(), t.Able()); err != nil {
			return err
		}
		launch, err := e.launch(o)
		if err != nil {
			return err
		}
		if o.lab.needsOne() {
			return o.lab.runInside(e, o.lab.wants(t))
		}
		for range max(t.TestCount, 1) {
			e.tell(t.Run(launch))
			if e.code != exitValid || e.soft.Err() != nil {
				break
			}
		}
		return nil
	}
	return c
}

// onePlan wants one argument, and says what it is.
func onePlan(c *cobra.Command, args []string) error {
	return cli.Wants(1, 1, "plan", "plan.yaml; jcollect init writes one")(c, args)
}

// launchFlags are the flags of how a test is run, beside those that change its plan.
type launchFlags struct {
	store  string
	helper string
	quiet  bool
	lab    labRun
}

// bindLaunchFlags adds the flags.
func bindLaunchFlags(flags *pflag.FlagSet) *launchFlags {
	o := new(launchFlags)
	flags.IntVar(&o.lab.nodes, "lab", 0, "run it on a lab of `N` nodes, made on this machine for this run")
	flags.StringVar(&o.lab.kind, "lab-kind", lab.KindNamespace, "namespace, or uml: nodes with a kernel, clock and disk of their own")
	flags.StringVar(&o.store, "store", defaultStore, "the `DIR` of all runs")
	flags.StringVar(&o.helper, "helper", "", "a jcollect for nodes of another architecture, or a `DIR` of such")
	flags.BoolVarP(&o.quiet, "quiet", "q", false, "print the verdict line only")
	return o
}

// launch is how a test is run from here.
func (e *env) launch(o *launchFlags) (run.Launch, error) {
	agents, err := node.NewAgents(o.helper)
	if err != nil {
		return run.Launch{}, err
	}
	if o.store == "" {
		return run.Launch{}, errors.New("--store is empty (hint: --store store)")
	}
	p := &progressLine{w: e.stderr, on: isTerminal(e.stderr)}
	l := run.Launch{Store: o.store, Args: os.Args, Version: cli.Version(), Soft: e.soft, Hard: e.hard, Out: e.stdout, Agents: agents,
		Say:  func(text string) { p.say(text) },
		Page: run.Page{Color: isTerminal(e.stdout) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb", Width: width(e.stdout), Quiet: o.quiet}}
	if p.on {
		l.Progress = p.show
	}
	return l, nil
}

// tell says how a run ended, where its report hasn't, and raises the exit code.
func (e *env) tell(o run.Outcome) {
	e.judged = true
	if o.Err != nil && !o.Told {
		e.complain(o.Err)
	}
	if !o.Judged {
		e.complain(errors.New("there is no verdict" + whereToLook(o)))
	}
	if n := len(o.Trouble); n > 0 {
		fmt.Fprintf(e.stderr, "jcollect: what else went wrong is told above (%d); it doesn't change the verdict\n", n)
	}
	if o.Judged && o.Dir != "" {
		fmt.Fprintf(e.stderr, "jcollect: %s has it all (check/index.html is a page to look at)\n", o.Dir)
	}
	e.code = max(e.code, o.Code())
}

// maxLogs is how many logs are named.
const maxLogs = 6

// whereToLook is a hint for who has no verdict and wants to know why: the nodes may be gone, but their logs were fetched.
func whereToLook(o run.Outcome) string {
	if o.Dir == "" {
		return ""
	}
	log := filepath.Join(o.Dir, store.LogFile)
	if _, err := os.Stat(log); err != nil {
		return "" // a folder of somebody else's
	}
	text := " (hint: " + log + " says what was done"
	if n := len(o.Logs); n > 0 {
		text += "; the database's logs: " + strings.Join(o.Logs[:min(n, maxLogs)], ", ")
		if n > maxLogs {
			text += fmt.Sprintf(" and %d more", n-maxLogs)
		}
	}
	return text + ")"
}

// fileOf is the file behind one of the standard streams; nil if there is none, as in tests.
func fileOf(w any) *os.File {
	switch w := w.(type) {
	case *os.File:
		return w
	case *cli.Output:
		return w.File()
	}
	return nil
}

// isTerminal tells whether w is one.
func isTerminal(w any) bool {
	f := fileOf(w)
	return f != nil && term.IsTerminal(int(f.Fd()))
}

// width is how wide a page for w is.
func width(w any) int {
	if !isTerminal(w) {
		return 80
	}
	columns, _, err := term.GetSize(int(fileOf(w).Fd()))
	if err != nil || columns < 40 {
		return 80
	}
	return min(columns, 110)
}

// progressLine shows on a terminal what is being done, each text in the place of the one before.
type progressLine struct {
	mu    sync.Mutex
	w     io.Writer
	on    bool
	shown bool
}

// show replaces the line; "" takes it away.
func (p *progressLine) show(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	if text != "" {
		fmt.Fprint(p.w, text)
		p.shown = true
	}
}

// say prints a message, with the program's name.
func (p *progressLine) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, "jcollect: %s\n", plainText(text))
}

func (p *progressLine) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// plainText is a text without what a terminal may obey: nodes and databases say what they like.
func plainText(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			out[i] = '?'
		}
	}
	return string(out)
}
