package workload

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"jcheck/cmd/jcollect/internal/generator"
	"jcheck/internal/edn"
)

var rewrite = flag.Bool("rewrite", false, "write the guide's part on each kind anew")

// guide is where workloads are explained. What comes after the mark is made of the table.
const guide, mark = "../../../../docs/workloads.md", "<!-- what follows is made by go test ./cmd/jcollect/internal/workload -run Guide -rewrite -->\n"

// described is what the guide says of a kind.
func described(t *testing.T, k Kind) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n```clojure\n", k.Name, strings.ToUpper(k.Doc[:1])+k.Doc[1:])
	w := read1(t, k.Name)
	work, err := w.Work(Setting{Concurrency: 4})
	if err != nil {
		t.Fatal(err)
	}
	g := generator.Limit(5, work.Generator)
	if work.Final != nil {
		g = generator.Phases(g, generator.Limit(1, work.Final))
	}
	ops, err := generator.Simulation{Concurrency: 4, Nemesis: true, Seed: 1}.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	started := make(map[int32]bool)
	for _, op := range ops {
		if started[op.Process] = !started[op.Process]; !started[op.Process] || op.Act != generator.Perform {
			continue
		}
		v := op.Value
		if op.Key != nil {
			v = vector(*op.Key, v)
		}
		line := fmt.Sprintf("{:f :%s, :value %s", op.F, v)
		for _, f := range op.Extra {
			line += fmt.Sprintf(", :%s %s", f.Name, f.Value)
		}
		fmt.Fprintf(&b, "%s}\n", line)
	}
	b.WriteString("```\n\nJudged by")
	for i, c := range work.Checks {
		fmt.Fprintf(&b, "%s `%s`", map[bool]string{true: " and", false: ""}[i > 0], c.Name)
		for _, name := range slices.Sorted(maps.Keys(c.Values)) {
			fmt.Fprintf(&b, ", %s %s", name, spelled(c.Values[name]))
		}
	}
	b.WriteString(".\n")
	rows, _, _ := k.Options()
	if len(rows) > 0 {
		b.WriteString("\n| key | what it says |\n|---|---|\n")
	}
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s |\n", r.Key, strings.ReplaceAll(r.Doc, "|", "\\|"))
	}
	return b.String()
}

// spelled is an option of a check as the command has it.
func spelled(v any) string {
	if list, ok := v.([]string); ok {
		return strings.Join(list, ",")
	}
	if on, ok := v.(bool); ok {
		return edn.NewBool(on).String()
	}
	return fmt.Sprint(v)
}

// Without this the guide could lack a workload or a key, or show operations that it doesn't do.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	intro, _, found := strings.Cut(string(text), mark)
	if !found {
		t.Fatal("the guide has no mark")
	}
	want := intro + mark
	for _, k := range Kinds() {
		want += described(t, k)
	}
	if *rewrite {
		if err := os.WriteFile(guide, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got := string(text); got != want {
		t.Error("the guide says other things than the table of workloads (hint: go test -run Guide -rewrite)")
	}
}
