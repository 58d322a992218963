package plan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// said is all mistakes as one text.
func said(p *Problems) string {
	list, _ := p.Sorted()
	var b strings.Builder
	for _, m := range list {
		b.WriteString(m.String() + "\n")
	}
	return b.String()
}

// aNode draws a plan's value.
func aNode(depth int) *rapid.Generator[*Node] {
	return rapid.Custom(func(t *rapid.T) *Node {
		switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
		case kind == 4 && depth > 0:
			return &Node{Kind: List, Items: rapid.SliceOfN(aNode(depth-1), 0, 3).Draw(t, "items")}
		case kind == 5 && depth > 0:
			n := &Node{Kind: Map}
			for _, key := range rapid.SliceOfNDistinct(aText(), 0, 3, rapid.ID).Draw(t, "keys") {
				if key != "<<" {
					n.Pairs = append(n.Pairs, Pair{Key: key, Value: aNode(depth-1).Draw(t, key)})
				}
			}
			return n
		case kind == 3:
			return &Node{Kind: Scalar, Tag: "!!int", Text: rapid.StringMatching(`-?[1-9][0-9]{0,17}`).Draw(t, "number")}
		}
		return &Node{Kind: Scalar, Tag: "!!str", Text: aText().Draw(t, "text")}
	})
}

// aText draws a text, such as those that YAML takes for something else.
func aText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "true", "null", "~", "3", "0x3", "1e3", ".nan", "- a", "a: b", "*a", "&a", "!!str a", "# a", "a #b",
			"|", ">", "'", "\"", "a\nb", "\n", "a\n", "  a\n b\n", "\ta", "a\t\nb", "%a", "@", "`", "---", "...", "2001-01-01", "\u2028", "\ufeff", "é", "=", "a\r\nb", "\x1b[0m", "\u0085", "\u0085\n", "\r", "\x7f", "\U0001F600", "\ufffe", "a\n\x1b\n", " \n", "\n\n a", "key: |\n x"}),
		rapid.StringMatching(`[ -~\n]{0,20}`),
		rapid.String().Filter(func(s string) bool { return !strings.ContainsRune(s, 0) }))
}

// TestWritten reads back what was written. Without it, nothing would notice a plan in the store that is another than
// the one that was run.
func TestWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := aNode(3).Draw(t, "plan")
		text, err := want.YAML()
		if err != nil {
			t.Fatal(err)
		}
		var p Problems
		got := Parse("x", text, &p)
		if p.Any() {
			t.Fatalf("%s\n%s", text, said(&p))
		}
		if d := cmp.Diff(got, want, cmpopts.IgnoreTypes(Pos{}), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("-got +want: %s\n%s", d, text)
		}
	})
}

