//go:build unix

// Command measure makes histories and prints what it costs to check them: processor time, wall time, and the most memory
// held at a time, against the figures that are aimed at. `make bench` runs it.
//
//	measure [FLAG...]         the table of figures.go and shapes.go
//	measure run COMMAND...    what any command costs
//	measure read FILE         reads a history into columns, and does nothing more
//	measure linearizable      the table beside Porcupine of contest.go; `make bench-linearizable` runs it
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"jcheck/history"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "measure: %v\n", err)
		code = 254
	}
	os.Exit(code)
}

// run is the whole program.
func run(args []string) (int, error) {
	if len(args) > 1 && args[0] == "run" {
		c, err := measure(nil, os.Stdout, args[1:]...)
		if err == nil {
			fmt.Fprintln(os.Stderr, c)
		}
		return c.exit, err
	}
	if len(args) == 2 && args[0] == "read" {
		return 0, readOnly(args[1])
	}
	switch {
	case len(args) > 0 && args[0] == "linearizable":
		return fight(args[1:])
	case len(args) > 0 && args[0] == "contest":
		return 0, contestant(args[1:])
	}
	return bench(args)
}

// fight lets jcheck and Porcupine check the same histories.
func fight(args []string) (int, error) {
	var a arena
	f := flag.NewFlagSet("measure linearizable", flag.ContinueOnError)
	f.StringVar(&a.only, "only", "", "only histories with this in their names")
	f.DurationVar(&a.limits.cpu, "cpu", 20*second, "processor time after which a checker is ended")
	f.Int64Var(&a.limits.memory, "memory", 2*gb, "bytes resident after which a checker is ended")
	if err := f.Parse(args); err != nil {
		return 254, err
	}
	new(table).machine()
	return a.run()
}

// readOnly reads a history as jcheck would.
func readOnly(path string) error {
	h, err := history.Open(context.Background(), path, history.Options{})
	if err != nil {
		return err
	}
	return h.Close()
}

// bench makes and measures every case that the flags choose.
func bench(args []string) (int, error) {
	var b table
	f := flag.NewFlagSet("measure", flag.ContinueOnError)
	f.StringVar(&b.jcheck, "jcheck", "bin/jcheck", "the program to measure")
	f.StringVar(&b.jcollect, "jcollect", "bin/jcollect", "the collector to measure")
	f.StringVar(&b.dir, "dir", "bin/bench", "where histories are made, and deleted again")
	f.StringVar(&b.only, "only", "", "only cases with this in their names")
	f.IntVar(&b.runs, "runs", 5, "runs of each figure, of which the median is shown")
	f.BoolVar(&b.big, "big", false, "10 million transactions as well: takes a minute, 3 GB of disk and 3 GB of memory")
	f.BoolVar(&b.huge, "huge", false, "22 million transactions as well: takes some minutes, 7 GB of disk and of memory")
	if err := f.Parse(args); err != nil {
		return 254, err
	}
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return 254, err
	}
	b.machine()
	for _, g := range groups() {
		if err := b.group(g); err != nil {
			return 254, err
		}
	}
	if err := b.collector(); err != nil {
		return 254, err
	}
	return b.conclude(), nil
}
