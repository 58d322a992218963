// Command jcollect runs a test of a distributed database: it sets a cluster up, drives clients, injects faults, records
// what the clients saw, and has it checked.
//
//	0    every history is valid
//	1    at least one is invalid
//	2    at least one could not be judged
//	254  wrong use, or a plan with mistakes
//	255  no history, an output that could not be written, or a bug of jcollect
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"jcheck/cmd/internal/cli"
	"jcheck/cmd/jcollect/internal/agent"
	"jcheck/cmd/jcollect/internal/lab"
)

// agentVerb is the verb by which jcollect calls itself on a node. It is no command for users and isn't among them: it must
// start quickly, and treat signals in its own way.
const agentVerb = "agent"

// keeperVerb is the verb by which jcollect calls itself to take a lab down if the run that made it is killed.
const keeperVerb = "lab-keeper"

// keepLab is that verb: its arguments are the folder of all labs and the name of one. It has nobody to talk to: whoever
// started it may be dead, and the lab is there to be seen if it can't be taken down.
func keepLab(args []string) int {
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if len(args) != 2 {
		return exitUsage
	}
	if err := lab.Keep(os.Stdin, args[0], args[1]); err != nil {
		cli.Complain("jcollect", os.Stderr, err)
		return exitCrash
	}
	return exitValid
}

// The exit codes. Scripts depend on them.
const (
	exitValid   = 0
	exitInvalid = 1
	exitUnknown = 2
	exitUsage   = 254
	exitCrash   = 255
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == agentVerb {
		os.Exit(cli.Guard("jcollect", os.Stderr, func() int { return agent.Main(context.Background(), os.Args[2:], os.Stdin, os.Stdout) }))
	}
	if len(os.Args) > 1 && os.Args[1] == keeperVerb {
		os.Exit(cli.Guard("jcollect", os.Stderr, func() int { return keepLab(os.Args[2:]) }))
	}
	// With a handler, a pipe that nobody reads any more is an error of whoever writes to it: `jcollect run 2>&1 | head` must
	// not end a run that has broken a cluster and not healed it. The programs that we start get the usual again.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	soft, hard, stop := interrupts()
	code := cli.Guard("jcollect", os.Stderr, func() int {
		e := &env{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, soft: soft, hard: hard}
		return e.run(os.Args[1:])
	})
	stop()
	os.Exit(code)
}

// interrupts gives two contexts: the first Ctrl-C (or TERM, or HUP) ends soft, the second ends hard, the third ends the program.
func interrupts() (soft, hard context.Context, stop func()) {
	soft, endSoft := context.WithCancel(context.Background())
	hard, endHard := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // the terminal went away; nohup means that this doesn't matter
		signal.Notify(signals, syscall.SIGHUP)
	}
	stopped := make(chan struct{})
	go func() {
		for _, end := range []func(){endSoft, endHard} {
			select {
			case <-signals:
				end()
			case <-stopped:
				return
			}
		}
		signal.Stop(signals)
	}()
	return soft, hard, func() {
		close(stopped)
		endSoft()
		endHard()
	}
}

// env is what a verb may touch besides its flags: the three streams, the user's patience, and the exit code so far.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	soft           context.Context // ends with the first Ctrl-C: stop, and put everything in order
	hard           context.Context // ends with the second: heal and leave
	code           int
	judged         bool // there was a verdict, whose exit code nothing replaces
}

// run is the whole program: args are without the program's name.
func (e *env) run(args []string) int {
	root := rootCommand(e)
	out := cli.NewOutput(e.stdout)
	e.stdout = out
	root.SetArgs(args)
	root.SetIn(e.stdin)
	root.SetOut(out)
	root.SetErr(e.stderr)
	err := root.ExecuteContext(e.soft)
	if err == nil && !e.judged { // verdicts stand: what else went wrong was told
		err = out.Err()
	}
	var unwritten *cli.OutputError
	switch {
	case err == nil:
	case errors.As(err, &unwritten):
		if !unwritten.Gone() {
			e.complain(unwritten)
			e.code = exitCrash
		}
	default:
		e.complain(err)
		e.code = max(e.code, exitUsage)
	}
	return e.code
}

// complain prints an error on stderr, each line with the program's name.
func (e *env) complain(err error) {
	cli.Complain("jcollect", e.stderr, err)
}
