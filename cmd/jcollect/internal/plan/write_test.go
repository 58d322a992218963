package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Without this the plan that the store keeps of a run could be another than the one that was run.
func TestWrittenPlanReadsBack(t *testing.T) {
	const text = `
name: "123"
nodes: [n1, "n 2", "a'b\"c", "$(x)", "true", "~"]
disposable: true
rate: 200/s
n: 1_000
f: 1.5
nothing:
empty: {}
none: []
"odd key: #": x
setup: |
  echo one
    two
  # three

tail: "a\n\n b \n"
spaces: "  x  "
nested: [{a: [1, {b: c}]}]
`
	var p Problems
	before := Parse("x", []byte(text), &p)
	if p.Any() {
		t.Fatal(p.Sorted())
	}
	out, err := before.YAML()
	if err != nil {
		t.Fatal(err)
	}
	after := Parse("x", out, &p)
	if p.Any() {
		list, _ := p.Sorted()
		t.Fatalf("%v in\n%s", list, out)
	}
	if diff := cmp.Diff(after, before, cmpopts.IgnoreTypes(Pos{})); diff != "" {
		t.Errorf("got - want +:\n%s\nof\n%s", diff, out)
	}
}
