package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"jcheck/check"
	"jcheck/render"
)

// ci is what continuous integration asks for: a report that it can read, and exit codes that it can live with.
type ci struct {
	junit  string // the file to write; empty for none
	failOn string // "unknown" or "invalid"
	suites []junitSuite
}

// define declares the flags.
func (c *ci) define(fs *pflag.FlagSet) {
	fs.StringVar(&c.failOn, "fail-on", "unknown", "the mildest verdict that isn't success: unknown or invalid")
	fs.StringVar(&c.junit, "junit", "", "write a JUnit report for continuous integration into `FILE`")
}

// validate refuses unknown words. A verb that doesn't judge has no such flags.
func (c *ci) validate() error {
	if c.failOn == "" {
		return nil
	}
	return oneOf("fail-on", c.failOn, "unknown", "invalid")
}

// code is the exit code of a verdict. nil asks for nothing special.
func (c *ci) code(v check.Verdict) int {
	if c != nil && c.failOn == "invalid" && v == check.Unknown {
		return exitValid
	}
	return verdictCode(v)
}

// The elements of a JUnit report: a suite for each history, and in it a case for each checker.
type (
	junitReport struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		Suites  []junitSuite
	}
	junitSuite struct {
		XMLName  xml.Name `xml:"testsuite"`
		Name     string   `xml:"name,attr"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Cases    []junitCase
	}
	junitCase struct {
		XMLName   xml.Name      `xml:"testcase"`
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		Failure   *junitOutcome `xml:"failure"`
		Error     *junitOutcome `xml:"error"`
		Skipped   *junitOutcome `xml:"skipped"`
	}
	junitOutcome struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// add puts a result into the report.
func (c *ci) add(d judged) {
	if c == nil || c.junit == "" {
		return
	}
	s := junitSuite{Name: shownName(d.path)}
	parts := []check.Part{{Name: d.result.Checker, Result: d.result}}
	if d.result.Composed {
		parts = d.result.Parts
		if len(d.result.Reasons) > 0 { // nothing was recognised: the other checkers don't make up for it
			parts = append([]check.Part{{Name: d.result.Checker, Result: check.Result{Checker: d.result.Checker, Reasons: d.result.Reasons}}}, parts...)
		}
	}
	for _, p := range parts {
		s.add(c.outcome(d, p))
	}
	c.suites = append(c.suites, s)
}

// outcome is one checker's case.
func (c *ci) outcome(d judged, p check.Part) junitCase {
	name := p.Name
	if name == "" {
		name = "jcheck"
	}
	t := junitCase{Name: name, ClassName: shownName(d.path)}
	if p.Result.Verdict == check.Valid {
		return t
	}
	o := &junitOutcome{Message: summary(p.Result)}
	if d.h != nil {
		o.Text = string(render.Text(d.h, p.Result, render.TextOptions{File: shownName(d.path), Max: 1, NoMore: true}))
	}
	switch {
	case p.Result.Verdict == check.Invalid:
		t.Failure = o
	case c.failOn == "invalid":
		t.Skipped = o
	default:
		t.Error = o
	}
	return t
}

// summary is why a result isn't valid, in a line.
func summary(r check.Result) string {
	var parts []string
	for _, a := range r.Anomalies {
		if len(parts) == 0 || parts[len(parts)-1] != a.Kind {
			parts = append(parts, a.Kind)
		}
	}
	for _, why := range r.Reasons {
		parts = append(parts, fmt.Sprintf("%s (%s)", why.Text, why.Code))
	}
	for _, q := range r.Parts {
		if q.Result.Verdict == check.Invalid {
			parts = append(parts, "key "+q.Name)
		}
	}
	const most = 5
	if more := len(parts) - most; more > 0 {
		parts = append(parts[:most], fmt.Sprintf("and %d more", more))
	}
	return r.Verdict.String() + ": " + strings.Join(parts, ", ")
}

// fail puts an input that is no history into the report.
func (c *ci) fail(path string, err error) {
	if c == nil || c.junit == "" {
		return
	}
	s := junitSuite{Name: shownName(path)}
	s.add(junitCase{Name: "read", ClassName: shownName(path), Error: &junitOutcome{Message: plainLine(err.Error()), Text: err.Error()}})
	c.suites = append(c.suites, s)
}

// add counts a case.
func (s *junitSuite) add(t junitCase) {
	s.Cases = append(s.Cases, t)
	s.Tests++
	switch {
	case t.Failure != nil:
		s.Failures++
	case t.Error != nil:
		s.Errors++
	case t.Skipped != nil:
		s.Skipped++
	}
}

// checkFile refuses a report that would replace a history, or that would be the same file as what --out writes.
func (c *ci) checkFile(paths []string, out string) error {
	if c == nil || c.junit == "" {
		return nil
	}
	if c.junit == "-" {
		return errors.New("--junit -: the report is a file, beside the results on standard output (hint: --junit report.xml)")
	}
	for _, path := range paths {
		if err := checkOutput("junit", c.junit, path); err != nil {
			return err
		}
	}
	if out == "" {
		return nil
	}
	dirs := append([]string{out}, outDirs(out, paths)...)
	for _, dir := range dirs {
		for _, name := range []string{"", "index.html", "results.edn", "results.json"} {
			if filepath.Clean(c.junit) == filepath.Join(dir, name) {
				return fmt.Errorf("--junit %s is what --out writes (hint: another name)", c.junit)
			}
		}
	}
	return nil
}

// write writes the report.
func (c *ci) write() error {
	if c == nil || c.junit == "" {
		return nil
	}
	text, err := xml.MarshalIndent(junitReport{Name: "jcheck", Suites: c.suites}, "", "  ")
	if err != nil {
		return fmt.Errorf("--junit: %w", err)
	}
	return os.WriteFile(c.junit, append([]byte(xml.Header), append(text, '\n')...), 0o644)
}
