package history

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"jcheck/internal/edn"
)

// fuzzRead is what must hold of any bytes: an answer, the same in one piece and in many, directly and by trees; a history
// that can be printed, or problems with places.
func fuzzRead(t *testing.T, data []byte, f Format) {
	h, err := Read(t.Context(), "text", data, Options{Format: f, Workers: 2})
	if err != nil {
		var bad *ReadError
		if !errors.As(err, &bad) || len(bad.Problems) == 0 {
			t.Fatalf("%T %v, want a ReadError with problems", err, err)
		}
		if h, err := Read(t.Context(), "text", data, Options{Format: f, Tolerant: true}); err == nil {
			if h.Faults() == nil {
				t.Fatalf("%q is read without faults, but has %v", data, bad)
			}
			dump(h, nil)
		}
		return
	}
	text, cut, err := unpack(t.Context(), input{data: data}, Options{})
	if cut != nil || err != nil {
		t.Fatalf("read, but unpack: %v %v", cut, err)
	}
	want := dump(h, nil)
	if got := dump(scanText(t, string(text.data), Options{Format: f}, 0, true)); got != want {
		t.Fatalf("%q\nby trees:\n%s\ndirectly:\n%s", data, got, want)
	}
	if got := dump(scanText(t, string(text.data), Options{Format: f}, 20, false)); got != want {
		t.Fatalf("%q\nin pieces:\n%s\nin one:\n%s", data, got, want)
	}
}

// Any bytes taken for EDN.
func FuzzReadEDN(f *testing.F) {
	for _, seed := range []string{
		"{:type :invoke, :process 0, :f :txn, :value [[:r 1 nil] [:append 2 3]], :time 5, :index 0}\n{:type :ok, :process 0, :f :txn, :value [[:r 1 [1 2]] [:append 2 3]], :time 6, :index 1}",
		"[#jepsen.history.Op{:type :info :value #{1} :error [:x \"y\"]} {:type :ok :value {1 2}}]",
		"({:type :ok :value [1 [[:r :x]]]})", "#_ x ; note\n{:type :ok :process :nemesis :value \\a}", "{:type :ok}}{:type [", "\x1f\x8b\x08", "[{:type :ok",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, data, FormatEDN) })
}

// Any bytes taken for JSON.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{
		`[{"type":"invoke","process":0,"f":"txn","value":[["r","x",null],["append",2,3]],"time":5},` + "\n" + ` {"type":"ok","process":0,"f":"txn","value":[["r","x",[1,2]],["append",2,3]]}]`,
		`{"type":"ok","value":{"0":1,"f":"x"},"error":["a",{"type":"b"}]}` + "\n" + `{"type":"info","value":[1,"\u0041",2.5e3]}`,
		`{"type":"ok","value":["k",[["r","x",1]]]}`, `[{"type":"ok"},`, `{"type":"ok"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzRead(t, data, FormatJSON) })
}

// The JSON parser against the standard library's: they agree on what is JSON and on what it says.
func FuzzJSONValue(f *testing.F) {
	for _, seed := range []string{`{"a":[1,-2.5e3,"x\u00e9\n",null,true,false,{}],"a":2}`, `"\ud83d\ude00\ud83d"`, `[1,]`, `01`, "\"\x01\"", `12345678901234567890`, `-0`, `1e999`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(compareJSON)
}

func compareJSON(t *testing.T, data []byte) {
	p := jsonParser{src: data}
	got, bad := p.value(0)
	p.peek()
	ours := bad == nil && p.pos == len(data)
	if valid := stdjson.Valid(data); ours != valid {
		if bad != nil && (strings.Contains(bad.found, "nested") || strings.Contains(bad.found, "a number of")) {
			return // our limits
		}
		t.Fatalf("%.200q: read %v %v, valid %v", data, got, bad, valid)
	}
	if !ours || !utf8.Valid(data) {
		return
	}
	d := stdjson.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var want any
	if err := d.Decode(&want); err != nil {
		t.Fatal(err)
	}
	if !sameJSON(got, want, "") {
		t.Fatalf("%.200q: got %v, want %v", data, got, want)
	}
}

// Without it real JSON could be read differently from what the standard library reads.
func TestJSONAgainstStandard(t *testing.T) {
	n := 0
	for _, path := range corpusHistories(t) {
		if filepath.Ext(path) == ".edn" {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts := [][]byte{data}
		if filepath.Ext(path) == ".jsonl" {
			texts = bytes.SplitAfter(bytes.TrimSpace(data), []byte("\n"))
		}
		for _, text := range texts {
			compareJSON(t, text)
			n++
		}
	}
	if n < 1000 {
		t.Errorf("compared %d texts", n)
	}
}

// sameJSON compares what our parser made of a value in the field of this name with what the standard library did.
func sameJSON(got Value, want any, field string) bool {
	switch want := want.(type) {
	case nil:
		return got.IsNil()
	case bool:
		return edn.Equal(got, edn.NewBool(want))
	case string:
		return got.Text == want && (got.Kind == edn.String || got.Kind == edn.Keyword && (field == "type" || field == "f" || field == "mop"))
	case stdjson.Number:
		return sameNumber(got, string(want))
	case []any:
		named := field == "value" && got.Kind == edn.Vector && len(want) > 0
		if named {
			first, ok := want[0].([]any)
			named = ok && len(first) > 0
			if named {
				_, named = first[0].(string)
			}
		}
		if got.Kind != edn.Vector || len(got.Items) != len(want) {
			return false
		}
		for i, item := range got.Items {
			inner := ""
			if field == "mops" && i == 0 {
				inner = "mop"
			} else if named {
				inner = "mops"
			}
			if !sameJSON(item, want[i], inner) {
				return false
			}
		}
		return true
	case map[string]any:
		if got.Kind != edn.Map {
			return false
		}
		for name, v := range want {
			item, ok := got.Get(edn.NewKeyword(name))
			if !ok || !sameJSON(item, v, name) {
				return false
			}
		}
		return true
	}
	return false
}

func sameNumber(got Value, want string) bool {
	if got.Kind == edn.Float {
		f, err := stdjson.Number(want).Float64()
		return err != nil || f == got.Float() || math.IsInf(got.Float(), 0)
	}
	n, ok := new(big.Int).SetString(want, 10)
	return ok && strings.TrimSuffix(got.String(), "N") == n.String()
}
