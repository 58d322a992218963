package elle_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"jcheck/check"
	"jcheck/elle"
	"jcheck/history"
	"jcheck/internal/sim"
)

// benchmarkSizes are the transactions of the histories that benchmarks read and check.
func benchmarkSizes(b *testing.B) []int {
	if testing.Short() {
		return []int{10_000}
	}
	return []int{100_000, 1_000_000}
}

func longRun(b *testing.B, txns int, w sim.Workload) []byte {
	b.Helper()
	edn, err := sim.EDN(sim.Options{Seed: 1, Workload: w, Txns: txns, MaxWritesPerKey: 32, FixedWrites: true,
		FailRate: 0.01, InfoRate: 0.002})
	if err != nil {
		b.Fatal(err)
	}
	return edn
}

// live is the heap in use after a collection.
func live() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkRead tells how long reading takes, and how much memory a history holds for each transaction besides its text.
func BenchmarkRead(b *testing.B) {
	for _, txns := range benchmarkSizes(b) {
		b.Run(fmt.Sprint(txns), func(b *testing.B) {
			edn := longRun(b, txns, sim.ListAppend)
			b.SetBytes(int64(len(edn)))
			before := live()
			for b.Loop() {
				h, err := history.Read(context.Background(), "bench.edn", edn, history.Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				b.ReportMetric(float64(live()-before)/float64(txns), "B/txn")
				runtime.KeepAlive(h)
				if err := h.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// BenchmarkCheck tells how long a check takes once the history is read, and how much memory it allocates.
func BenchmarkCheck(b *testing.B) {
	for _, c := range []struct {
		name string
		w    sim.Workload
		o    elle.Options
	}{
		{"list-append", sim.ListAppend, elle.Options{}},
		{"rw-register", sim.RWRegister, elle.Options{WFRKeys: true}},
		{"rw-register-linearizable-keys", sim.RWRegister, elle.Options{LinearizableKeys: true}},
	} {
		for _, txns := range benchmarkSizes(b) {
			b.Run(fmt.Sprint(c.name, "/", txns), func(b *testing.B) {
				h, err := history.Read(context.Background(), "bench.edn", longRun(b, txns, c.w), history.Options{})
				if err != nil {
					b.Fatal(err)
				}
				var from, to runtime.MemStats
				runtime.ReadMemStats(&from)
				for b.Loop() {
					if r := elle.Check(context.Background(), h, c.o); r.Verdict != check.Valid {
						b.Fatalf("%v: %v", r.Verdict, kinds(r))
					}
				}
				runtime.ReadMemStats(&to)
				b.ReportMetric(float64(to.TotalAlloc-from.TotalAlloc)/float64(b.N)/float64(txns), "B/txn")
			})
		}
	}
}
