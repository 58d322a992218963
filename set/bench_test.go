package set_test

import (
	"bytes"
	"fmt"
	"testing"

	"jcheck/check"
	"jcheck/history"
	"jcheck/set"
)

// growing is a history of adds with full reads in between, and the number of elements that are read in all.
func growing(tb testing.TB, adds, reads int) (h *history.History, elements int) {
	tb.Helper()
	var text bytes.Buffer
	every := adds / reads
	for i := range adds {
		fmt.Fprintf(&text, "{:process 0 :type :invoke :f :add :value %d}\n{:process 0 :type :ok :f :add :value %d}\n", i, i)
		if i%every != every-1 {
			continue
		}
		text.WriteString("{:process 1 :type :invoke :f :read :value nil}\n{:process 1 :type :ok :f :read :value #{")
		for j := range i + 1 {
			fmt.Fprintf(&text, "%d ", j)
		}
		elements += i + 1
		text.WriteString("}}\n")
	}
	h, err := history.Read(tb.Context(), "growing.edn", text.Bytes(), history.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return h, elements
}

// BenchmarkCheckFull is the case of docs/performance.md: 20,000 adds and 2,000 full reads, 20 million elements.
func BenchmarkCheckFull(b *testing.B) {
	h, elements := growing(b, 20_000, 2_000)
	b.ReportAllocs()
	for b.Loop() {
		if r := set.CheckFull(b.Context(), h, set.FullOptions{Linearizable: true}); r.Verdict != check.Valid {
			b.Fatalf("%s: %v", r.Verdict, r.Reasons)
		}
	}
	b.ReportMetric(float64(elements)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Melements/s")
}
