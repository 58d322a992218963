package counter_test

import (
	"bytes"
	"fmt"
	"testing"

	"jcheck/check"
	"jcheck/counter"
	"jcheck/history"
)

// BenchmarkCheck is the case of docs/performance.md: a million operations.
func BenchmarkCheck(b *testing.B) {
	const ops = 1_000_000
	var text bytes.Buffer
	for i := range ops / 2 {
		p := i % 10
		fmt.Fprintf(&text, "{:process %d :type :invoke :f :add :value 1}\n{:process %d :type :ok :f :add :value 1}\n", p, p)
		fmt.Fprintf(&text, "{:process %d :type :invoke :f :read :value nil}\n{:process %d :type :ok :f :read :value %d}\n", p, p, i+1)
	}
	h, err := history.Read(b.Context(), "counter.edn", text.Bytes(), history.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if r := counter.Check(b.Context(), h, counter.Options{}); r.Verdict != check.Valid {
			b.Fatalf("%s: %v", r.Verdict, r.Reasons)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/ops, "ns/txn")
}
