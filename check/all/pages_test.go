package all

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

var rewrite = flag.Bool("rewrite", false, "write what the checkers answer into the pages")

// TestPages would miss any change in what a checker concludes and how it says so. A page has comments, the checker with
// its options, a history with an operation a line (process, type, function, value, and a map of further fields), a line,
// and the whole answer; -rewrite writes the answer.
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
				t.Errorf("-got +want (go test ./check/all -run Pages -rewrite): %s", d)
			}
		})
	}
}

// answerPage runs the checker of a page and prints everything that it says.
func answerPage(t *testing.T, head string) string {
	t.Helper()
	var row Checker
	v := Values{}
	var ops []history.Op
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		switch name, arg, _ := strings.Cut(line, " "); {
		case line == "" || name == "#":
		case name == "jcheck":
			row, v = commandOf(t, strings.Fields(arg))
		default:
			ops = append(ops, pageOp(t, line))
		}
	}
	h, err := history.FromOps(ops)
	if err != nil {
		t.Fatal(err)
	}
	r, err := row.Run(t.Context(), h, v)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	return printed(h, r)
}

// commandOf reads a checker's name and options, as the command has them.
func commandOf(t *testing.T, words []string) (Checker, Values) {
	t.Helper()
	row, ok := Find(words[0])
	if !ok {
		t.Fatalf("there is no checker %q", words[0])
	}
	v := Values{}
	for _, word := range words[1:] {
		name, arg, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		kind := Switch
		for _, o := range row.Options {
			if o.Name == name {
				kind = o.Kind
			}
		}
		switch kind {
		case Switch:
			v[name] = true
		case Number:
			n, err := strconv.ParseInt(arg, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			v[name] = n
		case List:
			v[name] = strings.Split(arg, ",")
		default:
			v[name] = arg
		}
	}
	return row, v
}

// pageOp is an operation in the short notation of pages.
func pageOp(t *testing.T, line string) history.Op {
	t.Helper()
	vs, err := edn.ParseAll([]byte(line))
	if err != nil || len(vs) < 3 {
		t.Fatalf("%q is no operation (%v)", line, err)
	}
	types := map[string]history.Type{"invoke": history.Invoke, "ok": history.OK, "fail": history.Fail, "info": history.Info}
	op := history.Op{Time: history.NoTime, Type: types[vs[1].Text], Process: vs[0], F: edn.NewKeyword(vs[2].Text)}
	if len(vs) > 3 {
		op.Value = vs[3]
	}
	if len(vs) > 4 {
		for i := 0; i < len(vs[4].Items); i += 2 {
			op.Extra = append(op.Extra, history.Field{Name: vs[4].Items[i].Text, Value: vs[4].Items[i+1]})
		}
	}
	return op
}

// printed is a result as text, nothing left out.
func printed(h *history.History, r check.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Verdict)
	for _, why := range r.Reasons {
		fmt.Fprintf(&b, "because %s: %s\n", why.Code, why.Text)
		printOps(&b, h, why.Ops)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note %s: %s\n", n.Code, n.Text)
		printOps(&b, h, n.Ops)
	}
	for _, a := range r.Anomalies {
		fmt.Fprintf(&b, "\n%s, 1 of %d\n", a.Kind, a.Total)
		printOps(&b, h, a.Ops)
		fmt.Fprintf(&b, "  %s\n", a.Text)
		for _, s := range a.Steps {
			fmt.Fprintf(&b, "  %s: %s\n", s.Type, s.Text)
		}
		printFields(&b, "  ", a.Fields)
	}
	if len(r.Fields) > 0 {
		b.WriteString("\n")
	}
	printFields(&b, "", r.Fields)
	for _, p := range r.Parts {
		fmt.Fprintf(&b, "\nkey %s: %s", p.Name, printed(h, p.Result))
	}
	return b.String()
}

func printOps(b *strings.Builder, h *history.History, ids []history.ID) {
	for i, id := range ids {
		op := h.Op(id)
		fmt.Fprintf(b, "  T%d = %d %s %s %s\n", i+1, op.Index, op.Type, op.F.Text, op.Value)
	}
}

func printFields(b *strings.Builder, indent string, fields []history.Field) {
	for _, f := range fields {
		fmt.Fprintf(b, "%s%s %s\n", indent, f.Name, f.Value)
	}
}
