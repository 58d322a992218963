package elle

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jcheck/check"
	"jcheck/history"
)

var rewrite = flag.Bool("rewrite", false, "write what Check answers into the pages")

// TestPages would miss any change in how an anomaly is told. A page has comments, options, a history in the notation of
// ops, a line, and the whole answer; -rewrite writes the answer.
func TestPages(t *testing.T) {
	pages, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(pages) == 0 {
		t.Fatalf("got %d pages, %v", len(pages), err)
	}
	for _, path := range pages {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			head, want, _ := strings.Cut(string(text), "\n----\n")
			got := answerPage(t, head)
			if *rewrite {
				if err := os.WriteFile(path, []byte(head+"\n----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(got, want); d != "" {
				t.Errorf("-got +want (go test ./elle -run Pages -rewrite): %s", d)
			}
		})
	}
}

// answerPage checks the history of a page and prints everything that is said of it.
func answerPage(t *testing.T, head string) string {
	t.Helper()
	var o Options
	var lines []string
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		name, arg, _ := strings.Cut(line, " ")
		switch name {
		case "", "#":
		case "models":
			o.Models = append([]string{}, strings.Fields(arg)...)
		case "anomalies":
			o.Anomalies = strings.Fields(arg)
		default:
			lines = append(lines, line)
		}
	}
	h := ops(t, lines...)
	return printed(h, Check(context.Background(), h, o))
}

// printed is a result as text, nothing left out but also-not.
func printed(h *history.History, r check.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, asked for %s\n", r.Checker, r.Verdict, strings.Join(r.Models.Asked, " "))
	for _, why := range r.Reasons {
		fmt.Fprintf(&b, "because %s: %s\n", why.Code, why.Text)
		printOps(&b, h, why.Ops)
	}
	for _, a := range r.Anomalies {
		fmt.Fprintf(&b, "\n%s, 1 of %d\n", a.Kind, a.Total)
		printOps(&b, h, a.Ops)
		for _, line := range strings.Split(a.Text, "\n") {
			fmt.Fprintf(&b, "  %s\n", line)
		}
		printFields(&b, "fields", a.Fields)
		for _, s := range a.Steps {
			printFields(&b, s.Type, s.Fields)
		}
	}
	fmt.Fprintf(&b, "\nnot %s\n", strings.Join(r.Models.Not, " "))
	fmt.Fprintf(&b, "still possible %s\n", strings.Join(r.Models.Strongest, " "))
	return b.String()
}

func printOps(b *strings.Builder, h *history.History, ids []history.ID) {
	for i, id := range ids {
		fmt.Fprintf(b, "  T%d = %d %s %s\n", i+1, h.Index(id), h.Type(id), h.Op(id).Value)
	}
}

func printFields(b *strings.Builder, name string, fields []history.Field) {
	if len(fields) == 0 {
		return
	}
	fmt.Fprintf(b, "  %s:", name)
	for _, f := range fields {
		fmt.Fprintf(b, " %s=%s", f.Name, f.Value)
	}
	b.WriteString("\n")
}
