package history

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"jcheck/internal/edn"
)

func write(t rapid.TB, f Format, in ...Op) string {
	var b bytes.Buffer
	w := NewWriter(&b, f)
	for _, op := range in {
		if err := w.Write(op); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Without this the order or the spelling of fields could change under those who read what we write.
func TestWriterSpelling(t *testing.T) {
	key := edn.NewString("k")
	op := Op{
		Index: 3, Time: 12, Type: OK, Process: edn.NewInt(5), F: edn.NewKeyword("txn"), Value: parsed(t, `[[:append :x 1] [:r "y" [1 nil]]]`),
		Extra: []Field{{"error", parsed(t, `[:timeout "a\nb" 1.0]`)}, {"two words", parsed(t, "#{1}")}},
	}
	bare := Op{Index: -1, Time: NoTime, Type: Invoke}
	keyed := Op{Index: 0, Time: 0, Type: Info, Process: edn.NewKeyword("nemesis"), Key: &key, Value: parsed(t, "{:a ##NaN, 2 1/3}")}
	got := write(t, FormatEDN, op, bare, keyed)
	const wantEDN = `{:index 3, :time 12, :type :ok, :process 5, :f :txn, :value [[:append :x 1] [:r "y" [1 nil]]], :error [:timeout "a\nb" 1.0], "two words" #{1}}
{:type :invoke, :value nil}
{:index 0, :time 0, :type :info, :process :nemesis, :value ["k" {:a ##NaN, 2 1/3}]}
`
	if diff := cmp.Diff(got, wantEDN); diff != "" {
		t.Errorf("EDN (-got +want):\n%s", diff)
	}
	got = write(t, FormatJSON, op, bare, keyed)
	const wantJSON = `{"index": 3, "time": 12, "type": "ok", "process": 5, "f": "txn", "value": [["append", "x", 1], ["r", "y", [1, null]]], "error": ["timeout", "a\nb", 1.0], "two words": [1]}
{"type": "invoke", "value": null}
{"index": 0, "time": 0, "type": "info", "process": "nemesis", "value": {"key": "k", "value": {"a": "##NaN", "2": "1/3"}}}
`
	if diff := cmp.Diff(got, wantJSON); diff != "" {
		t.Errorf("JSON (-got +want):\n%s", diff)
	}
}

// Without this an answer with a control character, or with a JSON key that no keyword can spell, would make the whole history
// unreadable: no text, or a map whose keys and values don't pair.
func TestWriterEscapes(t *testing.T) {
	for _, c := range []struct {
		in   Value
		want string
	}{
		{edn.NewString("\x00\x1b\x7f\n"), `"\u0000\u001b\u007f\n"`},
		{edn.NewMap([]Value{edn.NewKeyword("a b"), edn.NewVector(nil)}), `{"a b" []}`},
		{edn.NewMap([]Value{edn.NewKeyword(""), edn.NewInt(1), edn.NewKeyword("x}"), edn.NewInt(2)}), `{"" 1, "x}" 2}`},
		{edn.NewKeyword("a\x01"), `"a\u0001"`},
		{edn.NewKeyword("a#b/c:d"), `:a#b/c:d`},
	} {
		op := Op{Index: 0, Time: 0, Type: Invoke, Process: edn.NewInt(0), F: edn.NewKeyword("add"), Value: c.in}
		line := write(t, FormatEDN, op)
		if want := "{:index 0, :time 0, :type :invoke, :process 0, :f :add, :value " + c.want + "}\n"; line != want {
			t.Errorf("wrote %q, want %q", line, want)
		}
		h, err := Read(t.Context(), "test", []byte(line), Options{Independent: IndependentOff})
		if err != nil {
			t.Errorf("%q can't be read back: %v", line, err)
			continue
		}
		if got := h.Op(0).Value.String(); got != c.want {
			t.Errorf("%q was read back as %s, want %s", line, got, c.want)
		}
	}
}

// Without this some value could be written as something that isn't JSON.
func TestWriterMakesJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := Op{Value: drawOpValue(t), Extra: []Field{{rapid.String().Draw(t, "name"), edn.NewString(rapid.String().Draw(t, "text"))}}}
		line := write(t, FormatJSON, op)
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		x := op.Extra[0]
		if x.Name == "index" || x.Name == "time" || x.Name == "type" || x.Name == "value" {
			return
		}
		if got, want := fields[x.Name], x.Value.Text; got != want {
			t.Fatalf("got field %q, want %q", got, want)
		}
	})
}

// Without this a history could change on its way through a file, or FromOps could lose a field: whatever an op holds, it
// is read back.
func TestWriteThenRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawOps(t)
		for i := range in {
			if rapid.IntRange(0, 5).Draw(t, "with extra") == 0 {
				in[i].Extra = []Field{{"error", drawValue(t)}, {"x/y", drawOpValue(t)}}
			}
			in[i].Index = int64(100 - i)
		}
		if len(in) == 0 {
			return
		}
		h, err := Read(t.Context(), "test", []byte(write(t, FormatEDN, in...)), Options{Independent: IndependentOff})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range in {
			if diff := cmp.Diff(h.Op(ID(i)), want, equalOps); diff != "" {
				t.Fatalf("op %d (-got +want):\n%s", i, diff)
			}
		}
	})
}

// Without this tests that make histories of ops would test something else: keys, indices and emptiness are as given.
func TestFromOps(t *testing.T) {
	empty, err := FromOps(nil)
	if err != nil || empty.Len() != 0 || empty.NumProcs() != 0 {
		t.Errorf("got %d ops, %v from none", empty.Len(), err)
	}
	key := edn.NewKeyword("k")
	h, err := FromOps([]Op{
		{Type: Invoke, Process: edn.NewInt(0), F: edn.NewKeyword("read"), Key: &key},
		{Type: OK, Process: edn.NewInt(0), F: edn.NewKeyword("read"), Key: &key, Value: edn.NewInt(3), Time: 5},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.Op(1); got.Index != 1 || got.Time != 5 || got.Key == nil || !edn.Equal(*got.Key, key) || !edn.Equal(got.Value, edn.NewInt(3)) {
		t.Errorf("got %+v", got)
	}
	if h.Pair(0) != 1 || !h.Keyed() {
		t.Errorf("got pair %d, keyed %v, want 1, true", h.Pair(0), h.Keyed())
	}
}
