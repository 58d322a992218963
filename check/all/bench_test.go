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
		{"long-fork", benchLongFork},
		{"causal-reverse", benchCausalReverse},
		{"g2", func(w io.Writer, i int, _ *rand.Rand) {
			v := fmt.Sprintf("[%d [1 nil]]", i)
			benchPair(w, i, "insert", v, v)
		}},
		{"kafka", benchKafka},
		{"monotonic", func(w io.Writer, i int, random *rand.Rand) {
			benchPair(w, i, "read", "nil", fmt.Sprintf("{%d %d %d %d}", random.IntN(10), i, 10+random.IntN(10), i))
		}},
		{"pn-counter", func(w io.Writer, i int, _ *rand.Rand) {
			if i < benchOps/2-1 {
				fmt.Fprintf(w, "{:type :info, :process %d, :f :add, :value %d}\n", i%10, 1+i%7)
			} else {
				fmt.Fprintf(w, "{:type :ok, :process 0, :f :read, :value 17, :final? true}\n")
			}
		}},
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

// benchLongFork writes a pair of keys, and reads it.
func benchLongFork(w io.Writer, i int, random *rand.Rand) {
	if i%4 < 2 {
		v := fmt.Sprintf("[[:w %d 1]]", i)
		benchPair(w, i, "write", v, v)
		return
	}
	a := i/4*4 + i%2
	shown := []string{"nil", "1"}[random.IntN(2)*(i%4-2)]
	benchPair(w, i, "read", fmt.Sprintf("[[:r %d nil] [:r %d nil]]", i/4*4, i/4*4+1), fmt.Sprintf("[[:r %d 1] [:r %d %s]]", a/4*4, a/4*4+1, shown))
}

// benchCausalReverse reads what was written last, with all before it now and then.
func benchCausalReverse(w io.Writer, i int, _ *rand.Rand) {
	switch {
	case i > 0 && i%100_000 == 0:
		fmt.Fprintf(w, "{:type :ok, :process 3, :f :read, :value [")
		for v := range i {
			fmt.Fprintf(w, "%d ", v)
		}
		fmt.Fprintf(w, "]}\n{:type :ok, :process 3, :f :write, :value %d}\n", i)
	default:
		benchPair(w, i, "write", fmt.Sprint(i), fmt.Sprint(i))
	}
}

// benchKafka sends messages to ten keys and polls each from time to time.
func benchKafka(w io.Writer, i int, _ *rand.Rand) {
	key, n := i%10, i/10
	if n%10 < 9 {
		benchPair(w, key, "send", fmt.Sprintf("[[:send %d %d]]", key, i), fmt.Sprintf("[[:send %d [%d %d]]]", key, n-n/10, i))
		return
	}
	polled := ""
	for j := n - 9; j < n; j++ {
		polled += fmt.Sprintf("[%d %d] ", j-j/10, j*10+key)
	}
	benchPair(w, 20+key, "poll", "[[:poll]]", fmt.Sprintf("[[:poll {%d [%s]}]]", key, polled))
}
