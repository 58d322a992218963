// Package logfile searches the logs of a database's nodes for lines that must not be there: panics, assertions, corruption.
package logfile

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

// Checker is the name of this checker in its results.
const Checker = "log-file-pattern"

// Kind is the kind of anomaly that Check finds.
const Kind = "log-line"

// Log is the log of a node.
type Log struct {
	Node string
	Text []byte
}

// Options says what to look for, and where.
type Options struct {
	Pattern string // a regular expression of Go (RE2)
	Logs    []Log
}

// Validate tells whether the pattern is one.
func (o Options) Validate() error {
	if o.Pattern == "" {
		return fmt.Errorf("no pattern to look for (hint: --pattern 'panic|assert')")
	}
	if _, err := regexp.Compile(o.Pattern); err != nil {
		return fmt.Errorf("pattern %q: %w", o.Pattern, err)
	}
	return nil
}

// Check is Invalid if a line of some log matches the pattern. Fields are the original's: count, and matches as maps {node,
// line}, of which at most check.MaxListed are listed. Without any log it is Unknown: nothing was looked at.
func Check(ctx context.Context, _ *history.History, o Options) check.Result {
	refuse := func(code, text string) check.Result {
		return check.Result{Checker: Checker, Reasons: []check.Reason{{Code: code, Text: text}}}
	}
	if err := o.Validate(); err != nil {
		return refuse("invalid-options", err.Error())
	}
	if len(o.Logs) == 0 {
		return refuse("no-logs", "there are no logs to look at (hint: --log n1/db.log,n2/db.log)")
	}
	pattern := regexp.MustCompile(o.Pattern)
	r := check.Result{Checker: Checker, Verdict: check.Valid}
	var matches []history.Value
	count := 0
	for _, log := range o.Logs {
		number := 0
		for line := range bytes.Lines(log.Text) {
			if number++; ctx.Err() != nil {
				return refuse(check.Interrupted.Code, check.Interrupted.Text)
			}
			if !pattern.Match(line) {
				continue
			}
			if count++; count > check.MaxListed {
				continue
			}
			text := strings.ToValidUTF8(strings.TrimRight(string(line), "\r\n"), "\uFFFD")
			node, shown := edn.NewString(log.Node), edn.NewString(text)
			matches = append(matches, edn.NewMap([]history.Value{edn.NewKeyword("node"), node, edn.NewKeyword("line"), shown}))
			r.Anomalies = append(r.Anomalies, check.Anomaly{Kind: Kind, Fields: []history.Field{{Name: "node", Value: node}, {Name: "line", Value: shown}}, Text: fmt.Sprintf("line %d of node %s is %q", number, log.Node, text)})
		}
	}
	for i := range r.Anomalies {
		r.Anomalies[i].Total = count
	}
	if count > 0 {
		r.Verdict = check.Invalid
	}
	r.Fields = []history.Field{{Name: "count", Value: edn.NewInt(int64(count))}, {Name: "matches", Value: edn.NewVector(matches)}}
	return r
}
