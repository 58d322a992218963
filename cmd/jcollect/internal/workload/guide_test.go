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
	"jcheck/history"
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
	sim := generator.Simulation{Concurrency: 4, Nemesis: true, Seed: 1}
	if k.Name != "g2" { // which the database in memory doesn't have
		sim.Complete = object(t, w, "")
	}
	ops, err := sim.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	for i, op := range ops {
		if end := ending(ops, i); end != nil {
			fmt.Fprintf(&b, "{:f :%s, :value %s%s}  ; %s %s%s\n", op.F, shown(op), others(op.Extra), end.Type, shown(*end), others(end.Extra[len(op.Extra):]))
		}
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

// ending is the completion of the i-th operation, nil if that is one itself or nothing to perform.
func ending(ops []generator.Op, i int) *generator.Op {
	same := func(op generator.Op) bool { return op.Process == ops[i].Process }
	before := 0
	for _, op := range ops[:i] {
		if same(op) {
			before++
		}
	}
	if before%2 == 1 || ops[i].Act != generator.Perform {
		return nil
	}
	return &ops[i+1+slices.IndexFunc(ops[i+1:], same)]
}

// shown is an operation's value as histories have it.
func shown(op generator.Op) history.Value {
	if op.Key != nil {
		return vector(*op.Key, op.Value)
	}
	return op.Value
}

// others is further fields.
func others(fields []history.Field) string {
	text := ""
	for _, f := range fields {
		text += fmt.Sprintf(", :%s %s", f.Name, f.Value)
	}
	return text
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
