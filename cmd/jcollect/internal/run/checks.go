package run

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"jcheck/check/all"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/internal/store"
)

// A Check is a checker of the table in check/all, with options.
type Check struct {
	Name    string
	Options all.Values
}

// readChecks reads the section checks: names, and {NAME: {OPTION: VALUE}} where a checker wants to be told something. A
// nil node has none.
func (t *Test) readChecks(n *plan.Node, p *plan.Problems) {
	if n == nil {
		return
	}
	items := n.Items
	switch n.Kind {
	case plan.Scalar:
		items = []*plan.Node{n}
	case plan.List:
	default:
		p.Add(n.Pos, "checks: [stats, {linearizable: {model: mutex}}]", "checks is %s, want a list", n.Kind)
		return
	}
	for _, item := range items {
		c, at, own := Check{Name: item.Text, Options: all.Values{}}, item.Pos, (*plan.Node)(nil)
		switch {
		case item.Kind == plan.Map && len(item.Pairs) == 1:
			c.Name, at, own = item.Pairs[0].Key, item.Pairs[0].Pos, item.Pairs[0].Value
		case item.Kind != plan.Scalar:
			p.Add(at, "stats, or {linearizable: {model: mutex}}", "checks: %s is no check", item.Kind)
			continue
		}
		if words := checkWords(); !slices.Contains(words, c.Name) {
			p.Add(at, plan.Suggest(c.Name, words, "one of"), "checks: %q is no check", c.Name)
			continue
		}
		c.read(at, own, p)
		t.Checks = append(t.Checks, c)
	}
}

// checkWords are the names that checks may have.
func checkWords() []string {
	var known []string
	for _, c := range all.Checkers() {
		known = append(known, c.Name)
	}
	return append(known, drawingNames()...)
}

// read reads the options of a check; own is nil if it has none.
func (c Check) read(at plan.Pos, own *plan.Node, p *plan.Problems) {
	row, _ := all.Find(c.Name) // what only draws has no row, and no options
	mistakes := p.Count()
	switch rows := c.fields(row); {
	case own != nil && len(rows) == 0:
		p.Add(own.Pos, c.Name+" alone", "check %s has no options", c.Name)
	case own != nil:
		own.Fields(p, "check "+c.Name, rows...)
	}
	if row.Validate == nil || p.Count() > mistakes || own == nil && row.AskedBy == "" {
		return
	}
	if err := row.Validate(c.Options); err != nil {
		p.Add(at, "", "check %s: %v", c.Name, strings.ReplaceAll(err.Error(), "--", ""))
	}
}

// fields are the options of a checker as keys of a plan. One that names a file about the history can't be given before
// there is a history; the logs are those that the run downloads.
func (c Check) fields(row all.Checker) (rows []plan.Field) {
	for _, o := range row.Options {
		f := plan.Field{Key: o.Name, Doc: strings.TrimPrefix(strings.ReplaceAll(o.Doc, "`", ""), row.Name+": ")}
		switch o.Kind {
		case all.Switch:
			f.Read = option(c, o.Name, plan.Bool)
		case all.Number:
			f.Read = func(n *plan.Node, p *plan.Problems) {
				var v int
				plan.Int(&v, -maxOption, maxOption)(n, p)
				c.Options[o.Name] = int64(v)
			}
		case all.Ratio:
			f.Read = func(n *plan.Node, p *plan.Problems) {
				var v float64
				plan.Float(&v, -maxOption, maxOption)(n, p)
				c.Options[o.Name] = v
			}
		case all.Text:
			f.Read = option(c, o.Name, plan.Str)
		case all.List:
			f.Read = option(c, o.Name, plan.Strs)
		case all.Files:
			f.Doc, f.Read = "which logs of the nodes' folders in the store: names or patterns (all)", option(c, o.Name, logPatterns)
		default:
			continue
		}
		rows = append(rows, f)
	}
	return rows
}

// maxOption bounds the numbers that options are.
const maxOption = 1 << 53

// option reads a value of a plan into an option.
func option[T any](c Check, name string, read func(*T) func(*plan.Node, *plan.Problems)) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		var v T
		read(&v)(n, p)
		c.Options[name] = v
	}
}

// logPatterns reads names of logs: of files, since each lies in the folder of its node.
func logPatterns(list *[]string) func(*plan.Node, *plan.Problems) {
	return func(n *plan.Node, p *plan.Problems) {
		plan.Strs(list)(n, p)
		for _, name := range *list {
			if _, err := path.Match(name, "x"); err != nil || strings.Contains(name, "/") || name == "" {
				p.Add(n.Pos, "redis.log, *.log", "check log-file-pattern: %q is no name of a log", name)
			}
		}
	}
}

// judgingChecks are the checks of a list that judge.
func judgingChecks(list []Check) []Check {
	return slices.DeleteFunc(slices.Clone(list), func(c Check) bool { return slices.Contains(drawingNames(), c.Name) })
}

// union are the checks of the workload and those of the plan. Where both have one, the plan's options are added to the
// workload's, and count for more.
func union(first, second []Check) []Check {
	list := slices.Clone(first)
	for _, c := range second {
		i := slices.IndexFunc(list, func(have Check) bool { return have.Name == c.Name })
		if i < 0 {
			list = append(list, c)
			continue
		}
		both := maps.Clone(list[i].Options)
		if both == nil {
			both = all.Values{}
		}
		maps.Copy(both, c.Options)
		list[i].Options = both
	}
	return list
}

// logsOption is the option of a checker that reads the nodes' logs.
const logsOption = "log"

// maxLogsRead is how much of the nodes' logs a check reads.
const maxLogsRead = 512 << 20

// withLogs is the options of a check in which the names of logs have become the logs themselves, as the run has them.
func withLogs(r *store.Run, row all.Checker, v all.Values) (all.Values, error) {
	if !slices.ContainsFunc(row.Options, func(o all.Option) bool { return o.Name == logsOption && o.Kind == all.Files }) {
		return v, nil
	}
	patterns := v.List(logsOption)
	if len(patterns) == 0 {
		patterns = []string{"*"}
	}
	files := []all.File{}
	left := int64(maxLogsRead)
	nodes, err := os.ReadDir(r.Dir())
	if err != nil {
		return nil, err
	}
	for _, node := range nodes {
		if !node.IsDir() || node.Name() == store.CheckDir {
			continue
		}
		logs, err := os.ReadDir(filepath.Join(r.Dir(), node.Name()))
		if err != nil {
			return nil, err
		}
		for _, l := range logs {
			if !l.Type().IsRegular() || !slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, l.Name()); return ok }) {
				continue
			}
			name := filepath.Join(node.Name(), l.Name())
			text, err := os.ReadFile(filepath.Join(r.Dir(), name))
			if err != nil {
				return nil, err
			}
			if left -= int64(len(text)); left < 0 {
				return nil, fmt.Errorf("the logs have more than %d MB (hint: log: NAME, of those that matter)", maxLogsRead>>20)
			}
			files = append(files, all.File{Name: name, Text: own().ReplaceAllLiteral(text, nil)})
		}
	}
	filled := maps.Clone(v)
	filled[logsOption] = files
	return filled, nil
}

// own finds what our agent writes into the logs of daemons: a command line that it started is no complaint of the database.
func own() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z jcollect: .*$`)
}
