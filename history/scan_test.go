package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// scanText reads a text in pieces of about this size, by way of trees only if plain.
func scanText(t rapid.TB, text string, o Options, size int, plain bool) (*History, error) {
	l, bad := sniff([]byte(text), o.Format)
	if bad != nil {
		c := &core{name: "text", src: []byte(text)}
		return nil, &ReadError{Problems: []Problem{{Pos: c.position(int64(bad.off)), Code: bad.code, Found: bad.found}}}
	}
	l.size, l.plain = size, plain
	chunks, _, err := l.scan(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return merge("text", l.src, chunks, o)
}

// dump shows everything that a reader has decided, or what is wrong.
func dump(h *History, err error) string {
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for id := range h.All() {
		op := h.Op(id)
		fmt.Fprintf(&b, "%d %d %v %v %v %v %v ", op.Index, op.Time, op.Type, op.Process, op.F, op.Value, h.Kind(id))
		if op.Key != nil {
			fmt.Fprintf(&b, "key %v ", *op.Key)
		}
		for _, m := range h.Mops(id) {
			if h.Type(id) != Invoke { // which may share its completion's if both were in one chunk
				fmt.Fprintf(&b, "%d/%d ", m.F, m.Shape)
			}
		}
		fmt.Fprintf(&b, "%v %d\n", op.Extra, h.off[id])
	}
	for _, syms := range [][]Sym{h.keySyms, h.procSyms, h.nameSyms} {
		for _, s := range syms {
			fmt.Fprintf(&b, "%v ", h.Value(s))
		}
		b.WriteByte('\n')
	}
	// Lists and vectors are equal: which of two a value is printed as depends on which was seen first.
	return strings.NewReplacer("(", "[", ")", "]").Replace(b.String()) + fmt.Sprint(h.Keyed())
}

// spell writes ops as EDN or JSON with such freedom as the format gives.
func spell(t *rapid.T, ops []Op, f Format) string {
	var lines bytes.Buffer
	w := NewWriter(&lines, f)
	for _, op := range ops {
		if rapid.IntRange(0, 4).Draw(t, "with extra") == 0 {
			op.Extra = []Field{{"error", drawValue(t)}, {"node", drawOpValue(t)}}
		}
		if err := w.Write(op); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	list := strings.Split(strings.TrimRight(lines.String(), "\n"), "\n")
	if f == FormatJSON {
		switch rapid.IntRange(0, 2).Draw(t, "layout") {
		case 0:
			return "[" + strings.Join(list, ",\n ") + "]\n"
		case 1:
			return " [ " + strings.Join(list, ",") + "]"
		}
		return strings.Join(list, "\n") + "\n"
	}
	for i, line := range list {
		switch rapid.IntRange(0, 9).Draw(t, "noise") {
		case 0:
			list[i] = "#jepsen.history.Op" + line
		case 1:
			list[i] = strings.ReplaceAll(line, " ", ", ")
		case 2:
			list[i] = strings.ReplaceAll(line, " ", " ; [{\n")
		case 3:
			list[i] = strings.Replace(line, " ", " #_ (1 2) ", rapid.IntRange(0, 20).Draw(t, "discards"))
		case 4:
			list[i] = strings.ReplaceAll(strings.ReplaceAll(line, "[", " [ "), "]", " ] ")
		case 5:
			list[i] = strings.ReplaceAll(strings.ReplaceAll(line, "[", "("), "]", ")")
		}
	}
	text := strings.Join(list, rapid.SampledFrom([]string{"\n", " ", "\n\n ; {:index\n"}).Draw(t, "between"))
	switch rapid.IntRange(0, 3).Draw(t, "layout") {
	case 0:
		return "[" + text + "\n]\n"
	case 1:
		return "; note\n(" + text + "\n)\n"
	}
	return text
}

// Without it the direct way of a value could differ from what its text says, or the result depend on where pieces end.
func TestDirectAgainstTrees(t *testing.T) {
	for _, f := range []Format{FormatEDN, FormatJSON} {
		t.Run(f.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				ops := drawOps(t)
				if len(ops) == 0 {
					return
				}
				if rapid.Bool().Draw(t, "keyed") {
					key := drawValue(t)
					for i := range ops {
						ops[i].Key = &key
					}
				}
				text := spell(t, ops, f)
				o := Options{Format: f, Workers: 2}
				want := dump(scanText(t, text, o, 0, true))
				if diff := cmp.Diff(dump(scanText(t, text, o, 0, false)), want); diff != "" {
					t.Fatalf("%s\nby the direct way (-got +want):\n%s", text, diff)
				}
				size := rapid.IntRange(1, 500).Draw(t, "size")
				if diff := cmp.Diff(dump(scanText(t, text, o, size, false)), want); diff != "" {
					t.Fatalf("%s\nin pieces of %d (-got +want):\n%s", text, size, diff)
				}
			})
		})
	}
}

