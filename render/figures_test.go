package render

import (
	"strings"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/internal/edn"
)

func TestFigures(t *testing.T) {
	// Without this, the numbers that a checker found could be missing from the report, or be told wrongly.
	counts := edn.NewMap([]history.Value{edn.NewKeyword("count"), edn.NewInt(1234567), edn.NewKeyword("valid?"), edn.NewBool(true)})
	r := check.Result{Checker: "some", Verdict: check.Valid, Fields: []history.Field{
		{Name: "ok-count", Value: edn.NewInt(-3)},
		{Name: "fraction", Value: edn.NewFloat(0.99951)},
		{Name: "elements", Value: edn.NewVector([]history.Value{edn.NewInt(1)})},
		{Name: "latencies", Value: edn.NewMap([]history.Value{edn.NewFloat(0.5), edn.NewInt(7), edn.NewInt(1), edn.NewInt(9)})},
		{Name: "by-f", Value: edn.NewMap([]history.Value{edn.NewKeyword("read"), counts})},
	}}
	got := string(Text(nil, r, TextOptions{File: "f", Figures: true}))
	want := "\nok-count -3, fraction 0.9995.\nlatencies: 0.5 → 7, 1 → 9.\n:read: count 1,234,567.\n"
	if !strings.HasSuffix(got, want) {
		t.Errorf("%s\nwant at its end\n%s", got, want)
	}
	if quiet := string(Text(nil, r, TextOptions{File: "f"})); strings.Contains(quiet, "ok-count") {
		t.Errorf("%s\nhas figures that nobody asked for", quiet)
	}
}
