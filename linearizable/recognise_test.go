package linearizable

import (
	"os"
	"strings"
	"testing"
)

func TestRecognise(t *testing.T) {
	// Without this, a history could be judged as that of another object when nobody names one.
	tests := []struct{ lines, want string }{
		{"0 invoke read nil\n0 ok read nil", "register"},
		{"0 invoke write 1", "register"},
		{"0 invoke write 1\n0 ok write 1\n0 invoke cas [1 2]", "cas-register"},
		{"0 invoke release nil", "mutex"},
		{"0 invoke txn [[:read :x nil]]", "multi-register"},
		{"0 invoke dequeue nil", "fifo-queue"},
		{"0 invoke pop nil", "stack"},
		{"0 invoke get [1 nil]", "kv"},
		{"0 invoke put [1 :a]\n1 invoke append [1 :b]", "kv"},
		{"0 invoke read [1 nil]\n1 invoke append [1 :b]", "list-append"},
		{"0 invoke insert 1", "priority-queue"},
		{"0 invoke delete-min nil", "priority-queue"},
		{"0 invoke write [nil 1]\n0 ok write [1 1]\n0 invoke read [nil nil]\n0 ok read [1 1]", "versioned-register"},
		{"0 invoke write [0 1]", "register"},
		{"0 invoke dec 1", "counter"},
		{"0 invoke add 1\n0 ok add 1\n0 invoke read nil\n0 ok read 1", "counter"},
		{"0 invoke add 1\n0 ok add 1\n0 invoke read nil\n0 ok read #{1}", "set"},
		{":nemesis info kill nil", "register"},
		{"0 invoke frob nil", ""},
	}
	for _, tt := range tests {
		if got, err := Recognise(read(t, tt.lines)); got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%q is recognised as %q (%v), want %q", tt.lines, got, err, tt.want)
		}
	}
}

func TestDatatypesAreDocumented(t *testing.T) {
	// Without this, a datatype or one of its functions could be missing in the guide.
	guide, err := os.ReadFile("../docs/linearizable.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range Datatypes() {
		row := ""
		for line := range strings.Lines(string(guide)) {
			if cells := strings.Split(line, "|"); len(cells) > 2 && strings.Contains(cells[1], "`"+d.Name+"`") && row == "" {
				row = cells[2]
			}
		}
		for _, f := range d.Functions {
			if d.Name == "cas-register" && f != "cas" {
				continue // it has also what a register has
			}
			if !strings.Contains(row, "`"+f+"`") {
				t.Errorf("the row of %s is %q, want its function %s there", d.Name, row, f)
			}
		}
		if d.fast != nil && strings.Count(string(guide), "`"+d.Name+"`") < 2 {
			t.Errorf("%s is not in the table of what is decided without a search", d.Name)
		}
	}
}