// Without it the direct way could go wrong on forms that only real histories have.
func TestDirectAgainstTreesOnCorpus(t *testing.T) {
	for _, path := range corpusHistories(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := dump(scanText(t, string(data), Options{}, 0, true))
		if got := dump(scanText(t, string(data), Options{}, 0, false)); got != want {
			t.Errorf("%s (-got +want):\n%.1000s", path, cmp.Diff(got, want))
		}
		if len(data) > 100_000 { // enough is enough
			continue
		}
		if diff := cmp.Diff(dump(scanText(t, string(data), Options{Workers: 3}, 10_000, false)), want); diff != "" {
			t.Errorf("%s in pieces (-got +want):\n%.1000s", path, diff)
		}
	}
}

// Without it a piece that was guessed to start within a string or a nested value could be taken for operations.
func TestPiecesGuessedWrong(t *testing.T) {
	for _, op := range []string{
		`{:index 0, :type :ok, :value "x\n
{:index 0, :type :ok, :value [[:r 1 [2]]]}
{:index 1"}`,
		`{:type :ok, :value [{:type 1} {:type 2}
{:type 3}
{:type 4}]}`,
		`{:type :ok ; {:type
{:type :invoke, :value 1} :value}`, // a map for a key: wrong in any case
		`#_
{:type :ok, :value 1}
{:type :ok, :value 2}`,
	} {
		for size := 1; size < 40; size += 3 {
			for _, enclosed := range []bool{false, true} {
				text := strings.Repeat(op+"\n", 20)
				if enclosed {
					text = "[" + text + "]"
				}
				want := dump(scanText(t, text, Options{}, 0, true))
				if diff := cmp.Diff(dump(scanText(t, text, Options{}, size, false)), want); diff != "" {
					t.Fatalf("%s in pieces of %d (-got +want):\n%s", text, size, diff)
				}
			}
		}
	}
}

// Without it who writes a number that is too long would be told that it is none, or is as long as what was read of it.
func TestTooLongNumber(t *testing.T) {
	number := strings.Repeat("9", 200_000)
	for _, text := range []string{"{:type :ok :value [" + number + "]}", `{"type":"ok","value":[` + number + `]}`} {
		_, err := Read(t.Context(), "x", []byte(text), Options{})
		if err == nil || !strings.Contains(err.Error(), "a number of more than 4096 characters, want a shorter one") {
			t.Errorf("%.30s: %v", text, err)
		}
	}
}

