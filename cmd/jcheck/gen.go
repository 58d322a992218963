package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jcheck/cmd/internal/cli"
	"jcheck/internal/cycle"
	"jcheck/internal/sim"
)

const genLong = `Runs a simulated database of the given isolation, and writes the history that
its clients recorded to standard output or a file.

  jcheck gen -n 1M -o history.edn
  jcheck gen --level snapshot-isolation | jcheck elle -c serializable -

The same options, seed and version of jcheck give the same bytes. The history is
written as it happens: its length doesn't matter to memory, except with
--final-reads.

With --inject, anomalies are woven in besides the transactions, each at a random
place; what finds them is told on standard error.

Levels, strongest first:
  strict-serializable          each transaction happens at one instant
  strong-session-serializable  some that only read see an older state, but none
                               older than their process has seen
  serializable                 some that only read see any older state; "stale"
                               is the same
  snapshot-isolation           a snapshot at the start, first committer wins
  read-committed               reads show the newest committed state
  read-uncommitted             reads show what others may yet undo
  dirty                        nothing is ever undone or waited for`

// maxTxns bounds -n: 100 million transactions are some 30 GB.
const maxTxns = 100_000_000

// genFlags are the options of `jcheck gen`, as typed.
type genFlags struct {
	o                                    sim.Options
	workload, level, dist, format, count string
	out                                  string
	inject                               []string
}

func genCommand(e *env) *cobra.Command {
	f := &genFlags{}
	c := &cobra.Command{
		Use:   "gen",
		Short: "Makes a history to try: of a simulated database, with known isolation",
		Long:  genLong,
		Example: "  jcheck gen -n 20 --format json\n  jcheck gen --level read-committed --seed 7 | jcheck elle -\n" +
			"  jcheck gen --inject G2-item-process | jcheck elle -c strong-session-serializable -",
		Args: cli.Wants(0, 0, "", ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if len(f.inject) == 1 && f.inject[0] == "list" {
				return listRecipes(c.OutOrStdout())
			}
			g, err := f.generation(c.Flags())
			if err != nil {
				return err
			}
			return e.generate(g, f.out)
		},
	}
	f.define(c.Flags())
	return c
}

// define declares the flags.
func (f *genFlags) define(fs *pflag.FlagSet) {
	fs.SortFlags = false
	fs.StringVar(&f.workload, "workload", sim.ListAppend.String(), "list-append, rw-register or closed-predicate")
	fs.StringVar(&f.level, "level", sim.StrictSerializable.String(), "what the database promises, and keeps: see above")
	fs.StringVarP(&f.count, "txns", "n", "100", "`TXNS` to invoke, at most 100M; k and M are thousands and millions")
	fs.Uint64Var(&f.o.Seed, "seed", 0, "seed of everything random")
	fs.StringSliceVar(&f.inject, "inject", nil, "`ANOMALIES` to weave into the history, with commas between, G0*3 for three of a kind; --inject list lists them")
	fs.StringVar(&f.format, "format", "edn", "edn or json (an object a line)")
	fs.StringVarP(&f.out, "out", "o", "-", "`FILE` to write; - is standard output")
	fs.IntVar(&f.o.Concurrency, "concurrency", 10, "clients")
	fs.Float64Var(&f.o.FailRate, "fail-rate", 0.01, "share of transactions that abort for no reason")
	fs.Float64Var(&f.o.InfoRate, "info-rate", 0.002, "share of transactions whose outcome the client never learns; half of them take effect")
	fs.StringVar(&f.dist, "key-dist", sim.Exponential.String(), "how often each active key is used: exponential, uniform or zipf")
	fs.Float64Var(&f.o.KeyDistBase, "key-dist-base", 2, "base of exponential, skew of zipf")
	fs.IntVar(&f.o.KeyCount, "key-count", 0, "active keys (default 10; uniform 3); rows of closed-predicate (default 50)")
	fs.IntVar(&f.o.MinTxnLen, "min-txn-length", 1, "fewest micro-ops of a transaction")
	fs.IntVar(&f.o.MaxTxnLen, "max-txn-length", 0, "most micro-ops of a transaction (default 4)")
	fs.IntVar(&f.o.MaxWritesPerKey, "max-writes-per-key", 256, "after how many writes, at most, a fresh key takes the place of another")
	fs.BoolVar(&f.o.FixedWrites, "fixed-writes", false, "every key takes the most writes; else many take fewer")
	fs.BoolVar(&f.o.ReadFirst, "read-first", false, "a transaction reads a key before it writes it, once: the more --wfr-keys tells of registers")
	fs.BoolVar(&f.o.FinalReads, "final-reads", false, "read every key at the end; all of them stay in memory")
	fs.Float64Var(&f.o.StaleRate, "stale-rate", 0.5, "share of read-only transactions that see an older state, at the levels that allow it")
	fs.IntVar(&f.o.StaleLag, "stale-lag", 0, "how many commits older, at most (default 3 for each client)")
}

