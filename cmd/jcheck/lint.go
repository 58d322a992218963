package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"jcheck/check"
	"jcheck/check/all"
	"jcheck/history"
	"jcheck/internal/amount"
	"jcheck/internal/lint"
)

const lintLong = `Tells of everything in a history that is malformed or doubtful, with its place, and
what each checker would make of the history. It judges how the history was
recorded, not the database.

  jcheck lint history.edn
  jcheck lint --max 0 --output json history.edn

What no checker reads (marked !): syntax errors, what isn't an operation, a process
that invokes twice at once, indices that are missing or used twice. What is
doubtful (marked ?): completions that nobody invoked, processes that go on after
info, answers to another question than was asked, times and indices that go
backwards, operations without process, f or key, and what takes from the checkers
of this workload the ground they stand on: values written twice, reads that aren't
lists, amounts that aren't integers.

Exit codes: 0 nothing was found; 1 something is doubtful; 254 it is no history, or
has something that no checker reads.`

// lintFlags are the flags of jcheck lint as they were given.
type lintFlags struct {
	max                         int
	output, format, independent string
	timeout                     time.Duration
	memory                      string
	noCheckers                  bool
}

// The bounds of jcheck lint unless the user says otherwise: how many findings of each kind are listed, and how long each
// checker may take to say what it would make of the history.
const (
	lintListed  = 10
	lintTimeout = 5 * time.Second
)

func lintCommand(e *env) *cobra.Command {
	f := &lintFlags{}
	c := &cobra.Command{
		Use:   "lint FILE...",
		Short: "Tells of everything in a history that is malformed or doubtful",
		Long:  lintLong,
		RunE: func(c *cobra.Command, paths []string) error {
			if len(paths) == 0 {
				return errors.New("no history given (hint: jcheck lint FILE, - for standard input)")
			}
			return e.lint(c.Context(), f, paths)
		},
	}
	fs := c.Flags()
	fs.SortFlags = false
	fs.IntVar(&f.max, "max", lintListed, "list at most `N` findings of each kind; 0 for all")
	fs.BoolVar(&f.noCheckers, "no-checkers", false, "don't say what each checker would make of the history")
	fs.DurationVar(&f.timeout, "timeout", lintTimeout, "how much `TIME` each checker may take for that")
	fs.StringVar(&f.memory, "max-memory", "", "give up before more than this `SIZE` (512M, 2G) is in use (default nine tenths of the machine's)")
	fs.StringVar(&f.format, "format", "auto", "edn, json, or auto: told from the content")
	fs.StringVar(&f.independent, "independent", "auto", "whether values are [key value], each key a history of its own: on, off or auto")
	fs.StringVar(&f.output, "output", "text", "text, or json (an object a line)")
	return c
}

// lint looks at each file.
func (e *env) lint(ctx context.Context, f *lintFlags, paths []string) error {
	if err := oneOf("output", f.output, "text", "json"); err != nil {
		return err
	}
	if f.max < 0 {
		return fmt.Errorf("--max %d is negative", f.max)
	}
	read, err := (&elleFlags{format: f.format, independent: f.independent}).readOptions()
	if err != nil {
		return err
	}
	read.Tolerant = true
	l, err := makeLimits(f.timeout, f.memory)
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt(ctx)
	defer stop()
	for _, path := range paths {
		if err := e.lintFile(ctx, f, l, read, path); err != nil {
			e.complain(shownName(path), err)
			e.raise(exitUsage)
		}
	}
	return nil
}

// lintFile looks at one file, and says what is to be said of it.
func (e *env) lintFile(ctx context.Context, f *lintFlags, l limits, read history.Options, path string) error {
	reading, stop := limits{memory: l.memory}.start(ctx)
	h, err := e.open(reading, path, read)
	stop()
	if err != nil {
		return err
	}
	defer h.Close() // only read from: nothing can be lost
	r := lint.History(h, premises(h), f.max)
	switch {
	case r.Fatal():
		e.raise(exitUsage)
	case r.Total() > 0:
		e.raise(exitInvalid)
	}
	var rows []opinion
	if !f.noCheckers && !r.Fatal() {
		rows = opinions(ctx, l, h)
	}
	if f.output == "json" {
		return lintJSON(e.stdout, h, r, rows)
	}
	_, err = io.WriteString(e.stdout, lintText(shownName(path), h, r, rows, f.noCheckers))
	return err
}

// premises are those of the checkers that the history was recognised for.
func premises(h *history.History) lint.Premises {
	var p lint.Premises
	s := all.ShapeOf(h)
	for _, pick := range all.Recognise(h) {
		switch pick.Checker.Name {
		case "elle":
			p.UniqueWrites = true
			p.ListReads = slices.ContainsFunc(s.Calls, func(c all.Calls) bool {
				return slices.ContainsFunc(c.Mops, func(m all.MopCount) bool { return m.F == history.MopAppend })
			})
			p.ScalarReads = !p.ListReads
		case "set", "set-full", "broadcast":
			p.UniqueWrites, p.Sets = true, true
		case "queue", "total-queue":
			p.UniqueWrites = true
		case "counter", "pn-counter":
			p.Integers = true
		}
	}
	return p
}

// opinion is what one checker would make of a history.
type opinion struct {
	Checker string `json:"checker"`
	Picked  bool   `json:"picked"` // jcheck check runs it
	Says    string `json:"says"`   // "valid", "invalid", "unknown"; "" if there is nothing for it
	Why     string `json:"why,omitempty"`
}