// Without it a problem could be pointed at a wrong place, be hidden by one before it, or be called by a wrong name.
func TestProblems(t *testing.T) {
	good := "{:type :ok, :process 0, :f :txn, :value [[:r 1 [1]]]}\n"
	for _, c := range []struct{ in, want string }{
		{"", "1:1 empty"}, {" \n\n", "1:1 empty"}, {"\xef\xbb\xbf", "1:1 empty"}, {"; only a note", "1:1 empty"},
		{"\x00\x01", "1:1 binary"}, {"JEPSEN\x00", "1:1 not-supported"}, {"PK\x03\x04", "1:1 binary"}, {"\xff\xfe[", "1:1 binary"},
		{"<html>", "1:1 no-history"}, {"- type: ok", "1:1 no-history"}, {"type: ok\n", "1:1 no-history"}, {"0\t:invoke\t:read\tnil\n", "1:1 no-history"}, {"a,b,c\n", "1:1 no-history"},
		{"INFO  jepsen.core - 0\t:invoke\t:read\tnil", "1:1 no-history"}, {"hello", "1:1 no-history"}, {":a", "1:1 no-history"},
		{good + "\x00", "2:1 binary"}, {good + "42", "2:1 not-an-operation"}, {good + "[]", "2:1 not-an-operation"}, {"[] []", "1:4 not-an-operation"},
		{"{:a 1}", "1:1 not-an-operation"}, {"{}", "1:1 not-an-operation"}, {"#{1}", "1:1 not-an-operation"}, {"#foo 1", "1:1 not-an-operation"},
		{"#:a{:type :ok}", "1:1 not-an-operation"}, {"[1 2]", "1:2 not-an-operation,1:4 not-an-operation"},
		{"{:type :okay}", "1:8 unknown-type"}, {`{:type "ok"}`, "1:8 unknown-type"}, {"{:type nil}", "1:8 unknown-type"}, {"{:type}", "1:7 syntax"},
		{"{:type :ok :time :x}", "1:18 bad-time"}, {"{:type :ok :time 1.5}", "1:18 bad-time"}, {"{:type :ok :index 1/2}", "1:19 bad-index"},
		{"{:type :ok :index 1e30}", "1:19 bad-index"}, {"{:type :ok :type :ok}", "1:12 syntax"}, {"{:type :ok {:a 1}}", "1:12 syntax"},
		{"{:type :okay}\n" + good + "{:type :okay :time x}\n", "1:8 unknown-type,3:8 unknown-type,3:20 bad-time"},
		{good + "{:type :ok :value [1}\n" + good + "{:type :ok}}\n" + good + "{:type :ok :value \\foo}", "2:21 syntax,4:12 syntax,6:19 syntax"},
		{good + "{:type :ok :value [1\n" + good, "2:19 syntax"}, {good + "{:type :ok :value \"1\n" + good, "2:19 syntax"},
		{good + "{:type :ok :value [1", "2:19 truncated"}, {good + "{:type :ok :value", "2:1 truncated"}, {good + "{:ty", "2:1 truncated"}, {good + "#", "2:1 truncated"},
		{"[" + good, "2:1 truncated"}, {"(" + good + "]", "2:1 syntax"}, {"[" + good + "] 1", "2:3 not-an-operation"},
		{"[" + good + "#_", "2:1 truncated"}, {good + "{:type :ok :value \"\\u00", "2:19 truncated"},
		// JSON
		{`{"type":"okay"}`, "1:9 unknown-type"}, {`{"type":1}`, "1:9 unknown-type"}, {`{"a":1}`, "1:1 not-an-operation"}, {`[{"a":1},{}]`, "1:2 not-an-operation,1:10 not-an-operation"},
		{`{"type":"ok"} x`, "1:15 syntax"}, {`{"type":"ok"},{"type":"ok"}`, "1:14 syntax"}, {`[{"type":"ok"},]`, "1:16 syntax"}, {`[{"type":"ok"} {"type":"ok"}]`, "1:16 syntax"},
		{`[{"type":"ok"}, 5]`, "1:17 not-an-operation"}, {`[{"type":"ok"}`, "1:15 truncated"}, {`[{"type":"ok"},`, "1:16 truncated"}, {`[{"type":"ok"}] []`, "1:17 not-an-operation"},
		{`{"type":"ok","value":[1`, "1:1 truncated"}, {`{"type":"ok","value":[1,]}`, "1:25 syntax"}, {`{"type":"ok","value":01}`, "1:23 syntax"}, {`{"type":"ok","value":nil}`, "1:22 syntax"},
		{`{"type":"ok","value":"` + "\n" + `"}`, "1:23 syntax"}, {`{"type":"ok","value":"\x"}`, "1:23 syntax"}, {`{"type":"ok","type":"ok"}`, "1:14 syntax"},
		{`{"type":"ok","time":"1"}`, "1:21 bad-time"}, {`{"type":"ok",x}`, "1:14 syntax"}, {`{"type":"ok"` + "\n" + `{"type":"ok"}`, "2:1 syntax"},
		{`{"type":"ok","value":[1` + "\n" + `{"type":"ok"}`, "2:1 syntax"},
	} {
		for _, plain := range []bool{false, true} {
			h, err := scanText(t, c.in, Options{}, 0, plain)
			if err == nil {
				t.Errorf("%q: read %d operations, want %s", c.in, h.Len(), c.want)
				continue
			}
			var bad *ReadError
			if !errors.As(err, &bad) {
				t.Fatal(err)
			}
			var got []string
			for _, p := range bad.Problems {
				got = append(got, fmt.Sprintf("%d:%d %s", p.Pos.Line, p.Pos.Column, p.Code))
			}
			if s := strings.Join(got, ","); s != c.want {
				t.Errorf("%q (plain %v): %s, want %s\n%v", c.in, plain, s, c.want, bad)
			}
		}
	}
}

