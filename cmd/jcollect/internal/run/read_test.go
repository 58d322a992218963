package run

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"jcheck/cmd/jcollect/internal/plan"
)

var rewrite = flag.Bool("rewrite", false, "write what Read says into the page of mistakes")

// page is where the mistakes are: title after ===, plan (or a Go string of it), ---, what a user reads.
const page = "testdata/mistakes.txt"

// TestMistakes reads plans with every kind of mistake. Without it, nothing would notice a mistake that is let through,
// told without its place, or told in words that don't help.
func TestMistakes(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split("\n"+string(text), "\n=== ")
	got := strings.TrimPrefix(parts[0], "\n")
	for _, part := range parts[1:] {
		title, rest, _ := strings.Cut(part, "\n")
		source, _, found := strings.Cut(rest, "---\n")
		if !found {
			t.Fatalf("%s: %s has no ---", page, title)
		}
		said := mistakes(t, source)
		if said == "" && !strings.HasPrefix(title, "right:") {
			t.Errorf("%s: no mistake was found", title)
		}
		got += "\n=== " + title + "\n" + source + "---\n" + said
	}
	if *rewrite {
		if err := os.WriteFile(page, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(text) {
		t.Errorf("%s is not what Read says (go test ./cmd/jcollect/internal/run -run Mistakes -rewrite):\n%s", page, firstDifference(got, string(text)))
	}
}

// mistakes is what a user reads of a plan.
func mistakes(t *testing.T, source string) string {
	t.Helper()
	if strings.HasPrefix(source, `"`) {
		unquoted, err := strconv.Unquote(strings.TrimSpace(source))
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		source = unquoted
	}
	var p plan.Problems
	if root := plan.Parse("plan.yaml", []byte(source), &p); root != nil {
		Read(root, ".", &p)
	}
	list, more := p.Sorted()
	var b strings.Builder
	for i, m := range list {
		if more > 0 && i == 2 {
			b.WriteString("... " + strconv.Itoa(len(list)-i) + " lines\n")
			break
		}
		b.WriteString(m.String() + "\n")
	}
	if more > 0 {
		b.WriteString("and " + strconv.Itoa(more) + " more\n")
	}
	return b.String()
}

// firstDifference shows the first lines that differ.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "line " + strconv.Itoa(i+1) + "\n got " + g[i] + "\nwant " + w[i]
		}
	}
	return "one is longer"
}

// TestDefaults reads the shortest plan. Without it, nothing would notice another default than the documented one.
func TestDefaults(t *testing.T) {
	var p plan.Problems
	file := filepath.Join(t.TempDir(), "plan.yaml")
	if err := os.WriteFile(file, []byte("name: x\nworkload: {kind: register}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := Load(file, nil, &p)
	if p.Any() {
		t.Fatalf("%v", planText(&p))
	}
	if got.Name != "x" || got.Dir != filepath.Dir(file) || strings.Join(got.Nodes, " ") != "n1 n2 n3 n4 n5" || got.OS != "none" ||
		got.Disposable || got.Concurrency != 5 || got.Rate != 0 || got.TimeLimit != time.Minute || got.Recovery != 10*time.Second ||
		got.Seeded || got.TestCount != 1 || got.LeaveDBRunning || got.SkipImpossible {
		t.Errorf("got %+v", got)
	}
}

// planText is all mistakes as one text.
func planText(p *plan.Problems) string {
	list, _ := p.Sorted()
	var b strings.Builder
	for _, m := range list {
		b.WriteString(m.String() + "\n")
	}
	return b.String()
}

// FuzzRead reads whatever there is as a plan. Without it, nothing would notice a plan that makes a room panic.
func FuzzRead(f *testing.F) {
	text, err := os.ReadFile(page)
	if err != nil {
		f.Fatal(err)
	}
	for part := range strings.SplitSeq(string(text), "\n=== ") {
		_, rest, _ := strings.Cut(part, "\n")
		source, _, _ := strings.Cut(rest, "---\n")
		f.Add([]byte(source))
	}
	f.Fuzz(func(_ *testing.T, source []byte) {
		var p plan.Problems
		if root := plan.Parse("plan.yaml", source, &p); root != nil {
			Read(root, ".", &p)
		}
		p.Sorted()
	})
}
