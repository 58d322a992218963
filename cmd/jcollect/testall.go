package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"jcheck/cmd/internal/cli"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/run"
)

// A result is how one test of many ended.
type result struct {
	test *run.Test
	run.Outcome
	took time.Duration
	left bool // it wasn't run, since somebody pressed Ctrl-C
}

// endings are the lists of the summary in their order, with the exit code of each.
var endings = []struct {
	code  int
	title string
	one   string // of one test, in the table
}{
	{exitValid, "successful", "valid"},
	{exitUnknown, "indeterminate", "unknown"},
	{exitCrash, "crashed", "crashed"},
	{exitInvalid, "failed", "INVALID"},
}

// runOnce runs a test.
func runOnce(t *run.Test, l run.Launch) run.Outcome { return t.Run(l) }

// testAllCommand runs many tests, each by runTest.
func testAllCommand(e *env, runTest func(t *run.Test, l run.Launch) run.Outcome) *cobra.Command {
	c := &cobra.Command{
		Use:   "test-all PLAN...",
		Short: "Run many tests, whatever becomes of each, and sum up",
		Long: `Runs each plan, in each variant that the flags --matrix ask for, one after the
other. A test that is invalid or crashes doesn't end the series. At the end come
a table and four lists: successful, indeterminate, crashed and failed tests.

  jcollect test-all etcd.yaml redis.yaml
  jcollect test-all etcd.yaml --matrix nemesis=none,kill,[kill,partition] \
      --matrix workload=register,append --matrix concurrency=1n,10n

A key of --matrix is a path into the plan; nemesis and workload stand for
nemesis.faults and workload.kind. workload=all is all that the plan's client knows.

Exit codes: 255 if a test crashed, else 2 if one is unknown, else 1 if one is
invalid, else 0.`,
		Args: cli.Wants(1, cli.Any, "plan", "plan.yaml; jcollect init writes one"),
	}
	flags := bindPlanFlags(c.Flags())
	o := bindLaunchFlags(c.Flags())
	matrix := c.Flags().StringArray("matrix", nil, "KEY=VALUE,VALUE: run it with each of them; may be repeated")
	c.RunE = func(_ *cobra.Command, files []string) error {
		if err := o.lab.changePlan(flags); err != nil {
			return err
		}
		tests, err := allTests(flags, files, *matrix)
		if err != nil {
			return err
		}
		launch, err := e.launch(o)
		if err != nil {
			return err
		}
		if o.lab.needsOne() {
			return o.lab.runInside(e, o.lab.wants(tests...))
		}
		results := e.series(tests, func(t *run.Test) run.Outcome { return runTest(t, launch) })
		e.code = seriesCode(results)
		return summarise(e.stdout, results)
	}
	return c
}

// allTests reads all plans in all variants.
func allTests(flags *planFlags, files, matrix []string) ([]*run.Test, error) {
	var axes []axis
	for _, text := range matrix {
		a, err := parseAxis(text)
		if err != nil {
			return nil, err
		}
		axes = append(axes, a)
	}
	var lists [][]variant
	for _, file := range files {
		p := new(plan.Problems)
		list, err := variants(flags.expanded(file, axes), p)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	tests, err := flags.tests(files, lists)
	if err != nil {
		return nil, err
	}
	for _, t := range tests {
		if err := errors.Join(t.Refusal(), t.Able()); err != nil {
			return nil, fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	return tests, nil
}

// series runs tests one after the other, each as often as its plan says as long as it is valid.
func (e *env) series(tests []*run.Test, runTest func(t *run.Test) run.Outcome) (results []result) {
	for i, t := range tests {
		for range max(t.TestCount, 1) {
			if e.soft.Err() != nil {
				results = append(results, result{test: t, left: true})
				break
			}
			fmt.Fprintf(e.stderr, "jcollect: test %d of %d: %s\n", i+1, len(tests), t.Name)
			begin := time.Now()
			o := e.guarded(t, runTest)
			results = append(results, result{test: t, Outcome: o, took: time.Since(begin)})
			if o.Err != nil && !o.Told {
				e.complain(o.Err)
			}
			if o.Code() != exitValid {
				break
			}
		}
	}
	return results
}

// guarded runs one test. Not even a bug of ours ends the series.
func (e *env) guarded(t *run.Test, runTest func(t *run.Test) run.Outcome) (o run.Outcome) {
	if cli.Guard("jcollect", e.stderr, func() int { o = runTest(t); return exitValid }) == exitCrash {
		return run.Outcome{Err: errors.New("internal error")}
	}
	return o
}

// seriesCode is the exit code of a series: Jepsen's order, in which what couldn't be judged weighs more than what is
// invalid, since whoever mends that looks at the series again.
func seriesCode(results []result) int {
	for _, code := range []int{exitCrash, exitUnknown, exitInvalid} {
		for _, r := range results {
			if !r.left && r.Code() == code {
				return code
			}
		}
	}
	for _, r := range results {
		if r.left {
			return exitUnknown
		}
	}
	return exitValid
}

// summarise prints the table, and the lists.
func summarise(w io.Writer, results []result) error {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "VERDICT\tTEST\tTOOK\tRUN")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.verdict(), r.test.Name, r.took.Round(time.Second/10), r.told())
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	for _, ending := range endings {
		writeEnding(&b, ending.title, ending.code, results)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeEnding is one of the lists.
func writeEnding(b *strings.Builder, title string, code int, results []result) {
	var lines []string
	for _, r := range results {
		if !r.left && r.Code() == code {
			lines = append(lines, "  "+r.test.Name+"  "+r.told())
		}
	}
	fmt.Fprintf(b, "\n%s: %d\n", title, len(lines))
	for _, l := range lines {
		b.WriteString(l + "\n")
	}
}

// verdict is the word of the table.
func (r result) verdict() string {
	if r.left {
		return "not run"
	}
	for _, ending := range endings {
		if r.Code() == ending.code {
			return ending.one
		}
	}
	return fmt.Sprintf("exit %d", r.Code())
}

// told is where the run is, and why there is no verdict.
func (r result) told() string {
	text := r.Dir
	if r.Err != nil {
		first, _, _ := strings.Cut(r.Err.Error(), "\n")
		text = strings.TrimSpace(text + "  " + first)
	}
	return text
}
