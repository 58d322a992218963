package history

import (
	"bytes"
	"testing"

	gojson "github.com/goccy/go-json"

	"jcheck/internal/edn"
)

// goJSON is a value as a go-json token stream tells it: numbers as they are written, fields in order, doubles kept. It is what
// a reader of unusual values would be that rests on the library.
func goJSON(src []byte) (Value, error) {
	type frame struct {
		items      []Value
		object, at bool // in an object; where the next token is a field's name
	}
	d := gojson.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	stack := []frame{{}}
	for {
		token, err := d.Token()
		if err != nil {
			return Value{}, err
		}
		top := &stack[len(stack)-1]
		v := Value{}
		switch x := token.(type) {
		case gojson.Delim:
			if x == '[' || x == '{' {
				stack = append(stack, frame{object: x == '{', at: x == '{'})
				continue
			}
			if v = edn.NewVector(top.items); x == '}' {
				v = edn.NewMap(top.items)
			}
			stack = stack[:len(stack)-1]
			top = &stack[len(stack)-1]
		case string:
			if v = edn.NewString(x); top.at {
				v = edn.NewKeyword(x)
			}
		case gojson.Number:
			v, _ = edn.ParseNumber([]byte(x))
		case bool:
			v = edn.NewBool(x)
		}
		if len(stack) == 1 {
			return v, nil
		}
		top.items = append(top.items, v)
		top.at = top.object && !top.at
	}
}

// Without this nobody could tell whether our own reader of unusual values is still needed, nor that both read the same where
// go-json reads all.
func TestWhatGoJSONKeeps(t *testing.T) {
	for _, src := range []string{`{"b":1,"a":[true,null,{}],"b":2.50}`, `["\ud83d\ude00","\ud800x","\/\u0000"]`, `[-0,1e400,[[]]]`,
		`[123456789012345678901234567890123456789012345678901234567890]`} {
		got, err := goJSON([]byte(src))
		p := jsonParser{src: []byte(src)}
		want, bad := p.value(0)
		if err != nil || bad != nil || !edn.Equal(got, want) {
			t.Errorf("%s: go-json reads %v (%v), our own %v (%v)", src, got, err, want, bad)
		}
	}
}

// Without this our own reader of unusual values would be a reader too many: go-json's values would do. They would not. It
// makes U+FFFD of every byte that is no UTF-8, so that two keys become one, and a key of an unusual value is no longer that
// of a usual one, which the scanner takes as its bytes are. And what it says of a fault has no place, or an earlier one.
func TestWhyGoJSONReadsNoValues(t *testing.T) {
	a, errA := goJSON([]byte("\"k\xff\""))
	b, errB := goJSON([]byte("\"k\xfe\""))
	if errA != nil || errB != nil || !edn.Equal(a, b) {
		t.Errorf("go-json keeps %v (%v) and %v (%v) apart now: it may be time to let it read values", a, errA, b, errB)
	}
	const usual, unusual = `[["append","k` + "\xff" + `",1]]`, `[["append","k` + "\xff" + `",{"a":"\u0041"}],["append","k` + "\xfe" + `",2.5]]`
	var text []byte
	for _, value := range []string{usual, unusual} {
		text = append(text, `{"type":"ok","process":0,"f":"txn","value":`+value+"}\n"...)
	}
	h, err := Read(t.Context(), "keys.json", text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if h.NumKeys() != 2 {
		t.Errorf("%d keys, want 2", h.NumKeys())
	}

	for src, want := range map[string]int{`["abc\x"]`: 5, `["ab","cd\u12"]`: 9, `[12.]`: 4} {
		p := jsonParser{src: []byte(src)}
		if _, bad := p.value(0); bad == nil || bad.off != want {
			t.Errorf("%s: our own reader finds %+v, want a fault at %d", src, bad, want)
		}
		d := gojson.NewDecoder(bytes.NewReader([]byte(src)))
		var err error
		for err == nil {
			_, err = d.Token()
		}
		if got := d.InputOffset(); got >= int64(want) {
			t.Errorf("%s: go-json has come to %d, where the fault is: %v", src, got, err)
		}
	}
}

// BenchmarkUnusualValue compares the two readers: a decoder for each value costs more than the value.
func BenchmarkUnusualValue(b *testing.B) {
	src := []byte(`[["append","x\ny",1],["r",{"a":1},null],["w",[1,2],3.25]]`)
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p := jsonParser{src: src}
			if _, bad := p.value(0); bad != nil {
				b.Fatal(bad)
			}
		}
	})
	b.Run("go-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := goJSON(src); err != nil {
				b.Fatal(err)
			}
		}
	})
}
