package all

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"jcheck/check"
	"jcheck/history"
)

// benchOps is how many operations the histories of the benchmarks have.
const benchOps = 1_000_000

// BenchmarkCheckers would miss a checker that takes more than a second for a million operations after reading.
func BenchmarkCheckers(b *testing.B) {
	for _, c := range []struct {
		name string
		op   func(w io.Writer, i int, random *rand.Rand) // prints the i-th pair of operations
	}{
		{"bank", benchBank},
		{"queue", benchQueue},
		{"total-queue", benchQueue},
		{"unique-ids", func(w io.Writer, i int, _ *rand.Rand) { benchPair(w, i, "generate", "nil", fmt.Sprint(i)) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			var text bytes.Buffer
			random := rand.New(rand.NewPCG(1, 2))
			for i := range benchOps / 2 {
				c.op(&text, i, random)
			}
			h, err := history.Read(b.Context(), c.name, text.Bytes(), history.Options{})
			if err != nil {
				b.Fatal(err)
			}
			row, ok := Find(c.name)
			if !ok {
				b.Fatalf("there is no checker %s", c.name)
			}
			for b.Loop() {
				if r, err := row.Run(b.Context(), h, Values{}); err != nil || r.Verdict != check.Valid {
					b.Fatalf("got %s %v %v, want valid", r.Verdict, r.Reasons, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchOps, "ns/op-of-history")
		})
	}
}

func benchPair(w io.Writer, i int, f, asked, answered string) {
	fmt.Fprintf(w, "{:type :invoke, :process %d, :f :%s, :value %s}\n{:type :ok, :process %d, :f :%s, :value %s}\n",
		i%10, f, asked, i%10, f, answered)
}

func benchBank(w io.Writer, i int, random *rand.Rand) {
	if i%2 == 0 {
		benchPair(w, i, "transfer", "{:from 0 :to 1 :amount 3}", "{:from 0 :to 1 :amount 3}")
		return
	}
	n := random.IntN(80)
	benchPair(w, i, "read", "nil", fmt.Sprintf("{0 %d 1 %d 2 5 3 5 4 5 5 5 6 0 7 0}", n, 80-n))
}

func benchQueue(w io.Writer, i int, _ *rand.Rand) {
	if i%2 == 0 {
		benchPair(w, i, "enqueue", fmt.Sprint(i), fmt.Sprint(i))
	} else {
		benchPair(w, i, "dequeue", "nil", fmt.Sprint(i-1))
	}
}
