// Command jcollect runs a test of a distributed database: it sets a cluster up, drives clients, injects faults, records
// what the clients saw, and has it checked.
//
//	0    every history is valid
//	1    at least one is invalid
//	2    at least one could not be judged
//	254  wrong use, or a plan with mistakes
//	255  no history, or a bug of jcollect
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"jcheck/cmd/jcollect/internal/agent"
)

// agentVerb is the verb by which jcollect calls itself on a node. It is no command for users and isn't among them: it must
// start quickly, and treat signals in its own way.
const agentVerb = "agent"

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
		os.Exit(guard(os.Stderr, func() int { return agent.Main(context.Background(), os.Args[2:], os.Stdin, os.Stdout) }))
	}
	soft, hard, stop := interrupts()
	code := guard(os.Stderr, func() int {
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

// guard gives the exit code of f. A panic is our own bug and 255: it must not end with Go's exit code 2, which would
// read "unknown".
func guard(stderr io.Writer, f func() int) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(stderr, "jcollect: internal error: %v\n%s", p, debug.Stack())
			code = exitCrash
		}
	}()
	return f()
}

// env is what a verb may touch besides its flags: the three streams, the user's patience, and the exit code so far.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	soft           context.Context // ends with the first Ctrl-C: stop, and put everything in order
	hard           context.Context // ends with the second: heal and leave
	code           int
}

// run is the whole program: args are without the program's name.
func (e *env) run(args []string) int {
	root := rootCommand(e)
	texts := &wholeWriter{w: e.stdout}
	root.SetArgs(args)
	root.SetIn(e.stdin)
	root.SetOut(texts)
	root.SetErr(e.stderr)
	if err := cmp.Or(root.ExecuteContext(e.soft), texts.err); err != nil {
		e.complain(err)
		e.code = max(e.code, exitUsage)
	}
	return e.code
}

// wholeWriter remembers that not everything could be written: a full disk must not pass for success.
type wholeWriter struct {
	w   io.Writer
	err error // the first one
}

func (w *wholeWriter) Write(b []byte) (int, error) {
	n, err := w.w.Write(b)
	w.err = cmp.Or(w.err, err)
	return n, err
}

// complain prints an error on stderr, each line with the program's name.
func (e *env) complain(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(e.stderr, "jcollect: %s\n", line)
	}
}
