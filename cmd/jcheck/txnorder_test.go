package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadOrder holds that places are compared exactly. Without it, commit timestamps of nanoseconds, which a float64
// rounds to 256, would change places and a good database be called bad; and a slip in the file would pass for an order.
func TestReadOrder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "order")
	read := func(text string) (map[int64]float64, error) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return readOrder(path)
	}
	for _, text := range []string{
		`{"0": 2, "1": 1}`, `{0 2, 1 1}`, `{0 1/2, 1 0.25}`, `{1 -1e3 0 3}`, `{}  `,
		`{"0": 1700000000000000002, "1": 1700000000000000001}`, `{0 1700000000000000002, 1 1700000000000000001}`,
		`{"0": 1700000000000000000.0000000002, "1": 1700000000000000000.0000000001}`,
		`{0 1.00000000000000000002M, 1 1.00000000000000000001M}`, `{0 99999999999999999999, 1 99999999999999999998}`,
	} {
		order, err := read(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if len(order) > 0 && !(order[1] < order[0]) {
			t.Errorf("%s: got %v, want 1 before 0", text, order)
		}
	}
	if order, err := read(`{"0": 5, "1": 5.0, "2": 6}`); err != nil || order[0] != order[1] || order[1] >= order[2] {
		t.Errorf("equal places: got %v, %v", order, err)
	}
	for text, want := range map[string]string{
		``: "not a map", `[1 2]`: "not a map", `[1, 2]`: "not a map", `{0 1} {1 2}`: "not a map", `{"0": 1} x`: "not a map",
		`{0 ##NaN}`: "0 ##NaN is not", `{0 ##Inf}`: "is not", `{0 "1"}`: "is not", `{"0": "1"}`: `"0": 1 is not`, `{"x": 1}`: `"x": 1 is not`,
		`{:a 1}`: "is not", `{"0": 1e999999999}`: "is not", `{0 1e999999999M}`: "is not",
		`{"0": 1, "0": 2}`: "index 0 has two places", `{7 1, 7 1}`: "index 7 has two places", `{"0": null}`: "is not", `{"0": [1]}`: "is not",
	} {
		if order, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v; want an error with %q", text, order, err, want)
		}
	}
}
