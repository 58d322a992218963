package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"jcheck/history"
	"jcheck/internal/amount"
)

const diffLong = `Tells what differs between two histories, or between two results.

  jcheck diff before.edn after.edn
  jcheck diff old/results.json new/results.edn

Histories are compared operation by operation: by index, where most operations
with the same index are the same, else by their order. Lines begin with - (only
in the first) or + (only in the second).

Results are what --out or --output json or edn wrote: verdicts, kinds of
anomalies with how many there are, models, and every other figure.

Exit codes: 0 nothing differs, 1 something does, 254 wrong use or bad input.`

// diffFlags are the flags of jcheck diff as they were given.
type diffFlags struct {
	ignore                      []string
	most                        int
	output, format, independent string
	lenient                     bool
}

func diffCommand(e *env) *cobra.Command {
	f := &diffFlags{}
	c := &cobra.Command{
		Use:   "diff A B",
		Short: "Tells what differs between two histories, or two results",
		Long:  diffLong,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return fmt.Errorf("want two histories or two results, got %d (hint: jcheck diff A B)", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return e.diff(c.Context(), f, args[0], args[1]) },
	}
	fs := c.Flags()
	fs.SortFlags = false
	fs.StringSliceVar(&f.ignore, "ignore", nil, "don't compare these `FIELDS` of operations, or figures of results: time,process,error")
	fs.IntVar(&f.most, "max", 20, "list at most this `MANY` differences (0: all)")
	fs.StringVar(&f.output, "output", "text", "text, or json (an object a line)")
	fs.StringVar(&f.format, "format", "auto", "edn, json, or auto: told from the content")
	fs.StringVar(&f.independent, "independent", "auto", "whether values are [key value], each key an object of its own: on, off or auto")
	fs.BoolVar(&f.lenient, "lenient", false, "use what comes before a truncated end")
	return c
}

// diff compares two inputs of one sort.
func (e *env) diff(ctx context.Context, f *diffFlags, a, b string) error {
	if err := oneOf("output", f.output, "text", "json"); err != nil {
		return err
	}
	if f.most < 0 {
		return errors.New("--max can't be negative (hint: 0 lists all)")
	}
	if a == "-" && b == "-" {
		return errors.New("only one of the two can be standard input")
	}
	read, err := (&elleFlags{format: f.format, independent: f.independent, lenient: f.lenient}).readOptions()
	if err != nil {
		return err
	}
	isA, isB := holdsResults(a), holdsResults(b)
	var d differences
	switch {
	case isA != isB:
		return fmt.Errorf("%s and %s can't be compared: one is a result, the other isn't (hint: two histories, or two results)", shownName(a), shownName(b))
	case isA:
		d, err = resultDifferences(f, a, b)
	default:
		ctx, stop := untilInterrupt(ctx)
		defer stop()
		d, err = e.historyDifferences(ctx, f, read, a, b)
	}
	if err != nil {
		return err
	}
	if err := d.write(e.stdout, f); err != nil {
		return fmt.Errorf("write differences: %w", err)
	}
	if len(d.list) > 0 {
		e.raise(exitInvalid)
	}
	return nil
}

// difference is one thing that isn't the same in both. A text is empty if there is nothing of it in that one.
type difference struct {
	name string // of a figure; "" for operations
	a, b string // for people
	json string // the same as an object
}

// differences are all of them, and a line that sums them up.
type differences struct {
	summary string
	list    []difference
}

// write writes the summary, and as many differences as are asked for.
func (d differences) write(w io.Writer, f *diffFlags) error {
	out := bufio.NewWriter(w) // it keeps its error for Flush
	shown := d.list
	if f.most > 0 && len(shown) > f.most {
		shown = shown[:f.most]
	}
	if f.output == "json" {
		for _, x := range shown {
			out.WriteString(x.json + "\n")
		}
		return out.Flush()
	}
	out.WriteString(d.summary + "\n")
	for _, x := range shown {
		switch {
		case x.name != "":
			fmt.Fprintf(out, "%s: %s → %s\n", x.name, orNone(x.a), orNone(x.b))
		default:
			if x.a != "" {
				out.WriteString("- " + x.a + "\n")
			}
			if x.b != "" {
				out.WriteString("+ " + x.b + "\n")
			}
		}
	}
	if left := len(d.list) - len(shown); left > 0 {
		fmt.Fprintf(out, "and %d more (--max)\n", left)
	}
	return out.Flush()
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// resultNames are the files that --out writes.
var resultNames = [...]string{"results.json", "results.edn"}

// holdsResults tells whether a path is a result: a file whose text begins with a map that has valid?, or a folder with
// results and no history. Reading it in full will tell what is wrong with it.
func holdsResults(path string) bool {
	if path == "-" {
		return false
	}
	if name, ok := resultsFile(path); ok {
		path = name
	}
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close() // only read from
	head := make([]byte, 1<<12)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false
	}
	head = bytes.TrimSpace(head[:n])
	return bytes.HasPrefix(head, []byte("{")) && (bytes.Contains(head, []byte(`"valid?"`)) || bytes.Contains(head, []byte(":valid?")))
}

// resultsFile is the file of results in a folder that holds no history.
func resultsFile(path string) (string, bool) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", false
	}
	var found string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "history.") {
			return "", false
		}
		if found == "" && slices.Contains(resultNames[:], entry.Name()) {
			found = filepath.Join(path, entry.Name())
		}
	}
	return found, found != ""
}

// historyDifferences reads two histories and compares them.
func (e *env) historyDifferences(ctx context.Context, f *diffFlags, o history.Options, a, b string) (differences, error) {
	var sides [2]side
	seed := maphash.MakeSeed()
	for i, path := range []string{a, b} {
		h, err := e.open(ctx, path, o)
		if err != nil {
			e.complain(shownName(path), err)
			return differences{}, fmt.Errorf("nothing was compared: %s can't be read", shownName(path))
		}
		defer h.Close() // only read from; two at most
		if sides[i], err = newSide(h, f.ignore, seed); err != nil {
			return differences{}, err
		}
	}
	pairs, how := align(sides[0], sides[1])
	d := differences{}
	var same, changed, onlyA, onlyB int
	for _, p := range pairs {
		x := difference{}
		switch {
		case p.a >= 0 && p.b >= 0 && sides[0].texts[p.a] == sides[1].texts[p.b]:
			same++
			continue
		case p.a >= 0 && p.b >= 0:
			changed++
		case p.a >= 0:
			onlyA++
		default:
			onlyB++
		}
		if f.most == 0 || len(d.list) < f.most {
			var err error
			if x, err = sides[0].difference(sides[1], p); err != nil {
				return d, err
			}
		}
		d.list = append(d.list, x)
	}
	if len(d.list) == 0 {
		d.summary = fmt.Sprintf("no difference: %s each", amount.Of(sides[0].h.Len(), "operation"))
		return d, nil
	}
	d.summary = fmt.Sprintf("%d and %d operations: %d the same, %d changed, %d only in %s, %d only in %s (compared by %s)",
		sides[0].h.Len(), sides[1].h.Len(), same, changed, onlyA, shownName(a), onlyB, shownName(b), how)
	return d, nil
}