// opinions asks every checker of the table.
func opinions(ctx context.Context, l limits, h *history.History) []opinion {
	var rows []opinion
	picks := all.Recognise(h)
	for _, row := range all.Checkers() {
		o := opinion{Checker: row.Name, Picked: row.Always || slices.ContainsFunc(picks, func(p all.Pick) bool { return p.Checker.Name == row.Name })}
		limited, stop := l.start(ctx)
		r, err := row.Run(limited, h, all.Values{})
		if why, ok := l.stopped(limited); ok {
			nameCause(&r, why)
		}
		stop()
		if err == nil && !nothingFor(r) {
			o.Says, o.Why = r.Verdict.String(), inShort(r)
		}
		rows = append(rows, o)
	}
	return rows
}

// nothingFor tells whether a result says that the history has nothing for its checker.
func nothingFor(r check.Result) bool {
	return slices.ContainsFunc(r.Reasons, func(why check.Reason) bool {
		return slices.Contains(noHistoryOf, why.Code) || why.Code == "empty-history" || why.Code == "no-pattern"
	})
}

// inShort is why a verdict isn't valid, in a line.
func inShort(r check.Result) string {
	var kinds []string
	for _, a := range anomaliesOf(r) {
		if !slices.Contains(kinds, a.Kind) {
			kinds = append(kinds, a.Kind)
		}
	}
	if len(kinds) > 0 {
		return strings.Join(kinds, ", ")
	}
	if r.Verdict == check.Unknown && len(r.Reasons) > 0 {
		return cutText(r.Reasons[0].Text, lintWidth)
	}
	return ""
}

// lintWidth is how many characters of a reason a line shows.
const lintWidth = 150

// cutText is the beginning of a text that is longer than a number of characters.
func cutText(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// anomaliesOf are those of a result and of its parts.
func anomaliesOf(r check.Result) []check.Anomaly {
	list := slices.Clip(r.Anomalies)
	for _, p := range r.Parts {
		list = append(list, anomaliesOf(p.Result)...)
	}
	return list
}

// lintText is the report for people.
func lintText(name string, h *history.History, r lint.Report, rows []opinion, noCheckers bool) string {
	var b strings.Builder
	for _, f := range r.Findings {
		mark := "?"
		if f.Fatal {
			mark = "!"
		}
		text := strings.TrimPrefix(f.Problem.String(), f.Pos.String()+": ")
		fmt.Fprintf(&b, "%s: %s %s: %s\n", f.Pos, mark, f.Code, text)
	}
	fmt.Fprintf(&b, "%s: %s, ", name, amount.Of(h.Len(), "operation"))
	if r.Total() == 0 {
		b.WriteString("nothing doubtful\n")
	} else {
		var kinds []string
		for _, k := range r.Kinds {
			text := fmt.Sprintf("%d × %s", k.Count, k.Code)
			if k.Listed < k.Count {
				text += fmt.Sprintf(" (%d listed)", k.Listed)
			}
			kinds = append(kinds, text)
		}
		fmt.Fprintf(&b, "%s: %s\n", amount.Of(r.Total(), "finding"), strings.Join(kinds, ", "))
	}
	switch {
	case r.Fatal():
		b.WriteString("No checker reads it before what is marked ! is mended.\n")
	case !noCheckers:
		tellOpinions(&b, rows)
	}
	return b.String()
}

// tellOpinions is a line for each checker that has something to say, those that jcheck check runs first, and one for all
// others.
func tellOpinions(b *strings.Builder, rows []opinion) {
	var none []string
	for _, picked := range []bool{true, false} {
		head := "What jcheck check runs, and how that would end:\n"
		if !picked {
			head = "Other checkers, which hardly were meant, if they are named:\n"
		}
		for _, o := range rows {
			if o.Picked != picked {
				continue
			}
			if o.Says == "" {
				none = append(none, o.Checker)
				continue
			}
			why := ""
			if o.Why != "" {
				why = ": " + o.Why
			}
			fmt.Fprintf(b, "%s  %s would be %s%s\n", head, o.Checker, o.Says, why)
			head = ""
		}
	}
	if len(none) > 0 {
		fmt.Fprintf(b, "Nothing to judge for %s.\n", strings.Join(none, ", "))
	}
}

// lintJSON writes an object a line: each finding, each kind's count, each checker's opinion.
func lintJSON(w io.Writer, h *history.History, r lint.Report, rows []opinion) error {
	type finding struct {
		File   string `json:"file"`
		Line   int    `json:"line"`
		Column int    `json:"column"`
		Code   string `json:"code"`
		Fatal  bool   `json:"fatal"`
		Found  string `json:"found"`
		Want   string `json:"want,omitempty"`
		Hint   string `json:"hint,omitempty"`
	}
	type sum struct {
		File       string         `json:"file"`
		Operations int            `json:"operations"`
		Findings   map[string]int `json:"findings"`
		Checkers   []opinion      `json:"checkers,omitempty"`
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for _, f := range r.Findings {
		if err := out.Encode(finding{f.Pos.File, f.Pos.Line, f.Pos.Column, f.Code, f.Fatal, f.Found, f.Want, f.Hint}); err != nil {
			return err
		}
	}
	s := sum{File: h.Name(), Operations: h.Len(), Findings: map[string]int{}, Checkers: rows}
	for _, k := range r.Kinds {
		s.Findings[k.Code] = k.Count
	}
	return out.Encode(s)
}