// TestApply changes plans. Without it, nothing would notice a flag that changes something else, or the plan that
// another run shares.
func TestApply(t *testing.T) {
	const source = "{a: {b: 1, c: [x, {d: 2}]}, e: 3}"
	for _, row := range []struct{ change, want string }{
		{"e=4", "{a: {b: 1, c: [x, {d: 2}]}, e: 4}"},
		{"e=[4, {f: 5}]", "{a: {b: 1, c: [x, {d: 2}]}, e: [4, {f: 5}]}"},
		{"e=", "{a: {b: 1, c: [x, {d: 2}]}}"},
		{"none=", source},
		{"none.at.all=", source},
		{"e.f=", source},
		{"a.b=true", "{a: {b: true, c: [x, {d: 2}]}, e: 3}"},
		{"a.c.1.d=3", "{a: {b: 1, c: [x, {d: 3}]}, e: 3}"},
		{"a.c.0=", "{a: {b: 1, c: [{d: 2}]}, e: 3}"},
		{"new.deep.key=k=v", "{a: {b: 1, c: [x, {d: 2}]}, e: 3, new: {deep: {key: k=v}}}"},
		{"e.f=3", "--set e.f: the plan has \"3\" where f is to be set\n"},
		{"a.c.2=3", "--set a.c.2: the plan has a list of 2 there, and no item \"2\" in it (items count from 0)\n"},
		{"a.c.x=3", "--set a.c.x: the plan has a list of 2 there, and no item \"x\" in it (items count from 0)\n"},
		{"a", "--set: \"a\" is not KEY.PATH=VALUE (hint: client.timeout=2s, say)\n"},
		{"a..b=1", "--set: \"a..b=1\" is not KEY.PATH=VALUE (hint: client.timeout=2s, say)\n"},
	} {
		var p Problems
		before := Parse("x", []byte(source), &p)
		changed := before
		if c, ok := ParseChange("--set", row.change, &p); ok {
			changed = before.Apply([]Change{c}, &p)
		}
		if p.Any() {
			if got := said(&p); got != row.want {
				t.Errorf("%s: got %s, want %s", row.change, got, row.want)
			}
			continue
		}
		want := Parse("x", []byte(row.want), &p)
		if d := cmp.Diff(changed, want, cmpopts.IgnoreTypes(Pos{}), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: -got +want: %s", row.change, d)
		}
		if d := cmp.Diff(before, Parse("x", []byte(source), &p)); d != "" {
			t.Errorf("%s: the plan itself changed: %s", row.change, d)
		}
	}
}

// TestNearest misspells words. Without it, nothing would notice suggestions that are missing or far-fetched.
func TestNearest(t *testing.T) {
	known := []string{"name", "nodes", "rate", "time-limit", "leave-db-running", "os"}
	for word, want := range map[string]string{"nmae": "name", "node": "nodes", "Rate": "rate", "time_limit": "time-limit", "timelimit": "time-limit",
		"leave-db-runing": "leave-db-running", "so": "os", "cats": "", "": "", "x": "", "limit": "", "rat\x00": "rate", strings.Repeat("name", 1000): ""} {
		if got := Nearest(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

// TestFiles reads names of files. Without it, nothing would notice a plan whose files are looked for in another folder.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	if err := os.WriteFile(filepath.Join(dir, "a b"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`"a b"`: filepath.Join(dir, "a b"), `"~/a b"`: filepath.Join(dir, "a b"), `"` + dir + `/a b"`: filepath.Join(dir, "a b"),
		"none":  "plan.yaml:1:1: open \"none\": no such file or directory (hint: files are looked for beside the plan)\n",
		".":     "plan.yaml:1:1: \".\" is a directory, want a file\n",
		"[a]":   "plan.yaml:1:1: a list, want the name of a file\n",
		`""`:    "plan.yaml:1:1: \"\", want the name of a file\n",
		"/none": "plan.yaml:1:1: open \"/none\": no such file or directory\n",
	} {
		var p Problems
		n := Parse(filepath.Join(dir, "plan.yaml"), []byte(text), &p)
		var got string
		File(&got)(n, &p)
		if p.Any() {
			got = strings.ReplaceAll(said(&p), dir+"/", "")
			got = strings.ReplaceAll(got, dir, ".")
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	var got string
	var p Problems
	if Path(&got)(Text("--key", "id"), &p); got != "id" {
		t.Errorf("got %q, want a flag's file where the user is", got)
	}
}

// TestTooMuch reads what would need too much memory. Without it, nothing would notice a limit that is gone.
func TestTooMuch(t *testing.T) {
	for name, text := range map[string]string{
		"long": strings.Repeat("#", maxBytes+1), "deep": strings.Repeat("[", 200_000), "deep maps": strings.Repeat("{a: ", 50_000),
		"many": "[" + strings.Repeat("a,", maxNodes+5) + "]", "lines": strings.Repeat("- ", 100_000),
	} {
		var p Problems
		begin := time.Now()
		Parse("x", []byte(text), &p)
		if !p.Any() || time.Since(begin) > 20*time.Second {
			t.Errorf("%s: got %q after %s, want a mistake, soon", name, said(&p), time.Since(begin))
		}
	}
}