// generation is a history to be made.
type generation struct {
	o      sim.Options
	encode func([]byte, *sim.Op) []byte
}

// generation makes of the flags what is to be done.
func (f *genFlags) generation(fs *pflag.FlagSet) (generation, error) {
	g := generation{o: f.o, encode: sim.AppendEDN}
	var err error
	if g.o.Workload, err = word("workload", f.workload, sim.ParseWorkload, workloadWords()); err != nil {
		return g, err
	}
	level := f.level
	switch level {
	case "stale":
		level = sim.Serializable.String()
	case "strict":
		level = sim.StrictSerializable.String()
	}
	if g.o.Level, err = word("level", level, sim.ParseLevel, levelWords()); err != nil {
		return g, err
	}
	if g.o.KeyDist, err = word("key-dist", f.dist, sim.ParseDist, distWords()); err != nil {
		return g, err
	}
	if err := oneOf("format", f.format, "edn", "json"); err != nil {
		return g, err
	}
	if f.format == "json" {
		g.encode = sim.AppendJSON
	}
	if g.o.Txns, err = parseCount(f.count); err != nil {
		return g, fmt.Errorf("--txns %w", err)
	}
	if g.o.StaleRate == 0 && g.o.Level <= sim.Serializable {
		g.o.Level = sim.StrictSerializable // these levels differ from it by their stale reads alone
	}
	if g.o.Inject, err = anomaliesToInject(f.inject); err != nil {
		return g, err
	}
	if err := levelFits(g.o.Inject, g.o.Level); err != nil {
		return g, err
	}
	if g.o.Workload, err = workloadFor(g.o.Inject, g.o.Workload, fs.Changed("workload")); err != nil {
		return g, err
	}
	return g, g.check(fs)
}

// check refuses what makes no sense. To sim a zero is "the default"; here the default has been filled in, so that a zero
// is one that somebody typed.
func (g generation) check(fs *pflag.FlagSet) error {
	for _, name := range []string{"concurrency", "key-count", "min-txn-length", "max-txn-length", "max-writes-per-key",
		"stale-lag", "key-dist-base"} {
		if f := fs.Lookup(name); f.Changed && f.Value.String() == "0" {
			return fmt.Errorf("--%s can't be 0 (hint: leave it out for the default)", name)
		}
	}
	return g.o.Validate()
}

// generate writes the history.
func (e *env) generate(g generation, path string) (err error) {
	w := e.stdout
	signal.Ignore(syscall.SIGPIPE) // a write tells as well, and the exit code stays ours: see write
	defer signal.Reset(syscall.SIGPIPE)
	if path != "-" {
		file, err := os.Create(path)
		if err != nil {
			return fmt.Errorf("write history: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		w = file
	}
	report, err := g.write(w)
	if err == nil {
		report.print(e.stderr, path)
	}
	return err
}

// write writes the history. That nobody reads on is no error: `jcheck gen | head` has what it wanted.
func (g generation) write(w io.Writer) (genReport, error) {
	report := genReport{o: g.o, lines: make([][]int64, len(g.o.Inject))}
	err := sim.Write(w, g.o, func(dst []byte, op *sim.Op) []byte {
		report.note(op)
		return g.encode(dst, op)
	})
	if errors.Is(err, syscall.EPIPE) {
		return genReport{}, nil
	}
	return report, err
}

// word reads a flag's value that is one of some words, and names the nearest ones if it isn't.
func word[T any](flag, value string, parse func(string) (T, error), words []string) (T, error) {
	v, err := parse(value)
	if err != nil {
		return v, fmt.Errorf("--%s %q is not known (hint: %s)", flag, value, nearestOr(value, words, strings.Join(words, ", ")))
	}
	return v, nil
}

// nearestOr says which of some words a wrong one may have meant, or else something else.
func nearestOr(value string, words []string, otherwise string) string {
	if near := cycle.Nearest(value, words); len(near) > 0 {
		return "did you mean " + strings.Join(near, " or ") + "?"
	}
	return otherwise
}

func workloadWords() []string {
	return []string{sim.ListAppend.String(), sim.RWRegister.String(), sim.ClosedPredicate.String()}
}

func levelWords() []string {
	var words []string
	for _, l := range sim.Levels() {
		words = append(words, l.String())
	}
	return slices.Insert(words, 3, "stale")
}

func distWords() []string {
	return []string{sim.Exponential.String(), sim.Uniform.String(), sim.Zipf.String()}
}

// parseCount reads a number of transactions: 500, 100k, 1M.
func parseCount(text string) (int, error) {
	digits, scale := text, 1
	switch {
	case strings.HasSuffix(text, "k"), strings.HasSuffix(text, "K"):
		digits, scale = text[:len(text)-1], 1000
	case strings.HasSuffix(text, "M"):
		digits, scale = text[:len(text)-1], 1_000_000
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > maxTxns/scale {
		return 0, fmt.Errorf("%q is not a number of transactions (hint: 1 to 100M, as in 500, 100k, 1M)", text)
	}
	return n * scale, nil
}