// Without it spellings that are unusual but right could be refused.
func TestUnusualButRight(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"[]", ""}, {"()", ""}, {" [ ] ", ""}, {"; a\n[] ; b", ""},
		{"\xef\xbb\xbf{:type :ok}", "ok nil nil"}, {"#jepsen.history.Op {:type :ok}", "ok nil nil"}, {"#_ {:type :bad} {:type :ok}", "ok nil nil"},
		{"{:type :info :process :nemesis :time 1.0e3 :index 0N :value {:a #{1}}}", "info :nemesis {:a #{1}}"},
		{"{:type :ok :time nil :index nil :value #inst \"2020\"}", "ok nil #inst \"2020\""},
		{"^:m {:type :ok :value ^:m [1]}", "ok nil [1]"}, {"#foo.Bar[{:type :ok}]", "ok nil nil"},
		{"{:type :ok :value [1 [[:r 1 nil]]]}", "ok nil [1 [[:r 1 nil]]]"},
		{`{"type":"ok","value":[["append","x",1],["r","y",[1,"a",2.5]]]}`, `ok nil [[:append "x" 1] [:r "y" [1 "a" 2.5]]]`},
		{`{"type":"ok","value":["append","x"],"process":"nemesis"}`, `ok "nemesis" ["append" "x"]`},
		{`{"type":"ok","value":{"0":1,"f":"x","value":[["a"]]}}`, `ok nil {:0 1, :f :x, :value [[:a]]}`},
		{`{"type":"ok","value":[["a",1],[2],"b"]}`, `ok nil [[:a 1] [2] "b"]`},
		{`{"type":"ok","value":123456789012345678901234567890}`, "ok nil 123456789012345678901234567890N"},
		{`{"type":"ok","value":"\u0041\ud83d\ude00\n"}`, `ok nil "A😀\n"`}, {`{"type":"ok","value":-0}`, "ok nil 0"},
		{"{\"type\"\n:\r\"ok\"\t}{\"type\":\"ok\"}", "ok nil nil,ok nil nil"}, {`{ "type" :"ok"}`, "ok nil nil"}, {`[ { "process" : 3 , "type" : "fail" } ]`, "fail 3 nil"},
	} {
		for _, plain := range []bool{false, true} {
			h, err := scanText(t, c.in, Options{}, 0, plain)
			if err != nil {
				t.Errorf("%s: %v", c.in, err)
				continue
			}
			var got []string
			for id := range h.All() {
				op := h.Op(id)
				v := op.Value.String()
				if op.Key != nil {
					v = fmt.Sprintf("[%v %v]", *op.Key, v)
				}
				got = append(got, fmt.Sprintf("%v %v %s", op.Type, op.Process, v))
			}
			if s := strings.Join(got, ","); s != c.want {
				t.Errorf("%s (plain %v): %s, want %s", c.in, plain, s, c.want)
			}
		}
	}
}

// Without it the hints for foreign text could be for another kind of text.
func TestForeign(t *testing.T) {
	for in, want := range map[string]string{
		"<!DOCTYPE html>": "HTML", "- type: ok\n  f: txn": "YAML", "type: ok\n": "YAML", "---\n- a": "YAML", "process,type,f\n0,ok,txn\n": "CSV", "a\tb\tc\n": "CSV",
		"0\t:invoke\t:read\tnil\n": "log of operations", ":nemesis\t:info\t:start\tnil\n": "log of operations",
		"INFO  x.util - 0\t:invoke\t:read\tnil\n": "log of operations", "2020-01-01 ERROR x\nINFO  x.util - 0\t:invoke\t:read\tnil\n": "log of operations",
		"hello": `begins with "hello"`,
	} {
		_, err := Read(context.Background(), "x", []byte(in), Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", in, err, want)
		}
	}
}
