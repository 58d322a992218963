package run

import (
	"strings"
	"testing"

	"jcheck/cmd/jcollect/internal/plan"
)

// Without this explain could pass over most of what a client is told, or show a password that stands in its environment.
func TestExplainTellsOfTheClient(t *testing.T) {
	text := `name: x
client:
  kind: exec
  command: [python3, "it's.py"]
  env: {TOKEN: hunter2, OTHER: x}
  timeout: 2s
  options: {depth: {env: {DEEP: hunter3}, level: 7}}
workload: set
`
	var p plan.Problems
	test := Read(plan.Parse("plan.yaml", []byte(text), &p), t.TempDir(), &p)
	if list, _ := p.Sorted(); len(list) > 0 {
		t.Fatal(list)
	}
	var said strings.Builder
	if err := test.Explain(t.Context(), &said); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"  command: [python3, it's.py]\n", "  env: <TOKEN, OTHER>\n", "env: <DEEP>", "level: 7", "after 2s counts as unknown"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("got\n%s\nwant in it %q", said.String(), want)
		}
	}
	if strings.Contains(said.String(), "hunter") {
		t.Errorf("a secret is shown:\n%s", said.String())
	}
}
