// Command jcheck-draw lays out a graph: DOT in, SVG out. It's jcheck's own Graphviz, for machines that have none.
//
//	jcheck-draw [-o FILE] [FILE]
//
// reads one graph from FILE or standard input. It exits with 0 if it was drawn, 1 if it can't be (bad DOT, too large, out
// of time), and 254 for wrong use. With -serve it draws one graph after another, as jcheck asks (see serve.go).
//
// It's a program of its own since Graphviz, compiled to WebAssembly, is dear to start, doesn't heed deadlines and may
// fault: jcheck runs it as a child that it can kill. The library that holds it keeps what it compiled in the folder
// go-graphviz of the temporary directory, before main begins, and believes what it finds there; so where others may
// write to that directory, TMPDIR should name a private one. jcheck sees to that for its own child.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// The exit codes.
const (
	exitDrawn   = 0
	exitUndrawn = 1
	exitUsage   = 254
)

// maxInput bounds the text of a graph, in bytes. A graph that fits a screen has some thousands.
const maxInput = 4 << 20

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the whole program: args are without the program's name.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("jcheck-draw", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintln(stderr, "Usage: jcheck-draw [-o FILE] [-timeout TIME] [FILE]\nLays out a graph: DOT in, SVG out.")
		fs.PrintDefaults()
	}
	out := fs.String("o", "", "write the SVG to `FILE` instead of standard output")
	timeout := fs.Duration("timeout", time.Minute, "give up on a graph after this `TIME`")
	serving := fs.Bool("serve", false, "draw one graph after another, as jcheck asks")
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDrawn
	case err != nil:
		return exitUsage // the flag set has said why
	case fs.NArg() > 1:
		fmt.Fprintf(stderr, "jcheck-draw: one graph at a time, not %d (hint: jcheck-draw -o x.svg x.dot)\n", fs.NArg())
		return exitUsage
	}
	// Nothing can stop Graphviz but the end of its process.
	alarm := time.AfterFunc(*timeout, func() {
		fmt.Fprintf(stderr, "jcheck-draw: not drawn within %s (hint: fewer nodes and edges, or -timeout)\n", *timeout)
		os.Exit(exitUndrawn)
	})
	defer alarm.Stop()
	if *serving {
		alarm.Stop() // waiting for the next graph takes no time
		err = serve(stdin, stdout, func() { alarm.Reset(*timeout) }, func() { alarm.Stop() })
	} else {
		err = drawOne(fs.Arg(0), *out, stdin, stdout)
	}
	if err == nil {
		return exitDrawn
	}
	fmt.Fprintf(stderr, "jcheck-draw: %v\n", err)
	var file *os.PathError
	if errors.As(err, &file) {
		return exitUsage
	}
	return exitUndrawn
}

// drawOne draws the graph in a file, or on standard input if path is empty or "-".
func drawOne(path, out string, stdin io.Reader, stdout io.Writer) error {
	from := stdin
	if path != "" && path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close() // only read from: nothing can be lost
		from = f
	}
	dot, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err != nil {
		return fmt.Errorf("read graph: %w", err)
	}
	svg, err := draw(dot)
	if err != nil {
		return err
	}
	if out != "" {
		return os.WriteFile(out, svg, 0o644)
	}
	_, err = io.Copy(stdout, bytes.NewReader(svg))
	return err
}
