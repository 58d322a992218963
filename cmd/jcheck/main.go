// Command jcheck checks recorded histories of databases, offline.
//
// It reads flags, asks a checker, prints what render makes of the result, and exits:
//
//	0    every history is valid
//	1    at least one is invalid
//	2    at least one could not be judged
//	254  wrong use, or an input that isn't a history
//	255  a bug of jcheck
//
// Of several, the first of 255, 254, 1, 2, 0 that occurred is the exit code.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"jcheck/check"
	"jcheck/cmd/internal/cli"
	"jcheck/history"
	"jcheck/internal/amount"
)

// The exit codes. Scripts depend on them.
const (
	exitValid    = 0
	exitInvalid  = 1
	exitUnknown  = 2
	exitUsage    = 254
	exitInternal = 255
)

func main() {
	collectOften()
	os.Exit(cli.Guard("jcheck", os.Stderr, func() int { return run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr) }))
}

// env is what a verb may touch besides its flags: the three streams, and the exit code so far.
type env struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	code           int
}

// run is the whole program: args are without the program's name.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdin: stdin, stdout: stdout, stderr: stderr}
	root := rootCommand(e)
	if isElleCLI(args, verbNames(root)) {
		return e.runElleCLI(args)
	}
	texts := cli.NewOutput(stdout)
	root.SetArgs(args)
	root.SetOut(texts)
	root.SetErr(stderr)
	if err := cmp.Or(root.Execute(), texts.Err()); err != nil {
		e.complain("", err)
		e.raise(exitUsage)
	}
	return e.code
}

// badness orders the exit codes: 255 > 254 > 1 > 2 > 0.
func badness(code int) int {
	switch code {
	case exitInternal:
		return 4
	case exitUsage:
		return 3
	case exitInvalid:
		return 2
	case exitUnknown:
		return 1
	}
	return 0
}

// raise makes code the exit code unless a worse one was there.
func (e *env) raise(code int) {
	if badness(code) > badness(e.code) {
		e.code = code
	}
}

// verdictCode is the exit code of a verdict.
func verdictCode(v check.Verdict) int {
	switch v {
	case check.Valid:
		return exitValid
	case check.Invalid:
		return exitInvalid
	}
	return exitUnknown
}

// complain prints an error on stderr, each line with the program's name. The problems of a ReadError name their places
// themselves; any other error is told with the name of its input, if it doesn't name it.
func (e *env) complain(file string, err error) {
	var read *history.ReadError
	if errors.As(err, &read) {
		for _, p := range read.Problems {
			fmt.Fprintf(e.stderr, "jcheck: %s\n", p)
		}
		if read.More > 0 {
			fmt.Fprintf(e.stderr, "jcheck: %s: and %s\n", file, amount.Of(read.More, "more problem"))
		}
		return
	}
	text := err.Error()
	if file != "" && !strings.HasPrefix(text, file) {
		text = file + ": " + text
	}
	cli.Complain("jcheck", e.stderr, errors.New(text))
}
