package linearizable

import (
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"jcheck/history"
	"jcheck/internal/corpus"
)

// processorTime is what this process has taken so far: on a busy machine the clock tells little.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// quickest is the least of three runs.
func quickest(tb testing.TB, f func()) time.Duration {
	tb.Helper()
	least := time.Duration(1<<63 - 1)
	for range 3 {
		before := processorTime(tb)
		f()
		least = min(least, processorTime(tb)-before)
	}
	return least
}

// whole reads and judges a file as the command does.
func whole(tb testing.TB, path string, o Options) {
	tb.Helper()
	h, err := history.Open(context.Background(), filepath.Join(corpus.Dir(tb), path), history.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	Check(context.Background(), h, o)
	if err := h.Close(); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkCorpus reads and judges every history of the corpus. All but the hardest must take no more than two seconds
// together, and that one no more than one.
func BenchmarkCorpus(b *testing.B) {
	const hardest = "porcupine/kv/c50-bad"
	for b.Loop() {
		var all, hard time.Duration
		each := func(path string, o Options) {
			before := processorTime(b)
			whole(b, path, o)
			if took := processorTime(b) - before; strings.Contains(path, hardest) {
				hard = max(hard, took)
			} else {
				all += took
			}
		}
		for _, row := range tsv(b, "linearizability.tsv") {
			each(row["path"], optionsFor(row))
		}
		for _, row := range tsv(b, "MANIFEST.tsv") {
			if strings.Contains(row["path"], "knossos/") {
				each(row["path"], manifestOptions(row))
			}
		}
		b.ReportMetric(float64(all.Milliseconds()), "ms-all")
		b.ReportMetric(float64(hard.Milliseconds()), "ms-hardest")
		if all > 2*time.Second || hard > time.Second {
			b.Errorf("%s takes %v, all others %v", hardest, hard, all)
		}
	}
}

// BenchmarkCorpusBesidePorcupine gives every history of the corpus to both. Ours must not be slower than twice the other
// and ten milliseconds.
func BenchmarkCorpusBesidePorcupine(b *testing.B) {
	for b.Loop() {
		for _, row := range tsv(b, "linearizability.tsv") {
			h, o := load(b, row["path"]), optionsFor(row)
			d, err := Find(o.Datatype)
			if err != nil {
				b.Fatal(err)
			}
			v, err := o.initial()
			if err != nil {
				b.Fatal(err)
			}
			m, err := d.Porcupine(v)
			if err != nil {
				b.Fatal(err)
			}
			m.Partition = func(ops []porcupine.Operation) [][]porcupine.Operation { return byFirstKey(d, ops) }
			o.Brief = true
			mine := quickest(b, func() { Check(context.Background(), h, o) })
			theirs := quickest(b, func() {
				ops, reasons := d.Operations(h, o.Failed)
				if len(reasons) > 0 {
					b.Fatal(reasons)
				}
				porcupine.CheckOperationsTimeout(m, ops, 20*time.Second)
			})
			b.Logf("%-60s %8.2f ms, Porcupine %8.2f ms", row["path"], float64(mine.Microseconds())/1000, float64(theirs.Microseconds())/1000)
			if mine > 2*theirs+10*time.Millisecond {
				b.Errorf("%s takes %v, and Porcupine only %v", row["path"], mine, theirs)
			}
		}
	}
}

// byFirstKey takes the calls of each key apart.
func byFirstKey(d Datatype, ops []porcupine.Operation) [][]porcupine.Operation {
	place := make(map[Term]int)
	var parts [][]porcupine.Operation
	for _, op := range ops {
		var key Term
		if d.Keys != nil && d.Name == "kv" {
			key = d.Keys(op.Input.(Call))[0]
		}
		i, ok := place[key]
		if !ok {
			i = len(parts)
			place[key], parts = i, append(parts, nil)
		}
		parts[i] = append(parts[i], op)
	}
	return parts
}
