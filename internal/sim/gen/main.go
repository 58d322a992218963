// Command gen writes a simulated history to standard output, for measurements.
package main

import (
	"flag"
	"fmt"
	"os"

	"jcheck/internal/sim"
)

func main() {
	if err := gen(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "gen: %v\n", err)
		os.Exit(254)
	}
}

func gen(args []string) error {
	var o sim.Options
	f := flag.NewFlagSet("gen", flag.ContinueOnError)
	level := f.String("level", sim.StrictSerializable.String(), fmt.Sprint("isolation: one of ", sim.Levels()))
	workload := f.String("workload", sim.ListAppend.String(), "list-append or rw-register")
	dist := f.String("key-dist", sim.Exponential.String(), "exponential, uniform or zipf")
	format := f.String("format", "edn", "edn or json (lines)")
	f.Uint64Var(&o.Seed, "seed", 0, "seed of everything random")
	f.IntVar(&o.Txns, "n", 100, "transactions")
	f.IntVar(&o.Concurrency, "concurrency", 10, "clients")
	f.Float64Var(&o.KeyDistBase, "key-dist-base", 0, "base of the key distribution")
	f.IntVar(&o.KeyCount, "key-count", 0, "active keys")
	f.IntVar(&o.MinTxnLen, "min-txn-length", 0, "fewest micro-ops")
	f.IntVar(&o.MaxTxnLen, "max-txn-length", 0, "most micro-ops")
	f.IntVar(&o.MaxWritesPerKey, "max-writes-per-key", 32, "most writes of a key")
	f.BoolVar(&o.FixedWrites, "fixed-writes", true, "every key takes all its writes")
	f.Float64Var(&o.FailRate, "fail", 0.01, "share of aborts")
	f.Float64Var(&o.InfoRate, "info", 0.002, "share of indeterminate transactions")
	f.BoolVar(&o.FinalReads, "final-reads", false, "read every key at the end")
	if err := f.Parse(args); err != nil {
		return err
	}
	var err error
	if o.Level, err = sim.ParseLevel(*level); err != nil {
		return err
	}
	if o.Workload, err = sim.ParseWorkload(*workload); err != nil {
		return err
	}
	if o.KeyDist, err = sim.ParseDist(*dist); err != nil {
		return err
	}
	encode := sim.AppendEDN
	switch *format {
	case "edn":
	case "json":
		encode = sim.AppendJSON
	default:
		return fmt.Errorf("unknown format %q (hint: edn or json)", *format)
	}
	return sim.Write(os.Stdout, o, encode)
}
