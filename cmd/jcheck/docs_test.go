package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var rewrite = flag.Bool("rewrite", false, "put what the program prints into the documents")

// TestDocuments runs every `$ jcheck ...` of a ```console block in the guides, and compares what follows with what the
// program prints on its standard output. `$ echo $?` shows the exit code of the command before it.
func TestDocuments(t *testing.T) {
	// Without this, the guides could show output, options or exit codes that the program no longer has.
	t.Chdir("../..")
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "README.md", "fixtures/README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fresh := rerun(t, file, string(text))
		switch {
		case fresh == string(text):
		case *rewrite:
			if err := os.WriteFile(file, []byte(fresh), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s does not show what the program prints: go test ./cmd/jcheck -run Documents -rewrite\n%s",
				file, firstDifference(string(text), fresh))
		}
	}
}

// rerun is the text of a document with the output of its commands replaced by what they print now.
func rerun(t *testing.T, file, text string) string {
	var out strings.Builder
	inside := false
	code := 0
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = strings.TrimSpace(line) == "```console"
			out.WriteString(line)
		case inside && strings.HasPrefix(line, "$ "):
			out.WriteString(line)
			command := strings.TrimSpace(line[2:])
			if command == "echo $?" {
				fmt.Fprintln(&out, code)
				continue
			}
			var printed string
			printed, code = pipeline(t, file, command)
			out.WriteString(printed)
		case !inside:
			out.WriteString(line)
		}
	}
	return out.String()
}

// pipeline runs `jcheck ... | jcheck ...` in this process: the standard output and exit code of the last command.
func pipeline(t *testing.T, file, command string) (string, int) {
	var stdout bytes.Buffer
	code := 0
	for part := range strings.SplitSeq(command, " | ") {
		words := strings.Fields(part)
		if len(words) == 0 || words[0] != "jcheck" {
			t.Fatalf("%s: cannot run %q: only jcheck is run", file, part)
		}
		stdin := bytes.NewReader(bytes.Clone(stdout.Bytes()))
		stdout.Reset()
		code = run(words[1:], stdin, &stdout, t.Output())
	}
	return stdout.String(), code
}

// firstDifference shows the first line in which two texts differ.
func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is %q\nwant     %q", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}

func TestHelpExamples(t *testing.T) {
	// Without this, the help of the reference verbs could show commands that don't work.
	for _, c := range []*cobra.Command{genCommand(&env{}), modelsCommand(nil), anomaliesCommand(nil)} {
		for line := range strings.Lines(c.Example) {
			printed, code := pipeline(t, c.Name(), strings.TrimSpace(line))
			if code > exitUnknown || printed == "" {
				t.Errorf("%s: exit code %d, printed %q", strings.TrimSpace(line), code, printed)
			}
		}
	}
}

func TestReadmeExample(t *testing.T) {
	// Without this, the README could show library code that no longer compiles.
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../fixtures/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, found := strings.Cut(string(readme), "```go\n")
	code, _, closed := strings.Cut(code, "```\n")
	if !found || !closed || !strings.Contains(unindented(string(source)), unindented(code)) {
		t.Errorf("fixtures/example_test.go does not hold the README's example:\n%s", code)
	}
}

// unindented is the text without the blanks at the beginning of its lines.
func unindented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimLeft(line, " \t"))
	}
	return b.String()
}

func TestReadmeListsEveryOption(t *testing.T) {
	// Without this, `jcheck elle` could gain or lose an option, or an exit code change, without the README saying so.
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, options, _ := strings.Cut(string(text), "## Options of")
	options, codes, _ := strings.Cut(options, "## Exit codes")
	elleCommand(&env{}).Flags().VisitAll(func(f *pflag.Flag) {
		short := "`-" + f.Shorthand + "`"
		if !strings.Contains(options, "--"+f.Name) && (f.Shorthand == "" || !strings.Contains(options, short)) {
			t.Errorf("the README's options lack --%s", f.Name)
		}
	})
	for _, code := range []int{exitValid, exitInvalid, exitUnknown, exitUsage, exitInternal} {
		if !strings.Contains(codes, fmt.Sprintf("\n| %d |", code)) {
			t.Errorf("the README's exit codes lack %d", code)
		}
	}
}
