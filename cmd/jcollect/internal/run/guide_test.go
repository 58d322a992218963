package run

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jcheck/check/all"
	"jcheck/cmd/jcollect/internal/client"
	"jcheck/cmd/jcollect/internal/plan"
	"jcheck/cmd/jcollect/internal/workload"
)

// guide is the reference of plans. What stands between its marks is made from the rooms' own tables.
const guide = "../../../../docs/plan.md"

// A chapter is a map that a plan may have, and its keys.
type chapter struct {
	path []string // what it and the maps around it are called
	rows []plan.Field
}

// TestDocument compares the tables of docs/plan.md with the keys that are read. Without it, nothing would notice a key
// that nobody can know of, or one that is told of and gone.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for name, table := range tables(t) {
		begin, end := "<!-- keys: "+name+" -->\n", "<!-- end -->"
		before, rest, found := strings.Cut(got, begin)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			t.Errorf("%s has no place for %s:\n%s%s%s", guide, name, begin, table, end)
			continue
		}
		got = before + begin + table + end + after
	}
	if *rewrite {
		if err := os.WriteFile(guide, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(text) {
		t.Errorf("%s is not what is read (go test ./cmd/jcollect/internal/run -run Document -rewrite):\n%s", guide, firstDifference(got, string(text)))
	}
}

// A kind is a row of a room's table of kinds.
type kind struct {
	section, name, doc, more string
	rows                     []plan.Field
}

// kinds are those of the sections whose keys depend on the kind.
func kinds() []kind {
	var list []kind
	for _, k := range client.Kinds() {
		rows, _ := k.Options()
		more := ""
		if len(k.Workloads) > 0 {
			more = " Workloads: " + strings.Join(k.Workloads, ", ") + "."
		}
		list = append(list, kind{"client", k.Name, k.Doc, more, rows})
	}
	for _, k := range workload.Kinds() {
		rows, _, _ := k.Options()
		list = append(list, kind{"workload", k.Name, k.Doc, "", rows})
	}
	return list
}

// sectionNames are the sections that the guide has.
var sectionNames = []string{"the plan", "remote", "db", "client", "workload", "nemesis"}

// tables are the texts of the guide, by section.
func tables(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	for _, k := range kinds() {
		texts[k.section] += fmt.Sprintf("\n`kind: %s`: %s.%s\n", k.name, k.doc, k.more)
		if len(k.rows) > 0 {
			texts[k.section] += "\n" + table(k.rows)
		}
	}
	for _, row := range all.Checkers() {
		if rows := (Check{Name: row.Name}).fields(row); len(rows) > 0 {
			texts["checks"] += fmt.Sprintf("\n`%s`: %s.\n\n%s", row.Name, row.Doc, table(rows))
		}
	}
	for _, c := range chapters(t) {
		section := c.path[0]
		switch {
		case !slices.Contains(sectionNames, section):
			continue // generators have a guide of their own
		case len(c.path) == 1 && texts[section] != "":
			continue // which keys it has depends on its kind
		case len(c.path) > 1:
			texts[section] += fmt.Sprintf("\n%s:\n\n", upper(strings.Join(c.path[1:], ", ")))
		}
		texts[section] += table(c.rows)
	}
	return texts
}

// upper begins a sentence.
func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// table is rows as Markdown.
func table(rows []plan.Field) string {
	var b strings.Builder
	b.WriteString("| key | |\n|---|---|\n")
	for _, r := range rows {
		must := ""
		if r.Required {
			must = " (required)"
		}
		fmt.Fprintf(&b, "| `%s` | %s%s |\n", r.Key, strings.ReplaceAll(strings.ReplaceAll(r.Doc, "|", "\\|"), "<", "&lt;"), must)
	}
	return b.String()
}

// chapters are the maps that are read in any plan of the tests, of the examples and of jcollect init.
func chapters(t *testing.T) []chapter {
	t.Helper()
	var list []chapter
	seen := make(map[string]bool)
	plans := allPlans(t)
	for _, file := range slices.Sorted(maps.Keys(plans)) {
		var p plan.Problems
		p.Visit(func(path []string, rows []plan.Field) {
			var keys []string
			for _, r := range rows {
				keys = append(keys, r.Key)
			}
			slices.Sort(keys)
			if name := path[0] + fmt.Sprint(len(path) == 1) + strings.Join(keys, " "); !seen[name] {
				seen[name] = true
				list = append(list, chapter{path, rows})
			}
		})
		if root := plan.Parse(file, []byte(plans[file]), &p); root != nil {
			Read(root, filepath.Dir(file), &p)
		}
	}
	slices.SortStableFunc(list, func(a, b chapter) int { return strings.Compare(strings.Join(a.path, " "), strings.Join(b.path, " ")) })
	return list
}

// allPlans are the texts of all plans that there are, by file.
func allPlans(t *testing.T) map[string]string {
	t.Helper()
	plans := make(map[string]string)
	for _, pattern := range []string{"../../plans/*.yaml", "../../../../examples/*/*.yaml", "../../../../examples/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			plans[f] = string(text)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split("\n"+string(text), "\n=== ") {
		_, rest, _ := strings.Cut(part, "\n")
		source, _, _ := strings.Cut(rest, "---\n")
		plans[fmt.Sprintf("mistake%d", i)] = source
	}
	return plans
}
